"""Whose row a reply is about: a prepared one, one without a thread, and one that she attaches herself."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from openpyxl.workbook import Workbook

from tests.support.answering import (
    address,
    application,
    by_structure,
    deliver,
    letter,
    links,
    press,
    read,
    reply,
    said,
)
from tests.support.workspace import Workspace, small

# Prepared replies


def test_every_mail_that_asks_carries_prepared_replies(mails: dict[str, EmailMessage]) -> None:
    for mail in mails.values():
        assert list(links(mail)) == ["Oui", "Non"]
        html = mail.get_body(("html",))
        assert html is not None
        shown = html.get_content()
        assert shown.count("mailto:coordination@exemple.fr?subject=") == 2
        assert all(link.replace("&", "&amp;") in shown for link in links(mail).values())


def test_a_prepared_reply_is_read_back_with_certainty(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(
        workspace,
        press(mails["STR-001"], "Oui"),
        press(mails["STR-002"], "Non", text=""),
        press(mails["STR-003"], "Oui", text="Oui\n\nÀ quelle heure est la réunion ?"),
        press(mails["STR-004"], "Oui", text="Non, finalement nous ne participerons pas."),
        press(mails["STR-005"], "Non", sender="inconnu@ailleurs.example"),
    )
    assert read(workspace).replies.matched == 5
    assert [said(workspace, f"STR-00{n}") for n in (1, 2, 3, 4, 5)] == [
        "Oui",
        "Non",
        "Oui",
        "À lire",
        "À lire",
    ]


@pytest.mark.parametrize(
    "alter",
    [
        lambda subject: subject.replace("oui appel", "non appel"),
        lambda subject: subject.replace("STR-001", "STR-002"),
        lambda subject: subject[:-4] + ("aaa]" if not subject.endswith("aaa]") else "bbb]"),
        lambda subject: subject.split(" #")[0] + "]",
    ],
)
def test_an_altered_reference_is_an_ordinary_mail_to_be_read(
    workspace: Workspace, mails: dict[str, EmailMessage], alter: Any
) -> None:
    subject = parse_qs(urlsplit(links(mails["STR-001"])["Oui"]).query)["subject"][0]
    deliver(workspace, letter(address(mails["STR-001"]), alter(subject), "Oui"))
    assert read(workspace).replies.matched == 1
    assert [said(workspace, "STR-001"), said(workspace, "STR-002")] == ["À lire", None]


def test_a_reference_of_another_coordination_says_nothing(
    workspace: Workspace, mails: dict[str, EmailMessage], tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "autre", small(6), delai_de_grace='"0"')
    other.launch()
    deliver(workspace, press(by_structure(other)["STR-001"], "Oui", sender="inconnu@ailleurs.example"))
    account = read(workspace)
    assert account.replies.unmatched == 1
    assert "n'est pas la nôtre" in workspace.tab("À rattacher")[0]["Raison"]


# Without a thread


def test_an_address_with_one_open_row_is_attached_to_be_read(workspace: Workspace) -> None:
    deliver(workspace, letter("s1@structures.example", "Votre appel", "Oui, nous participerons."))
    assert read(workspace).replies.matched == 1
    row = application(workspace, "STR-001")
    assert row["Réponse"] == "À lire"
    assert row["Extrait"] == "Oui, nous participerons."
    assert "par la seule adresse" in row["Motif"]


def test_an_address_with_two_open_rows_or_none_is_to_be_attached(workspace: Workspace) -> None:
    def second_call(book: Workbook) -> None:
        book["Appels"].append(["2027-2", "Second appel", "01/02/2027", "26/03/2027", None])

    workspace.edit(second_call)
    workspace.launch(ref="2027-2")
    deliver(
        workspace,
        letter("s1@structures.example", "Oui", "Oui"),
        letter("personne@ailleurs.example", "Publicité", "=1+1"),
    )
    account = read(workspace)
    assert (account.replies.matched, account.replies.unmatched) == (0, 2)
    rows = workspace.tab("À rattacher")
    assert [row["De"] for row in rows] == ["s1@structures.example", "personne@ailleurs.example"]
    assert [row["Objet"] for row in rows] == ["Oui", "Publicité"]
    assert rows[1]["Extrait"] == "=1+1"
    assert str(rows[0]["Reçu le"]) == "2027-03-04 10:00:00"
    assert "plusieurs lignes" in rows[0]["Raison"]
    assert read(workspace).written == 0


def test_a_mail_answers_nothing_that_left_after_it(workspace: Workspace) -> None:
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="Oui")
    workspace.edit(lambda book: book["Appels"].append(["2027-2", "Second", "01/02/2027", "30/04/2027", None]))
    workspace.launch("2027-03-16T10:00", ref="2027-2")
    before = letter("s1@structures.example", "Parking", "Bonjour", day="2027-03-14T10:00")
    after = letter("s1@structures.example", "Parking", "Bonjour", day="2027-03-16T11:00")
    deliver(workspace, before, after)
    assert read(workspace, "2027-03-16T12:00").replies.matched == 1
    assert [str(row["Reçu le"]) for row in workspace.tab("À rattacher")] == ["2027-03-14 10:00:00"]


def test_an_answered_row_is_open_no_more(workspace: Workspace, mails: dict[str, EmailMessage]) -> None:
    workspace.put("Candidatures", {"Structure": "STR-002"}, Réponse="Oui")
    deliver(
        workspace,
        reply(mails["STR-001"], "Oui"),
        letter("s1@structures.example", "Parking", "Bonjour"),
        letter("s2@structures.example", "Parking", "Bonjour"),
    )
    account = read(workspace)
    assert account.replies.unmatched == 2
    assert said(workspace, "STR-001") == "Oui"


def test_she_says_whose_a_mail_is(workspace: Workspace) -> None:
    deliver(
        workspace,
        letter("privee@ailleurs.example", "Un", "Oui, nous participerons."),
        letter("autre@ailleurs.example", "Deux", "Non merci."),
        letter("rien@ailleurs.example", "Trois", "Bonjour"),
    )
    read(workspace)
    ref = application(workspace, "STR-001")["Réf."]
    workspace.put("À rattacher", {"Objet": "Un"}, Rattacher_à=ref.lower())
    workspace.put("À rattacher", {"Objet": "Deux"}, Rattacher_à="STR-002")
    workspace.put("À rattacher", {"Objet": "Trois"}, Rattacher_à="STR-999")
    account = read(workspace)
    assert [said(workspace, "STR-001"), said(workspace, "STR-002")] == ["Oui", "Non"]
    assert [p.where for p in account.problems] == ["À rattacher, ligne 4, Rattacher à"]
    reasons = {row["Objet"]: row["Raison"] for row in workspace.tab("À rattacher")}
    assert reasons["Un"] == "Rattaché à 2027-1, STR-001."
    assert reasons["Trois"] == "aucun message envoyé ne correspond"
    workspace.put("À rattacher", {"Objet": "Un"}, Rattacher_à="STR-003")
    whats = {problem.where: problem.what for problem in read(workspace).problems}
    assert whats.keys() == {f"À rattacher, ligne {n}, Rattacher à" for n in (2, 4)}
    assert "déjà rattaché" in whats["À rattacher, ligne 2, Rattacher à"]
    assert said(workspace, "STR-003") is None


def test_the_rows_to_attach_may_be_sorted_and_deleted(workspace: Workspace) -> None:
    deliver(workspace, *(letter(f"x{n}@ailleurs.example", f"Objet {n}", "Bonjour") for n in (1, 2, 3)))
    read(workspace)

    def turn_round(book: Workbook) -> None:
        sheet = book["À rattacher"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(2, 4)]
        sheet.delete_rows(2, 3)
        for row in (rows[2], rows[0]):  # the second one is of no interest
            sheet.append(row)

    workspace.edit(turn_round)
    workspace.put("À rattacher", {"Objet": "Objet 3"}, Rattacher_à="STR-004")
    read(workspace)
    assert [row["Objet"] for row in workspace.tab("À rattacher")] == ["Objet 3", "Objet 1"]
    assert said(workspace, "STR-004") == "À lire"
    assert workspace.row("À rattacher", Objet="Objet 3")["Raison"].startswith("Rattaché à")


def test_mails_that_look_alike_are_told_apart_in_order(workspace: Workspace) -> None:
    deliver(workspace, *(letter("x@ailleurs.example", "Bonjour", f"texte {n}") for n in (1, 2)))
    read(workspace)
    assert [row["Extrait"] for row in workspace.tab("À rattacher")] == ["texte 1", "texte 2"]
    assert read(workspace).written == 0


def test_what_cannot_be_read_is_kept_listed_and_stops_nothing(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(
        workspace,
        b"",
        bytes(range(256)) * 40,
        reply(mails["STR-001"], "Oui"),
        b"From: a@b.example\r\nContent-Type: multipart/mixed\r\n\r\n--nothing",
    )
    account = read(workspace)
    assert account.replies.read == 4
    assert said(workspace, "STR-001") == "Oui"
    assert len(workspace.tab("À rattacher")) == 3
