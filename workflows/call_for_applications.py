"""The call for applications: who gets the announcement and its follow-ups, and when (design §3–4).

Pure decisions: one verdict per call and structure. `core/calls/calls.py` reads the calls,
`core/calls/applications.py` says what Candidatures and Appels show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from workflows.core import french, words
from workflows.core.book import Book
from workflows.core.calls import applications
from workflows.core.calls.applications import ROWS, STEP
from workflows.core.calls.calls import KIND, Call, limit, read_calls
from workflows.core.calls.structures import contact, enclosures, not_solicited, objected
from workflows.core.campaign_rows import Held, hold_late, hold_retry, past_words, paused
from workflows.core.campaigns import (
    asked,
    concerned,
    nameless,
    sights,
    speaks,
    tab_problems,
    unusable,
)
from workflows.core.cells import fold, label, short_text
from workflows.core.follow_ups import FollowUp, next_follow_up, sent_on
from workflows.core.limits import HOURS
from workflows.core.messages import Belief, Flag, Plan, Record, RowWish, Send, State, Unsure, Verdict, Wait
from workflows.core.parsers import delays
from workflows.core.problems import Problem
from workflows.core.reading import Flagged, read
from workflows.core.received import standing_word
from workflows.core.renaming import renaming
from workflows.core.schema import Key, Section
from workflows.core.signing import YES_OR_NO
from workflows.core.standing import Attempt, RowOrder, latest, not_recalled, numbered
from workflows.core.statuses import refusals
from workflows.core.tables import Row
from workflows.core.trials import trial_verdicts
from workflows.core.workflow import Desk, Outlook, Scope, Step
from workflows.core.working_days import add_working_days

NAME = "appel-a-candidatures"
TABS = (words.STRUCTURES, words.CALLS, words.APPLICATIONS)
SECTION = Section("", (*renaming(TABS), Key("relances", [10, 20], delays(5))))
ANNOUNCEMENT, FOLLOW_UP = f"{NAME}/annonce", f"{NAME}/relance"
_EXAMPLES = {
    "structure": "Centre social de Vineuil",
    "contact": "Hélène Quéré",
    "commune": "Vineuil",
    "titre": "Appel à candidatures de printemps 2027",
    "ouverture": "lundi 1er février 2027",
    "date_limite": "vendredi 26 mars 2027",
    "lien": "https://formulaire.example/pdn41",
    "reference": "2027-1",
}
VARIABLES: Mapping[str, Mapping[str, str]] = {
    ANNOUNCEMENT: _EXAMPLES,
    FOLLOW_UP: {**_EXAMPLES, "date_annonce": "mardi 2 mars 2027"},
}


def campaigns(book: Book, now: datetime) -> list[str]:  # noqa: ARG001 - a call's past is needed whenever
    """Every call that Appels or Candidatures speaks of, as the journal names it."""
    return ROWS.campaigns(book, words.CALLS)


def believe(desk: Desk) -> list[Belief]:
    """What Candidatures says was sent, refused, or may have left."""
    return ROWS.beliefs(desk)


def inspect(desk: Desk) -> list[Problem]:
    """The rows of Structures and Appels that could not be written to as they are."""
    structures, calls = desk.book[words.STRUCTURES], desk.book[words.CALLS]
    found = [problem for tab in TABS for problem in desk.book[tab].held.values()]
    for row in structures.rows:
        try:
            if not not_solicited(structures, row):
                contact(structures, row)
        except Flagged as flagged:
            found.append(flagged.problem)
    return found + [
        problem for call in read_calls(calls, desk.today, desk.shelf) for problem in call.problems
    ]


def project(desk: Desk, outlook: Outlook) -> list[RowWish]:
    """What the program's columns of Candidatures and Appels should show."""
    calls = read_calls(desk.book[words.CALLS], desk.today, desk.shelf)
    return applications.project(desk, calls, outlook)


