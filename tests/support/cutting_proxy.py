"""A wire that breaks: passes bytes on to a server, and cuts the line once the server has said enough."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import suppress
from typing import Self


class CuttingProxy:
    """Listens on `port` of 127.0.0.1; each connection is cut after `budget` bytes from the server."""

    def __init__(self, target: int, budget: int) -> None:
        self.target, self.budget = target, budget
        self.cuts = 0
        self._open: set[socket.socket] = set()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        for connection in list(self._open):
            _end(connection)
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy.serve(self.request)

        return Handler

    def serve(self, here: socket.socket) -> None:
        """One connection, until it ends or is cut."""
        with socket.create_connection(("127.0.0.1", self.target)) as there:
            self._open |= {here, there}
            asking = threading.Thread(target=_pass_on, args=(here, there))
            asking.start()
            left = self.budget
            with suppress(OSError):
                while left > 0 and (data := there.recv(min(left, 4096))):
                    here.sendall(data)
                    left -= len(data)
            self.cuts += left <= 0
            _end(here)
            _end(there)
            asking.join()
            self._open -= {here, there}


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
