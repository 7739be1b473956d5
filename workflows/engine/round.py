"""One round: plan, mark, send, write (design §5). The order of these steps is the product's promise."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta

from workflows.core.messages import BY_ITSELF, Mode, Send, State, Verdict, Wait
from workflows.core.ports import Transport, TransportError, WorkbookError
from workflows.core.problems import TourneeError
from workflows.core.trials import carried_out, without_trials
from workflows.core.workflow import Step
from workflows.core.working_days import is_public_holiday
from workflows.engine import letters, open_points, showing, status_page, unmatched_page
from workflows.engine.account import Account, Mail
from workflows.engine.deliver import Delivery
from workflows.engine.intake import collect, desk_for, objections_of_people
from workflows.engine.outgoing import hand_over, message, tell
from workflows.engine.pacing import hold
from workflows.engine.prepare import Prepared, Request, Tools, decide, look, prepare
from workflows.engine.sent import file_sent, settle_doubtful
from workflows.engine.template_files import TemplateProblem


def preview(tools: Tools, request: Request) -> Account:
    """What would leave now, changing nothing."""
    prepared = prepare(tools, request)
    account = _account(tools, request, prepared)
    account.settle([v for v in prepared.verdicts if not isinstance(v, Send)])
    return account


def preview_soon(tools: Tools, request: Request) -> Account:
    """What would leave once the grace delay is over and the office open, if nothing else changes."""
    general = tools.general
    opening = general.hours.next_opening(tools.clock() + general.grace, is_public_holiday)
    hasty = replace(general, grace=timedelta(0))
    return preview(replace(tools, general=hasty, clock=lambda: opening), request)


def foreseen(tools: Tools, request: Request) -> Prepared:
    """What a round would find, held where she stopped everything or tries things out; changes nothing."""
    prepared = prepare(tools, request)
    _hold_if_stopped(prepared)
    if tools.general.mode is Mode.TRIAL:
        _hold_all(prepared, "mode essai : rien ne part aux destinataires", "Pour envoyer : le mode « reel ».")
    return prepared


def run(tools: Tools, request: Request) -> Account:
    """Make the round. Raises TourneeError and WorkbookError when nothing was begun.

    The caller holds the lock of the workspace.
    """
    unattended = request.scope.step is Step.ANY and request.mode is Mode.LIVE and request.sends
    try:
        account = _run(tools, request)
    except (TourneeError, WorkbookError) as error:
        if unattended:
            _tell_failure(tools, error.what, error.remedy)
        raise
    if unattended and account.error:
        _tell_failure(tools, account.error.what, account.error.remedy)
    elif unattended:
        letters.no_failure(tools)
    return account


def _tell_failure(tools: Tools, what: str, remedy: str) -> None:
    with suppress(TemplateProblem):  # the failure is what counts; `verifier` tells of the template
        tell(tools, letters.of_failure(tools, what, remedy, tools.clock()))


def _run(tools: Tools, request: Request) -> Account:
    tools.journal.recover()
    unread = settle_doubtful(tools, tools.clock())
    prepared = look(tools, request)
    prepared.problems += unread
    prepared.older.keep(tools.journal)
    tools.journal.believe(prepared.beliefs)
    prepared.older.believed(tools.journal, prepared.desks)
    if request.reads_replies:
        _read_replies(tools, request, prepared)
    decide(tools, request, prepared)
    if not request.sends:
        _hold_all(prepared, "à envoyer au prochain passage")
    if request.mode is Mode.TRIAL:
        return _trial(tools, request, prepared)
    return _live(tools, request, prepared)


def _read_replies(tools: Tools, request: Request, prepared: Prepared) -> None:
    """What came back, kept before anything is decided; what a person attached by hand, too."""
    if tools.mailbox is None or tools.understand is None:
        return
    desk = desk_for(tools.journal, tools.understand, prepared.now, prepared.book, tools.general)
    live = request.mode is Mode.LIVE
    attached = unmatched_page.carry_out(desk, prepared.book)
    prepared.intake = collect(desk, tools.mailbox, mark=live)
    objections = objections_of_people(tools.journal, prepared.book, prepared.now)
    prepared.intake.problems += [*attached.problems, *objections]
    showing.refresh(tools, prepared)


def _account(tools: Tools, request: Request, prepared: Prepared) -> Account:
    account = Account(request.command, request.mode, prepared.now, mails=prepared.mails)
    account.planned = [(mail.key, mail.send.recipients) for mail in prepared.mails]
    account.stopped = status_page.what_stops(prepared.book)
    pages = status_page.unreadable(prepared.book)
    account.problems = [*pages, *prepared.intake.problems, *prepared.problems]
    account.replies = prepared.intake
    account.names = prepared.book.names()
    account.tabs = open_points.tabs(tools, prepared)
    return account


# A trial writes no sheet: it plans, sends and counts.


def _trial(tools: Tools, request: Request, prepared: Prepared) -> Account:
    account = _account(tools, request, prepared)
    tools.journal.plan(
        [message(tools, mail, prepared.now) for mail in prepared.mails], (), (), tools.journal.round_number
    )
    with closing(tools.trial_transport()) as transport:
        delivery = hand_over(tools, [m.key for m in prepared.mails], transport)
    _count(account, prepared.verdicts, prepared.mails, delivery)
    return account


# A live round


def _live(tools: Tools, request: Request, prepared: Prepared) -> Account:
    account = _account(tools, request, prepared)
    _authorise(tools, request, prepared)
    transport = _connected(tools, prepared, account)
    try:
        if prepared.mails:
            tools.workbook.reserve()
        _plan(tools, prepared)
        delivery = Delivery()
        if prepared.mails:
            assert transport is not None
            showing.write(tools, prepared, account, leaving=frozenset(m.key for m in prepared.mails))
            for name, plan in prepared.plans.items():  # where the sheet cannot be marked nothing leaves
                tools.journal.learn(name, carried_out(plan))
            prepared.older.written(tools.journal, prepared.desks)
            tools.note_sending(prepared.round_number)
            delivery = hand_over(tools, [m.key for m in prepared.mails], transport, reserved=True)
            tools.workbook.release()
        verdicts = _count(account, prepared.verdicts, prepared.mails, delivery)
        if not status_page.everything_stopped(prepared.book):
            tell(tools, _letters(tools, request, prepared, account), transport)
    finally:
        if transport:
            transport.close()
    account.problems += file_sent(tools, delivery)
    showing.finish(tools, prepared, account, verdicts)
    if request.scope.step is Step.ANY:
        tools.journal.purge(prepared.now - tools.general.retention, prepared.now.date().isoformat())
    return account


def _letters(tools: Tools, request: Request, prepared: Prepared, account: Account) -> list[Mail]:
    """What the coordinator is to know now; a template of hers that is wrong is a problem, no more."""
    found: list[Mail] = []
    try:
        if request.scope.step is Step.ANY:
            found += letters.of_interruption(tools, prepared.now)
        found += letters.after_a_launch(tools, prepared, account)
    except TemplateProblem as error:
        account.problems += error.problems
    return found


def _authorise(tools: Tools, request: Request, prepared: Prepared) -> None:
    """A launch in the terminal holds for the rounds to come; a sight of `À lancer` starts the delay."""
    for plan in prepared.plans.values():
        tools.journal.see(plan.seen, plan.unseen, prepared.now)
        if request.scope.step is Step.FIRST:
            for campaign in plan.launched:
                tools.journal.authorise(campaign, prepared.now)
    showing.refresh(tools, prepared)


def _connected(tools: Tools, prepared: Prepared, account: Account) -> Transport | None:
    """The round's one connection, made before anything is marked; None when nothing is to leave."""
    _hold_if_stopped(prepared)
    if not prepared.mails:
        return None
    transport = tools.transport()
    try:
        transport.check()
    except TransportError as error:
        account.error = TourneeError(error.what, error.remedy)
        transport.close()
        _hold_all(prepared, error.what, error.remedy)
        return None
    return transport


