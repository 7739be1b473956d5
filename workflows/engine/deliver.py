"""Hand planned messages to the transport, one durable claim each, each ending in one state (design §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workflows.core.messages import State
from workflows.core.ports import Accepted, ConnectionLost, MessageRefused, Refusal, Transport, TransportError
from workflows.engine.journal import Journal, Message, Outcome

_FIRST_DELAY = timedelta(minutes=15)
_LONGEST_DELAY = timedelta(hours=24)
MAX_ATTEMPTS = 8
"""After about four days of passing refusals (RFC 5321, 4.5.4.1) the message is refused for good."""

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Delivery:
    """How the round's messages ended."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)
    """Keys that another round claimed first, or whose addresses were reached before, be it by another row."""
    failure: TransportError | None = None
    """The transport could not go on: what is left stays planned."""
    stopped: bool = False
    """Somebody asked the program to end between two messages."""


def deliver(
    keys: Sequence[str],
    journal: Journal,
    transport: Transport,
    sender: str,
    clock: Clock,
    *,
    attempts: Mapping[str, int],
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[], None] = lambda: None,
) -> Delivery:
    """Send the messages planned under these keys over one connection.

    `attempts` says how often each was tried before. The outcome of one message is committed together
    with the claim of the next: one durable write per message, and a crash leaves one in doubt at most.
    """
    delivery = Delivery()
    last: Outcome | None = None
    try:
        for key in keys:
            if stop():
                delivery.stopped = True
                break
            message = journal.claim(key, last)
            last = None
            if message is None:
                delivery.denied.append(key)
                continue
            if not message.recipients:  # she took out of the cell the one address that was left to serve
                last = Outcome(key, State.REFUSED, clock())
                delivery.denied.append(key)
                continue
            last = Outcome(key, State.UNCERTAIN, clock(), detail="interrompu pendant l'envoi")
            last = _hand_over(message, transport, sender, clock, attempts.get(key, 0) + 1, delivery)
            delivery.outcomes[key] = last
            progress()
            if delivery.failure:
                break
    finally:
        if last:
            journal.settle(last)
    return delivery


def _hand_over(
    message: Message, transport: Transport, sender: str, clock: Clock, attempt: int, delivery: Delivery
) -> Outcome:
    key = message.key
    try:
        accepted = transport.send(sender, message.recipients, message.content)
    except MessageRefused as error:
        return _refused(message, error.refusals, clock(), attempt)
    except ConnectionLost as error:
        if error.maybe_accepted:
            return Outcome(key, State.UNCERTAIN, clock(), detail="connexion perdue pendant l'envoi")
        return _later(key, clock(), attempt, "connexion perdue avant l'envoi")
    except TransportError as error:
        delivery.failure = error
        return Outcome(key, State.PLANNED, clock(), detail=error.what)
    return _accepted(message, accepted, clock(), attempt)


def _accepted(message: Message, accepted: Accepted, at: datetime, attempt: int) -> Outcome:
    served = tuple(address for address in message.recipients if address not in accepted.refused)
    if not served:
        return _refused(message, accepted.refused, at, attempt)
    passing = [str(refusal) for refusal in accepted.refused.values() if not refusal.permanent]
    if passing and attempt < MAX_ATTEMPTS:
        later = _later(message.key, at, attempt, passing[0])
        return Outcome(
            message.key, State.PLANNED, at, served, _final(accepted.refused), later.detail, later.next_attempt
        )
    return Outcome(message.key, State.SENT, at, served, {a: str(r) for a, r in accepted.refused.items()})


def _refused(message: Message, refusals: Mapping[str, Refusal], at: datetime, attempt: int) -> Outcome:
    passing = [str(refusal) for refusal in refusals.values() if not refusal.permanent]
    if passing and attempt < MAX_ATTEMPTS:
        later = _later(message.key, at, attempt, passing[0])
        return Outcome(message.key, State.PLANNED, at, (), _final(refusals), later.detail, later.next_attempt)
    words = {address: str(refusal) for address, refusal in refusals.items()}
    return Outcome(message.key, State.REFUSED, at, (), words, next(iter(words.values()), ""))


def _final(refusals: Mapping[str, Refusal]) -> dict[str, str]:
    return {address: str(refusal) for address, refusal in refusals.items() if refusal.permanent}


def _later(key: str, at: datetime, attempt: int, why: str) -> Outcome:
    """Back to PLANNED, for 15 min, 1 h, 4 h, 16 h, then a day."""
    delay = min(_FIRST_DELAY * 4 ** (attempt - 1), _LONGEST_DELAY)
    return Outcome(key, State.PLANNED, at, detail=why, next_attempt=at + delay)
