"""Times of day and declared hours, as French people write them."""

from __future__ import annotations

import re
from datetime import time, timedelta

from workflows.core.cells import Unreadable, is_blank, number, plain, serial_moment, text
from workflows.core.french import NBSP, duration, quoted
from workflows.core.ports import Cell, Kind

MOST_HOURS = timedelta(hours=60)
"""More than this in one week is minutes taken for hours, or a slip."""

_NUMBERS = {
    "zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7,
    "huit": 8, "neuf": 9, "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15,
    "seize": 16, "dix-sept": 17, "dix-huit": 18, "dix-neuf": 19, "vingt": 20, "trente": 30,
    "quarante": 40, "quarante-cinq": 45, "cinquante": 50,
}  # fmt: skip
_NUMBER = re.compile(rf"\b(?:{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b")

_HOUR = r"h(?:eures?|rs?)?(?:\b\.?|(?=[0-9]))"
_MINUTE = r"(?:m(?:n|in|inutes?)?\b\.?|')"
_PARTS = {"demi": 30, "demie": 30, "1/2": 30, "quart": 15, "1/4": 15, "3 quarts": 45, "3/4": 45}
_PART = r"(?P<part>demie?|1/2|quart|1/4|3 quarts|3/4)"
_SIGNS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4"})

_CLOCKS = tuple(
    map(
        re.compile,
        (
            rf"(?P<h>[0-9]{{1,2}}) ?{_HOUR}(?: ?(?P<m>[0-9]{{2}})(?: ?{_MINUTE})?)?",
            rf"(?P<h>[0-9]{{1,2}}) ?{_HOUR} et {_PART}",
            r"(?P<h>[0-9]{1,2}) ?: ?(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2})(?:[.,][0-9]{1,6})?)?",
            r"(?P<h>0?[1-9]|1[0-9]|2[0-3])",
        ),
    )
)

_DURATIONS = tuple(
    map(
        re.compile,
        (
            rf"(?P<h>[0-9]{{1,4}}) ?{_HOUR}(?: ?(?:et )?(?P<m>[0-9]{{2}}))?",
            rf"(?P<h>[0-9]{{1,4}}) ?{_HOUR} ?(?:et )?(?P<m>[0-9]{{1,2}}) ?{_MINUTE}",
            rf"(?P<h>[0-9]{{1,4}}) ?{_HOUR} ?(?:et )?(?:1 )?{_PART}",
            rf"(?P<part>1/2|1/4|3/4) ?(?:d')?{_HOUR}",
            rf"(?P<h>[0-9]{{1,2}}) (?P<part>1/2|1/4|3/4)(?: ?{_HOUR})?",
            rf"(?:1 )?(?P<part>demie?)[ -]?{_HOUR}",
            rf"(?:1 )?(?P<part>quart|3 quarts) d'{_HOUR}",
            r"(?P<h>[0-9]{1,4}) ?: ?(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2}))?",
            rf"(?P<long>[0-9]{{1,4}}) ?{_MINUTE}",
        ),
    )
)
_DECIMAL = re.compile(rf"(?P<whole>[0-9]{{1,4}})(?:[.,](?P<decimals>[0-9]{{1,4}}))? ?(?:{_HOUR})?")
_PER_WEEK = re.compile(r" ?(?:/|par ) ?(?:sem\.?|semaine)$")


def _in_digits(words: str) -> str:
    """« deux heures quinze » → « 2 heures 15 », « 2½ » → « 2 1/2 »; the rest as it is."""
    return _NUMBER.sub(lambda m: str(_NUMBERS[m.group()]), words).translate(_SIGNS).strip()


def clock(words: str) -> time | None:
    """The time of day that these `plain` words say, None if they say none. Hours go from 0 to 23."""
    words = re.sub(r"^(midi|minuit)", lambda m: "12 h" if m.group() == "midi" else "0 h", words)
    for pattern in _CLOCKS:
        if found := pattern.fullmatch(_in_digits(words)):
            groups = found.groupdict()
            minute = _PARTS[groups["part"]] if groups.get("part") else int(groups.get("m") or 0)
            try:
                return time(int(groups["h"]), minute, int(groups.get("s") or 0))
            except ValueError:
                return None
    return None


def time_(cell: Cell) -> time:
    """A time of day: `14h`, `14 h 30`, `14:00`, « midi », a time cell or the time in a date cell.

    Raises Unreadable for nothing, 24 h and more, and all that is not one time.
    """
    if is_blank(cell):
        raise Unreadable("L'heure manque.", f"Écrivez-la, par exemple {quoted(f'14{NBSP}h{NBSP}30')}.")
    at: time | None = None
    if cell.kind is Kind.DATE:
        # A date at midnight is a date without a time: nobody meets at 0 h.
        at = serial_moment(number(cell)).time()
        at = at if at != time(0) else None
    elif cell.kind is Kind.TIME or (cell.kind is Kind.NUMBER and 0 < number(cell) < 1):
        at = _time_in_days(number(cell))  # a number below one: a time in a cell without a time format
    elif cell.kind is not Kind.BOOLEAN:
        at = clock(re.sub(r"^a (?=[0-9m])", "", plain(text(cell))))
    if at is None:
        raise Unreadable(
            f"{quoted(text(cell))} n'est pas une heure de la journée.",
            f"Écrivez une seule heure, entre 0{NBSP}h et 23{NBSP}h{NBSP}59, par exemple "
            f"{quoted(f'14{NBSP}h{NBSP}30')}.",
        )
    return at


