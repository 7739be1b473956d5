"""`expliquer` answers « pourquoi n'a-t-il rien reçu ? » for any Réf., address or name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook as OpenpyxlWorkbook

from tests.support.workspace import CHECKOUT, SAMPLE, TUESDAY, Workspace, small

PRESENCE = ("Réf.", "Semaine", "Promeneur", "Heures")


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("recit"), SAMPLE)
    workspace.launch(TUESDAY)
    return workspace


def told(workspace: Workspace, who: str) -> str:
    ran = workspace.run("expliquer", who, at="2027-03-03T10:00", form="texte")
    assert ran.status == 0, ran.err
    return ran.out.replace("\u00a0", " ")


def test_a_dated_story_of_what_was_sent_and_what_comes(launched: Workspace) -> None:
    story = told(launched, "str-007")
    assert "Le 02/03/2027 à 10 h : appel 2027-1, annonce : envoyé à point-selles-sur-cher-7@" in story
    assert "relance 1 prévue le 16/03/2027" in story


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("Service jeunesse « L’Étoile » 13", "« Ne plus solliciter » dans Structures"),
        ("club-romorantin-lanthenay-37@structures.example", "sortie du réseau"),
        ("STR-036", "reçoit déjà cet appel par STR-007"),
        ("centre social de salbris", "à corriger. Structures, ligne 6, Courriel"),
    ],
)
def test_everyone_who_got_nothing_has_a_reason(launched: Workspace, who: str, reason: str) -> None:
    story = told(launched, who)
    assert "Aucun message ne lui a été envoyé." in story
    assert reason in story


def test_the_reference_of_a_row_tells_of_whom_it_is_about(launched: Workspace) -> None:
    row = launched.row("Candidatures", Structure="STR-007")
    assert told(launched, row["Réf."].lower()) == told(launched, "STR-007")


def test_a_call_at_its_end_says_why_nothing_comes(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.run("appel", "lancer", "2027-1", "--reel", "--oui", "--limite", "1")
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="Clos")
    workspace.round("2027-03-02T11:00")
    row = workspace.row("Candidatures", Structure="STR-002")
    assert (row["Envoi"], row["Motif"]) == ("En attente", "l'appel est clos")
    said = "appel 2027-1 : rien ne part (Commande : Clos ; État : Clos ; 1 envoyé"
    assert said in told(workspace, "STR-001")
    assert said in told(workspace, "STR-002")


@pytest.mark.parametrize("who", ["str-001", "Structure 2", "s2@structures.example"])
def test_a_row_that_is_held_says_why(tmp_path: Path, who: str) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.put("Structures", {"Réf.": "STR-002"}, **{"Réf.": "STR-001"})
    said = told(workspace, who)
    assert "est portée par plusieurs lignes (2, 3)" in said
    assert "Structures ligne 3" in said


def test_a_row_without_a_name_says_so(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.put("Structures", {"Réf.": "STR-002"}, Nom=None)
    assert "STR-002, sans nom (" in told(workspace, "STR-002")


def test_the_row_of_a_structure_that_is_gone_tells_what_left(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.launch()
    ref = workspace.row("Candidatures", Structure="STR-001")["Réf."]
    workspace.edit(lambda book: book["Structures"].delete_rows(2))
    story = told(workspace, ref)
    assert "STR-001 (n'est pas dans le classeur)" in story
    assert "envoyé à s1@structures.example" in story


@pytest.mark.parametrize("tab", ["Inscriptions", "Présence"])
def test_the_reference_of_a_promeneurs_row_tells_of_the_promeneur(tmp_path: Path, tab: str) -> None:
    people = [("Réf.", "Prénom", "Nom", "Courriel"), ("PRO-003", "Inès", "Chéron", "ines@exemple.fr")]
    headings = {"Inscriptions": ("Réf.", "Session", "Promeneur"), "Présence": PRESENCE}[tab]
    row = ("LIGNE-9", "2027-S09", "PRO-003", "2 h")
    book = small(1) | {"Promeneurs": people, tab: [headings, row[: len(headings)]]}
    assert told(Workspace(tmp_path, book), "ligne-9").startswith("PRO-003, Inès Chéron (ines@exemple.fr)")


def test_who_only_wrote_has_a_story_and_copies_are_nobodys(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    inbox = tmp_path / "donnees" / "reponses" / "new"
    inbox.mkdir(parents=True)
    (inbox / "1").write_text(
        "From: x@ailleurs.example\nSubject: Bonjour\nDate: Tue, 2 Mar 2027 11:00:00 +0100\n\nUne idée.\n"
    )
    workspace.run("reponses", "relever", at="2027-03-02T12:00")
    assert told(workspace, "x@ailleurs.example").splitlines()[:2] == [
        "x@ailleurs.example (n'est pas dans le classeur)",
        "  Le 02/03/2027 à 11 h : message de x@ailleurs.example : « Une idée. », dans À rattacher.",
    ]
    assert len(workspace.mails("lettres")) == 2, "a copy and a summary"
    assert "coordination@" not in told(workspace, "STR-001")


def test_an_address_that_left_the_workbook_keeps_its_story(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    workspace.launch(TUESDAY)
    workspace.edit(lambda book: book["Structures"].delete_rows(4))
    assert "n'est pas dans le classeur" in told(workspace, "club-saint-aignan-1@structures.example")


def test_nobody_by_that_name_is_said(launched: Workspace) -> None:
    ran = launched.run("expliquer", "personne de ce nom")
    assert ran.status == 2
    assert "Personne ne correspond" in ran.json["error"]["what"]


def test_replies_are_part_of_the_story(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        command = [sys.executable, str(CHECKOUT / "run.py"), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.replace("\u00a0", " ")

    run("demo", str(tmp_path / "demo"))
    later = ("--espace", str(tmp_path / "demo"), "--le", "2027-03-05T10:00", "expliquer")
    story = run(*later, "STR-012")
    assert story.index("annonce : envoyé à") < story.index("réponse de mjc-blois-12@structures.example, Non")
    assert "1 h 45" in run(*later, "PRO-010")


def test_nothing_is_promised_while_everything_is_stopped(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    workspace.round()
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    workspace.edit(stop_everything)
    workspace.set(delai_de_grace='"0"')
    story = told(workspace, "STR-001")
    assert "annonce : « Tout arrêter » dans Suivi" in story
    state = workspace.run("etat", at="2027-03-03T10:00", form="texte").out.replace("\u00a0", " ")
    assert "Tout est arrêté" in state
    assert "au prochain passage" not in story + state


def stop_everything(book: OpenpyxlWorkbook) -> None:
    sheet = book["Suivi"]
    heading = next(c for row in sheet.iter_rows() for c in row if c.value == "Tout arrêter")
    sheet.cell(heading.row + 1, heading.column).value = "oui"


def test_the_trial_mode_is_why_nobody_is_written_to(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1, "À lancer"), mode='"essai"', delai_de_grace='"0"')
    story = told(workspace, "STR-001")
    assert "annonce : mode essai : rien ne part aux destinataires" in story
