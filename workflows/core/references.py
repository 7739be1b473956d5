"""The `Réf.` that a row gives of another tab's row, however it is typed there."""

from __future__ import annotations

from collections.abc import Iterable

from workflows.core import words
from workflows.core.book import Book
from workflows.core.cells import fold

GIVEN_IN = {
    "Appel": words.CALLS,
    "Structure": words.STRUCTURES,
    "Session": words.SESSIONS,
    "Promeneur": words.PEOPLE,
}
"""The tab whose `Réf.` stand under a heading."""


class Spelling:
    """One spelling for each `Réf.`: that of the tab which gives it, else that of the first row to name it."""

    def __init__(self, refs: Iterable[str]) -> None:
        self._by_fold = {fold(ref): ref for ref in refs}
        self._by_typed: dict[str, str] = {}

    def of(self, typed: str) -> str:
        if typed not in self._by_typed:  # a tab repeats the same few, thousands of times
            key = fold(typed)
            self._by_typed[typed] = self._by_fold.setdefault(key, typed) if key else typed
        return self._by_typed[typed]


def spelling(book: Book, heading: str) -> Spelling:
    """How the `Réf.` under this heading are spelt."""
    giver = GIVEN_IN.get(heading)
    identified = book.tabs.get(giver.title) if giver else None
    return Spelling(identified.refs.values() if identified else ())
