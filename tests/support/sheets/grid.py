"""Rows and columns: insert, delete, move, hide, group; all that stands on them follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.support.sheets import formulas
from tests.support.sheets.errors import JSON, Key, invalid
from tests.support.sheets.fields import parse, update
from tests.support.sheets.model import Cell, Sheet, Spreadsheet

Place = Callable[[int], int | None]
"""Where a row or column of the changed dimension goes; None: it is deleted."""
_SIZE = {"ROWS": "rowCount", "COLUMNS": "columnCount"}
_NOUN = {"ROWS": "row", "COLUMNS": "column"}
_SPAN = {"ROWS": ("startRowIndex", "endRowIndex"), "COLUMNS": ("startColumnIndex", "endColumnIndex")}


def size(sheet: Sheet, dimension: str) -> int:
    return sheet.rows if dimension == "ROWS" else sheet.columns


def resize(sheet: Sheet, dimension: str, count: int) -> None:
    """Set the number of rows or columns; cells beyond are lost."""
    sheet.properties["gridProperties"][_SIZE[dimension]] = count
    axis = 0 if dimension == "ROWS" else 1
    for key in [key for key in sheet.cells if key[axis] >= count]:
        del sheet.cells[key]


def insert(
    spreadsheet: Spreadsheet, sheet: Sheet, dimension: str, start: int, count: int, inherit: bool = False
) -> None:
    """New empty rows or columns before `start`; their formats come from before (or after) it."""
    rearrange(spreadsheet, sheet, dimension, lambda index: index + count if index >= start else index)
    resize(sheet, dimension, size(sheet, dimension) + count)
    source = start - 1 if inherit else start + count
    axis = 0 if dimension == "ROWS" else 1
    for key, cell in [(k, c) for k, c in sheet.cells.items() if k[axis] == source and c.format]:
        for index in range(start, start + count):
            place = (index, key[1]) if axis == 0 else (key[0], index)
            sheet.put(place, Cell(format=cell.format))


def delete(spreadsheet: Spreadsheet, sheet: Sheet, dimension: str, start: int, end: int) -> None:
    """Remove rows or columns; raises ApiError 400 when none would be left."""
    count = size(sheet, dimension)
    noun = _NOUN[dimension]
    if start >= count:
        raise invalid(
            f"Cannot delete a {noun} that doesn't exist. "
            f"Tried to delete {noun} index {start} but there are only {count} {noun}s."
        )
    end = min(end, count)
    if end - start >= count:
        raise invalid(f"You can't delete all the {noun}s on the sheet.")
    frozen = int(sheet.properties["gridProperties"].get(_frozen(dimension), 0))
    if frozen and start <= frozen and end >= count:
        raise invalid(f"Sorry, it is not possible to delete all non-frozen {noun}s.")

    def place(index: int) -> int | None:
        return index if index < start else None if index < end else index - (end - start)

    rearrange(spreadsheet, sheet, dimension, place)
    grid = sheet.properties["gridProperties"]
    if start < frozen:
        grid[_frozen(dimension)] = frozen - (min(end, frozen) - start)
    resize(sheet, dimension, count - (end - start))


def _frozen(dimension: str) -> str:
    return "frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"


def move(spreadsheet: Spreadsheet, sheet: Sheet, dimension: str, start: int, end: int, to: int) -> None:
    """Move rows or columns; `to` counts as before the move (MoveDimensionRequest)."""
    if start < to < end:
        raise invalid("The destinationIndex is inside the source range.")
    order = [index for index in range(size(sheet, dimension)) if not start <= index < end]
    at = to if to <= start else to - (end - start)
    order[at:at] = range(start, end)
    places = {old: new for new, old in enumerate(order)}
    rearrange(spreadsheet, sheet, dimension, lambda index: places.get(index, index))


def rearrange(spreadsheet: Spreadsheet, sheet: Sheet, dimension: str, place: Place) -> None:
    """Take cells, ranges, groups, metadata and formulas to where `place` puts their row or column."""
    axis = 0 if dimension == "ROWS" else 1
    cells: dict[Key, Cell] = {}
    for key, cell in sheet.cells.items():
        to = place(key[axis])
        if to is not None:
            cells[(to, key[1]) if axis == 0 else (key[0], to)] = cell
    sheet.cells = cells
    held = sheet.dimensions[dimension]
    sheet.dimensions[dimension] = {to: p for at, p in held.items() if (to := place(at)) is not None}
    for name, parts in sheet.parts.items():
        sheet.parts[name] = [part for part in parts if _follow(part, dimension, place)]
    if sheet.basic_filter and not _follow(sheet.basic_filter, dimension, place):
        sheet.basic_filter = None
    spreadsheet.named_ranges = [
        named
        for named in spreadsheet.named_ranges
        if named["range"].get("sheetId", 0) != sheet.id or _follow(named, dimension, place)
    ]
    spreadsheet.metadata = [
        item for item in spreadsheet.metadata if _follow_metadata(item, sheet, dimension, place)
    ]
    _rewrite_formulas(spreadsheet, sheet, dimension, place)


def _follow(part: JSON, dimension: str, place: Place) -> bool:
    """Move a part's range; False if nothing is left of it."""
    if "ranges" in part:
        part["ranges"] = [grid for grid in part["ranges"] if _follow_range(grid, dimension, place)]
        return bool(part["ranges"])
    grid = part.get("range", part)
    if "dimension" in grid:
        return grid["dimension"] != dimension or _follow_span(grid, "startIndex", "endIndex", place)
    return _follow_range(grid, dimension, place)


