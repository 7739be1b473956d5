"""The rows of the sheet that a reply may belong to, and the addresses that may speak for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from workflows.core import words
from workflows.core.book import Book
from workflows.core.cells import Unreadable, label
from workflows.core.ports import Cell
from workflows.core.received import Reply, is_answer
from workflows.core.references import spelling
from workflows.core.rows import addresses, iso_week
from workflows.core.words import Tab

About = tuple[str, str]
"""Campaign and subject of a row, as the journal names them."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A tab whose rows are answered: the campaign's first word, and the headings of campaign and subject.

    A tab of hers whose rows are the people themselves has a single campaign.
    """

    tab: Tab
    name: str
    campaign: str
    subject: str


ANSWERED = (
    Answered(words.APPLICATIONS, "appel", "Appel", "Structure"),
    Answered(words.REGISTRATIONS, "formation", "Session", "Promeneur"),
    Answered(words.PRESENCE, "presence", "Semaine", "Promeneur"),
    Answered(words.AMBASSADORS, "ambassadeurs", "", "Réf."),
)

_CHARTER = "ambassadeurs"
"""The one campaign of Ambassadeurs, whose rows are people."""


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A row that a message was, or will be, sent about."""

    tab: str
    ref: str
    campaign: str
    subject: str
    said: str
    """What stands in `Réponse`."""

    @property
    def about(self) -> About:
        return self.campaign, self.subject


def reply_rows(book: Book, today: date) -> Iterator[ReplyRow]:
    """Every such row that can be told apart."""
    return (row for row in every_row(book, today) if row.ref)


def every_row(book: Book, today: date) -> Iterator[ReplyRow]:
    """The same with those that cannot be told apart, which have no `Réf.` here."""
    for tab in ANSWERED:
        if identified := book.tabs.get(tab.tab.title):
            campaigns, subjects = spelling(book, tab.campaign), spelling(book, tab.subject)
            for row in identified.rows:
                ref = identified.refs.get(row.number, "")
                said = campaigns.of(_named(row.cell(tab.campaign), tab.campaign, today))
                named = f"{tab.name}:{said}" if tab.campaign else tab.name
                about = subjects.of(label(row.cell(tab.subject))) if tab.subject != "Réf." else ref
                yield ReplyRow(tab.tab.title, ref, named, about, label(row.cell("Réponse")))


def answered_by_hand(book: Book, today: date) -> frozenset[tuple[str, str]]:
    """Campaign and subject of the rows where an answer stands, whoever wrote it."""
    return frozenset(row.about for row in reply_rows(book, today) if is_answer(row.said))


def with_shown(
    answers: Mapping[tuple[str, str], Reply], book: Book, today: date, shown: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], Reply]:
    """The answers, each with what stands of it in the sheet; `shown` by tab and `Réf.`."""
    found = dict(answers)
    for row in reply_rows(book, today) if found else ():
        if reply := found.get(row.about):
            found[row.about] = replace(reply, shown=shown.get((row.tab, row.ref), ""))
    return found


def known_addresses(book: Book) -> dict[str, list[str]]:
    """By `Réf.` of a structure or person, its addresses; a cell that cannot be read has none."""
    found: dict[str, list[str]] = {}
    for identified in book.contacts():
        for ref, row in identified.by_ref().items():
            try:
                found[ref] = list(addresses(row.cell("Courriel")))
            except Unreadable:
                found[ref] = []
    return found


@lru_cache(maxsize=1024)
def _named(cell: Cell, heading: str, today: date) -> str:
    """What a campaign is called: a week by its own name, however it is written."""
    try:
        return str(iso_week(cell, today)) if heading == "Semaine" else label(cell)
    except Unreadable:
        return label(cell)
