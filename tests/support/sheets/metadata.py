"""Developer metadata: marks on rows, columns, tabs or the spreadsheet (public reference only)."""

from __future__ import annotations

import copy

from tests.support.sheets import fields, locate
from tests.support.sheets.errors import JSON, invalid, not_found
from tests.support.sheets.grid import size
from tests.support.sheets.model import Spreadsheet, new_id


def create(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = copy.deepcopy(request["developerMetadata"])
    if not given.get("metadataKey"):
        raise invalid("Developer metadata must have a key specified.")
    if given.get("visibility") not in ("DOCUMENT", "PROJECT"):
        raise invalid("Developer metadata must have a visibility specified.")
    metadata_id = given.get("metadataId") or new_id()
    if any(item["metadataId"] == metadata_id for item in spreadsheet.metadata):
        raise invalid(f"Developer metadata with ID {metadata_id} already exists.")
    found = {"metadataId": metadata_id} | given
    found["location"] = _location(spreadsheet, given.get("location") or {})
    spreadsheet.metadata.append(found)
    return {"createDeveloperMetadata": {"developerMetadata": found}}


def _location(spreadsheet: Spreadsheet, given: JSON) -> JSON:
    """The location with its type; a dimension range must be one row or column."""
    if given.get("spreadsheet"):
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if "dimensionRange" in given:
        span = dict(given["dimensionRange"])
        sheet = spreadsheet.sheet(span.get("sheetId", 0))
        if span.get("endIndex", 0) - span.get("startIndex", 0) != 1:
            raise invalid("Developer metadata can only be associated with a single row or column.")
        if span["endIndex"] > size(sheet, span["dimension"]):
            raise invalid("The dimension range is outside of the grid.")
        span.setdefault("startIndex", 0)
        return {"locationType": span["dimension"].removesuffix("S"), "dimensionRange": span}
    if "sheetId" in given:
        return {"locationType": "SHEET", "sheetId": spreadsheet.sheet(given["sheetId"]).id}
    raise invalid("Developer metadata must have a location specified.")


def _chosen(spreadsheet: Spreadsheet, filters: list[JSON]) -> list[tuple[JSON, list[JSON]]]:
    """(metadata, the filters it answers) in the order of creation."""
    found = []
    for item in spreadsheet.metadata:
        fits = [each for each in filters if _fits(spreadsheet, item, each)]
        if fits:
            found.append((item, fits))
    return found


def _fits(spreadsheet: Spreadsheet, item: JSON, data_filter: JSON) -> bool:
    lookup = data_filter.get("developerMetadataLookup")
    if lookup is not None:
        return locate.metadata_matches(item, lookup)
    span = item["location"].get("dimensionRange")
    for _, sheet, box in locate.filtered(spreadsheet, [data_filter]):
        if span and span.get("sheetId", 0) == sheet.id:
            top, bottom, left, right = box.sides
            start, end = (top, bottom) if span["dimension"] == "ROWS" else (left, right)
            return bool(start <= span["startIndex"] and span["endIndex"] <= end)
    return False


def update(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    given = copy.deepcopy(request["developerMetadata"])
    mask = fields.parse(request["fields"]) or dict.fromkeys(given, fields.ALL)
    chosen = _chosen(spreadsheet, request.get("dataFilters") or [])
    for item, _ in chosen:
        if "location" in mask and "location" in given:
            given["location"] = _location(spreadsheet, given["location"])
        fields.update(item, given, {name: sub for name, sub in mask.items() if name != "metadataId"})
    return {"updateDeveloperMetadata": _listed(chosen)}


def delete(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    chosen = _chosen(spreadsheet, [request["dataFilter"]])
    for item, _ in chosen:
        spreadsheet.metadata.remove(item)
    return {
        "deleteDeveloperMetadata": {"deletedDeveloperMetadata": [item for item, _ in chosen]}
        if chosen
        else {}
    }


def _listed(chosen: list[tuple[JSON, list[JSON]]]) -> JSON:
    return {"developerMetadata": [copy.deepcopy(item) for item, _ in chosen]} if chosen else {}


def search(spreadsheet: Spreadsheet, body: JSON) -> JSON:
    """spreadsheets.developerMetadata.search."""
    chosen = _chosen(spreadsheet, body.get("dataFilters") or [])
    matched = [{"developerMetadata": item, "dataFilters": fits} for item, fits in chosen]
    return {"matchedDeveloperMetadata": matched} if matched else {}


def get(spreadsheet: Spreadsheet, metadata_id: str) -> JSON:
    """spreadsheets.developerMetadata.get; raises ApiError 404."""
    for item in spreadsheet.metadata:
        if str(item["metadataId"]) == metadata_id:
            return item
    raise not_found()


REQUESTS = {
    "createDeveloperMetadata": create,
    "updateDeveloperMetadata": update,
    "deleteDeveloperMetadata": delete,
}
