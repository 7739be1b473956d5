"""The rows of Promeneurs: who is in the network, who is away, and where they are written to (design §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workflows.core import french, reading
from workflows.core.book import Identified
from workflows.core.cells import Unreadable, fold, label, text
from workflows.core.ports import Cell
from workflows.core.problems import Problem
from workflows.core.reading import Flagged, read
from workflows.core.rows import optional_date
from workflows.core.tables import Row

YOUNG, PARENTS = "jeunes", "parents"
_AUDIENCES = {"jeune": YOUNG, "jeunes": YOUNG, "parent": PARENTS, "parents": PARENTS}
_FILLERS = frozenset(("et", "ou", "les", "des"))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; None: open on that side."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def holds_all(self, first: date, last: date) -> bool:
        """Whether every day from `first` to `last` is in it."""
        return self.holds(first) and self.holds(last)


def full_name(row: Row) -> str:
    """« Inès Chéron », as copied beside a `Réf.`."""
    return " ".join(filter(None, (label(row.cell("Prénom")), label(row.cell("Nom")))))


def contact(tab: Identified, row: Row) -> tuple[str, ...]:
    """The addresses of a Promeneur who has a name. Raises Flagged."""
    return reading.contact(tab, row, "Le nom du Promeneur manque.")


def membership(tab: Identified, row: Row, today: date) -> Period:
    """The days in the network, those of `Entrée` and `Sortie` included. Raises Flagged.

    `today` is what years of two digits are read by; an empty `Entrée` is long ago.
    """
    return _period(tab, row, "Entrée", "Sortie", today)


def absence(tab: Identified, row: Row, today: date) -> Period | None:
    """The days of `Absent du` and `Absent au` and those between; None when neither is filled in.

    Raises Flagged.
    """
    found = _period(tab, row, "Absent du", "Absent au", today)
    return found if found.first or found.last else None


def _period(tab: Identified, row: Row, start: str, end: str, today: date) -> Period:
    def day(cell: Cell) -> date | None:
        return optional_date(cell, today)

    found = Period(read(tab, row, start, day), read(tab, row, end, day))
    if found.first and found.last and found.last < found.first:
        what = f"Cette date ({french.date_short(found.last)}) précède « {start} »."
        remedy = f"Corrigez l'une des deux : « {start} » dit {french.date_short(found.first)}."
        raise Flagged(Problem(tab.where(row, end), what, remedy))
    return found


def outside_network(tab: Identified, row: Row, day: date, today: date) -> str:
    """Why a Promeneur is not in the network on this day, in words; empty when in it. Raises Flagged."""
    period = membership(tab, row, today)
    if period.holds(day):
        return ""
    if period.last and period.last < day:
        return f"sortie du réseau le {french.date_short(period.last)}"
    assert period.first is not None
    return f"entrée dans le réseau le {french.date_short(period.first)}"


def away(tab: Identified, row: Row, day: date, today: date) -> str:
    """Why a Promeneur is absent on this day, in words; empty when there. Raises Flagged."""
    period = absence(tab, row, today)
    if period is None or not period.holds(day):
        return ""
    if period.first and period.last:
        return f"absence du {french.date_short(period.first)} au {french.date_short(period.last)}"
    if period.first:
        return f"absence depuis le {french.date_short(period.first)}"
    assert period.last is not None
    return f"absence jusqu'au {french.date_short(period.last)}"


def listed(said: str) -> list[str]:
    """The values of a cell that holds several (« jeunes, parents »), folded."""
    return [word for word in fold(said).split() if word not in _FILLERS]


def audiences(tab: Identified, row: Row) -> frozenset[str]:
    """Whom a Promeneur works with (`Public`): YOUNG, PARENTS, both or neither. Raises Flagged."""
    return read(tab, row, "Public", _audiences)


def _audiences(cell: Cell) -> frozenset[str]:
    said = text(cell)
    strangers = [word for word in listed(said) if word not in _AUDIENCES]
    if strangers:
        raise Unreadable(
            f"« {said[:60]} » n'est pas un public.", f"Écrivez « {YOUNG} », « {PARENTS} », ou les deux."
        )
    return frozenset(_AUDIENCES[word] for word in listed(said))


def newcomer(tab: Identified, row: Row, day: date, today: date) -> bool:
    """Whether the initial training is still to come on this day. Raises Flagged."""
    trained = read(tab, row, "Formation initiale le", lambda cell: optional_date(cell, today))
    return trained is None or trained >= day
