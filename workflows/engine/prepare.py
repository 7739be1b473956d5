"""From the workbook to whole messages, changing nothing: read, decide, pace, render (design §5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from workflows.core import signing, words
from workflows.core.book import Book, Names, Past, read_book
from workflows.core.cells import label
from workflows.core.messages import (
    RELEASED,
    Belief,
    Flag,
    History,
    Mode,
    Plan,
    Send,
    State,
    Verdict,
    Wait,
)
from workflows.core.ports import Mailbox, SentBox, Snapshot, Transport, Workbook
from workflows.core.problems import Problem, TourneeError
from workflows.core.reply_rows import with_shown
from workflows.core.workflow import Desk, Scope, Step, Workflow
from workflows.core.working_days import is_public_holiday
from workflows.engine import composing, pacing, status_page, vanished
from workflows.engine.account import Mail
from workflows.engine.attachments import AttachmentFolder, AttachmentGone
from workflows.engine.general import General
from workflows.engine.intake import Intake, Understand
from workflows.engine.journal import Journal
from workflows.engine.older import Older, compare, journal_is_behind, sheet_is_older
from workflows.engine.pacing import Narrowing
from workflows.engine.rendering import Rendered, Renderer
from workflows.engine.template_files import TemplateProblem

_MAX_WEIGHT = 200_000_000
"""Bytes of attachments in one round: every message is held in memory and in the journal."""
TRIAL = "essai:"


@dataclass(frozen=True, slots=True)
class Request:
    """What a round was asked to do."""

    command: str
    scope: Scope = field(default_factory=Scope)
    mode: Mode = Mode.LIVE
    narrowing: Narrowing = field(default_factory=Narrowing)
    confirmed: bool = False
    """`--confirmer`: she knows that a tab, a column or half of the rows is gone, or that the past is."""
    reads_replies: bool = False
    """The mailbox is read before anything is decided."""
    sends: bool = True
    """False: what is due stays due; the sheet is written all the same."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything that a round works with, put together by `office`."""

    general: General
    workflows: Sequence[Workflow]
    values: Mapping[str, Mapping[str, Any]]
    """Each workflow's own configuration, by its name."""
    names: Names
    workbook: Workbook
    journal: Journal
    renderer: Renderer
    attachments: AttachmentFolder
    transport: Callable[[], Transport]
    trial_transport: Callable[[], Transport]
    clock: Callable[[], datetime]
    letter_transport: Callable[[], Transport] | None = None
    """For letters to the coordinator, where they do not leave with the round's messages."""
    stop: Callable[[], bool] = lambda: False
    progress: Callable[[int, int], None] = lambda _done, _total: None
    last_sending: Callable[[], int] = lambda: 0
    """The number of the last round that sent something, as neither journal nor workbook holds it."""
    note_sending: Callable[[int], None] = lambda _number: None
    mailbox: Callable[[], Mailbox] | None = None
    """Where replies arrive; None where nothing is ever read."""
    sent_box: Callable[[], SentBox] | None = None
    """Where copies of what left lie; None where there is no such place."""
    understand: Understand | None = None
    """What one mail says."""

    def concerned(self, scope: Scope) -> list[Workflow]:
        return [w for w in self.workflows if scope.workflow in ("", w.NAME)]


@dataclass(slots=True)
class Prepared:
    """A round that is ready to leave."""

    now: datetime
    snapshot: Snapshot
    book: Book
    desks: dict[str, Desk]
    plans: dict[str, Plan]
    beliefs: list[Belief]
    """What the sheet is believed about, that the journal does not hold yet."""
    round_number: int
    older: Older
    """Whose past the journal, or the sheet, does not know."""
    intake: Intake = field(default_factory=Intake)
    """What the mailbox brought, where it was read."""
    mails: list[Mail] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def verdicts(self) -> list[Verdict]:
        return [verdict for plan in self.plans.values() for verdict in plan.verdicts]


def prepare(tools: Tools, request: Request) -> Prepared:
    """Read the workbook and write every message that is due. Raises TourneeError and WorkbookError."""
    prepared = look(tools, request)
    decide(tools, request, prepared)
    return prepared


