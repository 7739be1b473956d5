"""spreadsheets.values.*: cells as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.support.sheets import a1, formats, grid, locate
from tests.support.sheets.a1 import Box
from tests.support.sheets.entering import entered, raw
from tests.support.sheets.errors import JSON, Key, bad_field, invalid
from tests.support.sheets.evaluation import results, shown
from tests.support.sheets.model import Sheet, Spreadsheet
from tests.support.sheets.resources import formatted, number_format

Query = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Rendering:
    """ValueRenderOption, DateTimeRenderOption and Dimension of an answer."""

    values: str = "FORMATTED_VALUE"
    dates: str = "SERIAL_NUMBER"
    dimension: str = "ROWS"

    @classmethod
    def of(cls, given: JSON, prefix: str = "") -> Rendering:
        """From a body or a flattened query; `prefix` is `response` where an update asks for values."""

        def option(name: str, *allowed: str) -> str:
            key = prefix + name[0].upper() + name[1:] if prefix else name
            value = str(given.get(key) or allowed[0])
            if value not in allowed:
                raise bad_field(key, f"Invalid value at '{key}' (TYPE_ENUM), \"{value}\"")
            return value

        return cls(
            option("valueRenderOption", "FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"),
            option("dateTimeRenderOption", "SERIAL_NUMBER", "FORMATTED_STRING"),
            "ROWS" if prefix else str(given.get("majorDimension") or "ROWS"),
        )


def render(spreadsheet: Spreadsheet, sheet: Sheet, key: Key, how: Rendering) -> Any:
    """One cell as a JSON value; "" for an empty one."""
    cell = sheet.cell(key)
    if how.values == "FORMULA" and cell.formula:
        return cell.formula
    value = shown(spreadsheet, sheet, key)
    if not value:
        return ""
    known = number_format(spreadsheet, sheet, key)
    dated = "numberValue" in value and formats.kind(known) in formats.DATE_TYPES
    if (
        how.values == "FORMATTED_VALUE"
        or "errorValue" in value
        or (dated and how.dates == "FORMATTED_STRING")
    ):
        return formatted(value, known, spreadsheet.locale)
    plain = next(iter(value.values()))
    return int(plain) if isinstance(plain, float) and plain == int(plain) else plain


def value_range(spreadsheet: Spreadsheet, sheet: Sheet, box: Box, how: Rendering) -> JSON:
    """A ValueRange: empty cells and rows at the end are left out."""
    top, bottom, left, right = box.sides
    bottom_read = min(bottom, extent(spreadsheet, sheet, 0))
    right_read = min(right, extent(spreadsheet, sheet, 1))
    rows = [
        [render(spreadsheet, sheet, (r, c), how) for c in range(left, right_read)]
        for r in range(top, bottom_read)
    ]
    if how.dimension == "COLUMNS":
        rows = [list(column) for column in zip(*rows, strict=True)]
    rows = _trimmed(rows)
    answer: JSON = {"range": locate.name(sheet, box), "majorDimension": how.dimension}
    return answer | ({"values": rows} if rows else {})


def extent(spreadsheet: Spreadsheet, sheet: Sheet, axis: int) -> int:
    """How many rows (axis 0) or columns (1) hold values, spills included."""
    filled = sheet.filled().sides[1 + 2 * axis]
    return max([filled, *(key[axis] + 1 for key in results(spreadsheet)[sheet.id])])


def _trimmed(rows: list[list[Any]]) -> list[list[Any]]:
    kept = []
    for row in rows:
        end = len(row)
        while end and row[end - 1] == "":
            end -= 1
        kept.append(row[:end])
    while kept and not kept[-1]:
        kept.pop()
    return kept


def get(spreadsheet: Spreadsheet, text: str, options: JSON) -> JSON:
    sheet, box = locate.a1_range(spreadsheet, text)
    return value_range(spreadsheet, sheet, box, Rendering.of(options))


def batch_get(spreadsheet: Spreadsheet, ranges: list[str], options: JSON) -> JSON:
    answer: JSON = {"spreadsheetId": spreadsheet.id}
    found = [get(spreadsheet, text, options) for text in ranges]
    return answer | ({"valueRanges": found} if found else {})


def batch_get_by_filter(spreadsheet: Spreadsheet, body: JSON) -> JSON:
    how = Rendering.of(body)
    found = [
        {"valueRange": value_range(spreadsheet, sheet, box, how), "dataFilters": [data_filter]}
        for data_filter, sheet, box in locate.filtered(spreadsheet, body.get("dataFilters", []))
    ]
    return {"spreadsheetId": spreadsheet.id} | ({"valueRanges": found} if found else {})


@dataclass(slots=True)
class Written:
    """What a write touched, for its answer."""

    sheet: Sheet
    box: Box
    cells: list[Key]

    def answer(self, spreadsheet: Spreadsheet, options: JSON) -> JSON:
        """An UpdateValuesResponse."""
        counts = {
            "updatedRows": len({r for r, _ in self.cells}),
            "updatedColumns": len({c for _, c in self.cells}),
            "updatedCells": len(self.cells),
        }
        found = {"spreadsheetId": spreadsheet.id, "updatedRange": locate.name(self.sheet, self.box)}
        answer: JSON = found | {key: count for key, count in counts.items() if count}
        if str(options.get("includeValuesInResponse", "")).lower() == "true":
            how = Rendering.of(options, "response")
            answer["updatedData"] = value_range(spreadsheet, self.sheet, self.box, how)
        return answer


def table_of(body: JSON, field: str) -> list[list[Any]]:
    """The rows of a ValueRange in a request; raises ApiError 400 as Google does for other shapes."""
    values = body.get("values") or []
    if not isinstance(values, list):
        raise _not_a_list(f"{field}.values", values)
    for at, row in enumerate(values):
        if not isinstance(row, list):
            raise _not_a_list(f"{field}.values[{at}]", row)
    if body.get("majorDimension") == "COLUMNS":
        height = max((len(column) for column in values), default=0)
        return [[column[r] if r < len(column) else None for column in values] for r in range(height)]
    return values


def _not_a_list(field: str, value: Any) -> Exception:
    shown_value = json.dumps(value, ensure_ascii=False)
    return bad_field(
        field, f"Invalid value at '{field}' (type.googleapis.com/google.protobuf.ListValue), {shown_value}"
    )


def input_option(options: JSON) -> str:
    option = str(options.get("valueInputOption") or "")
    if option not in ("RAW", "USER_ENTERED"):
        raise invalid("'valueInputOption' is required but not specified")
    return option


def write(spreadsheet: Spreadsheet, sheet: Sheet, box: Box, rows: list[list[Any]], option: str) -> Written:
    """Put rows from the box's first cell on; None leaves a cell as it is. The grid grows as needed."""
    top, bottom, left, right = box.sides
    width = max((len(row) for row in rows), default=0)
    if (bottom - top, right - left) != (1, 1):
        _check_fit(sheet, box, len(rows), width)
    sheet.grow(top + len(rows), left + width)
    touched: list[Key] = []
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                key = (top + r, left + c)
                set_value(spreadsheet, sheet, key, value, option, f"values[{r}][{c}]")
                touched.append(key)
    return Written(sheet, Box(top, top + max(len(rows), 1), left, left + max(width, 1)), touched)


