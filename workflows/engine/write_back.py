"""From what the program's cells should show to the edits that make them show it (design §5).

A person's cell is never touched: only T columns, whole rows of the program's own tabs and an empty
`Réf.` are written, and a T cell that a person typed into is reported, not overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from workflows.core import words
from workflows.core.book import Book, Identified
from workflows.core.cells import Unreadable, fold, label
from workflows.core.dates import date_
from workflows.core.french import date_short, time_
from workflows.core.messages import RowWish
from workflows.core.ports import (
    AddColumn,
    AddSheet,
    Anchor,
    Append,
    Cell,
    Edit,
    Kind,
    Put,
    Value,
)
from workflows.core.problems import Problem
from workflows.core.tables import Row

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the sheet's wall clock
_MINUTE = timedelta(minutes=1)

ANSWER = "Réponse"
"""The one column of the program where people write as well: what a person typed there stands."""

_STATES = frozenset(map(fold, words.STATES))

Noted = Callable[[str, str, str, str], bool]
Note = tuple[str, str, str, str]
"""(tab, Réf., heading, value) as the journal keeps it."""


@dataclass(slots=True)
class Writing:
    """The edits of one write, and what has to be remembered before it is made."""

    edits: list[Edit] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Cells of the program that a person typed into."""
    rows: int = 0
    """How many rows the wishes change."""
    appended: dict[tuple[str, str], str] = field(default_factory=dict)
    """(tab, `Réf.`) → what the row is about, for rows that are new."""
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    """(tab, `Réf.`) → the answer of ours that stands in the row once this is written."""
    reached: list[RowWish] = field(default_factory=list)
    """The wishes that found their row, or made it."""


