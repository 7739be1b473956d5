"""`etat`: where everything stands, in sentences and for tools, without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workspace import Workspace, small

LATER = "2027-03-02T11:00"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A round was made, then she added one structure that is in order and one that is not."""
    workspace = Workspace(tmp_path, small(3, "À lancer"), delai_de_grace='"0"')
    workspace.round()
    for row in (("STR-010", "Dix", "dix@exemple.fr"), ("STR-011", "Onze", "pas une adresse")):
        workspace.edit(lambda book, row=row: book["Structures"].append(row))  # type: ignore[misc]
    return workspace


def told(workspace: Workspace, at: str = LATER) -> list[str]:
    ran = workspace.run("etat", at=at, form="texte")
    assert ran.status == 0, ran.err
    return ran.out.replace("\u00a0", " ").splitlines()


def test_it_says_where_each_workflow_stands_and_what_waits_for_her(workspace: Workspace) -> None:
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="À lire")
    said = told(workspace)
    assert said[:4] == [
        "Dernier passage : mardi 2 mars 2027 à 10 h.",
        "Candidatures : 1 à envoyer, 1 à corriger.",
        "Inscriptions : rien à envoyer.",
        "Présence : rien à envoyer.",
    ]
    assert said[4].startswith("Appels 2027-1 : 3 envoyés")
    assert said[5:] == [
        "Pour vous : 1 point à corriger et 1 réponse à lire (voyez Suivi).",
        "Envoyés aujourd'hui : 3 ; reste du plafond : 447.",
    ]


def test_it_says_the_numbers_that_the_next_round_writes_into_suivi(workspace: Workspace) -> None:
    said = told(workspace)
    workspace.round(LATER)
    (status,) = [row for row in workspace.tab("Suivi") if row["Passage n°"]]
    assert f"Pour vous : {status['Problèmes']} point à corriger (voyez Suivi)." in said


def test_a_workflow_whose_tab_is_gone_is_told_as_stopped(workspace: Workspace) -> None:
    workspace.edit(lambda book: setattr(book["Promeneurs"], "title", "Annuaire"))
    said = told(workspace)
    assert "Présence : arrêté. L'onglet « Promeneurs » est introuvable." in said
    assert not any("Ambassadeurs" in line for line in said), "which she never had"


def test_nothing_is_promised_in_trial_mode(workspace: Workspace) -> None:
    workspace.set(mode='"essai"')
    said = "\n".join(told(workspace))
    assert "1 à envoyer : mode essai : rien ne part aux destinataires" in said
    assert "au prochain passage" not in said


def test_it_changes_nothing_and_keeps_its_form_for_tools(workspace: Workspace) -> None:
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    before = workspace.book.read_bytes(), journal.read_bytes()
    found = workspace.run("etat", at=LATER).json
    keys = ["command", "round", "last_round", "pending", "stopped", "campaigns", "uncertain"]
    assert [*found] == keys
    assert (workspace.book.read_bytes(), journal.read_bytes()) == before