def _check_fit(sheet: Sheet, box: Box, rows: int, columns: int) -> None:
    top, bottom, left, right = box.sides
    asked = f"Requested writing within range [{locate.name(sheet, box)}], but tried writing to "
    if rows > bottom - top:
        raise invalid(f"{asked}row [{bottom + 1}]")
    if columns > right - left:
        raise invalid(f"{asked}column [{a1.column_name(right)}]")


def set_value(spreadsheet: Spreadsheet, sheet: Sheet, key: Key, value: Any, option: str, where: str) -> None:
    """Enter one value, keeping all else about the cell."""
    cell = sheet.cell(key)
    if option == "RAW":
        content, brought = raw(value, where), None
    else:
        content, brought = entered(value, where, spreadsheet.locale, cell.format.get("numberFormat"))
    style = cell.format | ({"numberFormat": brought} if brought else {})
    sheet.put(key, replace(cell, entered=content, cached=None, format=style))


def update(spreadsheet: Spreadsheet, text: str, body: JSON, options: JSON) -> JSON:
    option = input_option(options)
    rows = table_of(body, "data")
    if body.get("range") not in (None, text):
        raise invalid(f"Requested writing within range [{text}], but the body names [{body['range']}]")
    sheet, box = locate.a1_range(spreadsheet, text, whole=True)
    return write(spreadsheet, sheet, box, rows, option).answer(spreadsheet, options)


