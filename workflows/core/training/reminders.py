"""When a session's reminders leave (design §2, `rappels`).

A reminder of J-n is due n calendar days before, or on the last working day before that. It is caught up
while it makes sense: until the day before the next reminder is due, the last one until the session
begins. One that is due on or before the day of another mail of the session is left out: that mail has
said it all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.core.working_days import is_working_day


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder: how many days before, and the days from `due` to `last` on which it may leave."""

    days: int
    due: date
    last: date

    @property
    def step(self) -> str:
        return f"rappel-{self.days}"


def reminders(day: date, before: Sequence[int]) -> list[Reminder]:
    """The reminders of a session on this day, in order."""
    found: list[Reminder] = []
    last = day
    for days in sorted(before):
        due = _working_day(day - timedelta(days=days))
        if due <= last:
            found.append(Reminder(days, due, last))
            last = due - timedelta(days=1)
    return found[::-1]


def _working_day(day: date) -> date:
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def next_reminder(
    plan: Sequence[Reminder], done: Collection[str], after: date, today: date
) -> Reminder | None:
    """The first that is not done, not overtaken by the mail of the day `after`, and not too late."""
    open_ = (r for r in plan if r.step not in done and r.due > after and today <= r.last)
    return next(open_, None)
