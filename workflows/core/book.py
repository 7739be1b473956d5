"""The workbook as workflows see it: tables by their canonical names, each row with its `Réf.`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from workflows.core import rows, words
from workflows.core.asides import without_asides
from workflows.core.holding import Holding, Written, copied
from workflows.core.ports import Column, Kind, Sheet, Snapshot
from workflows.core.problems import Problem
from workflows.core.rows import Unreadable
from workflows.core.tables import Row, Table, blank_table, parse_table
from workflows.core.words import Tab


@dataclass(frozen=True, slots=True)
class Names:
    """Her names for our tabs and headings ([onglets] and [colonnes])."""

    tabs: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def tab(self, title: str) -> str:
        return self.tabs.get(title, title)

    def columns(self, tab: Tab) -> dict[str, Column]:
        """The tab's columns in order, by canonical heading, each under her own."""
        hers = self.headings.get(tab.title, {})
        return {c.heading: replace(c, heading=hers.get(c.heading, c.heading)) for c in tab.columns}


@dataclass(frozen=True, slots=True)
class Identified:
    """A table whose rows are told apart by their `Réf.`."""

    tab: Tab
    title: str
    """The tab's title in her workbook."""
    table: Table | None
    """None: the tab is missing or its headings are."""
    refs: Mapping[int, str] = field(default_factory=dict)
    """`Réf.` by row number; a row that is not here is held."""
    filled: Mapping[int, str] = field(default_factory=dict)
    """Those of `refs` that are not in the sheet yet."""
    held: Mapping[int, Problem] = field(default_factory=dict)
    """Rows that cannot be told apart, and why."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the tab as a whole."""
    absent: bool = False
    """There is no such tab."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """What each of the tab's columns is to be called and to look like, by canonical heading."""

    @property
    def unusable(self) -> bool:
        """Its headings are not as they should be, or it is hers and missing."""
        return self.table is None and not (self.absent and self.tab.own)

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.table.rows if self.table else ()

    def where(self, row: Row, heading: str) -> str:
        """« Structures, ligne 12, Courriel »."""
        return self.table.where(row, heading) if self.table else self.title

    def abouts(self) -> dict[str, str]:
        """`Réf.` → what its row is about."""
        return {ref: about(self, row) for ref, row in self.by_ref().items()}

    def without_held(self) -> Identified:
        """The same without the rows that are held."""
        kept = tuple(row for row in self.rows if row.number not in self.held)
        return replace(self, table=replace(self.table, rows=kept)) if self.table and self.held else self

    def by_ref(self) -> dict[str, Row]:
        """The rows that can be told apart, by their `Réf.`."""
        return {self.refs[row.number]: row for row in self.rows if row.number in self.refs}


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier rounds remember of the rows, by tab."""

    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What each `Réf.` ever seen was last about."""
    former: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """What each was about before, latest first: an older workbook shows it again."""
    highest: Mapping[str, int] = field(default_factory=dict)
    """By prefix, the highest number ever used."""
    written: Written = lambda _ref: False
    """Whether mail ever left for a `Réf.`."""
    copies: Collection[str] = ()
    """Tabs where a row without `Réf.` has no past: one that tells of a message was copied."""


@dataclass(frozen=True, slots=True)
class Book:
    """All the tabs that a round needs, by canonical title."""

    tabs: Mapping[str, Identified]
    highest: Mapping[str, int] = field(default_factory=dict)
    """By prefix, the highest number that stands anywhere, or that was ever or is now given."""

    def __getitem__(self, tab: Tab) -> Identified:
        return self.tabs[tab.title]

    def contacts(self) -> list[Identified]:
        """Her tabs of structures and people: those that hold addresses."""
        return [t for t in self.tabs.values() if not t.tab.own and "Courriel" in t.tab.headings]

    def names(self) -> dict[str, str]:
        """`Réf.` → the name of each of her structures and people."""
        return {
            ref: " ".join(filter(None, (rows.label(row.cell(heading)) for heading in ("Prénom", "Nom"))))
            for identified in self.contacts()
            for ref, row in identified.by_ref().items()
        }


