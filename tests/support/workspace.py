"""A workspace to try things in: makes one, runs `run.py` or the office on it, reads back what is there."""

from __future__ import annotations

import atexit
import email.policy
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook as OpenpyxlWorkbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.faults.zygote import Zygote
from workflows.core.messages import Mode
from workflows.core.workflow import Scope, Step
from workflows.engine.account import Account
from workflows.engine.pacing import Narrowing
from workflows.engine.prepare import Request
from workflows.office import Office, open_office

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SAMPLE = CHECKOUT / "workflows" / "demo" / "coordination.xlsx"
CALLS = "appel-a-candidatures"
TUESDAY = "2027-03-02T10:00"
"""A working day in office hours, on which the sample's call is open."""

Rows = Sequence[Sequence[Any]]
STRUCTURES = ("Réf.", "Nom", "Courriel", "Statut réseau", "Ne plus solliciter")
APPEALS = ("Réf.", "Titre", "Ouverture", "Date limite", "Commande")
OTHERS: Mapping[str, Rows] = {
    "Promeneurs": [("Réf.", "Prénom", "Nom", "Courriel")],
    "Sessions": [("Réf.", "Intitulé", "Date", "Début")],
}
"""The tabs of hers that the other workflows need."""
APPEAL = ("2027-1", "Appel de printemps", "01/02/2027", "26/03/2027", None)


@dataclass(frozen=True)
class Ran:
    """How one run of `run.py` ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


@functools.cache
def _zygote() -> Zygote:
    """What this process's tests start `run.py` from, each time as a process of its own."""
    folder = Path(tempfile.mkdtemp())
    zygote = Zygote(folder)
    atexit.register(shutil.rmtree, folder)
    atexit.register(zygote.__exit__)
    return zygote


