"""What Présence shows of each week and Promeneur, and what it is believed about (design §4, §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workflows.core import words
from workflows.core.cells import is_blank, label
from workflows.core.messages import Belief, Record, RowWish, Send, State, Verdict
from workflows.core.people import full_name, outside_network
from workflows.core.ports import Value
from workflows.core.presence.alerts import TO_CONTACT, Alerts
from workflows.core.presence.missed import COLUMNS, Missed
from workflows.core.presence.rows import Ledger
from workflows.core.presence.weeks import REMINDER, campaign, message_key, past_weeks
from workflows.core.reading import Flagged
from workflows.core.received import Reply, hours_values
from workflows.core.statuses import (
    SETTLED_BY_COMMAND,
    Shown,
    believed_moment,
    believed_state,
    is_typed,
    shown,
    told_state,
)
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Desk, Outlook


def beliefs(desk: Desk, ledger: Ledger) -> list[Belief]:
    """What the rows say was sent, refused, or may have left."""
    return [
        belief
        for (week, ref), entry in ledger.entries.items()
        for row in entry.rows
        for belief in _beliefs(desk, week, ref, row)
    ]


def _beliefs(desk: Desk, week: IsoWeek, ref: str, row: Row) -> Iterator[Belief]:
    waiting = [h for h in COLUMNS.values() if not (is_blank(row.cell(h)) or believed_state(row.cell(h)))]
    for step, heading in COLUMNS.items():
        state, reached = believed_state(row.cell(heading)), tuple[str, ...]()
        if heading in waiting:
            state, reached = told_state(row.cell(heading), row.cell("Motif"))
        if reached and len(waiting) > 1:  # `Motif` does not say which of them it speaks of
            state, reached = State.UNCERTAIN, ()
        if state is None:
            continue
        at = believed_moment(row.cell("Rappelé le"), desk.now) if step == REMINDER else None
        detail = label(row.cell("Motif")) if state is State.REFUSED else ""
        key = message_key(ref, step, week)
        record = Record(key, campaign(week), step, ref, state, reached, reached, sent_at=at, detail=detail)
        yield Belief(record, typed=is_typed(row.cell(heading)))


def wishes(desk: Desk, outlook: Outlook, ledger: Ledger, alerts: Alerts) -> list[RowWish]:
    """The rows of this week for everyone in the network, and those of which a message is known."""
    current = IsoWeek.of(desk.today)
    board = _Board(desk, outlook, ledger, current, Missed(desk, ledger, alerts))
    found = [wish for week in (current, *past_weeks(current)) for wish in board.week(week)]
    return found + [RowWish(words.PEOPLE.title, ref, {"Alerte": TO_CONTACT}) for ref in alerts.raised]


@dataclass(slots=True)
class _Board:
    """The rows of Présence as they should be."""

    desk: Desk
    outlook: Outlook
    ledger: Ledger
    current: IsoWeek
    missed: Missed
    verdicts: Mapping[str, Verdict] = field(init=False)

    def __post_init__(self) -> None:
        self.verdicts = {verdict.key: verdict for verdict in self.outlook.verdicts}

    def week(self, week: IsoWeek) -> Iterator[RowWish]:
        tab = self.desk.book[words.PRESENCE]
        for ref, person in self.desk.book[words.PEOPLE].by_ref().items():
            rows = entry.rows if (entry := self.ledger.entry(week, ref)) else []
            own = [row for row in rows if row.number in tab.refs]
            states = {step: self._shown(ref, person, step, week) for step in COLUMNS}
            reply = self.desk.history.answers.get((campaign(week), ref))
            if own and (reply or any(states.values())):
                values = self._values(ref, week, own[0], states)
                yield RowWish(words.PRESENCE.title, tab.refs[own[0].number], values)
            elif not rows and self._needs_row(ref, person, week):
                values = {"Nom": full_name(person)[:200], **self._values(ref, week, None, states)}
                yield RowWish(
                    words.PRESENCE.title,
                    "",
                    values,
                    identity={"Semaine": str(week), "Promeneur": ref},
                    create=True,
                )

    def _needs_row(self, ref: str, person: Row, week: IsoWeek) -> bool:
        """Whether there is a message to speak of, or the week has begun for someone in the network."""
        keys = [message_key(ref, step, week) for step in COLUMNS]
        if any(key in self.desk.history.records or isinstance(self.verdicts.get(key), Send) for key in keys):
            return True
        today = self.desk.today
        try:
            return week == self.current and not outside_network(
                self.desk.book[words.PEOPLE], person, today, today
            )
        except Flagged:
            return False

    def _shown(self, ref: str, person: Row, step: str, week: IsoWeek) -> Shown | None:
        """Where one message stands; None when there is nothing to say of it."""
        key = message_key(ref, step, week)
        record, verdict = self.desk.history.records.get(key), self.verdicts.get(key)
        verdict = verdict or self.missed.wait(ref, person, step, week)
        if record is None and verdict is None:
            return None
        return shown(record, verdict, self.outlook.leaving, self.desk.now, unsure=SETTLED_BY_COMMAND)

    def _values(
        self, ref: str, week: IsoWeek, row: Row | None, states: Mapping[str, Shown | None]
    ) -> dict[str, Value]:
        values: dict[str, Value] = {COLUMNS[step]: state.state for step, state in states.items() if state}
        if reminder := states[REMINDER]:
            values["Rappelé le"] = reminder.at
        reasons = [state.reason for state in states.values() if state and state.reason]
        decided = any(message_key(ref, step, week) in self.verdicts for step in COLUMNS)
        doubted = row is not None and label(row.cell("Motif")).startswith(SETTLED_BY_COMMAND[:14])
        reply = self.desk.history.answers.get((campaign(week), ref))
        if reply:
            values |= hours_values(reply, self.desk.now.tzinfo)
            reasons += [_to_read(reply)] if reply.word in (words.TO_READ, words.QUESTION) else []
        if reasons or decided or doubted:  # else the reason of an earlier round stays
            values["Motif"] = " ; ".join(dict.fromkeys(reasons))[:500] or None
        return values


def _to_read(reply: Reply) -> str:
    """What a person has to read, in a tab that has no column of extracts."""
    why = f" ({reply.reason})" if reply.reason else ""
    return f"réponse{why} : « {reply.extract[:200]} »"
