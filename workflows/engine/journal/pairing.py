"""Whether a write-ahead log left by a crash belongs to the database file that lies beside it.

SQLite applies such a log to whatever file has the name: an older copy of the journal put back beside the
log of a killed round would become a mixture that passes SQLite's own checks. So each session writes a
number of its own into the file's header (application_id) and, in the same transaction, into a table,
together with the numbers that the header may still show until the log is copied into the file. For this
the log must not be copied, and begun anew, within a session (wal_autocheckpoint = 0).
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

_NAME = "session"
_HEADER = slice(68, 72)
"""Where a database file holds its application_id (https://sqlite.org/fileformat2.html, 1.3)."""


def sign(db: sqlite3.Connection, path: Path) -> None:
    """Name the session; within its first transaction."""
    before = db.execute("PRAGMA application_id").fetchone()[0]
    number = secrets.randbelow(2**31 - 1) + 1
    db.execute(f"PRAGMA application_id = {number}")
    numbers = f"{_header(path)} {before} {number}"
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (_NAME, numbers))


def belongs(db: sqlite3.Connection, path: Path) -> bool:
    """Whether the file's header shows a number that the session in the log knows of."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (_NAME,)).fetchone()
    return row is None or str(_header(path)) in row[0].split()


def _header(path: Path) -> int:
    """The number in the file itself, whatever the log says; 0 for a journal in memory."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return int.from_bytes(file.read(_HEADER.stop)[_HEADER], "big")