def read_book(
    snapshot: Snapshot,
    tabs: Sequence[Tab],
    names: Names,
    past: Past,
) -> Book:
    """Parse the tabs and give every row its `Réf.`."""
    by_name = {rows.fold(title): sheet for title, sheet in reversed([*snapshot.sheets.items()])}
    top = _highest_used(snapshot.sheets.values(), tabs, past.highest)
    identified = {
        tab.title: _identify(tab, by_name.get(rows.fold(names.tab(tab.title))), names, past, top)
        for tab in tabs
    }
    return Book(identified, top)


_INSTEAD = {"Intitulé": "Type"}
"""What is read where a heading of the subject is left empty."""


def about(identified: Identified, row: Row) -> str:
    """What a row is about, as it is remembered under its `Réf.`; empty when too little is known."""
    parts = [
        rows.label(row.cell(heading)) or rows.label(row.cell(_INSTEAD.get(heading, "")))
        for heading in identified.tab.subject
    ]
    return "|".join(map(rows.fold, parts)) if parts and all(parts[-2:]) else ""


def _highest_used(sheets: Iterable[Sheet], tabs: Sequence[Tab], highest: Mapping[str, int]) -> dict[str, int]:
    """The highest number of each prefix anywhere in the workbook: a reference elsewhere counts too."""
    top = dict(highest)
    prefixes = {tab.prefix for tab in tabs if tab.prefix}
    if not prefixes:
        return top
    pattern = re.compile(rf"\b({'|'.join(sorted(prefixes))})-(\d{{1,9}})\b", re.IGNORECASE)
    for sheet in sheets:
        for row in sheet.rows:
            for cell in row:
                if isinstance(cell.value, str):
                    for prefix, number in pattern.findall(cell.value):
                        top[prefix.upper()] = max(top.get(prefix.upper(), 0), int(number))
    return top


def _identify(
    tab: Tab,
    sheet: Sheet | None,
    names: Names,
    past: Past,
    top: dict[str, int],
) -> Identified:
    """Parse one tab; fill its missing `Réf.`; hold rows whose `Réf.` cannot be trusted."""
    title, columns = names.tab(tab.title), names.columns(tab)
    known = past.known.get(tab.title, {})
    if sheet is None:
        problems = () if tab.own else (_missing_tab(title),)
        return Identified(tab, title, None, problems=problems, absent=True, columns=columns)
    aliases = names.headings.get(tab.title, {})
    table, found = parse_table(sheet, tab.headings, tab.required, aliases, tab.holding)
    if tab.own and table is None and (empty := blank_table(sheet, tab.headings, aliases)):
        return Identified(tab, sheet.title, empty, columns=columns)
    if table is None:
        return Identified(tab, sheet.title, None, problems=tuple(found), columns=columns)
    table = without_asides(table, tab.subject, known)
    bare = Identified(tab, sheet.title, table, columns=columns)
    refs, held = _read_refs(bare)
    Holding(tab, table, refs, held).twins()
    refs = _as_known(refs, known)
    borne = [*refs.values()]
    if not tab.own:
        says = {row.number: about(bare, row) for row in table.rows}
        holding = Holding(tab, table, refs, held, says)
        holding.renamed(known, past.written)
        if tab.prefix:  # what has none is a call or a session, whose title and date change places at will
            holding.strayed(known, past.written)
    filled = _fill(bare, borne, refs, held, past, top)
    return replace(bare, refs={**refs, **filled}, filled=filled, held=held, problems=(*found, *_astray(bare)))


def _missing_tab(title: str) -> Problem:
    return Problem(
        f"Classeur, onglet {title}",
        f"L'onglet « {title} » est introuvable.",
        "Rendez-lui son nom, ou écrivez le nouveau sous [onglets], dans le fichier du dossier config"
        " où l'ancien est écrit.",
    )


