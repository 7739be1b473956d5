"""The demonstration: a sample workbook, a few rounds at fixed moments, and replies that arrive between them.

The sample replies name the message that they answer by its key; its Message-ID, which nobody can know
beforehand, is put in when they are laid into the mailbox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from workflows.core.workflow import Scope, Step
from workflows.engine.journal import Journal

_ANSWERED = re.compile(rb"^In-Reply-To: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DemoRound:
    """One command of the demonstration, and when it is given."""

    at: str
    command: str
    scope: Scope
    replies: bool = False
    """The sample replies arrive just before."""


ROUNDS = (
    DemoRound("2027-03-02T10:00", "appel lancer", Scope("appel-a-candidatures", Step.FIRST, "2027-1")),
    DemoRound("2027-03-02T10:00", "formation inviter", Scope("formation", Step.FIRST, "SES-2")),
    DemoRound("2027-03-04T10:00", "presence rappeler", Scope("presence", Step.FIRST, "2027-S09")),
    DemoRound("2027-03-04T14:00", "passage", Scope(), replies=True),
)


def sample_workbook() -> bytes:
    """An untidy workbook as LibreOffice saved it."""
    return resources.files(__package__).joinpath("coordination.xlsx").read_bytes()


def lay_replies(mailbox: Path, journal: Journal) -> None:
    """Put the sample replies into a Maildir, each once."""
    for part in ("tmp", "new", "cur"):
        (mailbox / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    for sample in sorted(resources.files(__package__).joinpath("replies").iterdir(), key=lambda s: s.name):
        if not any(mailbox.rglob(f"{sample.name}*")):
            content = _ANSWERED.sub(lambda found: _answer(found, journal), sample.read_bytes())
            (mailbox / "new" / sample.name).write_bytes(content)


def _answer(found: re.Match[bytes], journal: Journal) -> bytes:
    record = journal.record(found[1].decode())
    return b"In-Reply-To: " + (record.message_id.encode() if record else b"<inconnu@exemple.fr>")
