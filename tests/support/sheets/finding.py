"""The findReplace request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.support.sheets import locate
from tests.support.sheets.a1 import Box
from tests.support.sheets.entering import entered
from tests.support.sheets.errors import JSON, Key
from tests.support.sheets.model import Sheet, Spreadsheet
from tests.support.sheets.values import Rendering, render


def find_replace(spreadsheet: Spreadsheet, request: JSON) -> JSON:
    flags = re.NOFLAG if request.get("matchCase") else re.IGNORECASE
    wanted = request.get("find", "")
    pattern = re.compile(wanted if request.get("searchByRegex") else re.escape(wanted), flags)
    replacement = request.get("replacement", "")
    by = (
        (lambda _: replacement)
        if not request.get("searchByRegex")
        else re.sub(r"\$(\d)", r"\\\1", replacement)
    )
    counts = dict.fromkeys(
        ("valuesChanged", "formulasChanged", "rowsChanged", "sheetsChanged", "occurrencesChanged"), 0
    )
    for sheet, box in _searched(spreadsheet, request):
        rows = set()
        top, bottom, left, right = box.sides
        for key in sorted(k for k in sheet.cells if top <= k[0] < bottom and left <= k[1] < right):
            found = _replace_in(spreadsheet, sheet, key, pattern, by, request)
            if found:
                sort, times = found
                counts[sort] += 1
                counts["occurrencesChanged"] += times
                rows.add(key[0])
        counts["rowsChanged"] += len(rows)
        counts["sheetsChanged"] += bool(rows)
    return {"findReplace": {name: count for name, count in counts.items() if count}}


def _searched(spreadsheet: Spreadsheet, request: JSON) -> list[tuple[Sheet, Box]]:
    if "range" in request:
        return [locate.closed(spreadsheet, request["range"])]
    sheets = (
        spreadsheet.sheets if request.get("allSheets") else [spreadsheet.sheet(request.get("sheetId", 0))]
    )
    return [(sheet, Box().within(sheet.rows, sheet.columns)) for sheet in sheets]


def _replace_in(
    spreadsheet: Spreadsheet, sheet: Sheet, key: Key, pattern: re.Pattern[str], by: Any, request: JSON
) -> tuple[str, int] | None:
    cell = sheet.cell(key)
    if cell.formula and not request.get("includeFormulas"):
        return None
    text = cell.formula or str(render(spreadsheet, sheet, key, Rendering()))
    if request.get("matchEntireCell") and not pattern.fullmatch(text):
        return None
    changed, times = pattern.subn(by, text)
    if not times:
        return None
    value, _ = entered(changed, "", spreadsheet.locale, cell.format.get("numberFormat"))
    sheet.put(key, replace(cell, entered=value, cached=None))
    return ("formulasChanged" if cell.formula else "valuesChanged"), times
