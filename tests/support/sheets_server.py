"""The Sheets server for tests: `python -m tests.support.sheets_server --port N`, or in-process.

    with SheetsServer() as server:
        spreadsheet_id = server.load_xlsx(path)
        server.fail("429", on="read", retry_after="1")

Same on the command line over `POST /_admin/…` (docs/sheets-server.md). Loopback only; empty at the start.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import unquote

from tests.support.sheets.admin import dump, person_edits
from tests.support.sheets.api import Answer, Api, Request
from tests.support.sheets.auth import write_service_account
from tests.support.sheets.errors import JSON, ApiError, not_found
from tests.support.sheets.faults import Fault, Faults, faulty_answer

ACCOUNT = "tournee@project.example"


class SheetsServer:
    """The server, and what tests do to it; closed at the end of the `with` block."""

    def __init__(self, port: int = 0) -> None:
        self.api = Api()
        self.faults = Faults()
        self.log: list[JSON] = []
        """One entry per request, in order: kind, method, path, query, status (0: none was sent)."""
        self._before_writes: list[tuple[int, str, list[JSON]]] = []
        self._closing = threading.Event()
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.app = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> SheetsServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def serve_forever(self) -> None:
        self._http.serve_forever()

    @property
    def counts(self) -> dict[str, int]:
        """Requests by kind since the last reset: read, write, token, drive."""
        kinds = [entry["kind"] for entry in self.log]
        return {kind: kinds.count(kind) for kind in ("read", "write", "token", "drive")}

    def reset_counts(self) -> None:
        self.log.clear()

    def create(self, title: str = "Coordination", **properties: str) -> str:
        """A new spreadsheet with one empty tab; its id."""
        return self.api.store.create(title, **properties).id

    def load_xlsx(self, source: Path | bytes, title: str = "Coordination", **properties: str) -> str:
        """A new spreadsheet from an .xlsx file; its id. `locale` and `timeZone` may be given."""
        from tests.support.sheets import xlsx  # openpyxl, only where a file is loaded

        data = source if isinstance(source, bytes) else source.read_bytes()
        return xlsx.load(self.api.store, data, title, **properties).id

    def dump(self, spreadsheet_id: str) -> JSON:
        """The spreadsheet as plain JSON (see admin.dump)."""
        with self.api.store.lock:
            return dump(self.api.store.get(spreadsheet_id))

    def edit(self, spreadsheet_id: str, *edits: JSON, before_write: int = 0) -> None:
        """A person's edits (see admin.EDITS): now, or right before the n-th write from now."""
        if before_write:
            self._before_writes.append((before_write, spreadsheet_id, list(edits)))
            return
        with self.api.store.edit(spreadsheet_id) as spreadsheet:
            person_edits(spreadsheet, list(edits))

    def edit_now(self, spreadsheet_id: str) -> None:
        """Make the edits that wait for a write of this spreadsheet which never came."""
        late = [edits for _, book, edits in self._before_writes if book == spreadsheet_id]
        self._before_writes = [each for each in self._before_writes if each[1] != spreadsheet_id]
        for edits in late:
            self.edit(spreadsheet_id, *edits)

    def fail(self, kind: str, **options: Any) -> None:
        """Trouble for the next requests (see faults.Fault): times, on, skip, retry_after, status…"""
        self.faults.add(Fault(kind, **options))

    def strict(self, *emails: str) -> None:
        """Let in only tokens that these service accounts got, and only where a file is shared with them."""
        self.api.tokens.accounts = set(emails)

    def share(self, spreadsheet_id: str, email: str = ACCOUNT) -> None:
        self.api.store.get(spreadsheet_id).shared_with.add(email)

    def service_account(self, path: Path, email: str = ACCOUNT) -> Path:
        """Write the key file of a service account that logs in here."""
        return write_service_account(path, f"{self.url}/token", email)

    def handle(self, request: Request) -> Answer | None:
        """The answer to one request, faults and edits included; None: break the connection."""
        if request.path.startswith("/_admin/"):
            return self._admin(request)
        entry: JSON = {"kind": request.kind, "method": request.method, "path": unquote(request.path)}
        entry |= {"query": request.query, "status": 0}
        self.log.append(entry)
        fault = self.faults.take(request)
        applied = fault is None or fault.applied or fault.kind in ("big", "reset-after", "invalid-json")
        answer = self._apply(request) if applied else None
        if fault is not None:
            if fault.kind == "hang":
                self._closing.wait(fault.seconds)
            if fault.kind in ("hang", "reset", "reset-after"):
                return None
            answer = faulty_answer(fault, answer)
        if answer is not None:
            entry["status"] = answer.status
        return answer

    def _apply(self, request: Request) -> Answer:
        if request.kind == "write":
            due = [(book, edits) for left, book, edits in self._before_writes if left == 1]
            self._before_writes = [(n - 1, book, edits) for n, book, edits in self._before_writes if n > 1]
            for book, edits in due:
                self.edit(book, *edits)
        return self.api.answer(request)

    def _admin(self, request: Request) -> Answer:
        try:
            return Answer.of(self._command(request))
        except ApiError as error:
            return Answer.of(error.body(), error.code)
        except (KeyError, TypeError, ValueError) as error:
            return Answer.of({"error": {"code": 400, "message": f"{type(error).__name__}: {error}"}}, 400)

    def _command(self, request: Request) -> JSON:
        name = request.path.removeprefix("/_admin/")
        options = request.options()
        if name == "load-xlsx":
            return {"spreadsheetId": self.load_xlsx(request.body, **options)}
        body = request.json()
        if name == "create":
            return {"spreadsheetId": self.create(**body)}
        if name == "dump":
            return self.dump(body.get("spreadsheetId") or options["spreadsheetId"])
        if name == "counts":
            return {**self.counts, "log": self.log}
        commands: dict[str, Callable[[], object]] = {
            "edit": lambda: self.edit(
                body["spreadsheetId"], *body["edits"], before_write=body.get("before_write", 0)
            ),
            "fail": lambda: self.fail(**body),
            "clear-faults": self.faults.clear,
            "reset-counts": self.reset_counts,
            "strict": lambda: self.strict(*body["emails"]),
            "revoke-tokens": self.api.tokens.revoke,
            "share": lambda: self.share(body["spreadsheetId"], body.get("email", ACCOUNT)),
            "service-account": lambda: self.service_account(Path(body["path"]), body.get("email", ACCOUNT)),
        }
        if name not in commands:
            raise not_found()
        commands[name]()
        return {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    app: SheetsServer


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections kept open; each answer leaves in one packet where it fits."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        authorization = self.headers.get("Authorization", "")
        request = Request.parse(self.command, self.path, body, authorization)
        answer = cast(_Server, self.server).app.handle(request)
        if answer is None:
            self._reset()
            return
        self.send_response(answer.status)
        if answer.status != 204:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _reset(self) -> None:
        """Close with RST, as a connection that breaks."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 (http.server's names)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Silent: the log is kept by the server."""


def main() -> None:
    """Serve until interrupted; prints the address as JSON on the first line."""
    parser = argparse.ArgumentParser(description="A stand-in for the Google Sheets API, on the loopback.")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    server = SheetsServer(parser.parse_args().port)
    print(json.dumps({"url": server.url}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
