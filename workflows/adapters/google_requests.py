"""From edits to the requests of one spreadsheets.batchUpdate.

Text is always a stringValue, which is never interpreted; dates are serial numbers with a date format.
`fields` names what is set, so that all else about a cell stays. Source: Google Sheets API v4, Request.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from workflows.adapters.google_cells import JSON, Tab, column_letters
from workflows.core.ports import (
    EMPTY,
    AddColumn,
    AddSheet,
    Append,
    Cell,
    Column,
    Edit,
    Kind,
    Put,
    Sheet,
    Value,
)
from workflows.core.words import COLOURS

VALUE = "userEnteredValue"
NUMBER_FORMAT = "userEnteredFormat.numberFormat"
BOLD = "userEnteredFormat.textFormat.bold"
WARNING = "Colonne tenue par Tournée"
"""What the spreadsheet shows to someone who types into a column of the program."""

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the sheet's wall clock
_NEW_ROWS, _NEW_COLUMNS = 1000, 26
_PIXELS = 8
"""The width of a character."""


def serial(value: date) -> float:
    """Days since 30/12/1899 on the wall clock of the value; exact to the second."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    days: float = (moment.replace(tzinfo=None, microsecond=0) - _EPOCH) / timedelta(days=1)
    return days


def cell_data(value: Value, shown: Cell = EMPTY) -> tuple[JSON, tuple[str, ...]]:
    """A CellData for a value, and the fields it sets of a cell that shows `shown`.

    A date format that a person chose stays; any other gives way to a date, and a number never takes
    the look of the date that was there.
    """
    if value is None or value == "":
        return {}, (VALUE,)
    if isinstance(value, str):
        return {VALUE: {"stringValue": value}}, (VALUE,)
    if isinstance(value, bool):
        return {VALUE: {"boolValue": value}}, (VALUE,)
    if isinstance(value, int | float):
        dated = shown.kind in (Kind.DATE, Kind.TIME)
        return {VALUE: {"numberValue": value}}, (VALUE, NUMBER_FORMAT) if dated else (VALUE,)
    data: JSON = {VALUE: {"numberValue": serial(value)}}
    if shown.kind is Kind.DATE:
        return data, (VALUE,)
    timed = isinstance(value, datetime)
    number_format = {"type": "DATE", "pattern": "dd/mm/yyyy"}
    if timed:
        number_format = {"type": "DATE_TIME", "pattern": "dd/mm/yyyy hh:mm"}
    return data | {"userEnteredFormat": {"numberFormat": number_format}}, (VALUE, NUMBER_FORMAT)


