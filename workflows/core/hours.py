"""Office hours: when mail may leave (design §2, `horaires`). Pure: the caller brings the moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from workflows.core.french import quoted
from workflows.core.parsers import text
from workflows.core.schema import Refused

_DAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_CLOCK = r"(\d{1,2})(?:\s*[h:]\s*(?:(\d{2})(?!\s*[h:\d]))?)?"
_SPAN = re.compile(rf"{_CLOCK}\s*[-–à]\s*{_CLOCK}")
_GROUP = re.compile(r"(?P<days>[a-zé.,\s–-]+?)\s*(?P<spans>\d.*)")
_DAY_MINUTES = 24 * 60
_SEARCH_DAYS = 400
_WANTED = 'Écrivez par exemple "lun-ven 8:30-18:30" ou "lun,mar,jeu 9h-12h 14h-17h30".'

Span = tuple[int, int]
"""From and to, in minutes since midnight on the wall clock; the end is outside."""
Holiday = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The open spans of each weekday, Monday first, in order and apart from one another."""

    week: tuple[tuple[Span, ...], ...]

    def is_open(self, moment: datetime, is_holiday: Holiday) -> bool:
        """Whether this moment, read on its own zone's wall clock, lies in a span."""
        minute = moment.hour * 60 + moment.minute
        day = moment.date()
        return not is_holiday(day) and any(a <= minute < b for a, b in self.week[day.weekday()])

    def next_opening(self, moment: datetime, is_holiday: Holiday) -> datetime:
        """The first open moment from `moment` on, `moment` itself when it is open; in its zone.

        Raises ValueError for a naive moment, and when nothing opens in over a year.
        """
        if moment.tzinfo is None:
            raise ValueError("an aware moment is needed")
        if self.is_open(moment, is_holiday):
            return moment
        for ahead in range(_SEARCH_DAYS):
            day = moment.date() + timedelta(days=ahead)
            # Compared in UTC: within one zone, Python compares wall clocks, which run twice or skip.
            starts = [c for c in self._changes(day, moment.tzinfo) if c.timestamp() >= moment.timestamp()]
            opening = min((c for c in starts if self.is_open(c, is_holiday)), key=_instant, default=None)
            if opening:
                return opening
        raise ValueError("no opening in over a year")

    def _changes(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        """Moments of a day at which closed may turn into open: starts of spans, changes of the clock."""
        for start, _ in self.week[day.weekday()]:
            wall = datetime.combine(day, time(*divmod(start, 60)), zone)
            for fold in (0, 1):
                yield wall.replace(fold=fold).astimezone(UTC).astimezone(zone)
        yield from clock_changes(day, zone)


def _instant(moment: datetime) -> float:
    return moment.timestamp()


def clock_changes(day: date, zone: tzinfo) -> Iterator[datetime]:
    """The minute of this day, if any, at which the zone's distance from UTC changes."""
    low = datetime.combine(day, time(), zone).astimezone(UTC)
    high = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high.astimezone(zone)


def office_hours(value: object) -> OfficeHours:
    """« lun-ven 8:30-18:30 », « lun,mar,jeu 9h-12h 14h-17h30 », « lun-jeu 9h-17h ; ven 9h-12h ».

    Raises Refused when it is not understood, a day is given twice or spans overlap.
    """
    week: list[tuple[Span, ...]] = [()] * 7
    for group in text(value).casefold().split(";"):
        found = _GROUP.fullmatch(group.strip())
        if found is None:
            raise Refused("Ces horaires ne sont pas compris.", _WANTED)
        spans = _spans(found["spans"])
        for day in _days(found["days"]):
            if week[day]:
                raise Refused(f"Le {_NAMES[day]} est donné deux fois.", _WANTED)
            week[day] = spans
    return OfficeHours(tuple(week))


def _spans(written: str) -> tuple[Span, ...]:
    if _SPAN.sub("", written).strip(" ,et"):
        raise Refused("Ces heures ne sont pas comprises.", _WANTED)
    spans = []
    for hour, minute, end_hour, end_minute in _SPAN.findall(written):
        start, end = int(hour) * 60 + int(minute or 0), int(end_hour) * 60 + int(end_minute or 0)
        if int(minute or 0) > 59 or int(end_minute or 0) > 59 or not start < end <= _DAY_MINUTES:
            raise Refused("Une heure de fin précède son heure de début, ou n'existe pas.", _WANTED)
        spans.append((start, end))
    spans.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise Refused("Deux plages d'un même jour se chevauchent.", _WANTED)
    return tuple(spans)


def _days(written: str) -> list[int]:
    days: list[int] = []
    for part in re.sub(r"\s*[-–]\s*", "-", written).replace(",", " ").split():
        if part == "et":
            continue
        first, _, last = part.partition("-")
        start = _day(first)
        length = (_day(last) - start) % 7 if last else 0
        days += [(start + step) % 7 for step in range(length + 1)]
    return days


def _day(written: str) -> int:
    name = written.strip(".")
    for number, (short, long) in enumerate(zip(_DAYS, _NAMES, strict=True)):
        if name in (short, long):
            return number
    raise Refused(f"{quoted(written)} n'est pas un jour de la semaine.", _WANTED)
