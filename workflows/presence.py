"""Weekly presence: who is reminded of the hours that are missing, and when (design §3–4).

Pure decisions: one verdict per week and Promeneur. `core/presence/rows.py` reads what was declared,
`core/presence/alerts.py` says who is to be contacted, `core/presence/missed.py` what did not leave in time,
`core/presence/mails.py` what the mails are made of, `core/presence/cells.py` what the sheet shows.

A reminder leaves from the day and hour of `jour_de_rappel` on, until the Sunday of its week: later
there is nothing left to do in that week. The *bilan* leaves from the Monday after (`bilan`) until the
Wednesday: later the next reminder is near. What was not sent by then is not sent any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from workflows.core import french, limits, people, words
from workflows.core.book import Book
from workflows.core.campaign_rows import Held, hold_late, hold_retry, past_words
from workflows.core.cells import Unreadable
from workflows.core.limits import Limit
from workflows.core.messages import Belief, Flag, Plan, Record, RowWish, Send, State, Unsure, Verdict, Wait
from workflows.core.people import outside_network
from workflows.core.ports import Cell, Kind
from workflows.core.presence import cells as presence_cells
from workflows.core.presence.alerts import Alerts, alerts
from workflows.core.presence.mails import TEMPLATES, VARIABLES, variables
from workflows.core.presence.missed import Missed
from workflows.core.presence.modes import expected, open_slots, weekly_slots
from workflows.core.presence.rows import Ledger, read_presence
from workflows.core.presence.settings import SECTION, TABS
from workflows.core.presence.weeks import (
    BILAN,
    REMINDER,
    calendar_problems,
    campaign,
    message_key,
    past_weeks,
    suspended,
)
from workflows.core.problems import Problem, TourneeError
from workflows.core.reading import Flagged
from workflows.core.rows import iso_week
from workflows.core.signing import HOURS
from workflows.core.statuses import refusals
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Desk, Outlook, Scope, Step
from workflows.core.working_days import is_working_day

__all__ = [
    "NAME", "SECTION", "TABS", "VARIABLES", "believe", "campaigns", "decide", "inspect", "project",
]  # fmt: skip

NAME = "presence"
_BILAN_DAYS = 3
"""The bilan leaves on the first days of the next week, Monday to Wednesday."""
_SETTING = {REMINDER: "jour_de_rappel", BILAN: "bilan"}
_READ_FIRST = {
    words.TO_READ: ("une réponse est à lire", "Lisez Motif"),
    words.QUESTION: ("une question attend votre réponse", "Répondez-lui par courriel"),
}
"""Answers that wait for a person: what is said of them, and what she does first."""


def campaigns(book: Book, now: datetime) -> list[str]:  # noqa: ARG001 - the weeks are those of the moment
    """The current week and those that are looked back on."""
    current = IsoWeek.of(now.date())
    return [campaign(week) for week in (current, *past_weeks(current))]


def believe(desk: Desk) -> list[Belief]:
    """What Présence says was sent, refused, or may have left, for the weeks that matter."""
    return presence_cells.beliefs(desk, read_presence(desk))


def inspect(desk: Desk) -> list[Problem]:
    """The rows of Promeneurs and Présence that could not be used as they are."""
    tab, found = desk.book[words.PEOPLE], []
    for row in tab.rows:
        try:
            if row.number in tab.held:
                raise Flagged(tab.held[row.number])
            if not outside_network(tab, row, desk.today, desk.today):
                people.away(tab, row, desk.today, desk.today)
                expected(tab, row, desk.settings["minimum"])
                weekly_slots(tab, row)
                people.contact(tab, row)
        except Flagged as flagged:
            found.append(flagged.problem)
    return [*found, *read_presence(desk).problems]


def project(desk: Desk, outlook: Outlook) -> list[RowWish]:
    """What the program's columns of Présence, and `Alerte`, should show."""
    ledger = read_presence(desk)
    return presence_cells.wishes(desk, outlook, ledger, alerts(desk, ledger))


def decide(desk: Desk, scope: Scope) -> Plan:
    """One verdict for every Promeneur about this week, and about last week's bilan.

    A command is about one week's reminders, whatever the day. Raises TourneeError for a week that
    cannot be reminded of.
    """
    book = desk.book
    if scope.step is Step.ANY and all(book[tab].absent for tab in TABS):
        return Plan()  # a coordination that does not follow presence in this workbook
    problems = [problem for tab in TABS for problem in book[tab].problems]
    if any(book[tab].unusable for tab in TABS):
        if scope.step is not Step.ANY:
            raise TourneeError(problems[0].what, problems[0].remedy)
        return Plan(problems=tuple(problems))
    current = IsoWeek.of(desk.today)
    ledger = read_presence(desk)
    decider = _Decider(desk, ledger, alerts(desk, ledger), asked=scope.step is not Step.ANY)
    if decider.asked:
        verdicts = list(decider.reminders(_asked(scope.ref, desk)))
    else:
        last = current.previous()
        verdicts = [*decider.reminders(current), *decider.missed(last), *decider.bilans(last)]
    flagged = {verdict.problem for verdict in verdicts if isinstance(verdict, Flag)}
    problems += [problem for problem in ledger.problems if problem not in flagged]
    problems += calendar_problems(desk, current)
    return Plan(
        tuple(verdicts),
        tuple(dict.fromkeys(problems)),
        facts=decider.alerts.facts,
        written_facts=decider.alerts.written_facts,
    )


