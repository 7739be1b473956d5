"""A person's data in the journal: shown, erased, or purged when it is old (RGPD, articles 15, 17 and 5.1.e).

Nothing here commits by itself. What stays of an erased address is the hash that recognises an objection,
and the keys of the messages, which name a row of the sheet and nobody: a key is never used twice.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from workflows.core.cells import fold
from workflows.core.messages import LETTERS
from workflows.core.received import address_hash
from workflows.engine.journal.messages import stamp

_MESSAGES = (
    "SELECT m.key, m.state, r.state, r.sent_at, r.detail FROM recipients r JOIN messages m USING (key)"
    " WHERE r.address = ? ORDER BY r.sent_at, m.key"
)
_MAILS = (
    "SELECT received_at, kind, title, answer, minutes, return_date, extract FROM mails WHERE sender = ?"
    " ORDER BY received_at"
)


def held(db: sqlite3.Connection, address: str) -> dict[str, Any]:
    """All that the journal holds of an address, ready for JSON."""
    sent = db.execute(_MESSAGES, (address,)).fetchall()
    received = db.execute(_MAILS, (address,)).fetchall()
    bounce = db.execute("SELECT reason FROM bounces WHERE address = ?", (address,)).fetchone()
    columns = ("received_at", "kind", "subject", "answer", "minutes", "return_date", "extract")
    return {
        "address": address,
        "messages": [
            dict(zip(("key", "state", "recipient_state", "sent_at", "detail"), row, strict=True))
            for row in sent
        ],
        "replies": [dict(zip(columns, row, strict=True)) for row in received],
        "bounce": bounce[0] if bounce else None,
    }


def erase(db: sqlite3.Connection, address: str) -> None:
    """Forget an address and everything that was written to it or by it."""
    told = db.execute(
        "SELECT key, m.detail FROM messages m JOIN recipients r USING (key) WHERE r.address = ?", (address,)
    ).fetchall()
    wanted = re.compile(re.escape(address), re.IGNORECASE)
    db.executemany(
        "UPDATE messages SET bytes = x'', detail = ? WHERE key = ?",
        [(wanted.sub("…", detail), key) for key, detail in told],
    )
    # What a letter to the coordinator tells of people has done its work once it has left.
    db.execute("UPDATE messages SET bytes = x'' WHERE campaign = ? AND state = 'sent'", (LETTERS,))
    db.execute(
        "UPDATE recipients SET address = 'effacé ' || position, detail = '' WHERE address = ?", (address,)
    )
    db.execute("DELETE FROM reach WHERE address = ?", (address,))
    db.execute("DELETE FROM bounces WHERE address = ?", (address,))
    db.execute(
        "UPDATE mails SET sender = '', title = '', extract = '', message_id = '', bounced = ''"
        " WHERE sender = ?",
        (address,),
    )
    speaking = db.execute(
        "SELECT title, extract, reason, bounced, number FROM mails"
        " WHERE instr(lower(title || extract || reason || bounced), ?)",
        (address,),
    ).fetchall()
    db.executemany(  # a server that returns a message names who did not get it
        "UPDATE mails SET title = ?, extract = ?, reason = ?, bounced = ? WHERE number = ?",
        [(*(wanted.sub("…", text) for text in texts), number) for *texts, number in speaking],
    )
    db.execute("DELETE FROM notes WHERE instr(lower(value), ?)", (address,))
    db.execute("UPDATE known_rows SET identity = '' WHERE instr(identity, ?)", (fold(address),))
    db.execute("DELETE FROM former_rows WHERE instr(identity, ?)", (fold(address),))


def object_for_ever(db: sqlite3.Connection, address: str, secret: bytes, day: datetime) -> None:
    """Keep what recognises the address, and nothing that tells it."""
    db.execute(
        "INSERT OR IGNORE INTO objections (hash, day) VALUES (?, ?)",
        (address_hash(secret, address), day.date().isoformat()),
    )


def purge(db: sqlite3.Connection, before: datetime) -> int:
    """Erase the addresses with which nothing was exchanged since then; how many there were."""
    old = [address for (address,) in db.execute(
        "SELECT address FROM recipients WHERE address LIKE '%@%' GROUP BY address"
        " HAVING max(coalesce(sent_at, refused_at, '9')) < ? AND NOT EXISTS"
        " (SELECT 1 FROM mails WHERE sender = address AND received_at >= ?)",
        (stamp(before), stamp(before)),
    )]  # fmt: skip
    _erase_all(db, old)
    strangers = db.execute(
        "SELECT DISTINCT sender FROM mails WHERE sender <> '' GROUP BY sender HAVING max(received_at) < ?"
        " AND NOT EXISTS (SELECT 1 FROM recipients WHERE address = sender)",
        (stamp(before),),
    )
    _erase_all(db, [sender for (sender,) in strangers.fetchall()])
    return len(old)


def _erase_all(db: sqlite3.Connection, addresses: Iterable[str]) -> None:
    for address in addresses:
        erase(db, address)
