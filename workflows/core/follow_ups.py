"""When the next follow-up to somebody who has not answered leaves (design §2, `relances`).

Follow-ups are due on working days counted from the first message; after a late one, at least half the
interval goes by before the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from workflows.core import french
from workflows.core.messages import Record, State, Unsure, Wait
from workflows.core.statuses import refusals
from workflows.core.working_days import add_working_days


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One follow-up that is still to leave."""

    key: str
    number: int
    due: date
    """The first day on which it may leave."""

    @property
    def step(self) -> str:
        return f"relance-{self.number}"

    def wait(self, past: str) -> Wait:
        """Until its day; `past` says what left before."""
        reason = f"{past} ; relance {self.number} prévue le {french.date_short(self.due)}"
        return Wait(self.key, reason, until=self.due)


def sent_on(record: Record, zone: tzinfo | None) -> date:
    """The day on which a message left."""
    assert record.sent_at is not None
    return record.sent_at.astimezone(zone).date()


def next_follow_up(
    first: Record, records: Mapping[str, Record], delays: Sequence[int], zone: tzinfo | None
) -> FollowUp | Unsure | Wait | None:
    """The next one after `first`, which was sent; None when all of them left.

    `delays` in working days. A follow-up in doubt or refused for good ends the series: its verdict.
    """
    previous = first
    for number, days in enumerate(delays, start=1):
        key = f"{first.campaign}:{first.subject}:relance-{number}"
        record = records.get(key)
        if record is None or record.state is State.PLANNED:
            due = add_working_days(sent_on(first, zone), days)
            if number > 1:
                interval = days - delays[number - 2]
                due = max(due, add_working_days(sent_on(previous, zone), (interval + 1) // 2))
            return FollowUp(key, number, due)
        if record.state in (State.UNCERTAIN, State.SENDING):
            return Unsure(key)
        if record.state is State.REFUSED:
            return Wait(key, f"relance {number} refusée : {refusals(record) or record.detail}")
        previous = record
    return None