def _asked(said: str, desk: Desk) -> IsoWeek:
    """The week that a command names; the current one by default. Raises TourneeError."""
    current = IsoWeek.of(desk.today)
    if not said:
        return current
    try:
        week = iso_week(Cell(said, Kind.TEXT), desk.today)
    except Unreadable as error:
        raise TourneeError(error.what, error.remedy) from None
    if week > current:
        raise TourneeError(f"La semaine {week} n'a pas commencé.", f"La semaine en cours est {current}.")
    if week < past_weeks(current)[-1]:
        raise TourneeError(
            f"La semaine {week} est trop ancienne pour un rappel.", f"La semaine en cours est {current}."
        )
    return week


class _NotNow(Exception):
    """Nothing is written to this Promeneur about this week, for a reason in words."""

    def __init__(self, reason: str, until: date | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.until = until


@dataclass(slots=True)
class _Decider:
    """The verdicts of a round, Promeneur by Promeneur in sheet order."""

    desk: Desk
    ledger: Ledger
    alerts: Alerts
    asked: bool
    """A person asked for it: whatever the day, and though an address bounced."""
    _flagged: set[Problem] = field(default_factory=set)

    def reminders(self, week: IsoWeek) -> Iterator[Verdict]:
        """Of this week."""
        due = self.desk.settings["jour_de_rappel"].of(week, self.desk.now.tzinfo)
        start = None if self.asked else due
        tab = self.desk.book[words.PEOPLE]
        for row in tab.rows:
            if row.number in tab.held:
                key = message_key(f"ligne-{row.number}", REMINDER, week)
                yield self._flag(key, tab.held[row.number])
            elif ref := tab.refs.get(row.number):
                yield self._verdict(ref, row, REMINDER, week, start)

    def bilans(self, week: IsoWeek) -> Iterator[Verdict]:
        """Of the week before, for those who have a row in it."""
        moment = self.desk.settings["bilan"]
        if moment is None:
            return
        due = moment.of(week.next(), self.desk.now.tzinfo)
        for ref, row in self.desk.book[words.PEOPLE].by_ref().items():
            entry = self.ledger.entry(week, ref)
            if entry and entry.rows:
                yield self._verdict(ref, row, BILAN, week, due)

    def missed(self, week: IsoWeek) -> Iterator[Verdict]:
        """The reminders of the week before that were due and did not leave."""
        missed = Missed(self.desk, self.ledger, self.alerts)
        for ref, row in self.desk.book[words.PEOPLE].by_ref().items():
            if wait := missed.wait(ref, row, REMINDER, week):
                yield wait

    def _flag(self, key: str, problem: Problem) -> Verdict:
        """A problem is told once, though it holds two messages."""
        if problem in self._flagged:
            return Wait(key, f"à corriger d'abord : {problem.where}")
        self._flagged.add(problem)
        return Flag(key, problem)

    def _verdict(self, ref: str, row: Row, step: str, week: IsoWeek, start: datetime | None) -> Verdict:
        key = message_key(ref, step, week)
        record = self.desk.history.records.get(key)
        if settled := _settled(record, key, self.desk):
            return settled
        until = self._limit(step, week, start)
        try:
            hold_retry(record, self.desk, key, until)
            self._in_service(ref, row, step, week)
            self._short(ref, row, week)
            recipients = self._reachable(ref, row, week)
            self._due(key, step, week, start, until)
            self._dealt_with(key, ref, week)
        except Held as held:
            return held.verdict
        except _NotNow as held:
            return Wait(key, held.reason, until=held.until)
        except Flagged as flagged:
            return self._flag(key, flagged.problem)
        return Send(
            key,
            campaign(week),
            step,
            ref,
            recipients,
            TEMPLATES[step],
            variables(self.desk, self.ledger, ref, row, week),
            self.desk.book[words.PEOPLE].where(row, "Courriel"),
            choices=HOURS,
            limit=until,
        )

    def _in_service(self, ref: str, row: Row, step: str, week: IsoWeek) -> None:
        """In the network and not away: on this day for a reminder, on the week's working days for a bilan."""
        tab, today = self.desk.book[words.PEOPLE], self.desk.today
        working = [day for day in week.days if is_working_day(day)] or list(week.days)
        days = [today, min(today, week.sunday)] if step == REMINDER else [today, working[0], working[-1]]
        for day in days:
            if reason := outside_network(tab, row, day, today):
                raise _NotNow(reason)
        if suspended(self.desk, week):
            raise _NotNow("vacances scolaires : les rappels sont suspendus")
        for day in [today] if step == REMINDER else working:
            if reason := people.away(tab, row, day, today):
                raise _NotNow(reason)
        if (back := self.desk.history.absences.get(ref)) and today <= back:
            raise _NotNow(f"absence jusqu'au {french.date_short(back)}, dit une réponse automatique")

    def _short(self, ref: str, row: Row, week: IsoWeek) -> None:
        """Fewer hours than expected were declared, though there was a day for them."""
        tab = self.desk.book[words.PEOPLE]
        if trouble := self.ledger.trouble(week, ref):
            raise Flagged(trouble)
        least, declared = expected(tab, row, self.desk.settings["minimum"]), self.ledger.declared(week, ref)
        if declared >= least:
            said = french.duration(declared)
            raise _NotNow(f"{said} de présence déclarées, pour un minimum de {french.duration(least)}")
        slots = weekly_slots(tab, row)
        if slots and not open_slots(slots, week):
            raise _NotNow("permanences de la semaine toutes un jour férié")

    def _reachable(self, ref: str, row: Row, week: IsoWeek) -> tuple[str, ...]:
        """The addresses, unless a person has to talk first, or has just done so."""
        if str(week) < self.alerts.cleared.get(ref, ""):
            raise _NotNow(f"alerte levée : les rappels reprennent avec la semaine {self.alerts.cleared[ref]}")
        if said := self.alerts.standing.get(ref):
            raise _NotNow(f"« {said[:40]} » dans la colonne Alerte de Promeneurs, à vider une fois fait")
        recipients = people.contact(self.desk.book[words.PEOPLE], row)
        bounced = {} if self.asked else self.desk.history.bounced
        if alive := tuple(address for address in recipients if address not in bounced):
            return alive
        raise Flagged(
            Problem(
                self.desk.book[words.PEOPLE].where(row, "Courriel"),
                f"Les messages à « {recipients[0]} » reviennent : {bounced[recipients[0]]}",
                "Corrigez l'adresse ; pour réessayer celle-ci, tapez « presence rappeler ».",
            )
        )

    def _due(self, key: str, step: str, week: IsoWeek, start: datetime | None, until: Limit | None) -> None:
        """From its moment on, and not too late."""
        if start is None:
            return
        if self.desk.now < start:
            hold_late(key, until, self.desk.opening(start), self.desk.now, limits.HOURS)
            raise _NotNow(f"{step} prévu {french.moment(start)}", start.date())
        if step == BILAN and self.desk.today > _last_day(step, week, start):
            raise _NotNow("trop tard pour le bilan de cette semaine")

    def _limit(self, step: str, week: IsoWeek, start: datetime | None) -> Limit | None:
        """From when on the mail is not sent any more; what a person asks for leaves at any time."""
        if start is None:
            return None
        last = _last_day(step, week, start)
        end = datetime.combine(last + timedelta(days=1), time(), self.desk.now.tzinfo)
        what = (
            f"Le {step} de la semaine {week} ne partira pas à temps :"
            f" il ne part que jusqu'au {french.date_long(last)}"
        )
        return Limit(end, f"config/presence.toml, {_SETTING[step]}", what, f"Avancez {_SETTING[step]}")

    def _dealt_with(self, key: str, ref: str, week: IsoWeek) -> None:
        """No answer about this week waits for a person: until then nothing more is asked about it."""
        entry = self.ledger.entry(week, ref)
        if entry is None or not entry.to_read:
            return
        tab = self.desk.book[words.PRESENCE]
        where = tab.where(entry.rows[0], "Réponse") if entry.rows else tab.title
        why, first = _READ_FIRST[entry.to_read]
        remedy = f"{first}, puis notez les heures et écrivez Oui dans Réponse."
        raise Held(Wait(key, f"{why} ({where})", due=True, remedy=remedy))


def _last_day(step: str, week: IsoWeek, start: datetime) -> date:
    """The last day on which a mail of `start` leaves."""
    return week.sunday if step == REMINDER else max(week.sunday + timedelta(days=_BILAN_DAYS), start.date())


def _settled(record: Record | None, key: str, desk: Desk) -> Verdict | None:
    """What an earlier round made of it; None when it is still to be sent."""
    if record is None:
        return None
    match record.state:
        case State.UNCERTAIN | State.SENDING:
            return Unsure(key)
        case State.SENT:
            return Wait(key, past_words(record, desk) or "déjà envoyé")
        case State.REFUSED:
            return Wait(key, f"refusé : {refusals(record) or record.detail}")
    return None
