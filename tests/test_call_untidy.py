"""A call on workbooks as untidy as people make them, against an expectation of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.untidy import Untidy, untidy
from tests.support.workspace import APPEALS, TUESDAY, Workspace, small
from workflows.core.cells import normalise
from workflows.engine.account import Account

WAITS = {
    "stop": "« Ne plus solliciter »",
    "left": "sortie du réseau",
    "twin": "reçoit déjà cet appel par STR-",
}


def cells(path: Path) -> dict[tuple[str, str], Any]:
    """Every cell that holds something, formulas as they are written."""
    book = openpyxl.load_workbook(path)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def names(workspace: Workspace, made: Untidy, account: Account) -> dict[str, str]:
    """Réf. → name, out of Structures as the program left it."""
    tab, heading = made.tabs.get("Structures", "Structures"), made.headings.get("Réf.", "Réf.")
    sheet = openpyxl.load_workbook(workspace.book)[tab]
    rows = [
        [normalise(str(v)) if v is not None else "" for v in row] for row in sheet.iter_rows(values_only=True)
    ]
    is_ref = {"réf.", "ref.", "ref", heading.lower()}
    at, ref = next((r, n) for r, row in enumerate(rows) for n, v in enumerate(row) if v.lower() in is_ref)
    wanted = {structure.name for structure in made.structures}
    return {row[ref]: value for row in rows[at + 1 :] for value in row if value in wanted}


@pytest.mark.parametrize("seed", range(16))
def test_a_call_does_what_each_row_was_meant_to_say(tmp_path: Path, seed: int) -> None:
    workspace = Workspace(tmp_path)
    made = untidy(workspace.book, seed)
    (workspace.folder / "config" / "appel-a-candidatures.toml").write_text(made.toml(), "utf-8")
    before = cells(workspace.book)
    account = workspace.launch(TUESDAY)
    by_ref = names(workspace, made, account)
    assert len(by_ref) == len(made.structures)

    sent = {by_ref[key.split(":")[2]]: sorted(to) for key, to in account.sent}
    assert sent == made.by_fate("send")
    waiting = {by_ref[key.split(":")[2]]: reason for key, reason in account.waiting}
    for kind, words in WAITS.items():
        assert {n for n, reason in waiting.items() if words in reason} == made.by_fate(kind).keys()
    assert waiting.keys() == made.by_fate(*WAITS).keys()
    lines = [problem.where.split(", ")[1] for problem in account.problems]
    assert len(lines) == len(set(lines)) == len(made.by_fate("fix"))

    addresses = [address for mail in workspace.mails() for address in str(mail["To"]).split(", ")]
    assert sorted(addresses) == sorted(a for to in made.by_fate("send").values() for a in to)

    shown = {by_ref[row["Structure"]]: row["Envoi"] for row in workspace.tab("Candidatures")}
    expected = {"send": "Envoyé", "fix": "À corriger"} | dict.fromkeys(WAITS, "En attente")
    assert shown == {structure.name: expected[structure.fate] for structure in made.structures}
    after = cells(workspace.book)
    assert {place: after.get(place) for place in before} == before
    assert workspace.launch("2027-03-03T10:00").sent == []


def test_a_call_for_nobody_says_so_beside_a_row_to_mend(tmp_path: Path) -> None:
    book = small(2, "À lancer")
    book["Structures"][2] = ("STR-002", "Structure 2", "pas une adresse", None, None)
    book["Appels"] = [(*APPEALS, "Destinataires"), (*book["Appels"][1], "Commune = Paris")]
    book["Structures"] = [
        (*row, "Commune" if n == 0 else "Blois") for n, row in enumerate(book["Structures"])
    ]
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    workspace.round()
    state = workspace.row("Appels", **{"Réf.": "2027-1"})["État"]
    assert state.startswith("Personne à qui écrire"), state
