"""The Sheets server and the Google adapter on it: the workbook on both of its sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.sheets import locate
from tests.support.sheets.resources import spreadsheet_json
from tests.support.sheets_server import ACCOUNT, SheetsServer
from tests.support.workbook_contract import Shown
from workflows.adapters.google_sheet import GoogleSheet
from workflows.core.ports import Edit, Receipt

TAB = "Structures"
"""The tab of `plain_workbook` that the tests work on."""
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the sheet's wall clock


@dataclass
class Desk:
    """The spreadsheet in a browser, on the other side of the adapter."""

    server: SheetsServer
    id: str
    workbook: GoogleSheet
    key: Path

    def shown(self, sheet: str, row: int, column: int) -> Shown:
        query = f"'{sheet}'!R{row}C{column}"
        data = self.cell(query)
        value = data.get("effectiveValue", {})
        number_format = data.get("effectiveFormat", {}).get("numberFormat", {})
        if "numberValue" in value and number_format.get("type") in ("DATE", "DATE_TIME"):
            return EPOCH + timedelta(seconds=round(value["numberValue"] * 86400))
        found: Shown = next(iter(value.values()), None)
        return found

    def cell(self, area: str) -> dict[str, Any]:
        """The CellData of one cell; {} for an empty one."""
        found = self.get(area)["sheets"][0]["data"][0]
        cell: dict[str, Any] = found.get("rowData", [{}])[0].get("values", [{}])[0]
        return cell

    def get(self, area: str = "") -> dict[str, Any]:
        """The spreadsheet with its grid data, apart from the adapter and from faults."""
        spreadsheet = self.server.api.store.get(self.id)
        places = [locate.a1_range(spreadsheet, area)] if area else None
        return spreadsheet_json(spreadsheet, {}, places, grid=True)

    def insert_row(self, sheet: str, before: int) -> None:
        self.server.edit(self.id, {"insert_rows": {"sheet": sheet, "at": before}})

    def write(self, *edits: Edit) -> Receipt:
        return self.workbook.write(edits, self.workbook.read())


def open_desk(server: SheetsServer, workbook: bytes, folder: Path) -> Desk:
    """The workbook loaded, shared with the account alone, and opened with a key file in the folder."""
    spreadsheet = server.load_xlsx(workbook)
    server.strict(ACCOUNT)
    server.share(spreadsheet)
    key = server.service_account(folder / "compte.json")
    return Desk(server, spreadsheet, GoogleSheet(spreadsheet, key, server.url, timeout=5, patience=0.01), key)
