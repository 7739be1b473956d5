"""How a Promeneur is present: spread over the week or in fixed slots, and how long (design §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from workflows.core import french
from workflows.core.book import Identified
from workflows.core.cells import Unreadable, fold, is_blank, text
from workflows.core.ports import Cell
from workflows.core.reading import read
from workflows.core.rows import minimum, slots
from workflows.core.slots import Slot
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.working_days import is_public_holiday


def expected(tab: Identified, row: Row, usual: timedelta) -> timedelta:
    """The hours expected each week: `Minimum hebdo`, or the usual ones. Raises Flagged."""
    own = read(tab, row, "Minimum hebdo", minimum)
    return usual if own is None else own


def in_slots(tab: Identified, row: Row) -> bool:
    """Whether the presence is in fixed slots; an empty `Mode de présence` is not. Raises Flagged."""
    return read(tab, row, "Mode de présence", _in_slots)


def weekly_slots(tab: Identified, row: Row) -> tuple[Slot, ...]:
    """The slots of someone present in slots; none for the others. Raises Flagged."""
    return read(tab, row, "Permanences", slots) if in_slots(tab, row) else ()


def open_slots(found: Sequence[Slot], week: IsoWeek) -> list[Slot]:
    """Those that do not fall on a public holiday of this week."""
    return [slot for slot in found if not is_public_holiday(week.days[slot.weekday])]


def slots_words(found: Sequence[Slot]) -> str:
    """« mardi de 17 h à 19 h et jeudi de 17 h à 19 h »."""
    return french.join(
        [
            f"{french.WEEKDAYS[slot.weekday]} de {french.time_(slot.start)} à {french.time_(slot.end)}"
            for slot in found
        ]
    )


def _in_slots(cell: Cell) -> bool:
    said = fold(text(cell))
    if said.startswith("permanence"):
        return True
    if is_blank(cell) or said in ("fil de l eau", "au fil de l eau"):
        return False
    raise Unreadable(
        f"« {text(cell)[:60]} » n'est pas un mode de présence.",
        "Écrivez « Fil de l'eau » ou « Permanence ».",
    )
