"""The tab Suivi: what tells her at a glance that the rounds go on (design §4).

It has one row of facts and, beside it, the list of open problems (`open_points`); every cell but
`Tout arrêter` is written by each round.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflows.core import words
from workflows.core.book import Book, Identified
from workflows.core.ports import EMPTY, Cell, Value
from workflows.core.problems import Problem, TourneeError
from workflows.core.rows import Unreadable, is_blank, yes_no
from workflows.engine.write_back import WriteBack

LISTED = ("Onglet", "Ligne", "Problème", "Que faire")
_FACTS = tuple(c.heading for c in words.STATUS.tool_columns if c.heading not in LISTED)
_MOST = 200
_PAGES = (words.STATUS, words.UNMATCHED)
_STOP = "Tout arrêter"
_STOP_REMEDY = "Écrivez « oui » pour tout arrêter, ou videz la cellule pour reprendre."


def everything_stopped(book: Book) -> bool:
    """`Tout arrêter`: yes, or anything that is not clearly no, on any line under it."""
    return bool(what_stops(book))


def what_stops(book: Book) -> str:
    """That nothing leaves and why, as a sentence; empty where everything goes on."""
    page = book[words.STATUS]
    if page.table is None and not page.absent:
        return f"Tout est arrêté : les colonnes de {page.title} ne se lisent pas."
    for row in page.rows:
        try:
            if yes_no(row.cell(_STOP)):
                return f"Tout est arrêté : « {_STOP} » est à oui dans {page.title}."
        except Unreadable as unclear:
            return f"Tout est arrêté : « {_STOP} » est rempli dans {page.title}. {unclear.what}"
    return ""


def unreadable(book: Book) -> list[Problem]:
    """What is wrong with Suivi and À rattacher, and the cells that stop everything without saying so."""
    page, found = book[words.STATUS], [p for tab in _PAGES for p in book[tab].problems]
    for row in page.rows:
        try:
            yes_no(row.cell(_STOP))
        except Unreadable as unclear:
            what = f"{unclear.what} Dans le doute, tout est arrêté."
            found.append(Problem(page.where(row, _STOP), what, _STOP_REMEDY))
    return found


def refuse_hers(book: Book, round_number: int) -> None:
    """A tab of hers that bears this name is not written over. Raises TourneeError."""
    if not round_number and (found := hers(book[words.STATUS])):
        raise TourneeError(found.what, found.remedy)


def hers(page: Identified) -> Problem | None:
    """That a tab of this name is no Suivi of ours, where the first round would find it so."""
    if page.table is None or {"Passage n°", _STOP} & page.table.columns.keys():
        return None
    filled = [h for row in page.rows for h in page.table.columns if not is_blank(row.cell(h))]
    what = f"L'onglet « {page.title} » sert déjà à autre chose : rien n'y est écrit, pour ne rien effacer."
    remedy = "Donnez un autre nom au vôtre, ou à celui de Tournée sous [onglets] dans config/reponses.toml."
    return Problem(f"{page.title}, ligne {page.table.heading_row}", what, remedy) if filled else None


def write_number(writer: WriteBack, number: int) -> None:
    """The round's number, before anything leaves: a journal with a lower one is an older one."""
    writer.add_missing_columns([words.STATUS.title])
    _put(writer, 0, {"Passage n°": number})


def write_page(
    writer: WriteBack,
    number: int,
    now: datetime,
    counts: dict[str, Value],
    problems: Sequence[Problem],
) -> None:
    """The facts of this round, what a person has to mend and what waits."""
    _put(writer, 0, {"Dernier passage": now, "Passage n°": number, **counts})
    lines = [_columns(problem) for problem in problems[:_MOST]]
    page = writer.book[words.STATUS]
    present = page.rows[-1].number - page.table.heading_row if page.table and page.rows else 0
    for offset in range(max(len(lines), present)):
        facts = dict.fromkeys(_FACTS) if offset else {}  # of a page that was sorted
        _put(writer, offset, facts | (lines[offset] if offset < len(lines) else dict.fromkeys(LISTED)))


def _columns(problem: Problem) -> dict[str, Value]:
    """« Structures, ligne 12, Courriel » over the columns Onglet and Ligne."""
    tab, _, place = problem.where.partition(", ")
    return {
        "Onglet": tab,
        "Ligne": place or None,
        "Problème": problem.what,
        "Que faire": problem.remedy,
    }


def _put(writer: WriteBack, offset: int, values: dict[str, Value]) -> None:
    page = writer.tab(words.STATUS.title)
    if page.table is None and not page.absent:
        return
    first = page.table.heading_row + 1 if page.table else 2
    for heading, value in values.items():
        writer.put(page, first + offset, heading, value, _current(page, first + offset, heading))


def _current(page: Identified, number: int, heading: str) -> Cell:
    return next((row.cell(heading) for row in page.rows if row.number == number), EMPTY)
