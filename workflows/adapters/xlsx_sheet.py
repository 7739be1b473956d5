"""A worksheet part, scanned once: what its cells hold, and where its rows are in the bytes."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from workflows.adapters.xlsx_markup import Damaged, Node, TreeBuilder

MAX_ROW = 1_048_576
MAX_COLUMN = 16_384

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_SPREADING = {"array", "dataTable"}


class RawCell(NamedTuple):
    """A cell that holds something: its text as written and its type (`t`), not yet a value."""

    style: int
    kind: str
    text: str | None
    formula: bool


class Range(NamedTuple):
    """A rectangle of cells, both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def holds(self, row: int, column: int) -> bool:
        return self.top <= row <= self.bottom and self.left <= column <= self.right

    def meets(self, other: Range) -> bool:
        rows = self.top <= other.bottom and other.top <= self.bottom
        return rows and self.left <= other.right and other.left <= self.right


@dataclass(slots=True)
class Scan:
    """What one pass over a worksheet finds. Rows of mere formatting cost a few bytes each."""

    root: Node
    """Everything but the inside of sheetData."""
    data: Node
    """The sheetData element, without children."""
    cells: dict[tuple[int, int], RawCell]
    spreads: list[Range]
    """The ranges of array formulas, spills and data tables, their first cell included."""
    numbers: array[int]
    starts: array[int]
    ends: array[int]
    """Number, first byte and end of every row element, in order."""


def reference(row: int, column: int) -> str:
    """« C5 » for row 5, column 3."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def position(text: str) -> tuple[int, int]:
    """Row and column of « C5 » or « $C$5 ». Raises Damaged."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise Damaged(f"reference {text!r}")
    return int(match[2]), _column(match[1])


def column_of(text: str) -> int:
    """The column of « C5 », as the `r` of a cell writes it. Raises Damaged."""
    return _column(text.rstrip("0123456789"))


@cache
def _column(letters: str) -> int:
    if re.fullmatch("[A-Z]{1,3}", letters) is None:
        raise Damaged(f"column {letters!r}")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column


def ranges(text: str) -> list[Range]:
    """The rectangles of a `sqref` or `ref`: « A1:B2 D4 »; whole rows and columns too. Raises Damaged."""
    found = []
    for word in text.split():
        first, _, last = word.rpartition("!")[2].partition(":")
        found.append(Range(*_corner(first, 1, 1), *_corner(last or first, MAX_ROW, MAX_COLUMN)))
    return found


def _corner(text: str, row: int, column: int) -> tuple[int, int]:
    bare = text.replace("$", "")
    if bare.isdigit():
        return int(bare), column
    if bare.isalpha():
        return row, position(bare + "1")[1]
    return position(bare)


def scan(data: bytes) -> Scan:
    """Read a worksheet part. Raises Damaged."""
    return _Scanner(data).scan()


class _Scanner(TreeBuilder):
    """A tree of all that surrounds the cells; inside sheetData, only what each cell holds."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._sheet_data: Node | None = None
        self._cells: dict[tuple[int, int], RawCell] = {}
        self._spreads: list[Range] = []
        self._numbers, self._starts, self._ends = array("L"), array("Q"), array("Q")
        self._row = self._column = self._depth = 0
        self._attributes: dict[str, str] = {}
        self._row_inner = 0
        self._text: list[str] | None = None
        self._taking = self._formula = False

    def scan(self) -> Scan:
        root = self.run()
        if self._sheet_data is None:
            raise Damaged("no sheetData")
        return Scan(
            root, self._sheet_data, self._cells, self._spreads, self._numbers, self._starts, self._ends
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        super().start(tag, attributes)
        if len(self._open) == 2 and self._open[1].name == "sheetData":
            self._sheet_data = self._open[1]
            self._prefix = len(self._sheet_data.prefix)
            self.parser.StartElementHandler = self._start_inside
            self.parser.EndElementHandler = self._finish_inside
            self.parser.CharacterDataHandler = self._characters_inside

    def _start_inside(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = tag[self._prefix :]
        if name == "c":
            self._start_cell(attributes)
        elif name == "row":
            self._start_row(attributes)
        elif name == "f":
            self._start_formula(attributes)
        elif name in ("v", "t"):
            self._taking = True
            self._text = [] if self._text is None else self._text
        elif name == "rPh":
            # Phonetic text, in a run of its own; it ends before any other text begins.
            self._depth += 100

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._row + 1))
        if not self._row < number <= MAX_ROW:
            raise Damaged(f"row {number}")
        self._row, self._column = number, 0
        self._row_inner = self.after_tag()
        self._numbers.append(number)
        self._starts.append(self.parser.CurrentByteIndex)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        written = attributes.get("r")
        self._column = column_of(written) if written else self._column + 1
        self._attributes = attributes
        self._text = None
        self._formula = False

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self._formula = True
        if attributes.get("t") in _SPREADING and "ref" in attributes:
            self._spreads += ranges(attributes["ref"])

    def _finish_inside(self, tag: str) -> None:
        if self._depth == 0:
            self.parser.StartElementHandler = self.start
            self.parser.EndElementHandler = self.finish
            self.parser.CharacterDataHandler = self.characters
            self.finish(tag)
            return
        name = tag[self._prefix :]
        self._taking = False
        if name == "rPh":
            self._depth -= 100
        self._depth -= 1
        if name == "c" and self._depth == 1:
            self._finish_cell()
        elif name == "row" and self._depth == 0:
            self._ends.append(self.bounds(self._row_inner)[1])

    def _finish_cell(self) -> None:
        if self._text is None and not self._formula:
            return
        attributes = self._attributes
        text = None if self._text is None else "".join(self._text)
        self._cells[self._row, self._column] = RawCell(
            int(attributes.get("s", 0)), attributes.get("t", "n"), text, self._formula
        )

    def _characters_inside(self, text: str) -> None:
        if self._taking and self._text is not None and self._depth < 100:
            self._text.append(text)
