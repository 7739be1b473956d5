"""Rows of Sessions and Promeneurs, whatever their cells hold."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cells import any_text, serial, typed
from workflows.core import words
from workflows.core.book import Book, Identified, Names, Past, read_book
from workflows.core.people import absence, audiences, away, contact, newcomer, outside_network
from workflows.core.ports import EMPTY, Cell, Kind, Sheet, Snapshot
from workflows.core.reading import Flagged
from workflows.core.training.sessions import Session, announced_start, not_named, read_sessions

NOW = datetime(2027, 3, 2, 10, tzinfo=ZoneInfo("Europe/Paris"))
GOOD = {"Réf.": "SES-2", "Intitulé": "Atelier", "Date": "01/04/2027", "Début": "14h", "Fin": "17h30"}
cells = st.one_of(
    st.just(EMPTY),
    any_text.map(typed),
    st.floats().map(lambda number: Cell(number, Kind.NUMBER)),
    st.floats(-1, 90_000).map(lambda number: Cell(number, Kind.DATE)),
    st.floats(-1, 3).map(lambda number: Cell(number, Kind.TIME)),
    st.booleans().map(lambda checked: Cell(checked, Kind.BOOLEAN)),
    st.sampled_from(["#REF!", ""]).map(lambda shown: Cell(shown, Kind.ERROR)),
)


def book(tab: words.Tab, row: dict[str, Cell]) -> Book:
    headings = tuple(typed(heading) for heading in tab.headings)
    values = tuple(row.get(heading, EMPTY) for heading in tab.headings)
    return read_book(Snapshot({tab.title: Sheet(tab.title, (headings, values))}), [tab], Names(), Past())


Line = dict[str, str]


def identified(tab: words.Tab, lines: list[Line], before: list[Line] | None = None) -> Identified:
    """The tab as it is read where mail left for each `Réf.` that stood in it `before`."""
    cells = [tuple(typed(line[h]) if h in line else EMPTY for h in tab.headings) for line in lines]
    headings = tuple(typed(heading) for heading in tab.headings)
    known = identified(tab, before).abouts() if before else {}
    sheet = Snapshot({tab.title: Sheet(tab.title, (headings, *cells))})
    return read_book(sheet, [tab], Names(), Past({tab.title: known}, written=known.__contains__))[tab]


def session(**changed: str | Cell) -> Session:
    """SES-2 as it is read, with some cells changed; headings that are no words go by `_`."""
    row = {heading: typed(value) for heading, value in GOOD.items()}
    for heading, value in changed.items():
        row[heading.replace("_", " ")] = typed(value) if isinstance(value, str) else value
    (found,) = read_sessions(book(words.SESSIONS, row)[words.SESSIONS], NOW)
    return found


@given(st.dictionaries(st.sampled_from(words.SESSIONS.headings[1:]), cells))
def test_a_session_is_read_or_says_what_is_wrong(changed: dict[str, Cell]) -> None:
    found = session(**changed)
    assert (found.start is None) <= bool(found.problems)
    assert all(problem.where.startswith("Sessions, ligne 2, ") for problem in found.problems)
    if found.start and found.end:
        assert found.end > found.start
        assert announced_start(found.content, NOW.tzinfo) == found.start.replace(second=0, microsecond=0)


@given(st.dictionaries(st.sampled_from(words.PEOPLE.headings[1:]), cells))
def test_a_promeneur_is_read_or_says_what_is_wrong(changed: dict[str, Cell]) -> None:
    row = {"Réf.": typed("PRO-001"), "Nom": typed("Rey"), **changed}
    tab = book(words.PEOPLE, row)[words.PEOPLE]
    (line,) = tab.rows
    today = NOW.date()
    for reader in (
        lambda: contact(tab, line),
        lambda: outside_network(tab, line, today, today),
        lambda: away(tab, line, today, today),
        lambda: audiences(tab, line),
        lambda: newcomer(tab, line, today, today),
        lambda: not_named(session(Public="jeunes, nouveaux"), tab, line, today),
    ):
        place = "Promeneurs, ligne 2, "
        try:
            reader()
        except Flagged as flagged:
            place = flagged.problem.where
        assert place.startswith("Promeneurs, ligne 2, ")


def test_cells_of_a_spreadsheet_read_as_typed_ones() -> None:
    day = Cell(serial(datetime(2027, 4, 1).date()), Kind.DATE)  # noqa: DTZ001
    found = session(Date=day, Début=Cell(14 / 24, Kind.TIME), Fin=Cell(17.5 / 24, Kind.TIME))
    assert (found.start, found.end, found.content) == (session().start, session().end, session().content)


def test_only_what_moves_people_is_content() -> None:
    known = session(Lieu="Salle bleue").content
    assert session(Lieu="salle  bleue", Programme="Café", Places="12", Intitulé="Autre").content == known
    different = {
        session(Lieu=place, Date=day, Début=start, Fin=end, Lien_visio=link).content
        for place, day, start, end, link in (
            ("Salle rouge", "01/04/2027", "14h", "17h30", ""),
            ("Salle bleue", "02/04/2027", "14h", "17h30", ""),
            ("Salle bleue", "01/04/2027", "15h", "17h30", ""),
            ("Salle bleue", "01/04/2027", "14h", "18h", ""),
            ("Salle bleue", "01/04/2027", "14h", "", ""),
            ("Salle bleue", "01/04/2027", "14h", "17h30", "https://visio.example/a"),
        )
    }
    assert len(different | {known}) == 7


def test_the_words_of_the_hours() -> None:
    assert session().hours.replace("\u00a0", " ") == "de 14 h à 17 h 30"
    assert session(Fin="").hours.replace("\u00a0", " ") == "à 14 h"
    assert session().when.replace("\u00a0", " ") == "jeudi 1er avril 2027 à 14 h"


def test_an_absence_without_any_date_is_none() -> None:
    tab = book(words.PEOPLE, {"Réf.": typed("PRO-001"), "Nom": typed("Rey")})[words.PEOPLE]
    assert absence(tab, tab.rows[0], NOW.date()) is None


def structure(ref: str, who: str) -> Line:
    return {"Nom": f"Centre {who}", "Courriel": f"{who}@a.example", **({"Réf.": ref} if ref else {})}


A, B, C = structure("STR-001", "a"), structure("STR-002", "b"), structure("STR-003", "c")


@pytest.mark.parametrize(
    "lines",
    [
        [{**A, "Nom": "Pôle a"}, B, C],
        [A, {**B, "Courriel": "neuve@a.example"}, C],
        [structure("STR-001", "autre"), B, C],
        [B, A, C],
        [C, B],
        [{**A, "Courriel": "b@a.example"}, {**B, "Courriel": "a@a.example"}, C],
        [A, B, C, structure("", "a")],
        [A, structure("STR-002", "a"), C],
        [A, B, structure("", "c")],
        [structure("str-001", "a"), B, C, structure("", "d"), structure("STR-900", "e")],
    ],
    ids=[
        "renamed", "address mended", "replaced", "rows swapped", "rows sorted and deleted",
        "addresses swapped", "a second row of one", "one row mended into another", "Réf. emptied", "new rows",
    ],
)  # fmt: skip
def test_what_people_do_to_rows_and_their_refs_holds_none(lines: list[Line]) -> None:
    found = identified(words.STRUCTURES, lines, [A, B, C])
    assert found.held == {}
    assert len(found.refs) == len(lines)


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ([structure("STR-001", "b"), structure("STR-002", "a"), C], {2, 3}),
        ([structure("STR-001", "b"), structure("STR-002", "c"), structure("STR-003", "a")], {2, 3, 4}),
        ([structure("STR-001", "new"), B, C, structure("", "a")], {2, 5}),
        ([structure("STR-001", "new"), B, C, structure("STR-900", "a")], {2, 5}),
        ([structure("STR-002", "a"), C], {2}),
    ],
    ids=["two sorted", "three sorted", "copied without", "copied under a new one", "over a deleted one"],
)
def test_a_ref_beside_somebody_else_is_held_and_so_is_who_had_it(lines: list[Line], held: set[int]) -> None:
    found = identified(words.STRUCTURES, lines, [A, B, C])
    assert found.held.keys() == held
    assert not held & found.refs.keys()
    assert "Centre a a@a.example" in found.held[2].what or "« STR-001 »" in found.held[2].what


def test_a_session_without_a_title_is_known_by_its_type_and_date() -> None:
    before = {"Réf.": "SES-2", "Type": "Formation", "Date": "01/04/2027", "Début": "14h"}
    (problem,) = identified(words.SESSIONS, [{**before, "Réf.": "RG-2"}], [before]).held.values()
    assert "Remettez « SES-2 »" in problem.remedy


def test_dates_of_sessions_may_take_each_others_place() -> None:
    first, second = ({**GOOD, "Réf.": f"SES-{n}", "Date": f"0{n}/04/2027"} for n in (1, 2))
    shifted = [{**first, "Date": second["Date"]}, {**second, "Date": "03/04/2027"}]
    assert identified(words.SESSIONS, shifted, [first, second]).held == {}
