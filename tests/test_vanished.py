"""Tabs and columns that were there at the last round and are gone: nothing leaves until a person says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook as OpenpyxlWorkbook

from tests.support.answering import by_structure, deliver, read, reply, said
from tests.support.presence import network, person, sent
from tests.support.workspace import CALLS, Workspace, heading_row, keys, small
from workflows.core.messages import Mode
from workflows.core.problems import TourneeError
from workflows.core.words import APPLICATIONS
from workflows.core.workflow import Scope, Step

SOON, NEXT = "2027-03-03T10:00", "2027-03-17T10:00"
Change = Callable[[OpenpyxlWorkbook], None]


def heading(tab: str, old: str, new: str | None) -> Change:
    """She gives a column another heading, or none."""

    def change(book: OpenpyxlWorkbook) -> None:
        sheet = book[tab]
        (cell,) = (cell for cell in sheet[heading_row(sheet)] if cell.value == old)
        cell.value = new

    return change


def title(old: str, new: str) -> Change:
    return lambda book: setattr(book[old], "title", new)


def without(tab: str) -> Change:
    return lambda book: book.remove(book[tab])


def without_column(tab: str, name: str) -> Change:
    def change(book: OpenpyxlWorkbook) -> None:
        sheet = book[tab]
        sheet.delete_cols(next(c.column for c in sheet[heading_row(sheet)] if c.value == name))

    return change


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A call that left for four, and what she wrote since, seen by a round."""
    workspace = Workspace(tmp_path, small(4, "À lancer"), delai_de_grace='"0"')
    assert len(workspace.round().sent) == 4
    workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="Ne pas envoyer")
    workspace.put("Candidatures", {"Structure": "STR-002"}, Réponse="Non")
    workspace.put("Structures", {"Réf.": "STR-003"}, Opposition="oui", Ne_plus_solliciter="oui")
    assert workspace.round(SOON).sent == []
    return workspace


LOSSES: tuple[tuple[Change, str], ...] = (
    (title("Candidatures", "Candidatures printemps"), "« Candidatures » a disparu"),
    (without("Candidatures"), "« Candidatures » a disparu"),
    (heading("Candidatures", "Commande", "Ordre"), "n'a plus de colonne « Commande »"),
    (heading("Candidatures", "Réponse", "Retour"), "n'a plus de colonne « Réponse »"),
    (heading("Structures", "Opposition", "Refus"), "n'a plus de colonne « Opposition »"),
    (heading("Structures", "Ne plus solliciter", None), "n'a plus de colonne « Ne plus solliciter »"),
    (without_column("Appels", "Commande"), "n'a plus de colonne « Commande »"),
)


def test_what_she_wrote_is_not_forgotten_with_its_tab_or_column(workspace: Workspace) -> None:
    kept = workspace.book.read_bytes()
    for change, words in LOSSES:
        workspace.edit(change)
        with pytest.raises(TourneeError) as caught:
            workspace.round(NEXT)
        assert words in caught.value.what.replace("\u00a0", " ")
        assert "--confirmer" in caught.value.remedy
        workspace.book.write_bytes(kept)
    assert keys(workspace.round(NEXT).sent) == ["appel:2027-1:STR-004:relance-1"]


def test_a_column_or_tab_that_was_meant_to_go_is_confirmed_once(workspace: Workspace) -> None:
    workspace.edit(heading("Candidatures", "Commande", "Ordre"))
    refused = workspace.run("passage", at=NEXT)
    assert (refused.status, "Ordre" in refused.json["error"]["remedy"]) == (2, True)
    checked = workspace.run("verifier", at=NEXT)
    assert (checked.status, "Traceback" in checked.err) == (2, False)
    confirmed = workspace.run("passage", "--confirmer", at=NEXT)
    assert [each["key"] for each in confirmed.json["sent"]] == [
        "appel:2027-1:STR-001:relance-1", "appel:2027-1:STR-004:relance-1",
    ]  # fmt: skip
    workspace.edit(without("Candidatures"))
    with pytest.raises(TourneeError, match="disparu"):
        workspace.round("2027-03-18T10:00")
    workspace.round("2027-03-18T10:00", confirmed=True)
    workspace.edit(without("Suivi"))
    assert workspace.round("2027-03-18T10:15").problems == []


def test_a_new_name_under_onglets_and_colonnes_is_the_same_tab(workspace: Workspace) -> None:
    workspace.edit(heading("Candidatures", "Commande", "Ordre"))
    workspace.edit(title("Candidatures", "Candidatures printemps"))
    path = workspace.folder / "config" / "appel-a-candidatures.toml"
    text = path.read_text("utf-8").replace('= "Candidatures"', '= "Candidatures printemps"', 1)
    path.write_text(f'{text}\n[colonnes.Candidatures]\nCommande = "Ordre"\n', "utf-8")
    assert keys(workspace.round(NEXT).sent) == ["appel:2027-1:STR-004:relance-1"]


def test_a_round_about_something_else_forgets_nothing(workspace: Workspace) -> None:
    workspace.edit(title("Candidatures", "Candidatures printemps"))
    workspace.round(NEXT, Scope("formation", Step.FOLLOW_UP), "formation rappeler")
    with pytest.raises(TourneeError, match="disparu"):
        workspace.round(NEXT, Scope(CALLS, Step.FOLLOW_UP), "appel relancer", mode=Mode.TRIAL)


