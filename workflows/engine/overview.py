"""`etat`: where everything stands, as Suivi would say it now, without writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workflows.core import words
from workflows.core.book import Book
from workflows.core.messages import Flag, RowWish, Send, Unsure, Verdict, Wait
from workflows.core.problems import Problem
from workflows.core.workflow import Outlook, Workflow
from workflows.engine import open_points, status_page
from workflows.engine.account import Account
from workflows.engine.intake import objections_of_people
from workflows.engine.pacing import day_before
from workflows.engine.prepare import Prepared, Request, Tools
from workflows.engine.round import foreseen
from workflows.engine.write_back import WriteBack

_REQUEST = Request("etat")


@dataclass(frozen=True, slots=True)
class Share:
    """One workflow, by the tab that shows its messages."""

    tab: str
    due: int
    """Messages that leave now, or that something holds back for a while."""
    to_mend: int
    uncertain: int
    broken: str = ""
    """What is wrong with a tab without which nothing of it can go on."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Where everything stands."""

    stopped: str
    """What stops everything, as a sentence; empty where nothing does."""
    campaigns: Sequence[tuple[str, str]]
    """What the sheet says of each campaign that was ever begun."""
    shares: Sequence[Share]
    to_mend: int
    replies: int
    """Replies and mails that wait for her."""
    page: str
    """Her title of the tab that lists all this."""
    sent_today: int
    room: int
    """How many recipients the cap of the day still lets through."""


def overview(tools: Tools) -> Overview:
    """Look at everything; changes nothing. Raises TourneeError and WorkbookError."""
    prepared = foreseen(tools, _REQUEST)
    wishes = {
        workflow.NAME: workflow.project(prepared.desks[workflow.NAME], Outlook(prepared.verdicts))
        for workflow in tools.workflows
    }
    campaigns = [
        (f"{wish.tab} {wish.ref}", str(wish.values["État"]))
        for found in wishes.values()
        for wish in found
        if "État" in wish.values
    ]
    lines = open_points.listed(tools, prepared, _account(tools, prepared), _draft(tools, prepared, wishes))
    served = tools.journal.served_since(day_before(prepared.now))
    today = [at for at in served if at.astimezone(prepared.now.tzinfo).date() == prepared.now.date()]
    return Overview(
        status_page.what_stops(prepared.book),
        campaigns,
        [_share(prepared, workflow) for workflow in tools.workflows if _is_used(prepared, workflow)],
        open_points.to_mend(lines),
        open_points.replies(lines),
        prepared.book[words.STATUS].title,
        len(today),
        max(0, tools.general.cap_per_day - len(served)),
    )


def _account(tools: Tools, prepared: Prepared) -> Account:
    """What a round would find that sends nothing."""
    account = Account(_REQUEST.command, _REQUEST.mode, prepared.now)
    objections = objections_of_people(tools.journal, prepared.book, prepared.now)
    account.problems = [*status_page.unreadable(prepared.book), *objections, *prepared.problems]
    account.tabs = open_points.tabs(tools, prepared)
    account.settle(prepared.verdicts)
    return account


def _draft(tools: Tools, prepared: Prepared, wishes: dict[str, list[RowWish]]) -> WriteBack:
    """What a round would write into the sheet; nothing comes of it."""
    book, journal, older = prepared.book, tools.journal, prepared.older
    known = {title: journal.known_rows(title) for title in book.tabs}
    writer = WriteBack(book, journal.noted, known, dict(book.highest), journal.mails.shown_answers())
    for name, found in wishes.items():
        writer.trust(adopt=name in older.adopt, restored=name in older.restored)
        writer.wish(found)
    return writer


def _share(prepared: Prepared, workflow: Workflow) -> Share:
    verdicts, broken = prepared.plans[workflow.NAME].verdicts, _broken(prepared.book, workflow)
    return Share(
        open_points.tab_of(prepared, workflow),
        sum(_is_due(verdict) for verdict in verdicts),
        len({verdict.problem for verdict in verdicts if isinstance(verdict, Flag)}),
        sum(isinstance(verdict, Unsure) for verdict in verdicts),
        broken[0].what if broken else "",
    )


def _is_due(verdict: Verdict) -> bool:
    return isinstance(verdict, Send) or (isinstance(verdict, Wait) and verdict.due)


def _is_used(prepared: Prepared, workflow: Workflow) -> bool:
    """Not so where she has no such tab and nobody misses it."""
    broken = _broken(prepared.book, workflow)
    return not broken or broken[0] in prepared.problems


def _broken(book: Book, workflow: Workflow) -> list[Problem]:
    """What is wrong with the tabs without which nothing of a workflow can go on."""
    return [p for tab in workflow.TABS if book[tab].unusable for p in book[tab].problems]
