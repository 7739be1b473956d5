"""Dates and weeks, in every form that a person writes and in none that could be two."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cells import NBSP, TODAY, days, refusal, serial, typed
from workflows.core import rows
from workflows.core.french import MONTHS, WEEKDAYS, date_long
from workflows.core.ports import Cell, Kind
from workflows.core.rows import IsoWeek


def read_date(cell: Cell) -> date:
    return rows.date_(cell, TODAY)


def read_week(cell: Cell) -> IsoWeek:
    return rows.iso_week(cell, TODAY)


def month_forms(day: date) -> list[str]:
    name = MONTHS[day.month - 1]
    first = "1er" if day.day == 1 else str(day.day)
    short = name[:4] + "." if len(name) > 4 else name
    return [
        f"{first} {name} {day.year}", f"{first} {short} {day.year}", f"{day.day}-{short}-{day.year}",
        date_long(day), date_long(day).upper(), f"Le {date_long(day)}",
        f"{WEEKDAYS[day.weekday()][:3]}. {first} {name} {day.year}",
        unicodedata.normalize("NFD", date_long(day)).replace(" ", NBSP), f"{date_long(day)} à 14 h 30",
    ]  # fmt: skip


@given(days)
def test_a_date_reads_back_from_every_form(day: date) -> None:
    numeric = [
        f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", f"{day:%d.%m.%Y}", f"{day.day} / {day.month} / {day.year}",
        f"{day}", f"{day}T14:00:00", f"{day} 00:00:00.000", f"{WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}",
    ]  # fmt: skip
    for written in numeric + month_forms(day):
        assert rows.date_(typed(written), TODAY) == day, written
    cells = [Cell(serial(day), Kind.DATE), Cell(serial(day) + 0.6, Kind.DATE), Cell(serial(day), Kind.NUMBER)]
    assert [rows.optional_date(cell, TODAY) for cell in cells] == [day] * 3


@given(days, st.integers(1, 6))
def test_a_wrong_weekday_is_refused_and_the_right_one_named(day: date, off: int) -> None:
    wrong = WEEKDAYS[(day.weekday() + off) % 7]
    said = refusal(read_date, f"{wrong} {day:%d/%m/%Y}")
    assert f"est un {WEEKDAYS[day.weekday()]}, pas un {wrong}" in said


@pytest.mark.parametrize(("written", "said"), [
    ("", "manque"), ("14/09", "14/09/2027"), ("29 février", "29/02/2028"), ("lundi 14 sept.", "année"),
    ("31/02/2026", "n'existe pas"), ("31 avril 2027", "n'existe pas"), ("29/02/2027", "n'existe pas"),
    ("09/14/2026", "le mois 14"), ("14 jui 2027", "lisible"), ("14 ou 15 mars 2027", "lisible"),
    ("14/09/2026 ?", "lisible"), ("à partir du 14/09/2026", "lisible"), ("09/2026", "lisible"),
    ("2026", "lisible"), ("14/09/202", "lisible"), ("14/09/0026", "année 26"), ("14/09/20266", "lisible"),
    ("demain", "lisible"), ("2026-09-14T22:00:00Z", "lisible"), ("14/09/2026 25h", "lisible"),
    ("truc 14/09/2026", "lisible"),
])  # fmt: skip
def test_a_doubtful_date_is_refused(written: str, said: str) -> None:
    assert said in refusal(read_date, written)


def test_a_short_year_is_the_nearest_and_numbers_out_of_range_are_no_dates() -> None:
    assert rows.date_(typed("14.09.26"), TODAY) == date(2026, 9, 14)
    assert rows.date_(typed("14 sept. 99"), TODAY) == date(1999, 9, 14)
    assert rows.optional_date(typed(NBSP), TODAY) is None
    for value in (2026.0, 41.0, 30_000.0, 80_000.0, 20260914.0):
        assert "lisible" in refusal(read_date, Cell(value, Kind.NUMBER))
    assert "1926" in refusal(read_date, Cell(serial(date(1926, 9, 14)), Kind.DATE))
    refusal(read_date, Cell(0.5, Kind.TIME))


@given(days)
def test_a_week_reads_back_from_every_form(day: date) -> None:
    week = IsoWeek.of(day)
    assert day in week.days
    assert (week.monday, week.sunday) == (week.days[0], week.days[6])
    assert week.previous() < week < week.next()
    assert week.next().previous() == week
    if not 1990 <= week.year <= 2100:
        return
    y, n = week.year, week.week
    forms = [
        f"{week}", f"{y}-s{n}", f"{y}-W{n:02}", f"{y}S{n:02}", f"S{n:02} {y}", f"S{n}/{y}",
        f"semaine {n} {y}", f"Sem. {n} {y}", f"semaine n°{n} de {y}", f"s{NBSP}{n} ({y})",
    ]  # fmt: skip
    for written in forms:
        assert rows.iso_week(typed(written), TODAY) == week, written
    for bare in (f"S{n}", f"semaine {n}", f"{n}"):
        assert rows.iso_week(typed(bare), day) == week
    assert rows.iso_week(Cell(float(n), Kind.NUMBER), day) == week
    assert rows.iso_week(typed(f"semaine du {day:%d/%m/%Y}"), TODAY) == week


def test_a_week_without_a_year_is_the_nearest_one() -> None:
    assert str(rows.iso_week(typed("S52"), date(2027, 1, 4))) == "2026-S52"
    assert str(rows.iso_week(typed("S1"), date(2026, 12, 20))) == "2027-S01"
    assert str(rows.iso_week(typed("S53"), TODAY)) == "2026-S53"
    for written in ("2027-S53", "S00", "S54", "2027-S99"):
        assert "n'a pas de semaine" in refusal(read_week, written)
    assert "n'a pas de semaine 53" in refusal(lambda cell: rows.iso_week(cell, date(2028, 1, 5)), "S53")
    for written in ("2027-09", "202709", "S9-S10", "S09-27", "semaine prochaine", "9,5"):
        assert "lisible" in refusal(read_week, written)
    assert "manque" in refusal(read_week, " ")
    assert "prise pour une date" in refusal(read_week, Cell(46279.0, Kind.DATE))