def _follow_range(grid: JSON, dimension: str, place: Place) -> bool:
    start, end = _SPAN[dimension]
    return start not in grid or end not in grid or _follow_span(grid, start, end, place)


def _follow_span(grid: JSON, start: str, end: str, place: Place) -> bool:
    left = [to for index in range(grid[start], grid[end]) if (to := place(index)) is not None]
    if left:
        grid[start], grid[end] = min(left), max(left) + 1
    return bool(left)


def _follow_metadata(item: JSON, sheet: Sheet, dimension: str, place: Place) -> bool:
    grid = item["location"].get("dimensionRange")
    if not grid or grid.get("sheetId", 0) != sheet.id or grid["dimension"] != dimension:
        return True
    return _follow_span(grid, "startIndex", "endIndex", place)


def _rewrite_formulas(spreadsheet: Spreadsheet, changed: Sheet, dimension: str, place: Place) -> None:
    def moved(axis: str, index: int) -> int | None:
        return place(index) if axis == dimension else index

    for sheet in spreadsheet.sheets:
        for key, cell in list(sheet.cells.items()):
            if cell.formula:

                def applies(title: str | None, own: Sheet = sheet) -> bool:
                    return own is changed if title is None else title.casefold() == changed.title.casefold()

                text = formulas.rewrite(cell.formula, applies, moved)
                sheet.cells[key] = replace(cell, entered={"formulaValue": text})


def _span(spreadsheet: Spreadsheet, grid: JSON) -> tuple[Sheet, str, int, int]:
    """Tab, dimension, start and end of a DimensionRange."""
    sheet = spreadsheet.sheet(grid.get("sheetId", 0))
    dimension = str(grid.get("dimension", "ROWS"))
    if dimension not in _SIZE:
        raise invalid("No dimension specified.")
    return sheet, dimension, int(grid.get("startIndex", 0)), int(grid.get("endIndex", size(sheet, dimension)))


