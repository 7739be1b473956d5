"""The rows of Structures: whom a call may be sent to (design §4; RGPD, article 21)."""

from __future__ import annotations

from datetime import date

from workflows.core import french, reading, words
from workflows.core.attachments import HEADING as ATTACHMENT
from workflows.core.attachments import Shelf, attachments, check_size
from workflows.core.book import Identified
from workflows.core.cells import Unreadable, fold, is_blank, text
from workflows.core.ports import Cell
from workflows.core.reading import read
from workflows.core.received import Objections
from workflows.core.rows import addresses, yes_no
from workflows.core.statuses import says_no
from workflows.core.tables import Row


def not_solicited(tab: Identified, row: Row) -> str:
    """Why a structure gets no call, in words; empty when it may. Raises Flagged."""
    if read(tab, row, "Ne plus solliciter", yes_no):
        return "« Ne plus solliciter » dans Structures"
    if not says_no(row.cell("Opposition")):
        return "s'est opposée à recevoir les appels"
    return read(tab, row, "Statut réseau", _left)


def objected(objections: Objections, row: Row) -> date | None:
    """Since when one of the structure's addresses objects, whatever row carries it now."""
    try:
        return objections.since(addresses(row.cell("Courriel")))
    except Unreadable:
        return None


def contact(tab: Identified, row: Row) -> tuple[str, ...]:
    """The addresses of a structure that has a name. Raises Flagged."""
    return reading.contact(tab, row, "Le nom de la structure manque.")


def enclosures(tab: Identified, row: Row, shelf: Shelf, common: tuple[str, ...]) -> tuple[str, ...]:
    """What a call's announcement takes along: the call's own files, then this structure's. Raises Flagged."""

    def together(cell: Cell) -> tuple[str, ...]:
        names = tuple(dict.fromkeys((*common, *attachments(cell, shelf))))
        check_size(names, shelf)
        return names

    return read(tab, row, ATTACHMENT, together)


def _left(cell: Cell) -> str:
    said = fold(text(cell))
    if is_blank(cell) or said.startswith(("interesse", "dans le reseau")):
        return ""
    if said.startswith("sorti"):
        return "sortie du réseau"
    raise Unreadable(
        f"« {text(cell)[:60]} » n'est pas un statut.", f"Écrivez {french.join(words.NETWORK, 'ou')}."
    )