def decide(desk: Desk, scope: Scope) -> Plan:
    """One verdict for every structure, of every call that is launched or asked for."""
    book = desk.book
    if empty := unusable(book, TABS, scope):
        return empty
    problems = [*tab_problems(book, TABS), *book[words.CALLS].held.values(), *nameless(book[words.CALLS])]
    calls = read_calls(book[words.CALLS], desk.today, desk.shelf)
    chosen = asked(calls, scope, desk, KIND)
    verdicts: list[Verdict] = []
    disarmed: list[str] = []
    facts: dict[str, str] = {}
    seen, unseen = sights(calls, KIND)
    for call in chosen:
        if scope.step is Step.ANY:
            verdicts += trial_verdicts(desk, call, facts, _tried)
        decided = concerned(call, scope, desk, KIND)
        if decided or speaks(call):
            problems += call.problems
        if not decided:
            continue
        decider = _Decider(desk, call, scope)
        verdicts += decider.verdicts()
        disarmed += decider.disarmed
    return Plan(
        tuple(verdicts),
        tuple(problems),
        launched=tuple(c.campaign for c in chosen) if scope.step is Step.FIRST else (),
        disarmed=tuple(disarmed),
        seen=seen,
        unseen=unseen,
        facts=facts,
    )


def _tried(desk: Desk, call: Call) -> list[Verdict]:
    """What a launch would send, as if nothing had left yet."""
    return list(_Decider(desk, call, Scope(NAME, Step.FIRST, call.ref)).verdicts())