def insert_dimension(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, dimension, start, end = _span(spreadsheet, request["range"])
    inherit = bool(request.get("inheritFromBefore"))
    if inherit and start == 0:
        raise invalid("inheritFromBefore cannot be true if inserting at the start of the grid.")
    if start > size(sheet, dimension):
        noun = _NOUN[dimension]
        raise invalid(f"range.startIndex[{start}] is too large: there are {size(sheet, dimension)} {noun}s")
    insert(spreadsheet, sheet, dimension, start, end - start, inherit)
    return {}


def delete_dimension(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    delete(spreadsheet, *_span(spreadsheet, request["range"]))
    return {}


def move_dimension(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    move(spreadsheet, *_span(spreadsheet, request["source"]), int(request.get("destinationIndex", 0)))
    return {}


def append_dimension(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet = spreadsheet.sheet(request.get("sheetId", 0))
    dimension = request["dimension"]
    resize(sheet, dimension, size(sheet, dimension) + int(request.get("length", 0)))
    return {}


def auto_resize(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    """Accepted; widths are not measured."""
    _span(spreadsheet, request["dimensions"])
    return {}


def update_properties(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, dimension, start, end = _span(spreadsheet, request["range"])
    mask = parse(request.get("fields") or "*")
    for index in range(start, end):
        held = sheet.dimensions[dimension].setdefault(index, {})
        update(held, {key: value for key, value in request["properties"].items() if value}, mask)
        if not held:
            del sheet.dimensions[dimension][index]
    return {}


def _groups(sheet: Sheet, dimension: str) -> list[JSON]:
    return sheet.parts.setdefault("rowGroups" if dimension == "ROWS" else "columnGroups", [])


def _depths(groups: list[JSON]) -> list[int]:
    """How deep each index of some groups lies, up to the last one."""
    end = max((group["range"]["endIndex"] for group in groups), default=0)
    return [
        max(
            [g["depth"] for g in groups if g["range"]["startIndex"] <= at < g["range"]["endIndex"]], default=0
        )
        for at in range(end)
    ]


def _regroup(groups: list[JSON], depths: list[int], sheet: Sheet, dimension: str) -> list[JSON]:
    """One group for each run at each depth, in order of start, keeping what was collapsed."""
    found = []
    for depth in range(1, max(depths, default=0) + 1):
        start = None
        for at, deep in enumerate([*depths, 0]):
            if deep >= depth and start is None:
                start = at
            elif deep < depth and start is not None:
                grid = {"dimension": dimension, "startIndex": start, "endIndex": at}
                grid |= {"sheetId": sheet.id} if sheet.id else {}
                old = next((g for g in groups if g["range"] == grid and g["depth"] == depth), {})
                found.append(old | {"range": grid, "depth": depth})
                start = None
    return sorted(found, key=lambda g: (g["range"]["startIndex"], g["depth"]))


def _change_group(spreadsheet: Spreadsheet, request: JSON, step: int) -> list[JSON]:
    sheet, dimension, start, end = _span(spreadsheet, request["range"])
    groups = _groups(sheet, dimension)
    depths = _depths(groups)
    depths += [0] * (end - len(depths))
    for at in range(start, end):
        depths[at] = max(0, depths[at] + step)
    groups[:] = _regroup(groups, depths, sheet, dimension)
    return groups


def add_group(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    return {
        "addDimensionGroup": {"dimensionGroups": [dict(g) for g in _change_group(spreadsheet, request, 1)]}
    }


def delete_group(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    left = [dict(group) for group in _change_group(spreadsheet, request, -1)]
    return {"deleteDimensionGroup": {"dimensionGroups": left} if left else {}}


def update_group(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = request["dimensionGroup"]
    sheet, dimension, start, end = _span(spreadsheet, given["range"])
    for group in _groups(sheet, dimension):
        place = (group["range"]["startIndex"], group["range"]["endIndex"], group["depth"])
        if place == (start, end, given.get("depth", 1)):
            group["collapsed"] = bool(given.get("collapsed"))
            return {}
    raise invalid("There is no group over the given range and depth.")


REQUESTS = {
    "insertDimension": insert_dimension,
    "deleteDimension": delete_dimension,
    "moveDimension": move_dimension,
    "appendDimension": append_dimension,
    "autoResizeDimensions": auto_resize,
    "updateDimensionProperties": update_properties,
    "addDimensionGroup": add_group,
    "deleteDimensionGroup": delete_group,
    "updateDimensionGroup": update_group,
}
