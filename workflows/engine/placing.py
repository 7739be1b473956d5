"""Where each mail stands once a round has written the sheet: in its row, or in À rattacher."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workflows.core.lost_rows import Fate, Projected, projected
from workflows.core.messages import RowWish
from workflows.core.words import UNMATCHED
from workflows.engine.journal.mails import Unplaced
from workflows.engine.prepare import Prepared, Tools
from workflows.engine.unmatched_page import Line, reason
from workflows.engine.write_back import WriteBack


@dataclass(slots=True)
class Placed:
    """What is to be written and remembered of the mails that stood in no row of their own yet."""

    lines: list[Line] = field(default_factory=list)
    """For À rattacher."""
    shown: list[int] = field(default_factory=list)
    """Those that stand in their row now."""


def place(tools: Tools, prepared: Prepared, wishes: Iterable[RowWish], writer: WriteBack) -> Placed:
    """Tell the mails that a row shows from those that none will show any more.

    A mail whose row is only hidden for now, or is another workflow's than this round's, stays as it is.
    """
    mails, placed = tools.journal.mails.to_list(), Placed()
    again = writer.adopt or writer.restored or prepared.book[UNMATCHED].absent
    known = None
    for kept in mails:
        if not kept.by_itself:
            placed.lines.append(Line(kept.mail, kept.listed and not again, reason(kept.mail)))
            continue
        known = known or _projected(tools, prepared, wishes, writer)
        _place(placed, kept, known, again=again)
    return placed


def _place(placed: Placed, kept: Unplaced, known: Projected, *, again: bool) -> None:
    mail, about = kept.mail, (kept.mail.campaign, kept.mail.subject)
    fate = known.fate(about)
    if fate is Fate.SHOWN:
        placed.shown.append(mail.number)
    if kept.listed or fate is Fate.LOST:
        lost = fate is not Fate.SHOWN
        placed.lines.append(
            Line(
                mail,
                listed=kept.listed and not again,
                reason=reason(mail, known.why(about) if lost else ""),
                settled=fate is not Fate.HIDDEN,
                not_to=frozenset(known.own_refs(about)) if fate is Fate.LOST else frozenset(),
            )
        )


def _projected(tools: Tools, prepared: Prepared, wishes: Iterable[RowWish], writer: WriteBack) -> Projected:
    book = prepared.book
    followed = {
        tab.title
        for workflow in tools.workflows
        if workflow.NAME in prepared.desks and not any(book[tab].unusable for tab in workflow.TABS)
        for tab in workflow.TABS
    }
    return projected(book, prepared.now.date(), followed, wishes, writer.writing.reached)
