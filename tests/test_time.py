"""Rounds at awkward moments: clock changes, the turn of the year, 29 February, a machine far away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.presence import MONDAY, THURSDAY, WEEK, moment, network, person, reasons, sent
from tests.support.workspace import Workspace
from workflows.core.messages import Mode
from workflows.core.people import Period
from workflows.core.presence.school_holidays import KNOWN_UNTIL, ZONES, is_holiday_week, school_holidays
from workflows.core.presence.weeks import span_words
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Scope
from workflows.engine.account import Account
from workflows.engine.pacing import Narrowing
from workflows.engine.prepare import Request
from workflows.office import open_office

AT_ANY_TIME = '"lun-dim 0h-24h"'


def round_at(workspace: Workspace, instant: datetime) -> Account:
    """A round at this instant, whatever the clock on the wall shows twice or never."""
    office = open_office(workspace.folder, lambda general: lambda: instant.astimezone(general.zone), {})
    return office.run(Request("passage", Scope(), Mode.LIVE, Narrowing()))


@pytest.mark.parametrize(
    ("sunday", "week"), [(date(2027, 3, 28), "2027-S12"), (date(2027, 10, 31), "2027-S43")]
)
def test_on_the_night_of_a_clock_change_one_reminder_leaves(tmp_path: Path, sunday: date, week: str) -> None:
    """2 h 30 does not exist on 28 March 2027, and comes twice on 31 October."""
    workspace = network(tmp_path, [person(1)], jour_de_rappel='"dimanche 2h30"')
    workspace.set(horaires=AT_ANY_TIME)
    midnight = datetime(sunday.year, sunday.month, sunday.day, tzinfo=UTC)
    keys = [sent(round_at(workspace, midnight + timedelta(minutes=m))) for m in range(0, 181, 30)]
    assert [key for found in keys for key in found] == [f"PRO-001:rappel:{week}"]
    assert len(workspace.mails()) == 1


@pytest.mark.parametrize("week", [IsoWeek(2027, 13), IsoWeek(2027, 44)])
def test_in_the_week_after_a_clock_change_ten_is_ten(tmp_path: Path, week: IsoWeek) -> None:
    workspace = network(tmp_path, [person(1)])
    assert sent(workspace.round(moment(week, THURSDAY, "09:59"))) == []
    assert sent(workspace.round(moment(week, THURSDAY, "10:00"))) == [f"PRO-001:rappel:{week}"]


def test_the_week_that_is_in_two_years(tmp_path: Path) -> None:
    """Week 53 of 2026 goes from Monday 28 December to Sunday 3 January; 1 January is a public holiday."""
    last = IsoWeek(2026, 53)
    workspace = network(tmp_path, [person(1), person(2)], [("2026-S53", "PRO-002", "2h")])
    assert sent(workspace.round("2026-12-31T10:00")) == ["PRO-001:rappel:2026-S53"]
    new_year = workspace.round("2027-01-01T10:00")
    assert sent(new_year) == []
    assert "PRO-001:rappel:2026-S53" in reasons(new_year)
    account = workspace.round(moment(last.next(), MONDAY))
    assert last.next() == IsoWeek(2027, 1)
    assert sent(account) == ["PRO-001:bilan:2026-S53"]
    body = workspace.mails()[-1].get_body(("plain",))
    assert body is not None
    assert "du 28 décembre 2026 au 3 janvier 2027" in body.get_content()
    assert {row["Semaine"] for row in workspace.tab("Présence")} == {"2026-S53", "2027-S01"}


def test_short_weeks_are_counted_across_the_turn_of_the_year(tmp_path: Path) -> None:
    rows = [(week, "PRO-001", "1h") for week in ("2026-S52", "S53 2026", "2027-S01")]
    workspace = network(tmp_path, [person(1)], rows)
    workspace.round("2027-01-10T10:00")
    assert workspace.row("Promeneurs", **{"Réf.": "PRO-001"})["Alerte"] is None
    workspace.round("2027-01-11T10:00")
    assert workspace.row("Promeneurs", **{"Réf.": "PRO-001"})["Alerte"] == "À contacter"


def test_the_first_week_of_a_year_may_begin_in_december(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    assert sent(workspace.round("2024-12-30T10:00")) == []
    assert workspace.row("Présence", Promeneur="PRO-001")["Semaine"] == "2025-S01"
    assert sent(workspace.round("2025-01-02T10:00")) == ["PRO-001:rappel:2025-S01"]


def test_the_29th_of_february(tmp_path: Path) -> None:
    """Tuesday 29 February 2028, in week 9."""
    day = "29/02/2028"
    people = [person(1, Absent_du=day, Absent_au=day), person(2, Entrée=day), person(3, Sortie=day)]
    workspace = network(tmp_path, people, jour_de_rappel='"mardi 10 h"')
    account = workspace.round("2028-02-29T10:00")
    assert sent(account) == ["PRO-002:rappel:2028-S09", "PRO-003:rappel:2028-S09"]
    assert day in reasons(account)["PRO-001:rappel:2028-S09"]
    assert sent(workspace.round("2028-03-01T10:00")) == ["PRO-001:rappel:2028-S09"]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_machine_may_stand_anywhere(tmp_path: Path, zone: str) -> None:
    workspace = network(tmp_path, [person(1)])
    for at, leaves in (
        ("2027-03-11T10:30+13:00", False),  # Wednesday evening in Paris
        ("2027-03-11T09:45", False),
        ("2027-03-11T22:00+13:00", True),  # Thursday, 10 h in Paris
        ("2027-03-11T10:15", False),
    ):
        ran = workspace.run("passage", at=at, env={"TZ": zone})
        assert bool(ran.json["sent"]) is leaves, (at, ran.out, ran.err)
    row = workspace.row("Présence", Promeneur="PRO-001")
    assert row["Semaine"] == str(WEEK)
    assert str(row["Rappelé le"]) == "2027-03-11 10:00:00"
    assert workspace.mails()[0]["Date"].endswith("+0100")


# Holidays and words


def test_the_holidays_of_zone_b() -> None:
    """As the département's own calendar gives them for 2026-2027."""
    wanted = {
        ((2026, 10, 17), (2026, 11, 1)), ((2026, 12, 19), (2027, 1, 3)), ((2027, 2, 20), (2027, 3, 7)),
        ((2027, 4, 17), (2027, 5, 2)), ((2027, 5, 6), (2027, 5, 8)),
    }  # fmt: skip
    school_year = {Period(date(*first), date(*last)) for first, last in wanted}
    found = {
        p for p in school_holidays("B")
        if p.first and p.last and p.first > date(2026, 9, 1) and p.last < date(2027, 7, 1)
    }  # fmt: skip
    assert found == school_year
    assert any(p.first == date(2027, 7, 3) for p in school_holidays("B"))


