"""`Alerte`: who has been short for several weeks in a row, until a person clears it (design §4).

A fact `alerte:PRO-007` says that the cell was seen, or certainly written, in its present standing; a
cell found empty after that was cleared by a person, unless the workbook may be older than the past, and
`compte:PRO-007` then holds the week from which the count starts anew. Without the journal both are
unknown: an alert that still stands is believed, and what was cleared counts again from the rows, so that
an alert may come back once rather than be lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from workflows.core.cells import label
from workflows.core.messages import State
from workflows.core.people import absence, membership
from workflows.core.presence.modes import expected, open_slots, weekly_slots
from workflows.core.presence.rows import Ledger
from workflows.core.presence.weeks import BILAN, REMINDER, message_key, past_weeks, suspended
from workflows.core.reading import Flagged
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.words import PEOPLE
from workflows.core.workflow import Desk
from workflows.core.working_days import is_working_day

TO_CONTACT = "À contacter"
_LEFT = (State.SENT, State.UNCERTAIN, State.SENDING)


@dataclass(slots=True)
class Alerts:
    """Who is to be contacted."""

    standing: dict[str, str] = field(default_factory=dict)
    """By Promeneur, what `Alerte` says or is about to say."""
    raised: list[str] = field(default_factory=list)
    """Those whose cell is still to be written."""
    cleared: dict[str, str] = field(default_factory=dict)
    """By Promeneur, the week with which everything starts anew since an alert was cleared."""
    facts: dict[str, str] = field(default_factory=dict)
    """To be remembered at once."""
    written_facts: dict[str, str] = field(default_factory=dict)
    """To be remembered once the cells are written."""


def alerts(desk: Desk, ledger: Ledger) -> Alerts:
    """What stands, what a person cleared, and what three (`alerte_apres`) short weeks raise."""
    found = Alerts()
    counter = ShortWeeks(desk, ledger)
    table = desk.book[PEOPLE].table
    certain = not (desk.restored or desk.unnumbered) and table is not None and "Alerte" in table.columns
    for ref, row in desk.book[PEOPLE].by_ref().items():
        said, seen = label(row.cell("Alerte")), f"alerte:{ref}" in desk.history.facts
        found.cleared[ref] = desk.history.facts.get(f"compte:{ref}", "")
        if said:
            found.standing[ref] = said
            if not seen:
                found.facts[f"alerte:{ref}"] = "oui"
        elif seen and certain:
            found.cleared[ref] = str(counter.current)
            found.facts |= {f"alerte:{ref}": "", f"compte:{ref}": found.cleared[ref]}
        elif seen or counter.reached(ref, row, found.cleared[ref]):
            found.standing[ref] = TO_CONTACT
            found.raised.append(ref)
            found.written_facts[f"alerte:{ref}"] = "oui"
    return found


@dataclass(slots=True)
class ShortWeeks:
    """Tells and counts the short weeks of one Promeneur, back from last week."""

    desk: Desk
    ledger: Ledger
    current: IsoWeek = field(init=False)
    past: list[IsoWeek] = field(init=False)
    suspended: frozenset[IsoWeek] = field(init=False)

    def __post_init__(self) -> None:
        self.current = IsoWeek.of(self.desk.today)
        self.past = past_weeks(self.current)
        self.suspended = frozenset(week for week in self.past if suspended(self.desk, week))

    def reached(self, ref: str, row: Row, since: str) -> bool:
        """Whether the weeks before the current one, from `since` on, end with enough short ones."""
        short = 0
        try:
            for week in self.past:
                if str(week) < since:
                    break
                counts = self.short(ref, row, week)
                if counts is False:
                    break
                short += counts is True
        except Flagged:
            return False  # the cell is told as a problem elsewhere, and holds the mail as well
        return short >= int(self.desk.settings["alerte_apres"])

    def short(self, ref: str, row: Row, week: IsoWeek) -> bool | None:
        """Whether fewer hours than expected were declared; None for a week that does not count.

        Raises Flagged.
        """
        entry = self.ledger.entry(week, ref)
        reminded = self._left(ref, REMINDER, week)
        if (entry is None and not reminded) or self.ledger.trouble(week, ref):
            return None
        if self.ledger.declared(week, ref) >= expected(
            self.desk.book[PEOPLE], row, self.desk.settings["minimum"]
        ):
            return False
        if entry and entry.to_read:
            return None
        mailed = reminded or self._left(ref, BILAN, week)
        return None if not mailed and self._excused(ref, row, week) else True

    def _left(self, ref: str, step: str, week: IsoWeek) -> bool:
        record = self.desk.history.records.get(message_key(ref, step, week))
        return record is not None and record.state in _LEFT

    def _excused(self, ref: str, row: Row, week: IsoWeek) -> bool:
        """Whether no mail could leave about this week."""
        people, today = self.desk.book[PEOPLE], self.desk.today
        if (back := self.desk.history.absences.get(ref)) and week.monday <= back:
            return True
        if week in self.suspended or not membership(people, row, today).holds_all(week.monday, week.days[4]):
            return True
        off = absence(people, row, today)
        if off and any(off.holds(day) for day in week.days if is_working_day(day)):
            return True
        slots = weekly_slots(people, row)
        return bool(slots) and not open_slots(slots, week)