@dataclass
class Batch:
    """Builds the requests of one write; `places` says what each is about, for messages."""

    tabs: dict[str, Tab]
    sheets: Mapping[str, Sheet]
    requests: list[JSON] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def add_all(self, edits: Sequence[Edit]) -> None:
        """Add edits in their order. Raises ValueError for one that no caller may ask for."""
        puts: list[Put] = []
        rows: list[Append] = []
        for edit in edits:
            if not isinstance(edit, Put):
                self._flush_puts(puts)
            if not (isinstance(edit, Append) and (not rows or rows[-1].sheet == edit.sheet)):
                self._flush_rows(rows)
            match edit:
                case Put():
                    puts.append(edit)
                case Append():
                    rows.append(edit)
                case AddColumn():
                    self._add_column(edit)
                case AddSheet():
                    self._add_sheet(edit)
        self._flush_puts(puts)
        self._flush_rows(rows)

    def _add(self, place: str, request: JSON) -> None:
        self.requests.append(request)
        self.places.append(place)

    def _tab(self, title: str) -> Tab:
        if title not in self.tabs:
            raise ValueError(f"no tab {title!r} in the snapshot")
        return self.tabs[title]

    def _grow(self, title: str, rows: int, columns: int) -> Tab:
        """The tab, after asking for a grid of at least that size."""
        tab = self._tab(title)
        for dimension, missing in (("ROWS", rows - tab.rows), ("COLUMNS", columns - tab.columns)):
            if missing > 0:
                request = {"sheetId": tab.id, "dimension": dimension, "length": missing}
                self._add(title, {"appendDimension": request})
        self.tabs[title] = Tab(tab.id, max(rows, tab.rows), max(columns, tab.columns))
        return tab

    def _shown(self, title: str, row: int, column: int) -> Cell:
        sheet = self.sheets.get(title)
        return sheet.cell(row, column) if sheet else EMPTY

    def _flush_puts(self, puts: list[Put]) -> None:
        """One updateCells for each run of neighbours in a row that set the same fields."""
        last = {(put.sheet, put.row, put.column): put for put in puts}
        puts.clear()
        runs: list[tuple[Put, list[JSON], tuple[str, ...]]] = []
        for put in sorted(last.values(), key=lambda put: (put.sheet, put.row, put.column)):
            shown = self._shown(put.sheet, put.row, put.column)
            if shown.formula or shown.spilled:
                raise ValueError(f"{put.sheet}, row {put.row}, column {put.column} shows a formula's value")
            data, fields = cell_data(put.value, shown)
            first, cells, same = runs[-1] if runs else (put, [], ())
            beside = (first.sheet, first.row, first.column + len(cells)) == (put.sheet, put.row, put.column)
            if cells and beside and same == fields:
                cells.append(data)
            else:
                runs.append((put, [data], fields))
        for put, cells, fields in runs:
            tab = self._grow(put.sheet, put.row, put.column + len(cells) - 1)
            place = f"{put.sheet}, cellule {column_letters(put.column)}{put.row}"
            self._update(place, tab, put.row, put.column, cells, fields)

    def restore(self, title: str, row: int, column: int, before: Cell, covered_by: Value) -> None:
        """Put back what a cell showed before `covered_by` was written over it."""
        data: JSON = {}
        if before.kind is Kind.TEXT:
            data = {VALUE: {"stringValue": before.value}}
        elif before.kind is Kind.BOOLEAN:
            data = {VALUE: {"boolValue": before.value}}
        elif before.kind in (Kind.NUMBER, Kind.DATE, Kind.TIME):
            data = {VALUE: {"numberValue": before.value}}
        dated = isinstance(covered_by, date) and before.kind is Kind.NUMBER
        fields = (VALUE, NUMBER_FORMAT) if dated else (VALUE,)
        place = f"{title}, cellule {column_letters(column)}{row}"
        self._update(place, self._tab(title), row, column, [data], fields)

    def _update(
        self, place: str, tab: Tab, row: int, column: int, cells: list[JSON], fields: tuple[str, ...]
    ) -> None:
        start = {"sheetId": tab.id, "rowIndex": row - 1, "columnIndex": column - 1}
        request = {"start": start, "rows": [{"values": cells}], "fields": ",".join(fields)}
        self._add(place, {"updateCells": request})

    def _flush_rows(self, rows: list[Append]) -> None:
        """Runs of rows for the same tab, one appendCells for each set of fields."""
        lines: list[tuple[JSON, tuple[str, ...]]] = []
        for row in rows:
            cells, fields = _line(row)
            lines.append(({"values": cells}, fields))
        title = rows[0].sheet if rows else ""
        rows.clear()
        while lines:
            fields = lines[0][1]
            count = next((at for at, line in enumerate(lines) if line[1] != fields), len(lines))
            width = max(len(line["values"]) for line, _ in lines[:count])
            tab = self._grow(title, 0, width)
            request = {
                "sheetId": tab.id,
                "rows": [line for line, _ in lines[:count]],
                "fields": ",".join(fields),
            }
            self._add(f"{title}, nouvelles lignes", {"appendCells": request})
            del lines[:count]

    def _add_sheet(self, edit: AddSheet) -> None:
        if edit.title in self.tabs:
            raise ValueError(f"the tab {edit.title!r} is there already")
        tab = Tab(self._free_id(edit.title), _NEW_ROWS, max(_NEW_COLUMNS, len(edit.columns)))
        self.tabs[edit.title] = tab
        size = {"rowCount": tab.rows, "columnCount": tab.columns, "frozenRowCount": 1}
        properties = {"sheetId": tab.id, "title": edit.title, "gridProperties": size}
        self._add(edit.title, {"addSheet": {"properties": properties}})
        headings = [_heading(column) for column in edit.columns]
        self._update(edit.title, tab, 1, 1, headings, (VALUE, BOLD))
        for number, column in enumerate(edit.columns, 1):
            self._dress(edit.title, 1, number, column)

    def _free_id(self, title: str) -> int:
        """An id from the title: the same tab added twice by two rounds is refused the second time."""
        taken = {tab.id for tab in self.tabs.values()}
        number = zlib.crc32(title.encode()) & 0x7FFFFFFF
        while number in taken or number == 0:
            number = (number + 1) & 0x7FFFFFFF
        return number

    def _add_column(self, edit: AddColumn) -> None:
        tab = self._grow(edit.sheet, edit.row, edit.column)
        shown = self._shown(edit.sheet, edit.row, edit.column)
        if shown != EMPTY:
            raise ValueError(f"{edit.sheet}, row {edit.row}, column {edit.column} is not empty")
        place = f"{edit.sheet}, cellule {column_letters(edit.column)}{edit.row}"
        self._update(place, tab, edit.row, edit.column, [_heading(edit.spec)], (VALUE, BOLD))
        self._dress(edit.sheet, edit.row, edit.column, edit.spec)

    def _dress(self, title: str, row: int, column: int, spec: Column) -> None:
        """Width, drop-down list, colours and warning of a column whose heading is in this row."""
        tab = self.tabs[title]
        across = {"startColumnIndex": column - 1, "endColumnIndex": column}
        span = {"dimension": "COLUMNS", "startIndex": column - 1, "endIndex": column, "sheetId": tab.id}
        size = {"range": span, "properties": {"pixelSize": spec.width * _PIXELS}, "fields": "pixelSize"}
        self._add(title, {"updateDimensionProperties": size})
        below = {"sheetId": tab.id, "startRowIndex": row, **across}
        if spec.choices:
            values = [{VALUE: choice} for choice in spec.choices]
            condition = {"type": "ONE_OF_LIST", "values": values}
            rule = {"condition": condition, "strict": False, "showCustomUi": True}
            self._add(title, {"setDataValidation": {"range": below, "rule": rule}})
        for word in spec.choices:
            if word in COLOURS:
                self._add(title, {"addConditionalFormatRule": {"rule": _coloured(below, word)}})
        if spec.tool:
            protected = {"range": below, "description": WARNING, "warningOnly": True}
            self._add(title, {"addProtectedRange": {"protectedRange": protected}})


def _coloured(area: JSON, word: str) -> JSON:
    """The rule that gives a word its colour; channels go from 0 to 1."""
    channels = zip(("red", "green", "blue"), bytes.fromhex(COLOURS[word]), strict=True)
    background = {name: round(value / 255, 4) for name, value in channels}
    condition = {"type": "TEXT_EQ", "values": [{VALUE: word}]}
    rule = {"condition": condition, "format": {"backgroundColor": background}}
    return {"ranges": [area], "booleanRule": rule}


def _heading(column: Column) -> JSON:
    return {VALUE: {"stringValue": column.heading}, "userEnteredFormat": {"textFormat": {"bold": True}}}


def _line(row: Append) -> tuple[list[JSON], tuple[str, ...]]:
    """The cells of a new row, and the fields that they set together."""
    cells: list[JSON] = [{}] * max(row.values, default=0)
    fields = {VALUE}
    for column, value in row.values.items():
        cells[column - 1], needed = cell_data(value)
        fields.update(needed)
    return cells, tuple(sorted(fields, reverse=True))
