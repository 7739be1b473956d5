"""What came back, as decisions may know it: answers, absences, dead addresses, objections (design §5)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo

from workflows.core import words
from workflows.core.cells import fold
from workflows.core.french import date_short, duration, plural
from workflows.core.ports import Value

MAX_EXTRACT = 300

_NOT_ANSWERS = {fold(word) for word in ("", words.ABSENCE, words.BOUNCED)}


@dataclass(frozen=True, slots=True)
class Reply:
    """Where the correspondence about one row stands: its last answer, and what it says."""

    word: str
    """One of words.ANSWERS; empty when hours came without an answer, or when a bounce is outdated."""
    received_at: datetime
    extract: str = ""
    """Plain text, at most 300 characters; an answer that this one changed stands in it too."""
    hours: timedelta | None = None
    reason: str = ""
    """Why it bounced, or why it is to be read, in French."""
    shown: str = ""
    """The answer of ours that stood in the sheet when it was last written."""

    @property
    def answered(self) -> bool:
        """Somebody answered: no follow-up, whatever was said."""
        return bool(self.hours is not None or is_answer(self.word))

    @property
    def settled(self) -> bool:
        """Nothing more is sent by itself: it was answered, or the mail reached nobody."""
        return self.answered or self.word == words.BOUNCED


def is_answer(word: str) -> bool:
    """Whether what stands in `Réponse` answers: an absence and a bounce do not."""
    return fold(word) not in _NOT_ANSWERS


def standing_word(typed: str, reply: Reply | None) -> str:
    """What was answered: a person's word in `Réponse` wins over mail, ours there is only a copy of it."""
    if typed and (reply is None or fold(typed) != fold(reply.shown)):
        return typed
    return reply.word if reply else ""


def reply_values(reply: Reply | None, zone: tzinfo | None) -> dict[str, Value]:
    """What the columns of a reply should show; nothing is said of them where nothing came."""
    if reply is None:
        return {}
    told = bool(reply.word or reply.hours is not None)
    return {
        "Réponse": reply.word or None,
        "Reçue le": reply.received_at.astimezone(zone) if told else None,
        "Extrait": reply.extract or None,
    }


def hours_values(reply: Reply, zone: tzinfo | None) -> dict[str, Value]:
    """The same in Présence, which shows hours and no extract."""
    values = reply_values(reply, zone)
    values.pop("Extrait")
    hours = None if reply.hours is None else reply.hours.total_seconds() / 3600
    return {"Heures reçues": hours, **values}


@dataclass(frozen=True, slots=True)
class Objections:
    """Addresses that object to being written to, known by their hash alone (RGPD, articles 17 and 21)."""

    secret: bytes = b""
    days: Mapping[str, date] = field(default_factory=dict)
    """By hash, the day of the objection."""

    def since(self, addresses: Iterable[str]) -> date | None:
        """The first day on which one of these addresses objected; None when none did."""
        found = (self.days.get(address_hash(self.secret, address)) for address in addresses)
        return min(filter(None, found), default=None)


def address_hash(secret: bytes, address: str) -> str:
    """What is kept of an address that must be recognised without being known."""
    return hmac.digest(secret, b"objection\0" + address.strip().lower().encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as the journal keeps it: what it said, and which row it belongs to."""

    message_id: str
    sender: str
    title: str
    """Its subject line."""
    kind: str
    """`replies.Kind`, or « own » for a mail of ours that came back to us."""
    received_at: datetime
    answer: str = ""
    """The word that it says, one of words.ANSWERS; empty for hours and for what is no answer."""
    question: bool = False
    hours: timedelta | None = None
    return_date: date | None = None
    bounced: tuple[str, ...] = ()
    """Addresses of ours that it did not reach."""
    whole: bool = False
    """It reached none of those that the message was for."""
    reason: str = ""
    extract: str = ""
    attachments: int = 0
    key: str = ""
    """The message that it answers; empty when that is not known."""
    campaign: str = ""
    """The row that it belongs to; empty while it is to be attached."""
    subject: str = ""
    doubt: str = ""
    """Why a person has to read it, whatever it says; why it could not be attached."""
    number: int = 0
    """Its order of arrival; given by the journal."""
    round_number: int = 0
    """The last round that sent something before it was read."""

    @property
    def attached(self) -> bool:
        return bool(self.campaign)

    @property
    def word(self) -> str:
        """What `Réponse` shows of it alone."""
        return words.TO_READ if self.doubt and self.answer not in _BY_MACHINE else self.answer


_BY_MACHINE = (words.ABSENCE, words.BOUNCED)


def standing(mails: Iterable[Received], last_round: int) -> Reply | None:
    """Where one row's correspondence stands; None when nothing was said.

    `mails` in order of arrival; `last_round` is the round of the last message sent to that row: a
    bounce from before it is outdated.
    """
    now: Reply | None = None
    for mail in mails:
        match mail.answer:
            case words.ABSENCE:
                if now is None or not now.settled:
                    now = _reply(mail)
            case words.BOUNCED:
                if mail.whole and not (now and now.answered):
                    outdated = mail.round_number < last_round
                    now = Reply("", mail.received_at) if outdated else _reply(mail)
            case _ if mail.hours is not None or mail.answer:
                now = _changed(now, _reply(mail))
    return now


def _reply(mail: Received) -> Reply:
    reason = mail.reason if mail.answer == words.BOUNCED else mail.doubt
    hours = None if mail.doubt else mail.hours
    return Reply(mail.word, mail.received_at, _extract(mail), hours, reason)


def _extract(mail: Received) -> str:
    """The extract, with how many attachments wait in the mailbox."""
    if not mail.attachments:
        return mail.extract
    count = f"[{plural(mail.attachments, 'pièce jointe', 'pièces jointes')}]"
    return _cut(f"{count} {mail.extract}".strip())


def _changed(before: Reply | None, now: Reply) -> Reply:
    """The new answer, with the one that it replaces."""
    if before is None or not before.answered:
        return now
    said = before.word or duration(before.hours or timedelta())
    if said == (now.word or duration(now.hours or timedelta())):
        return now
    told = f"(D'abord «\u00a0{said}\u00a0», le {date_short(before.received_at)}.) {now.extract}"
    return replace(now, extract=_cut(told))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_EXTRACT else text[: MAX_EXTRACT - 1].rstrip() + "…"
