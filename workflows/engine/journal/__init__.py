"""The journal (SQLite): the truth about what left; the only importer of sqlite3."""

from workflows.engine.journal.messages import Message, Outcome
from workflows.engine.journal.store import Journal, JournalError

__all__ = ["Journal", "JournalError", "Message", "Outcome"]
