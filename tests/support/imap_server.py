"""IMAP servers to read from: Dovecot where it is installed, and pymap, each as a process of its own.

In a test: `with Pymap(folder) as server: …`, then `server.port`; one account, USER and PASSWORD. Both
are genuine servers: what they refuse, and when, is theirs.
"""

from __future__ import annotations

import imaplib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from tests.support.certificates import Authority
from tests.support.ports import free_port, wait_for_port

USER, PASSWORD = "coordination@reseau.example", "sesame-ouvre-toi"
RECIPE = Path(__file__).with_name("dovecot.conf.in")
DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class ImapServer:
    """What the servers have in common; `tls_port` is 0 where TLS is not offered."""

    name = ""

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.tls_port = free_port() if authority else 0
        self._authority = authority
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for_port(self.port)
        except TimeoutError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)  # asked politely, Dovecot takes seconds
        self._process.wait(10)

    @contextmanager
    def client(self, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Another mail program, logged in, with this folder open."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.login(USER, PASSWORD)
            client.select(f'"{folder}"')
            yield client
        finally:
            client.logout()

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        with self.client() as client:
            for mail in mails:
                status, answer = client.append(folder, "", imaplib.Time2Internaldate(time.time()), mail)
                assert status == "OK", answer

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each mail, in order."""
        with self.client(folder) as client:
            data = client.uid("FETCH", "1:*", "(FLAGS)")[1]
            return [line.decode() for line in data if isinstance(line, bytes)]


class Dovecot(ImapServer):
    """Dovecot 2.3, with mail in Maildirs below `folder/mail`, which belong to `owner` (user and group)."""

    name = "dovecot"
    owner = ("nobody", "nogroup")

    def __enter__(self) -> Self:
        self._run = TemporaryDirectory()  # the path of a Unix socket is short: sun_path of unix(7)
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._run.cleanup()

    def command(self) -> list[str]:
        assert DOVECOT is not None
        Path(self._run.name).chmod(0o755)
        for part in ("state", "mail"):
            (self.folder / part).mkdir(exist_ok=True)
        for parent in (self.folder, *self.folder.parents):
            if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.folder / "mail", *self.owner)
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        certificate = (self._authority or Authority(self.folder)).issue()
        filled = RECIPE.read_text("utf-8")
        places = {
            "@DIR@": self.folder,
            "@RUN@": self._run.name,
            "@PORT@": self.port,
            "@TLSPORT@": self.tls_port or free_port(),
            "@CERTIFICATE@": certificate.certificate,
            "@KEY@": certificate.key,
            "@OWNER@": self.owner[0],
            "@GROUP@": self.owner[1],
        }
        for mark, value in places.items():
            filled = filled.replace(mark, str(value))
        path = self.folder / "dovecot.conf"
        path.write_text(filled, "utf-8")
        return [DOVECOT, "-F", "-c", str(path)]

    def make_anew(self) -> None:
        """Forget the mailbox's UIDs: its UIDVALIDITY changes, its mails stay."""
        for index in (self.folder / "mail").rglob("dovecot*"):
            index.unlink()
        time.sleep(1.1)  # a UIDVALIDITY is made of the seconds of the clock


class Pymap(ImapServer):
    """pymap in memory: without TLS, keywords, or a second folder."""

    name = "pymap"

    def command(self) -> list[str]:
        account = ["--demo-user", USER, "--demo-password", PASSWORD]
        listen = ["--host", "127.0.0.1", "--port", str(self.port), "--no-tls"]
        program = "import sys; from pymap.main import main; sys.exit(main())"
        return [sys.executable, "-c", program, *listen, "dict", *account]


def servers() -> Sequence[type[ImapServer]]:
    """Those that can be started here."""
    return [Dovecot, Pymap] if DOVECOT else [Pymap]
