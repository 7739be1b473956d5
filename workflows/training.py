"""Training sessions: invitations, changes, cancellation and reminders (design §3–4).

Pure decisions: one verdict per session and Promeneur. Of `core/training`, `sessions.py` reads the sessions,
`announcements.py` knows what each person was told, `reminding.py` when reminders leave, `registrations.py`
what Inscriptions and Sessions show.

Those whom `Public` names are invited if they are in the network, and not absent, on the day of the
session. A change and a cancellation go to everyone who was invited and is still in the network, whatever
they answered. A reminder never goes where the last thing told is not what the sheet says now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from workflows.core import words
from workflows.core.book import Book
from workflows.core.campaign_rows import Held, Lines, hold_late, hold_retry, past_words, paused
from workflows.core.campaigns import asked, concerned, nameless, sights, speaks, tab_problems, unusable
from workflows.core.messages import Belief, Flag, Plan, RowWish, Send, State, Unsure, Verdict, Wait
from workflows.core.parsers import countdown
from workflows.core.people import away, contact, outside_network
from workflows.core.problems import Problem
from workflows.core.reading import Flagged
from workflows.core.renaming import renaming
from workflows.core.schema import Key, Section
from workflows.core.signing import YES_OR_NO
from workflows.core.standing import Attempt, RowOrder, latest, not_recalled, numbered
from workflows.core.statuses import refusals
from workflows.core.tables import Row
from workflows.core.training import registrations, set_aside
from workflows.core.training.announcements import (
    CANCELLED,
    INVITATION,
    Announcements,
    Notice,
    Told,
    Version,
    notice,
)
from workflows.core.training.registrations import ROWS, Attendance, answer, answered_before, attendance
from workflows.core.training.reminding import Reminding
from workflows.core.training.session_mails import (
    CHANGE_EXAMPLES,
    EXAMPLES,
    called_off,
    event,
    limit,
    variables,
)
from workflows.core.training.sessions import KIND, Session, announced_start, not_named, read_sessions
from workflows.core.trials import trial_verdicts
from workflows.core.workflow import Desk, Outlook, Scope, Step

NAME = "formation"
TABS = (words.PEOPLE, words.SESSIONS, words.REGISTRATIONS)
SECTION = Section("", (*renaming(TABS), Key("rappels", [7, 1], countdown(5))))
_INVITATION, _CHANGE, _CANCELLATION = f"{NAME}/invitation", f"{NAME}/modification", f"{NAME}/annulation"
_REMINDER_YES, _REMINDER_SILENT = f"{NAME}/rappel-oui", f"{NAME}/rappel-sans-reponse"
_TEMPLATES = (_INVITATION, _CHANGE, _CANCELLATION, _REMINDER_YES, _REMINDER_SILENT)
_ASKING = (_INVITATION, _CHANGE, _REMINDER_SILENT)
VARIABLES: Mapping[str, Mapping[str, str]] = dict.fromkeys(_TEMPLATES, EXAMPLES) | {_CHANGE: CHANGE_EXAMPLES}


def campaigns(book: Book, now: datetime) -> list[str]:  # noqa: ARG001 - a session's past is needed whenever
    """Every session that Sessions or Inscriptions speaks of, as the journal names it."""
    return ROWS.campaigns(book, words.SESSIONS)


def believe(desk: Desk) -> list[Belief]:
    """What Inscriptions says was sent, refused, or may have left."""
    reminders = [f"rappel-{days}" for days in desk.settings["rappels"]]
    return ROWS.beliefs(desk, reminders)


def inspect(desk: Desk) -> list[Problem]:
    """The rows of Promeneurs and Sessions that could not be written to as they are."""
    if _unused(desk):
        return []
    people = desk.book[words.PEOPLE]
    found = [problem for tab in TABS for problem in desk.book[tab].held.values()]
    for row in people.rows:
        try:
            if not outside_network(people, row, desk.today, desk.today):
                contact(people, row)
                away(people, row, desk.today, desk.today)
        except Flagged as flagged:
            found.append(flagged.problem)
    sessions = read_sessions(desk.book[words.SESSIONS], desk.now)
    return found + [
        problem for session in sessions if not _over(session, desk) for problem in session.problems
    ]


def project(desk: Desk, outlook: Outlook) -> list[RowWish]:
    """What the program's columns of Inscriptions and Sessions should show."""
    return registrations.project(desk, read_sessions(desk.book[words.SESSIONS], desk.now), outlook)


