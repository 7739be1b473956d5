"""Spreadsheets in memory: cells, tabs, spreadsheets and the store that changes them atomically."""

from __future__ import annotations

import copy
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.support.sheets.a1 import Box
from tests.support.sheets.errors import JSON, ApiError, Key, not_found


def now() -> str:
    """The time as Drive writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds; never changed in place, so that copies of a sheet can share it.

    `entered` and `cached` are ExtendedValues. `cached` is the stored result of an imported formula,
    which stands until the cell is entered again; without `entered`, a value that an imported array
    formula spilled here. `extra` holds note, dataValidation, textFormatRuns….
    """

    entered: JSON | None = None
    cached: JSON | None = None
    format: JSON = field(default_factory=dict)
    extra: JSON = field(default_factory=dict)

    @property
    def formula(self) -> str | None:
        return (self.entered or {}).get("formulaValue")

    @property
    def blank(self) -> bool:
        return not (self.entered or self.cached or self.format or self.extra)


BLANK = Cell()


@dataclass(slots=True)
class Sheet:
    """A tab. `properties` is its SheetProperties without the index, which is its place in the list."""

    properties: JSON
    cells: dict[Key, Cell] = field(default_factory=dict)
    parts: dict[str, list[JSON]] = field(default_factory=dict)
    """merges, protectedRanges, conditionalFormats, rowGroups, columnGroups, bandedRanges, filterViews."""
    basic_filter: JSON | None = None
    dimensions: dict[str, dict[int, JSON]] = field(default_factory=lambda: {"ROWS": {}, "COLUMNS": {}})

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def rows(self) -> int:
        return int(self.properties["gridProperties"]["rowCount"])

    @property
    def columns(self) -> int:
        return int(self.properties["gridProperties"]["columnCount"])

    def cell(self, key: Key) -> Cell:
        return self.cells.get(key, BLANK)

    def put(self, key: Key, cell: Cell) -> None:
        if cell.blank:
            self.cells.pop(key, None)
        else:
            self.cells[key] = cell

    def grow(self, rows: int, columns: int) -> None:
        """Make the grid at least that large."""
        grid = self.properties["gridProperties"]
        grid["rowCount"] = max(self.rows, rows)
        grid["columnCount"] = max(self.columns, columns)

    def filled(self) -> Box:
        """The smallest box from A1 on that holds all cells with a value."""
        keys = [key for key, cell in self.cells.items() if cell.entered or cell.cached]
        return Box(0, max((r for r, _ in keys), default=-1) + 1, 0, max((c for _, c in keys), default=-1) + 1)

    def copy(self) -> Sheet:
        return Sheet(
            copy.deepcopy(self.properties),
            dict(self.cells),
            copy.deepcopy(self.parts),
            copy.deepcopy(self.basic_filter),
            copy.deepcopy(self.dimensions),
        )


@dataclass(slots=True)
class Spreadsheet:
    """A file: `properties` is its SpreadsheetProperties; the times are Drive's."""

    id: str
    properties: JSON
    sheets: list[Sheet]
    named_ranges: list[JSON] = field(default_factory=list)
    metadata: list[JSON] = field(default_factory=list)
    shared_with: set[str] = field(default_factory=set)
    permissions: list[JSON] = field(default_factory=list)
    created: str = field(default_factory=now)
    modified: str = field(default_factory=now)
    results: dict[int, dict[Key, JSON]] | None = None
    """Results of formulas by sheet, with the cells that they spill into; None: to be calculated."""

    @property
    def locale(self) -> str:
        return str(self.properties.get("locale", "en_US"))

    def sheet(self, sheet_id: int, prefix: str = "") -> Sheet:
        """The tab with this id; raises ApiError 400."""
        for sheet in self.sheets:
            if sheet.id == sheet_id:
                return sheet
        raise ApiError(400, f"{prefix}No grid with id: {sheet_id}")

    def titled(self, title: str) -> Sheet | None:
        wanted = title.casefold()
        return next((sheet for sheet in self.sheets if sheet.title.casefold() == wanted), None)

    def copy(self) -> Spreadsheet:
        twin = copy.copy(self)
        twin.properties = copy.deepcopy(self.properties)
        twin.sheets = [sheet.copy() for sheet in self.sheets]
        twin.named_ranges = copy.deepcopy(self.named_ranges)
        twin.metadata = copy.deepcopy(self.metadata)
        twin.results = None
        return twin


def new_sheet(sheet_id: int, title: str, rows: int = 1000, columns: int = 26) -> Sheet:
    grid = {"rowCount": rows, "columnCount": columns}
    return Sheet({"sheetId": sheet_id, "title": title, "sheetType": "GRID", "gridProperties": grid})


class Store:
    """All spreadsheets. Every change is made on a copy that replaces the old one when all went well."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.spreadsheets: dict[str, Spreadsheet] = {}

    def create(self, title: str, **properties: str) -> Spreadsheet:
        spreadsheet = Spreadsheet(
            new_file_id(),
            {"title": title, "locale": "en_US", "autoRecalc": "ON_CHANGE", "timeZone": "Etc/GMT"}
            | properties,
            [new_sheet(0, "Sheet1")],
        )
        with self.lock:
            self.spreadsheets[spreadsheet.id] = spreadsheet
        return spreadsheet

    def get(self, spreadsheet_id: str) -> Spreadsheet:
        """Raises ApiError 404."""
        try:
            return self.spreadsheets[spreadsheet_id]
        except KeyError:
            raise not_found() from None

    @contextmanager
    def edit(self, spreadsheet_id: str) -> Iterator[Spreadsheet]:
        """A copy to change; it takes the place of the spreadsheet unless an exception leaves the block."""
        with self.lock:
            twin = self.get(spreadsheet_id).copy()
            yield twin
            twin.modified = now()
            self.spreadsheets[spreadsheet_id] = twin


def new_file_id() -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    return "1" + "".join(random.choices(letters, k=43))


def new_id() -> int:
    """An id for a sheet, a protected range, a metadata…"""
    return random.randrange(1, 2**31)
