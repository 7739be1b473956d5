"""A mail exchange and a mailbox that belong together: mail that is sent arrives, or comes back.

`EximAndDovecot` are the genuine article, where Debian's packages are installed and the tests run as root;
elsewhere `AiosmtpdAndPymap` stand in, with a notice of our own writing. Tests say which they used.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import time
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.support.answering import notice
from tests.support.certificates import Authority
from tests.support.imap_server import DOVECOT, USER, Dovecot, ImapServer, Pymap
from tests.support.ports import free_port, wait_for_port
from tests.support.workspace import parsed

EXIM = shutil.which("exim4", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
RECIPE = Path(__file__).with_name("exim.conf.in")
_EXIM_RUNS_AS = ("Debian-exim", "Debian-exim")
BOUNCING = "bounce@structures.example"
"""An address that is accepted, and that no box belongs to."""


class PostOffice:
    """`smtp_port` takes mail; `imap` shows the coordination's mailbox."""

    name = ""
    imap: ImapServer
    smtp_port: int

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError

    def box(self, address: str) -> list[EmailMessage]:
        """What arrived for somebody."""
        raise NotImplementedError

    def send(self, sender: str, content: bytes) -> None:
        """A mail to the coordination."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as client:
            client.sendmail(sender, [USER], content)

    def wait_for(self, count: int, patience: float = 30.0) -> None:
        """Until so many mails are in the coordination's mailbox."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if len(self.imap.flags()) >= count:
                return
            time.sleep(0.05)
        raise TimeoutError(f"{len(self.imap.flags())} mails instead of {count}")


class EximAndDovecot(PostOffice):
    """Exim delivers into the Maildirs that Dovecot shows."""

    name = "Exim and Dovecot"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.smtp_port = free_port()
        self._authority = Authority(folder)
        self.imap = Dovecot(folder, self._authority)
        self.imap.owner = _EXIM_RUNS_AS
        self._exim: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.imap.__enter__()
        spool = self.folder / "spool"
        spool.mkdir()
        for log in ("mainlog", "rejectlog", "paniclog"):  # made by two of its processes at once, Exim refuses
            (spool / log).touch()
        for path in (spool, *spool.iterdir()):
            shutil.chown(path, *_EXIM_RUNS_AS)
        boxes = [USER, *(f"s{number}@structures.example" for number in range(1, 20))]
        (self.folder / "boxes").write_text("".join(f"{box}\n" for box in boxes))
        certificate = self._authority.issue()
        places = {
            "@DIR@": self.folder,
            "@PORT@": self.smtp_port,
            "@TLSPORT@": free_port(),
            "@CERTIFICATE@": certificate.certificate,
            "@KEY@": certificate.key,
        }
        filled = RECIPE.read_text("utf-8")
        for mark, value in places.items():
            filled = filled.replace(mark, str(value))
        path = self.folder / "exim.conf"
        path.write_text(filled, "utf-8")
        assert EXIM is not None
        self._exim = subprocess.Popen(
            [EXIM, "-C", str(path), "-bdf", "-q1m"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for_port(self.smtp_port)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._exim is not None
        self._exim.terminate()
        self._exim.wait(10)
        self.imap.__exit__()

    def box(self, address: str) -> list[EmailMessage]:
        folder = self.folder / "mail" / address / "new"
        end = time.monotonic() + 20
        while not folder.is_dir() or not any(folder.iterdir()):
            if time.monotonic() > end:
                return []
            time.sleep(0.05)
        return [parsed(path.read_bytes()) for path in sorted(folder.iterdir())]


class AiosmtpdAndPymap(PostOffice):
    """aiosmtpd takes the mail, and hands what is for the coordination to pymap."""

    name = "aiosmtpd and pymap"

    def __init__(self, folder: Path) -> None:
        self.imap = Pymap(folder)
        self.smtp_port = free_port()
        self._boxes: dict[str, list[EmailMessage]] = {}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.smtp_port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        for address in envelope.rcpt_tos:
            if address == USER:
                self.imap.deliver(envelope.content)
            elif address == BOUNCING:
                self.imap.deliver(notice(parsed(envelope.content), address))
            else:
                self._boxes.setdefault(address, []).append(parsed(envelope.content))
        return "250 OK"

    def __enter__(self) -> Self:
        self.imap.__enter__()
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
        self.imap.__exit__()

    def box(self, address: str) -> list[EmailMessage]:
        return self._boxes.get(address, [])


def post_offices() -> Sequence[type[EximAndDovecot] | type[AiosmtpdAndPymap]]:
    """The genuine one where it can be opened, else its stand-in."""
    genuine = EXIM and DOVECOT and os.geteuid() == 0
    return [EximAndDovecot] if genuine else [AiosmtpdAndPymap]
