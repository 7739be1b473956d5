"""A tab → a table of rows by heading, whatever stands above, between and beside its columns (design §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from workflows.core.cells import fold, is_blank, normalise
from workflows.core.french import join, quoted
from workflows.core.ports import EMPTY, Cell, Kind, Sheet
from workflows.core.problems import Problem

HEADINGS_WITHIN = 30
"""Headings stand among this many rows at the top of a tab."""

_NEAR, _NEARLY_SAME = 0.6, 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something in a wanted column; `number` counts from 1, as people see it."""

    number: int
    cells: tuple[Cell, ...]
    columns: Mapping[str, int] = field(repr=False)

    def cell(self, heading: str) -> Cell:
        """The cell under a canonical heading; EMPTY when the tab has no such column."""
        column = self.columns.get(heading, 0)
        return self.cells[column - 1] if 1 <= column <= len(self.cells) else EMPTY


@dataclass(frozen=True, slots=True)
class Table:
    """A tab whose headings were found. Rows and columns are numbered from 1."""

    title: str
    heading_row: int
    columns: Mapping[str, int]
    """Canonical heading → column; a wanted heading that is absent is not here."""
    names: Mapping[str, str]
    """Canonical heading → the heading as she knows it."""
    rows: tuple[Row, ...]
    last_row: int
    """The last row of the tab with anything in it, in any column."""
    next_free_column: int
    """The first column to the right of everything in the tab, in any row."""

    def where(self, row: Row, heading: str) -> str:
        """« Structures, ligne 12, Courriel », with her own name for the column."""
        return f"{self.title}, ligne {row.number}, {self.names.get(heading, heading)}"


def column_letter(number: int) -> str:
    """1 → A, 26 → Z, 27 → AA. Raises ValueError below 1."""
    if number < 1:
        raise ValueError(f"columns are numbered from 1, not {number}")
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def parse_table(
    sheet: Sheet,
    wanted: Sequence[str],
    required: Sequence[str],
    aliases: Mapping[str, str],
    holding: Sequence[str] = (),
) -> tuple[Table | None, list[Problem]]:
    """The tab as a table, and what is wrong with its headings.

    Headings are compared by `fold`; `aliases` gives her name for a canonical one, which then stands for
    it alone. The heading row is the one, of the first thirty, with the most required headings, then the
    most wanted ones (the topmost of several). The table is None where reading it could be wrong: no
    heading row, a required heading missing, a wanted one that two columns bear, or a column of hers whose
    name is nearly a missing `holding` heading's: « Ne plus soliciter » must not read as empty. Nearly
    another missing heading's, it is a problem beside the table.
    """
    names = _names((*wanted, *required), aliases)
    found = _heading_row(
        sheet,
        frozenset(map(fold, names.values())),
        frozenset(fold(names[h]) for h in required),
        frozenset(fold(names[h]) for h in holding),
    )
    if not found:
        return None, [_no_heading_row(sheet, names, required)]
    present = _present(sheet, found)
    at = f"{sheet.title}, ligne {found}"
    fatal = [
        *_claimed_twice(at, names),
        *(
            _ambiguous(at, names[h], present[fold(names[h])])
            for h in names
            if len(_columns(present, names[h])) > 1
        ),
        *(
            _missing(at, names[h], _strangers(present, names))
            for h in required
            if not _columns(present, names[h])
        ),
        *_nearly_there(
            at, [names[h] for h in holding if not _columns(present, names[h])], _strangers(present, names)
        ),
    ]
    if fatal:
        return None, fatal
    columns = {h: _columns(present, name)[0] for h, name in names.items() if _columns(present, name)}
    table = Table(
        title=sheet.title,
        heading_row=found,
        columns=columns,
        names=names,
        rows=_rows(sheet, found, columns),
        last_row=max((n for n, row in enumerate(sheet.rows, 1) if any(map(_holds, row))), default=0),
        next_free_column=1
        + max((n for row in sheet.rows for n, c in enumerate(row, 1) if _holds(c)), default=0),
    )
    absent = [name for heading, name in names.items() if heading not in columns]
    return table, _nearly_there(at, absent, _strangers(present, names))


def blank_table(sheet: Sheet, wanted: Sequence[str], aliases: Mapping[str, str]) -> Table | None:
    """A tab without a single cell, as a table that lacks all its headings; None where there is one."""
    if any(_holds(cell) for row in sheet.rows for cell in row):
        return None
    return Table(sheet.title, 1, {}, _names(wanted, aliases), (), last_row=1, next_free_column=1)


