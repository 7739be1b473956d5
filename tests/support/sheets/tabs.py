"""batchUpdate requests that change the spreadsheet or its tabs."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from tests.support.sheets import fields, formulas, grid
from tests.support.sheets.errors import JSON, invalid
from tests.support.sheets.model import Sheet, Spreadsheet, new_id, new_sheet
from tests.support.sheets.resources import properties_json


def _free_title(spreadsheet: Spreadsheet, stem: str, first: int | None) -> str:
    """The stem, numbered until no tab has it; `first` None: the bare stem is tried before any number."""
    number = first or 2
    title = stem if first is None else f"{stem}{number}"
    while spreadsheet.titled(title):
        number += 1 if title != stem else 0
        title = f"{stem} {number}" if first is None else f"{stem}{number}"
    return title


def _check_title(spreadsheet: Spreadsheet, title: str, own: Sheet | None = None) -> None:
    found = spreadsheet.titled(title)
    if found is not None and found is not own:
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')


def _check_id(spreadsheet: Spreadsheet, sheet_id: int) -> None:
    if sheet_id < 0:
        raise invalid(f"Sheet id must be non-negative: {sheet_id}")
    if any(sheet.id == sheet_id for sheet in spreadsheet.sheets):
        raise invalid(f"Sheet already exists with id: {sheet_id}")


def add_sheet(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = dict(request.get("properties") or {})
    title = given.pop("title", None) or _free_title(spreadsheet, "Sheet", len(spreadsheet.sheets) + 1)
    sheet_id = given.pop("sheetId", None)
    index = given.pop("index", len(spreadsheet.sheets))
    _check_title(spreadsheet, title)
    if sheet_id is not None:
        _check_id(spreadsheet, sheet_id)
    size = given.pop("gridProperties", None) or {}
    sheet = new_sheet(new_id() if sheet_id is None else sheet_id, title)
    sheet.properties["gridProperties"] |= {key: value for key, value in size.items() if value is not None}
    sheet.properties |= {key: value for key, value in given.items() if value is not None}
    _colour(sheet.properties, given)
    spreadsheet.sheets.insert(min(index, len(spreadsheet.sheets)), sheet)
    return {"addSheet": {"properties": properties_json(spreadsheet, sheet)}}


def delete_sheet(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    sheet_id = request.get("sheetId", 0)
    sheet = next((sheet for sheet in spreadsheet.sheets if sheet.id == sheet_id), None)
    if sheet is None:
        raise invalid(f"No sheet with id: {sheet_id}")
    if not any(other is not sheet and not other.properties.get("hidden") for other in spreadsheet.sheets):
        raise invalid("You can't remove all the visible sheets in a document.")
    spreadsheet.sheets.remove(sheet)
    spreadsheet.named_ranges = [
        named for named in spreadsheet.named_ranges if named["range"].get("sheetId", 0) != sheet_id
    ]
    spreadsheet.metadata = [item for item in spreadsheet.metadata if _sheet_of(item) != sheet_id]
    return {}


def _sheet_of(item: JSON) -> int | None:
    """The tab that a metadata stands on; None for the spreadsheet's own."""
    location = item["location"]
    if "dimensionRange" in location:
        return int(location["dimensionRange"].get("sheetId", 0))
    found = location.get("sheetId")
    return None if found is None else int(found)


