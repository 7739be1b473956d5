"""The rows of Appels, read (design §4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from workflows.core import words
from workflows.core.attachments import HEADING as ATTACHMENT
from workflows.core.attachments import Shelf, attachments
from workflows.core.book import Identified
from workflows.core.calls.selection import Selection, parse_selection
from workflows.core.campaigns import Kind, standing_order
from workflows.core.cells import long_text, short_text
from workflows.core.french import date_long, date_short
from workflows.core.limits import Limit
from workflows.core.ports import Cell
from workflows.core.problems import Problem
from workflows.core.reading import Cells
from workflows.core.rows import optional_date, url
from workflows.core.tables import Row

KIND = Kind(words.CALLS, "L'appel", "appel lancer", "lancé", (words.LAUNCH,))


@dataclass(frozen=True, slots=True)
class Call:
    """One call for applications."""

    ref: str
    row: Row
    title: str
    order: str
    """Her standing order, one of words.CAMPAIGN_ORDERS, or empty."""
    opening: date | None
    deadline: date | None
    link: str
    selection: Selection
    attachments: tuple[str, ...] = ()
    """Files that go with the announcement."""
    problems: tuple[Problem, ...] = ()
    """What holds the whole call."""

    @property
    def campaign(self) -> str:
        """The call's name in keys and in the journal."""
        return f"appel:{self.ref}"


def read_calls(tab: Identified, today: date, shelf: Shelf) -> list[Call]:
    """The rows of Appels that can be told apart, in sheet order."""
    return [_read(tab, ref, row, today, shelf) for ref, row in tab.by_ref().items()]


def _read(tab: Identified, ref: str, row: Row, today: date, shelf: Shelf) -> Call:
    cells = Cells(tab, row)
    call = Call(
        ref,
        row,
        cells.read("Titre", short_text, ""),
        cells.read("Commande", lambda _: standing_order(row, words.CAMPAIGN_ORDERS), ""),
        cells.read("Ouverture", lambda cell: optional_date(cell, today), None),
        cells.read("Date limite", lambda cell: optional_date(cell, today), None),
        cells.read("Lien", url, ""),
        cells.read("Destinataires", _selection, Selection()),
        cells.read(ATTACHMENT, lambda cell: attachments(cell, shelf), ()),
    )
    if not call.title and not cells.problems:
        where = tab.where(row, "Titre")
        cells.problems.append(Problem(where, "Le titre de l'appel manque.", "Écrivez-le dans cette cellule."))
    if call.opening and call.deadline and call.deadline < call.opening:
        days = f"({date_short(call.deadline)}) est avant l'ouverture ({date_short(call.opening)})"
        where = tab.where(row, "Date limite")
        cells.problems.append(Problem(where, f"La date limite {days}.", "Corrigez l'une des deux."))
    return replace(call, problems=tuple(cells.problems))


def limit(tab: Identified, call: Call, follow_up: bool, zone: tzinfo | None) -> Limit | None:
    """From when on a mail of a call is of no use: the end of `Date limite`, if there is one."""
    if call.deadline is None:
        return None
    end = datetime.combine(call.deadline + timedelta(days=1), time(), zone)
    mail = "La relance" if follow_up else "L'annonce"
    what = f"{mail} ne partira pas à temps : la date limite est le {date_long(call.deadline)}"
    return Limit(end, where(tab, call), what, "Repoussez Date limite")


def where(tab: Identified, call: Call) -> str:
    """Where it is said that mails of a call are too late."""
    return tab.where(call.row, "Date limite")


def _selection(cell: Cell) -> Selection:
    return parse_selection(long_text(cell), words.STRUCTURES.headings)
