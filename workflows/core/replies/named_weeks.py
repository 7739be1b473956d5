"""Weeks and days that a reply names: « semaine 9 », « la semaine dernière », « mardi 2 », « du 1er au 7 ».

What they mean depends on the day of the reply; whether they are the week that the reply is put down to
is told only when it is sure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from workflows.core.french import MONTHS, WEEKDAYS
from workflows.core.replies.phrases import normalise
from workflows.core.weeks import IsoWeek

_MONTH = {normalise(name): number for number, name in enumerate(MONTHS, 1)}
_M = "|".join(_MONTH)
_W = "|".join(WEEKDAYS)
_NO_HOURS = r"(?!\s?(?:h|heures?|hrs?|min|minutes?|mn)(?![a-z])|\d|[.,:]\d)"
"""A number before this is not one of hours."""

_NUMBERED = re.compile(
    r"\b(?:(?:(?P<before>\d{4}) ?)?s ?(?P<s>\d{2})|sem(?:aine)?\.? (?:(?:n ?[°.]?|no|num|numero) ?)?"
    rf"(?P<n>\d{{1,2}}))\b(?: (?:de )?(?P<after>20\d\d)\b)?{_NO_HOURS}"
)
_SPAN = re.compile(
    rf"\bdu (?:(?P<wd>{_W}) )?(?P<day>\d{{1,2}})(?: ?er)?(?: (?P<month>{_M})|/(?P<number>\d{{1,2}}))?"
    rf" au (?:(?P<wd2>{_W}) )?(?P<day2>\d{{1,2}})(?: ?er)?"
    rf"(?: (?P<month2>{_M})\b|/(?P<number2>\d{{1,2}}))?(?:[ /](?P<year2>20\d\d))?{_NO_HOURS}"
)
_DATE = re.compile(
    rf"\b(?:(?P<wd>{_W}) )?(?P<day>\d{{1,2}})(?: ?er)?(?: (?P<month>{_M})(?: (?P<year>\d{{4}}))?"
    rf"|/(?P<number>\d{{1,2}})(?:/(?P<short>\d{{2,4}}))?)\b{_NO_HOURS}"
)
_DAY = re.compile(
    rf"\b(?:(?P<wd>{_W}) |semaine du (?:{_W} )?)(?P<day>\d{{1,2}})(?: ?er)?(?!\s?(?:h|min|mn|[.,]?\d|:))\b"
)


def one_line(text: str) -> str:
    """Lower case without accents, on one line, fractions with a plain stroke."""
    return re.sub(r"\s+", " ", normalise(text).replace("\u2044", "/"))


DAY = "§"
"""Stands where a day was."""


def without_dates(flat: str) -> str:
    """A text, `one_line`, with its numbered weeks taken out and DAY in place of its numbered days."""
    for form, instead in ((_NUMBERED, " "), (_SPAN, " "), (_DATE, DAY), (_DAY, DAY)):
        flat = form.sub(instead, flat)
    return flat


def may_be_another(text: str, week: IsoWeek, received: date) -> bool:
    """Whether a text received on this day names a week or a day that is not surely of this week."""
    flat = one_line(text)
    for form, is_of in _FORMS:
        if not all(is_of(found, week, received) for found in form.finditer(flat)):
            return True
        flat = form.sub(" ", flat)
    return False


def numbers_another(title: str, week: IsoWeek) -> bool:
    """Whether a subject line gives the number of another week."""
    return not all(_is_number(found, week, week.monday) for found in _NUMBERED.finditer(one_line(title)))


def _is_number(found: re.Match[str], week: IsoWeek, _: date) -> bool:
    """« S09 », « 2027-S09 », « semaine 9 »."""
    years = {int(year) for year in (found["before"], found["after"]) if year}
    return int(found["s"] or found["n"]) == week.week and years <= {week.year}


def _is_span(found: re.Match[str], week: IsoWeek, _: date) -> bool:
    """« du 1er au 7 mars »: both ends."""
    return _holds(week, found.groupdict()) and _holds(week, found.groupdict(), "2")


def _is_day(found: re.Match[str], week: IsoWeek, _: date) -> bool:
    """« mardi 2 », « 2 mars 2027 », « 2/3 », « semaine du 1er »."""
    return _holds(week, found.groupdict())


def _holds(week: IsoWeek, parts: dict[str, str | None], end: str = "") -> bool:
    """Whether a day of this week is all that is said of it."""
    day, month, number = (parts.get(name + end) for name in ("day", "month", "number"))
    year, named = parts.get("year" + end) or parts.get("short"), parts.get("wd" + end)
    return any(
        known.day == int(day or 0)
        and (not month or known.month == _MONTH[month])
        and (not number or known.month == int(number))
        and (not year or known.year % 10 ** len(year) == int(year))
        and (not named or WEEKDAYS[known.weekday()] == named)
        for known in week.days
    )


def _is_this(_: re.Match[str], week: IsoWeek, received: date) -> bool:
    """« cette semaine », « ce matin »."""
    return received in week.days


def _is_last(_: re.Match[str], week: IsoWeek, received: date) -> bool:
    """« la semaine dernière »."""
    return IsoWeek.of(received).previous() == week


def _is_yesterday(_: re.Match[str], week: IsoWeek, received: date) -> bool:
    return received - timedelta(days=1) in week.days


def _is_last_weekday(found: re.Match[str], week: IsoWeek, received: date) -> bool:
    """« lundi dernier » is the latest Monday for some, that of last week for others."""
    position = WEEKDAYS.index(found["wd"])
    latest = received - timedelta(days=(received.weekday() - position - 1) % 7 + 1)
    return latest in week.days and IsoWeek.of(received).previous().days[position] in week.days


def _is_weekday(found: re.Match[str], week: IsoWeek, received: date) -> bool:
    """« mardi », in the week itself; later, when that day has not come again since."""
    latest = received - timedelta(days=(received.weekday() - WEEKDAYS.index(found["wd"])) % 7)
    return received in week.days or latest in week.days


def _always(*_: object) -> bool:
    """« cette semaine-là » is the week of the message."""
    return True


def _never(*_: object) -> bool:
    """« les deux semaines », « en mars », « ma dernière permanence »: longer, or who knows which."""
    return False


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], IsoWeek, date], bool]], ...] = (
    (_NUMBERED, _is_number),
    (_SPAN, _is_span),
    (_DATE, _is_day),
    (_DAY, _is_day),
    (re.compile(r"\bcette semaine la(?= ?(?:$|[^a-z ]|j'|je\b))"), _always),
    (re.compile(r"\bcette semaine\b|\bce (?:matin|midi|soir)\b"), _is_this),
    (
        re.compile(r"\bsemaine (?:qui |est |s'est |c'est )*(?:derniere|passee)\b|\bderniere semaine\b"),
        _is_last,
    ),
    (re.compile(r"\bhier\b"), _is_yesterday),
    (re.compile(rf"\b(?P<wd>{_W}) (?:dernier|passe)\b"), _is_last_weekday),
    (re.compile(rf"\bsemaines\b|\bsemaine deux\b|\bdernieres?\b|\bderniers?\b|\b(?:{_M})\b"), _never),
    (re.compile(rf"\b(?P<wd>{_W})\b"), _is_weekday),
)
"""How each naming is told, those that hold others first."""
