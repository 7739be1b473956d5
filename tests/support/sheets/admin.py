"""What a person does in the sheet, and what a test sets or asks, outside Google's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.sheets import a1, cells, grid, locate, ranges, tabs, values
from tests.support.sheets.a1 import Box
from tests.support.sheets.errors import JSON, invalid
from tests.support.sheets.model import Sheet, Spreadsheet


def person_edits(spreadsheet: Spreadsheet, edits: list[JSON]) -> None:
    """Carry out edits such as {"sort": {"sheet": "Structures", "column": "B"}}.

    Rows are numbered from 1 and columns are letters, as people see them. Raises ApiError 400.
    """
    for edit in edits:
        for name, content in edit.items():
            if name not in EDITS:
                raise invalid(f"unknown edit {name!r}; there are {', '.join(EDITS)}")
            EDITS[name](spreadsheet, content)
            spreadsheet.results = None


def _tab(spreadsheet: Spreadsheet, content: JSON) -> Sheet:
    sheet = spreadsheet.titled(str(content.get("sheet", "")))
    if sheet is None:
        raise invalid(f"no tab {content.get('sheet')!r}")
    return sheet


def _sort(spreadsheet: Spreadsheet, content: JSON) -> None:
    """Sort everything below `header_rows` (1) by a column, `descending` or not."""
    sheet = _tab(spreadsheet, content)
    filled = sheet.filled().sides
    box = Box(int(content.get("header_rows", 1)), filled[1], 0, filled[3])
    spec = {
        "dimensionIndex": a1.column_index(content["column"]),
        "sortOrder": "DESCENDING" if content.get("descending") else "ASCENDING",
    }
    cells.sort_rows(spreadsheet, sheet, box, [spec])


def _insert_rows(spreadsheet: Spreadsheet, content: JSON) -> None:
    sheet = _tab(spreadsheet, content)
    grid.insert(spreadsheet, sheet, "ROWS", int(content["at"]) - 1, int(content.get("count", 1)))


def _delete_rows(spreadsheet: Spreadsheet, content: JSON) -> None:
    start = int(content["at"]) - 1
    grid.delete(spreadsheet, _tab(spreadsheet, content), "ROWS", start, start + int(content.get("count", 1)))


def _insert_columns(spreadsheet: Spreadsheet, content: JSON) -> None:
    start = a1.column_index(content["at"])
    grid.insert(spreadsheet, _tab(spreadsheet, content), "COLUMNS", start, int(content.get("count", 1)))


def _delete_columns(spreadsheet: Spreadsheet, content: JSON) -> None:
    start = a1.column_index(content["at"])
    grid.delete(
        spreadsheet, _tab(spreadsheet, content), "COLUMNS", start, start + int(content.get("count", 1))
    )


def _move_rows(spreadsheet: Spreadsheet, content: JSON) -> None:
    start = int(content["at"]) - 1
    end = start + int(content.get("count", 1))
    grid.move(spreadsheet, _tab(spreadsheet, content), "ROWS", start, end, int(content["to"]) - 1)


def _move_columns(spreadsheet: Spreadsheet, content: JSON) -> None:
    start = a1.column_index(content["at"])
    end = start + int(content.get("count", 1))
    to = a1.column_index(content["to"])
    grid.move(spreadsheet, _tab(spreadsheet, content), "COLUMNS", start, end, to)


def _rename_sheet(spreadsheet: Spreadsheet, content: JSON) -> None:
    properties = {"sheetId": _tab(spreadsheet, content).id, "title": content["to"]}
    tabs.update_sheet(spreadsheet, {"properties": properties, "fields": "title"})


def _delete_sheet(spreadsheet: Spreadsheet, content: JSON) -> None:
    tabs.delete_sheet(spreadsheet, {"sheetId": _tab(spreadsheet, content).id})


def _rename_heading(spreadsheet: Spreadsheet, content: JSON) -> None:
    """The first cell that holds the text `from` gets the text `to`."""
    sheet = _tab(spreadsheet, content)
    for key in sorted(sheet.cells):
        if (sheet.cells[key].entered or {}).get("stringValue") == content["from"]:
            values.set_value(spreadsheet, sheet, key, content["to"], "RAW", "to")
            return
    raise invalid(f"no heading {content['from']!r}")


def _set(spreadsheet: Spreadsheet, content: JSON) -> None:
    """Type values from `cell` on: one `value`, or `values` as rows. An empty text empties a cell."""
    sheet = _tab(spreadsheet, content)
    box = a1.parse_box(content["cell"])
    if box is None:
        raise invalid(f"no cell {content['cell']!r}")
    top, _, left, _ = box.sides
    rows = content.get("values", [[content.get("value", "")]])
    values.write(spreadsheet, sheet, Box(top, top + 1, left, left + 1), rows, "USER_ENTERED")


def _format(spreadsheet: Spreadsheet, content: JSON) -> None:
    """Give a `range` (A1, without the tab) a userEnteredFormat."""
    sheet = _tab(spreadsheet, content)
    area = _area(sheet, content)
    mask = ",".join(f"userEnteredFormat.{name}" for name in content["format"])
    request = {"range": area, "cell": {"userEnteredFormat": content["format"]}, "fields": mask}
    cells.repeat_cell(spreadsheet, request)


def _area(sheet: Sheet, content: JSON) -> JSON:
    box = a1.parse_box(content["range"]) if content.get("range") else Box()
    if box is None:
        raise invalid(f"no range {content['range']!r}")
    return locate.as_grid(sheet, box)


def _protect(spreadsheet: Spreadsheet, content: JSON) -> None:
    """Protect a `range` (or the tab) so that the API's user may not edit it."""
    sheet = _tab(spreadsheet, content)
    ranges.add_protected_range(spreadsheet, {"protectedRange": {"range": _area(sheet, content)}})
    sheet.parts["protectedRanges"][-1]["requestingUserCanEdit"] = False


EDITS: dict[str, Callable[[Spreadsheet, JSON], None]] = {
    "sort": _sort,
    "insert_rows": _insert_rows,
    "delete_rows": _delete_rows,
    "move_rows": _move_rows,
    "move_columns": _move_columns,
    "insert_columns": _insert_columns,
    "delete_columns": _delete_columns,
    "rename_sheet": _rename_sheet,
    "delete_sheet": _delete_sheet,
    "rename_heading": _rename_heading,
    "set": _set,
    "format": _format,
    "protect": _protect,
}


def dump(spreadsheet: Spreadsheet) -> JSON:
    """The spreadsheet as plain JSON: per tab its `rows` (numbers, texts, serial dates), `formatted`
    rows and `formulas` by cell."""
    return {
        "id": spreadsheet.id,
        "title": spreadsheet.properties["title"],
        "sheets": {sheet.title: _dump_sheet(spreadsheet, sheet) for sheet in spreadsheet.sheets},
    }


def _dump_sheet(spreadsheet: Spreadsheet, sheet: Sheet) -> JSON:
    whole = Box().within(sheet.rows, sheet.columns)

    def rows(option: str) -> Any:
        return values.value_range(spreadsheet, sheet, whole, values.Rendering(option)).get("values", [])

    return {
        "sheetId": sheet.id,
        "grid": [sheet.rows, sheet.columns],
        "rows": rows("UNFORMATTED_VALUE"),
        "formatted": rows("FORMATTED_VALUE"),
        "formulas": {
            f"{a1.column_name(c)}{r + 1}": cell.formula
            for (r, c), cell in sorted(sheet.cells.items())
            if cell.formula
        },
    }
