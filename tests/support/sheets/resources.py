"""A spreadsheet as spreadsheets.get shows it, by field mask, with or without grid data."""

from __future__ import annotations

import struct
from typing import Any

from tests.support.sheets import fields, formats, formulas
from tests.support.sheets.a1 import Box
from tests.support.sheets.entering import error_name
from tests.support.sheets.errors import JSON, Key
from tests.support.sheets.evaluation import results, shown
from tests.support.sheets.fields import Mask
from tests.support.sheets.model import Sheet, Spreadsheet

_PARTS = (
    "merges",
    "conditionalFormats",
    "filterViews",
    "protectedRanges",
    "bandedRanges",
    "rowGroups",
    "columnGroups",
)
Places = list[tuple[Sheet, Box]]


def spreadsheet_json(
    spreadsheet: Spreadsheet, mask: Mask, places: Places | None = None, grid: bool = False
) -> JSON:
    """The Spreadsheet resource. A mask decides alone about grid data; `places` limits tabs and cells."""
    with_data = fields.wants(mask, "sheets", "data") if mask else grid
    chosen = spreadsheet.sheets
    if places is not None:
        wanted = {sheet.id for sheet, _ in places}
        chosen = [sheet for sheet in spreadsheet.sheets if sheet.id in wanted]
    sheets = []
    for sheet in chosen:
        boxes = None if places is None else [box for place, box in places if place.id == sheet.id]
        data_mask = fields.below(mask, "sheets", "data") if with_data else None
        sheets.append(sheet_json(spreadsheet, sheet, boxes, data_mask))
    resource: JSON = {
        "spreadsheetId": spreadsheet.id,
        "properties": spreadsheet.properties,
        "sheets": sheets,
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{spreadsheet.id}/edit",
    }
    if spreadsheet.named_ranges:
        resource["namedRanges"] = [range_json(named) for named in spreadsheet.named_ranges]
    own = [item for item in spreadsheet.metadata if item["location"]["locationType"] == "SPREADSHEET"]
    if own:
        resource["developerMetadata"] = own
    kept: JSON = fields.select(resource, mask)
    return kept


def range_json(part: JSON) -> JSON:
    """A part with its GridRange as Google writes it, and without the server's own marks."""
    shown_part = {key: value for key, value in part.items() if not key.startswith("_")}
    if "range" in shown_part:
        shown_part["range"] = _without_zero(shown_part["range"])
    if "ranges" in shown_part:
        shown_part["ranges"] = [_without_zero(grid) for grid in shown_part["ranges"]]
    return shown_part


def _without_zero(grid: JSON) -> JSON:
    return {key: value for key, value in grid.items() if key != "sheetId" or value}


def properties_json(spreadsheet: Spreadsheet, sheet: Sheet) -> JSON:
    """SheetProperties with the index; what is false, zero or empty is not written."""
    found: JSON = {"sheetId": sheet.id, "title": sheet.title, "index": spreadsheet.sheets.index(sheet)}
    grid = {name: size for name, size in sheet.properties["gridProperties"].items() if size}
    for key, value in (sheet.properties | {"gridProperties": grid}).items():
        if key not in found and value not in (False, None, {}):
            found[key] = _single(value)
    return found


_COLOUR = ("red", "green", "blue")


def _single(value: Any) -> Any:
    """Colours as they are kept, 8 bits a part, in single precision; parts of 0 are not written."""
    if not isinstance(value, dict):
        return value
    found = {key: _single(part) for key, part in value.items()}
    for key in _COLOUR:
        if key in found:
            part = int(found[key] * 255 + 1e-6) / 255
            found[key] = float(f"{struct.unpack('f', struct.pack('f', part))[0]:.8g}")
            if part in (0, 1):
                found[key] = int(part)
    return {key: part for key, part in found.items() if part != 0 or part is False}


def sheet_json(spreadsheet: Spreadsheet, sheet: Sheet, boxes: list[Box] | None, data: Mask | None) -> JSON:
    """One Sheet; `data` is the mask below `data`, None for no grid data."""
    found: JSON = {"properties": properties_json(spreadsheet, sheet)}
    if data is not None:
        whole = Box().within(sheet.rows, sheet.columns)
        found["data"] = [grid_data(spreadsheet, sheet, box, data) for box in (boxes or [whole])]
    for part in _PARTS:
        items = sheet.parts.get(part)
        if items:
            found[part] = [_without_zero(item) if part == "merges" else range_json(item) for item in items]
    if sheet.basic_filter is not None:
        found["basicFilter"] = range_json(sheet.basic_filter)
    own = [item for item in spreadsheet.metadata if item["location"].get("sheetId", -1) == sheet.id]
    if own:
        found["developerMetadata"] = own
    return found


