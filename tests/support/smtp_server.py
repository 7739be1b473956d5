"""A small SMTP server that misbehaves on command (RFC 5321, 3207, 4954), for faults that real ones hide.

In a test: `with SmtpServer(faults=[Fault("END", "lose")]) as server: …`, then `server.accepted`.
As a process that outlives a killed client:
`python -m tests.support.smtp_server --port 0 --log DIR --fault '{"at": "END", "do": "lose"}'`
prints « listening PORT » and keeps every accepted message in DIR (`read_log`).
"""

from __future__ import annotations

import argparse
import base64
import json
import signal
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Self

from tests.support.smtp_session import At, Dropped, Fault, Received, Session, shut

__all__ = ["Fault", "Received", "SmtpServer", "outgoing", "read_connections", "read_log"]


class SmtpServer:
    """Listens on 127.0.0.1; `accounts` (name → password) offers AUTH, `tls` offers STARTTLS.

    With `implicit_tls` the connection starts encrypted; with `login_needed` MAIL wants AUTH first.
    `faults` may be changed while it runs. `log`: also keep everything in this folder.
    """

    def __init__(
        self,
        *,
        faults: Iterable[Fault] = (),
        accounts: Mapping[str, str] | None = None,
        login_needed: bool = False,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        log: Path | None = None,
        port: int = 0,
    ) -> None:
        self.faults = list(faults)
        self.accounts = dict(accounts or {})
        self.login_needed = login_needed
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.accepted: list[Received] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._log = log
        self._lock = threading.Lock()
        self._met: dict[Fault, int] = {}
        self._open: set[socket.socket] = set()
        self._listener = _Listener(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self._listener.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with self._lock:
            for connection in self._open:
                shut(connection)
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def fault(self, at: At, address: str = "") -> Fault | None:
        """The misbehaviour that is due at this verb now, if any."""
        with self._lock:
            for fault in self.faults:
                if fault.at != at or fault.address not in ("", address):
                    continue
                met = self._met.get(fault, 0)
                self._met[fault] = met + 1
                if met >= fault.after and (fault.times is None or met < fault.after + fault.times):
                    return fault
        return None

    def count_connection(self) -> None:
        with self._lock:
            self.connections += 1
            if self._log is not None:
                with (self._log / "connections").open("a") as file:
                    file.write("1\n")

    def watch(self, connection: socket.socket) -> None:
        """Remember an open connection, to end it when the server stops."""
        with self._lock:
            self._open.add(connection)

    def unwatch(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def keep(self, received: Received) -> None:
        """Answer for a message: on disk before any answer, so that a killed client changes nothing."""
        with self._lock:
            self.accepted.append(received)
            if self._log is not None:
                record = asdict(received) | {"content": base64.b64encode(received.content).decode()}
                with (self._log / "accepted.jsonl").open("a") as file:
                    file.write(json.dumps(record) + "\n")


def outgoing(received: Iterable[Received]) -> list[Received]:
    """Without the letters that the coordinator's address writes to itself."""
    return [message for message in received if message.recipients != (message.sender,)]


def read_log(folder: Path) -> list[Received]:
    """The messages that a server started with `--log folder` accepted so far."""
    path = folder / "accepted.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    records = [json.loads(line) for line in lines if line.endswith("\n")]
    return [
        Received(
            **record
            | {"content": base64.b64decode(record["content"]), "recipients": tuple(record["recipients"])}
        )
        for record in records
    ]


def read_connections(folder: Path) -> int:
    """How many connections a server started with `--log folder` has seen."""
    path = folder / "connections"
    return len(path.read_text().splitlines()) if path.exists() else 0


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], owner: SmtpServer) -> None:
        self.owner = owner
        super().__init__(address, _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Listener
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.owner.count_connection()
        session = Session(self.request, self.server.owner)
        try:
            session.run()
        except (OSError, Dropped):
            pass
        finally:
            session.leave()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--fault", action="append", default=[], type=json.loads, metavar="JSON")
    parser.add_argument("--account", action="append", default=[], metavar="NAME:PASSWORD")
    parser.add_argument("--certificate", type=Path, help="PEM file with the chain; offers STARTTLS")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--implicit-tls", action="store_true")
    parser.add_argument("--login-needed", action="store_true")
    options = parser.parse_args()
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate, options.key)
    options.log.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    with SmtpServer(
        faults=[Fault(**fault) for fault in options.fault],
        accounts=dict(account.split(":", 1) for account in options.account),
        login_needed=options.login_needed,
        tls=tls,
        implicit_tls=options.implicit_tls,
        log=options.log,
        port=options.port,
    ) as server:
        print("listening", server.port, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