class Workspace:
    """A folder as `creer` makes it, in real mode unless told otherwise."""

    def __init__(
        self, folder: Path, workbook: Path | Mapping[str, Rows] | None = None, **settings: str
    ) -> None:
        self.folder = folder
        self.book = folder / "donnees" / "coordination.xlsx"
        for part in ("config", "donnees"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for shipped in (CHECKOUT / "config").glob("*.toml"):
            (folder / "config" / shipped.name).write_bytes(shipped.read_bytes())
        self.set(**{"mode": '"reel"', **settings})
        if isinstance(workbook, Path):
            self.book.write_bytes(workbook.read_bytes())
        elif workbook is not None:
            write_book(self.book, workbook)

    def set(self, section: str = "", **settings: str) -> None:
        """Give keys of general.toml these values, as TOML writes them."""
        path = self.folder / "config" / "general.toml"
        tail, head, mark = path.read_text("utf-8"), "", ""
        if section:
            head, mark, tail = tail.partition(f"\n[{section}]\n")
        for key, value in settings.items():
            line, changed = re.compile(rf"^{key} = .*$", re.MULTILINE), f"{key} = {value}"
            assert line.search(tail), key
            tail = line.sub(changed.replace("\\", r"\\"), tail, count=1)
        path.write_text(head + mark + tail, "utf-8")

    def smtp(self, port: int, **settings: str) -> None:
        """Send through the server on this port, without log-in."""
        self.set(
            "courrier",
            type='"smtp"', hote='"127.0.0.1"', port=str(port), chiffrement='"aucun"', **settings,
        )  # fmt: skip

    # Running

    def command(self, *words: str, at: str = TUESDAY, form: str = "json") -> list[str]:
        where = ["--espace", str(self.folder), "--format", form]
        return [sys.executable, str(CHECKOUT / "run.py"), *where, *(["--le", at] if at else []), *words]

    def run(
        self, *words: str, at: str = TUESDAY, form: str = "json", env: Mapping[str, str] | None = None
    ) -> Ran:
        """`run.py` as a process of its own, without a terminal."""
        command = self.command(*words, at=at, form=form)[2:]
        done = _zygote().run(command, env=env, limits={"alarm": 60}, watched=False)
        return Ran(done.status, done.out, done.err)

    def start(
        self, *words: str, at: str = TUESDAY, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """`run.py` as a process that the test goes on beside."""
        return subprocess.Popen(
            self.command(*words, at=at),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | dict(env or {}),
        )

    def office(self, at: str = TUESDAY) -> Office:
        """The same without a process, at this moment of the coordination's time zone."""
        return open_office(
            self.folder, lambda general: lambda: datetime.fromisoformat(at).replace(tzinfo=general.zone), {}
        )

    def round(
        self,
        at: str = TUESDAY,
        scope: Scope | None = None,
        command: str = "passage",
        *,
        mode: Mode = Mode.LIVE,
        narrowing: Narrowing | None = None,
        confirmed: bool = False,
    ) -> Account:
        request = Request(command, scope or Scope(), mode, narrowing or Narrowing(), confirmed)
        return self.office(at).run(request)

    def launch(self, at: str = TUESDAY, ref: str = "2027-1", **more: Any) -> Account:
        return self.round(at, Scope(CALLS, Step.FIRST, ref), "appel lancer", **more)

    def follow_up(self, at: str = TUESDAY, ref: str = "", **more: Any) -> Account:
        return self.round(at, Scope(CALLS, Step.FOLLOW_UP, ref), "appel relancer", **more)

    # Reading back

    def mails(self, folder: str = "envois") -> list[EmailMessage]:
        """The messages of one of the Maildirs, in the order of sending."""
        return [
            parsed(path.read_bytes()) for path in sorted((self.folder / "donnees" / folder / "new").glob("*"))
        ]

    def mails_to_structures(self) -> list[EmailMessage]:
        """The real ones without those that tell the coordinator herself how it went."""
        return [mail for mail in self.mails() if str(mail["To"]) != "coordination@exemple.fr"]

    def tab(self, title: str) -> list[dict[str, Any]]:
        """The rows of a tab by heading, those without anything left out."""
        sheet = openpyxl.load_workbook(self.book)[title]
        return table(sheet)

    def row(self, title: str, **wanted: Any) -> dict[str, Any]:
        """The one row of a tab that holds all this."""
        found = [r for r in self.tab(title) if all(r.get(h) == value for h, value in wanted.items())]
        assert len(found) == 1, (wanted, found)
        return found[0]

    def edit(self, change: Callable[[OpenpyxlWorkbook], object]) -> None:
        """What a person does to the workbook between two rounds."""
        book = openpyxl.load_workbook(self.book)
        change(book)
        book.save(self.book)

    def put(self, title: str, where: Mapping[str, Any], **values: Any) -> None:
        """Type into the one row of a tab that holds all of `where`; headings that are no words go by `_`."""

        def change(book: OpenpyxlWorkbook) -> None:
            sheet = book[title]
            number = heading_row(sheet)
            columns = {str(c.value): c.column for c in sheet[number] if c.value is not None}
            rows = [
                r for r in range(number + 1, sheet.max_row + 1)
                if all(sheet.cell(r, columns[h]).value == v for h, v in where.items())
            ]  # fmt: skip
            assert len(rows) == 1, (where, rows)
            for heading, value in values.items():
                sheet.cell(rows[0], columns[heading.replace("_", " ")]).value = value

        self.edit(change)


def write_book(path: Path, tabs: Mapping[str, Rows]) -> None:
    """A new workbook: each tab's rows, the first one its headings."""
    book = OpenpyxlWorkbook()
    book.remove(book.worksheets[0])
    for title, rows in tabs.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


def small(count: int = 3, order: str | None = None) -> dict[str, Any]:
    """A workbook with so many structures and one open call."""
    rows = [
        (f"STR-{n:03}", f"Structure {n}", f"s{n}@structures.example", None, None) for n in range(1, count + 1)
    ]
    return {"Structures": [STRUCTURES, *rows], "Appels": [APPEALS, (*APPEAL[:-1], order)], **OTHERS}


def heading_row(sheet: Worksheet) -> int:
    """The first row with four filled cells or more, or the first row."""
    return next((r for r in range(1, 31) if sum(c.value is not None for c in sheet[r]) >= 4), 1)


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    number = heading_row(sheet)
    headings = [" ".join(str(c.value or "").split()) for c in sheet[number]]
    rows = [dict(zip(headings, (c.value for c in row), strict=True)) for row in sheet.iter_rows(number + 1)]
    return [row for row in rows if any(value is not None for value in row.values())]


def parsed(content: bytes) -> EmailMessage:
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return message


def keys(pairs: Sequence[tuple[str, Any]]) -> list[str]:
    return [key for key, _ in pairs]