def decide(desk: Desk, scope: Scope) -> Plan:
    """One verdict for every Promeneur, of every session that is launched or asked for."""
    book = desk.book
    if scope.step is Step.ANY and _unused(desk):
        return Plan()
    if empty := unusable(book, TABS, scope):
        return empty
    tab = book[words.SESSIONS]
    problems = [*tab_problems(book, TABS), *tab.held.values(), *nameless(tab)]
    sessions = read_sessions(tab, desk.now)
    chosen = asked(sessions, scope, desk, KIND)
    lines = ROWS.lines(book)
    verdicts: list[Verdict] = []
    disarmed: list[str] = []
    aside = set_aside.set_aside(sessions, desk)
    facts = dict(aside)
    for session in chosen:
        if scope.step is Step.ANY:
            verdicts += trial_verdicts(desk, session, facts, _tried)
        decider = _Decider(desk, session, scope, lines)
        decided = decider.concerned()
        if decided or speaks(session):
            problems += session.problems
        if decided:
            verdicts += decider.verdicts()
            disarmed += decider.disarmed
            facts |= decider.facts
            problems += decider.doubts()
    seen, unseen = sights(sessions, KIND)
    return Plan(
        tuple(verdicts),
        tuple(problems),
        launched=tuple(s.campaign for s in chosen) if scope.step is Step.FIRST else (),
        seen=seen,
        unseen=unseen,
        facts=facts,
        written_facts=aside,
        disarmed=tuple(disarmed),
    )


def _unused(desk: Desk) -> bool:
    """A workbook without Sessions, where there never was one: this workflow has nothing to say."""
    launched = any(campaign.startswith(f"{ROWS.prefix}:") for campaign in desk.history.launches)
    return desk.book[words.SESSIONS].absent and desk.book[words.REGISTRATIONS].absent and not launched


def _tried(desk: Desk, session: Session) -> list[Verdict]:
    """What a launch would send, as if nothing had left yet."""
    scope = Scope(NAME, Step.FIRST, session.ref)
    return list(_Decider(desk, session, scope, ROWS.lines(desk.book)).verdicts())


def _over(session: Session, desk: Desk) -> bool:
    """On the day of a session there is still something to say about it; later there is not."""
    closed = session.order == words.CLOSED
    return closed or (session.start is not None and session.start.date() < desk.today)


