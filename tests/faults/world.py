"""A workspace, the servers around it, and what is true of it: who got what, and what the sheet says."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Literal, Protocol

from tests.faults.killer import Point
from tests.faults.places import HERS, FilePlace, Place, SpreadsheetPlace, hers
from tests.faults.tally import Tally
from tests.faults.zygote import CHECKOUT, Ended, Zygote
from tests.support.sheets_server import SheetsServer
from tests.support.workspace import Workspace, write_book

Book = Literal["xlsx", "google"]
Mail = Literal["smtp", "maildir"]
START = datetime(2027, 3, 2, 10)  # noqa: DTZ001 - as `--le` takes it
EMPTY = {
    "Promeneurs": ("Réf.", "Prénom", "Nom", "Courriel"),
    "Sessions": ("Réf.", "Intitulé", "Date", "Début"),
}
"""Tabs that other workflows need, with nothing in them."""
CALL = ("2027-1", "Appel de printemps", "01/02/2027", "26/03/2027")
ANNOUNCEMENT, FOLLOW_UP = "annonce", "relance"
QUICK = {"answer": 3.0, "smtp": 3.0, "patience": 0.01}
"""Seconds, in place of a minute each: faults are many."""


class MailLog(Protocol):
    """What a world asks of the server that takes its mail."""

    @property
    def port(self) -> int: ...

    def accepted(self, domain: str) -> Counter[tuple[str, str]]:
        """How often each address of this domain was sent each step, by the server's own log."""


class MailServer:
    """The misbehaving SMTP server as a process of its own, whose log outlives every kill."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._log = folder / "accepted.jsonl"
        self._read = 0
        self._accepted: list[tuple[str, str, str]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.smtp_server", "--log", str(folder), *options],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[1])

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def accepted(self, domain: str) -> Counter[tuple[str, str]]:
        with contextlib.suppress(FileNotFoundError), self._log.open() as lines:
            lines.seek(self._read)
            while (line := lines.readline()).endswith("\n"):
                record = json.loads(line)
                step = step_of(base64.b64decode(record["content"]))
                for address in record["recipients"]:
                    self._accepted.append((address, step, address.partition("@")[2]))
                self._read = lines.tell()
        return Counter((address, step) for address, step, at in self._accepted if at == domain)


def step_of(message: bytes) -> str:
    """Which of a call's messages this is, by its subject alone."""
    return step_with(str(message_from_bytes(message, policy=policy.default)["Subject"]))


def step_with(subject: str) -> str:
    return FOLLOW_UP if subject.startswith("Rappel") else ANNOUNCEMENT


