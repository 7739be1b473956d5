"""The mails that came back: each kept once, with what it says and the row it belongs to (design §5)."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime

from workflows.core import words
from workflows.core.received import Objections, Received, Reply, address_hash, standing
from workflows.engine.journal.mail_rows import COLUMNS, columns_of, mail_of
from workflows.engine.journal.messages import decide, moment, stamp
from workflows.engine.journal.outbox import JournalOutbox

Transaction = Callable[[], AbstractContextManager[sqlite3.Connection]]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A mail that À rattacher is about, or may be."""

    mail: Received
    listed: bool
    """It was given its row in À rattacher, whatever became of that."""
    by_itself: bool
    """Its row was found without a person, and never showed it: nobody has to attach it while that may be."""


class Mails:
    """Part of a Journal: every method that changes something commits before it returns."""

    def __init__(self, db: sqlite3.Connection, transaction: Transaction) -> None:
        self._db = db
        self._transaction = transaction

    def secret(self) -> bytes:
        """The key of signed references and address hashes, made once for a journal."""
        query = "SELECT value FROM meta WHERE name = 'secret'"
        if (kept := self._db.execute(query).fetchone()) is None:
            with self._transaction() as db:
                made = secrets.token_hex(32)
                db.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('secret', ?)", (made,))
            kept = self._db.execute(query).fetchone()
        return bytes.fromhex(kept[0])

    def position(self, mailbox: str) -> str:
        """Where the next reading of this mailbox begins; empty before the first."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (f"mailbox:{mailbox}",)).fetchone()
        return row[0] if row else ""

    def advance(self, mailbox: str, position: str) -> None:
        """Everything up to here is kept."""
        with self._transaction() as db:
            _advance(db, mailbox, position)

    def seen(self, mailbox: str) -> SeenThere:
        """What was taken from this mailbox before."""
        return SeenThere(self._db, mailbox)

    def keep(
        self, mailbox: str, place: str, fingerprint: str, mail: Received, objectors: Sequence[str] = ()
    ) -> bool:
        """Keep a mail with all that follows from it, at once; False when it was kept before.

        `objectors`: the addresses that object by it.
        """
        secret = self.secret() if objectors else b""
        with self._transaction() as db:
            number = _insert(db, mailbox, place, fingerprint, mail)
            if number:
                _apply(db, replace(mail, number=number), secret, objectors)
        return bool(number)

    def attach(self, mail: Received, objectors: Sequence[str] = ()) -> None:
        """A person says which row this mail belongs to: `mail` with its row, and without doubts."""
        secret = self.secret() if objectors else b""
        with self._transaction() as db:
            db.execute(
                "UPDATE mails SET key = ?, campaign = ?, subject = ?, doubt = ?, by_person = 1, bounced = ?,"
                " answer = ? WHERE number = ?",
                (
                    mail.key,
                    mail.campaign,
                    mail.subject,
                    mail.doubt,
                    " ".join(mail.bounced),
                    mail.answer,
                    mail.number,
                ),
            )
            _apply(db, mail, secret, objectors)

    def outbox(self, since: datetime, closed: Collection[tuple[str, str]] = frozenset()) -> JournalOutbox:
        """What was sent, for matching."""
        return JournalOutbox(self._db, since, closed)

    def oldest_sent(self) -> datetime | None:
        """When the first message ever left."""
        # By the recipients: their index gives it at once, however long the journal is.
        row = self._db.execute("SELECT min(sent_at) FROM recipients WHERE sent_at IS NOT NULL").fetchone()
        return moment(row[0])

    # Marking in the mailbox

    def unmarked(self, mailbox: str) -> list[str]:
        """Places of mails of this mailbox that are dealt with, and not shown as such there."""
        rows = self._db.execute(
            "SELECT place FROM mails WHERE mailbox = ? AND campaign <> '' AND marked = 0 ORDER BY number",
            (mailbox,),
        )
        return [place for (place,) in rows]

    def mark(self, mailbox: str, places: Iterable[str]) -> None:
        """These are shown as dealt with now."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE mails SET marked = 1 WHERE mailbox = ? AND place = ?", [(mailbox, p) for p in places]
            )

    def of(self, subject: str, addresses: Sequence[str]) -> list[Received]:
        """What came back about a structure or a person, or from their addresses, in order of arrival."""
        marks = ", ".join("?" * len(addresses))
        mine = f"(subject = ? AND subject <> '') OR (subject = '' AND sender IN ({marks}))"
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM mails WHERE {mine} ORDER BY received_at",  # noqa: S608
            (subject, *addresses),
        )
        return [mail_of(row) for row in rows]

    # À rattacher

    def to_list(self) -> list[Unplaced]:
        """Mails that never stood in a row of their own, those in À rattacher first."""
        rows = self._db.execute(
            f"SELECT {COLUMNS}, listed, campaign <> '' AND by_person = 0 FROM mails"  # noqa: S608
            " WHERE listed < 2 AND kind NOT IN ('own', 'delayed', 'automatic')"
            " AND (campaign = '' OR campaign NOT LIKE 'essai:%' AND sender || title || extract <> '')"
            " ORDER BY listed DESC, number"
        )
        return [Unplaced(mail_of(row[:-2]), bool(row[-2]), bool(row[-1])) for row in rows]

    def listed(self, numbers: Iterable[int]) -> None:
        """These have their row in À rattacher."""
        with self._transaction() as db:
            db.executemany("UPDATE mails SET listed = 1 WHERE number = ?", [(n,) for n in numbers])

    def shown(self, numbers: Collection[int]) -> None:
        """These stand in their own row; one that was in À rattacher is settled there as if by a person."""
        with self._transaction() as db:
            for query in (
                "UPDATE mails SET by_person = 1 WHERE number = ? AND listed = 1",
                "UPDATE mails SET listed = 2 WHERE number = ? AND listed = 0",
            ):
                db.executemany(query, [(n,) for n in numbers])

    # What stands in the sheet

    def shown_answers(self) -> dict[tuple[str, str], str]:
        """By tab and `Réf.`, the answer of ours that stood there when the sheet was last written."""
        rows = self._db.execute("SELECT tab, ref, value FROM shown_answers")
        return {(tab, ref): value for tab, ref, value in rows}

    def show_answers(self, answers: Mapping[tuple[str, str], str]) -> None:
        """These stand in the sheet now."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO shown_answers (tab, ref, value) VALUES (?, ?, ?)",
                [(tab, ref, value) for (tab, ref), value in answers.items()],
            )

    # What decisions may know

    def standings(self, campaigns: Sequence[str]) -> dict[tuple[str, str], Reply]:
        """Where the correspondence about each row of these campaigns stands."""
        marks = ", ".join("?" * len(campaigns))
        query = f"SELECT {COLUMNS} FROM mails WHERE campaign IN ({marks}) ORDER BY number"  # noqa: S608
        by_row: dict[tuple[str, str], list[Received]] = {}
        for row in self._db.execute(query, campaigns):
            mail = mail_of(row)
            by_row.setdefault((mail.campaign, mail.subject), []).append(mail)
        found = {row: standing(mails, self._last_round(*row)) for row, mails in by_row.items()}
        return {row: reply for row, reply in found.items() if reply}

    def _last_round(self, campaign: str, subject: str) -> int:
        query = "SELECT max(round) FROM messages WHERE campaign = ? AND subject = ? AND state = 'sent'"
        return int(self._db.execute(query, (campaign, subject)).fetchone()[0] or 0)

    def absences(self) -> dict[str, date]:
        """By subject, the day that its last automatic reply gave."""
        rows = self._db.execute(
            "SELECT subject, return_date FROM mails WHERE answer = ? AND campaign <> ''"
            " AND campaign NOT LIKE 'essai:%' AND return_date IS NOT NULL ORDER BY number",
            (words.ABSENCE,),
        )
        return {subject: date.fromisoformat(day) for subject, day in rows}

    def bounced(self) -> dict[str, str]:
        """Addresses whose mail came back and that were not written to since, with the reason."""
        rows = self._db.execute(
            "SELECT address, reason FROM bounces b WHERE NOT EXISTS (SELECT 1 FROM messages m"
            " JOIN recipients r USING (key) WHERE r.address = b.address AND r.state = 'sent'"
            " AND m.round > b.round) ORDER BY b.round"
        )
        return dict(rows.fetchall())

    def objections(self) -> Objections:
        """Who objected, without saying who."""
        rows = self._db.execute("SELECT hash, day FROM objections").fetchall()
        if not rows:
            return Objections()
        return Objections(self.secret(), {hash_: date.fromisoformat(day) for hash_, day in rows})

    def recent_objections(self, since: datetime) -> list[Received]:
        """The mails by which people objected since then."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM mails WHERE answer = ? AND doubt = '' AND received_at >= ?"  # noqa: S608
            " AND campaign NOT LIKE 'essai:%' ORDER BY number",
            (words.OBJECTION, stamp(since)),
        )
        return [mail_of(row) for row in rows]


