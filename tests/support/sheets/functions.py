"""Functions of the calculator: those that a coordination's workbook would use."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.support.sheets import formats
from tests.support.sheets.errors import Key
from tests.support.sheets.evaluation import Calculator, FormulaError, Value
from tests.support.sheets.formats import EPOCH
from tests.support.sheets.formulas import Node
from tests.support.sheets.model import Sheet
from tests.support.sheets.operators import compare, flat, matches, number, numbers, order_of, text, truth


def call(calculator: Calculator, name: str, nodes: list[Node], sheet: Sheet, key: Key) -> Value:
    """A function's value; raises FormulaError (#NAME? for one that is not here)."""

    def value(at: int, default: Value = None) -> Value:
        return calculator.evaluate(nodes[at], sheet, key) if at < len(nodes) else default

    if name == "IF":
        chosen = 1 if truth(value(0)) else 2
        return value(chosen, False)
    if name in ("IFERROR", "IFNA"):
        return _guarded(value, name)
    if name in ("ROW", "COLUMN", "ROWS", "COLUMNS"):
        return _geometry(calculator, name, nodes, sheet, key)
    if name in ("NOW", "TODAY"):
        return _now(calculator) if name == "NOW" else float(math.floor(_now(calculator)))
    if name in ("ISERROR", "ISNA"):
        return _is_error(value, name)
    function = FUNCTIONS.get(name)
    if function is None:
        raise FormulaError("#NAME?")
    try:
        return function(*(value(at) for at in range(len(nodes))))
    except ZeroDivisionError:
        raise FormulaError("#DIV/0!") from None
    except TypeError:
        raise FormulaError("#N/A") from None


def _try(value: Callable[[int], Value], at: int) -> Value:
    try:
        return value(at)
    except FormulaError as error:
        return error


def _guarded(value: Callable[[int], Value], name: str) -> Value:
    found = _try(value, 0)
    failed = isinstance(found, FormulaError) and (name == "IFERROR" or found.name == "#N/A")
    return value(1) if failed else found


def _is_error(value: Callable[[int], Value], name: str) -> bool:
    found = _try(value, 0)
    return isinstance(found, FormulaError) and (name == "ISERROR" or found.name == "#N/A")


def _geometry(calculator: Calculator, name: str, nodes: list[Node], sheet: Sheet, key: Key) -> Value:
    if not nodes:
        return float(key[0] + 1 if name == "ROW" else key[1] + 1)
    found = calculator.place(nodes[0], sheet)
    if found is None:
        raise FormulaError("#VALUE!")
    top, bottom, left, right = found[1].within(found[0].rows, found[0].columns).sides
    sizes = {"ROW": top + 1, "COLUMN": left + 1, "ROWS": bottom - top, "COLUMNS": right - left}
    return float(sizes[name])


def _moment(value: Value) -> datetime:
    return EPOCH + timedelta(days=number(value))


def _now(calculator: Calculator) -> float:
    """The serial number of the time on the spreadsheet's wall."""
    zone = ZoneInfo(calculator.spreadsheet.properties.get("timeZone", "Etc/GMT"))
    return (datetime.now(zone).replace(tzinfo=UTC) - EPOCH) / timedelta(days=1)


def _date(year: Value, month: Value, day: Value) -> float:
    """DATE carries months over: month 13 is next January; day 0 the last of the month before."""
    years, months = divmod(int(number(month)) - 1, 12)
    first = datetime(int(number(year)) + years, months + 1, 1, tzinfo=UTC)
    return float((first - EPOCH).days + int(number(day)) - 1)


def _round(value: Value, places: Value = 0) -> float:
    scale = 10 ** int(number(places))
    scaled = abs(number(value)) * scale
    return math.copysign(math.floor(scaled + 0.5 + 1e-12) / scale, number(value))


def _lookup(wanted: Value, table: Value, index: Value, ordered: Value = True) -> Value:
    best: Value = FormulaError("#N/A")
    for row in table:
        order = compare(row[0], wanted)
        if order == 0:
            return row[int(number(index)) - 1]
        if order < 0 and truth(ordered) and row[0] is not None:
            best = row[int(number(index)) - 1]
    return best


def _match(wanted: Value, table: Value, sort: Value = 1) -> Value:
    line = [row[0] for row in table] if len(table) > 1 else table[0]
    best: Value = FormulaError("#N/A")
    for at, item in enumerate(line):
        if compare(item, wanted) == 0:
            return float(at + 1)
        if number(sort) == 1 and item is not None and compare(item, wanted) < 0:
            best = float(at + 1)
    return best


def _table(value: Value) -> list[list[Value]]:
    return value if isinstance(value, list) else [[value]]


def _pairs(arguments: tuple[Value, ...]) -> list[bool]:
    """Where all of (range, criterion, range, criterion…) hold."""
    tests = [
        [matches(criterion)(item) for item in flat([_table(table)])]
        for table, criterion in zip(arguments[::2], arguments[1::2], strict=True)
    ]
    return [all(column) for column in zip(*tests, strict=True)]


