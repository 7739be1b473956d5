"""Weeks as presence reckons with them: their names in keys, how far back, which are holidays."""

from __future__ import annotations

import re
from datetime import timedelta

from workflows.core import french
from workflows.core.presence.school_holidays import KNOWN_UNTIL, is_holiday_week, school_holidays
from workflows.core.problems import Problem
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Desk

REMINDER, BILAN = "rappel", "bilan"
LOOKED_BACK = 13
"""Weeks before the current one whose past still matters: a quarter, summer holidays included."""


def campaign(week: IsoWeek) -> str:
    """The week's name in the journal."""
    return f"presence:{week}"


def week_of(name: str) -> IsoWeek | None:
    """The week of a campaign; None for a campaign of another workflow."""
    found = re.fullmatch(r"presence:(\d{4})-S(\d\d)", name)
    return IsoWeek(int(found[1]), int(found[2])) if found else None


def message_key(ref: str, step: str, week: IsoWeek) -> str:
    return f"presence:{ref}:{step}:{week}"


def past_weeks(current: IsoWeek) -> list[IsoWeek]:
    """The weeks that are looked back on, the latest first."""
    return [IsoWeek.of(current.monday - timedelta(weeks=back)) for back in range(1, LOOKED_BACK + 1)]


def suspended(desk: Desk, week: IsoWeek) -> bool:
    """Whether nothing is sent about this week because of school holidays (`vacances`)."""
    if desk.settings["vacances"] != "suspendre":
        return False
    own = desk.settings["periodes_de_vacances"]
    return is_holiday_week(week, own or school_holidays(desk.settings["zone"]))


def calendar_problems(desk: Desk, week: IsoWeek) -> list[Problem]:
    """That the holidays of this week are not known, where they matter."""
    settings = desk.settings
    known = week.sunday <= KNOWN_UNTIL or settings["periodes_de_vacances"]
    if settings["vacances"] != "suspendre" or known:
        return []
    return [
        Problem(
            "config/presence.toml, periodes_de_vacances",
            f"Les vacances scolaires ne sont connues que jusqu'au {french.date_short(KNOWN_UNTIL)} :"
            " les rappels ne sont plus suspendus.",
            "Écrivez les suivantes, par exemple"
            ' periodes_de_vacances = ["21/10/2028 au 05/11/2028", "23/12/2028 au 07/01/2029"].',
        )
    ]


def span_words(week: IsoWeek) -> str:
    """« du 1er au 7 mars 2027 », « du 28 décembre 2026 au 3 janvier 2027 »."""
    first, last = french.date_long(week.monday).split()[1:], french.date_long(week.sunday).split()[1:]
    shared = next((n for n in (2, 1) if first[-n:] == last[-n:]), 0)
    return f"du {' '.join(first[: len(first) - shared])} au {' '.join(last)}"
