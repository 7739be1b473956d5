"""Hours of presence told in a reply: their total, and the week that they are of."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from workflows.core.replies.named_weeks import may_be_another, numbers_another
from workflows.core.replies.spent_hours import filled_in, spent_hours
from workflows.core.weeks import IsoWeek

S09, S10 = IsoWeek(2027, 9), IsoWeek(2027, 10)
THURSDAY, MONDAY, WEDNESDAY = date(2027, 3, 11), date(2027, 3, 15), date(2027, 3, 17)
"""Of week 10, then of week 11."""


def in_hours(length: timedelta | None) -> float | None:
    return None if length is None else length / timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("1 h 30 mardi, 45 min jeudi, donc 2 h 15 au total", 2.25),
        ("45 min mardi, 1h15 jeudi, 2h en tout", 2),
        ("mardi 2h jeudi 2h total 4h", 4),
        ("3h total", 3),
        ("1h30 mardi, 1h jeudi, 2h au total", None),
        ("2h au total : 30 min mardi, 45 min jeudi", None),
        ("2h cette semaine (1h + 1h)", None),
        ("2h30 : 1h30 mardi et 1h jeudi", None),
        ("4h cette semaine : 1h lundi et 2h mardi", None),
        ("1h et 1h", None),
        ("2h faites, 30 min de retard", None),
        ("Mardi 1h, jeudi 1h", 2),
        ("Insta 1h, Snap 30 min, Facebook 30 min", 2),
        ("Mardi 2 mars : 1h, jeudi 4 mars : 1h", 2),
        ("1h30 + 1h", 2.5),
        ("1 h 1/2 cette semaine", None),
        ("2:30", 2.5),
        ("14:30", None),
        ("mardi 2:30", None),
        ("0 h", 0),
        ("2h la semaine prochaine", None),
        ("2h la semaine précédente", None),
    ],
)
def test_a_sum_is_given_only_where_it_is_clear(text: str, hours: float | None) -> None:
    assert in_hours(spent_hours(text)) == hours


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Heures : 3", 3),
        ("Heures\u00a0: 2,5", 2.5),
        ("Heures : 2:30", 2.5),
        ("Heures : 1 h 30", 1.5),
        ("Heures : 0", 0),
        ("Heures : 12", 12),
        ("3", 3),
        ("Heures : ", None),
        ("Heures : 17 h", None),
        ("Heures : 1,30", None),
        ("Heures : 3 mardi", None),
        ("Heures : 2 ou 3", None),
    ],
)
def test_what_completes_the_prepared_reply_is_read_as_a_cell_is(text: str, hours: float | None) -> None:
    assert in_hours(filled_in(text)) == hours


@pytest.mark.parametrize(
    "text",
    [
        "2h la semaine dernière",
        "2h la semaine passée",
        "2h la semaine qui est passée",
        "semaine 9 : 2h",
        "Semaine n° 9, 2h",
        "S09 : 3h",
        "2026-S10 : 3h",
        "2 h pour la semaine du 1er mars",
        "2h du 1er au 7 mars",
        "2h du 12 au 18 mars",
        "2h30 la semaine du 22 février",
        "2h en février",
        "2h en mars",
        "2h le 4/3",
        "2h le 11/3/2026",
        "2h mardi 2",
        "2h mercredi 11 mars",
        "2h lundi dernier",
        "4h en deux semaines",
        "2h à ma dernière permanence",
    ],
)
def test_hours_of_another_week_or_of_nobody_knows_which(text: str) -> None:
    assert may_be_another(text, S10, THURSDAY)


@pytest.mark.parametrize(
    "text",
    [
        "2h",
        "2h cette semaine",
        "Cette semaine 9 h de présence",
        "semaine 10 : 2h",
        "2027-S10 : 2h",
        "2h la semaine du 8 mars",
        "2h du lundi 8 au dimanche 14 mars 2027",
        "2h mardi 9",
        "2h jeudi 11 mars",
        "1h le 9/3 et 1h le 11/03/2027",
        "1h hier, 1h ce matin",
        "1h lundi, 1h vendredi",
        "une heure passée sur Discord",
    ],
)
def test_hours_of_the_week_of_the_message(text: str) -> None:
    assert not may_be_another(text, S10, THURSDAY)


def test_a_subject_line_may_give_the_number_of_another_week() -> None:
    ours = "autre [autre presence:PRO-001:rappel:2027-S10 #vvhxrqbfdil2bqew]"
    for title in (ours, "Re: Présence de la semaine 10 : il vous reste 2 h", "Mes heures"):
        assert not numbers_another(title, S10), title
    assert numbers_another("Mes heures de la semaine 9", S10)


def test_a_relative_word_is_understood_from_the_day_of_the_reply() -> None:
    assert not may_be_another("2h la semaine dernière", S10, MONDAY)
    assert not may_be_another("2h vendredi dernier et 1h hier", S10, MONDAY)
    assert not may_be_another("1h mardi et 1h jeudi", S10, MONDAY)
    assert not may_be_another("2h cette semaine-là", S10, MONDAY)
    assert may_be_another("2h cette semaine", S10, MONDAY)
    assert may_be_another("2h ce matin", S10, MONDAY)
    assert may_be_another("1h mardi et 1h jeudi", S10, WEDNESDAY)
    assert may_be_another("2h la semaine dernière", S09, MONDAY)
    assert not may_be_another("2h la semaine dernière", S09, S10.monday)