def _names(wanted: Sequence[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """Canonical heading → her name for it."""
    return {heading: normalise(aliases.get(heading, heading)) for heading in dict.fromkeys(wanted)}


def _heading_row(
    sheet: Sheet, wanted: frozenset[str], required: frozenset[str], holding: frozenset[str]
) -> int:
    """The number of the heading row, 0 if none.

    One match is chance, unless one heading is wanted, or it is one that keeps messages back.
    """
    best, most = 0, (0, 0)
    for number, row in enumerate(sheet.rows[:HEADINGS_WITHIN], 1):
        texts = {fold(str(cell.value)) for cell in row if cell.kind is Kind.TEXT}
        matches = len(texts & required), len(texts & wanted)
        if matches > most and (matches[1] >= min(2, len(wanted)) or texts & holding):
            best, most = number, matches
    return best


def _present(sheet: Sheet, row: int) -> dict[str, list[tuple[int, str]]]:
    """What stands in the heading row: folded heading → its columns, each with the heading as written."""
    present: dict[str, list[tuple[int, str]]] = {}
    for number, cell in enumerate(sheet.rows[row - 1], 1):
        if cell.kind is Kind.TEXT and (key := fold(str(cell.value))):
            present.setdefault(key, []).append((number, normalise(str(cell.value))))
    return present


def _columns(present: Mapping[str, list[tuple[int, str]]], name: str) -> list[int]:
    return [column for column, _ in present.get(fold(name), ())]


def _strangers(
    present: Mapping[str, list[tuple[int, str]]], names: Mapping[str, str]
) -> dict[str, tuple[int, str]]:
    """The columns that are nobody's: folded heading → the first of its columns, as written."""
    ours = set(map(fold, names.values()))
    return {key: columns[0] for key, columns in present.items() if key not in ours}


def _rows(sheet: Sheet, heading_row: int, columns: Mapping[str, int]) -> tuple[Row, ...]:
    rows = (
        Row(number, cells, columns) for number, cells in enumerate(sheet.rows[heading_row:], heading_row + 1)
    )
    return tuple(row for row in rows if any(says(row.cell(heading)) for heading in columns))


def says(cell: Cell) -> bool:
    """Whether a cell makes a row of its line: a column of unchecked boxes runs far below the last one."""
    return not is_blank(cell) and not (cell.kind is Kind.BOOLEAN and not cell.value)


def _holds(cell: Cell) -> bool:
    return cell.kind is not Kind.EMPTY or cell.formula or cell.spilled


def _no_heading_row(sheet: Sheet, names: Mapping[str, str], required: Sequence[str]) -> Problem:
    awaited = [quoted(names[heading]) for heading in (required or list(names))]
    return Problem(
        sheet.title,
        "La ligne des titres de colonnes est introuvable.",
        f"Mettez sur une même ligne, parmi les {HEADINGS_WITHIN} premières, les titres {join(awaited)}.",
    )


def _claimed_twice(at: str, names: Mapping[str, str]) -> list[Problem]:
    """Two headings that the configuration gives one name: one would be written over the other."""
    bearers: dict[str, list[str]] = {}
    for heading, name in names.items():
        bearers.setdefault(fold(name), []).append(heading)
    return [
        Problem(
            at,
            f"Le titre {quoted(names[headings[0]])} vaut pour {join([quoted(h) for h in headings])}.",
            "Donnez à chacun un titre différent sous [colonnes], dans la configuration.",
        )
        for headings in bearers.values()
        if len(headings) > 1
    ]


def _ambiguous(at: str, name: str, columns: Sequence[tuple[int, str]]) -> Problem:
    letters = join([column_letter(column) for column, _ in columns])
    return Problem(
        at,
        f"Plusieurs colonnes ont le titre {quoted(name)}\u00a0: {letters}.",
        "Gardez ce titre à une seule et renommez les autres.",
    )


def _missing(at: str, name: str, strangers: Mapping[str, tuple[int, str]]) -> Problem:
    near = get_close_matches(fold(name), strangers, n=1, cutoff=_NEAR)
    if near:
        column, written = strangers[near[0]]
        remedy = (
            f"Si c'est la colonne {column_letter(column)} ({quoted(written)}), renommez-la {quoted(name)}"
        )
    else:
        remedy = f"Ajoutez une colonne {quoted(name)}"
    return Problem(
        at,
        f"La colonne {quoted(name)} manque.",
        f"{remedy}, ou indiquez son titre sous [colonnes] dans la configuration.",
    )


def _nearly_there(at: str, absent: Sequence[str], strangers: Mapping[str, tuple[int, str]]) -> list[Problem]:
    problems = []
    for name in absent:
        for key in get_close_matches(fold(name), strangers, n=1, cutoff=_NEARLY_SAME):
            column, written = strangers[key]
            problems.append(
                Problem(
                    at,
                    f"La colonne {column_letter(column)} ({quoted(written)}) n'est pas lue.",
                    f"S'il s'agit de {quoted(name)}, renommez-la ainsi\u00a0; sinon, choisissez un titre "
                    "plus différent.",
                )
            )
    return problems
