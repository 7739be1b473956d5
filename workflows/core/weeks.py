"""ISO weeks (ISO 8601, from Monday to Sunday), as the column `Semaine` holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.core.cells import Unreadable, is_blank, plain, text
from workflows.core.dates import FIRST_YEAR, LAST_YEAR, date_
from workflows.core.french import NBSP, quoted
from workflows.core.ports import Cell, Kind


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """One week of an ISO year; `str()` gives `2027-S09`. Raises ValueError for one that does not exist."""

    year: int
    week: int

    def __post_init__(self) -> None:
        date.fromisocalendar(self.year, self.week, 1)

    def __str__(self) -> str:
        return f"{self.year}-S{self.week:02}"

    @classmethod
    def of(cls, day: date) -> IsoWeek:
        """The week that holds this day: 1 January may belong to the year before."""
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.week, 1)

    @property
    def sunday(self) -> date:
        return date.fromisocalendar(self.year, self.week, 7)

    @property
    def days(self) -> tuple[date, ...]:
        """Its seven days, from Monday."""
        return tuple(self.monday + timedelta(days=i) for i in range(7))

    def next(self) -> IsoWeek:
        return IsoWeek.of(self.monday + timedelta(days=7))

    def previous(self) -> IsoWeek:
        return IsoWeek.of(self.monday - timedelta(days=7))


_FORMS = tuple(
    map(
        re.compile,
        (
            r"(?P<year>[0-9]{4}) ?[-/,]? ?(?:s|w|sem\.?|semaine) ?(?P<week>[0-9]{1,2})",
            (
                r"(?:la )?(?:s|w|sem\.?|semaine) ?-?(?:n ?[°º.]? ?)?(?P<week>[0-9]{1,2})"
                r"(?:(?: ?[-/,] ?| de | )\(?(?P<year>[0-9]{4})\)?)?"
            ),
            r"(?P<week>[0-9]{1,2})",
        ),
    )
)
_WEEK_OF = re.compile(r"(?:s\.?|sem\.?|semaine) du (?P<date>.+)")


def iso_week(cell: Cell, today: date) -> IsoWeek:
    """A week: `2027-S09`, `S09 2027`, « semaine 9 », « semaine du 1er mars 2027 », the number 9.

    Without a year it is the nearest to `today`. Raises Unreadable for nothing, for a date cell (which
    a spreadsheet makes of `9/2027`) and for a week that its year does not have.
    """
    if is_blank(cell):
        raise Unreadable("La semaine manque.", f"Écrivez-la, par exemple {quoted(str(IsoWeek.of(today)))}.")
    shown = text(cell)
    if cell.kind is Kind.DATE:
        raise Unreadable(
            f"La semaine a été prise pour une date ({shown}).",
            f"Mettez la colonne au format texte et écrivez par exemple {quoted(str(IsoWeek.of(today)))}.",
        )
    words = plain(shown)
    if found := _WEEK_OF.fullmatch(words):
        return IsoWeek.of(date_(Cell(found["date"], Kind.TEXT), today))
    for form in _FORMS:
        if (found := form.fullmatch(words)) and cell.kind in (Kind.TEXT, Kind.NUMBER):
            return _existing(found.groupdict().get("year"), int(found["week"]), today)
    raise Unreadable(
        f"{quoted(shown)} n'est pas une semaine lisible.",
        f"Écrivez l'année et le numéro, par exemple {quoted(str(IsoWeek.of(today)))}.",
    )


def _existing(digits: str | None, week: int, today: date) -> IsoWeek:
    year = int(digits) if digits else _nearest_year(week, today)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(f"L'année {year} est impossible.", "Corrigez l'année de la semaine.")
    try:
        return IsoWeek(year, week)
    except ValueError:
        last = IsoWeek.of(date(year, 12, 28)).week  # 28 December is always in the last week
        raise Unreadable(
            f"L'année {year} n'a pas de semaine {week}{NBSP}: elle va de 1 à {last}.",
            "Corrigez le numéro ou l'année de la semaine.",
        ) from None


def _nearest_year(week: int, today: date) -> int:
    """The ISO year whose week of this number, existing or not, begins nearest to today's week."""
    here = IsoWeek.of(today)

    def distance(year: int) -> timedelta:
        return abs(date.fromisocalendar(year, 1, 1) + timedelta(weeks=week - 1) - here.monday)

    return min((here.year, here.year - 1, here.year + 1), key=distance)