def look(tools: Tools, request: Request) -> Prepared:
    """Read the workbook and the past. Raises TourneeError and WorkbookError."""
    now = tools.clock()
    workflows = tools.concerned(request.scope)
    snapshot = tools.workbook.read()
    book = open_book(tools, workflows, snapshot, confirmed=request.confirmed)
    sheet_round, round_number = _sheet_round(book), tools.journal.round_number
    status_page.refuse_hers(book, round_number)
    if not request.confirmed:
        vanished.refuse_shrinking(tools.journal, book)
        if journal_is_behind(tools.journal, sheet_round):
            vanished.refuse_forgetting(book)
    _refuse_a_lost_past(tools, request, sheet_round)
    older = compare(tools.journal, sheet_round, [w.NAME for w in tools.workflows])
    prepared = Prepared(now, snapshot, book, {}, {}, [], max(sheet_round, round_number) + 1, older)
    for workflow in workflows:
        prepared.desks[workflow.NAME] = _desk(tools, workflow, prepared)
    return prepared


def decide(tools: Tools, request: Request, prepared: Prepared) -> None:
    """Who gets what now, each message written. Raises TourneeError."""
    workflows = tools.concerned(request.scope)
    for workflow in workflows:
        if request.mode is Mode.TRIAL:
            prepared.desks[workflow.NAME] = _trial_desk(prepared.desks[workflow.NAME], request.scope.step)
        plan = workflow.decide(prepared.desks[workflow.NAME], request.scope)
        prepared.problems += plan.problems
        prepared.plans[workflow.NAME] = plan
    _pace(tools, request, prepared)
    for workflow in workflows:
        _render(tools, request, workflow, prepared)


def open_book(
    tools: Tools, workflows: Sequence[Workflow], snapshot: Snapshot, *, confirmed: bool = False
) -> Book:
    """The tabs that these workflows need, the mails to be attached, and the status page.

    Raises TourneeError where one cannot be told from another, or is gone, or a column of it, with what
    people had written there; not so for what is `confirmed`.
    """
    tabs = list({tab.title: tab for workflow in workflows for tab in workflow.TABS}.values())
    past = Past(
        {tab.title: tools.journal.known_rows(tab.title) for tab in tabs},
        {tab.title: tools.journal.former_rows(tab.title) for tab in tabs},
        highest(tools.journal),
        tools.journal.wrote_about,
        _without_a_past(tools, snapshot),
    )
    book = read_book(snapshot, [*tabs, words.UNMATCHED, words.STATUS], tools.names, past)
    vanished.refuse_twins(book, snapshot)
    if not confirmed:
        older = _is_put_back(tools.journal, book)
        vanished.refuse_vanishing(tools.journal, book, snapshot, tools.names, older=older)
    return book


def _is_put_back(journal: Journal, book: Book) -> bool:
    """Whether this is a copy of before: of before the first round, it has none of the program's tabs yet."""
    if number := _sheet_round(book):
        return sheet_is_older(journal, number)
    return all(tab.absent for tab in book.tabs.values() if tab.tab.own and not tab.tab.required)


def _without_a_past(tools: Tools, snapshot: Snapshot) -> set[str]:
    """The tabs whose rows without `Réf.` are new: the journal would know if anything had left for them."""
    sheet_round = _sheet_round(read_book(snapshot, [words.STATUS], tools.names, Past()))
    older = compare(tools.journal, sheet_round, [w.NAME for w in tools.workflows])
    return {tab.title for w in tools.workflows if w.NAME not in older.believe for tab in w.TABS}


def highest(journal: Journal) -> dict[str, int]:
    """The highest `Réf.` number of each prefix that was ever given."""
    return {
        tab.prefix: int(journal.meta(f"highest:{tab.prefix}") or 0)
        for tab in words.TABS.values()
        if tab.prefix
    }


def _sheet_round(book: Book) -> int:
    """The number of the last round that wrote this workbook; 0 when none did."""
    numbers = [label(row.cell("Passage n°")) for row in book[words.STATUS].rows]  # Suivi may have been sorted
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _refuse_a_lost_past(tools: Tools, request: Request, sheet_round: int) -> None:
    """A journal and a workbook that are both older than the last sending cannot tell who was written to."""
    last = tools.last_sending()
    if (
        request.mode is Mode.TRIAL
        or request.confirmed
        or max(sheet_round, tools.journal.round_number) >= last
    ):
        return
    raise TourneeError(
        f"Ni le journal ni le classeur ne connaissent le dernier envoi (passage n° {last}) :"
        " rien n'est parti, pour ne rien envoyer deux fois.",
        "Remettez en place le journal (donnees/journal.sqlite3) ou le classeur les plus récents ;"
        " si tout est à reprendre, relancez un envoi avec --confirmer.",
    )


