"""Values as she reads them in mails and messages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core import french, rows
from workflows.core.ports import Cell, Kind

NBSP = "\u00a0"


def test_dates_and_moments() -> None:
    assert french.date_long(date(2026, 9, 14)) == "lundi 14 septembre 2026"
    assert french.date_long(date(2027, 4, 1)) == "jeudi 1er avril 2027"
    assert french.date_short(date(2027, 3, 6)) == "06/03/2027"
    paris = ZoneInfo("Europe/Paris")
    assert french.moment(datetime(2026, 9, 14, 14, 0, tzinfo=paris)) == f"lundi 14 septembre 2026 à 14{NBSP}h"


@pytest.mark.parametrize(
    ("at", "said"), [(time(14), "14 h"), (time(14, 30), "14 h 30"), (time(9, 5), "9 h 05"), (time(0), "0 h")]
)
def test_times(at: time, said: str) -> None:
    assert french.time_(at) == said.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "0 min"), (45, "45 min"), (75, "1 h 15"), (120, "2 h"), (125, "2 h 05"), (3600, "60 h")],
)
def test_durations(minutes: int, said: str) -> None:
    assert french.duration(timedelta(minutes=minutes)) == said.replace(" ", NBSP)


def test_a_negative_duration_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="negative"):
        french.duration(timedelta(minutes=-1))


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 3600))
def test_what_is_written_can_be_read_again(day: date, minutes: int) -> None:
    for written in (french.date_long(day), french.date_short(day)):
        assert rows.date_(Cell(written, Kind.TEXT), date(2027, 3, 3)) == day
    length = timedelta(minutes=minutes)
    assert rows.hours(Cell(french.duration(length), Kind.TEXT)) == length
    at = time(minutes % 24, minutes % 60)
    assert rows.time_(Cell(french.time_(at), Kind.TEXT)) == at


def test_enumerations_and_plurals() -> None:
    lists = [french.join(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])]
    assert lists == ["", "a", "a et b", "a, b et c"]
    assert french.join(["a", "b", "c"], "ou") == "a, b ou c"
    assert [french.plural(n, "structure") for n in (0, 1, 2)] == [
        "0 structure",
        "1 structure",
        "2 structures",
    ]
    assert french.plural(3, "avis") == "3 avis"
    assert french.plural(2, "réponse reçue", "réponses reçues") == "2 réponses reçues"


def test_quotations_are_short() -> None:
    assert french.quoted("oui") == f"«{NBSP}oui{NBSP}»"
    assert french.quoted("mot " * 100, 10) == f"«{NBSP}mot mot m…{NBSP}»"


def test_typography() -> None:
    said = french.typography("« Bonjour » : qui ? Moi ; toi  !\n« Oui ?! »")
    assert said == "«_Bonjour_»_: qui_? Moi_; toi_!\n«_Oui_?!_»".replace("_", NBSP)
    for untouched in (
        "https://a.example/x?y=1;z=2!#:~:text=a",
        "Voir https://a.example:8080/?a=1, ou écrire à a!b@c.example",
        "mot: collé",
        "à :15 et ?a=1",
        "un  deux\n ; trois",
    ):
        assert french.typography(untouched) == untouched


@given(st.text(alphabet="ab «»:;?!/@.\n\u00a0"))
def test_typography_is_settled_at_once_and_changes_only_spaces(words: str) -> None:
    said = french.typography(words)
    assert french.typography(said) == said
    assert said.replace(NBSP, "").replace(" ", "") == words.replace(NBSP, "").replace(" ", "")
