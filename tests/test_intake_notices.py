"""Mails that are no answer to a call: bounces, absences, objections."""

from __future__ import annotations

import sqlite3
from email.message import EmailMessage
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook

from tests.support.answering import (
    FOLLOW_UP_DAY,
    application,
    by_structure,
    deliver,
    letter,
    notice,
    read,
    reply,
    said,
    unsubscribe,
)
from tests.support.workspace import STRUCTURES, Workspace, heading_row, keys, small

# What never was an answer


def test_a_bounce_is_shown_stops_follow_ups_and_later_calls(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, notice(mails["STR-001"], "s1@structures.example"))
    read(workspace)
    row = application(workspace, "STR-001")
    assert (row["Envoi"], row["Réponse"]) == ("Envoyé", "Rejet")
    assert "L'adresse n'existe pas" in row["Motif"]
    assert workspace.row("Appels", **{"Réf.": "2027-1"})["Réponses"] == 0
    assert "appel:2027-1:STR-001:relance-1" not in keys(read(workspace, FOLLOW_UP_DAY).sent)

    def second_call(book: Workbook) -> None:
        book["Appels"].append(["2027-2", "Second appel", "01/02/2027", "26/03/2027", None])

    workspace.edit(second_call)
    account = workspace.launch(FOLLOW_UP_DAY, "2027-2")
    assert "appel:2027-2:STR-001:annonce" not in keys(account.sent)
    assert any("reviennent" in problem.what for problem in account.problems)


def test_a_mended_address_is_written_to_again_and_the_bounce_forgotten(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, notice(mails["STR-001"], "s1@structures.example"))
    read(workspace)
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="nouvelle@structures.example")
    workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="À renvoyer")
    workspace.launch("2027-03-05T10:00")
    row = application(workspace, "STR-001")
    assert (row["Envoi"], row["Réponse"], row["Extrait"]) == ("Envoyé", None, None)
    assert row["Motif"] is None


def test_one_of_two_addresses_bounces_and_the_other_is_followed_up(tmp_path: Path) -> None:
    rows = [STRUCTURES, ("STR-001", "MJC", "a@mjc.example ; b@mjc.example", None, None)]
    workspace = Workspace(tmp_path, {**small(0), "Structures": rows}, delai_de_grace='"0"')
    workspace.launch()
    deliver(workspace, notice(by_structure(workspace)["STR-001"], "a@mjc.example"))
    account = read(workspace, FOLLOW_UP_DAY)
    assert account.sent == [("appel:2027-1:STR-001:relance-1", ("b@mjc.example",))]
    assert said(workspace, "STR-001") is None
    assert "a@mjc.example refusée" in application(workspace, "STR-001")["Motif"]
    deliver(workspace, notice(by_structure(workspace)["STR-001"], "b@mjc.example"))
    read(workspace, FOLLOW_UP_DAY)
    assert said(workspace, "STR-001") == "Rejet"


def test_a_notice_of_delay_changes_nothing(workspace: Workspace, mails: dict[str, EmailMessage]) -> None:
    deliver(workspace, notice(mails["STR-001"], "s1@structures.example", "delayed", "4.4.1"))
    account = read(workspace, FOLLOW_UP_DAY)
    assert "appel:2027-1:STR-001:relance-1" in keys(account.sent)
    assert said(workspace, "STR-001") is None
    assert workspace.tab("À rattacher") == []


def test_an_absence_postpones_the_follow_up_and_is_no_answer(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    automatic = {"Auto-Submitted": "auto-replied"}
    deliver(workspace, reply(mails["STR-001"], "Je suis absente jusqu'au 17 mars 2027.", headers=automatic))
    account = read(workspace, FOLLOW_UP_DAY)
    assert said(workspace, "STR-001") == "Absence"
    assert "appel:2027-1:STR-001:relance-1" not in keys(account.sent)
    assert workspace.row("Appels", **{"Réf.": "2027-1"})["Réponses"] == 0
    account = read(workspace, "2027-03-18T10:00")
    assert "appel:2027-1:STR-001:relance-1" in keys(account.sent)
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participerons."))
    deliver(workspace, reply(mails["STR-001"], "Je suis absente jusqu'au 30 mars 2027.", headers=automatic))
    read(workspace, "2027-03-18T10:15")
    assert said(workspace, "STR-001") == "Oui"


# Objections


@pytest.mark.parametrize("by", ["words", "unsubscribe", "letter"])
def test_an_objection_stops_calls_at_once_and_outlives_the_row(
    workspace: Workspace, mails: dict[str, EmailMessage], by: str
) -> None:
    said_ = {
        "words": reply(mails["STR-001"], "STOP, merci de ne plus nous écrire."),
        "unsubscribe": unsubscribe(mails["STR-001"]),
        "letter": letter("s1@structures.example", "Vos messages", "Merci de ne plus nous écrire."),
    }
    deliver(workspace, said_[by])
    account = read(workspace, FOLLOW_UP_DAY)
    assert "appel:2027-1:STR-001:relance-1" not in keys(account.sent)
    assert said(workspace, "STR-001") == "Opposition"
    assert workspace.row("Structures", **{"Réf.": "STR-001"})["Opposition"] == "le 04/03/2027"

    def forget(book: Workbook) -> None:
        sheet = book["Structures"]
        sheet.delete_rows(heading_row(sheet) + 1)
        sheet.append([None, "Autre nom", "S1@structures.example"])
        book["Appels"].append(["2027-2", "Second appel", "01/02/2027", "26/03/2027", None])

    workspace.edit(forget)
    account = workspace.launch(FOLLOW_UP_DAY, "2027-2")
    assert len(account.sent) == 5
    assert not any("s1@structures.example" in to for _, to in account.sent)
    assert any("opposition reçue le 04/03/2027" in reason for _, reason in account.waiting)


def test_the_journal_keeps_no_address_of_an_objection_but_its_hash(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "STOP"))
    read(workspace)
    with sqlite3.connect(workspace.folder / "donnees" / "journal.sqlite3") as db:
        kept = db.execute("SELECT * FROM objections").fetchall()
    db.close()
    assert len(kept) == 1
    assert "s1" not in str(kept)
    assert len(kept[0][0]) == 64


def test_a_no_under_opposition_holds_nothing_but_what_came_by_mail_stands(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    for ref in ("STR-001", "STR-002"):
        workspace.put("Structures", {"Réf.": ref}, Opposition="non")
    deliver(workspace, reply(mails["STR-002"], "STOP, merci de ne plus nous écrire."))
    sent = keys(read(workspace, FOLLOW_UP_DAY).sent)
    assert "appel:2027-1:STR-001:relance-1" in sent
    assert "appel:2027-1:STR-002:relance-1" not in sent