def grid_data(spreadsheet: Spreadsheet, sheet: Sheet, box: Box, mask: Mask) -> JSON:
    """One GridData: rows to the last that holds something, cells to the last of each row."""
    top, bottom, left, right = box.sides
    found: JSON = {"startRow": top, "startColumn": left}
    found = {key: value for key, value in found.items() if value}
    if fields.wants(mask, "rowData"):
        below = fields.below(mask, "rowData", "values") if fields.wants(mask, "rowData", "values") else {}
        rows = _rows(spreadsheet, sheet, box, below)
        if rows:
            found["rowData"] = rows
    for name, dimension, start, end, size in (
        ("rowMetadata", "ROWS", top, bottom, 21),
        ("columnMetadata", "COLUMNS", left, right, 100),
    ):
        if fields.wants(mask, name):
            held = sheet.dimensions[dimension]
            found[name] = [{"pixelSize": size} | held.get(index, {}) for index in range(start, end)]
    return found


def _rows(spreadsheet: Spreadsheet, sheet: Sheet, box: Box, mask: Mask) -> list[JSON]:
    top, bottom, left, right = box.sides
    widths: dict[int, int] = {}
    for r, c in (*sheet.cells, *results(spreadsheet)[sheet.id]):
        if top <= r < bottom and left <= c < right:
            widths[r] = max(widths.get(r, 0), c + 1)
    rows: list[JSON] = []
    for r in range(top, max(widths, default=top - 1) + 1):
        cells = [cell_json(spreadsheet, sheet, (r, c), mask) for c in range(left, widths.get(r, left))]
        rows.append({"values": cells} if cells else {})
    return rows


def number_format(spreadsheet: Spreadsheet, sheet: Sheet, key: Key) -> JSON | None:
    """The NumberFormat that a cell shows: its own, or the one that its formula brings."""
    cell = sheet.cell(key)
    own = cell.format.get("numberFormat")
    if own or not cell.formula:
        return own
    try:
        return _brought(spreadsheet, sheet, formulas.parse(cell.formula), 0)
    except formulas.FormulaSyntaxError:
        return None


_DATED = {"TODAY": "DATE", "DATE": "DATE", "NOW": "DATE_TIME", "TIME": "TIME"}


def _brought(spreadsheet: Spreadsheet, sheet: Sheet, node: formulas.Node, depth: int) -> JSON | None:
    if node[0] == "call" and node[1] in _DATED:
        return {"type": _DATED[node[1]]}
    if node[0] == "percent":
        return {"type": "PERCENT", "pattern": "0%"}
    if node[0] == "op" and node[1] in "+-":
        left, right = (_brought(spreadsheet, sheet, part, depth) for part in node[2:])
        if node[1] == "-" and formats.kind(left) == formats.kind(right) == "DATE":
            return None
        return left or right
    if node[0] == "range" and depth < 20:
        target = sheet if node[1] is None else spreadsheet.titled(node[1])
        if target is not None and node[2].top is not None and node[2].left is not None:
            return target.cell((node[2].top, node[2].left)).format.get("numberFormat")
    return None


def cell_json(spreadsheet: Spreadsheet, sheet: Sheet, key: Key, mask: Mask) -> JSON:
    """A CellData, masked. effectiveFormat holds what was set, not the spreadsheet's defaults."""
    cell = sheet.cell(key)
    value = shown(spreadsheet, sheet, key)
    kept: JSON
    if value is None and cell.entered is None and not cell.format:  # of a validated column, nearly all
        kept = fields.select(cell.extra, mask)
        return kept
    found: JSON = {}
    if cell.entered is not None:
        found["userEnteredValue"] = cell.entered
    effective = number_format(spreadsheet, sheet, key)
    if value is not None:
        found["effectiveValue"] = value
        if not mask or "formattedValue" in mask:
            found["formattedValue"] = formatted(value, effective, spreadsheet.locale)
    if cell.format:
        found["userEnteredFormat"] = _single(cell.format)
    if cell.format or effective:
        found["effectiveFormat"] = _single(cell.format | ({"numberFormat": effective} if effective else {}))
    kept = fields.select(found | cell.extra, mask)
    return kept


def formatted(value: JSON, known: JSON | None, locale: str) -> str:
    """The text that a cell shows."""
    if "errorValue" in value:
        return error_name(value)
    if "numberValue" in value:
        return formats.show(value["numberValue"], known, locale)
    if "boolValue" in value:
        yes, no = ("VRAI", "FAUX") if locale.startswith("fr") else ("TRUE", "FALSE")
        return yes if value["boolValue"] else no
    return str(value.get("stringValue", ""))