def plain(value: Value) -> str:
    """A value as the journal notes it; the same text for the same cell as `shown` reads it back."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return _minute(value.replace(tzinfo=None))
        case date():
            return _minute(datetime(value.year, value.month, value.day))  # noqa: DTZ001
        case int() | float():
            return f"{float(value):.9g}"
    return value


def shown(cell: Cell) -> str:
    """What a cell shows, in the form of `plain`."""
    if isinstance(cell.value, float) and cell.kind is Kind.DATE:
        return _minute(_EPOCH + timedelta(days=cell.value))
    return plain(cell.value)


def _minute(moment: datetime) -> str:
    rounded = _EPOCH + round((moment - _EPOCH) / _MINUTE) * _MINUTE
    return rounded.isoformat(sep=" ", timespec="minutes")


@dataclass(slots=True)
class WriteBack:
    """Compares wishes with the workbook as it was just read.

    `adopt` takes what stands in a T cell for the program's own: the journal that wrote it is gone, or
    older. Where a state belongs, a word that is none is hers all the same.
    """

    book: Book
    noted: Noted
    known: Mapping[str, Mapping[str, str]]
    """By tab, what each `Réf.` ever seen was about."""
    highest: dict[str, int]
    """The highest number of each prefix; grows with the rows that are appended."""
    answers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The answers of ours that stood in the sheet when it was last written."""
    adopt: bool = False
    restored: bool = False
    """The workbook is older than the journal: earlier answers in it are nobody's choice."""
    writing: Writing = field(default_factory=Writing)
    _columns: dict[str, dict[str, int]] = field(default_factory=dict)
    _next_column: dict[str, int] = field(default_factory=dict)
    _new_tabs: set[str] = field(default_factory=set)
    _gone: dict[str, dict[str, str]] = field(default_factory=dict)
    """By tab and by what they were about, the first `Réf.` that no row shows any more."""

    def trust(self, *, adopt: bool, restored: bool) -> None:
        """How the cells of the next wishes are taken."""
        self.adopt, self.restored = adopt, restored

    def fill_refs(self) -> None:
        """Write the `Réf.` that rows were given, and note them."""
        for identified in self.book.tabs.values():
            by_number = {row.number: row for row in identified.rows}
            for number, ref in identified.filled.items():
                column = self.column(identified, "Réf.")
                row = by_number[number]
                self.writing.edits.append(
                    Put(identified.title, number, column, ref, self._anchor(identified, row))
                )

    def wish(self, wishes: Iterable[RowWish]) -> Writing:
        """Add what the wishes need; returns all that is to be written."""
        index: dict[tuple[str, tuple[str, ...]], dict[str, list[Row]]] = {}
        for wanted in wishes:
            identified = self.book.tabs[wanted.tab]
            if identified.table is None and not (identified.absent and wanted.create):
                continue
            kind = (wanted.tab, tuple(wanted.identity))
            if kind not in index:
                index[kind] = _index(identified, wanted)
            rows = index[kind].get(_about(wanted), [])
            if len(rows) == 1 and rows[0].number in identified.refs:
                self._update(identified, rows[0], wanted)
            elif not rows and wanted.create:
                self._append(identified, wanted)
            else:
                continue
            self.writing.reached.append(wanted)
        return self.writing

    def tab(self, title: str) -> Identified:
        """A tab of the program's own, added to the edits when it is missing."""
        identified = self.book.tabs[title]
        if identified.absent and title not in self._new_tabs:
            self._new_tabs.add(title)
            self.writing.edits.append(AddSheet(identified.title, tuple(identified.columns.values())))
            self._columns[title] = {heading: n for n, heading in enumerate(identified.columns, 1)}
        return identified

    def put(self, identified: Identified, row: int, heading: str, value: Value, current: Cell) -> None:
        """Write one cell unless it shows the value already."""
        if shown(current) != plain(value) and not (current.formula or current.spilled):
            column = self.column(identified, heading)
            self.writing.edits.append(Put(identified.title, row, column, value))

    def _update(self, identified: Identified, row: Row, wanted: RowWish) -> None:
        ref = identified.refs[row.number]
        changed = False
        if self.adopt:
            self._adopt_others(identified, row, ref, wanted.values)
        for heading, value in wanted.values.items():
            cell, want = row.cell(heading), plain(value)
            now = shown(cell)
            key = (wanted.tab, ref, heading)
            if heading == ANSWER and not self._our_answer(key, now, want):
                continue
            adopt = self.adopt and (want not in words.STATES or fold(now) in _STATES)
            if adopt and now:
                self.writing.notes.append((*key, now))
            if now == want or heading in wanted.identity:  # the row was found by it, however she spells it
                continue
            if cell.formula or cell.spilled or not (now == "" or adopt or self.noted(*key, now)):
                if not _same_day(cell, value):
                    self.writing.problems.append(_typed_over(identified, row, heading, cell, value))
                continue
            self.writing.notes.append((*key, want))
            column = self.column(identified, heading)
            self.writing.edits.append(
                Put(identified.title, row.number, column, value, self._anchor(identified, row))
            )
            changed = True
        self.writing.rows += changed

    def _adopt_others(self, identified: Identified, row: Row, ref: str, wanted: Collection[str]) -> None:
        """Take for the program's what stands where nothing is wanted yet: something may be later."""
        for column in identified.tab.tool_columns:
            now = shown(row.cell(column.heading))
            fits = column.choices != words.STATES or fold(now) in _STATES
            if now and fits and column.heading not in (ANSWER, *wanted):
                self.writing.notes.append((identified.tab.title, ref, column.heading, now))

    def _our_answer(self, key: tuple[str, str, str], now: str, want: str) -> bool:
        """Whether what stands in `Réponse` is the program's, and may change; remembers what will stand.

        A person who types an earlier answer again has chosen it: it counts as hers, unless the whole
        workbook is an earlier one.
        """
        tab, ref, _ = key
        if now:
            last = self.answers.get((tab, ref), now)
            if not self.noted(*key, now) or not (last == now or self.restored):
                return False
        self.writing.answers[tab, ref] = want
        return True

    def _append(self, identified: Identified, wanted: RowWish) -> None:
        self.tab(wanted.tab)
        about = "|".join(fold(value) for value in wanted.identity.values())
        ref = self._ref_for(identified, about)
        values: dict[str, Value] = {"Réf.": ref, **wanted.identity, **wanted.values}
        self.writing.notes += [(wanted.tab, ref, h, plain(v)) for h, v in values.items()]
        self.writing.appended[wanted.tab, ref] = about
        if ANSWER in wanted.values:
            self.writing.answers[wanted.tab, ref] = plain(wanted.values[ANSWER])
        self.writing.edits.append(
            Append(
                identified.title,
                {self.column(identified, h): v for h, v in values.items() if v is not None},
            )
        )
        self.writing.rows += 1

    def _ref_for(self, identified: Identified, about: str) -> str:
        """The `Réf.` that a row about this had before it went missing, or a new number."""
        title = identified.tab.title
        if title not in self._gone:
            used = {fold(ref) for ref in identified.refs.values()}
            gone = self._gone[title] = {}
            for ref, was in self.known.get(title, {}).items():
                if fold(ref) not in used:
                    gone.setdefault(was, ref)
        if about in self._gone[title]:
            return self._gone[title][about]
        prefix = identified.tab.prefix
        self.highest[prefix] = self.highest.get(prefix, 0) + 1
        return f"{prefix}-{self.highest[prefix]:03d}"

    def column(self, identified: Identified, heading: str) -> int:
        """The column of a heading, added to the right of everything when it is missing."""
        title = identified.tab.title
        if title not in self._columns:
            assert identified.table is not None
            self._columns[title] = dict(identified.table.columns)
            self._next_column[title] = identified.table.next_free_column
        columns = self._columns[title]
        if heading not in columns:
            assert identified.table is not None
            columns[heading] = self._next_column[title]
            self._next_column[title] += 1
            self.writing.edits.append(
                AddColumn(
                    identified.title,
                    identified.table.heading_row,
                    columns[heading],
                    identified.columns[heading],
                )
            )
        return columns[heading]

    def add_missing_columns(self, titles: Iterable[str]) -> None:
        """Give these tabs the program's columns that they lack."""
        for title in titles:
            identified = self.book.tabs[title]
            if identified.absent and identified.tab.own:
                self.tab(title)
            elif identified.table is not None:
                emptied = identified.tab.own and not identified.table.columns
                for column in identified.tab.columns if emptied else identified.tab.tool_columns:
                    self.column(identified, column.heading)

    def _anchor(self, identified: Identified, row: Row) -> Anchor | None:
        """What must stand in the row: its `Réf.`, or what it is about while it has none."""
        for heading in ("Réf.", *identified.tab.subject):
            cell = row.cell(heading)
            if cell.kind is Kind.TEXT and identified.table:
                return Anchor(identified.table.columns[heading], str(cell.value))
        return None


