"""Weekly slots of presence, as the column `Permanences` holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from workflows.core.cells import Unreadable, is_blank, long_text, plain
from workflows.core.dates import weekday_named
from workflows.core.durations import clock
from workflows.core.french import NBSP, WEEKDAYS, quoted, time_
from workflows.core.ports import Cell


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One weekday (0 is Monday) from `start` to `end`, on the same day."""

    weekday: int
    start: time
    end: time


_CLOCK = r"(?:midi|minuit|[0-9]{1,2}(?: ?(?:h(?:eures?)?|:) ?(?:[0-9]{2})?(?![0-9]))?)"
_RANGE = re.compile(
    rf"(?:(?:de )?(?P<start>{_CLOCK}) ?(?:-|a|jusqu'a) ?|entre (?P<start_between>{_CLOCK}) et )"
    rf"(?P<end>{_CLOCK})(?![0-9a-z:])"
)
_SPAN = re.compile(r"(?:du )?(?P<first>[a-z]+)\.? (?:au|a) (?P<last>[a-z]+)\.?")
_DAY = re.compile(r"(?:(?:tous )?les |chaque |le )?(?P<day>[a-z]+)\.?(?: ?-(?= ?(?:de )?[0-9m]))?")
_SEPARATOR = re.compile(r"(?:[;,/:()\s]|\bet\b)+")


def slots(cell: Cell) -> tuple[Slot, ...]:
    """Slots in the order written, none twice: « mardi, jeudi 17h-19h ; lundi de 18h30 à 20h30 ».

    Hours go for the days named just before them. Empty for an empty cell. Raises Unreadable for
    hours without a day, a day without hours, an end that is not after its start, and any other word.
    """
    if is_blank(cell):
        return ()
    shown = long_text(cell)
    read: list[Slot] = []
    for line in shown.split("\n"):
        read += _line(plain(line), " ".join(shown.split()))
    return tuple(dict.fromkeys(read))


def _line(words: str, shown: str) -> list[Slot]:
    read: list[Slot] = []
    days: list[int] = []
    served = False  # whether hours have followed the days named so far
    at = 0
    while at < len(words):
        if found := _RANGE.match(words, at):
            read += _slots_of(days, found, shown)
            served = True
        elif named := _days(words, at):
            found, new = named
            days = new if served else days + new
            served = False
        elif not (found := _SEPARATOR.match(words, at)):
            raise _not_slots(shown)
        at = found.end()
    if not served and days:
        raise Unreadable(f"Dans {quoted(shown)}, les heures manquent pour {WEEKDAYS[days[-1]]}.", _example())
    return read


def _days(words: str, at: int) -> tuple[re.Match[str], list[int]] | None:
    """The day, or the days from one to another (« du lundi au vendredi »), named at this position."""
    if found := _SPAN.match(words, at):
        first, last = weekday_named(found["first"]), weekday_named(found["last"])
        if first is not None and last is not None and first < last:
            return found, list(range(first, last + 1))
    if found := _DAY.match(words, at):
        day = weekday_named(found["day"])
        if day is not None:
            return found, [day]
    return None


def _slots_of(days: list[int], found: re.Match[str], shown: str) -> list[Slot]:
    if not days:
        raise Unreadable(f"Dans {quoted(shown)}, le jour manque avant les heures.", _example())
    start, end = clock(found["start"] or found["start_between"]), clock(found["end"])
    if start is None or end is None:
        raise _not_slots(shown)
    if end <= start:
        raise Unreadable(
            f"Dans {quoted(shown)}, la fin ({time_(end)}) n'est pas après le début ({time_(start)}).",
            f"Corrigez les heures{NBSP}; une permanence finit au plus tard à 23{NBSP}h{NBSP}59.",
        )
    return [Slot(day, start, end) for day in days]


def _not_slots(shown: str) -> Unreadable:
    return Unreadable(f"{quoted(shown)} n'est pas une suite de permanences lisible.", _example())


def _example() -> str:
    return f"Écrivez par exemple {quoted(f'mardi 17h-19h{NBSP}; jeudi 18h30-20h')}."
