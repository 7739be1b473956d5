"""A workspace of 3 000 structures and 1 000 Promeneurs, and a journal of 100 000 messages.

Part of `make bench`: time, memory and calls of whole rounds by `run.py` as a process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.sheets_server import SheetsServer
from tests.support.workspace import Workspace, small
from workflows.engine.journal import Journal, Message

PEOPLE, STRUCTURES, LINES = 1_000, 3_000, 100_000
MEMORY_LIMIT = 300
"""MiB."""
SLOWER_AT_MOST = 1.5
LATER = "2027-03-02T11:00"
_NO_CAP = {"plafond_par_passage": "5000", "plafond_par_jour": "9000", "delai_de_grace": '"0"'}


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    seconds: float
    mebibytes: float


def big() -> dict[str, list[Any]]:
    """The workbook: everyone may be written to, and the call is at « À lancer »."""
    book = small(STRUCTURES, "À lancer")
    people = [
        (f"PRO-{n:04}", f"Prénom {n}", f"Nom {n}", f"p{n}@structures.example", "Fil de l'eau")
        for n in range(1, PEOPLE + 1)
    ]
    book["Promeneurs"] = [("Réf.", "Prénom", "Nom", "Courriel", "Mode de présence"), *people]
    book["Sessions"] = [("Réf.", "Intitulé", "Date", "Début")]
    return book


def cost(workspace: Workspace, *words: str, at: str, env: Mapping[str, str] | None = None) -> Cost:
    """Run the command to its end. Raises AssertionError when it could not run."""
    start = time.perf_counter()
    with subprocess.Popen(
        workspace.command(*words, at=at),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | dict(env or {}),
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), said
    return Cost(time.perf_counter() - start, usage.ru_maxrss / 1024)


def rounds(folder: Path) -> None:
    """The whole call, everyone's reminder, then nothing due, in a file and behind the Sheets API."""
    steps: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
        ("3 000 messages", "2027-03-02T10:00", STRUCTURES, ("passage",)),
        ("1 000 reminders", "2027-03-02T10:30", STRUCTURES + PEOPLE, ("presence", "rappeler", "--oui")),
        ("nothing due", LATER, STRUCTURES + PEOPLE, ("passage",)),
    )
    with SheetsServer() as sheets:
        for where in ("xlsx", "google"):
            workspace = Workspace(folder / where, big(), **_NO_CAP)
            spreadsheet = ""
            if where == "google":
                spreadsheet = sheets.load_xlsx(workspace.book, locale="fr_FR", timeZone="Europe/Paris")
                sheets.service_account(workspace.folder / "config" / "compte-de-service.json")
                workspace.set(
                    "classeur", type='"google"', identifiant=f'"{spreadsheet}"', adresse_api=f'"{sheets.url}"'
                )
            for what, at, so_far, words in steps:
                sheets.reset_counts()
                took = cost(workspace, *words, at=at)
                calls = sheets.counts["read"] + sheets.counts["write"]
                name = f"{where}, 3 000 structures, 1 000 Promeneurs: {what}"
                told = f", {calls} Sheets calls" if spreadsheet else ""
                print(f"{name:<60} {took.seconds:6.1f} s  {took.mebibytes:5.0f} MiB{told}")
                assert took.mebibytes < MEMORY_LIMIT, took
                assert calls <= 4, calls
                sent = Counter(str(mail["To"]) for mail in workspace.mails())
                assert len(sent) == so_far == sent.total(), (len(sent), sent.total())


def long_journal(folder: Path) -> None:
    """A round with nothing due, with a journal of 100 000 messages of earlier years and with a new one."""
    taken: dict[str, list[float]] = {"empty": [], "long": []}
    spaces = {name: Workspace(folder / name, small(50), **_NO_CAP) for name in taken}
    for workspace in spaces.values():
        cost(workspace, "passage", at=LATER)
    fill(spaces["long"].folder / "donnees" / "journal.sqlite3")
    for _ in range(5):
        for name, workspace in spaces.items():
            taken[name].append(cost(workspace, "passage", at=LATER).seconds)
    empty, full = (statistics.median(taken[name]) for name in ("empty", "long"))
    print(f"{'nothing due, with 100 000 messages in the journal':<60} {full / empty:6.2f} × an empty journal")
    assert full <= SLOWER_AT_MOST * empty, (full, empty)


def fill(path: Path) -> None:
    """100 000 messages of earlier calls, all sent."""
    journal = Journal(path)
    content = b"x" * 4_000
    made = [
        Message(
            f"appel:20{n % 20:02}:STR-{n:06}:annonce",
            f"appel:20{n % 20:02}",
            "annonce",
            f"STR-{n:06}",
            (f"s{n}@structures.example",),
            f"<{n}@reseau.example>",
            content,
        )
        for n in range(LINES)
    ]
    journal.plan(made, (), (), journal.round_number)
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    with journal._transaction() as db:
        for n, message in enumerate(made):
            then = (at + timedelta(minutes=n % 9_000)).isoformat()
            db.execute("UPDATE messages SET state = 'sent', sent_at = ? WHERE key = ?", (then, message.key))
            db.execute("UPDATE recipients SET state = 'sent', sent_at = ? WHERE key = ?", (then, message.key))
    journal.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        long_journal(Path(name))
        rounds(Path(name))


if __name__ == "__main__":
    main()