def batch_update(spreadsheet: Spreadsheet, body: JSON) -> JSON:
    option = input_option(body)
    done = []
    for at, data in enumerate(body.get("data") or []):
        rows = table_of(data, f"data[{at}]")
        sheet, box = locate.a1_range(spreadsheet, data["range"], whole=True)
        done.append(write(spreadsheet, sheet, box, rows, option))
    return _totals(spreadsheet, done, [item.answer(spreadsheet, body) for item in done])


def batch_update_by_filter(spreadsheet: Spreadsheet, body: JSON) -> JSON:
    option = input_option(body)
    done, answers = [], []
    for at, data in enumerate(body.get("data") or []):
        rows = table_of(data, f"data[{at}]")
        for data_filter, sheet, box in locate.filtered(spreadsheet, [data["dataFilter"]]):
            done.append(write(spreadsheet, sheet, box, rows, option))
            answer = done[-1].answer(spreadsheet, body)
            del answer["spreadsheetId"]
            answers.append(answer | {"dataFilter": data_filter})
    return _totals(spreadsheet, done, answers)


def _totals(spreadsheet: Spreadsheet, done: list[Written], answers: list[JSON]) -> JSON:
    rows = {(item.sheet.id, r) for item in done for r, _ in item.cells}
    columns = {(item.sheet.id, c) for item in done for _, c in item.cells}
    cells = {(item.sheet.id, key) for item in done for key in item.cells}
    totals = {
        "totalUpdatedRows": len(rows),
        "totalUpdatedColumns": len(columns),
        "totalUpdatedCells": len(cells),
        "totalUpdatedSheets": len({sheet_id for sheet_id, _ in rows}),
    }
    kept: JSON = {"spreadsheetId": spreadsheet.id} | {key: value for key, value in totals.items() if value}
    return kept | ({"responses": answers} if answers else {})


def append(spreadsheet: Spreadsheet, text: str, body: JSON, options: JSON) -> JSON:
    option = input_option(options)
    rows = table_of(body, "data")
    sheet, box = locate.a1_range(spreadsheet, text)
    table = _table(sheet, box)
    top, _, left, _ = box.sides
    answer: JSON = {"spreadsheetId": spreadsheet.id}
    if table:
        answer["tableRange"] = locate.name(sheet, table)
        top, left = table.sides[1], table.sides[2]
    if options.get("insertDataOption") == "INSERT_ROWS" and table:
        grid.insert(spreadsheet, sheet, "ROWS", min(top, sheet.rows), len(rows), inherit=True)
    written = write(spreadsheet, sheet, Box(top, top + 1, left, left + 1), rows, option)
    return answer | {"updates": written.answer(spreadsheet, options)}


def _table(sheet: Sheet, box: Box) -> Box | None:
    """The last table with a cell in the box: filled cells that touch, and the empty ones among them."""
    top, bottom, left, right = box.sides
    filled = {key for key, cell in sheet.cells.items() if cell.entered or cell.cached}
    inside = [(r, c) for r, c in filled if top <= r < bottom and left <= c < right]
    if not inside:
        return None
    last = max(r for r, _ in inside)
    column = min(c for r, c in inside if r == last)
    table = (last, last + 1, column, column + 1)
    while True:
        near = [(r, c) for r, c in filled if _beside(r, c, table)]
        grown = (
            min(table[0], *(r for r, _ in near)),
            max(table[1], *(r + 1 for r, _ in near)),
            min(table[2], *(c for _, c in near)),
            max(table[3], *(c + 1 for _, c in near)),
        )
        if grown == table:
            return Box(*table)
        table = grown


def _beside(row: int, column: int, table: tuple[int, int, int, int]) -> bool:
    """Whether a cell is in the table or touches it, at a corner at least."""
    return table[0] - 1 <= row <= table[1] and table[2] - 1 <= column <= table[3]


def clear(spreadsheet: Spreadsheet, places: Iterable[tuple[Sheet, Box]]) -> list[str]:
    """Empty the values of some boxes, keeping formats; their names."""
    names = []
    for sheet, box in places:
        top, bottom, left, right = box.sides
        for key in [k for k in sheet.cells if top <= k[0] < bottom and left <= k[1] < right]:
            sheet.put(key, replace(sheet.cells[key], entered=None, cached=None))
        names.append(locate.name(sheet, box))
    return names