def past(journal: Journal, workflow: Workflow, book: Book, now: datetime) -> History:
    """What the journal holds of this workflow, answers with what stands of them in the sheet."""
    history = journal.history(workflow.campaigns(book, now), workflow.NAME)
    answers = with_shown(history.answers, book, now.date(), journal.mails.shown_answers())
    return replace(history, answers=answers)


def _desk(tools: Tools, workflow: Workflow, prepared: Prepared) -> Desk:
    """What the workflow decides from: the journal's past, with what only the sheet knows."""
    book, now, older = prepared.book, prepared.now, prepared.older
    history = past(tools.journal, workflow, book, now)
    shelf = tools.attachments.shelf()
    desk = Desk(
        book,
        history,
        now,
        tools.values[workflow.NAME],
        tools.general.grace,
        shelf=shelf,
        opening=lambda moment: tools.general.hours.next_opening(moment, is_public_holiday),
        restored=workflow.NAME in older.restored,
        unnumbered=not _sheet_round(book),
    )
    adopt = workflow.NAME in older.believe
    told = desk if adopt else replace(desk, book=_certain(book))
    taken = [b for b in workflow.believe(told) if _believed(b, history, adopt)]
    if desk.restored:  # an order in a row that cannot be told apart may have been carried out all the same
        taken += [b for b in workflow.believe(desk) if b.order_alone]
    prepared.beliefs += taken
    return replace(desk, history=with_beliefs(history, taken))


def _certain(book: Book) -> Book:
    """The rows that can be told apart: what stands in the others may have come from another row."""
    return replace(book, tabs={title: tab.without_held() for title, tab in book.tabs.items()})


def _believed(belief: Belief, history: History, adopt: bool) -> bool:
    """The sheet's word counts for a key that is not held, or where the journal is the older one.

    « Envoyé » counts in any case over a message that is only planned: nothing leads from one to the
    other but a journal that was copied in the middle of the very round and put back later. So does a
    word of hers, unless a person has said since that the message did not leave.
    """
    said, held = belief.record, history.records.get(belief.record.key)
    if held is None:
        return True
    if held.state is State.PLANNED and said.state is State.SENT:
        return True
    if held.state is State.PLANNED and belief.typed and held.detail != RELEASED:
        return True
    if not adopt:
        return False
    return held.state is State.PLANNED or (
        held.state is State.UNCERTAIN and said.state is not State.UNCERTAIN
    )


def with_beliefs(history: History, beliefs: Sequence[Belief]) -> History:
    """The past as it stands once these beliefs are written into the journal."""
    records, orders = dict(history.records), dict(history.orders)
    for belief in beliefs:
        held, said = records.get(belief.record.key), belief.record
        if not belief.order_alone:
            served = (address for address in said.recipients if address not in said.refused)
            reached = said.reached or (tuple(served) if said.state is State.SENT else ())
            message_id = held.message_id if held else ""
            records[said.key] = replace(said, reached=reached, message_id=message_id)
        if belief.order:
            orders.setdefault(belief.order.scope, belief.order)
    return replace(history, records=records, orders=orders)


def _trial_desk(desk: Desk, step: Step) -> Desk:
    """A trial waits for no delay; a command always sends, the announcement as if nothing had left yet."""
    desk = replace(desk, grace=timedelta(0), trial=step is not Step.ANY)
    return replace(desk, history=History()) if step is Step.FIRST else desk


def _pace(tools: Tools, request: Request, prepared: Prepared) -> None:
    """Hours, caps and narrowing hold for all workflows together, in their order."""
    verdicts = pacing.narrowed(prepared.verdicts, request.narrowing, live=request.mode is Mode.LIVE)
    if request.mode is Mode.LIVE:
        served = tools.journal.served_since(pacing.day_before(prepared.now))
        verdicts = pacing.paced(verdicts, tools.general, prepared.now, served)
    rest = iter(verdicts)
    for name, plan in prepared.plans.items():
        mine = tuple(islice(rest, len(plan.verdicts)))
        prepared.plans[name] = replace(plan, verdicts=mine)


