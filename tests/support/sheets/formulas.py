"""Formulas as text: tokens, syntax tree, and references that move with rows and columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.sheets import a1
from tests.support.sheets.a1 import Box

Node = tuple[Any, ...]
"""("number", x) ("text", s) ("bool", b) ("error", name) ("blank",) ("name", n) ("range", title, Box)
("call", NAME, args) ("op", sign, left, right) ("negative", x) ("percent", x) ("array", rows)."""

_TITLE = r"(?:'(?:[^']|'')*'|[A-Za-z_\u00c0-\uffff][\w.\u00c0-\uffff]*)!"
_COLUMN, _ROW = r"\$?[A-Za-z]{1,3}", r"\$?[0-9]+"
_PLACE = rf"{_COLUMN}{_ROW}(?::{_COLUMN}(?:{_ROW})?)?|{_COLUMN}:{_COLUMN}|{_ROW}:{_ROW}"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<range>(?:{_TITLE})?(?:{_PLACE})(?![\w(]))
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<error>\#(?:N/A|DIV/0!|[A-Z]+[!?]))
    |(?P<name>(?:{_TITLE})?[A-Za-z_\u00c0-\uffff][\w.\u00c0-\uffff]*)
    |(?P<sign><=|>=|<>|[-+*/^&=<>%(){{}},;])""",
    re.VERBOSE,
)
_STRENGTH = {
    "=": 1,
    "<>": 1,
    "<": 1,
    ">": 1,
    "<=": 1,
    ">=": 1,
    "&": 2,
    "+": 3,
    "-": 3,
    "*": 4,
    "/": 4,
    "^": 5,
}
_SIGN = 6
"""A sign binds more than a power: =-2^2 is 4."""


class FormulaSyntaxError(Exception):
    """The formula cannot be read: it shows #ERROR!."""


def tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of each token, spaces included; raises FormulaSyntaxError."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise FormulaSyntaxError(text)
        found.append((str(match.lastgroup), match[0]))
        at = match.end()
    return found


def parse(formula: str) -> Node:
    """The tree of a formula with its leading `=`; raises FormulaSyntaxError."""
    parser = _Parser([token for token in tokens(formula[1:]) if token[0] != "space"])
    tree = parser.expression(0)
    if parser.peek() != ("end", ""):
        raise FormulaSyntaxError(formula)
    return tree


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self._tokens = found
        self._at = 0

    def peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self.peek()
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            raise FormulaSyntaxError(sign)

    def expression(self, least: int) -> Node:
        left = self._operand()
        while True:
            kind, sign = self.peek()
            if (kind, sign) == ("sign", "%"):
                self._take()
                left = ("percent", left)
                continue
            strength = _STRENGTH.get(sign, 0) if kind == "sign" else 0
            if strength <= least:
                return left
            self._take()
            left = ("op", sign, left, self.expression(strength))

    def _operand(self) -> Node:
        kind, text = self._take()
        if kind == "number":
            return "number", float(text)
        if kind == "text":
            return "text", text[1:-1].replace('""', '"')
        if kind == "error":
            return "error", text
        if kind == "range":
            title, place = a1.split(text)
            return "range", title, a1.parse_box(place.replace("$", ""))
        if kind == "name":
            return self._name(text)
        return self._signed(text) if kind == "sign" else self._fail(text)

    def _name(self, text: str) -> Node:
        if self.peek() == ("sign", "("):
            self._take()
            return "call", text.upper(), self._arguments()
        if text.upper() in ("TRUE", "FALSE"):
            return "bool", text.upper() == "TRUE"
        return "name", a1.split(text)[1]

    def _signed(self, sign: str) -> Node:
        if sign == "(":
            inner = self.expression(0)
            self._expect(")")
            return inner
        if sign == "-":
            return "negative", self.expression(_SIGN)
        if sign == "+":
            return self.expression(_SIGN)
        return self._array() if sign == "{" else self._fail(sign)

    def _fail(self, text: str) -> Node:
        raise FormulaSyntaxError(text)

    def _arguments(self) -> list[Node]:
        found: list[Node] = []
        if self.peek() == ("sign", ")"):
            self._take()
            return found
        while True:
            missing = self.peek() in (("sign", ","), ("sign", ";"), ("sign", ")"))
            found.append(("blank",) if missing else self.expression(0))
            sign = self._take()
            if sign == ("sign", ")"):
                return found
            if sign not in (("sign", ","), ("sign", ";")):
                raise FormulaSyntaxError(sign[1])

    def _array(self) -> Node:
        rows: list[list[Node]] = [[]]
        while True:
            rows[-1].append(self.expression(0))
            sign = self._take()
            if sign == ("sign", "}"):
                return "array", rows
            if sign == ("sign", ";"):
                rows.append([])
            elif sign != ("sign", ","):
                raise FormulaSyntaxError(sign[1])


