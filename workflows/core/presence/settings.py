"""presence.toml: its keys and what they accept (design §2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeVar

from workflows.core import parsers, words
from workflows.core.cells import Unreadable, plain
from workflows.core.dates import weekday_named
from workflows.core.durations import clock
from workflows.core.people import Period
from workflows.core.ports import Cell, Kind
from workflows.core.presence.school_holidays import ZONES
from workflows.core.renaming import renaming
from workflows.core.rows import date_, hours, url
from workflows.core.schema import Key, Refused, Section
from workflows.core.weeks import IsoWeek

T = TypeVar("T")

MOST_IN_A_ROW = 8
"""`alerte_apres` at most: well within the weeks that are looked back on."""
_MOMENT = re.compile(r"(?:le )?(?P<day>[a-z]+)\.?,?(?: (?:a |des )?(?P<time>\S.*))?")
_PERIOD = re.compile(r"(?:du )?(?P<first>.+?) (?:au|-|a) (?P<last>.+)")


@dataclass(frozen=True, slots=True)
class Weekly:
    """A moment of every week."""

    weekday: int
    """0 is Monday."""
    at: time

    def of(self, week: IsoWeek, zone: tzinfo | None) -> datetime:
        """The moment of this week, by the zone's clock."""
        return datetime.combine(week.days[self.weekday], self.at, zone)


def weekly(value: object) -> Weekly:
    """« jeudi 10 h », « jeu. 10:00 »; a day alone is its midnight. Raises Refused."""
    found = _MOMENT.fullmatch(plain(parsers.text(value)))
    day = weekday_named(found["day"]) if found else None
    at = clock(found["time"]) if found and found["time"] else time(0)
    if day is None or at is None:
        raise Refused("Ce moment de la semaine n'est pas compris.", 'Écrivez par exemple "jeudi 10 h".')
    return Weekly(day, at)


def _bilan(value: object) -> Weekly | None:
    """true: on Monday, as soon as mail may leave; false: never; else a moment of the week."""
    if isinstance(value, bool):
        return Weekly(0, time(0)) if value else None
    try:
        return weekly(value)
    except Refused:
        raise Refused("Cette valeur n'est pas comprise.", 'Écrivez true, false, ou "lundi 14 h".') from None


def _cell(value: object) -> Cell:
    """A value of the file as a cell would hold it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(float(value), Kind.NUMBER)
    return Cell(parsers.text(value), Kind.TEXT)


def _read(reader: Callable[[Cell], T], value: object) -> T:
    try:
        return reader(_cell(value))
    except Unreadable as error:
        raise Refused(error.what, error.remedy) from None


def _minimum(value: object) -> timedelta:
    read = _read(hours, value)
    if not read:
        raise Refused("Le minimum doit être plus grand que 0.", 'Écrivez par exemple "2 h" ou "1 h 30".')
    return read


def _periods(value: object) -> tuple[Period, ...]:
    """Holidays that stand in place of the zone's: « 20/02/2027 au 07/03/2027 »."""
    if not isinstance(value, list):
        raise Refused("Une liste de périodes est attendue.", 'Écrivez ["20/02/2027 au 07/03/2027"], ou [].')
    return tuple(_period(parsers.filled(item)) for item in value)


def _period(written: str) -> Period:
    found = _PERIOD.fullmatch(plain(written))
    if found is None:
        raise Refused("Une période n'est pas comprise.", 'Écrivez par exemple "20/02/2027 au 07/03/2027".')
    first, last = (_read(_full_date, found[name]) for name in ("first", "last"))
    if last < first:
        raise Refused("Une période finit avant de commencer.", "Corrigez l'une de ses dates.")
    return Period(first, last)


def _full_date(cell: Cell) -> date:
    return date_(cell, date(2027, 1, 1))


TABS = (words.PEOPLE, words.PRESENCE)
SECTION = Section(
    "",
    (
        *renaming(TABS),
        Key("minimum", "2 h", _minimum),
        Key("jour_de_rappel", "jeudi 10 h", weekly),
        Key("bilan", True, _bilan),
        Key("vacances", "rappeler", parsers.one_of("rappeler", "suspendre")),
        Key("zone", "B", parsers.one_of(*ZONES)),
        Key("periodes_de_vacances", [], _periods),
        Key("alerte_apres", 3, parsers.whole(1, MOST_IN_A_ROW)),
        Key("lien_saisie", "", lambda value: _read(url, value)),
    ),
)