def optional_time(cell: Cell) -> time | None:
    """As `time_`, but None for an empty cell."""
    return None if is_blank(cell) else time_(cell)


def _time_in_days(days: float) -> time | None:
    if not 0 <= days < 1 or round(days * 86_400) == 86_400:
        return None
    return serial_moment(days).time()


def hours(cell: Cell) -> timedelta | None:
    """Hours declared for one week, to the minute; None for an empty cell.

    Reads `2h30`, `2:30`, `2,5`, `90 min`, « une heure et demie », a number (of hours), a time cell
    (26:30 is 26 h 30). Raises Unreadable below zero, above 60 h, and for all that is not one duration.
    """
    if is_blank(cell):
        return None
    if cell.kind is Kind.NUMBER:
        return _bounded(number(cell) * 60, cell)
    if cell.kind is Kind.TIME:
        return _bounded(number(cell) * 1440, cell)
    if cell.kind is Kind.DATE:
        raise Unreadable(
            f"La durée a été prise pour une date ({text(cell)}).",
            "Mettez la colonne au format texte et écrivez de nouveau la durée.",
        )
    shown = text(cell)
    words = _PER_WEEK.sub("", _in_digits(plain(shown))).rstrip(" .")
    minutes = _minutes(words, shown)
    if minutes is None or cell.kind is Kind.BOOLEAN:
        raise _not_a_duration(shown)
    return _bounded(minutes, cell)


def minimum(cell: Cell) -> timedelta | None:
    """The hours expected of one person each week, read as `hours`; None: the usual ones."""
    return hours(cell)


def _minutes(words: str, shown: str) -> float | None:
    if re.match(r"- ?\d", words):
        raise Unreadable(
            f"La durée {quoted(shown)} est négative.", "Écrivez un nombre d'heures positif, ou 0."
        )
    for pattern in _DURATIONS:
        if found := pattern.fullmatch(words):
            return _sum(found.groupdict())
    if found := _DECIMAL.fullmatch(words):
        whole, decimals = found["whole"], found["decimals"] or "0"
        _refuse_ambiguous(whole, decimals, shown)
        return float(f"{whole}.{decimals}") * 60
    return None


def _sum(groups: dict[str, str | None]) -> float | None:
    if groups.get("long"):
        return float(groups["long"] or 0)
    minute, second = int(groups.get("m") or 0), int(groups.get("s") or 0)
    if minute > 59 or second > 59:
        return None
    part = groups.get("part")
    return int(groups.get("h") or 0) * 60 + minute + second / 60 + (_PARTS[part] if part else 0)


def _refuse_ambiguous(whole: str, decimals: str, shown: str) -> None:
    """« 1,30 » is 1 h 30 for some and 1 h 18 for others; « 1,25 », « 1,50 » and « 1,75 » are quarters."""
    if len(decimals) == 2 and 0 < int(decimals) < 60 and decimals not in ("25", "50"):
        readings = [int(whole) * 60 + int(decimals), round(float(f"{whole}.{decimals}") * 60)]
        either, other = (duration(timedelta(minutes=minutes)) for minutes in readings)
        raise Unreadable(
            f"{quoted(shown)} peut vouloir dire {either} ou {other}.",
            f"Écrivez {quoted(either)} si c'est cela.",
        )


def _bounded(minutes: float, cell: Cell) -> timedelta:
    if minutes < 0:
        raise Unreadable(
            f"La durée {quoted(text(cell))} est négative.", "Écrivez un nombre d'heures positif, ou 0."
        )
    if minutes > MOST_HOURS.total_seconds() / 60:
        shown = text(cell)
        raise Unreadable(
            f"{quoted(shown)} fait plus de {duration(MOST_HOURS)} en une semaine.",
            f"S'il s'agit de minutes, écrivez-le ({quoted(f'90{NBSP}min')}){NBSP}; sinon, corrigez la durée.",
        )
    length = timedelta(minutes=round(minutes))
    if minutes and not length:
        raise _not_a_duration(text(cell))
    return length


def _not_a_duration(shown: str) -> Unreadable:
    examples = f"{quoted(f'2{NBSP}h')}, {quoted(f'1{NBSP}h{NBSP}30')} ou {quoted(f'45{NBSP}min')}"
    return Unreadable(f"{quoted(shown)} n'est pas une durée lisible.", f"Écrivez par exemple {examples}.")
