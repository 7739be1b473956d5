"""Rows and columns that people moved between a read and the write that was made from it.

batchUpdate knows places, not rows: a sort a second before a write puts values on the wrong rows, and
developer metadata does not follow sorts. So a write asks for its anchors and headings in its own answer;
where they are not what the snapshot said, the tab is read again and what was covered is put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workflows.adapters.google_cells import JSON, cell, column_letters, in_tab
from workflows.core.ports import EMPTY, AddColumn, Anchor, Cell, Edit, Kind, Put, Sheet

RESPONSE_FIELDS = (
    "updatedSpreadsheet(sheets(properties(title),data(startRow,startColumn,rowData(values(effectiveValue)))))"
)
_HEADINGS_WITHIN = 50
"""How far down a tab its headings are looked for."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A put with its anchor."""

    put: Put
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Covered:
    """A cell that a write covered on a row or in a column where it had no business."""

    title: str
    put: Put | None
    """None for the heading of a column that the write added."""
    found: str
    """The anchor's text in the row that was written."""
    row: int
    column: int
    before: Cell
    """What the snapshot showed there."""


@dataclass(frozen=True, slots=True)
class Check:
    """What must be found in one tab after a write: the anchors of its puts, and its headings."""

    before: Sheet
    anchored: tuple[Anchored, ...]
    added: tuple[AddColumn, ...]
    written: dict[tuple[int, int], str]
    """The texts that the write puts into the tab, by row and column."""

    @property
    def title(self) -> str:
        return self.before.title

    @property
    def heading_row(self) -> int:
        """The row of the headings: that of a new one, else the row above the puts with most texts; or 0."""
        if self.added:
            return self.added[0].row
        top = min(each.put.row for each in self.anchored)
        counts = {row: len(_texts(self.before, row)) for row in range(1, min(top, _HEADINGS_WITHIN))}
        return max(counts, key=lambda row: (counts[row], -row), default=0)

    def ranges(self) -> list[str]:
        """What to ask for: each anchor column over the rows written, and the row of the headings."""
        rows = [each.put.row for each in self.anchored]
        columns = map(column_letters, sorted({each.anchor.column for each in self.anchored}))
        areas = [f"{column}{min(rows)}:{column}{max(rows)}" for column in columns]
        if self.heading_row:
            areas.append(f"{self.heading_row}:{self.heading_row}")
        return [in_tab(self.title, area) for area in areas]

    def holds(self, after: Sheet) -> bool:
        """Whether every anchor stands in its row, and every heading in its column."""
        row = self.heading_row
        expected = _texts(self.before, row) | {c: text for (r, c), text in self.written.items() if r == row}
        headings = {column: text for column, text in expected.items() if text}
        return _texts(after, row) == headings and all(
            _text(after, each.put.row, each.anchor.column) == each.anchor.text for each in self.anchored
        )

    def covered(self, after: Sheet) -> list[Covered]:
        """What the write covered wrongly, from the whole tab as it is now."""
        moved = _Moved(self, after)
        found = []
        for each in self.anchored:
            put = each.put
            text = _text(after, put.row, moved.now_at(each.anchor.column))
            column = moved.columns.get(put.column)
            if text != each.anchor.text or column != put.column:
                row = moved.row_of(put.row, each.anchor)
                before = self._cell(row, column)
                found.append(Covered(self.title, put, text, put.row, put.column, before))
        for edit in self.added:
            column = moved.columns.get(edit.column)
            if (edit.row, edit.column) != (moved.heading_row, column):
                at_headings = edit.row == moved.heading_row
                before = self._cell(self.heading_row if at_headings else moved.alike(edit.row), column)
                found.append(Covered(self.title, None, "", edit.row, edit.column, before))
        return found

    def _cell(self, row: int | None, column: int | None) -> Cell:
        return self.before.cell(row, column) if row and column else EMPTY