@pytest.mark.parametrize("zone", ZONES)
def test_every_zone_has_whole_and_separate_holidays(zone: str) -> None:
    periods = sorted((p.first, p.last) for p in school_holidays(zone) if p.first and p.last)
    assert all(first <= last for first, last in periods)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(periods))
    assert periods[-1][1] == KNOWN_UNTIL


@pytest.mark.parametrize(("week", "holiday"), [
    (IsoWeek(2027, 8), True), (IsoWeek(2027, 9), True), (IsoWeek(2027, 10), False),
    (IsoWeek(2026, 53), True), (IsoWeek(2027, 18), False), (IsoWeek(2027, 35), False),
])  # fmt: skip
def test_a_bridge_makes_no_holiday_week(week: IsoWeek, holiday: bool) -> None:
    assert is_holiday_week(week, school_holidays("B")) is holiday


@pytest.mark.parametrize(("week", "words"), [
    (IsoWeek(2027, 9), "du 1er au 7 mars 2027"),
    (IsoWeek(2027, 13), "du 29 mars au 4 avril 2027"),
    (IsoWeek(2026, 53), "du 28 décembre 2026 au 3 janvier 2027"),
])  # fmt: skip
def test_a_week_in_words(week: IsoWeek, words: str) -> None:
    assert span_words(week) == words
