"""Dates as French people write them: day, month, year."""

from __future__ import annotations

import re
from datetime import date, timedelta

from workflows.core.cells import Unreadable, is_blank, number, plain, serial_moment, text
from workflows.core.durations import clock
from workflows.core.french import MONTHS, NBSP, WEEKDAYS, date_long, date_short, quoted, weekday
from workflows.core.ports import Cell, Kind

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""No date of this work lies outside; what does is a slip, or a number that is no date."""

_START = r"(?:le )?(?:(?P<weekday>[a-z]{2,9})\.?,? ?(?:le )?)?"
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})"
_END = r"(?:(?:t| a |, | )(?P<time>[0-9]{1,2} ?[h:].*|midi))?\.?"
_FORMS = tuple(
    map(
        re.compile,
        (
            (
                rf"{_START}(?P<day>[0-9]{{1,2}}) ?(?P<sep>[/. -]) ?(?P<month>[0-9]{{1,2}})"
                rf"(?: ?(?P=sep) ?{_YEAR})?{_END}"
            ),
            (
                rf"{_START}(?P<year>[0-9]{{4}})(?P<sep>[/.-])(?P<month>[0-9]{{1,2}})(?P=sep)"
                rf"(?P<day>[0-9]{{1,2}}){_END}"
            ),
            (
                rf"{_START}(?P<day>1 ?er|premier|[0-9]{{1,2}})[ -]?(?P<month>[a-z]{{3,9}})\.?"
                rf"(?:[ -]?{_YEAR})?{_END}"
            ),
        ),
    )
)


def among(names: tuple[str, ...], word: str, shortest: int) -> int | None:
    """The position of the one name that `word` (`plain`) is, or begins with at least `shortest` letters."""
    starts = [i for i, name in enumerate(names) if plain(name).startswith(word)]
    return starts[0] if len(starts) == 1 and len(word) >= shortest else None


def weekday_named(word: str) -> int | None:
    """0 for `lundi`, `lundis`, `lun` or `lu` (`plain`) to 6 for Sunday; None if it names no day."""
    return among(WEEKDAYS, word[:-1] if word[:-1] in WEEKDAYS else word, 2)


def date_(cell: Cell, today: date) -> date:
    """A date: `14/09/2026`, `2026-09-14`, « lundi 14 sept. 2026 », a date cell, a serial number.

    Two digits of year mean the nearest such year to `today`; a time of day after the date is dropped.
    Raises Unreadable for nothing, no year, an impossible date, a weekday that is not the date's.
    """
    if is_blank(cell):
        raise Unreadable("La date manque.", f"Écrivez-la, par exemple {quoted(date_short(today))}.")
    if cell.kind is Kind.DATE or (cell.kind is Kind.NUMBER and _may_be_serial(number(cell))):
        return _in_range(serial_moment(number(cell)).date(), text(cell))
    shown = text(cell)
    if cell.kind in (Kind.TEXT, Kind.NUMBER):
        for form in _FORMS:
            if found := form.fullmatch(plain(shown)):
                return _date_of(found.groupdict(), shown, today)
    raise _not_a_date(shown, today)


def optional_date(cell: Cell, today: date) -> date | None:
    """As `date_`, but None for an empty cell."""
    return None if is_blank(cell) else date_(cell, today)


def _may_be_serial(days: float) -> bool:
    return 30_000 < days < 80_000 and FIRST_YEAR <= serial_moment(days).year <= LAST_YEAR


def _not_a_date(shown: str, today: date) -> Unreadable:
    return Unreadable(
        f"{quoted(shown)} n'est pas une date lisible.",
        f"Écrivez le jour, le mois et l'année, par exemple {quoted(date_short(today))}.",
    )


def _date_of(groups: dict[str, str | None], shown: str, today: date) -> date:
    day = int(re.sub(r"premier|1 ?er", "1", groups["day"] or ""))
    month = _month(groups["month"] or "")
    if month is None or (groups["time"] and clock(groups["time"]) is None):
        raise _not_a_date(shown, today)
    if groups["year"] is None:
        raise _no_year(day, month, shown, today)
    read = _in_range(_existing(_year(groups["year"], today), month, day, shown), shown)
    if groups["weekday"]:
        _check_weekday(groups["weekday"], read, shown, today)
    return read


def _month(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    position = among(MONTHS, word, 3)
    return None if position is None else position + 1


def _year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    return min((century + int(digits) for century in (1900, 2000, 2100)), key=lambda y: abs(y - today.year))


def _existing(year: int, month: int, day: int, shown: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        if month > 12:
            what = f"Dans {quoted(shown)}, le mois {month} n'existe pas."
        else:
            what = f"La date {quoted(shown)} n'existe pas."
    raise Unreadable(what, "Corrigez-la, dans l'ordre jour, mois, année.")


def _in_range(read: date, shown: str) -> date:
    if FIRST_YEAR <= read.year <= LAST_YEAR:
        return read
    raise Unreadable(f"Dans {quoted(shown)}, l'année {read.year} est impossible.", "Corrigez l'année.")


def _no_year(day: int, month: int, shown: str, today: date) -> Unreadable:
    """The remedy shows the next such day from today."""
    example = today
    for candidate in (today + timedelta(days=i) for i in range(8 * 366)):
        if (candidate.day, candidate.month) == (day, month):
            example = candidate
            break
    return Unreadable(
        f"L'année manque dans {quoted(shown)}.",
        f"Écrivez aussi l'année, par exemple {quoted(date_short(example))}.",
    )


def _check_weekday(word: str, read: date, shown: str, today: date) -> None:
    named = weekday_named(word)
    if named is None:
        raise _not_a_date(shown, today)
    if named != read.weekday():
        raise Unreadable(
            f"Le {date_short(read)} est un {weekday(read)}, pas un {WEEKDAYS[named]}.",
            f"Corrigez le jour ou la date{NBSP}: {quoted(date_long(read))}, ou un autre jour.",
        )