class _Moved:
    """Where the rows and columns of a tab as it is now stood in the snapshot."""

    def __init__(self, check: Check, after: Sheet) -> None:
        self._check = check
        self._after = after
        self.heading_row = self._heading_row()
        self.columns = self._columns()
        """Column now → column in the snapshot; those that are new are missing."""

    def _heading_row(self) -> int:
        """The row now that shares most texts with the headings of the snapshot."""
        known = set(_texts(self._check.before, self._check.heading_row).values())
        rows = range(1, min(len(self._after.rows), 2 * _HEADINGS_WITHIN) + 1)
        shared = {row: len(known & set(_texts(self._after, row).values())) for row in rows}
        return max(shared, key=lambda row: (shared[row], -row), default=0)

    def _columns(self) -> dict[int, int]:
        before = _texts(self._check.before, self._check.heading_row)
        now = _texts(self._after, self.heading_row)
        places = {text: column for column, text in before.items()}
        counted = [*before.values()]
        found = {
            column: places[text]
            for column, text in now.items()
            if counted.count(text) == 1 and (self.heading_row, column) not in self._check.written
        }
        taken = set(found.values())
        width = max((len(row) for row in self._after.rows), default=0)
        for column in range(1, width + 1):  # without a known heading: it follows the column to its left
            place = found.get(column - 1, 0) + 1 if column == 1 or column - 1 in found else None
            if column not in found and place and place not in taken:
                found[column] = place
                taken.add(place)
        return found

    def now_at(self, column: int) -> int:
        """Where a column of the snapshot is now; 0 if it is gone."""
        return next((now for now, before in self.columns.items() if before == column), 0)

    def row_of(self, row: int, anchor: Anchor) -> int | None:
        """The row of the snapshot that is now in this row: by its anchor, else by its other cells."""
        before = self._check.before
        column = self.now_at(anchor.column)
        numbers = range(1, len(before.rows) + 1)
        if (row, column) not in self._check.written:
            text = _text(self._after, row, column)
            named = [number for number in numbers if text and _text(before, number, anchor.column) == text]
            if len(named) == 1:
                return named[0]
        return self.alike(row)

    def alike(self, row: int) -> int | None:
        """The row of the snapshot that shares most cells with this row, where there is just one."""
        numbers = range(1, len(self._check.before.rows) + 1)
        scores = {number: self._shared(row, number) for number in numbers}
        best = max(scores.values(), default=0)
        closest = [number for number, score in scores.items() if score == best]
        return closest[0] if best and len(closest) == 1 else None

    def _shared(self, row: int, number: int) -> int:
        """How many cells this row shares with one of the snapshot."""
        return sum(
            self._after.cell(row, now) == self._check.before.cell(number, column) != EMPTY
            for now, column in self.columns.items()
            if (row, now) not in self._check.written
        )


def _text(sheet: Sheet, row: int, column: int) -> str:
    """What a cell holds, as anchors are compared; the empty text for an empty cell."""
    value = sheet.cell(row, column).value
    return "" if value is None else str(value)


def _texts(sheet: Sheet, row: int) -> dict[int, str]:
    """The texts of a row by column."""
    cells = sheet.rows[row - 1] if 1 <= row <= len(sheet.rows) else ()
    return {column: str(c.value) for column, c in enumerate(cells, 1) if c.kind is Kind.TEXT and c.value}


def checks(edits: Sequence[Edit], sheets: Iterable[Sheet]) -> list[Check]:
    """The checks of a write, by tab; tabs that it adds cannot have been moved."""
    found = []
    for sheet in sheets:
        mine = [edit for edit in edits if isinstance(edit, Put | AddColumn) and edit.sheet == sheet.title]
        anchored = tuple(Anchored(e, e.anchor) for e in mine if isinstance(e, Put) and e.anchor)
        added = tuple(edit for edit in mine if isinstance(edit, AddColumn))
        written = {(edit.row, edit.column): _written(edit) for edit in mine}
        if anchored or added:
            found.append(Check(sheet, anchored, added, written))
    return found


def _written(edit: Put | AddColumn) -> str:
    value = edit.spec.heading if isinstance(edit, AddColumn) else edit.value
    return value if isinstance(value, str) else ""


def answered(answer: JSON) -> dict[str, Sheet]:
    """The parts of tabs in a batchUpdate's answer, by title."""
    found = {}
    for sheet in answer.get("updatedSpreadsheet", {}).get("sheets", []):
        cells = {
            (r, c): cell(value)
            for block in sheet.get("data", [])
            for r, row in enumerate(block.get("rowData", []), block.get("startRow", 0))
            for c, value in enumerate(row.get("values", []), block.get("startColumn", 0))
        }
        width = max((c for _, c in cells), default=-1) + 1
        height = max((r for r, _ in cells), default=-1) + 1
        rows = tuple(tuple(cells.get((r, c), EMPTY) for c in range(width)) for r in range(height))
        title = sheet["properties"]["title"]
        found[title] = Sheet(title, rows)
    return found