def _render(tools: Tools, request: Request, workflow: Workflow, prepared: Prepared) -> None:
    """Write each message that leaves; one that cannot be written holds its row, not the round.

    A template that is wrong stops the command that is about it, and its own messages in a `passage`.
    """
    plan = prepared.plans[workflow.NAME]
    wrong = _wrong_templates(tools.renderer, workflow, plan.verdicts)
    problems = [problem for found in wrong.values() for problem in found]
    if problems and request.scope.step is not Step.ANY:
        raise TemplateProblem(problems)
    prepared.problems += problems
    verdicts: list[Verdict] = []
    for verdict in plan.verdicts:
        if isinstance(verdict, Send) and verdict.template in wrong:
            reason = f"le modèle {verdict.template}.txt est à corriger"
            verdicts.append(Wait(verdict.key, reason, due=True, remedy=wrong[verdict.template][0].remedy))
        elif isinstance(verdict, Send):
            verdicts.append(_written(tools, request, workflow, verdict, prepared.mails))
        else:
            verdicts.append(verdict)
    prepared.plans[workflow.NAME] = replace(plan, verdicts=tuple(verdicts))


def _written(tools: Tools, request: Request, workflow: Workflow, send: Send, mails: list[Mail]) -> Verdict:
    """The message of one verdict, added to the round's mails; or why it cannot be written."""
    trial = request.mode is Mode.TRIAL or send.trial
    try:
        rendered = render(tools, workflow, send, answers=not trial)
    except TemplateProblem as error:
        problem = error.problems[0]
        return Flag(send.key, Problem(send.where, problem.what, problem.remedy))
    try:
        attached = tools.attachments.load(send.attachments)
    except AttachmentGone as error:
        return Flag(send.key, Problem(send.where, error.what, error.remedy))
    mail = Mail(send.key, send.recipients, rendered, send, attached)
    if attached and sum(each.weight for each in (mail, *mails)) > _MAX_WEIGHT:
        return Wait(send.key, "assez de pièces jointes pour ce passage, suite au prochain", due=True)
    if trial:
        mail = _trial_mail(tools, request, mail)
        gone = tools.journal.record(mail.key)
        if gone and gone.state is not State.PLANNED:
            return Wait(mail.key, "déjà parti à l'essai, avec ce contenu")
    mails.append(mail)
    return replace(send, key=mail.key)


def render(tools: Tools, workflow: Workflow, send: Send, *, answers: bool) -> Rendered:
    """The message of one verdict; unless it `answers`, its prepared replies answer nothing real.

    Raises TemplateProblem.
    """
    to, secret = tools.general.contact.address, tools.journal.mails.secret()
    key = send.key if answers else f"{TRIAL}{send.key}"
    buttons = [signing.button(secret, key, choice, to) for choice in send.choices]
    return tools.renderer.render(
        send.template, send.variables, list(workflow.VARIABLES[send.template]), buttons
    )


def _wrong_templates(
    renderer: Renderer, workflow: Workflow, verdicts: Sequence[Verdict]
) -> dict[str, list[Problem]]:
    """A template that is wrong is wrong for all whom it is for: none of them gets it."""
    used = sorted({v.template for v in verdicts if isinstance(v, Send)})
    checked = {template: renderer.check(template, list(workflow.VARIABLES[template])) for template in used}
    return {template: problems for template, problems in checked.items() if problems}


def _trial_mail(tools: Tools, request: Request, mail: Mail) -> Mail:
    """The message as it goes to the trial address, under a key of its own.

    A command always sends; a `passage` sends each content once.
    """
    marked = composing.trial_copy(mail.rendered, mail.recipients)
    content = f"{marked.subject}\n{marked.text}".encode() + b"".join(a.content for a in mail.attachments)
    once = request.scope.step is Step.ANY and not mail.send.trial
    token = hashlib.sha256(content).hexdigest()[:12] if once else uuid4().hex[:12]
    to = tools.general.trial_address or tools.general.sender.address
    return Mail(f"{TRIAL}{token}:{mail.key.removeprefix(TRIAL)}", (to,), marked, mail.send, mail.attachments)
