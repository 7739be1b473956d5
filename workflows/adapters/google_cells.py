"""What spreadsheets.get says of cells, and ranges in A1 notation.

Source: Google Sheets API v4, CellData, ExtendedValue and NumberFormat.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from workflows.core.ports import EMPTY, Cell, Kind, Sheet, Snapshot

JSON = dict[str, Any]

READ_FIELDS = (
    "developerMetadata(metadataId,metadataValue),"
    "sheets(properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount)),"
    "data(startRow,startColumn,rowData(values(userEnteredValue,effectiveValue,effectiveFormat(numberFormat)))))"
)
"""All that a read needs, and nothing else: no colours, comments or formatted values."""

_ERRORS = {
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
    "ERROR": "#ERROR!",
}
_DURATION = re.compile(r"\[[hms]+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab as the API addresses it: its id and the size of its grid."""

    id: int
    rows: int
    columns: int


def snapshot_of(answer: JSON) -> Snapshot:
    """The workbook in an answer of spreadsheets.get; tabs without a grid (charts) are left out."""
    tabs, sheets = {}, {}
    for sheet in answer.get("sheets", []):
        properties = sheet["properties"]
        grid = properties.get("gridProperties", {})
        title = properties["title"]
        tabs[title] = [properties["sheetId"], grid.get("rowCount", 0), grid.get("columnCount", 0)]
        if properties.get("sheetType", "GRID") == "GRID":
            sheets[title] = Sheet(title, _rows(sheet.get("data", [])))
    return Snapshot(sheets, json.dumps(tabs, ensure_ascii=False))


def tabs_of(version: str) -> dict[str, Tab]:
    """The tabs that a snapshot's version holds, by title."""
    return {title: Tab(*numbers) for title, numbers in json.loads(version).items()}


def _rows(data: list[JSON]) -> tuple[tuple[Cell, ...], ...]:
    """The rows of a tab; empty cells and rows at the end are left out."""
    found: dict[int, list[Cell]] = {}
    for block in data:
        top, left = block.get("startRow", 0), block.get("startColumn", 0)
        for number, row in enumerate(block.get("rowData", []), top):
            found[number] = [EMPTY] * left + [cell(value) for value in row.get("values", [])]
    rows = [_trimmed(found.get(number, [])) for number in range(max(found, default=-1) + 1)]
    while rows and not rows[-1]:
        rows.pop()
    return tuple(rows)


def _trimmed(cells: list[Cell]) -> tuple[Cell, ...]:
    while cells and cells[-1] == EMPTY:
        cells.pop()
    return tuple(cells)


def cell(data: JSON) -> Cell:
    """One cell from its CellData."""
    entered, effective = data.get("userEnteredValue", {}), data.get("effectiveValue", {})
    formula = "formulaValue" in entered
    shown = effective if formula or not entered else effective or entered
    if not shown:
        return Cell(_ERRORS["ERROR"], Kind.ERROR, formula=True) if formula else EMPTY
    value = _value(shown, data.get("effectiveFormat", {}).get("numberFormat", {}))
    return replace(value, formula=formula, spilled=not entered)


def _value(value: JSON, number_format: JSON) -> Cell:
    if "errorValue" in value:
        return Cell(_ERRORS.get(value["errorValue"].get("type", ""), "#ERROR!"), Kind.ERROR)
    if "boolValue" in value:
        return Cell(bool(value["boolValue"]), Kind.BOOLEAN)
    if "numberValue" in value:
        return Cell(float(value["numberValue"]), _number_kind(number_format))
    return Cell(str(value.get("stringValue", "")), Kind.TEXT)


def _number_kind(number_format: JSON) -> Kind:
    sort = number_format.get("type", "")
    if sort in ("DATE", "DATE_TIME"):
        return Kind.DATE
    if sort == "TIME" or _DURATION.search(number_format.get("pattern", "")):
        return Kind.TIME
    return Kind.NUMBER


def column_letters(column: int) -> str:
    """1 → A, 27 → AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def in_tab(title: str, area: str) -> str:
    """A range of a tab in A1 notation: « 'L''année'!A1:B2 »."""
    return "'" + title.replace("'", "''") + "'!" + area
