"""A workbook as people read and change it, in a file or behind the Sheets API: the same edits on both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import openpyxl

from tests.support.sheets_server import SheetsServer
from workflows.core.tables import column_letter

HERS = {
    "Structures": ("Réf.", "Nom", "Courriel", "Statut réseau", "Notes"),
    "Appels": ("Réf.", "Titre", "Ouverture", "Date limite", "Commande"),
}
Grid = list[list[Any]]
Kind = Literal[
    "sort", "insert_row", "delete_row", "insert_column", "move_column", "rename_heading", "rename_tab", "set"
]


@dataclass(frozen=True)
class Edit:
    """One thing that a person does. Rows count from 1 below the headings."""

    kind: Kind
    tab: str
    heading: str = ""
    row: int = 0
    to: Any = None
    """The new name, the heading to stand before, the value; for `sort`: whether descending."""


class Place(Protocol):
    """Where a workbook is."""

    def grid(self, tab: str) -> Grid:
        """What a tab shows, None for an empty cell; nothing for a tab that is not there."""

    def edit(self, *edits: Edit) -> None: ...

    def rows(self, tab: str) -> list[dict[str, Any]]:
        """The rows of a tab by heading, those without anything left out."""


def heading_row(grid: Grid) -> int:
    """The index of the row that holds the headings: of hers, four are always there."""
    return next((n for n, row in enumerate(grid) if sum(v is not None for v in row) >= 4), 0)


def by_heading(grid: Grid) -> list[dict[str, Any]]:
    start = heading_row(grid)
    headings = [str(h or "") for h in grid[start]] if grid else []
    found = [dict(zip(headings, [*row, *[None] * len(headings)], strict=False)) for row in grid[start + 1 :]]
    return [row for row in found if any(value is not None for value in row.values())]


def hers(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Every cell of hers, row by row in the sheet's order."""
    return {
        title: [tuple(row.get(heading) for heading in headings) for row in place.rows(title)]
        for title, headings in HERS.items()
    }


@dataclass(frozen=True)
class FilePlace:
    """An xlsx file that a person opens, changes and saves."""

    path: Path

    def grid(self, tab: str) -> Grid:
        book = openpyxl.load_workbook(self.path)
        return [[c.value for c in row] for row in book[tab].iter_rows()] if tab in book.sheetnames else []

    def rows(self, tab: str) -> list[dict[str, Any]]:
        return by_heading(self.grid(tab))

    def edit(self, *edits: Edit) -> None:
        book = openpyxl.load_workbook(self.path)
        for edit in edits:
            if edit.tab not in book.sheetnames:
                continue
            sheet = book[edit.tab]
            if edit.kind == "rename_tab":
                sheet.title = edit.to
                continue
            grid = [[cell.value for cell in row] for row in sheet.iter_rows()]
            size = len(grid), max(map(len, grid), default=0)
            CHANGES[edit.kind](grid, edit)
            for r in range(max(len(grid), size[0])):
                row = grid[r] if r < len(grid) else []
                for c in range(max(len(row), size[1])):
                    sheet.cell(r + 1, c + 1).value = row[c] if c < len(row) else None
        book.save(self.path)


@dataclass(frozen=True)
class SpreadsheetPlace:
    """A spreadsheet behind the Sheets API."""

    server: SheetsServer
    id: str

    def grid(self, tab: str) -> Grid:
        rows = self.server.dump(self.id)["sheets"].get(tab, {"rows": []})["rows"]
        return [[value if value != "" else None for value in row] for row in rows]

    def rows(self, tab: str) -> list[dict[str, Any]]:
        return by_heading(self.grid(tab))

    def edit(self, *edits: Edit) -> None:
        for edit in edits:
            self.server.edit(self.id, *self._told(edit, self.grid(edit.tab)))

    def edit_before_write(self, number: int, *edits: Edit) -> None:
        """The edits as they must be put now, made right before the n-th write from now is applied."""
        grids = {edit.tab: self.grid(edit.tab) for edit in edits}
        for edit in edits:
            told = self._told(edit, grids[edit.tab])
            self.server.edit(self.id, *told, before_write=number)
            if told and edit.kind in CHANGES:
                CHANGES[edit.kind](grids[edit.tab], edit)

    @staticmethod
    def _told(edit: Edit, grid: Grid) -> list[dict[str, Any]]:
        """The edit of this tab in the server's words; nothing for a tab or heading that is not there."""
        start = heading_row(grid)
        if not grid or (edit.heading and edit.heading not in grid[start]):
            return []
        letters = {str(h): column_letter(n) for n, h in enumerate(grid[start], 1) if h is not None}
        at = letters.get(edit.heading, "A")
        row = start + 1 + edit.row
        told: dict[Kind, dict[str, Any]] = {
            "sort": {"sort": {"column": at, "header_rows": start + 1, "descending": bool(edit.to)}},
            "insert_row": {"insert_rows": {"at": row}},
            "delete_row": {"delete_rows": {"at": row}},
            "insert_column": {"insert_columns": {"at": at}},
            "move_column": {"move_columns": {"at": at, "to": letters.get(str(edit.to), "A")}},
            "rename_heading": {"rename_heading": {"from": edit.heading, "to": edit.to}},
            "rename_tab": {"rename_sheet": {"to": edit.to}},
            "set": {"set": {"cell": f"{at}{row}", "value": "" if edit.to is None else edit.to}},
        }
        ((name, options),) = told[edit.kind].items()
        return [{name: {"sheet": edit.tab, **options}}]


# The same on a grid of values


def _sort(grid: Grid, edit: Edit) -> None:
    start, column = heading_row(grid), _column(grid, edit.heading)
    body = grid[start + 1 :]
    filled = [row for row in body if column < len(row) and row[column] is not None]
    empty = [row for row in body if row not in filled]
    grid[start + 1 :] = sorted(filled, key=lambda row: str(row[column]), reverse=bool(edit.to)) + empty


def _insert_row(grid: Grid, edit: Edit) -> None:
    grid.insert(heading_row(grid) + edit.row, [])


def _delete_row(grid: Grid, edit: Edit) -> None:
    del grid[heading_row(grid) + edit.row : heading_row(grid) + edit.row + 1]


def _insert_column(grid: Grid, edit: Edit) -> None:
    _rearrange(grid, _column(grid, edit.heading), [None] * len(grid))


def _move_column(grid: Grid, edit: Edit) -> None:
    source, to = _column(grid, edit.heading), _column(grid, edit.to)
    moved = [row.pop(source) if source < len(row) else None for row in grid]
    _rearrange(grid, to - (source < to), moved)


def _rearrange(grid: Grid, at: int, values: Sequence[Any]) -> None:
    for row, value in zip(grid, values, strict=True):
        row.insert(at, value)


def _rename_heading(grid: Grid, edit: Edit) -> None:
    start = heading_row(grid)
    grid[start] = [edit.to if value == edit.heading else value for value in grid[start]]


def _set(grid: Grid, edit: Edit) -> None:
    at = heading_row(grid) + edit.row
    while len(grid) <= at:
        grid.append([])
    row, column = grid[at], _column(grid, edit.heading)
    row += [None] * (column + 1 - len(row))
    row[column] = edit.to


def _column(grid: Grid, heading: Any) -> int:
    headings = grid[heading_row(grid)]
    return headings.index(heading) if heading in headings else 0


CHANGES: dict[Kind, Callable[[Grid, Edit], None]] = {
    "sort": _sort,
    "insert_row": _insert_row,
    "delete_row": _delete_row,
    "insert_column": _insert_column,
    "move_column": _move_column,
    "rename_heading": _rename_heading,
    "set": _set,
}
