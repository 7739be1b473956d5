"""Trouble on command: errors, pages, silence and broken connections in place of answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from tests.support.sheets.api import Answer, Request
from tests.support.sheets.auth import UNAUTHENTICATED
from tests.support.sheets.errors import ApiError

MESSAGES = {
    "401": UNAUTHENTICATED,
    "403": "The caller does not have permission",
    "404": "Requested entity was not found.",
    "429": (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' "
        "of service 'sheets.googleapis.com' for consumer 'project_number:1'."
    ),
    "500": "Internal error encountered.",
    "503": "The service is currently unavailable.",
}
KINDS = (
    *MESSAGES,
    "api-disabled",
    "invalid-grant",
    "html",
    "invalid-json",
    "big",
    "hang",
    "reset",
    "reset-after",
)


@dataclass(slots=True)
class Fault:
    """One kind of trouble for the next requests of a kind.

    `on` is read, write, token, drive or any; `skip` requests pass unharmed first; `retry_after` is a
    header (seconds or a date); `status` is that of an HTML page; `seconds` is how long a hang lasts.
    `reset-after` applies the request, then breaks the connection; `500` and `html` may apply it too.
    """

    kind: str
    times: int = 1
    on: str = "any"
    skip: int = 0
    retry_after: str = ""
    status: int = 502
    seconds: float = 60.0
    applied: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; there are {', '.join(KINDS)}")


class Faults:
    """Faults that wait for their requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        """Those that have not met all their requests yet."""
        with self._lock:
            return tuple(self._waiting)

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets, used up once."""
        with self._lock:
            for fault in self._waiting:
                if fault.on not in ("any", request.kind):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


def faulty_answer(fault: Fault, answer: Answer | None) -> Answer:
    """What is sent instead; `answer` is the real one where the request is applied all the same."""
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    if fault.kind == "html":
        page = b"<!DOCTYPE html><html><title>Error</title><p>The server encountered a temporary error.</html>"
        return Answer(fault.status, page, "text/html; charset=UTF-8", headers)
    if fault.kind == "invalid-json":
        return Answer(200, b'{"spreadsheetId": "abc", "sheets": [')
    if fault.kind == "big" and answer is not None:
        padding = b'{"padding": "' + b"x" * 10_000_000 + b'"'
        rest = answer.body[1:]
        return Answer(200, padding + (b"}" if rest == b"}" else b", " + rest))
    if fault.kind == "invalid-grant":
        return Answer.of({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
    if fault.kind == "api-disabled":
        return Answer.of(_disabled().body(), 403)
    code = int(fault.kind)
    found = Answer.of(ApiError(code, MESSAGES[fault.kind]).body(), code)
    found.headers = headers
    return found


def _disabled() -> ApiError:
    page = "https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=1"
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
    return ApiError(
        403,
        "Google Sheets API has not been used in project 1 before or it is disabled. "
        f"Enable it by visiting {page} then retry.",
        [reason],
    )
