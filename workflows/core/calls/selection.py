"""`Destinataires` of a call: « Type = Centre social ; Commune = Blois, Vendôme » (design §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from workflows.core import rows
from workflows.core.rows import Unreadable
from workflows.core.tables import Row


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that a row must all meet: heading → folded words, one of which must stand there."""

    conditions: tuple[tuple[str, frozenset[str]], ...] = ()

    def takes(self, row: Row) -> bool:
        """Whether this row is among those chosen; an empty selection takes all."""
        return all(rows.fold(rows.label(row.cell(heading))) in words for heading, words in self.conditions)


def parse_selection(text: str, headings: Sequence[str]) -> Selection:
    """Read the conditions; a value that is not understood raises Unreadable, never « all »."""
    conditions = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, values = part.partition("=")
        heading = _heading(name, headings) if equals else None
        words = frozenset(filter(None, (rows.fold(word) for word in values.split(","))))
        if heading is None or not words:
            raise Unreadable(
                f"« {part[:80]} » n'est pas compris.",
                "Écrivez par exemple « Type = Centre social ; Commune = Blois, Vendôme »,"
                " ou videz la cellule pour toutes.",
            )
        conditions.append((heading, words))
    return Selection(tuple(conditions))


def _heading(name: str, headings: Sequence[str]) -> str | None:
    by_fold = {rows.fold(heading): heading for heading in headings}
    wanted = rows.fold(name)
    if wanted in by_fold:
        return by_fold[wanted]
    near = get_close_matches(wanted, by_fold, n=1, cutoff=0.8)
    if near and wanted:
        raise Unreadable(
            f"Il n'y a pas de colonne « {name.strip()[:40]} ».",
            f"Vouliez-vous écrire « {by_fold[near[0]]} » ?",
        )
    return None