@dataclass(slots=True)
class _Decider:
    """The verdicts of one session, Promeneur by Promeneur in sheet order."""

    desk: Desk
    session: Session
    scope: Scope
    lines: Lines
    disarmed: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    """What has to be remembered: versions, and what each message tells."""
    told: Announcements = field(init=False)
    _attendance: Attendance = field(init=False)
    _reminding: Reminding | None = field(init=False)
    """None while the session's day is not known."""
    _tells: dict[str, Version] = field(init=False, default_factory=dict)
    _notice: Notice = field(init=False)

    def __post_init__(self) -> None:
        session, desk = self.session, self.desk
        self.told = Announcements(session, desk.history)
        self._attendance = attendance(desk, session, self.lines)
        self._reminding = Reminding(desk, session, self._attendance) if session.start else None
        self._notice = notice(session, desk, self.scope.step)
        begun = session.start is not None and desk.now >= session.start
        facts = {} if session.problems or begun else self._notice.facts
        self.facts |= {**self.told.recovered, **facts}

    def doubts(self) -> list[Problem]:
        """A change that may have been announced already."""
        if self.told.outdated and set_aside.is_set_aside(self.session, self.desk):
            return [set_aside.problem(self.session, self.desk.book[words.SESSIONS])]
        return []

    def concerned(self) -> bool:
        """Whether this round has anything to decide about the session."""
        if self.scope.step is Step.ANY:
            if _over(self.session, self.desk):
                return False
            if self.session.order == words.CANCELLED:
                return bool(self.told.told)
        return concerned(self.session, self.scope, self.desk, KIND)

    def verdicts(self) -> Iterator[Verdict]:
        people = self.desk.book[words.PEOPLE]
        for row in people.rows:
            if row.number in people.held:
                yield Flag(ROWS.base(self.session.campaign, f"ligne-{row.number}"), people.held[row.number])
            elif ref := people.refs.get(row.number):
                yield self._verdict(row, ref)

    def _verdict(self, row: Row, ref: str) -> Verdict:
        """What becomes of one Promeneur; what is about to leave is remembered with what it tells."""
        last = latest(self.desk.history.records, ROWS.base(self.session.campaign, ref))
        try:
            verdict = self._decide(row, ref, last)
            if isinstance(verdict, Send):
                self._hold_session(verdict)
                self._remember(verdict)
        except Held as held:
            return held.verdict
        except Flagged as flagged:
            return Flag(last.key, flagged.problem)
        return verdict

    def _remember(self, send: Send) -> None:
        """What the message tells; where somebody has it already, its wording stays as it was."""
        record = self.desk.history.records.get(send.key)
        if send.event and not (record and record.reached):
            version = str(self._tells[send.key])
            self.facts |= {send.key: version, send.campaign: version}

    def _decide(self, row: Row, ref: str, last: Attempt) -> Verdict:
        book, history, session = self.desk.book, self.desk.history, self.session
        line = ROWS.only(book, list(self.lines.get((session.ref, ref), [])), last.key, session.ref, ref)
        order = ROWS.order(book, history, line, last.base, last.key)
        self.disarmed += filter(None, [order.disarmed])
        last = last if order.again else not_recalled(history.records, last)
        if order.hold:
            return self._wait(last, f"« {words.DO_NOT_SEND} » dans Inscriptions")
        if session.start is None:
            return self._wait(last, self._to_mend())
        told = self.told.told.get(ref)
        if session.order == words.CANCELLED:
            return self._cancel(row, ref, last, told)
        if order.again:
            self._permitted(row, order.again, chosen=True)
            return self._invite(row, ref, order.again, order)
        if told is None:
            return self._first(row, ref, last)
        if told.record.state is State.PLANNED:  # a server took it for one of its recipients only
            return self._send(row, ref, told.record.key, told.record.step, told.version)
        if told.version.content != session.content:
            return self._change(row, ref, last, told)
        if told.record.state is not State.SENT:
            return Unsure(told.record.key)
        return self._follow_up(row, ref, last, told, line)

    # Invitations

    def _first(self, row: Row, ref: str, last: Attempt) -> Verdict:
        if last.record and last.record.state is State.REFUSED:
            return Wait(last.key, f"refusé : {refusals(last.record) or last.record.detail}")
        self._permitted(row, last, chosen=False)
        if self._attendance.full(self.session):
            return Wait(last.key, "la session est complète")
        return self._invite(row, ref, last, RowOrder())

    def _permitted(self, row: Row, last: Attempt, *, chosen: bool) -> None:
        """Raise Held for who is not invited: `Public`, the network and absences on the session's day."""
        assert self.session.start is not None
        people, day, today = self.desk.book[words.PEOPLE], self.session.start.date(), self.desk.today
        reason = outside_network(people, row, day, today)
        if not reason and not chosen:
            reason = not_named(self.session, people, row, today)
        if reason := reason or away(people, row, day, today):
            raise Held(self._wait(last, reason))

    def _invite(self, row: Row, ref: str, attempt: Attempt, order: RowOrder) -> Verdict:
        step = numbered(INVITATION, attempt.number)
        version = self.told.next(self.session.content)
        verdict = self._send(row, ref, attempt.key, step, version, order=order)
        if self.scope.step is Step.FOLLOW_UP and isinstance(verdict, Send):
            self._hold_session(verdict)
            return Wait(attempt.key, "l'invitation n'est pas encore partie", due=True)
        return verdict

    # Changes and cancellation

    def _change(self, row: Row, ref: str, last: Attempt, told: Told) -> Verdict:
        if reason := self._gone(row):
            return self._wait(last, reason)
        notice = self._notice
        if notice.silence and not notice.again:
            return self._wait(last, notice.silence)
        verdict = self._tell(row, ref, self.told.next(self.session.content), told)
        reason = notice.silence
        if not reason and self.scope.step is Step.FOLLOW_UP:
            reason = "la modification n'est pas encore partie"
        if not reason or not isinstance(verdict, Send):
            return verdict
        self._hold_session(verdict)
        hold_late(last.key, verdict.limit, notice.again or self.desk.now, self.desk.now)
        return self._wait(last, reason, due=True)

    def _cancel(self, row: Row, ref: str, last: Attempt, told: Told | None) -> Verdict:
        if told is None:
            return Wait(last.key, "la session est annulée")
        if told.cancelled and told.record.state is State.SENT:
            return Wait(told.record.key, past_words(told.record, self.desk, "annulation annoncée"))
        if told.cancelled and told.record.state is not State.PLANNED:
            return Unsure(told.record.key)
        if reason := self._gone(row):
            return self._wait(last, reason)
        return self._tell(row, ref, self.told.next(CANCELLED), told)

    def _tell(self, row: Row, ref: str, version: Version, told: Told) -> Verdict:
        """A change or the cancellation, under the invitation."""
        step = self.told.step(version)
        key = f"{self.session.campaign}:{ref}:{step}"
        record = self.desk.history.records.get(key)
        if record and record.state is State.REFUSED:
            return Wait(key, f"{step} : refusé ({refusals(record) or record.detail})")
        return self._send(row, ref, key, step, version, told=told)

    def _gone(self, row: Row) -> str:
        """« sortie du réseau le… », for somebody who was invited and has left since."""
        return outside_network(self.desk.book[words.PEOPLE], row, self.desk.today, self.desk.today)

    # Reminders

    def _follow_up(self, row: Row, ref: str, last: Attempt, told: Told, line: Row | None) -> Verdict:
        """The next reminder, of which a launch only speaks."""
        if self.scope.step is not Step.FIRST:
            return self._remind(row, ref, last, told, line)
        try:
            verdict = self._remind(row, ref, last, told, line)
        except Held as held:
            verdict = held.verdict
        if isinstance(verdict, Send):
            return self._wait(last, "rappel à envoyer", due=True)
        return replace(verdict, key=last.key) if isinstance(verdict, Wait) else verdict

    def _remind(self, row: Row, ref: str, last: Attempt, told: Told, line: Row | None) -> Verdict:
        assert self._reminding is not None
        said = answer(self.desk, line, self.session.campaign, ref)
        step = self._reminding.due(row, ref, last.record, line, said).step
        key = f"{self.session.campaign}:{ref}:{step}"
        outdated = said == words.YES and answered_before(self.desk, line, told)
        said = "" if outdated else said
        verdict = self._send(row, ref, key, step, told.version, told=told, said=said)
        if not (outdated and isinstance(verdict, Send)):
            return verdict
        note = " ; ".join(filter(None, (verdict.note, "a répondu Oui avant le changement")))
        return replace(verdict, note=note)

    # What all of them share

    def _wait(self, last: Attempt, reason: str, *, due: bool = False) -> Wait:
        return Wait(last.key, past_words(last.record, self.desk, reason), due=due)

    def _to_mend(self) -> str:
        return f"la session est à corriger ({self.session.problems[0].where})"

    def _hold_session(self, send: Send) -> None:
        """Raise Held when nothing of this session leaves now."""
        session, now = self.session, self.desk.now
        reason, due = "", False
        cancelling = session.order == words.CANCELLED
        if session.problems and not cancelling:
            reason = self._to_mend()
        elif session.order == words.PAUSED:
            raise paused(send.key, "la session")
        elif self.desk.trial:
            return
        elif session.start and now >= session.start:
            reason = f"la session est passée ({session.when})"
        elif (
            self.scope.step is Step.ANY and not cancelling and (leaves := self.desk.leaves(session.campaign))
        ):
            hold_late(send.key, send.limit, leaves, now)
            reason, due = f"partira à partir de {self.desk.held_until(session.campaign)}", True
        if reason:
            raise Held(Wait(send.key, reason, due=due))

    def _send(
        self,
        row: Row,
        ref: str,
        key: str,
        step: str,
        version: Version,
        *,
        order: RowOrder | None = None,
        told: Told | None = None,
        said: str = "",
    ) -> Verdict:
        session, people = self.session, self.desk.book[words.PEOPLE]
        record = self.desk.history.records.get(key)
        wanted = contact(people, row)
        known = announced_start(told.version.content, self.desk.now.tzinfo) if told else session.start
        until = limit(self.desk.book[words.SESSIONS], session, step, known, self.desk.now)
        hold_retry(record, self.desk, key, until)
        again = order is not None and order.again is not None
        open_, note = self._open_addresses(wanted, step, again=again)
        if not open_:
            return Wait(key, note)
        invitation = latest(self.desk.history.records, ROWS.base(session.campaign, ref)).record
        self._tells[key] = version
        template = _template(step, said)
        shown = variables(session, row, known, self.desk.now)
        if template == _CHANGE and told:
            shown |= called_off(told, self.desk.now.tzinfo)
        return Send(
            key,
            session.campaign,
            step,
            ref,
            open_,
            template,
            shown,
            people.where(row, "Courriel"),
            in_reply_to=invitation.message_id if told and invitation else "",
            note=note,
            order=order.order if order else None,
            event=None if step.startswith("rappel") else event(session, ref, version),
            choices=YES_OR_NO if template in _ASKING else (),
            limit=until,
        )

    def _open_addresses(
        self, wanted: tuple[str, ...], step: str, *, again: bool
    ) -> tuple[tuple[str, ...], str]:
        """Those that may still be written to, and why the others are left out."""
        history = self.desk.history
        dead = {} if again else dict(history.bounced)
        dead |= {} if step.startswith(INVITATION) else history.refused
        notes = [f"{a} n'est plus écrite : son courrier revient ({dead[a]})" for a in wanted if a in dead]
        return tuple(a for a in wanted if a not in dead), " ; ".join(notes)


def _template(step: str, said: str) -> str:
    """The template of a message."""
    kinds = {"modification": _CHANGE, "annulation": _CANCELLATION, "invitation": _INVITATION}
    for kind, template in kinds.items():
        if step.startswith(kind):
            return template
    return _REMINDER_YES if said == words.YES else _REMINDER_SILENT
