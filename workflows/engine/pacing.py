"""How many messages leave now: office hours, caps and what a command narrows (design §2, §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workflows.core import french
from workflows.core.limits import HOURS
from workflows.core.messages import BY_ITSELF, Flag, Send, Verdict, Wait
from workflows.core.problems import Problem
from workflows.core.working_days import is_public_holiday
from workflows.engine.general import General

DAY = timedelta(hours=24)
ROUND_EVERY = timedelta(minutes=15)
"""How often a round is made, by cron or by `planifier`."""
_MORE_PER_ROUND, _MORE_PER_DAY = "augmentez plafond_par_passage", "augmentez plafond_par_jour"


def day_before(now: datetime) -> datetime:
    """Twenty-four hours ago, also where the clocks changed since: local subtraction would count 23 or 25."""
    return (now.astimezone(UTC) - DAY).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the command line asks for."""

    limit: int | None = None
    only: str = ""


def narrowed(verdicts: Sequence[Verdict], narrowing: Narrowing, *, live: bool) -> list[Verdict]:
    """Hold what `--seulement` and `--limite` leave out; for real, until the next round."""
    then = " ; partira au prochain passage" if live else ""
    left = narrowing.limit
    found: list[Verdict] = []
    for verdict in verdicts:
        if isinstance(verdict, Send):
            if narrowing.only and narrowing.only.lower() not in verdict.recipients:
                found.append(Wait(verdict.key, f"laissé de côté par --seulement{then}", due=True))
                continue
            if left is not None and left <= 0:
                found.append(Wait(verdict.key, f"laissé de côté par --limite{then}", due=True))
                continue
            left = left - 1 if left is not None else None
        found.append(verdict)
    return found


def paced(
    verdicts: Sequence[Verdict], general: General, now: datetime, served: Sequence[datetime]
) -> list[Verdict]:
    """Hold what office hours and caps do not let through now.

    `served`: when each recipient of the last 24 hours was written to, in order. What would leave only
    when it is of no use any more is hers to mend.
    """
    if not general.hours.is_open(now, is_public_holiday):
        again = general.hours.next_opening(now, is_public_holiday)
        reason = f"hors horaires, reprise {french.soon(again, now)}"
        return [
            _held(v, reason, again, now, HOURS) if isinstance(v, Send) and not v.trial else v
            for v in verdicts
        ]
    room = general.cap_per_day - len(served)
    messages = general.cap_per_round
    owed = late = 0
    found: list[Verdict] = []
    for verdict in verdicts:
        if isinstance(verdict, Send) and not verdict.trial:
            recipients = len(verdict.recipients)
            if messages <= 0:
                reason = f"plafond de {general.cap_per_round} messages par passage atteint, suite au prochain"
                rounds = 1 + late // general.cap_per_round
                again = general.hours.next_opening(now + ROUND_EVERY * rounds, is_public_holiday)
                found.append(_held(verdict, reason, again, now, _MORE_PER_ROUND))
                late += 1
                continue
            if recipients > room:
                if recipients > general.cap_per_day:
                    found.append(_too_many(verdict, general.cap_per_day))
                    continue
                owed += recipients
                room_again = _room_again(served, now, owed - room)
                reason = _cap_words(general, room_again, now)
                again = general.hours.next_opening(room_again or now + DAY, is_public_holiday)
                found.append(_held(verdict, reason, again, now, _MORE_PER_DAY))
                continue
            room -= recipients
            messages -= 1
        found.append(verdict)
    return found


def _held(send: Send, reason: str, again: datetime, now: datetime, setting: str) -> Wait | Flag:
    """A message that leaves from `again` on: it waits, or is hers to mend where that is too late."""
    problem = send.limit.missed(again, now, setting) if send.limit else None
    return Flag(send.key, problem) if problem else Wait(send.key, reason, due=True)


def hold(verdicts: Sequence[Verdict], reason: str, remedy: str = BY_ITSELF) -> list[Verdict]:
    """Nothing leaves for now, for one reason."""
    return [Wait(v.key, reason, due=True, remedy=remedy) if isinstance(v, Send) else v for v in verdicts]


def _too_many(send: Send, cap: int) -> Flag:
    """A message to more addresses than may be served in a day would wait for ever."""
    what = f"La cellule a {len(send.recipients)} adresses : plus d'adresses que plafond_par_jour ({cap})."
    remedy = (
        "Laissez moins d'adresses dans la cellule, ou augmentez plafond_par_jour dans config/general.toml."
    )
    return Flag(send.key, Problem(send.where, what, remedy))


def _room_again(served: Sequence[datetime], now: datetime, missing: int) -> datetime | None:
    """When so many of the oldest recipients have left the window; None where this round filled it."""
    index = min(missing, len(served)) - 1
    return (served[index].astimezone(UTC) + DAY).astimezone(now.tzinfo) if index >= 0 else None


def _cap_words(general: General, again: datetime | None, now: datetime) -> str:
    """The cap, and when there is room again."""
    words = f"plafond de {general.cap_per_day} destinataires par 24 h atteint"
    return f"{words}, reprise {french.soon(again, now)}" if again else f"{words}, suite dans les 24 heures"
