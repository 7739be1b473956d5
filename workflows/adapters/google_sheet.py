"""The coordination's workbook as a Google spreadsheet, opened with a service account.

One spreadsheets.get reads it, one spreadsheets.batchUpdate writes it: all edits or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workflows.adapters import google_failures as failures
from workflows.adapters.google_cells import JSON, READ_FIELDS, snapshot_of, tabs_of
from workflows.adapters.google_lease import Lease
from workflows.adapters.google_moves import RESPONSE_FIELDS, Check, Covered, answered, checks
from workflows.adapters.google_requests import Batch
from workflows.core.ports import Edit, Receipt, Snapshot, WorkbookError

if TYPE_CHECKING:
    from workflows.adapters.google_service import Service

GOOGLE = "https://sheets.googleapis.com"


class GoogleSheet:
    """The port `Workbook` on a Google spreadsheet.

    `api_root` replaces Google's address (for tests and proxies); `timeout` is in seconds, for each
    answer; `patience` is the first wait, in seconds, before a request is repeated; `holder` names this
    machine in the spreadsheet's lease.
    """

    def __init__(
        self,
        spreadsheet_id: str,
        credentials_file: Path,
        api_root: str = "",
        timeout: float = 60.0,
        patience: float = 1.0,
        holder: str = "",
    ) -> None:
        self._id = spreadsheet_id.strip()
        self._credentials_file = credentials_file
        self._root = (api_root or GOOGLE).rstrip("/")
        self._timeout = timeout
        self._patience = patience
        self._opened: Service | None = None
        self._lease = Lease(holder)
        self._taking = self._giving_back = False

    def read(self) -> Snapshot:
        """Every tab, in one spreadsheets.get. Raises WorkbookError."""
        answer = self._service().get({"fields": READ_FIELDS})
        self._lease.hear(self._service().date)
        self._lease.read(answer)
        try:
            return snapshot_of(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise failures.not_google() from error

    def write(self, edits: Sequence[Edit], snapshot: Snapshot) -> Receipt:
        """All edits or none, in one spreadsheets.batchUpdate that is checked against its own answer.

        Where rows or columns moved since the snapshot, the tab is read once more and what was covered
        is put back; those puts are returned as misplaced. Raises WorkbookError; ValueError for an edit
        that no caller may ask for (a formula's cell, an unknown tab).
        """
        if not edits:
            return Receipt()
        batch = Batch(tabs_of(snapshot.version), snapshot.sheets)
        batch.add_all(edits)
        wanted = checks(edits, snapshot.sheets.values())
        found = answered(self._post(batch, wanted))
        moved = [c for c in wanted if c.title not in found or not c.holds(found[c.title])]
        return self._mend(moved) if moved else Receipt()

    def check_write(self) -> None:
        """Whether the last read showed no other machine's lease. Raises WorkbookError."""
        self._lease.taking()

    def reserve(self) -> None:
        """The next write also takes the spreadsheet's lease. Raises WorkbookError while another holds it."""
        self._lease.taking()
        self._taking = True

    def reserved(self) -> bool:
        """Whether the lease is still ours; renewed in time, in a call of its own."""
        return self._lease.holds(self._renew)

    def release(self) -> None:
        """The next write also gives the lease back."""
        self._taking, self._giving_back = False, True

    def _renew(self) -> None:
        requests, value = self._lease.taking()
        self._service().post({"requests": requests}, {"fields": "spreadsheetId"}, ())
        self._lease.hear(self._service().date)
        self._lease.seen = value

    def _mend(self, moved: Sequence[Check]) -> Receipt:
        """Put back what the write covered in tabs that people were reorganising."""
        try:
            now = self.read()
            covered = [cell for check in moved for cell in _covered(check, now)]
            batch = Batch(tabs_of(now.version), {})
            for cell in covered:
                value = cell.put.value if cell.put else None
                batch.restore(cell.title, cell.row, cell.column, cell.before, value)
            if covered:
                self._post(batch, ())
        except WorkbookError as error:
            raise failures.reorganised() from error
        return Receipt(tuple((cell.put, cell.found) for cell in covered if cell.put))

    def _post(self, batch: Batch, wanted: Sequence[Check]) -> JSON:
        lease, value = self._lease.taking() if self._taking else ([], self._lease.seen)
        if self._giving_back:
            lease, value = self._lease.giving_back(), ""
        body: JSON = {"requests": [*lease, *batch.requests]}
        fields = "spreadsheetId"
        if wanted:
            ranges = [area for check in wanted for area in check.ranges()]
            body |= {"includeSpreadsheetInResponse": True, "responseIncludeGridData": True}
            body |= {"responseRanges": ranges}
            fields = RESPONSE_FIELDS
        answer = self._service().post(body, {"fields": fields}, [*("" for _ in lease), *batch.places])
        self._lease.hear(self._service().date)
        if self._taking or self._giving_back:
            self._lease.seen, self._taking, self._giving_back = value, False, False
        return answer

    def _service(self) -> Service:
        if self._opened is None:
            # Imported here: the libraries behind take a third of a second, also when nothing is read.
            from workflows.adapters.google_service import Service

            url = f"{self._root}/v4/spreadsheets"
            self._opened = Service(url, self._id, self._credentials_file, self._timeout, self._patience)
        return self._opened


def _covered(check: Check, now: Snapshot) -> list[Covered]:
    """What the write covered in a tab. Raises WorkbookError if the tab is gone."""
    if check.title not in now.sheets:
        raise failures.reorganised()
    return check.covered(now.sheets[check.title])
