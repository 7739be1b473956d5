"""Cells as a workbook gives them, and strategies for what people write in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import strategies as st

from workflows.core.french import MONTHS, WEEKDAYS
from workflows.core.ports import Cell, Kind
from workflows.core.rows import Unreadable

TODAY = date(2027, 3, 3)
NBSP = "\u00a0"

# Pieces that the readers' patterns are made of, so that near misses come up often.
pieces = st.lists(
    st.sampled_from(
        (
            *WEEKDAYS, *MONTHS, "mar.", "le", "du", "au", "de", "à", "et", "entre", "midi", "minuit",
            "demie", "quart", "h", "H", ":", "-", "–", "/", ".", ",", ";", "\n", " ", NBSP, "½", "min", "'",
            "S", "semaine", "1er", "0", "9", "14", "30", "60", "99", "2027", "2100", "12345", "@",
            "a@b.example", "oui", "x", "https://", "٣", "²",
        )
    ),
    max_size=9,
).map("".join)  # fmt: skip
any_text = st.one_of(st.text(), pieces, pieces.map(lambda s: unicodedata.normalize("NFD", s)))
days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
minutes_of_day = st.integers(0, 24 * 60 - 1)


def typed(value: str) -> Cell:
    return Cell(value, Kind.TEXT)


def serial(day: date) -> float:
    return float((day - date(1899, 12, 30)).days)


def refusal(read: Callable[[Cell], object], cell: Cell | str) -> str:
    with pytest.raises(Unreadable) as caught:
        read(typed(cell) if isinstance(cell, str) else cell)
    return str(caught.value)
