"""Lines among the rows of a tab that are no rows: headings repeated, titles of sections, totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workflows.core.cells import fold, label
from workflows.core.tables import Row, Table, says

_TOTALS = frozenset(map(fold, ("Total", "Totaux", "Sous-total", "Total général")))


def without_asides(table: Table, subject: Sequence[str], known: Iterable[str]) -> Table:
    """The table without them; a row whose `Réf.` is known stays, whatever is left of it."""
    refs = set(map(fold, known))
    rows = [row for row in table.rows if _is_known(row, refs) or not _is_aside(table, row, subject)]
    return replace(table, rows=tuple(rows)) if len(rows) < len(table.rows) else table


def _is_known(row: Row, refs: set[str]) -> bool:
    return _word(row, "Réf.") in refs


def _is_aside(table: Table, row: Row, subject: Sequence[str]) -> bool:
    said = [heading for heading in table.columns if says(row.cell(heading))]
    if said == ["Réf."]:  # « BLOIS »; what has a number is a row that is being typed
        return not any(map(str.isdigit, _word(row, "Réf.")))
    if len(said) > 1 and all(_word(row, heading) == fold(table.names[heading]) for heading in said):
        return True
    about = [heading for heading in ("Réf.", *subject) if heading in said]
    return len(about) == 1 and _word(row, about[0]) in _TOTALS


def _word(row: Row, heading: str) -> str:
    return fold(label(row.cell(heading)))
