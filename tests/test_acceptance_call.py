"""The call for applications as the coordinator meets it: `run.py` on the sample workbook, in real mode."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.workspace import CALLS, SAMPLE, TUESDAY, Ran, Workspace
from tests.support.xlsx_parts import changed_cells, difference, sheet_part, sheet_xml

EXPECTED = json.loads((Path(__file__).parent / "sample_expected.json").read_text("utf-8"))
NBSP = "\u00a0"
KINDS = {"stop": "Ne plus solliciter", "twin": "reçoit déjà cet appel par STR-", "left": "sortie du réseau"}


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Ran]:
    """The sample, launched in the terminal."""
    workspace = Workspace(tmp_path_factory.mktemp("sample"), SAMPLE)
    return workspace, workspace.run("appel", "lancer", "2027-1", "--reel", "--oui")


def structures(workspace: Workspace) -> dict[str, str]:
    """Réf. → name, as they stand after the round."""
    return {row["Réf."]: row["Nom"] for row in workspace.tab("Structures")}


def test_the_sample_gets_exactly_the_expected_mails(launched: tuple[Workspace, Ran]) -> None:
    workspace, ran = launched
    names = structures(workspace)
    sent = {names[item["key"].split(":")[2]]: item["to"] for item in ran.json["sent"]}
    assert ran.status == 1  # seven rows need a person
    assert sent == {name: sorted(to) for name, to in EXPECTED["call"]["send"].items()}
    to = Counter(address for mail in workspace.mails() for address in str(mail["To"]).split(", "))
    assert to == Counter(address for group in EXPECTED["call"]["send"].values() for address in group)


def test_the_others_wait_or_are_to_be_corrected_each_for_its_reason(
    launched: tuple[Workspace, Ran],
) -> None:
    workspace, ran = launched
    names = structures(workspace)
    waiting = {names[item["key"].split(":")[2]]: item["reason"] for item in ran.json["waiting"]}
    assert waiting.keys() == EXPECTED["call"]["wait"].keys()
    for name, kind in EXPECTED["call"]["wait"].items():
        assert KINDS[kind] in waiting[name]
    rows = list(openpyxl.load_workbook(workspace.book)["Structures"].iter_rows(values_only=True))
    flagged = set()
    for problem in ran.json["problems"]:
        tab, line, column = problem["where"].split(", ")
        assert (tab, column) == ("Structures", "Courriel")
        assert problem["what"].endswith(".")
        assert problem["remedy"].startswith("Écrivez")
        flagged.add(rows[int(line.removeprefix("ligne ")) - 1][2])
    assert flagged == set(EXPECTED["call"]["fix"])


def test_the_sheet_shows_where_each_structure_stands(launched: tuple[Workspace, Ran]) -> None:
    workspace, _ = launched
    names = structures(workspace)
    shown = {names[row["Structure"]]: row["Envoi"] for row in workspace.tab("Candidatures")}
    assert {n for n, state in shown.items() if state == "Envoyé"} == EXPECTED["call"]["send"].keys()
    assert {n for n, state in shown.items() if state == "À corriger"} == set(EXPECTED["call"]["fix"])
    assert {n for n, state in shown.items() if state == "En attente"} == EXPECTED["call"]["wait"].keys()
    call = workspace.row("Appels", **{"Réf.": "2027-1"})
    assert call["État"] == (f"45 envoyés{NBSP}; dernier départ le 02/03/2027 à 10{NBSP}h{NBSP}; 7 à corriger")
    assert (call["Envoyés"], call["Problèmes"]) == (45, 7)


def test_missing_refs_are_given_unique_and_new(launched: tuple[Workspace, Ran]) -> None:
    workspace, _ = launched
    before = [row["Réf."] for row in openpyxl_rows(SAMPLE)]
    after = [row["Réf."] for row in openpyxl_rows(workspace.book)]
    assert len(set(after)) == len(after) == 60
    assert all(old in (None, new) for old, new in zip(before, after, strict=True))
    elsewhere = {row["Structure"] for row in workspace.tab("Promeneurs")}
    given = {new for old, new in zip(before, after, strict=True) if old is None}
    assert given.isdisjoint(elsewhere)


def openpyxl_rows(path: Path) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(path)["Structures"]
    headings = [str(c.value) for c in sheet[3]]
    return [dict(zip(headings, (c.value for c in row), strict=False)) for row in sheet.iter_rows(4)]


def test_nothing_that_a_person_made_changes(launched: tuple[Workspace, Ran]) -> None:
    workspace, _ = launched
    found = difference(SAMPLE, workspace.book)
    assert not found.lost
    ours = {sheet_part(SAMPLE, title) for title in ("Structures", "Appels")}
    assert {part for part in found.changed if part.startswith("xl/worksheets/sheet")} == ours
    for title, width in (("Structures", 11), ("Appels", 7)):
        changed = changed_cells(sheet_xml(SAMPLE, title), sheet_xml(workspace.book, title))
        sheet = openpyxl.load_workbook(SAMPLE)[title]
        hers = [place for place in changed if sheet[place].column <= width]
        assert all(sheet[place].value is None and place.startswith("B") for place in hers), hers
    for place, value in EXPECTED["untouched"].items():
        title, _, name = place.partition("!")
        if title == "Structures":
            rows = openpyxl.load_workbook(workspace.book)[title].iter_rows(values_only=True)
            assert next(row for row in rows if row[2] == name)[10] == value


def test_a_second_launch_sends_nothing_and_accounts_for_everyone(launched: tuple[Workspace, Ran]) -> None:
    workspace, _ = launched
    for words in (("appel", "lancer", "2027-1", "--oui"), ("passage",)):
        again = workspace.run(*words)
        assert again.json["planned"] == again.json["sent"] == []
        waiting = [wait for wait in again.json["waiting"] if wait["key"].startswith("appel:")]
        problems = [problem for problem in again.json["problems"] if problem["where"].startswith("Struct")]
        assert len(waiting) + len(problems) == 60
        done = [
            item for item in again.json["waiting"] if item["reason"].startswith("déjà envoyé le 02/03/2027")
        ]
        assert len(done) == 45
    assert len(workspace.mails()) == 45
    seen = workspace.run("apercu", CALLS, "2027-1")
    assert (seen.status, seen.json["planned"]) == (1, [])


def test_a_launch_in_the_sheet_leaves_after_the_grace_delay(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    assert workspace.run("passage", at="2027-03-01T09:00").json["planned"] == []
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    seen = workspace.run("passage", at="2027-03-01T10:00")
    assert seen.json["planned"] == []
    state = workspace.row("Appels", **{"Réf.": "2027-1"})["État"]
    assert state.startswith(f"45 partiront à partir de 10{NBSP}h{NBSP}15{NBSP}; En pause pour retenir")
    assert workspace.run("passage", at="2027-03-01T10:14").json["sent"] == []
    assert len(workspace.run("passage", at="2027-03-01T10:15").json["sent"]) == 45
    assert workspace.run("passage", at="2027-03-01T10:30").json["sent"] == []
    state = workspace.row("Appels", **{"Réf.": "2027-1"})["État"]
    assert state.replace(NBSP, " ") == (
        "45 envoyés ; dernier départ le 01/03/2027 à 10 h 15 ; 7 à corriger ; prochaine relance le 15/03/2027"
    )


def test_a_new_workspace_is_checked_and_previewed_without_a_trace(tmp_path: Path) -> None:
    folder = tmp_path / "espace"
    workspace = Workspace(tmp_path / "autre")
    made = workspace.run("creer", str(folder), form="texte", at="")
    assert made.status == 0, made.err
    assert str(folder) in made.out
    workspace.folder = folder
    assert workspace.run("verifier").status == 0
    assert workspace.run("etat").status == 0
    before = sorted(path for path in folder.rglob("*"))
    assert workspace.run("apercu", CALLS).json["planned"] == []
    assert sorted(path for path in folder.rglob("*")) == before


def test_without_a_terminal_or_oui_nothing_leaves(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    before = workspace.book.read_bytes()
    for form in ("json", "texte"):
        ran = workspace.run("appel", "lancer", "2027-1", "--reel", form=form)
        assert ran.status == 2
        assert "45 partiront, 8 en attente, 7 à corriger." in ran.out + ran.err
        assert "Ajoutez --oui" in (ran.json["error"]["remedy"] if form == "json" else ran.err)
    assert workspace.mails() == []
    assert workspace.book.read_bytes() == before
    assert workspace.run("passage", at=TUESDAY).json["planned"] == []
