"""What Google makes of what is typed or sent: ExtendedValues and formats from raw and entered input."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tests.support.sheets.errors import JSON, invalid
from tests.support.sheets.formats import EPOCH

_ERRORS = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
    "#ERROR!": "ERROR",
}
_MONTHS = {
    name: number
    for names, number in (
        ("jan january janv janvier", 1), ("feb february févr fév février", 2), ("mar march mars", 3),
        ("apr april avr avril", 4), ("may mai", 5), ("jun june juin", 6), ("jul july juil juillet", 7),
        ("aug august août", 8), ("sep sept september septembre", 9), ("oct october octobre", 10),
        ("nov november novembre", 11), ("dec december déc décembre", 12),
    )
    for name in names.split()
}  # fmt: skip
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?(?:\s*(?P<half>[AaPp][Mm]))?"
_NUMERIC_DATE = r"(?P<a>\d{1,4})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<c>\d{1,4})"
_NAMED_DATE = (
    r"(?:(?P<d1>\d{1,2})[\s-](?P<m1>[^\W\d]+)\.?|(?P<m2>[^\W\d]+)\.?\s(?P<d2>\d{1,2})),?[\s-](?P<y>\d{4})"
)


def error_value(name: str) -> JSON:
    """The ErrorValue for `#REF!` and its like."""
    return {"errorValue": {"type": _ERRORS.get(name, "ERROR"), "message": name}}


def error_name(value: JSON) -> str:
    sort = value["errorValue"].get("type")
    return next((name for name, known in _ERRORS.items() if known == sort), "#ERROR!")


def raw(value: Any, where: str) -> JSON | None:
    """valueInputOption RAW; None for an empty text, which clears the cell."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int | float):
        return {"numberValue": value}
    if isinstance(value, str):
        return {"stringValue": value} if value else None
    kind = "list_value" if isinstance(value, list) else "struct_value"
    raise invalid(f"Invalid {where}: {kind} {{\n}}\n")


def entered(value: Any, where: str, locale: str, known: JSON | None) -> tuple[JSON | None, JSON | None]:
    """valueInputOption USER_ENTERED: the value, and the NumberFormat that typing it brings (or None).

    `known` is the cell's own NumberFormat: it stays, and as plain text it stops all interpretation.
    """
    if not isinstance(value, str):
        return raw(value, where), None
    if value.startswith("=") and len(value) > 1:
        return {"formulaValue": value}, None
    if not value or (known or {}).get("type") == "TEXT":
        return raw(value, where), None
    if value.startswith("'"):
        return {"stringValue": value[1:]}, None
    if value.upper() in ("TRUE", "FALSE", *(("VRAI", "FAUX") if locale.startswith("fr") else ())):
        return {"boolValue": value.upper() in ("TRUE", "VRAI")}, None
    if value.upper() in _ERRORS:
        return error_value(value.upper()), None
    found = _number(value.strip(), locale) or _moment(value.strip(), locale)
    if not found:
        return {"stringValue": value}, None
    number, number_format = found
    return {"numberValue": number}, (None if known else number_format)


def _number(text: str, locale: str) -> tuple[float, JSON | None] | None:
    """A number with its thousands, percent, currency or exponent, and the format it brings."""
    french = locale.startswith("fr")
    if french and "." in text:
        return None
    body = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3})", "", text).replace(",", ".") if french else text
    currency = re.search(r"^([-+]?)\s*([$€£])\s*|\s*([$€£])$", body)
    if currency:
        body = body[: currency.start()] + (currency[1] or "") + body[currency.end() :]
    percent = body.endswith("%")
    body = body.removesuffix("%").strip()
    if not re.fullmatch(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?:\.\d*)?(?:[eE][-+]?\d+)?", body):
        return None
    number = float(body.replace(",", ""))
    places = ".00" if "." in body else ""
    if percent:
        return number / 100, {"type": "PERCENT", "pattern": f"0{places}%"}
    if currency:
        sign = currency[2] or currency[3]
        pattern = f'#,##0{places} "{sign}"' if french else f'"{sign}"#,##0{places}'
        return number, {"type": "CURRENCY", "pattern": pattern}
    if "e" in body.lower():
        return number, {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    grouped = "," in body or (french and len(body) < len(text))
    return number, ({"type": "NUMBER", "pattern": f"#,##0{places}"} if grouped else None)


def _moment(text: str, locale: str) -> tuple[float, JSON] | None:
    """A date, a time or both, and the format it brings."""
    time_only = re.fullmatch(_TIME, text)
    if time_only:
        return _fraction(time_only), {"type": "TIME", "pattern": _time_pattern(time_only)}
    match = re.fullmatch(rf"(?:{_NUMERIC_DATE}|{_NAMED_DATE})(?:[T ]\s*{_TIME})?", text)
    if not match:
        return None
    try:
        day, pattern = _numeric(match, locale) if match["a"] else _named(match, locale)
    except (ValueError, KeyError):
        return None
    serial = float((day - EPOCH).days)
    if match["hour"] is None:
        return serial, {"type": "DATE", "pattern": pattern}
    return serial + _fraction(match), {"type": "DATE_TIME", "pattern": f"{pattern} {_time_pattern(match)}"}


def _numeric(match: re.Match[str], locale: str) -> tuple[datetime, str]:
    first, second, third = match["a"], match["b"], match["c"]
    sep = match["sep"]
    if len(first) == 4:
        pattern = f"yyyy{sep}{_width('m', second)}{sep}{_width('d', third)}"
        return datetime(int(first), int(second), int(third), tzinfo=UTC), pattern
    if len(first) > 2 or len(third) not in (2, 4):
        raise ValueError
    year = int(third) + (0 if len(third) == 4 else 2000 if int(third) < 70 else 1900)
    letters = "dm" if locale.startswith("fr") else "md"
    day, month = (first, second) if letters == "dm" else (second, first)
    pattern = f"{_width(letters[0], first)}{sep}{_width(letters[1], second)}{sep}{'y' * len(third)}"
    return datetime(year, int(month), int(day), tzinfo=UTC), pattern


def _width(letter: str, digits: str) -> str:
    return letter * (2 if digits.startswith("0") else 1)


def _named(match: re.Match[str], locale: str) -> tuple[datetime, str]:
    name = (match["m1"] or match["m2"]).lower()
    day = int(match["d1"] or match["d2"])
    pattern = "d mmm yyyy" if match["d1"] else "mmm d, yyyy"
    return datetime(int(match["y"]), _MONTHS[name], day, tzinfo=UTC), pattern


def _fraction(match: re.Match[str]) -> float:
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    return (hour * 3600 + int(match["minute"]) * 60 + int(match["second"] or 0)) / 86400


def _time_pattern(match: re.Match[str]) -> str:
    hours = "hh" if match["hour"].startswith("0") else "h"
    return hours + ":mm" + (":ss" if match["second"] else "") + (" am/pm" if match["half"] else "")
