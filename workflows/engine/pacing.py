"""How many messages leave now: office hours, caps and what a command narrows (design §2, §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workflows.core import french
from workflows.core.messages import BY_ITSELF, Flag, Send, Verdict, Wait
from workflows.core.problems import Problem
from workflows.core.working_days import is_public_holiday
from workflows.engine.general import General

DAY = timedelta(hours=24)
ROUND_EVERY = timedelta(minutes=15)
"""How often a round is made, by cron or by `planifier`."""


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

    `served`: when each recipient of the last 24 hours was written to, in order.
    """
    if not general.hours.is_open(now, is_public_holiday):
        again = general.hours.next_opening(now, is_public_holiday)
        reason = f"hors horaires, reprise {french.soon(again, now)}"
        return [v if isinstance(v, Send) and v.trial else hold([v], reason)[0] for v in verdicts]
    room = general.cap_per_day - len(served)
    messages = general.cap_per_round
    owed = 0
    found: list[Verdict] = []
    for verdict in verdicts:
        if isinstance(verdict, Send) and not verdict.trial:
            recipients = len(verdict.recipients)
            if messages <= 0:
                reason = f"plafond de {general.cap_per_round} messages par passage atteint, suite au prochain"
                found.append(Wait(verdict.key, reason, due=True))
                continue
            if recipients > room:
                if recipients > general.cap_per_day:
                    found.append(_too_many(verdict, general.cap_per_day))
                    continue
                owed += recipients
                reason = _cap_words(general, served, now, owed - room)
                found.append(Wait(verdict.key, reason, due=True))
                continue
            room -= recipients
            messages -= 1
        found.append(verdict)
    return found


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


def _cap_words(general: General, served: Sequence[datetime], now: datetime, missing: int) -> str:
    """The cap, and when so many of the oldest recipients leave the window."""
    words = f"plafond de {general.cap_per_day} destinataires par 24 h atteint"
    index = min(missing, len(served)) - 1
    if index < 0:
        return f"{words}, suite dans les 24 heures"
    again = (served[index].astimezone(UTC) + DAY).astimezone(now.tzinfo)
    return f"{words}, reprise {french.soon(again, now)}"
