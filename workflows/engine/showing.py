"""What a round shows in the workbook: the mark before sending, the results after it (design §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from workflows.core.book import Book
from workflows.core.french import typography
from workflows.core.messages import RowWish, Verdict
from workflows.core.ports import Receipt, Value, WorkbookError
from workflows.core.problems import Problem, TourneeError
from workflows.core.workflow import Desk, Outlook, Workflow
from workflows.core.working_days import is_public_holiday
from workflows.engine import open_points, placing, status_page, unmatched_page, vanished
from workflows.engine.account import Account
from workflows.engine.journal import Journal
from workflows.engine.older import PAGES
from workflows.engine.pacing import ROUND_EVERY, day_before
from workflows.engine.prepare import Prepared, Tools, open_book, past
from workflows.engine.write_back import WriteBack, Writing, plain

_SENTENCES = {"État", "Motif", "Relances", "Rappel", "Commande faite"}


def refresh(tools: Tools, prepared: Prepared) -> None:
    """Look at the journal again: what the sheet shows is what it holds."""
    for workflow in tools.workflows:
        if desk := prepared.desks.get(workflow.NAME):
            history = past(tools.journal, workflow, prepared.book, prepared.now)
            prepared.desks[workflow.NAME] = replace(desk, history=history)


def finish(tools: Tools, prepared: Prepared, account: Account, verdicts: Sequence[Verdict]) -> None:
    """Read again where something left, and write how everything stands; what fails stays pending."""
    try:
        if prepared.mails:
            reread(tools, prepared)
        refresh(tools, prepared)
        if write(tools, prepared, account, verdicts=verdicts):
            for name, plan in prepared.plans.items():
                tools.journal.learn(name, plan.written_facts)
        prepared.older.written(tools.journal, [*prepared.desks, PAGES])
    except (WorkbookError, TourneeError) as error:
        account.pending_writes = max(1, len(prepared.mails))
        account.problems.append(
            Problem(
                "Classeur", f"{error.what} Les statuts de cette tournée n'y sont pas encore.", error.remedy
            )
        )
    tools.journal.remember(pending=str(account.pending_writes), last_round=prepared.now.isoformat())


def reread(tools: Tools, prepared: Prepared) -> None:
    workflows = [w for w in tools.workflows if w.NAME in prepared.desks]
    prepared.snapshot = tools.workbook.read()
    prepared.book = open_book(tools, workflows, prepared.snapshot)
    for name, desk in prepared.desks.items():
        prepared.desks[name] = replace(desk, book=prepared.book)


def write(
    tools: Tools,
    prepared: Prepared,
    account: Account,
    *,
    leaving: frozenset[str] = frozenset(),
    verdicts: Sequence[Verdict] | None = None,
) -> bool:
    """One atomic write: the mark before sending (`leaving`), or the round's results.

    Returns whether every cell is where it was meant to be.
    """
    book, journal, older = prepared.book, tools.journal, prepared.older
    top = dict(book.highest)
    known = {title: journal.known_rows(title) for title in book.tabs}
    answers = journal.mails.shown_answers()
    writer = WriteBack(book, journal.noted, known, top, answers)
    writer.fill_refs()
    wishes: list[RowWish] = []
    for workflow in tools.workflows:
        if desk := prepared.desks.get(workflow.NAME):
            mine = prepared.plans[workflow.NAME].verdicts if verdicts is None else verdicts
            writer.trust(adopt=workflow.NAME in older.adopt, restored=workflow.NAME in older.restored)
            wishes += _wish(writer, workflow, desk, Outlook(mine, leaving))
    writer.trust(adopt=PAGES in older.adopt, restored=PAGES in older.restored)
    status_page.write_number(writer, prepared.round_number)
    writing = writer.writing
    listed: list[int] = []
    placed = placing.Placed()
    if not leaving:
        placed = placing.place(tools, prepared, wishes, writer)
        listed = unmatched_page.write(writer, placed.lines, prepared.now)
        account.problems += writing.problems
        _status(tools, prepared, account, writer)
    journal.note(writing.notes)
    _know(journal, book, writing, known, top)
    receipt = tools.workbook.write(writing.edits, prepared.snapshot) if writing.edits else Receipt()
    facts = vanished.remembered(book, prepared.snapshot, tools.names, writing.edits, journal.noted)
    journal.remember(**facts)
    journal.mails.listed(listed)
    journal.mails.shown(placed.shown)
    journal.mails.show_answers(writing.answers)
    if not leaving:
        account.written += writing.rows
    account.problems += _misplaced(tools, book, receipt)
    return not receipt.misplaced


def _wish(writer: WriteBack, workflow: Workflow, desk: Desk, outlook: Outlook) -> list[RowWish]:
    wishes = workflow.project(desk, outlook)
    if wishes:
        writer.add_missing_columns(tab.title for tab in workflow.TABS)
    writer.wish([replace(w, values={h: _spoken(h, v) for h, v in w.values.items()}) for w in wishes])
    return wishes


def _spoken(heading: str, value: Value) -> Value:
    """Sentences of ours get their no-break spaces; what is copied from her cells stays as it is."""
    return typography(value) if isinstance(value, str) and heading in _SENTENCES else value


def _status(tools: Tools, prepared: Prepared, account: Account, writer: WriteBack) -> None:
    served = tools.journal.served_since(day_before(prepared.now))
    today = [at for at in served if at.astimezone(prepared.now.tzinfo).date() == prepared.now.date()]
    lines = open_points.listed(tools, prepared, account, writer)
    counts: dict[str, Value] = {
        "Prochain passage": _next_round(tools, prepared.now),
        "Envoyés aujourd'hui": len(today),
        "Reste du plafond": max(0, tools.general.cap_per_day - len(served)),
        **open_points.counts(lines),
    }
    if prepared.intake.done:
        counts["Boîte lue le"] = prepared.now
    status_page.write_page(writer, prepared.round_number, prepared.now, counts, lines)


def _next_round(tools: Tools, now: datetime) -> datetime:
    """When cron comes by next, as `planifier` sets it up: every quarter of an hour in office hours."""
    return tools.general.hours.next_opening(now + ROUND_EVERY, is_public_holiday)


def _know(
    journal: Journal,
    book: Book,
    writing: Writing,
    known: Mapping[str, Mapping[str, str]],
    top: Mapping[str, int],
) -> None:
    """Remember every `Réf.` before the write: one that is emptied meanwhile is given back all the same."""
    seen = {(title, ref): about for title, tab in book.tabs.items() for ref, about in tab.abouts().items()}
    found = seen | writing.appended
    journal.know_rows((*row, about) for row, about in found.items() if known[row[0]].get(row[1]) != about)
    journal.remember(**{f"highest:{prefix}": str(number) for prefix, number in top.items()})


def _misplaced(tools: Tools, book: Book, receipt: Receipt) -> Iterable[Problem]:
    """Rows that moved between the read and the write: noted as ours, so that the next round mends them."""
    by_title = {tab.title: tab for tab in book.tabs.values()}
    for put, found in receipt.misplaced:
        tab = by_title.get(put.sheet)
        if tab is None or tab.table is None:
            continue
        heading = next((h for h, column in tab.table.columns.items() if column == put.column), "")
        tools.journal.note([(tab.tab.title, found, heading, plain(put.value))])
        yield Problem(
            f"{put.sheet}, ligne {put.row}",
            "La ligne a été déplacée pendant l'écriture.",
            "Rien à faire : la prochaine tournée remet les statuts en place.",
        )
