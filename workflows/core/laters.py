"""What a row tells of the messages that came after the first: « J-7 le 25/03/2027 ; J-1 en cours »."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.core import french
from workflows.core.cells import label
from workflows.core.messages import Record, State
from workflows.core.ports import Cell
from workflows.core.statuses import says_no


@dataclass(frozen=True, slots=True)
class Later:
    """A kind of message that comes after the first: « J-7 le 25/03/2027 » for `rappel-7`."""

    label: str
    """Before its number: « J- »."""
    step: str
    """Before its number: `rappel-`."""
    refused: str = "refusée"


@dataclass(frozen=True, slots=True)
class Told:
    """What a row tells of one message."""

    step: str
    state: State
    at: datetime
    typed: bool = False
    """In words that the program never writes."""


def read_laters(
    laters: Sequence[Later], cell: Cell, now: datetime, steps: Sequence[str] = ()
) -> Iterator[Told]:
    """Each message that « J-7 le 25/03/2027 ; J-1 en cours » tells of.

    Other words may tell of any of `steps`: by default, of those of the first kind up to the next.
    """
    rest, found = label(cell), list[str]()
    clear, next_ = True, 1
    for kind in laters:
        pattern = _later_pattern(kind)
        for number, day, month, year, word in re.findall(pattern, rest):
            state = State.SENT if day else State.REFUSED if word.startswith("refusé") else State.UNCERTAIN
            found.append(f"{kind.step}{number}")
            typed = state is State.UNCERTAIN and word not in _UNSETTLED
            clear = clear and not typed
            next_ = max(next_, int(number) + 1) if kind is laters[0] else next_
            yield Told(found[-1], state, _noon(year, month, day, now) if day else now, typed)
        rest = re.sub(pattern, "", rest)
    if not clear or (rest.strip(" ;,.") and not says_no(cell)):
        for step in steps or [f"{laters[0].step}{number}" for number in range(1, min(next_, _MOST) + 1)]:
            if step not in found:
                yield Told(step, State.UNCERTAIN, now, typed=True)


_UNSETTLED = ("en cours", "à vérifier")
_MOST = 9
"""More follow-ups than there ever are."""


def _later_pattern(kind: Later) -> str:
    """One message of a kind, after whatever separates it from the one before."""
    number = r"\d{1,3}" if kind.step.endswith("-") else r"(?:-\d+)?"
    said = r" le (\d{1,2})/(\d{1,2})/(\d{4})| (\w+(?: \w+)*)|"
    return rf"(?:^|(?<=[ ;,])){re.escape(kind.label)}({number})(?:{said})(?=[ ;,]|$)"


def _noon(year: str, month: str, day: str, now: datetime) -> datetime:
    """That day at noon; now for a day that no calendar has, so that nothing is early."""
    try:
        return datetime(int(year), int(month), int(day), 12, tzinfo=now.tzinfo)
    except ValueError:
        return now


def later_words(
    laters: Sequence[Later], records: Iterable[Record], leaving: Collection[str], now: datetime
) -> str:
    """The same for one subject's messages, in the order in which they left; empty for none."""
    found: list[tuple[datetime, str]] = []
    for record in records:
        kind = next((k for k in laters if record.step.startswith(k.step)), None)
        if kind and (said := _said(record, kind, leaving, now)):
            name = kind.label + record.step.removeprefix(kind.step)
            found.append((record.sent_at or now, f"{name} {said}"))
    return " ; ".join(said for _, said in sorted(found))


def _said(record: Record, kind: Later, leaving: Collection[str], now: datetime) -> str:
    if record.key in leaving:
        return "en cours"
    match record.state:
        case State.SENT if record.sent_at:
            return f"le {french.date_short(record.sent_at.astimezone(now.tzinfo).date())}"
        case State.REFUSED:
            return kind.refused
        case State.UNCERTAIN | State.SENDING:
            return "à vérifier"
        case State.PLANNED if record.reached:  # the server put off the other recipients
            return "en cours"
    return ""