class SeenThere:
    """What was taken from one mailbox (ports.Seen)."""

    def __init__(self, db: sqlite3.Connection, mailbox: str) -> None:
        self._db = db
        self._mailbox = mailbox

    def place(self, place: str) -> bool:
        query = "SELECT 1 FROM mails WHERE mailbox = ? AND place = ?"
        return self._db.execute(query, (self._mailbox, place)).fetchone() is not None

    def message_id(self, message_id: str) -> bool:
        query = "SELECT 1 FROM mails WHERE message_id = ?"
        return self._db.execute(query, (message_id,)).fetchone() is not None


def _advance(db: sqlite3.Connection, mailbox: str, position: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (f"mailbox:{mailbox}", position))


def _insert(db: sqlite3.Connection, mailbox: str, place: str, fingerprint: str, mail: Received) -> int:
    """The number of the new mail; 0 when it is there already."""
    values = {"mailbox": mailbox, "place": place, "fingerprint": fingerprint, **columns_of(mail)}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    row = db.execute(
        f"INSERT INTO mails ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING number",  # noqa: S608
        tuple(values.values()),
    ).fetchone()
    return row[0] if row else 0


def _apply(db: sqlite3.Connection, mail: Received, secret: bytes, objectors: Iterable[str]) -> None:
    """What a mail changes beyond itself: who objects, and the fate of the message that it answers.

    Whatever answers a message that may or may not have left shows that it did.
    """
    if mail.key and not mail.doubt:
        decide(db, mail.key, sent=True, at=mail.received_at)
    db.executemany(
        "INSERT OR IGNORE INTO objections (hash, day) VALUES (?, ?)",
        [(address_hash(secret, address), mail.received_at.date().isoformat()) for address in objectors],
    )
    if mail.answer != words.BOUNCED or not mail.bounced:
        return
    for address in mail.bounced:
        db.execute(
            "UPDATE recipients SET state = 'refused', detail = ?, refused_at = ?"
            " WHERE key = ? AND address = ?",
            (mail.reason, stamp(mail.received_at), mail.key, address),
        )
        if not mail.campaign.startswith("essai:"):
            db.execute(
                "INSERT OR REPLACE INTO bounces (address, round, reason) VALUES (?, ?, ?)",
                (address, mail.round_number, mail.reason),
            )
    query = "SELECT 1 FROM recipients WHERE key = ? AND state <> 'refused'"
    if not db.execute(query, (mail.key,)).fetchone():
        db.execute("UPDATE mails SET whole = 1 WHERE number = ?", (mail.number,))