@dataclass
class Servers:
    """What all worlds share."""

    folder: Path
    zygote: Zygote
    mail: MailServer
    sheets: SheetsServer
    made: int = 0

    def world(self, structures: int = 5, book: Book = "xlsx", mail: Mail = "smtp", **more: Any) -> World:
        self.made += 1
        return World(self, f"w{self.made}", structures, book, mail, **more)


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Everything that a world needs, ended at the end."""
    mail = MailServer(folder / "smtp")
    try:
        with Zygote(folder / "zygote") as zygote, SheetsServer() as sheets:
            yield Servers(folder, zygote, mail, sheets)
    finally:
        mail.close()


class World:
    """A workspace with one open call that is at « À lancer », and so many structures."""

    def __init__(
        self,
        servers: Servers,
        name: str,
        structures: int,
        book: Book,
        mail: Mail,
        *,
        server: MailLog | None = None,
        each: int = 1,
        odd: Mapping[str, tuple[str | None, str | None]] | None = None,
    ) -> None:
        """`each`: so many addresses in one cell; `odd`: `Courriel` and `Statut réseau` of some structures."""
        self.servers, self.book, self.mail = servers, book, mail
        self.server: MailLog = server or servers.mail
        self.domain = f"{name}.example"
        self.folder = servers.folder / name
        self.workspace = Workspace(self.folder, delai_de_grace='"0"')
        self.addresses = {
            f"STR-{n:03}": [f"s{n}{'abc'[i]}@{self.domain}" for i in range(each)]
            for n in range(1, structures + 1)
        }
        rows = []
        for ref, addresses in self.addresses.items():
            said, network = (odd or {}).get(ref, (None, None))
            rows.append(
                (ref, f"Structure {ref[-3:]}", said or " ; ".join(addresses), network, f"note de {ref}")
            )
        tabs: Mapping[str, Sequence[Sequence[Any]]] = {
            "Structures": [HERS["Structures"], *rows],
            "Appels": [HERS["Appels"], (*CALL, "À lancer")],
            **{title: [headings] for title, headings in EMPTY.items()},
        }
        write_book(self.workspace.book, tabs)
        self.id = ""
        if book == "google":
            self._put_online()
        if mail == "smtp":
            self.workspace.smtp(self.server.port)
        self.at = START
        self.journal_is_its_own = True
        """It was never taken away: it knows the Message-ID of everything that left."""

    def _put_online(self) -> None:
        sheets = self.servers.sheets
        self.id = sheets.load_xlsx(self.workspace.book, locale="fr_FR", timeZone="Europe/Paris")
        self.workspace.book.unlink()
        sheets.service_account(self.folder / "config" / "compte-de-service.json")
        self.workspace.set(
            "classeur", type='"google"', identifiant=f'"{self.id}"', adresse_api=f'"{sheets.url}"'
        )

    def close(self) -> None:
        """Forget the spreadsheet, so that thousands of worlds do not fill the memory."""
        if self.id:
            self.servers.sheets.api.store.spreadsheets.pop(self.id, None)

    @property
    def place(self) -> Place:
        return SpreadsheetPlace(self.servers.sheets, self.id) if self.id else FilePlace(self.workspace.book)

    @property
    def journal(self) -> Path:
        return self.folder / "donnees" / "journal.sqlite3"

    # Running

    def run(self, *words: str, point: Point | None = None, delay: float | None = None, **more: Any) -> Ended:
        """One command, at the world's own time; twenty minutes later for each that follows."""
        at = self.at.isoformat(timespec="minutes")
        self.at += timedelta(minutes=20)
        common = ("--espace", str(self.folder), "--format", "json", "--le", at)
        limits = QUICK | more.pop("limits", {})
        return self.servers.zygote.run(
            (*common, *words), point=point, delay=delay, limits=limits, env=more.pop("env", None)
        )

    def settle(self, rounds: int = 3, *words: str) -> list[Ended]:
        """Rounds until nothing is left to do; their ends."""
        ended = []
        for _ in range(rounds):
            ended.append(self.run(*(words or ("passage",))))
            if ended[-1].status in (0, 1) and not (
                ended[-1].json["sent"] or ended[-1].json["pending_writes"] or ended[-1].json["written"]
            ):
                break
        return ended

    # Looking

    def tab(self, title: str) -> list[dict[str, Any]]:
        """A tab's rows by heading; none for a tab that is not there."""
        return self.place.rows(title)

    def hers(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every cell of hers, row by row in the sheet's order."""
        return hers(self.place)

    def accepted(self) -> Counter[tuple[str, str]]:
        """How often each address got each step."""
        if self.mail == "smtp":
            return self.server.accepted(self.domain)
        found: Counter[tuple[str, str]] = Counter()
        for path in (self.folder / "donnees" / "envois" / "new").glob("*"):
            content = path.read_bytes()
            message = message_from_bytes(content, policy=policy.default)
            addresses = [address.strip() for address in str(message["To"]).split(",")]
            found.update((a, step_of(content)) for a in addresses if a.endswith(f"@{self.domain}"))
        return found

    # Judging

    def judge(
        self,
        tally: Tally,
        label: str,
        hers: Mapping[str, Sequence[tuple[Any, ...]]],
        *,
        doubtful: int,
        step: str = ANNOUNCEMENT,
        refused: Collection[str] = (),
    ) -> None:
        """Count what is wrong now that all rounds are over; at most so many rows may be in doubt.

        `refused`: the `Réf.` of those whose server said no for good.
        """
        accepted = self.accepted()
        tally.messages += accepted.total()
        for (address, what), count in accepted.items():
            if count > 1:
                tally.double(f"{label}: {address} got {what} {count} times")
        rows = self.tab("Candidatures")
        unsure = self._judge_rows(tally, label, rows, accepted, step, refused)
        tally.doubtful += unsure
        if unsure > doubtful:
            tally.loss(f"{label}: {unsure} rows in doubt, {doubtful} allowed")
        if self.hers() != hers:
            tally.misplaced(f"{label}: cells of hers changed: {changes(hers, self.hers())}")

    def _judge_rows(
        self,
        tally: Tally,
        label: str,
        rows: list[dict[str, Any]],
        accepted: Counter[Any],
        step: str,
        refused: Collection[str],
    ) -> int:
        by_ref: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_ref.setdefault(str(row["Structure"]), []).append(row)
        unsure = 0
        for ref, addresses in self.addresses.items():
            got = sum(accepted[address, step] for address in addresses)
            found = by_ref.get(ref, [])
            if len(found) != 1:
                tally.loss(f"{label}: {ref} has {len(found)} rows")
                continue
            row = found[0]
            if row["Courriel"] != " ; ".join(addresses) or row["Nom"] != f"Structure {ref[-3:]}":
                tally.misplaced(f"{label}: {ref} shows {row['Nom']}, {row['Courriel']}")
            said = shown(row, step)
            if said == "À vérifier":
                unsure += 1
                if got and self.mail == "maildir" and self.journal_is_its_own:
                    tally.loss(f"{label}: {ref} is in doubt, and lies among the sent messages")
            elif said != ("Refusé" if ref in refused else "Envoyé"):
                tally.loss(f"{label}: {ref} shows {said!r} for {step}, accepted {got}: {row['Motif']}")
            elif not got and ref not in refused:
                tally.loss(f"{label}: {ref} shows Envoyé for {step}, which nobody accepted")
        return unsure


def shown(row: Mapping[str, Any], step: str) -> str:
    """What a row of Candidatures says of a step, in the words of `Envoi`."""
    if step == ANNOUNCEMENT:
        return str(row["Envoi"])
    said = str(row["Relances"] or "")
    return "À vérifier" if "vérifier" in said else "Envoyé" if " le " in said else said


def changes(before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]) -> str:
    """The first rows that differ."""
    for title, rows in before.items():
        lost = [row for row in rows if row not in after[title]]
        new = [row for row in after[title] if row not in rows]
        if lost or new:
            return f"{title}: lost {lost[:2]}, new {new[:2]}"
    return "their order"
