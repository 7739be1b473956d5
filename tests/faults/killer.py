"""Ends or stops this very process at an exact step of a round, with no trace of it in the product.

`install` wraps named functions of the program and of its libraries; each call makes one event before
and one after. At the event that was asked for, the process sends itself SIGKILL or SIGSTOP.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

JOURNAL = "workflows.engine.journal.store:Journal"
PLACES: dict[str, tuple[str, ...]] = {
    JOURNAL: (
        "recover", "believe", "see", "learn", "authorise", "plan", "note", "know_rows", "remember", "claim",
        "settle", "decide",
    ),
    "workflows.adapters.xlsx_workbook:XlsxWorkbook": ("read", "write"),
    "workflows.adapters.xlsx_workbook": ("back_up", "replace_file"),
    "workflows.adapters.xlsx_files": ("swap",),
    "workflows.adapters.google_sheet:GoogleSheet": ("read", "write"),
    "workflows.adapters.yagmail_transport:YagmailTransport": ("check", "send", "close"),
    "workflows.adapters.maildir:MaildirTransport": ("check", "send", "close"),
    "requests:Session": ("request",),
    "smtplib:SMTP": ("putcmd", "getreply", "send"),
    "os": ("replace", "rename", "fsync"),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """The `nth` event (from 1) of this name, or of any; names are « before Journal.claim » and so on."""

    nth: int
    name: str = ""
    kill: bool = True
    """False: only stop, until somebody continues the process."""


@dataclass(frozen=True)
class Event:
    name: str
    at: float
    """Seconds of the system's monotonic clock."""


class Killer:
    """Counts events; acts at one of them."""

    def __init__(self, point: Point | None) -> None:
        self.point = point
        self.events: list[Event] = []
        self._met = 0

    def event(self, name: str) -> None:
        self.events.append(Event(name, time.monotonic()))
        if self.point is None or self.point.name not in ("", name):
            return
        self._met += 1
        if self._met == self.point.nth:
            self.strike(self.point)

    def strike(self, point: Point) -> None:
        os.kill(os.getpid(), signal.SIGKILL if point.kill else signal.SIGSTOP)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps([asdict(event) for event in self.events]))


def install(killer: Killer) -> Callable[[], None]:
    """Wrap everything in PLACES, and the moment before each commit of the journal; returns the undoing."""
    originals: list[tuple[Any, str, Any]] = []
    for place, names in PLACES.items():
        module, _, owner = place.partition(":")
        target: Any = importlib.import_module(module)
        if owner:
            target = getattr(target, owner)
        for name in names:
            title = f"{owner or module.rpartition('.')[2]}.{name}"
            originals.append((target, name, getattr(target, name)))
            setattr(target, name, _wrapped(killer, title, getattr(target, name)))
    journal: Any = getattr(importlib.import_module(JOURNAL.partition(":")[0]), "Journal")  # noqa: B009
    originals.append((journal, "_transaction", journal._transaction))
    journal._transaction = _before_commit(killer, journal._transaction)

    def undo() -> None:
        for target, name, original in originals:
            setattr(target, name, original)

    return undo


def _wrapped(killer: Killer, title: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        killer.event(f"before {title}")
        result = function(*args, **kwargs)
        killer.event(f"after {title}")
        return result

    return call


def _before_commit(killer: Killer, transaction: Callable[..., Any]) -> Callable[..., Any]:
    @contextlib.contextmanager
    def wrapped(journal: Any) -> Iterator[Any]:
        with transaction(journal) as db:
            yield db
            killer.event("before commit")

    return wrapped