def _read_refs(bare: Identified) -> tuple[dict[int, str], dict[int, Problem]]:
    refs: dict[int, str] = {}
    held: dict[int, Problem] = {}
    assert bare.table is not None
    for row in bare.rows:
        try:
            ref = rows.row_ref(row.cell("Réf."))
        except Unreadable as error:
            held[row.number] = Problem(bare.table.where(row, "Réf."), error.what, error.remedy)
        else:
            if ref:
                refs[row.number] = ref
    return refs, held


_STATES = {words.APPLICATIONS: "Envoi", words.REGISTRATIONS: "Invitation"}
_WHOSE = {
    "Appel": "de l'appel",
    "Structure": "de la structure",
    "Session": "de la session",
    "Promeneur": "du Promeneur",
}


def _astray(bare: Identified) -> Iterator[Problem]:
    """Rows that say that a message left, but not whose: whoever it was could be written to again."""
    state = _STATES.get(bare.tab, "")
    for row in bare.rows if state else ():
        if row.cell(state).kind is not Kind.TEXT or rows.is_blank(row.cell(state)):
            continue
        for heading in bare.tab.subject:
            if rows.is_blank(row.cell(heading)) or row.cell(heading).kind is Kind.ERROR:
                yield Problem(
                    bare.where(row, heading),
                    f"La Réf. {_WHOSE[heading]} manque, alors que la ligne dit"
                    f" « {rows.label(row.cell(state))[:60]} ».",
                    "Écrivez cette Réf., pour que rien ne reparte, ou supprimez la ligne.",
                )


def _as_known(refs: Mapping[int, str], known: Iterable[str]) -> dict[int, str]:
    """Each `Réf.` as it was first known: retyped as « ses 2 », `SES-2` names the same messages still."""
    spelt = {rows.fold(ref): ref for ref in reversed([*known])}
    return {number: spelt.get(rows.fold(ref), ref) for number, ref in refs.items()}


def _is_entry(tab: Tab, row: Row) -> bool:
    return any(row.cell(heading).kind is not Kind.EMPTY for heading in tab.subject)


def _fill(
    bare: Identified,
    borne: Iterable[str],
    refs: Mapping[int, str],
    held: dict[int, Problem],
    past: Past,
    top: dict[str, int],
) -> dict[int, str]:
    """New `Réf.` for rows without one: the old one where name and address are known, else a new number.

    `borne` stand in the sheet, on rows that are held as well.
    """
    if not bare.tab.prefix:
        return {}
    assert bare.table is not None
    used = set(map(rows.fold, borne))
    candidates = _candidates(bare, past)
    copies = bare.tab.title in past.copies
    filled: dict[int, str] = {}
    for row in bare.rows:
        if row.number in refs or row.number in held or not _is_entry(bare.tab, row):
            continue
        cell = row.cell("Réf.")
        if cell.formula or cell.spilled:
            held[row.number] = Problem(
                bare.table.where(row, "Réf."),
                "La Réf. est une formule qui ne donne rien.",
                "Écrivez-y une Réf., ou videz la cellule : une Réf. sera donnée à la ligne.",
            )
            continue
        what = about(bare, row)
        ref = next((ref for ref in candidates.get(what, ()) if rows.fold(ref) not in used), "")
        if copies and what not in candidates and (problem := copied(bare.tab, bare.table, row)):
            held[row.number] = problem
            continue
        if not ref:
            top[bare.tab.prefix] = top.get(bare.tab.prefix, 0) + 1
            ref = f"{bare.tab.prefix}-{top[bare.tab.prefix]:03d}"
        used.add(rows.fold(ref))
        filled[row.number] = ref
    return filled


def _candidates(bare: Identified, past: Past) -> dict[str, list[str]]:
    """By what a row is about, each `Réf.` that was about it, and those before that no row is about now."""
    known = past.known.get(bare.tab.title, {})
    there = {about(bare, row) for row in bare.rows}
    earlier = [(ref, was) for ref, was in past.former.get(bare.tab.title, ()) if known.get(ref) not in there]
    found: dict[str, list[str]] = {}
    for ref, was in (*known.items(), *earlier):
        if was:
            found.setdefault(was, []).append(ref)
    return found
