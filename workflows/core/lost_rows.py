"""Whether the row that a mail belongs to shows it: rows get deleted, weeks grow old."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from workflows.core.book import Book, Identified
from workflows.core.cells import fold
from workflows.core.messages import RowWish
from workflows.core.presence.weeks import past_weeks, week_of
from workflows.core.references import GIVEN_IN
from workflows.core.reply_rows import ANSWERED, About, Answered, ReplyRow, every_row
from workflows.core.weeks import IsoWeek


class Fate(Enum):
    """What becomes of what was said about a row."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    """Not now, but it may be once something is mended, or once its workflow has its round."""
    LOST = "lost"
    """No row will ever show it by itself."""


@dataclass(frozen=True, slots=True)
class Projected:
    """What one round showed of the rows that are answered."""

    book: Book
    today: date
    followed: Collection[str]
    """Titles of the tabs whose workflow had its round and could read all that it needs."""
    rows: Mapping[About, list[ReplyRow]]
    """All that stand in the workbook, those that cannot be told apart included."""
    wished: frozenset[About]
    """Those that a workflow has something to show for."""
    reached: frozenset[About]
    """Those of them that show it."""

    def fate(self, about: About) -> Fate:
        """Whether a row shows what was said about it."""
        tab, rows = _tab_of(about), self.rows.get(about, [])
        if about in self.reached:
            return Fate.SHOWN
        if tab is None or tab.tab.title not in self.followed:
            return Fate.HIDDEN
        unclear = bool(rows) if about in self.wished else any(not row.ref for row in rows)
        held = any(_may_be_held(given, ref) for given, ref in self._givers(tab, about))
        return Fate.HIDDEN if unclear or held else Fate.LOST

    def why(self, about: About) -> str:
        """Why no row shows it, in French."""
        tab = _tab_of(about)
        for given, ref in self._givers(tab, about) if tab else ():
            if ref not in given.refs.values():
                return f"{ref} n'est plus dans {given.title}"
        week = week_of(about[0])
        too_old = week and week < past_weeks(IsoWeek.of(self.today))[-1]
        return "la semaine est trop ancienne" if too_old else "la ligne n'existe plus"

    def own_refs(self, about: About) -> set[str]:
        """The `Réf.` of the rows about it, folded."""
        return {fold(row.ref) for row in self.rows.get(about, ()) if row.ref}

    def _givers(self, tab: Answered, about: About) -> Iterable[tuple[Identified, str]]:
        """The tabs without whose rows this one is not followed, each with the `Réf.` in question."""
        refs = (about[0].partition(":")[2], about[1])
        for heading, ref in zip((tab.campaign, tab.subject), refs, strict=True):
            giver = tab.tab if heading == "Réf." else GIVEN_IN.get(heading)
            if giver and giver.title in self.book.tabs:
                yield self.book[giver], ref


def projected(
    book: Book, today: date, followed: Collection[str], wishes: Iterable[RowWish], reached: Iterable[RowWish]
) -> Projected:
    """What this round's wishes were about, and which of them `reached` a row."""
    rows: dict[About, list[ReplyRow]] = {}
    by_ref: dict[tuple[str, str], About] = {}
    for row in every_row(book, today):
        rows.setdefault(row.about, []).append(row)
        by_ref[row.tab, row.ref] = row.about
    wished, met = (
        frozenset(about for wish in some if (about := _about_of(wish, by_ref))) for some in (wishes, reached)
    )
    return Projected(book, today, followed, rows, wished, met)


def _about_of(wish: RowWish, by_ref: Mapping[tuple[str, str], About]) -> About | None:
    """The row that a wish is for; None in a tab that nobody answers."""
    for tab in ANSWERED:
        if tab.tab.title == wish.tab:
            if wish.identity:
                return f"{tab.name}:{wish.identity[tab.campaign]}", wish.identity[tab.subject]
            return by_ref.get((wish.tab, wish.ref))
    return None


def _tab_of(about: About) -> Answered | None:
    name = about[0].partition(":")[0]
    return next((tab for tab in ANSWERED if tab.name == name), None)


def _may_be_held(tab: Identified, ref: str) -> bool:
    """Whether the row of this `Réf.` may be one that cannot be told apart."""
    return bool(tab.held) and ref not in tab.refs.values()
