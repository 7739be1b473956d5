"""An .xlsx file as a new spreadsheet, as Google's import makes one."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from openpyxl.utils.cell import coordinate_to_tuple, rows_from_range
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from tests.support.sheets import formats
from tests.support.sheets.entering import error_value
from tests.support.sheets.errors import JSON, Key
from tests.support.sheets.model import Cell, Sheet, Spreadsheet, Store, new_sheet


def load(store: Store, data: bytes, title: str = "Coordination", **properties: str) -> Spreadsheet:
    """A new spreadsheet with values, formulas and their stored results, number formats and bold type."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    results = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    spreadsheet = store.create(title, **properties)
    spreadsheet.sheets = [_sheet(page, results[page.title], at) for at, page in enumerate(book.worksheets)]
    return spreadsheet


def _sheet(page: Any, results: Any, sheet_id: int) -> Sheet:
    sheet = new_sheet(sheet_id, page.title, max(page.max_row, 1000), max(page.max_column, 26))
    if page.sheet_state != "visible":
        sheet.properties["hidden"] = True
    if page.freeze_panes:
        row, column = coordinate_to_tuple(page.freeze_panes)
        sizes = {"frozenRowCount": row - 1, "frozenColumnCount": column - 1}
        sheet.properties["gridProperties"] |= {name: size for name, size in sizes.items() if size}
    spilled = _spilled(page)
    for cells in page.iter_rows():
        for cell in cells:
            key = (cell.row - 1, cell.column - 1)
            sheet.put(key, _cell(cell, results.cell(cell.row, cell.column), key in spilled))
    sheet.parts["merges"] = [_merge(sheet_id, merged.bounds) for merged in page.merged_cells.ranges]
    return sheet


def _merge(sheet_id: int, bounds: tuple[int, int, int, int]) -> JSON:
    left, top, right, bottom = bounds
    area = {
        "startRowIndex": top - 1,
        "endRowIndex": bottom,
        "startColumnIndex": left - 1,
        "endColumnIndex": right,
    }
    return area | ({"sheetId": sheet_id} if sheet_id else {})


def _spilled(page: Any) -> set[Key]:
    """The cells that an array formula fills without holding it."""
    found: set[Key] = set()
    for anchor, area in page.array_formulae.items():
        row, column = coordinate_to_tuple(anchor)
        places = {(r - 1, c - 1) for line in rows_from_range(area) for r, c in map(coordinate_to_tuple, line)}
        found |= places - {(row - 1, column - 1)}
    return found


def _cell(cell: Any, result: Any, spilled: bool) -> Cell:
    style = _format(cell)
    value = cell.value
    if spilled:
        return Cell(None, _value(result.value, result.data_type), style)
    if isinstance(value, DataTableFormula):
        return Cell(_value(result.value, result.data_type), None, style)
    if isinstance(value, ArrayFormula) or cell.data_type == "f":
        text = str(getattr(value, "text", value))
        formula = text if text.startswith("=") else f"={text}"
        return Cell({"formulaValue": formula}, _value(result.value, result.data_type), style)
    return Cell(_value(value, cell.data_type), None, style)


def _value(value: Any, data_type: str) -> JSON | None:
    if value is None or value == "":
        return None
    if data_type == "e":
        return error_value(str(value))
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, datetime | date | time | timedelta):
        return {"numberValue": float(to_excel(value))}  # type: ignore[no-untyped-call]
    if isinstance(value, int | float):
        return {"numberValue": value}
    return {"stringValue": str(value)}


def _format(cell: Any) -> JSON:
    found: JSON = {}
    sort = formats.pattern_type(cell.number_format)
    if sort:
        found["numberFormat"] = {"type": sort, "pattern": cell.number_format}
    if cell.font.b:
        found["textFormat"] = {"bold": True}
    return found