Moved = Callable[[str, int], int | None]
"""Where a row or column ("ROWS"/"COLUMNS", index) goes; None: it is deleted."""


def rewrite(formula: str, applies: Callable[[str | None], bool], moved: Moved) -> str:
    """The formula with each reference to a tab that `applies` following its cells as they moved."""
    return _each_range(formula, lambda title, place: _moved(place, moved) if applies(title) else place)


def translate(formula: str, rows: int, columns: int) -> str:
    """The formula as copied that many rows and columns away: `$` holds a reference in place."""

    def corner(text: str) -> str:
        match = re.fullmatch(r"(\$?)([A-Za-z]*)(\$?)([0-9]*)", text)
        if not match:
            return text
        column, row = match[2], match[4]
        if column and not match[1]:
            column = a1.column_name(max(0, a1.column_index(column) + columns))
        if row and not (match[3] or (match[1] and not match[2])):
            row = str(max(1, int(row) + rows))
        return match[1] + column + match[3] + row

    return _each_range(formula, lambda _, place: ":".join(corner(part) for part in place.split(":")))


def retitle(formula: str, old: str, new: str) -> str:
    """The formula after a tab was renamed."""
    return _each_range(
        formula, lambda _, place: place, lambda title: new if title.casefold() == old.casefold() else title
    )


def _each_range(
    formula: str,
    change: Callable[[str | None, str], str],
    rename: Callable[[str], str] = lambda title: title,
) -> str:
    try:
        found = tokens(formula[1:])
    except FormulaSyntaxError:
        return formula
    parts = ["="]
    for kind, text in found:
        if kind == "range":
            title, place = a1.split(text)
            prefix = f"{a1.quoted(rename(title))}!" if title is not None else ""
            parts.append(prefix + change(title, place))
        else:
            parts.append(text)
    return "".join(parts)


def _moved(place: str, moved: Moved) -> str:
    box = a1.parse_box(place.replace("$", ""))
    if box is None:
        return place
    rows = _moved_span("ROWS", box.top, box.bottom, moved)
    columns = _moved_span("COLUMNS", box.left, box.right, moved)
    if rows is None or columns is None:
        return "#REF!"
    if (rows, columns) == ((box.top, box.bottom), (box.left, box.right)):
        return place
    fixed = "$" if "$" in place else ""
    corners = [_corner(fixed, rows[0], columns[0]), _corner(fixed, _last(rows[1]), _last(columns[1]))]
    return corners[0] if ":" not in place else ":".join(corners)


def _last(end: int | None) -> int | None:
    return None if end is None else end - 1


def _corner(fixed: str, row: int | None, column: int | None) -> str:
    name = fixed + a1.column_name(column) if column is not None else ""
    return name + (f"{fixed}{row + 1}" if row is not None else "")


def _moved_span(
    dimension: str, start: int | None, end: int | None, moved: Moved
) -> tuple[int | None, int | None] | None:
    """Where a span went; None if nothing of it is left."""
    if start is None or end is None:
        return start, end
    places = [place for index in range(start, end) if (place := moved(dimension, index)) is not None]
    return (min(places), max(places) + 1) if places else None


__all__ = ["Box", "FormulaSyntaxError", "Moved", "Node", "parse", "retitle", "rewrite", "translate"]
