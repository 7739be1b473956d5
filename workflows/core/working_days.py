"""Working days in France: Monday to Friday, public holidays left out.

The holidays are those of the Code du travail, article L3133-1, in metropolitan France outside
Alsace-Moselle.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER = (1, 39, 50)
"""Easter Monday, Ascension Day, Whit Monday: days after Easter Sunday."""


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian year (the anonymous computus, J. Meeus, Astronomical Algorithms)."""
    century, rest = divmod(year, 100)
    skipped, remainder = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - skipped - moon + 15) % 30
    leap, last = divmod(rest, 4)
    weekday = (32 + 2 * remainder + 2 * leap - epact - last) % 7
    late = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """The eleven public holidays of a year (two may fall on the same day)."""
    moving = {easter(year) + timedelta(days=days) for days in _AFTER_EASTER}
    return frozenset(moving | {date(year, month, day) for month, day in _FIXED})


def is_public_holiday(day: date) -> bool:
    return date(day.year, day.month, day.day) in public_holidays(day.year)


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and not is_public_holiday(day)


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself need not be one; 0 gives `day`.

    Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError("count must not be negative")
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
