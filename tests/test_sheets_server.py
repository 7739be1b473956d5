"""What the Sheets server does beyond the recordings: by Google's public reference, and for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from tests.support.sheets_server import ACCOUNT, SheetsServer

ROOT = Path(__file__).parent.parent
JSON = dict[str, Any]


class Client:
    """Plain HTTP to the server, about one spreadsheet."""

    def __init__(self, url: str, spreadsheet_id: str) -> None:
        self._host = url.removeprefix("http://")
        self.id = spreadsheet_id

    def send(self, method: str, target: str, body: Any = None, **query: Any) -> tuple[HTTPResponse, bytes]:
        target += "?" + urlencode(query, doseq=True) if query else ""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        with closing(HTTPConnection(self._host, timeout=10)) as connection:
            connection.request(method, target, data)
            response = connection.getresponse()
            return response, response.read()

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> JSON:
        """A request about the spreadsheet: the JSON of its answer, whose status is checked."""
        target = (
            path
            if path.startswith(("/v4/", "/v5/", "/_admin/"))
            else f"/v4/spreadsheets/{self.id}{quote(path, safe='/:!')}"
        )
        response, content = self.send(method, target, body, **query)
        assert response.status == status, content
        found: JSON = json.loads(content)
        return found

    def enter(self, area: str, *rows: list[Any]) -> JSON:
        """Type rows from a cell on, as a person would."""
        query = {"valueInputOption": "USER_ENTERED"}
        return self.ask("PUT", f"/values/{area}", {"values": rows}, 200, **query)

    def values(self, area: str, **query: Any) -> list[list[Any]]:
        found: list[list[Any]] = self.ask("GET", f"/values/{area}", **query).get("values", [])
        return found

    def batch(self, *requests: JSON, status: int = 200, **body: Any) -> JSON:
        return self.ask("POST", ":batchUpdate", {"requests": requests, **body}, status)


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


@pytest.fixture
def client(server: SheetsServer) -> Client:
    return Client(server.url, server.create())


@pytest.mark.parametrize(
    ("locale", "typed", "number", "shown"),
    [
        ("en_US", "12.5", 12.5, "12.5"),
        ("en_US", "1,234.50", 1234.5, "1,234.50"),
        ("en_US", "12%", 0.12, "12%"),
        ("en_US", "$3.50", 3.5, "$3.50"),
        ("en_US", "1e3", 1000, "1.00E+03"),
        ("en_US", "0612345678", 612345678, "612345678"),
        ("en_US", "2/28/2027", 46446, "2/28/2027"),
        ("en_US", "Feb 28, 2027", 46446, "Feb 28, 2027"),
        ("en_US", "2027-02-28 18:00", 46446.75, "2027-02-28 18:00"),
        ("en_US", "6:30 PM", 18.5 / 24, "6:30 PM"),
        ("fr_FR", "12,5", 12.5, "12,5"),
        ("fr_FR", "28/02/2027", 46446, "28/02/2027"),
        ("fr_FR", "12.5", "12.5", "12.5"),
        ("en_US", "'=1+1", "=1+1", "=1+1"),
        ("en_US", "31/12/2027", "31/12/2027", "31/12/2027"),
        ("en_US", "true", True, "TRUE"),
        ("fr_FR", "vrai", True, "VRAI"),
    ],
)
def test_what_is_typed_becomes_a_value(
    server: SheetsServer, locale: str, typed: str, number: Any, shown: str
) -> None:
    client = Client(server.url, server.create(locale=locale))
    client.enter("A1", [typed])
    (value,) = client.values("A1", valueRenderOption="UNFORMATTED_VALUE")[0]
    assert value == pytest.approx(number) if isinstance(number, float) else value == number
    assert client.values("A1") == [[shown]]


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("=SUM(A1:A3)", "6"),
        ("=SUM(A:A)/COUNT(A1:A3)", "2"),
        ('=IF(A1>1,"plus",B1&"!")', "oui!"),
        ('=COUNTIF(B1:B3,"o*")', "2"),
        ('=SUMIF(B1:B3,"oui",A1:A3)', "4"),
        ("=VLOOKUP(2,A1:B3,2,FALSE)", "non"),
        ("=IFERROR(1/0,-2^2)", "4"),
        ("=1/0", "#DIV/0!"),
        ("=C1", "#REF!"),
        ("=INCONNU(1)", "#NAME?"),
        ("=1+", "#ERROR!"),
        ('=TEXT(DATE(2027,3,1),"dd/mm/yyyy")', "01/03/2027"),
        ("=Liste", "1"),
        ('=JOIN("-",{1,2;3,4})', "1-2-3-4"),
    ],
)
def test_formulas(client: Client, formula: str, shown: str) -> None:
    client.enter("A1", [1, "oui"], [2, "non"], [3, "oui"])
    area = {"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    client.batch({"addNamedRange": {"namedRange": {"name": "Liste", "range": area}}})
    client.enter("C1", [formula])
    assert client.values("C1") == [[shown]]
    assert client.values("C1", valueRenderOption="FORMULA") == [[formula]]


def test_arrays_spill_unless_something_is_in_the_way(client: Client) -> None:
    client.enter("A1", ["b"], ["a"])
    client.enter("C1", ['=ARRAYFORMULA(A1:A2&"!")'])
    assert client.values("C1:C2") == [["b!"], ["a!"]]
    assert client.values("C2", valueRenderOption="FORMULA") == [["a!"]]
    mask = "sheets.data.rowData.values(userEnteredValue,effectiveValue)"
    found = client.ask("GET", "", fields=mask, ranges="C2")
    spilled = {"effectiveValue": {"stringValue": "a!"}}
    assert found["sheets"][0]["data"][0]["rowData"] == [{"values": [spilled]}]
    client.enter("C2", ["x"])
    assert client.values("C1:C2") == [["#REF!"], ["x"]]


def test_formulas_follow_rows_columns_and_names(client: Client) -> None:
    client.enter("A1", [1], [2], ["=A1+$A$2", "=Sheet1!A3"])
    rows = {"dimension": "ROWS", "startIndex": 1, "endIndex": 3}
    client.batch({"insertDimension": {"range": rows}})
    client.batch(
        {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "L'année"}, "fields": "title"}}
    )
    assert client.values("A5:B5", valueRenderOption="FORMULA") == [["=A1+$A$4", "='L''année'!A5"]]
    assert client.values("A5:B5") == [["3", "3"]]
    client.batch({"deleteDimension": {"range": rows | {"startIndex": 0, "endIndex": 1}}})
    assert client.values("A4") == [["#REF!"]]


@pytest.mark.parametrize(
    ("mask", "kept"),
    [
        ("spreadsheetId", {"spreadsheetId"}),
        ("sheets.properties.title", {"sheets": [{"properties": {"title": "Sheet1"}}]}),
        (
            "sheets(properties(title,sheetId))",
            {"sheets": [{"properties": {"title": "Sheet1", "sheetId": 0}}]},
        ),
        ("sheets/properties/title,properties/locale", {"sheets", "properties"}),
        ("*", {"spreadsheetId", "properties", "sheets", "spreadsheetUrl"}),
    ],
)
def test_field_masks(client: Client, mask: str, kept: Any) -> None:
    found = client.ask("GET", "", fields=mask)
    assert (found if isinstance(kept, dict) else found.keys()) == kept


@pytest.mark.parametrize("mask", ["sheets(properties", "sheets)", "a,,b", "sheets..title"])
def test_broken_field_masks(client: Client, mask: str) -> None:
    assert client.ask("GET", "", status=400, fields=mask)["error"]["status"] == "INVALID_ARGUMENT"


def test_grid_data_by_mask_and_range(client: Client) -> None:
    client.enter("B2", ["x", "2027-03-01"])
    values = "values(userEnteredValue,effectiveValue,effectiveFormat(numberFormat(type)))"
    mask = f"sheets(properties(title),data(startRow,startColumn,rowData({values})))"
    (sheet,) = client.ask("GET", "", fields=mask, ranges="Sheet1!B1:D5")["sheets"]
    text = {"stringValue": "x"}
    day = {"numberValue": 46447}
    dated = {"effectiveFormat": {"numberFormat": {"type": "DATE"}}}
    cells = [
        {"userEnteredValue": text, "effectiveValue": text},
        {"userEnteredValue": day, "effectiveValue": day} | dated,
    ]
    assert sheet["data"] == [{"startColumn": 1, "rowData": [{}, {"values": cells}]}]
    assert client.ask("GET", "", fields="sheets.properties.title", includeGridData="true") == {
        "sheets": [{"properties": {"title": "Sheet1"}}]
    }


def test_a_batch_is_all_or_nothing_and_answers_with_what_is_asked(client: Client) -> None:
    cells = {
        "rows": [{"values": [{"userEnteredValue": {"stringValue": "=1+1"}}]}],
        "fields": "userEnteredValue",
    }
    good = {"appendCells": {"sheetId": 0, **cells}}
    error = client.batch(good, {"deleteSheet": {"sheetId": 7}}, status=400)["error"]
    assert error["message"] == "Invalid requests[1].deleteSheet: No sheet with id: 7"
    assert client.values("A1") == []
    answer = client.ask(
        "POST",
        ":batchUpdate",
        {
            "requests": [good, good],
            "includeSpreadsheetInResponse": True,
            "responseIncludeGridData": True,
            "responseRanges": ["Sheet1!A2:A9"],
        },
        fields="updatedSpreadsheet(sheets(data(startRow,rowData(values(effectiveValue)))))",
    )
    row = {"values": [{"effectiveValue": {"stringValue": "=1+1"}}]}
    assert answer == {"updatedSpreadsheet": {"sheets": [{"data": [{"startRow": 1, "rowData": [row]}]}]}}


def metadata(identifier: int, row: int) -> JSON:
    span = {"sheetId": 0, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    content = {"metadataId": identifier, "metadataKey": "ref", "metadataValue": f"STR-{identifier}"}
    return {
        "createDeveloperMetadata": {
            "developerMetadata": content | {"visibility": "DOCUMENT", "location": {"dimensionRange": span}}
        }
    }


def test_row_metadata_is_unique_follows_rows_and_goes_with_them(client: Client) -> None:
    client.enter("A1", ["b"], ["a"], ["c"])
    client.batch(metadata(1, 0), metadata(2, 1))
    assert "already exists" in client.batch(metadata(1, 2), status=400)["error"]["message"]
    top = {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    client.batch({"insertDimension": {"range": top}})
    lookup = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "ref", "metadataValue": "STR-2"}}]}
    (found,) = client.ask("POST", "/developerMetadata:search", lookup)["matchedDeveloperMetadata"]
    assert found["developerMetadata"]["location"]["dimensionRange"]["startIndex"] == 2
    ranges = client.ask("POST", "/values:batchGetByDataFilter", lookup)["valueRanges"]
    assert ranges[0]["valueRange"]["values"] == [["a"]]
    client.batch({"deleteDimension": {"range": top | {"startIndex": 2, "endIndex": 3}}})
    assert client.ask("POST", "/developerMetadata:search", lookup) == {}
    assert client.ask("GET", "/developerMetadata/1")["metadataValue"] == "STR-1"
    client.batch({"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": 1}}}})
    assert client.ask("GET", "/developerMetadata/1", status=404)["error"]["status"] == "NOT_FOUND"


def test_metadata_does_not_follow_a_sort(client: Client) -> None:
    client.enter("A1", ["b"], ["a"])
    client.batch(metadata(1, 0))
    client.batch({"sortRange": {"range": {"sheetId": 0}, "sortSpecs": [{"dimensionIndex": 0}]}})
    lookup = {"dataFilters": [{"developerMetadataLookup": {"metadataId": 1}}]}
    ranges = client.ask("POST", "/values:batchGetByDataFilter", lookup)["valueRanges"]
    assert ranges[0]["valueRange"]["values"] == [["a"]]


def test_unknown_places_are_answered_as_google_does(client: Client) -> None:
    not_found = {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}
    for path in ("/v4/spreadsheets/none", "/v5/other", "/v4/spreadsheets/none/values/A1"):
        assert client.ask("GET", path, status=404) == {"error": not_found}
    assert client.ask("GET", "/values/Absent!A1", status=400)["error"]["message"] == (
        "Unable to parse range: Absent!A1"
    )
    assert "exceeds grid limits" in client.ask("GET", "/values/A2000", status=400)["error"]["message"]
    response, _ = client.send("GET", f"/v4/spreadsheets/{client.id}")
    assert response.headers["Date"]


def test_an_xlsx_file_is_loaded_with_its_results_and_formats(client: Client, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet("Réseau")
    sheet.write_row(0, 0, ["Réf.", "Depuis"], book.add_format({"bold": True}))
    sheet.write_datetime(1, 1, date(2027, 3, 1), book.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_array_formula("D1:D2", "{=INCONNUE(A1:A2)}", None, "un")
    sheet.write_string("D2", "deux")
    sheet.freeze_panes(1, 0)
    book.close()
    data = (tmp_path / "a.xlsx").read_bytes()
    found = client.ask("POST", "/_admin/load-xlsx", data, title="Essai", locale="fr_FR")
    client.id = found["spreadsheetId"]
    dump = client.ask("GET", "/_admin/dump", spreadsheetId=client.id)
    assert dump["title"] == "Essai"
    assert dump["sheets"]["Réseau"]["formatted"] == [
        ["Réf.", "Depuis", "", "un"],
        ["", "01/03/2027", "", "deux"],
    ]
    assert dump["sheets"]["Réseau"]["formulas"] == {"D1": "=INCONNUE(A1:A2)"}
    (sheet_json,) = client.ask("GET", "", includeGridData="true")["sheets"]
    assert sheet_json["properties"]["gridProperties"]["frozenRowCount"] == 1
    spilled = sheet_json["data"][0]["rowData"][1]["values"][3]
    assert "userEnteredValue" not in spilled
    assert spilled["effectiveValue"] == {"stringValue": "deux"}


@pytest.mark.parametrize(
    ("fault", "status"),
    [("401", 401), ("403", 403), ("404", 404), ("429", 429), ("500", 500), ("503", 503), ("html", 502)],
)
def test_faults_on_command(client: Client, fault: str, status: int) -> None:
    client.ask(
        "POST", "/_admin/fail", {"kind": fault, "on": "read", "skip": 1, "times": 2, "retry_after": "7"}
    )
    seen = [client.send("GET", f"/v4/spreadsheets/{client.id}")[0] for _ in range(4)]
    assert [response.status for response in seen] == [200, status, status, 200]
    assert seen[1].headers["Retry-After"] == "7"


@pytest.mark.parametrize(("fault", "applied"), [("reset", False), ("reset-after", True)])
def test_a_connection_broken_before_or_after_applying(
    server: SheetsServer, client: Client, fault: str, applied: bool
) -> None:
    server.fail(fault, on="write")
    with pytest.raises(ConnectionError):
        client.enter("A1", ["x"])
    assert server.dump(client.id)["sheets"]["Sheet1"]["rows"] == ([["x"]] if applied else [])


def test_edits_of_people_right_before_a_write(client: Client) -> None:
    client.enter("A1", ["Réf."], ["b"], ["a"])
    edits = [
        {"sort": {"sheet": "Sheet1", "column": "A"}},
        {"rename_sheet": {"sheet": "Sheet1", "to": "Réseau"}},
    ]
    client.ask("POST", "/_admin/edit", {"spreadsheetId": client.id, "edits": edits, "before_write": 2})
    client.enter("C1", ["premier"])
    assert client.values("Sheet1!A1:A3") == [["Réf."], ["b"], ["a"]]
    client.enter("C2", ["second"])
    assert client.values("Réseau!A1:C3") == [["Réf.", "", "premier"], ["a", "", "second"], ["b"]]


def test_requests_are_counted_by_kind(server: SheetsServer, client: Client) -> None:
    client.enter("A1", [1])
    client.values("A1")
    client.values("A1")
    counts = client.ask("GET", "/_admin/counts")
    assert [counts[kind] for kind in ("read", "write", "token", "drive")] == [2, 1, 0, 0]
    assert [entry["status"] for entry in counts["log"]] == [200, 200, 200]
    client.ask("POST", "/_admin/reset-counts")
    assert server.counts["read"] == 0


def test_strict_mode_wants_a_token_of_the_account_that_the_file_is_shared_with(client: Client) -> None:
    client.ask("POST", "/_admin/strict", {"emails": [ACCOUNT]})
    assert client.ask("GET", "", status=401)["error"]["status"] == "UNAUTHENTICATED"


def test_an_unknown_command_is_refused(client: Client) -> None:
    client.ask("POST", "/_admin/none", {}, status=404)
    client.ask("POST", "/_admin/fail", {"kind": "none"}, status=400)
    client.ask("POST", "/_admin/edit", {"spreadsheetId": client.id, "edits": [{"none": {}}]}, status=400)


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "tests.support.sheets_server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        client = Client(url, "")
        client.id = client.ask("POST", "/v4/spreadsheets", {"properties": {"title": "Neuf"}})["spreadsheetId"]
        assert client.ask("GET", "", fields="properties.title") == {"properties": {"title": "Neuf"}}
        process.terminate()