def _hold_if_stopped(prepared: Prepared) -> None:
    if status_page.everything_stopped(prepared.book):
        _hold_all(prepared, "« Tout arrêter » dans Suivi", "Videz « Tout arrêter » pour reprendre.")


def _hold_all(prepared: Prepared, reason: str, remedy: str = BY_ITSELF) -> None:
    prepared.mails.clear()
    for name, plan in prepared.plans.items():
        prepared.plans[name] = replace(plan, verdicts=tuple(hold(plan.verdicts, reason, remedy)), facts={})


def _plan(tools: Tools, prepared: Prepared) -> None:
    """Everything that is about to leave, committed with its bytes before the sheet is marked."""
    tools.journal.plan(
        [message(tools, mail, prepared.now) for mail in prepared.mails],
        [mail.send.order for mail in prepared.mails if mail.send.order],
        [scope for plan in prepared.plans.values() for scope in plan.disarmed],
        prepared.round_number,
    )
    for name, plan in prepared.plans.items():  # where the sheet cannot be marked no trial leaves
        tools.journal.learn(name, without_trials(plan))
    showing.refresh(tools, prepared)


def _count(
    account: Account, verdicts: Sequence[Verdict], mails: Sequence[Mail], delivery: Delivery
) -> list[Verdict]:
    """Put each message where it ended; returns the verdicts as they stand now."""
    recipients = {mail.key: mail.recipients for mail in mails}
    if delivery.failure:
        account.error = TourneeError(delivery.failure.what, delivery.failure.remedy)
    left: list[Verdict] = []
    settled: list[Verdict] = []
    for verdict in verdicts:
        outcome = delivery.outcomes.get(verdict.key) if isinstance(verdict, Send) else None
        if outcome is None:
            left.append(_not_begun(verdict, delivery))
            continue
        later = Wait(verdict.key, f"pas encore parti : {outcome.detail}", due=True)
        settled += [later if outcome.state is State.PLANNED else verdict]
        if outcome.state is State.SENT or outcome.accepted:
            account.sent.append((verdict.key, outcome.accepted or recipients[verdict.key]))
        elif outcome.state is State.REFUSED:
            account.refused.append((verdict.key, outcome.detail))
        elif outcome.state is State.UNCERTAIN:
            account.uncertain.append(verdict.key)
        else:
            account.settle([later])
    account.settle(left)
    return [*left, *settled]


def _not_begun(verdict: Verdict, delivery: Delivery) -> Verdict:
    if not isinstance(verdict, Send):
        return verdict
    if verdict.key in delivery.denied:
        return Wait(
            verdict.key, "cette adresse a déjà reçu ce message, par une autre ligne ou une autre tournée"
        )
    reason = (
        delivery.failure.what if delivery.failure else "arrêté avant ce message, suite au prochain passage"
    )
    return Wait(verdict.key, reason, due=True)
