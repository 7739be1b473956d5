"""What every adapter of the port `Workbook` must do, whatever program keeps the cells.

A test module subclasses `WorkbookContract` (its name starting with Test) and gives a fixture `desk`
that holds the workbook of `xlsx_workbooks.plain_workbook`. The desk is the other side: what a
person's program shows, and a person's own edits.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

import pytest

from workflows.core.ports import (
    AddColumn,
    AddSheet,
    Anchor,
    Append,
    Cell,
    Column,
    Edit,
    Kind,
    Put,
    Snapshot,
    Value,
    Workbook,
    WorkbookError,
)

at = datetime.fromisoformat
Shown = str | float | bool | datetime | None

INTERPRETABLE = (
    "=1+1", "+33612345678", "-5", "@SOMME(A1)", "0612345678", "1/2", "12,5", "2027-03-01", "VRAI", "TRUE",
    "'apostrophe", "#N/A", "50 %", "=HYPERLINK(\"https://a.example\")", "\tdécalé", "https://a.example/",
)  # fmt: skip
"""Texts that a spreadsheet would make something else of, had a person typed them."""


class Desk(Protocol):
    """A workbook as a person has it in front of them."""

    @property
    def workbook(self) -> Workbook: ...

    def shown(self, sheet: str, row: int, column: int) -> Shown:
        """A cell as another program reads it: a date (with or without time) as a naive datetime."""

    def insert_row(self, sheet: str, before: int) -> None:
        """A person inserts an empty row."""


def apart_from(snapshot: Snapshot, *places: tuple[str, int, int]) -> dict[tuple[str, int, int], Cell]:
    """Every cell of a snapshot but these, by tab, row and column."""
    cells = {
        (title, number, column): cell
        for title, sheet in snapshot.sheets.items()
        for number, row in enumerate(sheet.rows, start=1)
        for column, cell in enumerate(row, start=1)
        if cell.kind is not Kind.EMPTY
    }
    return {place: cell for place, cell in cells.items() if place not in places}


class WorkbookContract:
    """The tests themselves."""

    def test_every_tab_is_read_in_order_by_its_exact_title(self, desk: Desk) -> None:
        assert list(desk.workbook.read().sheets) == ["Structures", "Suivi de l’année (2)"]

    @pytest.mark.parametrize(
        ("column", "cell"),
        [
            (1, Cell("STR-001", Kind.TEXT)),
            (3, Cell("0612345602", Kind.TEXT)),
            (4, Cell(2.5, Kind.NUMBER)),
            (5, Cell(46267.0, Kind.DATE)),
            (6, Cell(True, Kind.BOOLEAN)),
            (7, Cell(0.75, Kind.TIME)),
            (8, Cell(5.0, Kind.NUMBER, formula=True)),
            (9, Cell()),
        ],
    )
    def test_a_cell_is_read_with_its_kind(self, desk: Desk, column: int, cell: Cell) -> None:
        assert desk.workbook.read().sheets["Structures"].cell(3, column) == cell

    @pytest.mark.parametrize("text", INTERPRETABLE)
    @pytest.mark.parametrize("column", [2, 4, 5, 12])
    def test_text_stays_text_wherever_it_is_put(self, desk: Desk, text: str, column: int) -> None:
        snapshot = desk.workbook.read()
        desk.workbook.write([Put("Structures", 4, column, text)], snapshot)
        assert desk.shown("Structures", 4, column) == text
        assert desk.workbook.read().sheets["Structures"].cell(4, column) == Cell(text, Kind.TEXT)

    @pytest.mark.parametrize(
        ("value", "shown", "cell"),
        [
            (date(2027, 3, 1), at("2027-03-01"), Cell(46447.0, Kind.DATE)),
            (at("2027-03-01T06:00"), at("2027-03-01T06:00"), Cell(46447.25, Kind.DATE)),
            (at("2027-07-01T18:00+00:00"), at("2027-07-01T18:00"), Cell(46569.75, Kind.DATE)),
            (12, 12, Cell(12.0, Kind.NUMBER)),
            (-0.125, -0.125, Cell(-0.125, Kind.NUMBER)),
            (True, True, Cell(True, Kind.BOOLEAN)),
            ("deux\nlignes  ", "deux\nlignes  ", Cell("deux\nlignes  ", Kind.TEXT)),
            (None, None, Cell()),
            ("", None, Cell()),
        ],
    )
    @pytest.mark.parametrize("column", [2, 4, 5, 6, 7, 12])
    def test_a_value_is_read_back_as_it_was_written(
        self, desk: Desk, value: Value, shown: Shown, cell: Cell, column: int
    ) -> None:
        place = ("Structures", 4, column)
        before = desk.workbook.read()
        desk.workbook.write([Put(*place, value)], before)
        after = desk.workbook.read()
        assert after.sheets["Structures"].cell(4, column) == cell
        assert desk.shown(*place) == shown
        assert apart_from(after, place) == apart_from(before, place)

    def test_without_edits_nothing_is_written(self, desk: Desk) -> None:
        before = desk.workbook.read()
        desk.workbook.write([], before)
        assert desk.workbook.read() == before

    def test_rows_are_appended_in_order_below_everything(self, desk: Desk) -> None:
        rows = [Append("Structures", {1: f"N-{number}", 12: number}) for number in range(3)]
        desk.workbook.write(rows, desk.workbook.read())
        desk.workbook.write([Append("Structures", {2: "encore"})], desk.workbook.read())
        sheet = desk.workbook.read().sheets["Structures"]
        assert [sheet.cell(row, 1).value for row in range(6, 11)] == ["STR-004", "N-0", "N-1", "N-2", None]
        assert sheet.cell(9, 12) == Cell(2.0, Kind.NUMBER)
        assert sheet.cell(10, 2).value == "encore"

    def test_a_row_appended_to_an_empty_tab_is_its_first(self, desk: Desk) -> None:
        desk.workbook.write([Append("Suivi de l’année (2)", {2: "premier"})], desk.workbook.read())
        assert desk.shown("Suivi de l’année (2)", 1, 2) == "premier"

    def test_a_cell_far_from_the_others_can_be_written(self, desk: Desk) -> None:
        desk.workbook.write([Put("Structures", 400, 40, "loin")], desk.workbook.read())
        assert desk.shown("Structures", 400, 40) == "loin"

    def test_a_column_is_added_to_the_right(self, desk: Desk) -> None:
        spec = Column("Opposition", tool=True, choices=("Oui", "Non"))
        before = desk.workbook.read()
        edits: list[Edit] = [
            AddColumn("Structures", 2, 9, spec),
            Put("Structures", 3, 9, "Ni l’un ni l’autre"),
        ]
        desk.workbook.write(edits, before)
        after = desk.workbook.read()
        assert after.sheets["Structures"].cell(2, 9) == Cell("Opposition", Kind.TEXT)
        assert desk.shown("Structures", 3, 9) == "Ni l’un ni l’autre"
        added = [("Structures", 2, 9), ("Structures", 3, 9)]
        assert apart_from(after, *added) == apart_from(before)

    def test_a_new_tab_comes_last_and_takes_rows_in_the_same_write(self, desk: Desk) -> None:
        columns = (Column("Reçu le", tool=True), Column("De"), Column("Rattacher à", choices=("a", "b")))
        before = desk.workbook.read()
        edits: list[Edit] = [
            AddSheet("À rattacher", columns),
            Append("À rattacher", {1: date(2027, 3, 1), 2: "a@b.example"}),
        ]
        desk.workbook.write(edits, before)
        after = desk.workbook.read()
        assert list(after.sheets) == ["Structures", "Suivi de l’année (2)", "À rattacher"]
        rows = after.sheets["À rattacher"].rows
        assert [cell.value for cell in rows[0]] == ["Reçu le", "De", "Rattacher à"]
        assert rows[1][:2] == (Cell(46447.0, Kind.DATE), Cell("a@b.example", Kind.TEXT))
        assert after.sheets["Structures"] == before.sheets["Structures"]

    def test_one_impossible_edit_and_none_is_made(self, desk: Desk) -> None:
        before = desk.workbook.read()
        edits = [Put("Structures", 3, 2, "écrit"), Put("Aucun onglet", 1, 1, "x")]
        with pytest.raises((ValueError, WorkbookError)):
            desk.workbook.write(edits, before)
        assert apart_from(desk.workbook.read()) == apart_from(before)

    def test_a_row_that_moved_meanwhile_does_not_get_anothers_value(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        put = Put("Structures", 4, 12, "pour STR-002", Anchor(1, "STR-002"))
        desk.insert_row("Structures", 3)
        assert _refused(desk.workbook, put, snapshot)
        sheet = desk.workbook.read().sheets["Structures"]
        holders = [row for row in range(1, 12) if sheet.cell(row, 12).value == "pour STR-002"]
        assert all(sheet.cell(row, 1).value == "STR-002" for row in holders)


def _refused(workbook: Workbook, put: Put, snapshot: Snapshot) -> bool:
    """Whether the workbook says that this Put did not find its row: in its receipt, or by refusing."""
    try:
        receipt = workbook.write([put], snapshot)
    except WorkbookError as error:
        return error.temporary
    return [misplaced for misplaced, _ in receipt.misplaced] == [put]
