"""From the parts of a workbook to the port's Snapshot: titles, values, kinds, formulas and spills."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from workflows.adapters.xlsx_markup import Damaged, plain_text
from workflows.adapters.xlsx_sheet import Range, RawCell, Scan
from workflows.adapters.xlsx_styles import EPOCH_GAP, Styles, iso_serial
from workflows.core.ports import EMPTY, Cell, Kind, Sheet

NOT_CALCULATED = "formule non calculée"
"""The text of an ERROR cell whose formula has no value yet: no program has opened the file since."""


def shared_strings(data: bytes) -> list[str]:
    """The texts that cells refer to by number, rich text as plain text. Raises Damaged."""
    if b"<!DOCTYPE" in data:
        raise Damaged("DOCTYPE")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - a DOCTYPE, and so any entity, is refused above
    except ElementTree.ParseError as error:
        raise Damaged(f"shared strings: {error}") from error
    return [plain_text(_string(item)) for item in root]


def _string(item: ElementTree.Element) -> str:
    """The text of an `si`, of its runs too, but not its phonetic text (rPh)."""
    pieces = []
    for child in item:
        name = child.tag.rpartition("}")[2]
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            pieces += [part.text or "" for part in child if part.tag.endswith("}t")]
    return "".join(pieces)


class Reader:
    """Turns raw cells into the port's cells, for one workbook."""

    def __init__(self, strings: list[str], styles: Styles, date_1904: bool) -> None:
        self._strings = strings
        self._styles = styles
        self._gap = EPOCH_GAP if date_1904 else 0
        self._known: dict[RawCell, Cell] = {}

    def sheet(self, title: str, scan: Scan) -> Sheet:
        """The tab up to its last row that holds something, each row up to its last such cell."""
        found = {place: self._cell(raw) for place, raw in scan.cells.items()}
        _mark_spills(found, scan)
        rows: dict[int, dict[int, Cell]] = {}
        for (row, column), cell in found.items():
            if cell is not EMPTY:
                rows.setdefault(row, {})[column] = cell
        numbers = range(1, max(rows, default=0) + 1)
        return Sheet(title, tuple(_row(rows[number]) if number in rows else () for number in numbers))

    def _cell(self, raw: RawCell) -> Cell:
        known = self._known.get(raw)
        if known is None:
            known = self._known[raw] = self._read(raw)
        return known

    def _read(self, raw: RawCell) -> Cell:
        cell = self._value(raw)
        return replace(cell, formula=True) if raw.formula else cell

    def _value(self, raw: RawCell) -> Cell:
        if raw.kind == "s":
            return _text(self._shared(raw.text or ""))
        if raw.kind in ("inlineStr", "str"):
            return _text(plain_text(raw.text or ""))
        if not raw.text:
            return Cell(NOT_CALCULATED, Kind.ERROR) if raw.formula else EMPTY
        if raw.kind == "b":
            return Cell(raw.text.strip() in ("1", "true"), Kind.BOOLEAN)
        if raw.kind == "e":
            return Cell(raw.text, Kind.ERROR)
        if raw.kind == "d":
            return Cell(iso_serial(raw.text), Kind.DATE)
        return self._number(float(raw.text), raw.style)

    def _number(self, value: float, style: int) -> Cell:
        kind = self._styles.kind(style)
        return Cell(value + self._gap if kind is Kind.DATE else value, kind)

    def _shared(self, text: str) -> str:
        number = int(text)
        if not 0 <= number < len(self._strings):
            raise Damaged(f"shared string {number}")
        return self._strings[number]


def _text(value: str) -> Cell:
    return Cell(value, Kind.TEXT) if value else EMPTY


def _row(cells: dict[int, Cell]) -> tuple[Cell, ...]:
    return tuple(cells.get(column, EMPTY) for column in range(1, max(cells) + 1))


def _mark_spills(found: dict[tuple[int, int], Cell], scan: Scan) -> None:
    """Flag what a formula put into other cells, as far as the tab is used (a range may be a whole column)."""
    if not scan.spreads:
        return
    used = Range(1, 1, max(row for row, _ in found), max(column for _, column in found))
    for spread in scan.spreads:
        for row in range(spread.top, min(spread.bottom, used.bottom) + 1):
            for column in range(spread.left, min(spread.right, used.right) + 1):
                cell = found.get((row, column), EMPTY)
                if (row, column) != spread[:2] and not cell.formula:
                    found[row, column] = replace(cell, spilled=True)
