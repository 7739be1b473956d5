"""Reading one cell of a row: its value, or the located problem that holds the row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from workflows.core.book import Identified
from workflows.core.cells import Unreadable, text
from workflows.core.ports import Cell
from workflows.core.problems import Problem
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


def shown(row: Row, heading: str) -> str:
    """What a cell shows, for copying it; empty where it shows an error."""
    try:
        return text(row.cell(heading))
    except Unreadable:
        return ""
