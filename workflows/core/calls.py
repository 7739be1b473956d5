"""The rows of Appels, read (design §4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from workflows.core import french, words
from workflows.core.book import Identified
from workflows.core.cells import Unreadable, fold, is_blank, long_text, text
from workflows.core.problems import Problem
from workflows.core.rows import date_, url
from workflows.core.selection import Selection, parse_selection
from workflows.core.tables import Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call for applications."""

    ref: str
    row: Row
    title: str
    order: str
    """Her standing order, one of words.CAMPAIGN_ORDERS, or empty."""
    opening: date | None
    deadline: date | None
    link: str
    selection: Selection
    problems: tuple[Problem, ...] = ()
    """What holds the whole call."""

    @property
    def campaign(self) -> str:
        """The call's name in keys and in the journal."""
        return f"appel:{self.ref}"


def read_calls(tab: Identified, today: date) -> list[Call]:
    """The rows of Appels that can be told apart, in sheet order."""
    return [_read(tab, ref, row, today) for ref, row in tab.by_ref().items()]


def _read(tab: Identified, ref: str, row: Row, today: date) -> Call:
    problems: list[Problem] = []

    def read(heading: str, reader: Callable[[], T], default: T) -> T:
        try:
            return default if is_blank(row.cell(heading)) else reader()
        except Unreadable as error:
            problems.append(error.at(tab.where(row, heading)))
            return default

    call = Call(
        ref,
        row,
        read("Titre", lambda: text(row.cell("Titre")), ""),
        read("Commande", lambda: campaign_order(row, words.CAMPAIGN_ORDERS), ""),
        read("Ouverture", lambda: date_(row.cell("Ouverture"), today), None),
        read("Date limite", lambda: date_(row.cell("Date limite"), today), None),
        read("Lien", lambda: url(row.cell("Lien")), ""),
        read("Destinataires", lambda: _selection(row), Selection()),
    )
    read("Pièce jointe", _refuse_attachment, None)
    if not call.title and not problems:
        where = tab.where(row, "Titre")
        problems.append(Problem(where, "Le titre de l'appel manque.", "Écrivez-le dans cette cellule."))
    return replace(call, problems=tuple(problems))


def campaign_order(row: Row, orders: tuple[str, ...]) -> str:
    """The standing order in `Commande`. Raises Unreadable for a word that is none."""
    said = text(row.cell("Commande"))
    for order in orders:
        if fold(order) == fold(said):
            return order
    raise Unreadable(f"« {said[:60]} » n'est pas une commande.", f"Écrivez {french.join(orders, 'ou')}.")


def _selection(row: Row) -> Selection:
    return parse_selection(long_text(row.cell("Destinataires")), words.STRUCTURES.headings)


def _refuse_attachment() -> None:
    raise Unreadable(
        "Les pièces jointes ne sont pas encore envoyées.",
        "Mettez le document en ligne et son adresse dans « Lien », puis videz cette cellule.",
    )
