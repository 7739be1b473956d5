"""Office hours, across nights, holidays and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.hours import office_hours
from workflows.core.schema import Refused
from workflows.core.working_days import is_public_holiday

PARIS = ZoneInfo("Europe/Paris")
USUAL = office_hours("lun-ven 8:30-18:30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def no_holiday(day: date) -> bool:
    return False


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("lun-ven 8:30-18:30", "Lundi - Vendredi 8h30 - 18h30"),
        ("lun,mar,jeu 9h-12h 14h-17h30", "lun. mar. et jeu. 14 h - 17 h 30, 9 h - 12 h"),
        ("ven-lun 0h-24h", "ven, sam, dim, lun 00:00-24:00"),
        ("lun-jeu 9h-17h ; ven 9h-12h", "ven 9-12;lun,mar,mer,jeu 9-17"),
    ],
)
def test_ways_to_write_the_same_hours(written: str, same: str) -> None:
    assert office_hours(written) == office_hours(same)


def test_each_day_has_its_spans() -> None:
    hours = office_hours("lun,mar,jeu 9h-12h 14h-17h30")
    assert hours.week == (((540, 720), (840, 1050)),) * 2 + ((), ((540, 720), (840, 1050)), (), (), ())


@pytest.mark.parametrize(
    "written",
    [
        *("", "lun-ven", "8h-18h", "lun 18h-8h", "lun 8h-8h", "lun 8h-25h", "lun 8h75-9h", "lunedi 8h-9h"),
        *("lun 8h-12h 11h-14h", "lun 8h-12h ; lun-ven 14h-15h", "lun 8h-12h midi", "lun 830-1830"),
        "lun 8h-12h;",
    ],
)
def test_what_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        office_hours(written)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2027-03-01T09:00", "2027-03-01T09:00"),
        ("2027-03-01T08:29:59", "2027-03-01T08:30"),
        ("2027-03-01T18:30", "2027-03-02T08:30"),
        ("2027-03-05T19:00", "2027-03-08T08:30"),
        # Good Friday is worked, Easter Monday (29 March) is not.
        ("2027-03-26T20:00", "2027-03-30T08:30"),
        # Saturday 1 May is a holiday anyway; Thursday 6 May is Ascension Day.
        ("2027-05-05T18:30", "2027-05-07T08:30"),
    ],
)
def test_the_next_opening(moment: str, opening: str) -> None:
    assert USUAL.next_opening(at(moment), is_public_holiday) == at(opening)


def test_the_next_opening_in_the_hour_that_spring_skips() -> None:
    early = office_hours("dim 2:30-5h")
    opening = early.next_opening(at("2027-03-28T01:00"), no_holiday)
    assert opening.astimezone(UTC) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert opening.hour == 3


def test_the_next_opening_in_the_hour_that_autumn_repeats() -> None:
    short = office_hours("dim 2:15-2:45")
    first = short.next_opening(at("2027-10-31T00:00"), no_holiday)
    assert first.astimezone(UTC) == datetime(2027, 10, 31, 0, 15, tzinfo=UTC)
    second = short.next_opening(at("2027-10-31T02:50"), no_holiday)
    assert second.astimezone(UTC) == datetime(2027, 10, 31, 1, 15, tzinfo=UTC)


def test_a_naive_moment_and_a_year_without_opening_are_errors() -> None:
    with pytest.raises(ValueError, match="aware"):
        USUAL.next_opening(datetime.fromisoformat("2027-03-01T20:00"), no_holiday)
    with pytest.raises(ValueError, match="no opening"):
        USUAL.next_opening(at("2027-03-01T09:00"), lambda day: True)


_HOURS = st.sampled_from(
    [
        "lun-ven 8:30-18:30",
        "dim 2:15-2:45",
        "dim 2:30-5h",
        "sam,dim 0h-1h 1:59-3h",
        "lun-dim 0h-24h",
        "sam 23h-24h",
    ]
)
_AROUND = st.sampled_from([datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 10, 30, tzinfo=UTC)])


@given(_HOURS, _AROUND, st.integers(0, 2 * 24 * 60))
def test_the_next_opening_is_the_first_open_minute(written: str, start: datetime, minutes: int) -> None:
    hours = office_hours(written)
    moment = start + timedelta(minutes=minutes)
    opening = hours.next_opening(moment.astimezone(PARIS), no_holiday).astimezone(UTC)
    step = moment
    while not hours.is_open(step.astimezone(PARIS), no_holiday):
        step += timedelta(minutes=1)
    assert opening == step
