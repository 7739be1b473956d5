"""The messages of the journal: planned in bulk, claimed one by one, settled (design §5).

Nothing here commits by itself: the caller holds the transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workflows.core.messages import LETTERS, RELEASED, Record, State

_LIVE = "campaign NOT LIKE 'essai:%'"
_FIRST_SERVED = "(SELECT min(r.sent_at) FROM recipients r WHERE r.key = messages.key AND r.state = 'sent')"


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, ready to be handed to a transport."""

    key: str
    campaign: str
    step: str
    subject: str
    recipients: tuple[str, ...]
    message_id: str
    content: bytes
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How handing over one message ended."""

    key: str
    state: State
    at: datetime
    accepted: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Addresses refused for good, with the server's words."""
    detail: str = ""
    next_attempt: datetime | None = None


def stamp(moment: datetime) -> str:
    """An aware moment as the journal stores it: ISO 8601 in UTC, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def moment(text: str | None) -> datetime | None:
    """The aware moment behind a stored text."""
    return datetime.fromisoformat(text) if text else None


def recover(db: sqlite3.Connection) -> list[str]:
    """A leftover SENDING may or may not have left: UNCERTAIN, and only that one. Returns the keys."""
    rows = db.execute(
        "UPDATE messages SET state = 'uncertain', detail = 'interrompu pendant l’envoi'"
        # The first condition is the index's own, without which SQLite does not use it.
        " WHERE state IN ('sending', 'uncertain') AND state = 'sending' RETURNING key"
    )
    return [key for (key,) in rows]


def plan(db: sqlite3.Connection, messages: Iterable[Message], round_number: int) -> None:
    """Store messages as PLANNED; one that nobody has received yet is replaced by its new wording.

    So is one whose words were erased with the address of a recipient who had it.
    """
    for message in messages:
        db.execute(
            "INSERT INTO messages (key, campaign, step, subject, state, exclusive, message_id, bytes, round)"
            " VALUES (?, ?, ?, ?, 'planned', ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
            " message_id = excluded.message_id, bytes = excluded.bytes, round = excluded.round"
            " WHERE state = 'planned' AND (length(messages.bytes) = 0 OR NOT EXISTS"
            " (SELECT 1 FROM recipients r WHERE r.key = messages.key AND r.state = 'sent'))",
            (
                message.key,
                message.campaign,
                message.step,
                message.subject,
                int(message.exclusive),
                message.message_id,
                message.content,
                round_number,
            ),
        )
        db.execute("DELETE FROM recipients WHERE key = ? AND state = 'planned'", (message.key,))
        db.executemany(
            "INSERT OR IGNORE INTO recipients (key, address, position) VALUES (?, ?, ?)",
            [(message.key, address, n) for n, address in enumerate(message.recipients)],
        )


def claim(db: sqlite3.Connection, key: str) -> Message | None:
    """PLANNED → SENDING by a conditional UPDATE, with the second net; None when another was first.

    The message returned names only the recipients whom no server has taken or refused yet. One whose words
    were erased is not handed over.
    """
    row = db.execute(
        "UPDATE messages SET state = 'sending', attempts = attempts + 1 WHERE key = ? AND state = 'planned'"
        " AND length(bytes) > 0 RETURNING campaign, step, subject, message_id, bytes, exclusive",
        (key,),
    ).fetchone()
    if row is None:
        return None
    campaign, step, subject, message_id, content, exclusive = row
    todo = db.execute(
        "SELECT address FROM recipients WHERE key = ? AND state = 'planned' ORDER BY position", (key,)
    )
    recipients = tuple(address for (address,) in todo)
    if exclusive:
        for address in recipients:
            holder = db.execute(
                "INSERT INTO reach (campaign, step, address, key) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET key = key RETURNING key",
                (campaign, step, address, key),
            ).fetchone()[0]
            if holder != key:
                return None
    return Message(key, campaign, step, subject, recipients, message_id, content, bool(exclusive))


def settle(db: sqlite3.Connection, outcome: Outcome) -> None:
    """Write how a claimed message ended, recipient by recipient."""
    at = stamp(outcome.at)
    db.execute(
        "UPDATE messages SET state = ?, detail = ?, next_attempt = ?,"
        " sent_at = CASE WHEN ? THEN coalesce(sent_at, ?) ELSE sent_at END WHERE key = ?",
        (
            outcome.state.value,
            outcome.detail,
            stamp(outcome.next_attempt) if outcome.next_attempt else None,
            bool(outcome.accepted) or outcome.state is State.UNCERTAIN,
            at,
            outcome.key,
        ),
    )
    db.executemany(
        "UPDATE recipients SET state = 'sent', sent_at = ? WHERE key = ? AND address = ?",
        [(at, outcome.key, address) for address in outcome.accepted],
    )
    db.executemany(
        "UPDATE recipients SET state = 'refused', detail = ?, refused_at = ? WHERE key = ? AND address = ?",
        [(words, at, outcome.key, address) for address, words in outcome.refused.items()],
    )
    if outcome.state is State.REFUSED:  # for the recipients that were left: earlier ones may have it
        db.execute(
            f"UPDATE messages SET state = 'sent', sent_at = coalesce(sent_at, {_FIRST_SERVED}, ?)"  # noqa: S608
            " WHERE key = ? AND EXISTS"
            " (SELECT 1 FROM recipients r WHERE r.key = messages.key AND r.state = 'sent')",
            (at, outcome.key),
        )
    if outcome.state is State.UNCERTAIN:
        db.execute("UPDATE recipients SET sent_at = ? WHERE key = ? AND state = 'planned'", (at, outcome.key))
    else:
        _release(db, outcome.key)


def _release(db: sqlite3.Connection, key: str) -> None:
    """Free the net of the addresses that this message did not reach."""
    db.execute(
        "DELETE FROM reach WHERE key = ? AND address NOT IN"
        " (SELECT address FROM recipients WHERE key = ? AND state = 'sent')",
        (key, key),
    )


def decide(db: sqlite3.Connection, key: str, *, sent: bool, at: datetime) -> bool:
    """A person, or the Sent mailbox, says what became of an UNCERTAIN message; False: it is not one."""
    row = db.execute(
        "UPDATE messages SET state = ?, detail = ?, next_attempt = NULL,"  # noqa: S608
        f" sent_at = CASE WHEN ? THEN coalesce(sent_at, ?) ELSE {_FIRST_SERVED} END"
        " WHERE key = ? AND state = 'uncertain' RETURNING key",
        ("sent" if sent else "planned", "" if sent else RELEASED, sent, stamp(at), key),
    ).fetchone()
    if row is None:
        return False
    if sent:
        db.execute(
            "UPDATE recipients SET state = 'sent', sent_at = coalesce(sent_at, ?)"
            " WHERE key = ? AND state = 'planned'",
            (stamp(at), key),
        )
    else:
        db.execute("UPDATE recipients SET sent_at = NULL WHERE key = ? AND state = 'planned'", (key,))
        _release(db, key)
    return True


def believe(db: sqlite3.Connection, record: Record) -> None:
    """Take the sheet's word for a message that left or may have, be it for some; never less than is known."""
    at = stamp(record.sent_at) if record.sent_at else None
    db.execute(
        "INSERT INTO messages (key, campaign, step, subject, state, sent_at, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state,"
        " sent_at = coalesce(excluded.sent_at, sent_at), detail = excluded.detail"
        " WHERE state IN ('planned', 'sending') OR (state = 'uncertain' AND excluded.state <> 'uncertain')",
        (record.key, record.campaign, record.step, record.subject, record.state.value, at, record.detail),
    )
    state = {State.SENT: "sent", State.REFUSED: "refused"}.get(record.state, "planned")
    for n, address in enumerate(record.recipients):
        fate = "refused" if address in record.refused else "sent" if address in record.reached else state
        words = record.refused.get(address, record.detail)
        may_have = fate == "sent" or (fate == "planned" and record.state is State.UNCERTAIN)
        db.execute(
            "INSERT INTO recipients (key, address, state, detail, sent_at, position)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state,"
            " detail = excluded.detail, sent_at = coalesce(sent_at, excluded.sent_at)"
            " WHERE state = 'planned'",
            (record.key, address, fate, words, at if may_have else None, n),
        )
        if may_have:
            db.execute(
                "INSERT OR IGNORE INTO reach (campaign, step, address, key) VALUES (?, ?, ?, ?)",
                (record.campaign, record.step, address, record.key),
            )


