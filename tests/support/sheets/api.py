"""From a request to its answer: the routes of the Sheets and Drive APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.support.sheets import batch, drive, fields, locate, metadata, tabs, values
from tests.support.sheets.auth import TokenError, Tokens
from tests.support.sheets.errors import JSON, ApiError, bad_field, invalid, not_found
from tests.support.sheets.model import Store
from tests.support.sheets.resources import spreadsheet_json


@dataclass(slots=True)
class Request:
    """A request as received; `path` is still percent-encoded."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes = b""
    authorization: str = ""

    @classmethod
    def parse(cls, method: str, target: str, body: bytes = b"", authorization: str = "") -> Request:
        path, _, query = target.partition("?")
        return cls(method, path, parse_qs(query, keep_blank_values=True), body, authorization)

    @property
    def kind(self) -> str:
        """`token`, `drive`, `read`, `write` (the last two of spreadsheets) or `other`."""
        if self.path == "/token":
            return "token"
        if self.path.startswith(("/drive/", "/upload/")):
            return "drive"
        if not self.path.startswith("/v4/spreadsheets"):
            return "other"
        reads = self.method == "GET" or self.path.endswith(("ByDataFilter", ":search"))
        return "read" if reads and not self.path.endswith(":batchUpdateByDataFilter") else "write"

    def options(self) -> JSON:
        """The query, single values."""
        return {key: found[-1] for key, found in self.query.items()}

    def json(self) -> JSON:
        """The body; raises ApiError 400."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            raise invalid("Invalid JSON payload received. Unexpected token.") from None
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise bad_field(
                "", 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
            )
        return found

    def mask(self) -> fields.Mask:
        return fields.parse(self.query["fields"][-1]) if self.query.get("fields", [""])[-1] else {}

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[-1].lower() in ("true", "1")


@dataclass(slots=True)
class Answer:
    """What to send back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Answer:
        return cls(status, json.dumps(value, ensure_ascii=False).encode())


Handler = Callable[["Api", Request, list[str]], Any]


class Api:
    """The store and the tokens behind the routes."""

    def __init__(self) -> None:
        self.store = Store()
        self.tokens = Tokens()

    def answer(self, request: Request) -> Answer:
        """The answer to any request; never raises for what the request holds."""
        try:
            with self.store.lock:
                found = self._route(request)
        except TokenError as error:
            return Answer.of(error.body, 400)
        except ApiError as error:
            return Answer.of(error.body(), error.code)
        if found is None:
            return Answer(204)
        if isinstance(found, bytes):
            return Answer(200, found, "text/csv")
        return Answer.of(found)

    def _route(self, request: Request) -> Any:
        if request.path == "/token" and request.method == "POST":
            return self.tokens.grant(request.body)
        for method, pattern, handler in _ROUTES:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                self._let_in(request, match)
                return handler(self, request, [unquote(part) for part in match.groups()])
        raise not_found()

    def _let_in(self, request: Request, match: re.Match[str]) -> None:
        file_id = unquote(match[1]) if match.groups() else ""
        self.tokens.check(request.authorization, self.store.spreadsheets.get(file_id))


def _values_get(api: Api, request: Request, parts: list[str]) -> Any:
    return values.get(api.store.get(parts[0]), parts[1], request.options())


def _values_batch_get(api: Api, request: Request, parts: list[str]) -> Any:
    return values.batch_get(api.store.get(parts[0]), request.query.get("ranges", []), request.options())


def _values_get_by_filter(api: Api, request: Request, parts: list[str]) -> Any:
    return values.batch_get_by_filter(api.store.get(parts[0]), request.json())


