"""School holidays in metropolitan France, by zone.

Source: the ministry's open calendar (data.education.gouv.fr), as vacances-scolaires-france 0.12.0 holds
it, from summer 2026 to summer 2028. A table, because decisions are made with the standard library alone,
and because a library knows no later year either: what follows is for the configuration to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from workflows.core.people import Period
from workflows.core.weeks import IsoWeek
from workflows.core.working_days import is_working_day

KNOWN_UNTIL = date(2028, 8, 31)
"""The last day that the table speaks of."""

_EVERYWHERE = (
    (date(2026, 7, 4), date(2026, 8, 31)),
    (date(2026, 10, 17), date(2026, 11, 1)),
    (date(2026, 12, 19), date(2027, 1, 3)),
    (date(2027, 5, 6), date(2027, 5, 8)),
    (date(2027, 7, 3), date(2027, 8, 31)),
    (date(2027, 10, 23), date(2027, 11, 7)),
    (date(2027, 12, 18), date(2028, 1, 2)),
    (date(2028, 5, 26), date(2028, 5, 27)),
    (date(2028, 7, 4), KNOWN_UNTIL),
)
_ZONES = {
    "A": (
        (date(2027, 2, 13), date(2027, 2, 28)),
        (date(2027, 4, 10), date(2027, 4, 25)),
        (date(2028, 2, 19), date(2028, 3, 5)),
        (date(2028, 4, 22), date(2028, 5, 8)),
    ),
    "B": (
        (date(2027, 2, 20), date(2027, 3, 7)),
        (date(2027, 4, 17), date(2027, 5, 2)),
        (date(2028, 2, 5), date(2028, 2, 20)),
        (date(2028, 4, 8), date(2028, 4, 23)),
    ),
    "C": (
        (date(2027, 2, 6), date(2027, 2, 21)),
        (date(2027, 4, 3), date(2027, 4, 18)),
        (date(2028, 2, 12), date(2028, 2, 27)),
        (date(2028, 4, 15), date(2028, 5, 1)),
    ),
}
ZONES = tuple(_ZONES)


def school_holidays(zone: str) -> tuple[Period, ...]:
    """The holidays of zone A, B or C that are known, in no particular order. Raises KeyError."""
    return tuple(Period(first, last) for first, last in (*_EVERYWHERE, *_ZONES[zone]))


def is_holiday_week(week: IsoWeek, holidays: Sequence[Period]) -> bool:
    """Whether every working day of this week lies in the holidays: a bridge alone is no holiday week."""
    return all(any(h.holds(day) for h in holidays) for day in week.days if is_working_day(day))
