"""Suivi and À rattacher when people change them: what stops everything goes on stopping, and it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.answering import by_structure, deliver, letter, read, reply, said
from tests.support.workspace import Workspace, keys, small

STOP, LATER = "Tout arrêter", "2027-03-02T10:15"


def column(book: Any, heading: str) -> int:
    return int(next(cell.column for cell in book["Suivi"][1] if cell.value == heading))


def stop(book: Any) -> None:
    book["Suivi"].cell(2, column(book, STOP)).value = "oui"


def doubled(book: Any) -> None:
    stop(book)
    book["Suivi"].cell(1, book["Suivi"].max_column + 1).value = "Onglet"


def nearly(book: Any) -> None:
    stop(book)
    book["Suivi"].cell(1, column(book, STOP)).value = "Tout arreté"


def alone(book: Any) -> None:
    del book["Suivi"]
    sheet = book.create_sheet("Suivi")
    sheet["A1"], sheet["A2"] = STOP, "oui"


def emptied(book: Any) -> None:
    for row in book["Suivi"].iter_rows():
        for cell in row:
            cell.value = None


@pytest.mark.parametrize(
    ("edit", "status"), [(doubled, 1), (nearly, 1), (alone, 0)], ids=["doubled", "nearly", "alone"]
)
def test_everything_stays_stopped(tmp_path: Path, edit: Callable[[Any], None], status: int) -> None:
    workspace = Workspace(tmp_path, small(2, "Brouillon"), delai_de_grace='"0"')
    workspace.round("2027-03-02T09:45")
    workspace.edit(edit)
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    ran = workspace.run("passage", at=LATER)
    assert (ran.status, ran.json["sent"]) == (status, [])
    assert [p["where"] for p in ran.json["problems"]] == ["Suivi, ligne 1"] * status
    assert STOP in ran.json["waiting"][0]["reason"]


def turned(book: Any) -> None:
    """Its rows the other way round."""
    sheet = book["Suivi"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for number, values in enumerate(reversed(rows), 2):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value


def test_an_emptied_page_gets_its_headings_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1, "À lancer"), delai_de_grace='"0"')
    workspace.round("2027-03-02T09:45")
    before = list(workspace.tab("Suivi")[0])
    workspace.edit(emptied)
    assert workspace.round(LATER).problems == []
    assert sorted(workspace.tab("Suivi")[0]) == sorted(before)


def test_a_page_that_was_sorted_tells_the_last_round_all_the_same(tmp_path: Path) -> None:
    book = small(2, "À lancer")
    book["Structures"] += [(f"STR-00{n}", f"Sans adresse {n}", None, None, None) for n in (3, 4, 5)]
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    workspace.round("2027-03-02T10:00")
    workspace.edit(turned)
    workspace.round("2027-03-02T10:15")
    assert [row["Passage n°"] for row in workspace.tab("Suivi")] == [2, None, None]
    workspace.edit(turned)
    workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="À renvoyer")
    assert keys(workspace.round("2027-03-02T10:30").sent) == ["appel:2027-1:STR-001:annonce:2"]


def test_a_page_of_hers_of_that_name_is_not_written_over(tmp_path: Path) -> None:
    hers = [("Date", "Qui", "Problème", "Ligne"), ("12/02/2027", "Mme Roy", "facture", 3)]
    workspace = Workspace(tmp_path, {**small(1, "À lancer"), "Suivi": hers}, delai_de_grace='"0"')
    told = workspace.run("passage", form="texte")
    assert (told.status, "sert déjà à autre chose" in told.err) == (2, True)
    made = workspace.run("creer", str(workspace.folder), form="texte")
    assert "sert déjà à autre chose" in made.out + made.err
    assert workspace.tab("Suivi") == [dict(zip(*hers, strict=True))]
    assert workspace.mails() == []


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    workspace.edit(lambda book: book["À rattacher"].cell(1, 9, "Objet"))
    deliver(workspace, letter("inconnue@ailleurs.example", "Bonjour", "Une question"))
    account = read(workspace)
    assert (account.replies.unmatched, [p.where for p in account.problems]) == (1, ["À rattacher, ligne 1"])
    workspace.edit(lambda book: setattr(book["À rattacher"].cell(1, 9), "value", None))
    read(workspace)
    assert [row["De"] for row in workspace.tab("À rattacher")] == ["inconnue@ailleurs.example"]


def test_her_word_in_an_answer_outlives_suivi(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    mail = by_structure(workspace)["STR-001"]
    for words in ("Oui, nous participerons.", "Finalement non, nous ne participerons pas."):
        deliver(workspace, reply(mail, words))
        read(workspace)
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="Oui")  # they spoke on the phone
    workspace.edit(lambda book: book.remove(book["Suivi"]))
    read(workspace)
    assert said(workspace, "STR-001") == "Oui"


@pytest.mark.parametrize(
    ("tab", "heading", "written"),
    [("Candidatures", "Commande", "Commandes"), ("Candidatures", "Réponse", "Réponses"),
     ("Structures", "Opposition", "Oppositions")],
)  # fmt: skip
def test_a_heading_that_is_nearly_one_that_holds_mail_back_stops_it(
    tmp_path: Path, tab: str, heading: str, written: str
) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"), delai_de_grace='"0"')
    workspace.round()

    def rename(book: Any) -> None:
        next(cell for cell in book[tab][1] if cell.value == heading).value = written

    workspace.edit(rename)
    account = workspace.round("2027-03-16T10:00")  # the follow-ups' day
    assert account.sent == []
    assert any(written in p.what for p in account.problems)
