"""Values → French text, for mails and messages (the other way round is `core/rows.py`).

No locale is used: the machine's own may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

NBSP = "\u00a0"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
"""From Monday, as `date.weekday()` counts."""

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
          "novembre", "décembre")  # fmt: skip


def weekday(day: date) -> str:
    """« lundi »."""
    return WEEKDAYS[day.weekday()]


def date_long(day: date) -> str:
    """« lundi 14 septembre 2026 », « jeudi 1er avril 2027 »."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{weekday(day)} {number} {MONTHS[day.month - 1]} {day.year}"


def date_short(day: date) -> str:
    """« 16/03/2027 »."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def time_(at: time) -> str:
    """« 14 h », « 14 h 05 », with no-break spaces; seconds are not said."""
    return f"{at.hour}{NBSP}h" + (f"{NBSP}{at.minute:02}" if at.minute else "")


def moment(at: datetime) -> str:
    """« lundi 14 septembre 2026 à 14 h », in the datetime's own zone."""
    return f"{date_long(at)} à {time_(at.time())}"


def soon(at: datetime, now: datetime) -> str:
    """« à 14 h » today, « lundi 8 h 30 » within six days, else with the date."""
    days = (at.date() - now.date()).days
    if days == 0:
        return f"à {time_(at.time())}"
    return f"{weekday(at.date())} {time_(at.time())}" if days < 7 else moment(at)


def duration(length: timedelta) -> str:
    """« 2 h », « 1 h 15 », « 45 min », « 0 min », with no-break spaces, to the nearest minute.

    Raises ValueError for a negative length.
    """
    if length < timedelta(0):
        raise ValueError(f"a duration cannot be negative: {length}")
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    if not hours:
        return f"{minutes}{NBSP}min"
    return f"{hours}{NBSP}h" + (f"{NBSP}{minutes:02}" if minutes else "")


def join(parts: Sequence[str], last: str = "et") -> str:
    """« a, b et c »; « a », and the empty text for none. `last` may be « ou »."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def plural(count: int, one: str, several: str = "") -> str:
    """« 0 structure », « 1 structure », « 2 structures »: French has its plural from two on.

    `several` is needed where adding an s is not enough (« réponses reçues », « journaux »).
    """
    if abs(count) < 2:
        return f"{count} {one}"
    return f"{count} {several or one + ('' if one[-1] in 'sxz' else 's')}"


def quoted(words: str, limit: int = 60) -> str:
    """« words » with no-break spaces inside, cut to `limit` characters."""
    shown = words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
    return f"«{NBSP}{shown}{NBSP}»"


# A sign that a letter or digit follows at once (« ?a=1 », « :p ») ends nothing: it is left alone.
_BEFORE = re.compile(r"(?<=\S) +(?=»|[:;?!]+(?![\w/]))")
_AFTER = re.compile(r"(?<=«) +(?=\S)")


def typography(words: str) -> str:
    """Plain spaces before : ; ? ! » and after « become one no-break space each; idempotent.

    Nothing is added where there is no space, so web and mail addresses stay as they are.
    """
    return _AFTER.sub(NBSP, _BEFORE.sub(NBSP, words))
