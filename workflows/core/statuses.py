"""A message's state, in the words of the sheet (design §4)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time

from workflows.core import french, words
from workflows.core.cells import Unreadable, fold, label, serial_moment
from workflows.core.messages import Flag, Record, Send, State, Unsure, Verdict, Wait, is_erased
from workflows.core.ports import Cell, Kind
from workflows.core.rows import date_, yes_no

_REACHED = "parti pour "
_UNSURE = "Parti ou non ? Regardez dans les messages envoyés :"
SETTLED_BY_ORDER = f"{_UNSURE} s'il n'y est pas, écrivez « {words.SEND_AGAIN} » dans Commande."
SETTLED_BY_COMMAND = f"{_UNSURE} le programme ne le renverra pas de lui-même (commande « trancher »)."
"""What to do about a message in doubt, on a row with `Commande` and on one without."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a status column, its date and `Motif` say."""

    state: str
    at: datetime | None = None
    reason: str = ""


def refusals(record: Record) -> str:
    """The recipients that did not get it, with the server's words."""
    known = {address: words_ for address, words_ in record.refused.items() if not is_erased(address)}
    return " ; ".join(f"{address} refusée : {words_ or 'motif inconnu'}" for address, words_ in known.items())


def spoken(addresses: Iterable[str]) -> list[str]:
    """Addresses as they are said in a sentence: of an erased one, only that there was one."""
    return ["une adresse effacée" if is_erased(address) else address for address in addresses]


def read_refusals(written: str) -> dict[str, str]:
    """The same the other way round: what `Motif` says of the recipients that were refused."""
    found: dict[str, str] = {}
    for address, said in _REFUSAL.findall(written):
        found.setdefault(address, said)
    return found


_REFUSAL = re.compile(r"(?:^| ; )(\S+@\S+) refusée : (.*?)(?= ; \S+@\S+ refusée : |$)")


def forgotten(record: Record | None) -> set[str]:
    """The columns that told of addresses which the journal has erased: what stands there is left alone."""
    if record is None or not any(map(is_erased, record.recipients)):
        return set()
    told = record.recipients if record.state is State.PLANNED else record.refused
    return {"Courriel", *(["Motif"] if any(map(is_erased, told)) else [])}


def shown(
    record: Record | None,
    verdict: Verdict | None,
    leaving: Collection[str],
    now: datetime,
    *,
    unsure: str = SETTLED_BY_ORDER,
) -> Shown:
    """The journal is right where it knows how the message ended; else the verdict speaks.

    `unsure`: what to do about one in doubt.
    """
    reason = _reason(verdict)
    if record and record.key in leaving:
        return Shown(words.SENDING)
    at = record.sent_at.astimezone(now.tzinfo) if record and record.sent_at else None
    match record.state if record else None:
        case State.SENT:
            note = reason if isinstance(verdict, Flag | Send) else ""
            return Shown(words.SENT, at, " ; ".join(filter(None, (refusals(record) if record else "", note))))
        case State.REFUSED:
            return Shown(words.REFUSED, None, (refusals(record) or record.detail) if record else "")
        case State.UNCERTAIN | State.SENDING:
            return Shown(words.UNCERTAIN, None, unsure)
    if record and record.reached:  # the server put off the other recipients
        reason = f"{_REACHED}{french.join(spoken(record.reached))} ; {reason}"
    match verdict:
        case Flag():
            return Shown(words.TO_FIX, None, reason)
        case Send():
            return Shown(words.TO_SEND, None, reason)
        case Unsure():
            return Shown(words.UNCERTAIN, None, unsure)
    return Shown(words.WAITING, None, reason)


def _reason(verdict: Verdict | None) -> str:
    match verdict:
        case Flag(problem=problem):
            return f"{problem.what} {problem.remedy}"
        case Wait(reason=reason):
            return reason
        case Send(note=note):
            return note
    return ""


_BELIEVED = {
    fold(words.SENT): State.SENT,
    fold(words.REFUSED): State.REFUSED,
    fold(words.SENDING): State.UNCERTAIN,
    fold(words.UNCERTAIN): State.UNCERTAIN,
}
_STATES = frozenset(map(fold, words.STATES))
_NOT_LEFT = {fold(words.TO_SEND), fold(words.WAITING), fold(words.TO_FIX)}


def believed_state(cell: Cell) -> State | None:
    """What a status column says of a message that the journal does not hold; None: nothing left.

    A word of hers (« Parti », « fait par tél ») may well say that it left: only a no says that it did not.
    """
    said = fold(label(cell))
    if said in _BELIEVED:
        return _BELIEVED[said]
    return None if said in _NOT_LEFT or says_no(cell) else State.UNCERTAIN


def told_state(cell: Cell, motif: Cell) -> tuple[State | None, tuple[str, ...]]:
    """The same, with `Motif`, which names those whom a message that waits has reached already.

    Where it cannot be read who they are, it may have reached any.
    """
    state, told = believed_state(cell), _TOLD.search(label(motif))
    if state or not told:
        return state, ()
    reached = tuple(re.split(", | et ", told[1] or ""))
    if not all(_ADDRESS.fullmatch(name) for name in reached):
        return State.UNCERTAIN, ()
    return State.PLANNED, reached


_TOLD = re.compile(rf"(?:^| ; ){_REACHED}(?:(.+?) ;(?: |$))?")
_ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+")


def is_typed(cell: Cell) -> bool:
    """Whether a status column holds a word that the program never writes there."""
    return fold(label(cell)) not in _STATES


def says_no(cell: Cell) -> bool:
    """Empty, an unchecked box, or a word for no."""
    try:
        return not yes_no(cell)
    except Unreadable:
        return False


def believed_moment(cell: Cell, now: datetime) -> datetime:
    """When it was sent; a date that cannot be read counts as today, so that no follow-up is early."""
    try:
        if cell.kind is Kind.DATE and isinstance(cell.value, float):
            return serial_moment(cell.value).replace(tzinfo=now.tzinfo)
        return datetime.combine(date_(cell, now.date()), time(12), now.tzinfo)
    except Unreadable:
        return now
