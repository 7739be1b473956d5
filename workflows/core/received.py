"""What came back, as decisions may know it: answers, absences, dead addresses, objections (design §5)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from workflows.core import words
from workflows.core.cells import fold

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
