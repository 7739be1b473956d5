"""French public holidays and working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.working_days import add_working_days, easter, is_working_day, public_holidays


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2027, "01/01 29/03 01/05 06/05 08/05 17/05 14/07 15/08 01/11 11/11 25/12"),
        (2026, "01/01 06/04 01/05 08/05 14/05 25/05 14/07 15/08 01/11 11/11 25/12"),
        (2025, "01/01 21/04 01/05 08/05 29/05 09/06 14/07 15/08 01/11 11/11 25/12"),
        (2024, "01/01 01/04 01/05 08/05 09/05 20/05 14/07 15/08 01/11 11/11 25/12"),
        # Ascension Day on 8 May: ten days off instead of eleven.
        (2013, "01/01 01/04 01/05 08/05 09/05 20/05 14/07 15/08 01/11 11/11 25/12"),
        (1997, "01/01 31/03 01/05 08/05 19/05 14/07 15/08 01/11 11/11 25/12"),
    ],
)
def test_the_public_holidays_of_a_year(year: int, days: str) -> None:
    assert [f"{day:%d/%m}" for day in sorted(public_holidays(year))] == days.split()


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1961, 4, 2), (1981, 4, 19), (2000, 4, 23), (2008, 3, 23), (2019, 4, 21), (2038, 4, 25), (2285, 3, 22)],
)
def test_easter(year: int, month: int, day: int) -> None:
    assert easter(year) == date(year, month, day)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2027, 3, 1), 0, date(2027, 3, 1)),
        (date(2027, 3, 1), 10, date(2027, 3, 15)),
        (date(2027, 3, 25), 2, date(2027, 3, 30)),
        (date(2027, 5, 1), 1, date(2027, 5, 3)),
        (date(2027, 5, 5), 1, date(2027, 5, 7)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
)
def test_adding_working_days(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count) == end


def test_a_negative_count_is_an_error() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2027, 3, 1), -1)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(1, 60))
def test_as_many_working_days_lie_between_as_were_added(start: date, count: int) -> None:
    end = add_working_days(start, count)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert is_working_day(end)
    assert sum(map(is_working_day, between)) == count
