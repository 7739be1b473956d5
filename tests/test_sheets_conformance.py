"""The Sheets server answers as the real API did: every recorded exchange, in order, on a fresh server."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.sheets_server import SheetsServer

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "sheets-recordings"
FILES = sorted(RECORDINGS.glob("*.json"))

pytestmark = pytest.mark.skipif(
    not FILES, reason="no recordings of the real API beside this checkout (../shared/sheets-recordings)"
)

IDS = {"sheetId", "namedRangeId", "protectedRangeId", "filterViewId", "bandedRangeId", "metadataId"}
IDS |= {"id", "spreadsheetId"}
TIMES = {"createdTime", "modifiedTime"}


class Names:
    """Which id of the server stands for which recorded one."""

    def __init__(self) -> None:
        self._ours: dict[str, Any] = {}

    def learn(self, recorded: Any, ours: Any) -> None:
        """Read new ids off an answer and its recorded twin."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key in recorded.keys() & ours.keys():
                if key in IDS and recorded[key] not in (0, None):
                    self._ours.setdefault(str(recorded[key]), ours[key])
                self.learn(recorded[key], ours[key])
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in zip(recorded, ours, strict=False):
                self.learn(one, other)

    def ours(self, value: Any, key: str = "") -> Any:
        """The recorded value with our ids in it."""
        if isinstance(value, dict):
            return {name: self.ours(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [self.ours(part, key) for part in value]
        if key in IDS or key.endswith(("SheetId", "SpreadsheetId")):
            return self._ours.get(str(value), value)
        return self.path(value) if isinstance(value, str) else value

    def path(self, text: str) -> str:
        """A path or text with our file ids (and the ids of tabs in `sheets/ID:copyTo`)."""
        text = re.sub(r"SPREADSHEET-\d+", lambda m: str(self._ours.get(m[0], m[0])), text)
        return re.sub(r"(?<=/sheets/)\d+", lambda m: str(self._ours.get(m[0], m[0])), text)


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_times(part) for key, part in value.items() if key not in TIMES}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def ask(connection: HTTPConnection, exchange: dict[str, Any], names: Names) -> tuple[int, str]:
    """Status and body of our server's answer to a recorded request."""
    target = quote(names.path(exchange["path"]), safe="/:!'")
    if exchange["query"]:
        target += "?" + urlencode([tuple(pair) for pair in exchange["query"]])
    body = exchange["request"]
    connection.request(exchange["method"], target, None if body is None else json.dumps(names.ours(body)))
    response = connection.getresponse()
    return response.status, response.read().decode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recorded_exchanges(path: Path) -> None:
    with SheetsServer() as server:
        names = Names()
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        for exchange in json.loads(path.read_text(encoding="utf-8"))["exchanges"]:
            status, body = ask(connection, exchange, names)
            said = f"{exchange['method']} {exchange['path']} {exchange['request']}"
            assert status == exchange["status"], f"{said}: {body}"
            recorded = exchange["response"]
            if isinstance(recorded, dict):
                ours = json.loads(body)
                names.learn(recorded, ours)
                assert without_times(ours) == without_times(names.ours(recorded)), said
            else:
                assert body == (recorded or ""), said
        connection.close()
