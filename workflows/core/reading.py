"""Reading the cells of a row: their values, or located problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from workflows.core.book import Identified
from workflows.core.cells import Unreadable, is_blank, text
from workflows.core.ports import Cell
from workflows.core.problems import Problem
from workflows.core.rows import addresses
from workflows.core.tables import Row

T = TypeVar("T")


class Flagged(Exception):
    """A cell that a person has to mend before anything leaves to this row."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(tab: Identified, row: Row, heading: str, reader: Callable[[Cell], T]) -> T:
    """What a cell says. Raises Flagged with its place where it cannot be read."""
    try:
        return reader(row.cell(heading))
    except Unreadable as error:
        raise Flagged(error.at(tab.where(row, heading))) from None


def contact(tab: Identified, row: Row, nameless: str) -> tuple[str, ...]:
    """The addresses of a row that has a name. Raises Flagged, saying `nameless` for one without."""
    found = read(tab, row, "Courriel", addresses)
    if not read(tab, row, "Nom", text):
        raise Flagged(Problem(tab.where(row, "Nom"), nameless, "Écrivez-le dans cette cellule."))
    return found


class Cells:
    """The cells of one row, read one by one; all that cannot be read is noted."""

    def __init__(self, tab: Identified, row: Row) -> None:
        self.tab, self.row = tab, row
        self.problems: list[Problem] = []

    def read(self, heading: str, reader: Callable[[Cell], T], default: T) -> T:
        """What a cell says; the default for an empty one, and for one that is noted."""
        return default if is_blank(self.row.cell(heading)) else self.required(heading, reader, default)

    def required(self, heading: str, reader: Callable[[Cell], T], default: T) -> T:
        """The same, where the reader says what it means that a cell is empty."""
        try:
            return reader(self.row.cell(heading))
        except Unreadable as error:
            self.problems.append(error.at(self.tab.where(self.row, heading)))
            return default
