"""batchUpdate requests that change cells."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.support.sheets import fields, formulas, locate
from tests.support.sheets.a1 import Box
from tests.support.sheets.errors import JSON, Key, invalid
from tests.support.sheets.evaluation import shown
from tests.support.sheets.model import BLANK, Cell, Sheet, Spreadsheet
from tests.support.sheets.operators import compare
from tests.support.sheets.values import extent


def _write(sheet: Sheet, key: Key, data: JSON, mask: fields.Mask) -> None:
    """Set what the mask names of a cell from a CellData; what it names and data lacks is emptied."""
    cell = sheet.cell(key)
    if fields.wants(mask, "userEnteredValue"):
        value = {
            name: part for name, part in (data.get("userEnteredValue") or {}).items() if part is not None
        }
        if value.get("stringValue") == "":
            value = {}
        cell = replace(cell, entered=value or None, cached=None)
    if fields.wants(mask, "userEnteredFormat"):
        style = dict(cell.format)
        fields.update(style, data.get("userEnteredFormat") or {}, fields.below(mask, "userEnteredFormat"))
        cell = replace(cell, format=style)
    others = {
        name: sub for name, sub in mask.items() if name not in ("userEnteredValue", "userEnteredFormat")
    }
    given = {key: value for key, value in data.items() if key in _EXTRA and value not in ("", None)}
    if others or not mask:
        extra = dict(cell.extra)
        fields.update(extra, given, others or dict.fromkeys(_EXTRA, fields.ALL))
        cell = replace(cell, extra=extra)
    sheet.put(key, cell)


_EXTRA = ("note", "dataValidation", "textFormatRuns", "pivotTable", "hyperlink", "chipRuns")


def _mask(request: JSON) -> fields.Mask:
    if not request.get("fields"):
        raise invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    return fields.parse(request["fields"])


def update_cells(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    mask = _mask(request)
    rows = request.get("rows") or []
    if "range" in request:
        sheet, box = locate.closed(spreadsheet, request["range"])
        _check_rows(rows, box)
    else:
        start = request.get("start") or {}
        sheet = spreadsheet.sheet(start.get("sheetId", 0))
        top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
        width = max((len(row.get("values") or []) for row in rows), default=0)
        box = Box(top, top + len(rows), left, left + width)
        _check_grid(sheet, box)
    top, _, left, _ = box.sides
    for key in locate.keys(box):
        values = (rows[key[0] - top].get("values") or []) if key[0] - top < len(rows) else []
        if "range" in request or key[1] - left < len(values):
            data = values[key[1] - left] if key[1] - left < len(values) else {}
            _write(sheet, key, data or {}, mask)
    return {}


def _check_rows(rows: list[JSON], box: Box) -> None:
    top, bottom, left, right = box.sides
    if len(rows) > bottom - top:
        raise invalid(f"Attempting to write row: {bottom}, beyond the last requested row of: {bottom - 1}")
    if any(len(row.get("values") or []) > right - left for row in rows):
        raise invalid(
            f"Attempting to write column: {right}, beyond the last requested column of: {right - 1}"
        )


def _check_grid(sheet: Sheet, box: Box) -> None:
    if box.sides[1] > sheet.rows:
        raise invalid(f"Attempting to write row: {sheet.rows}, beyond the last row of: {sheet.rows - 1}")
    if box.sides[3] > sheet.columns:
        raise invalid(
            f"Attempting to write column: {sheet.columns}, beyond the last column of: {sheet.columns - 1}"
        )


def append_cells(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    """After the last row with data, in a grid that grows as needed."""
    sheet = spreadsheet.sheet(request.get("sheetId", 0))
    mask = _mask(request)
    rows = request.get("rows") or []
    top = extent(spreadsheet, sheet, 0)
    sheet.grow(top + len(rows), max((len(row.get("values") or []) for row in rows), default=0))
    for r, row in enumerate(rows):
        for c, data in enumerate(row.get("values") or []):
            _write(sheet, (top + r, c), data or {}, mask)
    return {}


def repeat_cell(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, box = locate.closed(spreadsheet, request["range"])
    mask = _mask(request)
    top, _, left, _ = box.sides
    data = request.get("cell") or {}
    formula = (data.get("userEnteredValue") or {}).get("formulaValue")
    for key in locate.keys(box):
        if formula:
            text = formulas.translate(formula, key[0] - top, key[1] - left)
            data = data | {"userEnteredValue": {"formulaValue": text}}
        _write(sheet, key, data, mask)
    return {}


def set_data_validation(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, box = locate.closed(spreadsheet, request["range"])
    rule = request.get("rule")
    for key in locate.keys(box):
        extra = {name: part for name, part in sheet.cell(key).extra.items() if name != "dataValidation"}
        sheet.put(key, replace(sheet.cell(key), extra=extra | ({"dataValidation": rule} if rule else {})))
    return {}


def update_borders(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, box = locate.closed(spreadsheet, request["range"])
    borders = {side: request[side] for side in ("top", "bottom", "left", "right") if side in request}
    for key in locate.keys(box):
        cell = sheet.cell(key)
        sheet.put(key, replace(cell, format=cell.format | {"borders": borders}))
    return {}


def sort_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, box = locate.closed(spreadsheet, request["range"])
    sort_rows(spreadsheet, sheet, box, request.get("sortSpecs") or [])
    return {}


def sort_rows(spreadsheet: Spreadsheet, sheet: Sheet, box: Box, specs: list[JSON]) -> None:
    """Sort the rows of a closed box; empty cells come last in either order. The sort is stable."""
    top, bottom, left, right = box.sides
    order = list(range(top, bottom))
    for spec in reversed(specs):
        column = spec.get("dimensionIndex", 0)
        values = {r: _sortable(shown(spreadsheet, sheet, (r, column))) for r in order}
        filled = [r for r in order if values[r] is not None]
        filled.sort(
            key=functools.cmp_to_key(lambda a, b, v=values: compare(v[a], v[b])),  # type: ignore[misc]
            reverse=spec.get("sortOrder") == "DESCENDING",
        )
        order = filled + [r for r in order if values[r] is None]
    old = {key: sheet.cells.pop(key, BLANK) for key in locate.keys(box)}
    for to, source in enumerate(order, top):
        for c in range(left, right):
            sheet.put((to, c), moved(old[(source, c)], to - source, 0))


def _sortable(value: JSON | None) -> Any:
    if not value:
        return None
    return str(value["errorValue"]) if "errorValue" in value else next(iter(value.values()))


def moved(cell: Cell, rows: int, columns: int) -> Cell:
    """A cell as copied that far: references of its formula follow."""
    if not cell.formula:
        return cell
    return replace(cell, entered={"formulaValue": formulas.translate(cell.formula, rows, columns)})


def copy_paste(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    source, box = locate.closed(spreadsheet, request["source"])
    sheet, target = locate.closed(spreadsheet, request["destination"])
    turned = request.get("pasteOrientation") == "TRANSPOSE"
    top, bottom, left, right = box.sides
    height, width = bottom - top, right - left
    if turned:
        height, width = width, height
    first, last, start, end = target.sides
    tall = max(1, (last - first) // height) * height
    wide = max(1, (end - start) // width) * width
    copied = {(r, c): _pasted(spreadsheet, source, (r, c), request) for r, c in locate.keys(box)}
    sheet.grow(first + tall, start + wide)
    for r in range(tall):
        for c in range(wide):
            inner = (r % height, c % width)
            origin = (top + inner[1], left + inner[0]) if turned else (top + inner[0], left + inner[1])
            to = (first + r, start + c)
            cell = copied[origin](sheet.cell(to))
            sheet.put(to, moved(cell, to[0] - origin[0], to[1] - origin[1]))
    return {}


def _pasted(spreadsheet: Spreadsheet, sheet: Sheet, key: Key, request: JSON) -> Callable[[Cell], Cell]:
    """What pasting a cell makes of the cell that is there, by PasteType."""
    cell = sheet.cell(key)
    sort = request.get("pasteType", "PASTE_NORMAL")
    if sort == "PASTE_VALUES":
        value = shown(spreadsheet, sheet, key)
        return lambda there: replace(there, entered=value, cached=None)
    if sort == "PASTE_FORMULA":
        return lambda there: replace(there, entered=cell.entered, cached=cell.cached)
    if sort == "PASTE_FORMAT":
        return lambda there: replace(there, format=cell.format)
    if sort == "PASTE_DATA_VALIDATION":
        rule = {k: v for k, v in cell.extra.items() if k == "dataValidation"}
        return lambda there: replace(
            there, extra={k: v for k, v in there.extra.items() if k != "dataValidation"} | rule
        )
    if sort == "PASTE_NO_BORDERS":
        style = {k: v for k, v in cell.format.items() if k != "borders"}
        return lambda there: replace(cell, format=style)
    return lambda there: cell


def cut_paste(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    source, box = locate.closed(spreadsheet, request["source"])
    goal = request["destination"]
    sheet = spreadsheet.sheet(goal.get("sheetId", 0))
    down = goal.get("rowIndex", 0) - box.sides[0]
    over = goal.get("columnIndex", 0) - box.sides[2]
    whole = request.get("pasteType", "PASTE_NORMAL") in ("PASTE_NORMAL", "PASTE_NO_BORDERS")
    taken = {key: source.cell(key) for key in locate.keys(box)}
    pasted = {key: _pasted(spreadsheet, source, key, request) for key in taken}
    for key, cell in taken.items():
        left = BLANK if whole else replace(cell, entered=None, cached=None)
        source.put(key, left)
    sheet.grow(box.sides[1] + down, box.sides[3] + over)
    for r, c in taken:
        to = (r + down, c + over)
        sheet.put(to, pasted[r, c](sheet.cell(to)))
    return {}


REQUESTS = {
    "updateCells": update_cells,
    "appendCells": append_cells,
    "repeatCell": repeat_cell,
    "setDataValidation": set_data_validation,
    "updateBorders": update_borders,
    "sortRange": sort_range,
    "copyPaste": copy_paste,
    "cutPaste": cut_paste,
}
