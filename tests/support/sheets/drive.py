"""The part of the Drive API that gspread uses: files, permissions, comments, export and import."""

from __future__ import annotations

import csv
import io
import re

from tests.support.sheets import a1, fields, values
from tests.support.sheets.a1 import Box
from tests.support.sheets.errors import JSON, ApiError, DriveError
from tests.support.sheets.model import Spreadsheet, Store, new_file_id, new_id, new_sheet, now
from tests.support.sheets.ranges import OWNER

MIME_TYPE = "application/vnd.google-apps.spreadsheet"


def file_of(store: Store, file_id: str) -> Spreadsheet:
    """Raises DriveError 404."""
    try:
        return store.get(file_id)
    except ApiError:
        raise DriveError(404, f"File not found: {file_id}.") from None


def resource(spreadsheet: Spreadsheet) -> JSON:
    return {
        "kind": "drive#file",
        "id": spreadsheet.id,
        "name": spreadsheet.properties["title"],
        "mimeType": MIME_TYPE,
        "createdTime": spreadsheet.created,
        "modifiedTime": spreadsheet.modified,
    }


_SHORT: fields.Mask = {"kind": {}, "id": {}, "name": {}, "mimeType": {}}


def create(store: Store, body: JSON, mask: fields.Mask) -> JSON:
    return _kept(store.create(str(body.get("name", "Untitled"))), mask)


def _kept(spreadsheet: Spreadsheet, mask: fields.Mask) -> JSON:
    found: JSON = fields.select(resource(spreadsheet), mask or _SHORT)
    return found


def get(store: Store, file_id: str, mask: fields.Mask) -> JSON:
    return _kept(file_of(store, file_id), mask)


def rename(store: Store, file_id: str, body: JSON, mask: fields.Mask) -> JSON:
    file_of(store, file_id)
    with store.edit(file_id) as spreadsheet:
        spreadsheet.properties["title"] = body.get("name", spreadsheet.properties["title"])
    return _kept(spreadsheet, mask)


def copy(store: Store, file_id: str, body: JSON, mask: fields.Mask) -> JSON:
    twin = file_of(store, file_id).copy()
    twin.id = new_file_id()
    twin.properties["title"] = body.get("name") or f"Copy of {twin.properties['title']}"
    twin.created = twin.modified = now()
    twin.permissions, twin.shared_with = [], set(twin.shared_with)
    store.spreadsheets[twin.id] = twin
    return _kept(twin, mask)


def delete(store: Store, file_id: str) -> None:
    file_of(store, file_id)
    del store.spreadsheets[file_id]


def list_files(store: Store, query: str, mask: fields.Mask) -> JSON:
    """Files that answer a query of `name = "…"`, `mimeType = "…"` and parents (there are no folders)."""
    found = [resource(spreadsheet) for spreadsheet in store.spreadsheets.values()]
    for key, _, text in re.findall(r"""(name|mimeType)\s*=\s*(["'])((?:\\.|(?!\2).)*)\2""", query):
        wanted = re.sub(r"\\(.)", r"\1", text)
        found = [file for file in found if file[key] == wanted]
    if " in parents" in query:
        found = []
    found.sort(key=lambda file: str(file["modifiedTime"]), reverse=True)
    short = [fields.select(file, _SHORT) for file in found]
    whole: JSON = {"kind": "drive#fileList", "incompleteSearch": False, "files": found if mask else short}
    kept: JSON = fields.select(whole, mask)
    return kept


def export(store: Store, file_id: str, mime_type: str) -> bytes:
    """The first tab as CSV or TSV; raises DriveError 400 for other formats."""
    delimiter = {"text/csv": ",", "text/tab-separated-values": "\t"}.get(mime_type)
    if delimiter is None:
        raise DriveError(400, f"The requested conversion is not supported: {mime_type}")
    spreadsheet = file_of(store, file_id)
    sheet = spreadsheet.sheets[0]
    whole = Box().within(sheet.rows, sheet.columns)
    rows = values.value_range(spreadsheet, sheet, whole, values.Rendering()).get("values", [])
    width = max((len(row) for row in rows), default=0)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(
        row + [""] * (width - len(row)) for row in rows
    )
    return text.getvalue().removesuffix("\r\n").encode()


def import_csv(store: Store, file_id: str, data: bytes) -> JSON:
    """Replace everything by one tab with these rows, as typed (Drive v2 upload with conversion)."""
    file_of(store, file_id)
    rows = [list(row) for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))]
    with store.edit(file_id) as spreadsheet:
        width = max((len(row) for row in rows), default=1)
        sheet = new_sheet(new_id(), spreadsheet.sheets[0].title, max(len(rows), 1), max(width, 1))
        spreadsheet.sheets = [sheet]
        values.write(spreadsheet, sheet, a1.Box(0, 1, 0, 1), rows, "USER_ENTERED")
    title = spreadsheet.properties["title"]
    return {"kind": "drive#file", "id": file_id, "title": title, "mimeType": MIME_TYPE}


def permissions(store: Store, file_id: str, mask: fields.Mask) -> JSON:
    file_of(store, file_id)
    owner = {"kind": "drive#permission", "id": "1", "type": "user", "role": "owner", "emailAddress": OWNER}
    found = [*store.get(file_id).permissions, owner | {"deleted": False, "pendingOwner": False}]
    kept: JSON = fields.select({"kind": "drive#permissionList", "permissions": found}, mask)
    return kept


def add_permission(store: Store, file_id: str, body: JSON, mask: fields.Mask) -> JSON:
    spreadsheet = file_of(store, file_id)
    sort = body.get("type", "user")
    found: JSON = {
        "kind": "drive#permission",
        "id": str(new_id()),
        "type": sort,
        "role": body.get("role", "reader"),
    }
    if sort == "anyone":
        found |= {"id": "anyoneWithLink" if body.get("withLink") else "anyone"}
        found["allowFileDiscovery"] = not body.get("withLink")
    if body.get("emailAddress"):
        found["emailAddress"] = body["emailAddress"]
        spreadsheet.shared_with.add(str(body["emailAddress"]))
    spreadsheet.permissions = [p for p in spreadsheet.permissions if p["id"] != found["id"]] + [found]
    kept: JSON = fields.select(
        found, mask or {"kind": {}, "id": {}, "type": {}, "role": {}, "allowFileDiscovery": {}}
    )
    return kept


def remove_permission(store: Store, file_id: str, permission_id: str) -> None:
    spreadsheet = file_of(store, file_id)
    gone = [p for p in spreadsheet.permissions if p["id"] == permission_id]
    if not gone:
        raise DriveError(404, f"Permission not found: {permission_id}.")
    spreadsheet.permissions = [p for p in spreadsheet.permissions if p["id"] != permission_id]
    spreadsheet.shared_with -= {p.get("emailAddress") for p in gone}


def comments(store: Store, file_id: str, mask: fields.Mask) -> JSON:
    """No spreadsheet here has comments."""
    file_of(store, file_id)
    kept: JSON = fields.select({"kind": "drive#commentList", "comments": []}, mask)
    return kept