def _sum_if(table: Value, criterion: Value, summed: Value = None) -> float:
    values = flat([_table(summed if summed is not None else table)])
    kept = _pairs((table, criterion))
    return sum(x for x, keep in zip(values, kept, strict=False) if keep and isinstance(x, int | float))


def _unique(table: Value) -> Value:
    rows: list[list[Value]] = []
    for row in _table(table):
        if row not in rows:
            rows.append(row)
    return rows


def _filter(table: Value, *conditions: Value) -> Value:
    masks = [[truth(x) for x in flat([condition])] for condition in conditions]
    rows = [row for at, row in enumerate(_table(table)) if all(mask[at] for mask in masks)]
    return rows or FormulaError("#N/A")


def _joined(separator: Value, skip: Value, *values: Value) -> str:
    parts = [text(item) for item in flat(values)]
    return text(separator).join(part for part in parts if part or not truth(skip))


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "SUM": lambda *v: sum(numbers(list(v))),
    "PRODUCT": lambda *v: math.prod(numbers(list(v))),
    "AVERAGE": lambda *v: sum(numbers(list(v))) / len(numbers(list(v))),
    "MIN": lambda *v: min(numbers(list(v)), default=0),
    "MAX": lambda *v: max(numbers(list(v)), default=0),
    "COUNT": lambda *v: float(len(numbers([_table(x) for x in v]))),
    "COUNTA": lambda *v: float(sum(x is not None for x in flat(v))),
    "COUNTBLANK": lambda v: float(sum(x in (None, "") for x in flat([v]))),
    "COUNTUNIQUE": lambda *v: float(len({order_of(x) for x in flat(v) if x is not None})),
    "COUNTIF": lambda *v: float(sum(_pairs(v))),
    "COUNTIFS": lambda *v: float(sum(_pairs(v))),
    "SUMIF": _sum_if,
    "AND": lambda *v: all(truth(x) for x in flat(v)),
    "OR": lambda *v: any(truth(x) for x in flat(v)),
    "NOT": lambda v: not truth(v),
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "NA": lambda: FormulaError("#N/A"),
    "PI": lambda: math.pi,
    "ABS": lambda v: abs(number(v)),
    "INT": lambda v: float(math.floor(number(v))),
    "MOD": lambda x, y: number(x) % number(y),
    "SQRT": lambda v: math.sqrt(number(v)),
    "POWER": lambda x, y: number(x) ** number(y),
    "ROUND": _round,
    "CONCATENATE": lambda *v: "".join(text(x) for x in flat(v)),
    "CONCAT": lambda x, y: text(x) + text(y),
    "JOIN": lambda separator, *v: _joined(separator, False, *v),
    "TEXTJOIN": _joined,
    "LEFT": lambda v, n=1: text(v)[: int(number(n))],
    "RIGHT": lambda v, n=1: text(v)[len(text(v)) - int(number(n)) :] if number(n) < len(text(v)) else text(v),
    "MID": lambda v, start, n: text(v)[int(number(start)) - 1 :][: int(number(n))],
    "LEN": lambda v: float(len(text(v))),
    "UPPER": lambda v: text(v).upper(),
    "LOWER": lambda v: text(v).lower(),
    "PROPER": lambda v: text(v).title(),
    "TRIM": lambda v: " ".join(text(v).split()),
    "SUBSTITUTE": lambda v, old, new: text(v).replace(text(old), text(new)),
    "EXACT": lambda x, y: text(x) == text(y),
    "VALUE": number,
    "TEXT": lambda v, pattern: formats.show(number(v), {"pattern": text(pattern)}),
    "HYPERLINK": lambda link, label=None: text(link if label is None else label),
    "ISBLANK": lambda v: v is None,
    "ISNUMBER": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "ISTEXT": lambda v: isinstance(v, str),
    "DATE": _date,
    "YEAR": lambda v: float(_moment(v).year),
    "MONTH": lambda v: float(_moment(v).month),
    "DAY": lambda v: float(_moment(v).day),
    "WEEKDAY": lambda v: float(_moment(v).isoweekday() % 7 + 1),
    "VLOOKUP": _lookup,
    "MATCH": _match,
    "INDEX": lambda table, r=0, c=1: _table(table)[int(number(r)) - 1][int(number(c)) - 1],
    "ARRAYFORMULA": lambda v: v,
    "TRANSPOSE": lambda v: [list(row) for row in zip(*_table(v), strict=True)],
    "UNIQUE": _unique,
    "FILTER": _filter,
    "SORT": lambda v: sorted(_table(v), key=lambda row: order_of(row[0])),
    "SEQUENCE": lambda rows, columns=1: [
        [float(r * int(number(columns)) + c + 1) for c in range(int(number(columns)))]
        for r in range(int(number(rows)))
    ],
    "SPLIT": lambda v, separator: [[part for part in text(v).split(text(separator)) if part]],
}
