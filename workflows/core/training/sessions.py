"""The rows of Sessions, read: trainings, gatherings, practice-analysis sessions (design §4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from workflows.core import french, words
from workflows.core.book import Identified
from workflows.core.campaigns import Kind, standing_order
from workflows.core.cells import Unreadable, fold, long_text, plain, text
from workflows.core.people import PARENTS, YOUNG, audiences, listed, newcomer
from workflows.core.ports import Cell
from workflows.core.problems import Problem
from workflows.core.reading import Cells
from workflows.core.rows import count, date_, optional_date, optional_time, time_, url
from workflows.core.tables import Row

KIND = Kind(words.SESSIONS, "La session", "formation inviter", "lancée", (words.LAUNCH, words.NOTIFY))
ASSUMED_LENGTH = timedelta(hours=2)
"""Of a session whose `Fin` is empty: calendars need an end, the text names only the start."""
ALL, NEW = "tous", "nouveaux"
_AUDIENCE = {
    **dict.fromkeys(("tous", "toutes", "tout", "tout le monde"), ALL),
    **dict.fromkeys(("jeune", "jeunes"), YOUNG),
    **dict.fromkeys(("parent", "parents"), PARENTS),
    **dict.fromkeys(("nouveau", "nouveaux", "nouvelle", "nouvelles"), NEW),
}


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `start` and `end` are aware, in the coordination's zone; None while not understood."""

    ref: str
    row: Row
    kind: str
    title: str
    order: str
    """Her standing order, one of words.SESSION_ORDERS, or empty."""
    start: datetime | None
    end: datetime | None
    ends: bool
    """`Fin` is filled in."""
    place: str
    link: str
    programme: str
    audience: frozenset[str]
    """ALL, NEW, YOUNG, PARENTS; any of them is enough."""
    reply_by: date | None
    places: int | None
    problems: tuple[Problem, ...] = ()
    """What holds the whole session."""

    @property
    def campaign(self) -> str:
        """The session's name in keys and in the journal."""
        return f"formation:{self.ref}"

    @property
    def content(self) -> str:
        """What has to be announced when it changes: the moment, then a digest of end, place and link."""
        if self.start is None:
            return ""
        rest = "\n".join([f"{self.end:%H:%M}" if self.ends else "", plain(self.place), self.link])
        digest = hashlib.sha256(rest.encode()).hexdigest()[:6]
        return f"{self.start:%Y-%m-%dT%H:%M}~{digest}"

    @property
    def when(self) -> str:
        """« jeudi 1er avril 2027 à 14 h »."""
        return french.moment(self.start) if self.start else ""

    @property
    def hours(self) -> str:
        """« de 14 h à 17 h 30 », « à 14 h »."""
        if self.start is None or self.end is None:
            return ""
        start = french.time_(self.start.time())
        return f"de {start} à {french.time_(self.end.time())}" if self.ends else f"à {start}"


def announced_start(content: str, zone: tzinfo | None) -> datetime | None:
    """The moment that an announced content spoke of; None for one that tells none."""
    try:
        return datetime.fromisoformat(content.partition("~")[0]).replace(tzinfo=zone)
    except ValueError:
        return None


def read_sessions(tab: Identified, now: datetime) -> list[Session]:
    """The rows of Sessions that can be told apart, in sheet order."""
    return [_read(tab, ref, row, now) for ref, row in tab.by_ref().items()]


def _read(tab: Identified, ref: str, row: Row, now: datetime) -> Session:
    cells, today = Cells(tab, row), now.date()
    day = cells.required("Date", lambda cell: date_(cell, today), None)
    begins = cells.required("Début", time_, None)
    ends = cells.read("Fin", optional_time, None)
    start = datetime.combine(day, begins, now.tzinfo) if day and begins is not None else None
    kind = cells.read("Type", text, "")
    session = Session(
        ref,
        row,
        kind,
        cells.read("Intitulé", text, "") or kind or "Rencontre du réseau",
        cells.read("Commande", lambda _: standing_order(row, words.SESSION_ORDERS), ""),
        start,
        _end(cells, start, ends),
        ends is not None,
        cells.read("Lieu", text, ""),
        cells.read("Lien visio", url, ""),
        cells.read("Programme", long_text, ""),
        cells.read("Public", _audience, frozenset()),
        cells.read("Répondre avant", _reply_by(start, today), None),
        cells.read("Places", _places, None),
    )
    return replace(session, problems=tuple(cells.problems))


def _end(cells: Cells, start: datetime | None, ends: time | None) -> datetime | None:
    if start is None or ends is None:
        return start + ASSUMED_LENGTH if start else None
    end = datetime.combine(start.date(), ends, start.tzinfo)
    if end > start:
        return end
    what = f"La fin ({french.time_(ends)}) n'est pas après le début ({french.time_(start.time())})."
    where = cells.tab.where(cells.row, "Fin")
    cells.problems.append(Problem(where, what, "Corrigez l'une des deux heures."))
    return start + ASSUMED_LENGTH


def _audience(cell: Cell) -> frozenset[str]:
    said = text(cell)
    found = [fold(said)] if fold(said) in _AUDIENCE else [w for w in listed(said) if w != "promeneurs"]
    if any(word not in _AUDIENCE for word in found):
        raise Unreadable(
            f"« {said[:60]} » n'est pas compris.",
            f"Écrivez {french.join([f'« {word} »' for word in (ALL, YOUNG, PARENTS, NEW)], 'ou')}"
            " (plusieurs sont possibles).",
        )
    return frozenset(_AUDIENCE[word] for word in found)


def _reply_by(start: datetime | None, today: date) -> Callable[[Cell], date | None]:
    def reader(cell: Cell) -> date | None:
        found = optional_date(cell, today)
        if found and start and found > start.date():
            raise Unreadable(
                f"Le {french.date_short(found)} est après la session.", "Corrigez cette date, ou videz-la."
            )
        return found

    return reader


def _places(cell: Cell) -> int | None:
    found = count(cell)
    if found == 0:
        raise Unreadable("Il n'y a aucune place.", "Écrivez leur nombre, ou videz la cellule.")
    return found


def not_named(session: Session, people: Identified, row: Row, today: date) -> str:
    """Why `Public` does not name a Promeneur, in words; empty when it does.

    « nouveaux » are those whose initial training is not over on the day of the session. Raises Flagged.
    """
    wanted = session.audience
    if not wanted or ALL in wanted:
        return ""
    day = session.start.date() if session.start else today
    if wanted & {YOUNG, PARENTS} and wanted & audiences(people, row):
        return ""
    if NEW in wanted and newcomer(people, row, day, today):
        return ""
    named = french.join([word for word in (YOUNG, PARENTS, NEW) if word in wanted], "ou")
    return f"hors du public de la session ({named})"