def _values_update(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        return values.update(spreadsheet, parts[1], request.json(), request.options())


def _values_append(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        return values.append(spreadsheet, parts[1], request.json(), request.options())


def _values_batch_update(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        return values.batch_update(spreadsheet, request.json())


def _values_update_by_filter(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        return values.batch_update_by_filter(spreadsheet, request.json())


def _values_clear(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        names = values.clear(spreadsheet, [locate.a1_range(spreadsheet, parts[1])])
    return {"spreadsheetId": parts[0], "clearedRange": names[0]}


def _values_batch_clear(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        places = [locate.a1_range(spreadsheet, text) for text in request.json().get("ranges") or []]
        names = values.clear(spreadsheet, places)
    return {"spreadsheetId": parts[0], "clearedRanges": names}


def _values_clear_by_filter(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        found = locate.filtered(spreadsheet, request.json().get("dataFilters") or [])
        names = values.clear(spreadsheet, [(sheet, box) for _, sheet, box in found])
    return {"spreadsheetId": parts[0], "clearedRanges": names}


def _create(api: Api, request: Request, parts: list[str]) -> Any:
    body = request.json()
    given = dict(body.get("properties") or {})
    spreadsheet = api.store.create(str(given.pop("title", "Untitled spreadsheet")), **given)
    if body.get("sheets"):
        with api.store.edit(spreadsheet.id) as spreadsheet:
            spreadsheet.sheets = []
            for at, sheet in enumerate(body["sheets"]):
                properties = {"sheetId": 0 if at == 0 else None} | (sheet.get("properties") or {})
                tabs.add_sheet(spreadsheet, {"properties": properties})
    return spreadsheet_json(spreadsheet, request.mask())


def _get(api: Api, request: Request, parts: list[str]) -> Any:
    spreadsheet = api.store.get(parts[0])
    places = [locate.a1_range(spreadsheet, text) for text in request.query.get("ranges", [])]
    return spreadsheet_json(spreadsheet, request.mask(), places or None, request.flag("includeGridData"))


def _get_by_filter(api: Api, request: Request, parts: list[str]) -> Any:
    spreadsheet = api.store.get(parts[0])
    body = request.json()
    found = locate.filtered(spreadsheet, body.get("dataFilters") or [])
    places = [(sheet, box) for _, sheet, box in found] if body.get("dataFilters") else None
    return spreadsheet_json(spreadsheet, request.mask(), places, bool(body.get("includeGridData")))


def _batch_update(api: Api, request: Request, parts: list[str]) -> Any:
    with api.store.edit(parts[0]) as spreadsheet:
        return batch.batch_update(spreadsheet, request.json(), request.mask())


def _copy_to(api: Api, request: Request, parts: list[str]) -> Any:
    source = api.store.get(parts[0])
    with api.store.edit(str(request.json().get("destinationSpreadsheetId", ""))) as target:
        return tabs.copy_to(source, int(parts[1]), target)


def _permission(api: Api, request: Request, parts: list[str]) -> Any:
    return drive.remove_permission(api.store, *parts)


_FILE = "/drive/v3/files/([^/]+)"
_BOOK = "/v4/spreadsheets/([^/:]+)"
_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (route.split(" ")[0], re.compile(route.split(" ")[1]), handler)
    for route, handler in (
        ("POST /drive/v3/files", lambda api, r, p: drive.create(api.store, r.json(), r.mask())),
        (
            "GET /drive/v3/files",
            lambda api, r, p: drive.list_files(api.store, r.options().get("q", ""), r.mask()),
        ),
        (f"GET {_FILE}", lambda api, r, p: drive.get(api.store, p[0], r.mask())),
        (f"PATCH {_FILE}", lambda api, r, p: drive.rename(api.store, p[0], r.json(), r.mask())),
        (f"DELETE {_FILE}", lambda api, r, p: drive.delete(api.store, p[0])),
        (f"POST {_FILE}/copy", lambda api, r, p: drive.copy(api.store, p[0], r.json(), r.mask())),
        (
            f"GET {_FILE}/export",
            lambda api, r, p: drive.export(api.store, p[0], r.options().get("mimeType", "")),
        ),
        (f"GET {_FILE}/permissions", lambda api, r, p: drive.permissions(api.store, p[0], r.mask())),
        (
            f"POST {_FILE}/permissions",
            lambda api, r, p: drive.add_permission(api.store, p[0], r.json(), r.mask()),
        ),
        (f"DELETE {_FILE}/permissions/([^/]+)", _permission),
        (f"GET {_FILE}/comments", lambda api, r, p: drive.comments(api.store, p[0], r.mask())),
        ("PUT /upload/drive/v2/files/([^/]+)", lambda api, r, p: drive.import_csv(api.store, p[0], r.body)),
        ("POST /v4/spreadsheets", _create),
        (f"GET {_BOOK}", _get),
        (f"POST {_BOOK}:batchUpdate", _batch_update),
        (f"POST {_BOOK}:getByDataFilter", _get_by_filter),
        (f"GET {_BOOK}/values:batchGet", _values_batch_get),
        (f"POST {_BOOK}/values:batchUpdate", _values_batch_update),
        (f"POST {_BOOK}/values:batchClear", _values_batch_clear),
        (f"POST {_BOOK}/values:batchGetByDataFilter", _values_get_by_filter),
        (f"POST {_BOOK}/values:batchUpdateByDataFilter", _values_update_by_filter),
        (f"POST {_BOOK}/values:batchClearByDataFilter", _values_clear_by_filter),
        (f"GET {_BOOK}/values/([^/]+)", _values_get),
        (f"PUT {_BOOK}/values/([^/]+)", _values_update),
        (f"POST {_BOOK}/values/([^/]+):append", _values_append),
        (f"POST {_BOOK}/values/([^/]+):clear", _values_clear),
        (f"POST {_BOOK}/sheets/([0-9]+):copyTo", _copy_to),
        (
            f"GET {_BOOK}/developerMetadata/([0-9]+)",
            lambda api, r, p: metadata.get(api.store.get(p[0]), p[1]),
        ),
        (
            f"POST {_BOOK}/developerMetadata:search",
            lambda api, r, p: metadata.search(api.store.get(p[0]), r.json()),
        ),
    )
]
