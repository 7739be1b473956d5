"""The reminders of one week on the workbook that LibreOffice wrote, by the command that a person types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.workspace import CHECKOUT, SAMPLE, Workspace

EXPECTED: dict[str, Any] = json.loads((CHECKOUT / "tests" / "sample_expected.json").read_text("utf-8"))
PRESENCE = EXPECTED["presence"]
COMMAND = ("presence", "rappeler", "--semaine", PRESENCE["week"], "--reel", "--oui")
KINDS = {
    "away": "absence",
    "gone": "sortie du réseau",
    "enough": "pour un minimum de 2\u00a0h",
    "low": "pour un minimum de 1\u00a0h",
}


def subject(key: str) -> str:
    """The Promeneur of « presence:PRO-007:rappel:2027-S09 »."""
    assert key.startswith("presence:")
    assert key.endswith(f":rappel:{PRESENCE['week']}")
    return key.split(":")[1]


@pytest.mark.parametrize("at", ["2027-03-04T10:00", "2027-03-02T10:00"])
def test_those_who_miss_hours_are_written_to_and_nobody_else(tmp_path: Path, at: str) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    ran = workspace.run(*COMMAND, at=at)
    assert ran.status == 1, ran.err
    sent = {subject(item["key"]): item["to"] for item in ran.json["sent"]}
    assert sent == {ref: [address] for ref, address in PRESENCE["send"].items()}
    waiting = {subject(item["key"]): item["reason"] for item in ran.json["waiting"]}
    assert set(waiting) == set(PRESENCE["wait"])
    for ref, kind in PRESENCE["wait"].items():
        assert KINDS[kind] in waiting[ref], (ref, waiting[ref])
    assert [problem["where"] for problem in ran.json["problems"]] == ["Promeneurs, ligne 13, Courriel"]
    assert workspace.row("Promeneurs", Courriel="à compléter")["Réf."] == PRESENCE["fix"][0]
    assert len(sent) + len(waiting) + len(ran.json["problems"]) == len(workspace.tab("Promeneurs"))
    assert len(workspace.mails()) == len(sent)

    again = workspace.run(*COMMAND, at=at).json
    assert again["planned"] == again["sent"] == []
    assert len(workspace.mails()) == len(sent)


def test_what_she_typed_stays_and_everyone_in_the_network_has_one_row(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    workspace.run(*COMMAND, at="2027-03-04T10:00")
    rows = {row["Promeneur"]: row for row in workspace.tab("Présence")}
    assert len(rows) == len(workspace.tab("Présence")) == 30
    assert "PRO-004" not in rows
    for place, value in EXPECTED["untouched"].items():
        title, _, ref = place.partition("!")
        if title == "Présence":
            assert rows[ref]["Heures"] == value
    formula = openpyxl.load_workbook(workspace.book)["Budget (ne pas toucher)"]["B2"].value
    assert formula == EXPECTED["untouched"]["Budget (ne pas toucher)!B2"]
    assert rows["PRO-007"]["Rappel"] == "Envoyé"
    assert rows["PRO-013"]["Rappel"] == "À corriger"
    assert rows["PRO-001"]["Rappel"] == "En attente"
    assert rows["PRO-001"]["Motif"] == "absence du 22/02/2027 au 12/03/2027"


def test_without_a_word_of_agreement_nothing_leaves(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    ran = workspace.run(*COMMAND[:-1], at="2027-03-04T10:00")
    assert ran.status == 2
    assert "error" in ran.json
    assert workspace.mails() == []


def test_a_preview_shows_the_week_and_changes_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    before = workspace.book.read_bytes()
    seen = workspace.run("apercu", "presence", PRESENCE["week"], at="2027-03-02T10:00").json
    assert {subject(item["key"]) for item in seen["planned"]} == set(PRESENCE["send"])
    assert workspace.run("apercu", "presence", at="2027-03-02T10:00").json["planned"] == []
    assert workspace.book.read_bytes() == before
    assert workspace.mails() == []


@pytest.mark.parametrize("week", ["2027-S53", "2027-S10", "2026-S09", "bientôt"])
def test_a_week_that_cannot_be_reminded_of_is_refused(tmp_path: Path, week: str) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    ran = workspace.run("presence", "rappeler", "--semaine", week, "--oui", at="2027-03-04T10:00")
    assert ran.status == 2
    assert ran.json["error"]["remedy"]
    assert workspace.mails() == []
