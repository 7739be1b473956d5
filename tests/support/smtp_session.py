"""One client's dialogue with the misbehaving SMTP server, and what it may be told to do wrong."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

At = Literal[
    "GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "END", "RSET", "NOOP", "QUIT"
]
"""BODY is right after 354, END is right after the final dot."""
Do = Literal["reply", "drop", "lose", "hang", "wait"]


@dataclass(frozen=True)
class Fault:
    """One misbehaviour: at that verb, `after` so many that went well, `times` times (None: for ever)."""

    at: At
    do: Do
    """`reply` with these words instead (a 421 closes); `drop` the connection; `hang` until the client
    leaves; `wait` so many seconds, then go on; `lose`, at END: keep the message, then drop unanswered."""
    reply: str = ""
    address: str = ""
    """At RCPT: for this recipient only."""
    seconds: float = 0.0
    after: int = 0
    times: int | None = None


@dataclass(frozen=True)
class Received:
    """A message that the server answers for."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    """Dots unstuffed, without the final one."""
    login: str = ""
    """Who had logged in, if anyone."""
    encrypted: bool = False
    mail_options: str = ""
    """What followed the address in MAIL FROM."""


class Server(Protocol):
    """What a dialogue asks of the server that it belongs to."""

    accounts: dict[str, str]
    login_needed: bool
    tls: ssl.SSLContext | None
    implicit_tls: bool
    stopping: threading.Event

    def fault(self, at: At, address: str = "") -> Fault | None: ...
    def watch(self, connection: socket.socket) -> None: ...
    def unwatch(self, connection: socket.socket) -> None: ...
    def keep(self, received: Received) -> None: ...


class Dropped(Exception):
    """The connection ends here, without another word."""


class Session:
    """One client's dialogue."""

    def __init__(self, connection: socket.socket, server: Server) -> None:
        self._server = server
        self._connection = connection
        server.watch(connection)
        self._lines = connection.makefile("rb")
        self._encrypted = False
        self._login = ""
        self._open = False
        self._sender = self._mail_options = ""
        self._recipients: list[str] = []

    def run(self) -> None:
        if self._server.implicit_tls:
            self._encrypt()
        if not self._misbehaves("GREETING"):
            self._say("220 mx.example ESMTP")
        while True:
            line = self._line()
            verb, _, argument = line.partition(" ")
            handler = getattr(self, f"_on_{verb.lower()}", None)
            if handler is None:
                self._say("502 5.5.1 Command not implemented")
            else:
                handler(argument)

    def leave(self) -> None:
        self._server.unwatch(self._connection)
        self._lines.close()
        shut(self._connection)
        self._connection.close()

    def _on_ehlo(self, _: str) -> None:
        self._forget()
        if self._misbehaves("EHLO"):
            return
        offers = ["mx.example", "SIZE 36700160", "8BITMIME"]
        if self._server.tls is not None and not self._encrypted:
            offers.append("STARTTLS")
        if self._server.accounts:
            offers.append("AUTH PLAIN LOGIN")
        self._say("\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"]))

    def _on_starttls(self, _: str) -> None:
        if self._misbehaves("STARTTLS"):
            return
        if self._server.tls is None or self._encrypted:
            self._say("503 5.5.1 not offered")
            return
        self._say("220 2.0.0 ready")
        self._encrypt()

    def _on_auth(self, argument: str) -> None:
        if self._misbehaves("AUTH"):
            return
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() == "PLAIN":
            _, name, password = _decoded(initial or self._asked("")).split("\0")
        else:
            name = _decoded(initial or self._asked("VXNlcm5hbWU6"))
            password = _decoded(self._asked("UGFzc3dvcmQ6"))
        if self._server.accounts.get(name) != password:
            self._say("535 5.7.8 Username and Password not accepted")
            return
        self._login = name
        self._say("235 2.7.0 Accepted")

    def _on_mail(self, argument: str) -> None:
        if self._misbehaves("MAIL"):
            return
        if self._server.login_needed and not self._login:
            self._say("530 5.7.0 Authentication Required")
        elif self._open:
            self._say("503 5.5.1 nested MAIL")
        else:
            self._open = True
            self._sender, self._mail_options = _path(argument)
            self._say("250 2.1.0 OK")

    def _on_rcpt(self, argument: str) -> None:
        address, _ = _path(argument)
        if self._misbehaves("RCPT", address):
            return
        if not self._open:
            self._say("503 5.5.1 MAIL first")
            return
        self._recipients.append(address)
        self._say("250 2.1.5 OK")

    def _on_data(self, _: str) -> None:
        if self._misbehaves("DATA"):
            return
        if not self._recipients:
            self._say("503 5.5.1 RCPT first")
            return
        self._say("354 go ahead")
        if self._misbehaves("BODY"):
            return
        content = self._content()
        fault = self._server.fault("END")
        received = Received(
            self._sender, tuple(self._recipients), content, self._login, self._encrypted, self._mail_options
        )
        self._forget()
        if fault is not None and fault.do == "lose":
            self._server.keep(received)
            raise Dropped
        if fault is not None and self._carried_out(fault):
            return
        self._server.keep(received)
        self._say("250 2.0.0 OK queued")

    def _on_rset(self, _: str) -> None:
        if not self._misbehaves("RSET"):
            self._forget()
            self._say("250 2.0.0 OK")

    def _on_noop(self, _: str) -> None:
        if not self._misbehaves("NOOP"):
            self._say("250 2.0.0 OK")

    def _on_quit(self, _: str) -> None:
        if not self._misbehaves("QUIT"):
            self._say("221 2.0.0 bye")
        raise Dropped

    def _misbehaves(self, at: At, address: str = "") -> bool:
        fault = self._server.fault(at, address)
        return fault is not None and self._carried_out(fault)

    def _carried_out(self, fault: Fault) -> bool:
        """Whether the fault stands in place of the usual answer."""
        if fault.do == "wait":
            self._server.stopping.wait(fault.seconds)
            return False
        if fault.do == "hang":
            while not self._server.stopping.wait(0.02):
                if not self._connection.recv(65536):
                    break
        if fault.do != "reply":
            raise Dropped
        self._say(fault.reply)
        if fault.reply.startswith("421"):
            raise Dropped
        return True

    def _content(self) -> bytes:
        lines = []
        while (line := self._lines.readline()) != b".\r\n":
            if not line:
                raise Dropped
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _asked(self, challenge: str) -> str:
        self._say(f"334 {challenge}")
        return self._line()

    def _line(self) -> str:
        line = self._lines.readline()
        if not line:
            raise Dropped
        return line.decode("latin-1").rstrip("\r\n")

    def _say(self, reply: str) -> None:
        self._connection.sendall(reply.encode() + b"\r\n")

    def _encrypt(self) -> None:
        assert self._server.tls is not None
        self._server.unwatch(self._connection)
        self._lines.close()
        self._connection = self._server.tls.wrap_socket(self._connection, server_side=True)
        self._server.watch(self._connection)
        self._lines = self._connection.makefile("rb")
        self._encrypted = True

    def _forget(self) -> None:
        self._open = False
        self._sender = self._mail_options = ""
        self._recipients = []


def _path(argument: str) -> tuple[str, str]:
    """The address between the angle brackets, and what follows them."""
    address, _, options = argument.partition("<")[2].partition(">")
    return address, options.strip()


def _decoded(word: str) -> str:
    return base64.b64decode(word).decode()


def shut(connection: socket.socket) -> None:
    """End the connection both ways, so that whoever reads or writes it comes back."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