def test_a_journal_that_is_gone_remembers_nothing(workspace: Workspace) -> None:
    for leftover in workspace.folder.glob("donnees/journal.sqlite3*"):
        leftover.unlink()
    workspace.edit(without_column("Candidatures", "Décision"))
    workspace.edit(without_column("Structures", "Ne plus solliciter"))
    assert workspace.round(SOON).sent == []


def test_a_journal_and_the_rows_of_a_call_are_not_both_gone_without_a_word(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(4, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    workspace.edit(without("Candidatures"))
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    journal.rename(tmp_path / "elsewhere")
    with pytest.raises(TourneeError, match="Candidatures ne dit plus à qui"):
        workspace.round(SOON)
    (tmp_path / "elsewhere").rename(journal)
    assert workspace.round(SOON).sent == []
    assert len(workspace.tab("Candidatures")) == 4


def test_an_order_to_stop_everything_holds_when_suivi_is_renamed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"))
    workspace.round()
    workspace.put("Suivi", {"Passage n°": 1}, Tout_arrêter="oui")  # no round sees it under its name
    workspace.edit(title("Suivi", "Suivi Tournée"))
    with pytest.raises(TourneeError, match="Suivi"):
        workspace.round(SOON)


def test_an_order_to_stop_everything_holds_when_suivi_is_deleted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"))
    workspace.round()
    workspace.put("Suivi", {"Passage n°": 1}, Tout_arrêter="oui")
    workspace.round("2027-03-02T10:10")
    workspace.edit(without("Suivi"))
    with pytest.raises(TourneeError, match="Suivi"):
        workspace.round(SOON)


def test_an_order_written_under_a_heading_renamed_at_once_is_missed_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="Ne pas envoyer")
    workspace.edit(without_column("Candidatures", "Décision"))  # empty, as it always was
    workspace.edit(heading("Candidatures", "Commande", "Ordre"))
    with pytest.raises(TourneeError, match="Commande"):
        workspace.round(NEXT)


def test_columns_that_hold_nothing_back_may_go(workspace: Workspace) -> None:
    workspace.put("Candidatures", {"Structure": "STR-004"}, Notes="rappeler")
    workspace.round(SOON)
    workspace.edit(heading("Candidatures", "Notes", "Remarques"))
    assert keys(workspace.round(NEXT).sent) == ["appel:2027-1:STR-004:relance-1"]
    workspace.edit(without_column("Candidatures", "Décision"))
    workspace.edit(without_column("Candidatures", "Envoi"))
    assert workspace.round("2027-03-17T10:15").problems == []
    assert workspace.row("Candidatures", Structure="STR-004")["Envoi"] == "Envoyé"


def test_hours_that_people_declared_count_when_presence_is_renamed(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", "3h")])
    workspace.round("2027-03-10T10:30")
    workspace.edit(title("Présence", "Présence 2027"))
    with pytest.raises(TourneeError) as caught:
        workspace.round("2027-03-11T10:30")
    assert "Présence 2027" in caught.value.remedy
    workspace.edit(without("Présence 2027"))
    with pytest.raises(TourneeError, match="Présence"):
        workspace.round("2027-03-11T10:30")


def test_what_came_by_mail_comes_back_from_the_journal(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    deliver(workspace, reply(by_structure(workspace)["STR-001"], "Oui, nous participerons."))
    read(workspace)
    for change in (without_column("Candidatures", "Réponse"), without("Candidatures")):
        workspace.edit(change)
        assert read(workspace).problems == []
        assert said(workspace, "STR-001") == "Oui"


def test_a_workbook_of_before_all_that_is_written_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"), delai_de_grace='"0"')
    before = workspace.book.read_bytes()
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="À renvoyer")
    assert len(workspace.round(SOON).sent) == 1
    workspace.book.write_bytes(before)
    assert workspace.round("2027-03-03T10:15").sent == []
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé", "Envoyé"]


def test_last_year_s_tab_is_not_this_year_s_renamed(tmp_path: Path) -> None:
    book = {**small(2, "À lancer"), "Candidatures 2026": [tuple(c.heading for c in APPLICATIONS.columns)]}
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    before = workspace.book.read_bytes()
    assert len(workspace.round().sent) == 2
    for change in (without("Candidatures"), None):
        workspace.edit(change) if change else workspace.book.write_bytes(before)
        assert workspace.round(SOON).sent == []
        assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé", "Envoyé"]


def test_two_tabs_of_one_name_let_nothing_leave(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", "3h")])
    workspace.edit(lambda book: setattr(book.copy_worksheet(book["Présence"]), "title", "presence"))
    with pytest.raises(TourneeError, match="Plusieurs onglets"):
        workspace.round("2027-03-11T10:30", confirmed=True)
    checked = workspace.run("verifier", form="texte")
    assert (checked.status, "Plusieurs onglets" in checked.out) == (2, True)
    workspace.edit(title("presence", "Présence de 2026"))
    assert sent(workspace.round("2027-03-11T10:30")) == []
