"""What a workbook lacks: tabs, headings, the program's columns; nothing that is there changes (design §3).

Unlike a round, which makes its own tabs when it needs them, this also makes hers, empty, so that a new
spreadsheet is ready to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workflows.core import words
from workflows.core.book import Identified, Names, Past, read_book
from workflows.core.french import quoted
from workflows.core.ports import EMPTY, AddColumn, AddSheet, Column, Edit, Sheet, Snapshot, Workbook
from workflows.core.problems import Problem
from workflows.engine.status_page import hers


@dataclass(slots=True)
class Furniture:
    """What a workbook lacks: the edits that add it, in words too, and the tabs that cannot be read."""

    edits: list[Edit] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def new_tabs(names: Names) -> list[AddSheet]:
    """Every tab of a workbook that is made from nothing."""
    return [AddSheet(names.tab(t.title), tuple(names.columns(t).values())) for t in words.TABS.values()]


def furnish(workbook: Workbook, names: Names) -> Furniture:
    """Add what is missing, in one write; none where nothing is. Raises WorkbookError."""
    snapshot = workbook.read()
    found = lacking(snapshot, names)
    if found.edits:
        workbook.write(found.edits, snapshot)
    return found


def lacking(snapshot: Snapshot, names: Names) -> Furniture:
    """What this workbook lacks, under her names for tabs and headings."""
    found = Furniture()
    for identified in read_book(snapshot, list(words.TABS.values()), names, Past()).tabs.values():
        title = identified.title
        if identified.absent:
            found.edits.append(AddSheet(title, tuple(identified.columns.values())))
            found.added.append(f"l'onglet {quoted(title)}")
        elif _is_empty(snapshot.sheets[title]):
            found.edits += _headings(title, 1, 1, identified.columns.values())
            found.added.append(f"les titres de colonnes de l'onglet {quoted(title)}")
        elif identified.tab is words.STATUS and (strange := hers(identified)):
            found.problems.append(strange)
        else:
            _add_columns(identified, found)
    return found


def _add_columns(identified: Identified, found: Furniture) -> None:
    """The program's columns that the tab lacks, to the right of everything."""
    found.problems += identified.problems
    table = identified.table
    if table is None:
        return
    tools = [c.heading for c in identified.tab.tool_columns if c.heading not in table.columns]
    specs = [identified.columns[heading] for heading in tools]
    found.edits += _headings(identified.title, table.heading_row, table.next_free_column, specs)
    found.added += [
        f"la colonne {quoted(spec.heading)} de l'onglet {quoted(identified.title)}" for spec in specs
    ]


def _headings(title: str, row: int, first: int, specs: Iterable[Column]) -> list[AddColumn]:
    return [AddColumn(title, row, column, spec) for column, spec in enumerate(specs, first)]


def _is_empty(sheet: Sheet) -> bool:
    return all(cell == EMPTY for row in sheet.rows for cell in row)
