"""Which reminder of a session somebody gets now, and why the others get none (design §3–4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from workflows.core import french, words
from workflows.core.campaign_rows import Held, past_words
from workflows.core.messages import Flag, Record, State, Unsure, Wait
from workflows.core.people import away, outside_network
from workflows.core.tables import Row
from workflows.core.training.announcements import last_day
from workflows.core.training.registrations import Attendance, surplus_problem
from workflows.core.training.reminders import Reminder, next_reminder, reminders
from workflows.core.training.sessions import Session
from workflows.core.workflow import Desk

_TO_READ = (words.QUESTION, words.TO_READ, words.OBJECTION)


@dataclass(slots=True)
class Reminding:
    """The reminders of one session that has a day."""

    desk: Desk
    session: Session
    attendance: Attendance
    _day: date = field(init=False)
    _plan: list[Reminder] = field(init=False)
    _last_day: dict[str, date] = field(init=False)

    def __post_init__(self) -> None:
        assert self.session.start is not None
        self._day = self.session.start.date()
        self._plan = reminders(self._day, self.desk.settings["rappels"])
        zone = self.desk.now.tzinfo
        self._last_day = last_day(self.desk.history.records, self.session.campaign, zone)

    def due(self, row: Row, ref: str, invitation: Record | None, line: Row | None, said: str) -> Reminder:
        """The reminder for somebody who was invited and answered this. Raises Held, Flagged."""
        key = invitation.key if invitation else f"{self.session.campaign}:{ref}"
        past = past_words(invitation, self.desk)
        if ref in self.attendance.surplus:
            raise Held(Flag(key, surplus_problem(self.desk, line, self.session, ref)))
        if reason := self._absent(row) or self._answered(ref, said):
            raise Held(Wait(key, past_words(invitation, self.desk, reason)))
        begun = self._begun(ref)
        reminder = self._next(ref, begun)
        if reminder and (reminder.due <= self.desk.today or self.desk.trial):
            return reminder
        for record in begun.values():
            if record.state in (State.UNCERTAIN, State.SENDING):
                raise Held(Unsure(record.key))
        if reminder is None:
            earlier = [
                f"rappel J-{r.days}" for r in self._plan if r.step in begun and r.due > self.desk.today
            ]
            said_before = f"{french.join(earlier)} : déjà fait pour la date d'avant" if earlier else ""
            reason = past_words(invitation, self.desk, said_before)
            raise Held(Wait(key, reason or "plus de rappel à envoyer"))
        planned = f"rappel J-{reminder.days} prévu le {french.date_short(reminder.due)}"
        reason = " ; ".join(filter(None, (past, planned)))
        raise Held(Wait(self._key(ref, reminder), reason, until=reminder.due))

    def _key(self, ref: str, reminder: Reminder) -> str:
        return f"{self.session.campaign}:{ref}:{reminder.step}"

    def _begun(self, ref: str) -> dict[str, Record]:
        """By step, the reminders that are no longer to be decided about."""
        records = {r.step: self.desk.history.records.get(self._key(ref, r)) for r in self._plan}
        return {
            step: record for step, record in records.items() if record and record.state is not State.PLANNED
        }

    def _next(self, ref: str, done: Collection[str]) -> Reminder | None:
        if self.desk.trial:
            return next((r for r in self._plan if r.step not in done), None)
        return next_reminder(self._plan, done, self._last_day[ref], self.desk.today)

    def _absent(self, row: Row) -> str:
        people, today = self.desk.book[words.PEOPLE], self.desk.today
        return outside_network(people, row, self._day, today) or away(people, row, self._day, today)

    def _answered(self, ref: str, said: str) -> str:
        """Why what came back stops reminders; empty when it does not."""
        if said == words.NO:
            return "a répondu Non"
        if said in _TO_READ:
            return f"réponse à lire avant tout rappel : {said}"
        if said == words.BOUNCED:
            return "l'invitation n'est pas arrivée (Rejet)"
        back = self.desk.history.absences.get(ref)
        if back and back > self._day:
            return f"absence jusqu'au {french.date_short(back)} (réponse automatique)"
        if said != words.YES and self.attendance.full(self.session):
            return "la session est complète"
        return ""
