"""batchUpdate requests about ranges: merges, names, protection, filters, rules, bands."""

from __future__ import annotations

import copy
from dataclasses import replace

from tests.support.sheets import fields, locate
from tests.support.sheets.a1 import Box
from tests.support.sheets.errors import JSON, invalid
from tests.support.sheets.model import Sheet, Spreadsheet, new_id
from tests.support.sheets.resources import range_json

OWNER = "someone@example.org"
"""The spreadsheet's owner: an editor of every protected range."""


def merge_cells(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, box = locate.closed(spreadsheet, request["range"])
    top, bottom, left, right = box.sides
    sort = request.get("mergeType", "MERGE_ALL")
    boxes = [box]
    if sort == "MERGE_COLUMNS":
        boxes = [Box(top, bottom, c, c + 1) for c in range(left, right)]
    elif sort == "MERGE_ROWS":
        boxes = [Box(r, r + 1, left, right) for r in range(top, bottom)]
    _take_merges(sheet, box, "merge")
    for each in boxes:
        sheet.parts.setdefault("merges", []).append(locate.as_grid(sheet, each))
        first = (each.sides[0], each.sides[2])
        for key in locate.keys(each):
            if key != first:
                sheet.put(key, replace(sheet.cell(key), entered=None, cached=None))
    return {}


def unmerge_cells(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    _take_merges(*locate.closed(spreadsheet, request["range"]), "unmerge")
    return {}


def _take_merges(sheet: Sheet, box: Box, verb: str) -> None:
    """Remove the merges within a box; raises ApiError 400 for one that only overlaps it."""
    kept = []
    for merge in sheet.parts.get("merges", []):
        if not overlap(locate.box_of(merge), box):
            kept.append(merge)
        elif not _contains(box, locate.box_of(merge)):
            raise invalid(f"You must select all cells in a merged range to {verb} them.")
    sheet.parts["merges"] = kept


def overlap(one: Box, other: Box) -> bool:
    a, b = one.within(2**31, 2**31).sides, other.within(2**31, 2**31).sides
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _contains(outer: Box, inner: Box) -> bool:
    a, b = outer.sides, inner.sides
    return a[0] <= b[0] and b[1] <= a[1] and a[2] <= b[2] and b[3] <= a[3]


def _stored(spreadsheet: Spreadsheet, grid: JSON) -> JSON:
    """A GridRange as it is kept: closed by the grid, with its sheetId."""
    sheet, box = locate.closed(spreadsheet, grid)
    return locate.as_grid(sheet, box) | {"sheetId": sheet.id}


def _open(spreadsheet: Spreadsheet, grid: JSON) -> JSON:
    """A GridRange as it is kept where open sides stay open."""
    locate.grid_range(spreadsheet, grid)
    return {"sheetId": 0} | grid


def add_named_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    named = copy.deepcopy(request["namedRange"])
    if any(old["name"].casefold() == named["name"].casefold() for old in spreadsheet.named_ranges):
        raise invalid(f"A named range with the name '{named['name']}' already exists.")
    named.setdefault("namedRangeId", str(new_id()))
    named["range"] = _open(spreadsheet, named["range"])
    spreadsheet.named_ranges.append(named)
    return {"addNamedRange": {"namedRange": range_json(named)}}


def update_named_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = request["namedRange"]
    named = _by_id(spreadsheet.named_ranges, "namedRangeId", given.get("namedRangeId"), "named range")
    fields.update(named, given, fields.parse(request["fields"]) or dict.fromkeys(given, fields.ALL))
    named["range"] = _open(spreadsheet, named["range"])
    return {}


def delete_named_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    named = _by_id(spreadsheet.named_ranges, "namedRangeId", request.get("namedRangeId"), "named range")
    spreadsheet.named_ranges.remove(named)
    return {}


def _by_id(parts: list[JSON], key: str, wanted: object, noun: str) -> JSON:
    for part in parts:
        if str(part[key]) == str(wanted):
            return part
    raise invalid(f"No {noun} with ID: {wanted}")


def add_protected_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = request["protectedRange"]
    found: JSON = {"protectedRangeId": given.get("protectedRangeId") or new_id()}
    found["range"] = _open(spreadsheet, given.get("range") or {})
    for key in ("namedRangeId", "description", "warningOnly", "unprotectedRanges"):
        if given.get(key):
            found[key] = given[key]
    found["requestingUserCanEdit"] = True
    users = (given.get("editors") or {}).get("users") or []
    found["editors"] = {"users": users} if users else {}
    sheet = spreadsheet.sheet(found["range"]["sheetId"])
    reply = copy.deepcopy(found)
    found["editors"] = {"users": [*users, *([] if OWNER in users else [OWNER])]}
    sheet.parts.setdefault("protectedRanges", []).append(found)
    return {"addProtectedRange": {"protectedRange": range_json(reply)}}


def _protected(spreadsheet: Spreadsheet, wanted: object) -> tuple[Sheet, JSON]:
    for sheet in spreadsheet.sheets:
        for part in sheet.parts.get("protectedRanges", []):
            if str(part["protectedRangeId"]) == str(wanted):
                return sheet, part
    raise invalid(f"No protected range with ID: {wanted}")


def update_protected_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = request["protectedRange"]
    _, part = _protected(spreadsheet, given.get("protectedRangeId"))
    fields.update(part, given, fields.parse(request["fields"]) or dict.fromkeys(given, fields.ALL))
    return {}


def delete_protected_range(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet, part = _protected(spreadsheet, request.get("protectedRangeId"))
    sheet.parts["protectedRanges"].remove(part)
    return {}


def set_basic_filter(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = copy.deepcopy(request["filter"])
    given["range"] = _stored(spreadsheet, given.get("range") or {})
    spreadsheet.sheet(given["range"]["sheetId"]).basic_filter = given
    return {}


def clear_basic_filter(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    spreadsheet.sheet(request.get("sheetId", 0)).basic_filter = None
    return {}


def add_filter_view(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = copy.deepcopy(request["filter"])
    given.setdefault("filterViewId", new_id())
    given["range"] = _stored(spreadsheet, given.get("range") or {})
    sheet = spreadsheet.sheet(given["range"]["sheetId"])
    views = sheet.parts.setdefault("filterViews", [])
    given.setdefault("title", f"Filter {len(views) + 1}")
    views.append(given)
    return {"addFilterView": {"filter": range_json(given)}}


def delete_filter_view(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    return _delete(spreadsheet, "filterViews", "filterViewId", request.get("filterId"), "filter view")


def _delete(spreadsheet: Spreadsheet, name: str, key: str, wanted: object, noun: str) -> JSON:
    every = [part for sheet in spreadsheet.sheets for part in sheet.parts.get(name, [])]
    part = _by_id(every, key, wanted, noun)
    for sheet in spreadsheet.sheets:
        if part in sheet.parts.get(name, []):
            sheet.parts[name].remove(part)
    return {}


def add_banding(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = copy.deepcopy(request["bandedRange"])
    given.setdefault("bandedRangeId", new_id())
    given["range"] = _open(spreadsheet, given.get("range") or {})
    spreadsheet.sheet(given["range"]["sheetId"]).parts.setdefault("bandedRanges", []).append(given)
    return {"addBanding": {"bandedRange": range_json(given)}}


def delete_banding(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    return _delete(spreadsheet, "bandedRanges", "bandedRangeId", request.get("bandedRangeId"), "banded range")


def add_rule(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    rule = copy.deepcopy(request["rule"])
    rule["ranges"] = [_open(spreadsheet, grid) for grid in rule.get("ranges") or []]
    if not rule["ranges"]:
        raise invalid("rule.ranges must have at least one range.")
    rules = spreadsheet.sheet(rule["ranges"][0]["sheetId"]).parts.setdefault("conditionalFormats", [])
    rules.insert(request.get("index", 0), rule)
    return {}


def delete_rule(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    rules = spreadsheet.sheet(request.get("sheetId", 0)).parts.get("conditionalFormats", [])
    index = request.get("index", 0)
    if index >= len(rules):
        raise invalid(f"No conditional format on sheet: {request.get('sheetId', 0)} at index: {index}")
    return {"deleteConditionalFormatRule": {"rule": range_json(rules.pop(index))}}


REQUESTS = {
    "mergeCells": merge_cells,
    "unmergeCells": unmerge_cells,
    "addNamedRange": add_named_range,
    "updateNamedRange": update_named_range,
    "deleteNamedRange": delete_named_range,
    "addProtectedRange": add_protected_range,
    "updateProtectedRange": update_protected_range,
    "deleteProtectedRange": delete_protected_range,
    "setBasicFilter": set_basic_filter,
    "clearBasicFilter": clear_basic_filter,
    "addFilterView": add_filter_view,
    "deleteFilterView": delete_filter_view,
    "addBanding": add_banding,
    "deleteBanding": delete_banding,
    "addConditionalFormatRule": add_rule,
    "deleteConditionalFormatRule": delete_rule,
}
