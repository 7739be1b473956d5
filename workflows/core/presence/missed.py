"""Mail that was due and never left, now that its time is over: what is still said of it (design §1, §4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflows.core import words
from workflows.core.cells import fold, label
from workflows.core.messages import State, Wait
from workflows.core.presence.alerts import Alerts, ShortWeeks
from workflows.core.presence.rows import Ledger
from workflows.core.presence.weeks import BILAN, REMINDER, message_key
from workflows.core.reading import Flagged
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Desk

COLUMNS = {REMINDER: "Rappel", BILAN: "Bilan"}
_YET_TO_LEAVE = (fold(words.WAITING), fold(words.TO_SEND), fold(words.TO_FIX))


@dataclass(slots=True)
class Missed:
    """Tells the mail that was missed from the mail that was never needed."""

    desk: Desk
    ledger: Ledger
    alerts: Alerts
    open_from: dict[str, IsoWeek] = field(init=False)
    """By step, the first week whose mail may still leave."""
    short: ShortWeeks = field(init=False)

    def __post_init__(self) -> None:
        current = IsoWeek.of(self.desk.today)
        self.open_from = {REMINDER: current, BILAN: current.previous()}
        self.short = ShortWeeks(self.desk, self.ledger)

    def wait(self, ref: str, person: Row, step: str, week: IsoWeek) -> Wait | None:
        """That it did not leave in time; None where it may still leave, left, or was not needed."""
        if week >= self.open_from[step]:
            return None
        key = message_key(ref, step, week)
        record = self.desk.history.records.get(key)
        planned = record is not None and record.state is State.PLANNED
        if planned or (record is None and self._was_due(ref, person, step, week)):
            return Wait(key, f"le {step} n'est pas parti à temps")
        return None

    def _was_due(self, ref: str, person: Row, step: str, week: IsoWeek) -> bool:
        """Whether a row says that it waits, though nothing held it back but the moment."""
        entry = self.ledger.entry(week, ref)
        rows = [row for row in entry.rows if self._waits(row, step)] if entry else []
        if not rows or ref in self.alerts.standing or str(week) < self.alerts.cleared.get(ref, ""):
            return False
        try:
            return self.short.short(ref, person, week) is True
        except Flagged:
            return False

    def _waits(self, row: Row, step: str) -> bool:
        """An absence that was told then holds, though Promeneurs may speak of another one by now."""
        waits = fold(label(row.cell(COLUMNS[step]))) in _YET_TO_LEAVE
        return waits and not fold(label(row.cell("Motif"))).startswith("absence")
