"""A whole workbook in memory: its tabs, its Snapshot, and the port's edits made on its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from workflows.adapters.xlsx_editing import SheetEditor
from workflows.adapters.xlsx_markup import Damaged, Node, Splice, changed, parse, spliced
from workflows.adapters.xlsx_package import XML_DECLARATION, Package, new_package, relationship_namespace
from workflows.adapters.xlsx_reading import Reader, shared_strings
from workflows.adapters.xlsx_sheet import scan
from workflows.adapters.xlsx_styles import EMPTY_STYLES, Styles
from workflows.core.ports import AddColumn, AddSheet, Append, Edit, Put, Sheet

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BEFORE_CALCULATION = {
    *("fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets"),
    *("functionGroups", "externalReferences", "definedNames"),
}
_EMPTY_WORKBOOK = f'<workbook xmlns="{_MAIN}"><bookViews><workbookView/></bookViews><sheets/></workbook>'
_EMPTY_SHEET = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData/></worksheet>'
)
_TITLE_LIMIT = 31
_TITLE_REFUSED = set("[]:*?/\\")


@dataclass(frozen=True, slots=True)
class Tab:
    """A worksheet of the workbook: its exact title and the name of its part."""

    title: str
    part: str


class Book:
    """The parts that matter of an xlsx file; the others stay in the package as they are."""

    def __init__(self, content: bytes) -> None:
        """Raises NotXlsx, Damaged."""
        self._package = Package(content)
        self._root = parse(self._package.part(self._package.workbook))
        self._styles_part = self._package.related_part("styles")
        data = self._package.part(self._styles_part) if self._styles_part else _part(EMPTY_STYLES)
        self._styles = Styles(data)
        properties = self._root.first("workbookPr")
        self.date_1904 = bool(properties and properties.attributes.get("date1904") in ("1", "true", "on"))
        self._tabs = self._worksheets()
        self._editors: dict[str, SheetEditor] = {}
        self._added: dict[str, str] = {}
        """Relation ids of the new tabs by title, in order."""

    def sheets(self) -> dict[str, Sheet]:
        """Every worksheet, as read. Raises Damaged."""
        name = self._package.related_part("sharedStrings")
        strings = shared_strings(self._package.part(name)) if name else []
        reader = Reader(strings, self._styles, self.date_1904)
        return {tab.title: reader.sheet(tab.title, scan(self._package.part(tab.part))) for tab in self._tabs}

    def edit(self, edits: Sequence[Edit]) -> None:
        """Make all edits, in order. Raises ValueError for what may not be written, Damaged, WorkbookError."""
        for edit in edits:
            if isinstance(edit, AddSheet):
                self._add_sheet(edit)
            elif isinstance(edit, AddColumn):
                self._editor(edit.sheet).add_column(edit.row, edit.column, edit.spec)
            elif isinstance(edit, Put):
                self._editor(edit.sheet).put(edit.row, edit.column, edit.value)
            elif isinstance(edit, Append):
                self._editor(edit.sheet).append(edit.values)

    def to_bytes(self) -> bytes:
        """The file with the edits made, and asked to calculate its formulas when it is next opened."""
        for tab in self._tabs:
            if tab.title in self._editors:
                self._package.put(tab.part, self._editors[tab.title].data())
        self._save_styles()
        self._save_workbook()
        return self._package.to_bytes()

    def _worksheets(self) -> list[Tab]:
        """The worksheets, in the order of their tabs; chart sheets and macro sheets are left out."""
        relations = self._package.related(self._package.workbook)
        tabs = []
        for node in self._sheets_node().named("sheet"):
            kind, part = relations.get(node.relation(), ("", ""))
            if kind == "worksheet":
                tabs.append(Tab(node.attributes["name"], part))
        return tabs

    def _sheets_node(self) -> Node:
        node = self._root.first("sheets")
        if node is None:
            raise Damaged("no sheets")
        return node

    def _editor(self, title: str) -> SheetEditor:
        if title not in self._editors:
            part = next((tab.part for tab in self._tabs if tab.title == title), None)
            if part is None:
                raise ValueError(f"no tab {title!r}")
            data = self._package.part(part)
            self._editors[title] = SheetEditor(title, data, self._styles, self.date_1904)
        return self._editors[title]

    def _add_sheet(self, edit: AddSheet) -> None:
        taken = {node.attributes["name"].casefold() for node in self._sheets_node().named("sheet")}
        if edit.title.casefold() in taken | {title.casefold() for title in self._added}:
            raise ValueError(f"there is a tab {edit.title!r}")
        if not 0 < len(edit.title) <= _TITLE_LIMIT or _TITLE_REFUSED & set(edit.title):
            raise ValueError(f"{edit.title!r} is no title of a tab")
        number = next(n for n in range(1, 1 << 20) if not self._package.has(f"xl/worksheets/sheet{n}.xml"))
        tab = Tab(edit.title, f"xl/worksheets/sheet{number}.xml")
        editor = SheetEditor(edit.title, _part(_EMPTY_SHEET), self._styles, self.date_1904)
        for column, spec in enumerate(edit.columns, start=1):
            editor.add_column(1, column, spec, style=self._styles.bold())
        self._tabs.append(tab)
        self._editors[tab.title] = editor
        self._added[tab.title] = self._add_part(tab.part, "worksheet", editor.data())

    def _add_part(self, name: str, kind: str, data: bytes) -> str:
        return self._package.add_related(self._package.workbook, name, kind, f"{_TYPES}.{kind}+xml", data)

    def _save_styles(self) -> None:
        if self._styles_part:
            self._package.put(self._styles_part, self._styles.data())
        else:
            self._styles_part = "xl/styles.xml"
            self._add_part(self._styles_part, "styles", self._styles.data())

    def _save_workbook(self) -> None:
        data = self._package.part(self._package.workbook)
        splices = self._calculation(data)
        if self._added:
            splices += changed(data, self._sheets_node(), appended=self._new_entries())
        self._package.put(self._package.workbook, spliced(data, splices))

    def _calculation(self, data: bytes) -> list[Splice]:
        """Ask for all formulas to be calculated on loading: their stored values may now be out of date."""
        present = self._root.first("calcPr")
        if present is not None:
            return changed(data, present, {"fullCalcOnLoad": "1"})
        end = [node.end for node in self._root.children if node.name in _BEFORE_CALCULATION][-1]
        return [(end, end, f'<{self._root.prefix}calcPr fullCalcOnLoad="1"/>'.encode())]

    def _new_entries(self) -> str:
        """The new tabs in the workbook's list; `r` is declared here, since the list may name it otherwise."""
        sheets = self._sheets_node().named("sheet")
        number = max((int(node.attributes["sheetId"]) for node in sheets), default=0)
        namespace = relationship_namespace(self._root)
        return "".join(
            f'<{self._root.prefix}sheet xmlns:r="{namespace}" name={quoteattr(title)} '
            f'sheetId="{number + count}" r:id="{relation}"/>'
            for count, (title, relation) in enumerate(self._added.items(), start=1)
        )


def new_book(sheets: Sequence[AddSheet]) -> bytes:
    """A new xlsx file with these tabs and nothing else."""
    book = Book(new_package(_EMPTY_WORKBOOK))
    book.edit(sheets)
    return book.to_bytes()


def _part(text: str) -> bytes:
    return (XML_DECLARATION + text).encode()
