"""spreadsheets.batchUpdate: all requests or none, then the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.sheets import cells, finding, grid, locate, metadata, ranges, tabs
from tests.support.sheets.errors import JSON, ApiError, bad_field, invalid
from tests.support.sheets.fields import Mask, select
from tests.support.sheets.model import Cell, Sheet, Spreadsheet
from tests.support.sheets.resources import Places, spreadsheet_json

REQUESTS: dict[str, Callable[[Spreadsheet, JSON], JSON]] = {
    **tabs.REQUESTS,
    **cells.REQUESTS,
    **grid.REQUESTS,
    **ranges.REQUESTS,
    **metadata.REQUESTS,
    "findReplace": finding.find_replace,
}
PROTECTED = (
    "You are trying to edit a protected cell or object. "
    "Please contact the spreadsheet owner to remove protection if you need to edit."
)


def batch_update(spreadsheet: Spreadsheet, body: JSON, mask: Mask) -> JSON:
    """Change the spreadsheet (a copy that the caller drops on errors) and answer.

    Raises ApiError 400, naming the request that failed.
    """
    requests = body.get("requests") or []
    if not requests:
        raise invalid("Must specify at least one request.")
    for at, request in enumerate(requests):
        _check_known(at, request)
    replies = [_run(spreadsheet, at, request) for at, request in enumerate(requests)]
    answer: JSON = {"spreadsheetId": spreadsheet.id, "replies": replies}
    if body.get("includeSpreadsheetInResponse"):
        answer["updatedSpreadsheet"] = _updated(spreadsheet, body, mask)
    kept: JSON = select(answer, mask)
    return kept


def _check_known(at: int, request: Any) -> None:
    if not isinstance(request, dict) or len(request) != 1:
        raise invalid(f"Invalid requests[{at}]: Must specify exactly one request type.")
    name = next(iter(request))
    if name not in REQUESTS:
        text = (
            f"Invalid JSON payload received. Unknown name \"{name}\" at 'requests[{at}]': Cannot find field."
        )
        raise bad_field(f"requests[{at}]", text)


def _run(spreadsheet: Spreadsheet, at: int, request: JSON) -> JSON:
    name, content = next(iter(request.items()))
    prefix = f"Invalid requests[{at}].{name}: "
    guarded = _guarded(spreadsheet)
    spreadsheet.results = None
    try:
        reply = REQUESTS[name](spreadsheet, content or {})
    except ApiError as error:
        raise ApiError(error.code, prefix + error.message, error.details) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise invalid(f"{prefix}{type(error).__name__} {error}") from error
    spreadsheet.results = None
    if not name.endswith("Dimension") and guarded != _guarded(spreadsheet):
        raise invalid(prefix + PROTECTED)
    return reply


def _guarded(spreadsheet: Spreadsheet) -> dict[int, dict[tuple[int, int], Cell]]:
    """The cells, by protected range, that the API's user may not edit."""
    return {
        int(part["protectedRangeId"]): _inside(sheet, part["range"])
        for sheet in spreadsheet.sheets
        for part in sheet.parts.get("protectedRanges", [])
        if not part["requestingUserCanEdit"]
    }


def _inside(sheet: Sheet, area: JSON) -> dict[tuple[int, int], Cell]:
    top, bottom, left, right = locate.box_of(area).within(sheet.rows, sheet.columns).sides
    return {
        key: cell for key, cell in sheet.cells.items() if top <= key[0] < bottom and left <= key[1] < right
    }


def _updated(spreadsheet: Spreadsheet, body: JSON, mask: Mask) -> JSON:
    places: Places | None = None
    if body.get("responseRanges"):
        places = [locate.a1_range(spreadsheet, text) for text in body["responseRanges"]]
    below = mask.get("updatedSpreadsheet", {}) if mask else {}
    return spreadsheet_json(spreadsheet, below, places, bool(body.get("responseIncludeGridData")))