def duplicate_sheet(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    source = spreadsheet.sheet(request.get("sourceSheetId", 0))
    title = request.get("newSheetName") or _free_title(spreadsheet, f"Copy of {source.title}", None)
    _check_title(spreadsheet, title)
    sheet_id = request.get("newSheetId")
    if sheet_id is not None:
        _check_id(spreadsheet, sheet_id)
    twin = duplicate(source, new_id() if sheet_id is None else sheet_id, title)
    spreadsheet.sheets.insert(request.get("insertSheetIndex") or 0, twin)
    return {"duplicateSheet": {"properties": properties_json(spreadsheet, twin)}}


def duplicate(source: Sheet, sheet_id: int, title: str) -> Sheet:
    """A copy of a tab under another id and title; its ranges point to itself."""
    twin = source.copy()
    twin.properties |= {"sheetId": sheet_id, "title": title}
    for parts in (*twin.parts.values(), [twin.basic_filter] if twin.basic_filter else []):
        for part in parts:
            for holder in (part, part.get("range"), *part.get("ranges", [])):
                if holder is not None and "sheetId" in holder:
                    holder["sheetId"] = sheet_id
            if "protectedRangeId" in part:
                part["protectedRangeId"] = new_id()
    return twin


def copy_to(source: Spreadsheet, sheet_id: int, target: Spreadsheet) -> JSON:
    """spreadsheets.sheets.copyTo; the answer is the new tab's properties."""
    sheet = source.sheet(sheet_id)
    title = _free_title(target, f"Copy of {sheet.title}", None)
    target.sheets.append(duplicate(sheet, new_id(), title))
    return properties_json(target, target.sheets[-1])


def update_spreadsheet(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    fields.update(spreadsheet.properties, request.get("properties") or {}, fields.parse(request["fields"]))
    return {}


def update_sheet(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given: JSON = copy.deepcopy(request.get("properties") or {})
    sheet_id = given.pop("sheetId", 0)
    sheet = spreadsheet.sheet(sheet_id)
    if not request.get("fields"):
        raise invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    mask = fields.parse(request["fields"]) or dict.fromkeys(given, fields.ALL)
    _check_update(spreadsheet, sheet, given, mask)
    if "index" in mask:
        _move(spreadsheet, sheet, int(given.get("index", 0)))
    if "title" in mask:
        _rename(spreadsheet, sheet, str(given.get("title", "")))
    size = given.get("gridProperties") or {}
    for dimension, name in (("ROWS", "rowCount"), ("COLUMNS", "columnCount")):
        if fields.wants(mask, "gridProperties", name) and size.get(name):
            grid.resize(sheet, dimension, int(size[name]))
    rest = {name: sub for name, sub in mask.items() if name not in ("index", "title", "sheetId")}
    if "gridProperties" in rest and not rest["gridProperties"]:
        rest["gridProperties"] = dict.fromkeys(size, fields.ALL)
    if rest:
        fields.update(sheet.properties, given, rest)
        _colour(sheet.properties, rest)
    return {}


def _check_update(spreadsheet: Spreadsheet, sheet: Sheet, given: JSON, mask: fields.Mask) -> None:
    hides = "hidden" in mask and given.get("hidden")
    if hides and not any(o is not sheet and not o.properties.get("hidden") for o in spreadsheet.sheets):
        raise invalid("You can't hide all the sheets in a document.")
    if "title" in mask:
        if not given.get("title"):
            raise invalid("Sheet name cannot be empty.")
        _check_title(spreadsheet, given["title"], sheet)
    size = given.get("gridProperties") or {}
    for noun, count in (("row", "rowCount"), ("column", "columnCount")):
        if fields.wants(mask, "gridProperties", count) and size.get(count, 1) <= 0:
            raise invalid(f"gridProperties.{count} must be positive.")
        frozen = size.get(f"frozen{noun.title()}Count", 0)
        total = size.get(count) or sheet.properties["gridProperties"][count]
        if frozen >= total > 0:
            raise invalid(f"You can't freeze all visible {noun}s on the sheet.")


def _move(spreadsheet: Spreadsheet, sheet: Sheet, index: int) -> None:
    """Move a tab; the index counts as before the move."""
    at = spreadsheet.sheets.index(sheet)
    if index > len(spreadsheet.sheets):
        raise invalid(f"Sheet index {index} is too large; there are {len(spreadsheet.sheets)} sheets.")
    spreadsheet.sheets.remove(sheet)
    spreadsheet.sheets.insert(index - 1 if index > at else index, sheet)


def _rename(spreadsheet: Spreadsheet, sheet: Sheet, title: str) -> None:
    old = sheet.title
    sheet.properties["title"] = title
    for other in spreadsheet.sheets:
        for key, cell in list(other.cells.items()):
            if cell.formula:
                text = formulas.retitle(cell.formula, old, title)
                other.cells[key] = replace(cell, entered={"formulaValue": text})


def _colour(properties: JSON, changed: dict[str, Any]) -> None:
    """Keep tabColor and tabColorStyle the same colour, and drop both where there is none."""
    if "tabColorStyle" in changed:
        colour = (properties.get("tabColorStyle") or {}).get("rgbColor")
    elif "tabColor" in changed:
        colour = properties.get("tabColor")
    else:
        return
    properties.pop("tabColor", None)
    properties.pop("tabColorStyle", None)
    if colour:
        properties["tabColor"] = colour
        properties["tabColorStyle"] = {"rgbColor": colour}


REQUESTS = {
    "addSheet": add_sheet,
    "deleteSheet": delete_sheet,
    "duplicateSheet": duplicate_sheet,
    "updateSpreadsheetProperties": update_spreadsheet,
    "updateSheetProperties": update_sheet,
}
