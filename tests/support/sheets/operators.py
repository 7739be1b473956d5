"""Conversions, comparison and operators of the calculator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.support.sheets.entering import entered
from tests.support.sheets.evaluation import FormulaError, Value
from tests.support.sheets.formats import general


def number(value: Value) -> float:
    """A value as a number; raises FormulaError."""
    if isinstance(value, FormulaError):
        raise value
    if isinstance(value, list):
        return number(value[0][0])
    if value is None or value == "":
        return 0.0
    if isinstance(value, str):
        found, _ = entered(value, "", "en_US", None)
        if not found or "numberValue" not in found:
            raise FormulaError("#VALUE!")
        return float(found["numberValue"])
    return float(value)


def text(value: Value) -> str:
    """A value as text; raises FormulaError."""
    if isinstance(value, FormulaError):
        raise value
    if isinstance(value, list):
        return text(value[0][0])
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return general(value)
    return value or ""


def truth(value: Value) -> bool:
    if isinstance(value, str):
        if value.upper() not in ("TRUE", "FALSE", ""):
            raise FormulaError("#VALUE!")
        return value.upper() == "TRUE"
    return number(value) != 0


def flat(values: Iterable[Value]) -> list[Value]:
    """All single values of some arguments; raises the first error among them."""
    found: list[Value] = []
    for value in values:
        for item in (item for row in value for item in row) if isinstance(value, list) else (value,):
            if isinstance(item, FormulaError):
                raise item
            found.append(item)
    return found


def numbers(values: list[Value]) -> list[float]:
    """The numbers among some arguments: text and logical values count only when given directly."""
    found: list[float] = []
    for value in values:
        if isinstance(value, list):
            found += [x for x in flat([value]) if isinstance(x, int | float) and not isinstance(x, bool)]
        elif value is not None:
            found.append(number(value))
    return found


def operate(sign: str, operands: list[Value]) -> Value:
    """An operator, cell by cell where an operand is an array."""
    tables = [value for value in operands if isinstance(value, list)]
    if not tables:
        return _operate(sign, operands)
    height = max(len(table) for table in tables)
    width = max(len(table[0]) for table in tables)
    return [
        [_operate(sign, [_pick(value, r, c) for value in operands]) for c in range(width)]
        for r in range(height)
    ]


def _pick(value: Value, row: int, column: int) -> Value:
    if not isinstance(value, list):
        return value
    line = value[0] if len(value) == 1 else value[row] if row < len(value) else []
    return line[0] if len(line) == 1 else line[column] if column < len(line) else FormulaError("#N/A")


def _operate(sign: str, operands: list[Value]) -> Value:
    for operand in operands:
        if isinstance(operand, FormulaError):
            return operand
    try:
        if sign == "&":
            return text(operands[0]) + text(operands[1])
        if sign in COMPARE:
            return COMPARE[sign](compare(operands[0], operands[1]))
        return _ARITHMETIC[sign](*(number(operand) for operand in operands))
    except ZeroDivisionError:
        return FormulaError("#DIV/0!")
    except FormulaError as error:
        return error


COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}
_ARITHMETIC: dict[str, Callable[..., float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "^": lambda x, y: x**y,
    "negative": lambda x: -x,
    "percent": lambda x: x / 100,
}


def compare(left: Value, right: Value) -> int:
    """-1, 0 or 1: numbers before text before logical values; text without regard to case."""
    if left is None or right is None:
        other = right if left is None else left
        blank: Value = "" if isinstance(other, str) else False if isinstance(other, bool) else 0
        left, right = (blank if left is None else left), (blank if right is None else right)
    a, b = order_of(left), order_of(right)
    return (a > b) - (a < b)


def order_of(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


def matches(criterion: Value) -> Callable[[Value], bool]:
    """COUNTIF's criteria: `>3`, `<>x`, `a*`, or a value."""
    if not isinstance(criterion, str):
        return lambda value: value is not None and compare(value, criterion) == 0
    sign, wanted = re.fullmatch(r"(<=|>=|<>|<|>|=)?(.*)", criterion, re.DOTALL).groups()  # type: ignore[union-attr]
    found, _ = entered(wanted, "", "en_US", None) if wanted else (None, None)
    if found and "numberValue" in found:
        test = COMPARE[sign or "="]
        return lambda value: (
            test(compare(value, found["numberValue"])) if isinstance(value, int | float) else sign == "<>"
        )
    if sign in ("<", ">", "<=", ">="):
        return lambda value: isinstance(value, str) and COMPARE[sign](compare(value, wanted))
    parts = (".*" if x == "*" else "." if x == "?" else re.escape(x) for x in wanted)
    pattern = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return lambda value: bool(pattern.fullmatch(text(value))) != (sign == "<>")