def records(db: sqlite3.Connection, where: str, parameters: Sequence[str]) -> dict[str, Record]:
    """Messages that match, without their bytes."""
    found: dict[str, Record] = {}
    fates: dict[str, list[tuple[str, str, str]]] = {}
    # `where` is always ours, never input.
    # The messages come first (CROSS JOIN): in the order of the keys, SQLite would read all recipients.
    joined = f"messages CROSS JOIN recipients r USING (key) WHERE {where} ORDER BY r.key, r.position"
    query = f"SELECT r.key, r.address, r.state, r.detail FROM {joined}"  # noqa: S608
    for key, address, state, detail in db.execute(query, parameters):
        fates.setdefault(key, []).append((address, state, detail))
    served = f"coalesce(sent_at, CASE WHEN state = 'sent' THEN {_FIRST_SERVED} END)"
    columns = f"key, campaign, step, subject, state, message_id, {served}, next_attempt, attempts, detail"
    for row in db.execute(f"SELECT {columns} FROM messages WHERE {where}", parameters):  # noqa: S608
        key, campaign, step, subject, state, message_id, sent_at, next_attempt, attempts, detail = row
        fate = fates.get(key, [])
        found[key] = Record(
            key,
            campaign,
            step,
            subject,
            State(state),
            recipients=tuple(address for address, _, _ in fate),
            reached=tuple(address for address, s, _ in fate if s == "sent"),
            refused={address: words for address, s, words in fate if s == "refused"},
            message_id=message_id,
            sent_at=moment(sent_at),
            next_attempt=moment(next_attempt),
            attempts=attempts,
            detail=detail,
        )
    return found


def recipients_since(db: sqlite3.Connection, since: datetime) -> list[datetime]:
    """When each recipient of a campaign's real message since then was, or may have been, served; in order."""
    rows = db.execute(
        f"SELECT r.sent_at FROM recipients r JOIN messages USING (key) WHERE r.sent_at > ? AND {_LIVE}"  # noqa: S608
        " AND campaign <> ? ORDER BY r.sent_at",
        (stamp(since), LETTERS),
    )
    return [datetime.fromisoformat(at) for (at,) in rows]


def refused_addresses(db: sqlite3.Connection) -> dict[str, str]:
    """Addresses that a server refused for good and that were not served since, with its words."""
    rows = db.execute(
        "SELECT address, max(detail) FROM recipients r WHERE state = 'refused' AND NOT EXISTS"
        " (SELECT 1 FROM recipients s WHERE s.address = r.address AND s.state = 'sent'"
        " AND s.sent_at > coalesce(r.refused_at, '')) GROUP BY address"
    )
    return dict(rows.fetchall())
