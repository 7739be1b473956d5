"""« Essai » in the sheet: the campaign goes to the coordinator alone, once; its rows show nothing of it."""

from __future__ import annotations

from pathlib import Path

from tests.support.workspace import TUESDAY, Workspace, small

COORDINATOR = "coordination@exemple.fr"
LATER = "2027-03-02T10:30"


def trial(folder: Path, **settings: str) -> Workspace:
    return Workspace(folder, small(3, "Essai"), **settings)


def test_it_goes_to_the_coordinator_alone_and_once(tmp_path: Path) -> None:
    workspace = trial(tmp_path)
    first = workspace.round(TUESDAY)
    assert [to for _, to in first.sent] == [(COORDINATOR,)] * 3
    assert {mail["To"] for mail in workspace.mails()} == {COORDINATOR}
    assert all("[ESSAI]" in mail["Subject"] for mail in workspace.mails())
    call = workspace.row("Appels", **{"Réf.": "2027-1"})
    assert call["Commande faite"].replace("\u00a0", " ") == "Essai le 02/03/2027 à 10 h"
    assert workspace.round(LATER).sent == []
    assert workspace.tab("Candidatures") == []


def test_outside_office_hours_too(tmp_path: Path) -> None:
    assert len(trial(tmp_path).round("2027-03-06T22:00").sent) == 3


def test_the_trial_address_comes_first(tmp_path: Path) -> None:
    workspace = trial(tmp_path, adresse_essai='"essais@reseau.example"')
    workspace.round(TUESDAY)
    assert {mail["To"] for mail in workspace.mails()} == {"essais@reseau.example"}


def test_a_lost_journal_takes_the_sheet_at_its_word(tmp_path: Path) -> None:
    workspace = trial(tmp_path)
    workspace.round(TUESDAY)
    for part in (tmp_path / "donnees").glob("journal.sqlite3*"):
        part.unlink()
    assert workspace.round(LATER).sent == []


def test_emptying_the_cell_arms_it_again(tmp_path: Path) -> None:
    workspace = trial(tmp_path)
    workspace.round(TUESDAY)
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande=None)
    workspace.round("2027-03-02T10:15")
    assert workspace.row("Appels", **{"Réf.": "2027-1"})["Commande faite"] is None
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="Essai")
    assert len(workspace.round(LATER).sent) == 3


def test_the_real_launch_is_not_affected(tmp_path: Path) -> None:
    workspace = trial(tmp_path)
    workspace.round(TUESDAY)
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande=None)
    assert len(workspace.launch(LATER).sent) == 3
    assert COORDINATOR not in {mail["To"] for mail in workspace.mails()[3:]}


def test_it_is_counted_apart(tmp_path: Path) -> None:
    said = trial(tmp_path).run("passage", form="texte").out.replace("\u00a0", " ")
    assert said.startswith("3 messages partis à l'essai"), said


def test_it_is_not_done_while_the_workbook_is_open(tmp_path: Path) -> None:
    workspace = trial(tmp_path)
    lock = workspace.book.with_name(".~lock.coordination.xlsx#")
    lock.write_text("x")
    assert workspace.run("passage").status == 2
    lock.unlink()
    assert len(workspace.round(LATER).sent) == 3


def test_it_is_not_done_while_a_message_of_it_is_held_back(tmp_path: Path) -> None:
    workspace = trial(tmp_path)
    hers = tmp_path / "templates" / "appel-a-candidatures" / "annonce.txt"
    hers.parent.mkdir(parents=True)
    hers.write_text("Objet : {{ titr }}\n\nBonjour\n", "utf-8")
    assert workspace.round(TUESDAY).sent == []
    hers.unlink()
    assert len(workspace.round("2027-03-02T10:15").sent) == 3
    assert workspace.round(LATER).sent == []