@dataclass(slots=True)
class _Decider:
    """The verdicts of one call, structure by structure in sheet order."""

    desk: Desk
    call: Call
    scope: Scope
    disarmed: list[str] = field(default_factory=list)
    _taken: dict[str, dict[str, str]] = field(default_factory=dict)
    """By step, the addresses that it reached or is about to reach, with the key."""

    def verdicts(self) -> Iterator[Verdict]:
        structures = self.desk.book[words.STRUCTURES]
        rows = ROWS.lines(self.desk.book)
        for row in structures.rows:
            if row.number in structures.held:
                key = f"{self.call.campaign}:ligne-{row.number}:{STEP}"
                yield Flag(key, structures.held[row.number])
            elif ref := structures.refs.get(row.number):
                yield self._verdict(row, ref, rows.get((self.call.ref, ref), []))

    def _verdict(self, row: Row, ref: str, lines: list[Row]) -> Verdict:
        """What becomes of one structure; what is about to leave takes its addresses."""
        key = latest(self.desk.history.records, f"{self.call.campaign}:{ref}:{STEP}").key
        try:
            verdict = self._decide(row, ref, lines)
            if not isinstance(verdict, Send):
                return verdict
            self._reached(verdict.step).update(dict.fromkeys(verdict.recipients, verdict.key))
            self._hold_campaign(verdict)
            if self.scope.step is Step.FOLLOW_UP and verdict.template == ANNOUNCEMENT:
                return Wait(verdict.key, "l'annonce n'est pas encore partie", due=True)
        except Held as held:
            return held.verdict
        except Flagged as flagged:
            return Flag(key, flagged.problem)
        return verdict

    def _decide(self, row: Row, ref: str, lines: list[Row]) -> Verdict:
        base = f"{self.call.campaign}:{ref}:{STEP}"
        last = latest(self.desk.history.records, base)
        book, history = self.desk.book, self.desk.history
        line = ROWS.only(book, lines, last.key, self.call.ref, ref)
        order = ROWS.order(book, history, line, base, last.key)
        self.disarmed += filter(None, [order.disarmed])
        if order.again is None:
            last = not_recalled(history.records, last)
        state = last.record.state if last.record else None
        if state in (State.UNCERTAIN, State.SENDING) and order.again is None:
            return Unsure(last.key)
        if order.hold:
            return Wait(
                last.key, past_words(last.record, self.desk, f"« {words.DO_NOT_SEND} » dans Candidatures")
            )
        self._permitted(row, last)
        if order.again:
            return self._announce(row, ref, order.again, order)
        typed = label(line.cell("Réponse")) if line else ""
        if (answer := standing_word(typed, history.answers.get((self.call.campaign, ref)))) and fold(
            answer
        ) != "absence":
            return Wait(last.key, past_words(last.record, self.desk, f"réponse reçue : {answer[:40]}"))
        if last.record and state is State.SENT:
            return self._follow_up(row, ref, last.record, line)
        if last.record and state is State.REFUSED:
            words_ = refusals(last.record) or last.record.detail
            return Wait(last.key, f"refusé : {words_}")
        return self._announce(row, ref, last, order)

    def _permitted(self, row: Row, last: Attempt) -> None:
        """Objection, network and choice of recipients come before everything else."""
        structures = self.desk.book[words.STRUCTURES]
        reason = not_solicited(structures, row)
        if not reason and (day := objected(self.desk.history.objections, row)):
            reason = f"opposition reçue le {french.date_short(day)}"
        if not reason and not self.call.selection.takes(row):
            reason = "hors des destinataires choisis pour cet appel"
        if reason:
            raise Held(Wait(last.key, past_words(last.record, self.desk, reason)))

    def _announce(self, row: Row, ref: str, attempt: Attempt, order: RowOrder) -> Verdict:
        step = numbered(STEP, attempt.number)
        return self._send(row, ref, attempt.key, step, ANNOUNCEMENT, attempt.record, order=order)

    def _follow_up(self, row: Row, ref: str, announced: Record, line: Row | None) -> Verdict:
        """The next follow-up, which a launch only speaks of."""
        verdict = self._next_follow_up(row, ref, announced, line)
        if self.scope.step is not Step.FIRST:
            return verdict
        if isinstance(verdict, Send):
            return Wait(announced.key, past_words(announced, self.desk, "relance à envoyer"), due=True)
        return replace(verdict, key=announced.key) if isinstance(verdict, Wait) else verdict

    def _next_follow_up(self, row: Row, ref: str, announced: Record, line: Row | None) -> Verdict:
        """The next follow-up, if any, and when: on working days counted from the announcement."""
        past = f"déjà envoyé le {french.date_short(self._day(announced))}"
        if line and (decision := label(line.cell("Décision"))):
            return Wait(announced.key, f"{past} ; décision prise : {decision[:40]}")
        records, today = self.desk.history.records, self.desk.today
        found = next_follow_up(announced, records, self.desk.settings["relances"], self.desk.now.tzinfo)
        if not isinstance(found, FollowUp):
            return found or Wait(announced.key, past)
        if back := self.desk.history.absences.get(ref):
            found = replace(found, due=max(found.due, add_working_days(back, 1)))
        if not self.desk.trial:
            if self.call.deadline and max(found.due, today) > self.call.deadline:
                return Wait(announced.key, f"{past} ; pas de relance après la date limite")
            if today < found.due:
                return found.wait(past)
        record = records.get(found.key)
        return self._send(row, ref, found.key, found.step, FOLLOW_UP, record, announced=announced)

    def _day(self, record: Record) -> date:
        return sent_on(record, self.desk.now.tzinfo)

    def _send(
        self,
        row: Row,
        ref: str,
        key: str,
        step: str,
        template: str,
        record: Record | None,
        *,
        order: RowOrder | None = None,
        announced: Record | None = None,
    ) -> Verdict:
        structures = self.desk.book[words.STRUCTURES]
        wanted = contact(structures, row)
        until = limit(self.desk.book[words.CALLS], self.call, announced is not None, self.desk.now.tzinfo)
        hold_retry(record, self.desk, key, until)
        open_, note = self._open_addresses(wanted, key, step)
        bounced = {} if order and order.again else self.desk.history.bounced
        alive = tuple(address for address in open_ if address not in bounced)
        if open_ and not alive:
            raise Flagged(_dead(structures.where(row, "Courriel"), open_[0], bounced[open_[0]]))
        if not alive:
            return Wait(key, note)
        notes = [
            note,
            *(f"{address} ne reçoit plus : {bounced[address]}" for address in open_ if address in bounced),
        ]
        return Send(
            key,
            self.call.campaign,
            step,
            ref,
            alive,
            template,
            self._variables(row, announced),
            structures.where(row, "Courriel"),
            in_reply_to=announced.message_id if announced else "",
            note=" ; ".join(filter(None, notes)),
            choices=YES_OR_NO,
            exclusive=True,
            order=order.order if order else None,
            attachments=()
            if announced
            else enclosures(structures, row, self.desk.shelf, self.call.attachments),
            limit=until,
        )

    def _open_addresses(self, wanted: tuple[str, ...], key: str, step: str) -> tuple[tuple[str, ...], str]:
        """Those that this step may still go to, and why the others are left out."""
        reached = self._reached(step)
        refused = self.desk.history.refused if step.startswith("relance") else {}
        twins = [a for a in wanted if reached.get(a, key) != key]
        dead = [a for a in wanted if a in refused and a not in twins]
        notes = [f"{a} reçoit déjà cet appel par {self._owner(reached[a])}" for a in twins]
        notes += [f"{a} a été refusée par son serveur ({refused[a]})" for a in dead]
        return tuple(a for a in wanted if a not in twins and a not in dead), " ; ".join(notes)

    def _reached(self, step: str) -> dict[str, str]:
        if step not in self._taken:
            self._taken[step] = self.desk.history.reached(self.call.campaign, step)
        return self._taken[step]

    def _owner(self, key: str) -> str:
        """« STR-007 (Centre social) », for the key of another structure's message."""
        ref = key.removeprefix(f"{self.call.campaign}:").split(":")[0]
        row = self.desk.book[words.STRUCTURES].by_ref().get(ref)
        return f"{ref} ({label(row.cell('Nom'))[:60]})" if row else ref

    def _hold_campaign(self, send: Send) -> None:
        """Raise Held when nothing of this call leaves now."""
        call, desk, today = self.call, self.desk, self.desk.today
        reason, due = "", False
        if call.problems:
            reason = f"l'appel est à corriger ({call.problems[0].where})"
        elif call.order == words.PAUSED:
            raise paused(send.key, "l'appel")
        elif desk.trial:
            return
        elif call.opening and today < call.opening:
            opens = datetime.combine(call.opening, time(), desk.now.tzinfo)
            hold_late(send.key, send.limit, desk.opening(opens), desk.now, HOURS)
            reason, due = f"l'appel ouvre le {french.date_short(call.opening)}", True
        elif call.deadline and today > call.deadline:
            reason = f"la date limite ({french.date_short(call.deadline)}) est passée"
        elif self.scope.step is Step.ANY and (leaves := desk.leaves(call.campaign)):
            hold_late(send.key, send.limit, leaves, desk.now)
            reason, due = f"partira à partir de {desk.held_until(call.campaign)}", True
        if reason:
            raise Held(Wait(send.key, reason, due=due))

    def _variables(self, row: Row, announced: Record | None) -> dict[str, str]:
        call, structures = self.call, self.desk.book[words.STRUCTURES]
        variables = {
            "structure": read(structures, row, "Nom", short_text),
            "contact": read(structures, row, "Contact", short_text),
            "commune": read(structures, row, "Commune", short_text),
            "titre": call.title,
            "ouverture": french.date_long(call.opening) if call.opening else "",
            "date_limite": french.date_long(call.deadline) if call.deadline else "",
            "lien": call.link,
            "reference": call.ref,
        }
        if announced:
            variables["date_annonce"] = french.date_long(self._day(announced))
        return variables


def _dead(where: str, address: str, reason: str) -> Problem:
    return Problem(
        where,
        f"Les messages à « {address} » reviennent : {reason}",
        f"Corrigez l'adresse ; pour réessayer celle-ci, écrivez « {words.SEND_AGAIN} » dans Candidatures.",
    )
