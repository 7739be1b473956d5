"""The rows of Présence: what each Promeneur declared for each week (design §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from workflows.core import french
from workflows.core.book import Identified
from workflows.core.cells import Unreadable, fold, is_blank, label
from workflows.core.people import full_name
from workflows.core.ports import Cell
from workflows.core.presence.weeks import past_weeks, week_of
from workflows.core.problems import Problem
from workflows.core.reading import Flagged, read
from workflows.core.received import Reply, standing_word
from workflows.core.rows import hours, iso_week
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.words import PEOPLE, PRESENCE, QUESTION, TO_READ
from workflows.core.workflow import Desk

_FOR_HER = {fold(word): word for word in (TO_READ, QUESTION)}


@dataclass(slots=True)
class Entry:
    """What Présence says of one Promeneur and one week."""

    rows: list[Row] = field(default_factory=list)
    """Usually one; their hours add up."""
    declared: timedelta | None = None
    """None: no row says anything."""
    problem: Problem | None = None
    """The first of its cells that cannot be read: what was declared is not known then."""
    to_read: str = ""
    """« À lire » or « Question »: her answer to it, or the hours that she makes of it, are still to come."""


@dataclass(slots=True)
class Ledger:
    """The rows of Présence that still matter, by week and Promeneur."""

    entries: dict[tuple[IsoWeek, str], Entry] = field(default_factory=dict)
    astray: dict[str, Problem] = field(default_factory=dict)
    """Promeneurs with a row whose week cannot be read: any week of theirs may be that one."""
    problems: list[Problem] = field(default_factory=list)
    """Cells that cannot be read, rows of nobody known, and several rows of one week."""

    def entry(self, week: IsoWeek, ref: str) -> Entry | None:
        return self.entries.get((week, ref))

    def declared(self, week: IsoWeek, ref: str) -> timedelta:
        """The hours of a week; none where nothing was said."""
        entry = self.entry(week, ref)
        return (entry.declared if entry else None) or timedelta()

    def trouble(self, week: IsoWeek, ref: str) -> Problem | None:
        """Why it is not known what was declared."""
        entry = self.entry(week, ref)
        return (entry.problem if entry else None) or self.astray.get(ref)


def read_presence(desk: Desk) -> Ledger:
    """Read the rows, in whatever form the week is written; those of weeks long past are left alone."""
    tab, people, today = desk.book[PRESENCE], desk.book[PEOPLE], desk.today
    oldest = past_weeks(IsoWeek.of(today))[-1]
    ledger = Ledger()
    # Of a Réf. that several bear, nothing is said here: Promeneurs says it already.
    refs: dict[str, str | None] = {
        fold(label(row.cell("Réf."))): "" for row in people.rows if row.number in people.held
    }
    left = {fold(record.subject): "" for record in desk.history.records.values()}  # may have left since
    refs = left | refs | {fold(ref): ref for ref in people.by_ref()} | {"": None}
    weeks: dict[Cell, IsoWeek | Unreadable] = {}
    whose: dict[Cell, str | None] = {}
    for row in tab.rows:
        if is_blank(row.cell("Promeneur")) and is_blank(row.cell("Heures")):
            continue  # a line that only prepares or separates weeks
        named = row.cell("Promeneur")
        if named not in whose:  # as for the weeks: the same few cells, thousands of times
            whose[named] = refs.get(fold(label(named)))
        ref = whose[named]
        week = _week(row.cell("Semaine"), today, weeks)
        if isinstance(week, Unreadable):
            problem = week.at(tab.where(row, "Semaine"))
            ledger.problems.append(problem)
            if ref:
                ledger.astray.setdefault(ref, problem)
        elif week < oldest:
            continue
        elif ref is None:
            ledger.problems.append(_stranger(tab, row, people))
        elif ref:
            _add(ledger.entries.setdefault((week, ref), Entry()), tab, row)
    _count_replies(ledger, desk.history.answers)
    _keep_to_read(ledger, desk.history.answers)
    for (week, ref), entry in ledger.entries.items():
        ledger.problems += [entry.problem] if entry.problem else []
        ledger.problems += [_several(tab, week, ref, entry)] if len(entry.rows) > 1 else []
    return ledger


def _week(cell: Cell, today: date, known: dict[Cell, IsoWeek | Unreadable]) -> IsoWeek | Unreadable:
    """The week of a row; a tab repeats the same few cells thousands of times."""
    if cell not in known:
        try:
            known[cell] = iso_week(cell, today)
        except Unreadable as error:
            known[cell] = error
    return known[cell]


def _add(entry: Entry, tab: Identified, row: Row) -> None:
    entry.rows.append(row)
    try:
        if row.number in tab.held:
            raise Flagged(tab.held[row.number])
        said = read(tab, row, "Heures", hours)
        if said is None:
            said = read(tab, row, "Heures reçues", hours)
    except Flagged as flagged:
        entry.problem = entry.problem or flagged.problem
    else:
        if said is not None:
            entry.declared = (entry.declared or timedelta()) + said


def _count_replies(ledger: Ledger, answers: Mapping[tuple[str, str], Reply]) -> None:
    """Hours that a reply gave, before the sheet shows them: they stand where she wrote none."""
    for (name, ref), reply in answers.items():
        week = week_of(name)
        if week is None or reply.hours is None:
            continue
        entry = ledger.entries.setdefault((week, ref), Entry())
        if entry.problem is None and all(is_blank(row.cell("Heures")) for row in entry.rows):
            entry.declared = reply.hours


def _keep_to_read(ledger: Ledger, answers: Mapping[tuple[str, str], Reply]) -> None:
    """The answers that wait for a person, until she types hours or another word."""
    replies = {(week_of(name), ref): reply for (name, ref), reply in answers.items()}
    for about, entry in ledger.entries.items():
        typed = next(filter(None, (label(row.cell("Réponse")) for row in entry.rows)), "")
        word = standing_word(typed, replies.get(about))
        if word and fold(word) in _FOR_HER and all(is_blank(row.cell("Heures")) for row in entry.rows):
            entry.to_read = _FOR_HER[fold(word)]


def _stranger(tab: Identified, row: Row, people: Identified) -> Problem:
    """A row of nobody known: a name in place of a `Réf.` is told which one it is."""
    said = label(row.cell("Promeneur"))
    where = tab.where(row, "Promeneur")
    if not said:
        return Problem(where, "Le Promeneur manque.", "Écrivez sa Réf., telle qu'elle est dans Promeneurs.")
    named = [ref for ref, person in people.by_ref().items() if fold(full_name(person)) == fold(said)]
    remedy = f"Écrivez {named[0]}." if len(named) == 1 else "Écrivez sa Réf., telle qu'elle y est."
    return Problem(where, f"« {said[:60]} » n'est la Réf. de personne dans {people.title}.", remedy)


def _several(tab: Identified, week: IsoWeek, ref: str, entry: Entry) -> Problem:
    lines = french.join([str(row.number) for row in entry.rows])
    counted = "" if entry.problem else " : leurs heures s'ajoutent"
    return Problem(
        f"{tab.title}, lignes {lines}",
        f"{ref} y est plusieurs fois pour la semaine {week}{counted}.",
        "Gardez une seule de ces lignes.",
    )
