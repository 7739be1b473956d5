"""Orders on one row (« Ne pas envoyer », « À renvoyer ») and messages sent again (design §4, §5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from workflows.core import french, words
from workflows.core.cells import Unreadable, fold, label, text
from workflows.core.messages import Belief, History, Order, Record, State
from workflows.core.ports import Cell

_DONE = re.compile(r"envoi n° ?(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message of a series that `À renvoyer` may continue: number 1 has the plain key."""

    base: str
    number: int
    record: Record | None

    @property
    def key(self) -> str:
        return numbered(self.base, self.number)


@dataclass(frozen=True, slots=True)
class RowOrder:
    """What the person asks for on a row, and whether it was done already."""

    hold: bool = False
    """« Ne pas envoyer »."""
    again: Attempt | None = None
    """« À renvoyer », not carried out yet: the message it asks for."""
    order: Order | None = None
    """What to remember once that message is planned."""
    disarmed: str = ""
    """The scope of an order that is no longer there."""


def numbered(base: str, number: int) -> str:
    """« …:annonce », « …:annonce:2 »: the same for keys and for steps."""
    return base if number == 1 else f"{base}:{number}"


def latest(records: Mapping[str, Record], base: str) -> Attempt:
    """The last message of the series; number 1 without a record when there is none yet."""
    number = 1
    while numbered(base, number + 1) in records:
        number += 1
    return Attempt(base, number, records.get(numbered(base, number)))


def not_recalled(records: Mapping[str, Record], last: Attempt) -> Attempt:
    """The last message that stands without an order: a resend that reached nobody is passed over."""
    while last.number > 1 and last.record and last.record.state is State.PLANNED and not last.record.reached:
        last = Attempt(last.base, last.number - 1, records.get(numbered(last.base, last.number - 1)))
    return last


def without_recalled(history: History, step: str, leaving: Collection[str]) -> History:
    """The past without the resends of `step` that reached nobody and that no order asks for any more."""
    recalled = {
        key
        for key, record in history.records.items()
        if record.step.startswith(f"{step}:") and record.state is State.PLANNED and not record.reached
        if key not in leaving and f"{record.campaign}:{record.subject}:{step}" not in history.orders
    }
    kept = {key: record for key, record in history.records.items() if key not in recalled}
    return replace(history, records=kept) if recalled else history


def row_order(cell: Cell, history: History, base: str) -> RowOrder:
    """Read `Commande` of a row. Raises Unreadable for a word that is no order."""
    written = text(cell)
    said = fold(written)
    if written and ("?" in written or said not in map(fold, words.ROW_ORDERS)):
        raise Unreadable(
            f"« {written[:60]} » n'est pas une commande.",
            f"Écrivez « {words.DO_NOT_SEND} » ou « {words.SEND_AGAIN} », ou videz la cellule.",
        )
    standing = history.orders.get(base)
    if said != fold(words.SEND_AGAIN):
        return RowOrder(hold=bool(said), disarmed=base if standing else "")
    last = latest(history.records, base)
    if standing:
        open_again = standing.key == last.key and last.record and last.record.state is State.PLANNED
        return RowOrder(again=last, order=standing) if open_again else RowOrder()
    begun = last.record is not None and last.record.state is not State.PLANNED
    number = last.number + 1 if begun else last.number
    again = Attempt(base, number, history.records.get(numbered(base, number)))
    return RowOrder(again=again, order=Order(base, again.key))


def carried_out(cell: Cell, history: History, base: str) -> Belief | None:
    """That `À renvoyer` was, where it stands over a message that left, in a workbook older than the past.

    It may have been emptied since: sent once more, the message would be one too many.
    """
    last = latest(history.records, base)
    if fold(label(cell)) != fold(words.SEND_AGAIN) or base in history.orders:
        return None
    if last.record is None or last.record.state is State.PLANNED:
        return None
    return Belief(last.record, Order(base, last.key), order_alone=True)


def done_words(
    order: Order | None, base: str, records: Mapping[str, Record], zone_now: datetime
) -> str | None:
    """What `Commande faite` shows of the last order: when it was carried out, or that it is under way.

    It stays when the order is taken away: where the journal is lost, it says which number comes next.
    """
    last = latest(records, base)
    key = order.key if order else last.key
    if key not in records or (order is None and last.number == 1):
        return None
    number = int(key.removeprefix(base).lstrip(":") or 1)
    record = records[key]
    label = f"{words.SEND_AGAIN} : envoi n° {number}"
    if record.sent_at and record.state is State.SENT:
        at = record.sent_at.astimezone(zone_now.tzinfo)
        return f"{label}, le {french.date_short(at)} à {french.time_(at.time())}"
    return label


def done_number(cell: Cell) -> int:
    """The number of the message that `Commande faite` speaks of; 0 when it speaks of none."""
    found = _DONE.search(label(cell))
    return int(found[1]) if found else 0
