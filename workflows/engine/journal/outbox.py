"""What was sent, as matching asks for it (core/matching.Outbox)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from workflows.core.matching import Sent, current
from workflows.core.messages import LETTERS
from workflows.engine.journal.messages import moment, stamp

_CLOCKS = timedelta(days=1)
"""By how much two clocks may differ."""
_OPEN = (
    "sent_at >= ? AND state IN ('sent', 'uncertain') AND campaign NOT LIKE 'essai:%' AND NOT EXISTS"
    " (SELECT 1 FROM mails a WHERE a.campaign = messages.campaign AND a.subject = messages.subject"
    " AND (a.minutes IS NOT NULL OR a.answer NOT IN ('', 'Absence', 'Rejet')))"
)


class JournalOutbox:
    """The journal's messages.

    `since`: a row that was last written to before is not open any more. `closed`: rows that a person
    answered in the sheet, by campaign and subject.
    """

    def __init__(
        self, db: sqlite3.Connection, since: datetime, closed: Collection[tuple[str, str]] = frozenset()
    ) -> None:
        self._db = db
        self._since = since
        self._closed = closed

    def is_ours(self, message_id: str) -> bool:
        """Whether we wrote the mail with this Message-ID, to whomever."""
        query = "SELECT 1 FROM messages WHERE message_id = ? AND message_id <> ''"
        return self._db.execute(query, (message_id,)).fetchone() is not None

    def with_id(self, message_id: str) -> Sent | None:
        return self._first("message_id = ? AND message_id <> ''", (message_id,))

    def with_key(self, key: str) -> Sent | None:
        return self._first("key = ?", (key,))

    def wrote_to(self, address: str) -> bool:
        """Whether this address was ever written to."""
        query = "SELECT 1 FROM recipients WHERE address = ?"
        return self._db.execute(query, (address,)).fetchone() is not None

    def last_to(self, campaign: str, subject: str) -> Sent | None:
        """The last message to a row."""
        return self._first("campaign = ? AND subject = ? AND state <> 'planned'", (campaign, subject))

    def open_for(self, address: str, at: datetime) -> list[Sent]:
        to_it, latest = "key IN (SELECT key FROM recipients WHERE address = ?)", stamp(at + _CLOCKS)
        by_then = f"{to_it} AND sent_at <= ?"
        if self._first(by_then, (address, latest)):
            return self._open(by_then, address, latest)
        return self._open(to_it, address)

    def open_of(self, subject: str) -> list[Sent]:
        """The last message to each row of this structure or person that nobody answered yet."""
        return self._open("subject = ?", subject)

    def _open(self, where: str, *values: str) -> list[Sent]:
        found = self._find(f"{where} AND {_OPEN}", (*values, stamp(self._since)))
        rows: dict[tuple[str, str], Sent] = {}
        for sent in found:
            row = (sent.campaign, sent.subject)
            rows.pop(row, None)
            rows[row] = sent
        return current([sent for row, sent in rows.items() if row not in self._closed])

    def _first(self, where: str, values: Sequence[str]) -> Sent | None:
        found = self._find(where, values)
        return found[-1] if found else None

    def _find(self, where: str, values: Sequence[str]) -> list[Sent]:
        """Messages in the order in which they were sent; `where` is always ours, never input."""
        query = "SELECT key, campaign, subject, sent_at FROM messages WHERE campaign <> ? AND"
        found = self._db.execute(f"{query} {where} ORDER BY sent_at, round", (LETTERS, *values)).fetchall()
        return [
            Sent(key, campaign, subject, self._recipients(key), moment(sent_at))
            for key, campaign, subject, sent_at in found
        ]

    def _recipients(self, key: str) -> tuple[str, ...]:
        query = "SELECT address FROM recipients WHERE key = ? ORDER BY position"
        return tuple(address for (address,) in self._db.execute(query, (key,)))
