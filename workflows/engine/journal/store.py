"""The journal's file: opened, checked, never started empty over a damaged one (design §5)."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

from workflows.core.disk import cause
from workflows.core.messages import LETTERS, Belief, History, Launch, Order, Record
from workflows.core.problems import TourneeError
from workflows.engine.journal import erasure, messages, pairing
from workflows.engine.journal.mails import Mails
from workflows.engine.journal.messages import Message, Outcome, moment, stamp

_SCHEMA_VERSION = 1
_CAUSES = {
    "full": "le disque est plein",
    "readonly": "le fichier est en lecture seule",
    "unable to open": "le fichier ou son dossier n'est pas accessible",
    "I/O": "le disque a répondu par une erreur",
}
_BUSY_MS = 5_000
_STRANGE_LOG = "write-ahead log of another copy"


class JournalError(TourneeError):
    """The journal cannot be trusted or written: nothing may leave."""


class Journal:
    """What was planned, what left, and what was written into the sheet.

    Every method that changes something commits before it returns.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open the journal; where there is none, make one, or an empty one in memory to look at.

        Raises JournalError.
        """
        self._path = path
        self._signed = False
        self.fresh = not path.exists()
        """No journal was there: the sheet is believed."""
        with self._errors():
            if self.fresh and create:
                self._create()
            self._db = self._in_memory() if self.fresh and not create else self._open()
        self.mails = Mails(self._db, self._transaction)
        """What came back."""

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self._failure(error) from error
        except OSError as error:
            raise JournalError(
                f"Le journal {self._path} ne peut pas être ouvert : {cause(error)}.",
                "Vérifiez les droits du dossier et la place libre du disque, puis relancez.",
            ) from error

    def _failure(self, error: Exception) -> JournalError:
        words = str(error)
        for sign, why in _CAUSES.items():
            if sign in words:
                return JournalError(
                    f"Le journal {self._path} ne peut pas être écrit : {why}.",
                    "Libérez de la place ou rendez le dossier accessible en écriture, puis relancez.",
                )
        if "locked" in words:
            return JournalError(
                f"Le journal {self._path} est utilisé par un autre programme.", "Fermez-le, puis relancez."
            )
        if words == _STRANGE_LOG:
            return JournalError(
                f"Le journal {self._path} a été remplacé par une autre copie, à côté du fichier -wal"
                " de la première.",
                "Déplacez ailleurs ses voisins -wal et -shm, puis relancez : la tournée reprendra"
                " ce que dit la feuille.",
            )
        return JournalError(
            f"Le journal {self._path} est abîmé, ou n'est pas un journal de Tournée.",
            "Remettez en place une sauvegarde de ce fichier ; à défaut, déplacez-le ailleurs avec ses voisins"
            " -wal et -shm : la prochaine tournée reprendra ce que dit la feuille et ne renverra rien"
            " de ce qui y est « Envoyé ».",
        )

    def _create(self) -> None:
        """Make the file whole under another name: a crash never leaves an empty journal behind."""
        draft = self._path.with_name(self._path.name + ".neuf")
        for leftover in (draft, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
            leftover.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(draft)) as db:
            _fill(db)
            db.execute("PRAGMA journal_mode = WAL")
        draft.replace(self._path)

    def _in_memory(self) -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None)
        _fill(db)
        return db

    def _open(self) -> sqlite3.Connection:
        if self._path.stat().st_size == 0:
            raise sqlite3.DatabaseError("fichier vide")
        wal = self._path.with_name(self._path.name + "-wal")
        unfinished = wal.exists() and wal.stat().st_size > 0
        db = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_MS / 1000)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        # A write-ahead log left by a crash belongs to the file beside it, unless that was replaced.
        if unfinished and not pairing.belongs(db, self._path):
            raise sqlite3.DatabaseError(_STRANGE_LOG)
        if unfinished and db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("contenu incohérent")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != _SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"version {version} inconnue")
        db.executescript(_script("additions.sql"))
        return db

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Close; an error of SQLite's that got this far is said as what it is for her."""
        self.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise self._failure(error) from error

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if not self._signed:
                    pairing.sign(self._db, self._path)
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self._signed = True

    # The round

    @property
    def round_number(self) -> int:
        """The number of the last round that planned something here."""
        return int(self.meta("round") or 0)

    def meta(self, name: str) -> str:
        """A remembered value, or an empty text."""
        with self._errors():
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def remember(self, **values: str) -> None:
        """Keep small facts about the round: its number, its time, how many rows each tab had."""
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", values.items())

    def recover(self) -> list[str]:
        """Turn messages that a crash left half-way into UNCERTAIN; their keys. Needs the round's lock."""
        with self._transaction() as db:
            return messages.recover(db)

    def plan(
        self,
        planned: Iterable[Message],
        orders: Iterable[Order],
        disarmed: Iterable[str],
        round_number: int,
    ) -> None:
        """Store what this round is about to send, with the orders that asked for it, at once."""
        with self._transaction() as db:
            messages.plan(db, planned, round_number)
            db.executemany("DELETE FROM orders WHERE scope = ?", [(scope,) for scope in disarmed])
            db.executemany(
                "INSERT OR REPLACE INTO orders (scope, key) VALUES (?, ?)", [(o.scope, o.key) for o in orders]
            )
            db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('round', ?)", (str(round_number),))

    def claim(self, key: str, previous: Outcome | None) -> Message | None:
        """Settle the message before and claim this one in one durable commit.

        None when the key is no longer PLANNED or an address was reached through another row.
        """
        with self._transaction() as db:
            if previous:
                messages.settle(db, previous)
            db.execute("SAVEPOINT claim")
            message = messages.claim(db, key)
            if message is None:
                db.execute("ROLLBACK TO claim")
            db.execute("RELEASE claim")
        return message

    def settle(self, outcome: Outcome) -> None:
        """Write how the last claimed message ended."""
        with self._transaction() as db:
            messages.settle(db, outcome)

    def decide(self, key: str, *, sent: bool, at: datetime) -> bool:
        """Settle an UNCERTAIN message by a person's word; False when it is not one."""
        with self._transaction() as db:
            return messages.decide(db, key, sent=sent, at=at)

    def believe(self, beliefs: Iterable[Belief]) -> None:
        """Take the sheet's word for messages that are not held here."""
        with self._transaction() as db:
            for belief in beliefs:
                if not belief.order_alone:
                    messages.believe(db, belief.record)
                if belief.order:
                    db.execute(
                        "INSERT OR IGNORE INTO orders (scope, key) VALUES (?, ?)",
                        (belief.order.scope, belief.order.key),
                    )

    # Campaigns

    def see(self, seen: Iterable[str], unseen: Iterable[str], at: datetime) -> None:
        """Note the first sight of campaigns at `À lancer`, and those that no longer are."""
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO launches (campaign, seen_at) VALUES (?, ?) ON CONFLICT (campaign) DO UPDATE"
                " SET seen_at = coalesce(seen_at, excluded.seen_at)",
                [(campaign, stamp(at)) for campaign in seen],
            )
            db.executemany("UPDATE launches SET seen_at = NULL WHERE campaign = ?", [(c,) for c in unseen])

    def authorise(self, campaign: str, at: datetime) -> None:
        """A person launched this campaign in the terminal."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO launches (campaign, authorised_at) VALUES (?, ?)"
                " ON CONFLICT (campaign) DO UPDATE SET authorised_at = coalesce(authorised_at,"
                " excluded.authorised_at)",
                (campaign, stamp(at)),
            )

    def learn(self, workflow: str, facts: Mapping[str, str]) -> None:
        """Keep what a workflow chose to remember; an empty text forgets it."""
        with self._transaction() as db:
            db.executemany(
                "DELETE FROM facts WHERE workflow = ? AND name = ?", [(workflow, name) for name in facts]
            )
            db.executemany(
                "INSERT INTO facts (workflow, name, value) VALUES (?, ?, ?)",
                [(workflow, name, value) for name, value in facts.items() if value],
            )

    def history(self, campaigns: Sequence[str], workflow: str) -> History:
        """All that these campaigns' decisions may know of the past."""
        marks = ", ".join("?" * len(campaigns))
        with self._errors():
            records = messages.records(self._db, f"campaign IN ({marks})", campaigns)
            launches = {
                campaign: Launch(moment(seen), moment(authorised))
                for campaign, seen, authorised in self._db.execute(
                    "SELECT campaign, seen_at, authorised_at FROM launches"
                )
            }
            orders = {
                scope: Order(scope, key) for scope, key in self._db.execute("SELECT scope, key FROM orders")
            }
            refused = messages.refused_addresses(self._db)
            facts = dict(
                self._db.execute("SELECT name, value FROM facts WHERE workflow = ?", (workflow,)).fetchall()
            )
            return History(
                records,
                launches,
                orders,
                refused,
                facts,
                answers=self.mails.standings(campaigns),
                absences=self.mails.absences(),
                bounced=self.mails.bounced(),
                objections=self.mails.objections(),
            )

    def holds(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys the journal has a message for."""
        with self._errors():
            return {
                key
                for key in keys
                if self._db.execute("SELECT 1 FROM messages WHERE key = ?", (key,)).fetchone()
            }

    def wrote_about(self, ref: str) -> bool:
        """Whether a real message ever left, or may have, for this `Réf.`: a campaign's, or a recipient's."""
        query = (
            "SELECT 1 FROM messages WHERE state <> 'planned' AND campaign NOT LIKE 'essai:%'"
            " AND (subject = ? OR substr(campaign, instr(campaign, ':') + 1) = ?) LIMIT 1"
        )
        with self._errors():
            return self._db.execute(query, (ref, ref)).fetchone() is not None

    def content(self, key: str) -> bytes:
        """The whole message under this key, as it was handed over; empty when it is not held."""
        with self._errors():
            row = self._db.execute("SELECT bytes FROM messages WHERE key = ?", (key,)).fetchone()
        return row[0] if row else b""

    def record(self, key: str) -> Record | None:
        """The message under this key."""
        with self._errors():
            return messages.records(self._db, "key = ?", [key]).get(key)

    def about(self, subject: str, address: str) -> list[Record]:
        """Every real message to a `Réf.` or an address, the earliest first."""
        with self._errors():
            found = messages.records(
                self._db,
                "campaign NOT LIKE 'essai:%' AND ((subject <> '' AND subject = ?)"
                " OR messages.key IN (SELECT key FROM recipients WHERE address = ?))",
                [subject, address],
            )
        return sorted(
            found.values(), key=lambda r: (r.sent_at is None, stamp(r.sent_at) if r.sent_at else "")
        )

    # A person's data

    def held(self, address: str) -> dict[str, Any]:
        """All that is kept of an address, ready for JSON."""
        with self._errors():
            return erasure.held(self._db, address)

    def erase(self, address: str, at: datetime) -> None:
        """Forget an address for good; only the hash that recognises its objection stays."""
        secret = self.mails.secret()
        with self._transaction() as db:
            erasure.erase(db, address)
            erasure.object_for_ever(db, address, secret, at)
        with self._errors():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def purge(self, before: datetime, today: str) -> int:
        """Once a day, forget those with whom nothing was exchanged since `before`; how many."""
        if self.meta("purged") == today:
            return 0
        with self._transaction() as db:
            count = erasure.purge(db, before)
        self.remember(purged=today)
        return count

    def letters_waiting(self, now: datetime) -> list[str]:
        """The keys of a launch's copy and summary that could not leave yet, due at `now`."""
        query = (
            "SELECT key FROM messages WHERE campaign = ? AND state = 'planned'"
            " AND step IN ('lancement', 'copie') AND coalesce(next_attempt, '') <= ?"
        )
        with self._errors():
            return [key for (key,) in self._db.execute(query, (LETTERS, stamp(now)))]

    def uncertain(self) -> dict[str, Record]:
        """All messages of a campaign that may or may not have left; a letter in doubt asks nothing of her."""
        with self._errors():
            where = "messages.state IN ('sending', 'uncertain') AND messages.state = 'uncertain'"
            return messages.records(self._db, f"{where} AND campaign <> ?", [LETTERS])

    def served_since(self, since: datetime) -> list[datetime]:
        """When each recipient of a campaign's real message since then was served, in order."""
        with self._errors():
            return messages.recipients_since(self._db, since)

    # The sheet

    def known_rows(self, tab: str) -> dict[str, str]:
        """`Réf.` → what the row was about, for all rows ever seen in this tab."""
        with self._errors():
            rows = self._db.execute("SELECT ref, identity FROM known_rows WHERE tab = ?", (tab,))
            return dict(rows.fetchall())

    def former_rows(self, tab: str) -> list[tuple[str, str]]:
        """Each `Réf.` of this tab with what its row was about before, the latest first."""
        with self._errors():
            query = "SELECT ref, identity FROM former_rows WHERE tab = ? ORDER BY number DESC"
            return self._db.execute(query, (tab,)).fetchall()

    def know_rows(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Remember (tab, Réf., what the row is about)."""
        rows = list(rows)
        with self._transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO former_rows (tab, ref, identity)"
                " SELECT tab, ref, identity FROM known_rows WHERE tab = ? AND ref = ? AND identity <> ''",
                [(tab, ref) for tab, ref, _ in rows],
            )
            db.executemany("INSERT OR REPLACE INTO known_rows (tab, ref, identity) VALUES (?, ?, ?)", rows)

    def note(self, cells: Iterable[tuple[str, str, str, str]]) -> None:
        """Note (tab, Réf., heading, value) before it is written into the sheet."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", cells)

    def noted(self, tab: str, ref: str, heading: str, value: str) -> bool:
        """Whether the program ever meant this value for this cell."""
        with self._errors():
            return (
                self._db.execute(
                    "SELECT 1 FROM notes WHERE tab = ? AND ref = ? AND heading = ? AND value = ?",
                    (tab, ref, heading, value),
                ).fetchone()
                is not None
            )


def _fill(db: sqlite3.Connection) -> None:
    for name in ("schema.sql", "additions.sql"):
        db.executescript(_script(name))
    db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _script(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