def _index(identified: Identified, wanted: RowWish) -> dict[str, list[Row]]:
    """Rows by `Réf.`, or by what they are about, as this tab's wishes name them."""
    found: dict[str, list[Row]] = {}
    for row in identified.rows:
        if wanted.identity:
            key = "|".join(fold(label(row.cell(heading))) for heading in wanted.identity)
        else:
            key = fold(identified.refs.get(row.number, ""))
        found.setdefault(key, []).append(row)
    return found


def _about(wanted: RowWish) -> str:
    return "|".join(map(fold, wanted.identity.values())) if wanted.identity else fold(wanted.ref)


def _same_day(cell: Cell, value: Value) -> bool:
    """Whether a day that a person wrote as text is that of the moment which would stand there."""
    if not isinstance(value, datetime) or cell.kind is not Kind.TEXT:
        return False
    try:
        return date_(cell, value.date()) == value.date()
    except Unreadable:
        return False


def _typed_over(identified: Identified, row: Row, heading: str, cell: Cell, value: Value) -> Problem:
    want = f"{date_short(value)} à {time_(value.time())}" if isinstance(value, datetime) else plain(value)
    meant = f"« {want[:60]} »" if want else "rien"
    return Problem(
        identified.where(row, heading),
        f"La cellule dit « {label(cell)[:60]} », que Tournée n'y a jamais écrit ; elle devrait dire {meant}.",
        "Videz-la : la prochaine tournée la remplira.",
    )
