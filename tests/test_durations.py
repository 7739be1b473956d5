"""Times of day, declared hours and weekly slots: a doubt is said, never guessed."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cells import NBSP, any_text, minutes_of_day, refusal, typed
from workflows.core import rows
from workflows.core.french import WEEKDAYS
from workflows.core.ports import EMPTY, Cell, Kind
from workflows.core.rows import Slot, Unreadable


@given(minutes_of_day)
def test_a_time_reads_back_from_every_form(minute: int) -> None:
    h, m = divmod(minute, 60)
    forms = [
        f"{h}h{m:02}", f"{h:02}H{m:02}", f"{h} h {m:02}", f"{h}{NBSP}h{NBSP}{m:02}", f"{h:02}:{m:02}",
        f"{h}:{m:02}:00", f"{h} heures {m:02}", f"à {h}h{m:02}", f"{h} h {m:02} min",
    ]  # fmt: skip
    if m == 0:
        forms += [f"{h}h", f"{h} h.", f"{h} heures", *([str(h)] if h else [])]
    for written in forms:
        assert rows.time_(typed(written)) == time(h, m), written
    assert rows.time_(Cell(round(minute / 1440, 9), Kind.TIME)) == time(h, m)
    if minute:
        assert rows.time_(Cell(46279 + minute / 1440, Kind.DATE)) == time(h, m)
        assert rows.optional_time(Cell(minute / 1440, Kind.NUMBER)) == time(h, m)


def test_words_for_times_and_what_is_no_time() -> None:
    words = {
        "midi": time(12),
        "Minuit": time(0),
        "midi et demi": time(12, 30),
        "quatorze heures trente": time(14, 30),
    }
    assert {word: rows.time_(typed(word)) for word in words} == words
    assert rows.optional_time(EMPTY) is None
    assert "manque" in refusal(rows.time_, "")
    for written in (
        "24h",
        "25 h",
        "14h60",
        "14h5",
        "14.30",
        "1430",
        "14h-16h",
        "vers 14h",
        "2h de l'après-midi",
        "0",
    ):
        assert "heure de la journée" in refusal(rows.time_, written)
    for value, kind in ((1.0, Kind.TIME), (-0.1, Kind.TIME), (46279.0, Kind.DATE), (14.5, Kind.NUMBER)):
        assert "heure de la journée" in refusal(rows.time_, Cell(value, kind))


@given(st.integers(0, 60 * 60))
def test_hours_read_back_from_every_form(minutes: int) -> None:
    h, m = divmod(minutes, 60)
    forms = [
        f"{h}h{m:02}", f"{h} H {m:02}", f"{h}:{m:02}", f"{h} heures {m:02}", f"{h}h {m} min",
        f"{minutes} min", f"{minutes}mn", f"{h} h et {m} minutes", f"{h}h{m:02} par semaine",
    ]  # fmt: skip
    if m % 15 == 0:
        decimal = f"{minutes / 60:.4g}"
        part = ("", " et quart", " et demie", " 3/4")[m // 15]
        forms += [decimal, decimal.replace(".", ","), f"{decimal} h", f"{minutes / 60:.2f}", f"{h}h{part}"]
    for written in forms:
        assert rows.hours(typed(written)) == timedelta(minutes=minutes), written
    assert rows.hours(Cell(minutes / 60, Kind.NUMBER)) == timedelta(minutes=minutes)
    assert rows.hours(Cell(round(minutes / 1440, 9), Kind.TIME)) == timedelta(minutes=minutes)


@given(any_text)
def test_hours_are_zero_only_where_a_zero_is_written(words: str) -> None:
    try:
        read = rows.hours(typed(words))
    except Unreadable:
        return
    assert read != timedelta(0) or "0" in words or "zéro" in rows.normalise(words).casefold()


def test_hours_in_words() -> None:
    words = {
        "une heure": 60, "deux heures quinze": 135, "une demi-heure": 30, "un quart d'heure": 15,
        "trois quarts d’heure": 45, "½ h": 30, "1/2 heure": 30, "2½": 150, "1h½": 90, "zéro": 0, "45'": 45,
        "12,5": 750,
    }  # fmt: skip
    assert {word: rows.hours(typed(word)) for word in words} == {
        w: timedelta(minutes=m) for w, m in words.items()
    }
    assert rows.hours(EMPTY) is None
    assert rows.hours(typed("  ")) is None
    assert rows.minimum(typed("1h")) == timedelta(hours=1)


@pytest.mark.parametrize(("written", "said"), [
    ("2,30", "2 h 30 ou 2 h 18"), ("1.45", "1 h 45 ou 1 h 27"), ("90", "minutes"), ("60h01", "60 h"),
    ("-2h", "négative"), ("− 1,5", "négative"), ("2h5", "lisible"), ("2h75", "lisible"),
    ("2:60", "lisible"), ("environ 2h", "lisible"), ("2 5", "lisible"), ("1h + 1h", "lisible"),
    ("2h ou 3h", "lisible"), ("rien", "lisible"), ("?", "lisible"), ("-", "lisible"), ("1e1", "lisible"),
    ("nan", "lisible"), ("٣", "lisible"), ("9" * 5000, "lisible"),
])  # fmt: skip
def test_doubtful_hours_are_refused(written: str, said: str) -> None:
    assert said in refusal(rows.hours, written).replace(NBSP, " ")


def test_hours_of_other_cells_are_refused() -> None:
    assert "prise pour une date" in refusal(rows.hours, Cell(46279.0, Kind.DATE))
    assert "négative" in refusal(rows.hours, Cell(-0.5, Kind.TIME))
    assert "60" in refusal(rows.hours, Cell(60.1, Kind.NUMBER))
    assert "VRAI" in refusal(rows.hours, Cell(True, Kind.BOOLEAN))
    assert "lisible" in refusal(rows.hours, Cell(0.001, Kind.NUMBER))


spans = st.tuples(st.integers(0, 6), minutes_of_day, minutes_of_day).filter(lambda t: t[1] < t[2])


@given(
    st.lists(spans, min_size=1, max_size=5, unique=True),
    st.sampled_from([" ; ", ", ", " / ", "\n", " et ", " "]),
)
def test_slots_read_back_from_every_form(written: list[tuple[int, int, int]], separator: str) -> None:
    expected = tuple(Slot(day, time(*divmod(a, 60)), time(*divmod(b, 60))) for day, a, b in written)
    for form in (
        "{0} {1}h{2:02}-{3}h{4:02}", "{0} de {1} h {2:02} à {3} h {4:02}", "{5}. {1}:{2:02} – {3}:{4:02}",
        "Le {0} : {1}H{2:02}-{3}H{4:02}", "les {0}s entre {1}h{2:02} et {3}h{4:02}",
    ):  # fmt: skip
        parts = [
            form.format(WEEKDAYS[day], *divmod(a, 60), *divmod(b, 60), WEEKDAYS[day][:3])
            for day, a, b in written
        ]
        assert rows.slots(typed(separator.join(parts))) == expected, parts


def test_slots_for_several_days() -> None:
    def read(words: str) -> list[tuple[int, int, int]]:
        return [(slot.weekday, slot.start.hour, slot.end.hour) for slot in rows.slots(typed(words))]

    assert read("mardi, jeudi, vendredi 17–19 h") == [(1, 17, 19), (3, 17, 19), (4, 17, 19)]
    assert read("mardi et jeudi 17h-19h ; samedi midi-14h") == [(1, 17, 19), (3, 17, 19), (5, 12, 14)]
    assert read("mercredi 9h-12h et 14h-17h") == [(2, 9, 12), (2, 14, 17)]
    assert read("du lundi au vendredi de 18 à 19h") == [(day, 18, 19) for day in range(5)]
    assert read("mardi 17h-19h\nmardi 17h00-19h00") == [(1, 17, 19)]
    assert read(" ") == []


@pytest.mark.parametrize("written", [
    "mardi", "mardi 17h", "17h-19h", "mardi 19h-17h", "mardi 17h-17h", "mardi soir", "mardi 17h-19h, jeudi",
    "mardi 17h et 19h", "mardi 22h-24h", "mardi 22h-minuit", "mardi 17h-19h (sauf vacances)",
    "lundi-vendredi 9h-10h", "un mardi sur deux 17h-19h", "mardi 17h-19h 2027", "mars 17h-19h",
    "mardi 17h75-19h", "tous les jours 17h-19h",
    "mardi, vendredi au lundi 17h-19h",
])  # fmt: skip
def test_doubtful_slots_are_refused(written: str) -> None:
    assert "mardi 17h-19h" in refusal(rows.slots, written) or "après le début" in refusal(rows.slots, written)


@pytest.mark.parametrize("days", [1e308, -1e308, 1.5, 0.999_999_999])
def test_a_time_cell_beyond_the_day_is_refused(days: float) -> None:
    refusal(rows.time_, Cell(days, Kind.TIME))
