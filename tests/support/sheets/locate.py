"""Where ranges point: A1 notation, GridRanges and DataFilters on a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.sheets import a1
from tests.support.sheets.a1 import Box
from tests.support.sheets.errors import JSON, ApiError, Key, invalid
from tests.support.sheets.model import Sheet, Spreadsheet

SIDES = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")


def a1_range(spreadsheet: Spreadsheet, text: str, *, whole: bool = False) -> tuple[Sheet, Box]:
    """Tab and closed box of a range in A1 notation; with `whole`, its far sides may pass the grid's.

    Raises ApiError 400: unknown tab or notation, or a start outside the grid.
    """
    sheet, box = _parse(spreadsheet, text)
    closed = box.within(sheet.rows, sheet.columns)
    top, bottom, left, right = closed.sides
    if top >= sheet.rows or left >= sheet.columns:
        asked = Box(
            top,
            sheet.rows if box.bottom is None else box.bottom,
            left,
            right if box.right is None else box.right,
        )
        raise out_of_grid(sheet, asked)
    if whole:
        closed = Box(top, box.bottom or bottom, left, box.right or right)
    return sheet, closed


def out_of_grid(sheet: Sheet, box: Box) -> ApiError:
    return invalid(
        f"Range ({name(sheet, box)}) exceeds grid limits. "
        f"Max rows: {sheet.rows}, max columns: {sheet.columns}"
    )


def _parse(spreadsheet: Spreadsheet, text: str) -> tuple[Sheet, Box]:
    title, rest = a1.split(text)
    if title is None:
        first = next((sheet for sheet in spreadsheet.sheets if not sheet.properties.get("hidden")), None)
        box = a1.parse_box(rest)
        if box and first:
            return first, box
        found = _named(spreadsheet, rest)
        if found:
            return found
        title, rest = rest, ""
    sheet = spreadsheet.titled(title)
    if sheet is None:
        raise invalid(f"Unable to parse range: {text}")
    if not rest:
        return sheet, Box()
    box = a1.parse_box(rest)
    if box:
        return sheet, box
    found = _named(spreadsheet, rest)
    if not found:
        raise invalid(f"Unable to parse range: {text}")
    return found


def _named(spreadsheet: Spreadsheet, name: str) -> tuple[Sheet, Box] | None:
    for named in spreadsheet.named_ranges:
        if named["name"].casefold() == name.casefold():
            return grid_range(spreadsheet, named["range"])
    return None


def box_of(grid: JSON) -> Box:
    return Box(*(grid.get(side) for side in SIDES))


def grid_range(spreadsheet: Spreadsheet, grid: JSON, prefix: str = "") -> tuple[Sheet, Box]:
    """Tab and box of a GridRange; raises ApiError 400 for an unknown tab or a start outside the grid."""
    sheet = spreadsheet.sheet(grid.get("sheetId", 0), prefix)
    box = box_of(grid)
    if (box.top or 0) >= sheet.rows or (box.left or 0) >= sheet.columns:
        top, bottom, left, right = box.sides
        asked = Box(top, bottom or sheet.rows, left, right or sheet.columns)
        raise invalid(prefix + out_of_grid(sheet, asked).message)
    return sheet, box


def closed(spreadsheet: Spreadsheet, grid: JSON, prefix: str = "") -> tuple[Sheet, Box]:
    """As `grid_range`, cut by the grid."""
    sheet, box = grid_range(spreadsheet, grid, prefix)
    return sheet, box.within(sheet.rows, sheet.columns)


def as_grid(sheet: Sheet, box: Box) -> JSON:
    """The GridRange of a box; a sheetId of 0 is not written, as Google does not."""
    grid: JSON = {"sheetId": sheet.id} if sheet.id else {}
    values = (box.top, box.bottom, box.left, box.right)
    return grid | {side: value for side, value in zip(SIDES, values, strict=True) if value is not None}


def name(sheet: Sheet, box: Box) -> str:
    """Tab and box in A1 notation."""
    return f"{a1.quoted(sheet.title)}!{a1.label(box)}"


def keys(box: Box) -> Iterator[Key]:
    """All cells of a closed box, row by row."""
    top, bottom, left, right = box.sides
    return ((r, c) for r in range(top, bottom) for c in range(left, right))


def metadata_matches(found: JSON, lookup: JSON) -> bool:
    """Whether a DeveloperMetadata answers a DeveloperMetadataLookup: all that is given must fit."""
    for key in ("metadataId", "metadataKey", "metadataValue", "visibility"):
        if key in lookup and found.get(key) != lookup[key]:
            return False
    if lookup.get("locationType") and found["location"]["locationType"] != lookup["locationType"]:
        return False
    wanted = lookup.get("metadataLocation")
    if not wanted:
        return True
    here = _plain(found["location"])
    exact = lookup.get("locationMatchingStrategy", "EXACT_LOCATION") == "EXACT_LOCATION"
    return here == _plain(wanted) if exact else _meets(here, _plain(wanted))


def _plain(location: JSON) -> JSON:
    """A location to compare: without its type, and with a sheetId of 0 written out."""
    found = {key: value for key, value in location.items() if key != "locationType"}
    if "dimensionRange" in found:
        found["dimensionRange"] = {"sheetId": 0, "startIndex": 0} | found["dimensionRange"]
    return found


def _meets(here: JSON, wanted: JSON) -> bool:
    """INTERSECTING_LOCATION: a row or column within the asked tab, rows or columns."""
    if wanted.get("spreadsheet") or here == wanted:
        return True
    dimension = here.get("dimensionRange", {})
    if "sheetId" in wanted:
        own = here.get("sheetId", dimension.get("sheetId", 0) if dimension else None)
        return own is not None and own == wanted["sheetId"]
    asked = wanted.get("dimensionRange", {})
    if not dimension or dimension.get("sheetId", 0) != asked.get("sheetId", 0):
        return False
    return bool(
        dimension["dimension"] == asked["dimension"]
        and dimension["startIndex"] < asked.get("endIndex", 2**31)
        and asked.get("startIndex", 0) < dimension["endIndex"]
    )


def filtered(spreadsheet: Spreadsheet, filters: list[JSON]) -> list[tuple[JSON, Sheet, Box]]:
    """(DataFilter, tab, closed box) for each place that some DataFilters point to."""
    found: list[tuple[JSON, Sheet, Box]] = []
    for data_filter in filters:
        if "a1Range" in data_filter:
            found.append((data_filter, *a1_range(spreadsheet, data_filter["a1Range"])))
        elif "gridRange" in data_filter:
            found.append((data_filter, *closed(spreadsheet, data_filter["gridRange"])))
        elif "developerMetadataLookup" in data_filter:
            lookup = data_filter["developerMetadataLookup"]
            for item in spreadsheet.metadata:
                if metadata_matches(item, lookup):
                    found += [(data_filter, *place) for place in _location(spreadsheet, item["location"])]
    return found


def _location(spreadsheet: Spreadsheet, location: JSON) -> list[tuple[Sheet, Box]]:
    if location["locationType"] == "SPREADSHEET":
        return [(sheet, Box().within(sheet.rows, sheet.columns)) for sheet in spreadsheet.sheets]
    span: dict[str, Any] = location.get("dimensionRange", {})
    sheet = spreadsheet.sheet(location.get("sheetId", span.get("sheetId", 0)))
    if not span:
        return [(sheet, Box().within(sheet.rows, sheet.columns))]
    start, end = span["startIndex"], span["endIndex"]
    box = Box(top=start, bottom=end) if span["dimension"] == "ROWS" else Box(left=start, right=end)
    return [(sheet, box.within(sheet.rows, sheet.columns))]
