"""Edits on one worksheet part: cells, rows, headings and their drop-down lists; nothing else changes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import count

from workflows.adapters.xlsx_colours import conditional_formats
from workflows.adapters.xlsx_markup import Node, Splice, cell_text, changed, parse, spliced
from workflows.adapters.xlsx_sheet import MAX_COLUMN, MAX_ROW, Range, column_of, ranges, reference, scan
from workflows.adapters.xlsx_styles import DATE, DATETIME, GENERAL, Styles, serial
from workflows.adapters.xlsx_validation import validation
from workflows.core.ports import Column, Kind, Value, WorkbookError

# CT_Worksheet fixes the order of what follows the cells (ECMA-376 part 1, 18.3.1.99).
_BEFORE_VALIDATIONS = {
    *("sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios", "autoFilter"),
    *(
        "sortState",
        "dataConsolidate",
        "customSheetViews",
        "mergeCells",
        "phoneticPr",
        "conditionalFormatting",
    ),
}


class SheetEditor:
    """Collects edits on a worksheet part and makes them all in `data()`."""

    def __init__(self, title: str, part: bytes, styles: Styles, date_1904: bool) -> None:
        """Raises Damaged."""
        self._title = title
        self._part = part
        self._styles = styles
        self._date_1904 = date_1904
        self._scan = scan(part)
        self._prefix = self._scan.root.prefix
        self._puts: dict[int, dict[int, tuple[Value, int | None]]] = {}
        self._validations: list[str] = []
        self._colours: list[str] = []
        rules = self._scan.root.descendants("cfRule")  # those of the x14 extension included
        self._priorities = count(1 + max((int(r.attributes.get("priority", 0)) for r in rules), default=0))
        self._widths: dict[int, int] = {}
        self._last_row = self._used_rows()

    def put(self, row: int, column: int, value: Value) -> None:
        """Write a cell. Raises ValueError on a formula, inside another one's range, or off the sheet."""
        self._put(row, column, value, None)

    def append(self, values: Mapping[int, Value]) -> None:
        """Write below the last row that holds anything, what was put or appended before included.

        Cells that a formula could still fill are passed over. Raises WorkbookError at the sheet's end.
        """
        row = self._last_row + 1
        for spread in sorted(self._scan.spreads):
            if any(spread.holds(row, column) for column in values):
                row = spread.bottom + 1
        if row > MAX_ROW:
            raise WorkbookError(
                f"L’onglet «\u00a0{self._title}\u00a0» est rempli jusqu’à sa dernière ligne.",
                "Effacez ce qui se trouve tout en bas (souvent une cellule remplie par mégarde).",
            )
        for column, value in values.items():
            self.put(row, column, value)
        self._last_row = max(self._last_row, row)

    def add_column(self, row: int, column: int, spec: Column, style: int | None = None) -> None:
        """Write a heading in the style given, else in that of the heading to its left; its list below."""
        if column > MAX_COLUMN:
            raise WorkbookError(
                f"L’onglet «\u00a0{self._title}\u00a0» est rempli jusqu’à sa dernière colonne.",
                "Effacez ce qui se trouve tout à droite (souvent une cellule remplie par mégarde).",
            )
        raw = self._scan.cells.get((row, column))
        if raw is not None and (raw.text or raw.formula):
            raise ValueError(f"{reference(row, column)} is not empty")
        self._put(row, column, spec.heading, self._left_style(row, column) if style is None else style)
        self._widths[column] = spec.width
        below = Range(row + 1, column, MAX_ROW, column)
        if not any(below.meets(other) for other in self._validated()):
            self._validations.append(validation(spec, below, self._prefix))
        self._colours.append(conditional_formats(spec, below, self._prefix, self._styles, self._priorities))

    def data(self) -> bytes:
        """The part with all edits made."""
        splices = [*self._row_splices(), *self._dimension(), *self._column_widths()]
        return spliced(self._part, [*splices, *self._colour_splices(), *self._validation_splices()])

    def _used_rows(self) -> int:
        """The last row that holds a value or a formula, or that one of them reaches by a merge."""
        cells = self._scan.cells.items()
        last = max((row for (row, _), raw in cells if raw.text or raw.formula), default=0)
        merges = self._scan.root.first("mergeCells")
        written = " ".join(node.attributes["ref"] for node in merges.children) if merges else ""
        merged = ranges(written)
        return max([last, *(area.bottom for area in merged if area.top <= last)])

    def _put(self, row: int, column: int, value: Value, style: int | None) -> None:
        if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
            raise ValueError(f"no cell at row {row}, column {column}")
        raw = self._scan.cells.get((row, column))
        spread = any(area.holds(row, column) for area in self._scan.spreads)
        if spread or (raw is not None and raw.formula):
            raise ValueError(f"{reference(row, column)} belongs to a formula")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is no number of a cell")
        self._puts.setdefault(row, {})[column] = (value, style)
        if value is not None and value != "":
            self._last_row = max(self._last_row, row)

    def _left_style(self, row: int, column: int) -> int | None:
        """The style of the nearest heading to the left, one just added included."""
        for left in range(column - 1, 0, -1):
            pending = self._puts.get(row, {}).get(left)
            if pending is not None and pending[1] is not None:
                return pending[1]
            raw = self._scan.cells.get((row, left))
            if raw is not None:
                return raw.style
        return None

    # Rows and cells

    def _row_splices(self) -> list[Splice]:
        splices: list[Splice] = []
        beyond: list[str] = []
        numbers = self._scan.numbers
        for number in sorted(self._puts):
            index = bisect_left(numbers, number)
            if index < len(numbers) and numbers[index] == number:
                start, end = self._scan.starts[index], self._scan.ends[index]
                splices.append((start, end, self._edited_row(number, self._part[start:end])))
            elif index < len(numbers):
                start = self._scan.starts[index]
                splices.append((start, start, self._new_row(number).encode()))
            else:
                beyond.append(self._new_row(number))
        if any(beyond):
            splices += changed(self._part, self._scan.data, appended="".join(beyond))
        return splices

    def _new_row(self, number: int) -> str:
        puts = sorted(self._puts[number].items())
        cells = "".join(
            self._cell((number, column), value, style, None, {}) for column, (value, style) in puts
        )
        return f'<{self._prefix}row r="{number}">{cells}</{self._prefix}row>' if cells else ""

    def _edited_row(self, number: int, row: bytes) -> bytes:
        node = parse(row, depth=2)
        cells = _by_column(node)
        splices: list[Splice] = []
        beyond: list[str] = []
        columns = list(cells)
        for column, (value, style) in sorted(self._puts[number].items()):
            old = cells.get(column)
            written = self._cell((number, column), value, style, old, node.attributes)
            after = next((cells[other] for other in columns if other > column), None)
            if old is not None:
                splices.append((old.start, old.end, written.encode()))
            elif after is not None:
                splices.append((after.start, after.start, written.encode()))
            else:
                beyond.append(written)
        splices += changed(row, node, _spans(node, self._puts[number]), "".join(beyond))
        return spliced(row, splices)

    def _cell(
        self, place: tuple[int, int], value: Value, style: int | None, old: Node | None, row: dict[str, str]
    ) -> str:
        """The element of a cell in a row with these attributes; empty if there is nothing to keep of it."""
        if style is None:
            style = self._present_style(place[1], old, row)
        style = self._style_for(value, style)
        kind, inside = self._inside(value)
        if not inside and old is None:
            return ""
        look = f' s="{style}"' if style else ""
        start = f'<{self._prefix}c r="{reference(*place)}"{look}{kind}'
        return f"{start}>{inside}</{self._prefix}c>" if inside else f"{start}/>"

    def _present_style(self, column: int, old: Node | None, row: dict[str, str]) -> int:
        """The cell's own style, or for a new cell its row's, or its column's, as the programs do."""
        if old is not None:
            return int(old.attributes.get("s", 0))
        if row.get("customFormat") in ("1", "true"):
            return int(row.get("s", 0))
        for node in self._columns():
            if int(node.attributes["min"]) <= column <= int(node.attributes["max"]):
                return int(node.attributes.get("style", 0))
        return 0

    def _style_for(self, value: Value, style: int) -> int:
        if isinstance(value, datetime):
            return self._styles.formatted(style, DATETIME)
        if isinstance(value, date):
            return self._styles.formatted(style, DATE)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and self._styles.kind(style) is not Kind.NUMBER:
            return self._styles.formatted(style, GENERAL)
        return style

    def _inside(self, value: Value) -> tuple[str, str]:
        """The `t` attribute and the content of a cell that holds this value."""
        p = self._prefix
        if value is None or value == "":
            return "", ""
        if isinstance(value, str):
            return ' t="inlineStr"', f'<{p}is><{p}t xml:space="preserve">{cell_text(value)}</{p}t></{p}is>'
        if isinstance(value, bool):
            return ' t="b"', f"<{p}v>{int(value)}</{p}v>"
        number = serial(value, self._date_1904) if isinstance(value, date) else value
        whole = isinstance(number, float) and number.is_integer() and abs(number) < 1e15
        return "", f"<{p}v>{int(number) if whole else number!r}</{p}v>"

    # What surrounds the cells

    def _columns(self) -> list[Node]:
        columns = self._scan.root.first("cols")
        return columns.children if columns else []

    def _dimension(self) -> list[Splice]:
        node = self._scan.root.first("dimension")
        if node is None or not self._puts:
            return []
        areas = ranges(node.attributes.get("ref", "A1"))
        areas += [Range(row, column, row, column) for row, puts in self._puts.items() for column in puts]
        top, left = min(area.top for area in areas), min(area.left for area in areas)
        bottom, right = max(area.bottom for area in areas), max(area.right for area in areas)
        return changed(self._part, node, {"ref": f"{reference(top, left)}:{reference(bottom, right)}"})

    def _column_widths(self) -> list[Splice]:
        """Widths of added columns, where no column element speaks of them yet."""
        old = self._columns()
        covered = [(int(node.attributes["min"]), int(node.attributes["max"])) for node in old]
        new = {
            column: f'<{self._prefix}col min="{column}" max="{column}" width="{width}" customWidth="1"/>'
            for column, width in sorted(self._widths.items())
            if not any(first <= column <= last for first, last in covered)
        }
        if not old:
            start = self._scan.data.start
            whole = f"<{self._prefix}cols>{''.join(new.values())}</{self._prefix}cols>"
            return [(start, start, whole.encode())] if new else []
        splices = []
        for column, written in new.items():
            after = next((node.start for node in old if int(node.attributes["min"]) > column), old[-1].end)
            splices.append((after, after, written.encode()))
        return splices

    def _validated(self) -> list[Range]:
        """Where validations stand already, those of the x14 extension included."""
        found: list[Range] = []
        for container in self._scan.root.descendants("dataValidations"):
            for node in container.named("dataValidation"):
                places = [node.attributes.get("sqref", ""), *(child.text for child in node.named("sqref"))]
                found += ranges(" ".join(places))
        return found

    def _colour_splices(self) -> list[Splice]:
        end = self._end_of(_BEFORE_VALIDATIONS)
        return [(end, end, text.encode()) for text in self._colours if text]

    def _end_of(self, names: set[str]) -> int:
        return [node for node in self._scan.root.children if node.name in names][-1].end

    def _validation_splices(self) -> list[Splice]:
        written = [text for text in self._validations if text]
        if not written:
            return []
        present = self._scan.root.first("dataValidations")
        if present is not None:
            total = len(present.children) + len(written)
            return changed(self._part, present, {"count": str(total)}, "".join(written))
        name = f"{self._prefix}dataValidations"
        whole = f'<{name} count="{len(written)}">{"".join(written)}</{name}>'
        end = self._end_of(_BEFORE_VALIDATIONS)
        return [(end, end, whole.encode())]


def _by_column(row: Node) -> dict[int, Node]:
    """The cells of a row element by column, in order; a cell without `r` follows the one before."""
    cells: dict[int, Node] = {}
    column = 0
    for node in row.named("c"):
        written = node.attributes.get("r")
        column = column_of(written) if written else column + 1
        cells[column] = node
    return cells


def _spans(row: Node, columns: Iterable[int]) -> dict[str, str]:
    """The row's `spans` (first and last column in use), widened if it has one and it is too narrow."""
    first, _, last = row.attributes.get("spans", "").partition(":")
    if not (first.isdigit() and last.isdigit()):
        return {}
    wide = (min(int(first), *columns), max(int(last), *columns))
    return {} if wide == (int(first), int(last)) else {"spans": f"{wide[0]}:{wide[1]}"}
