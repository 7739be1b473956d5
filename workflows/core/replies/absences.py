"""Automatic replies, told from a person's answer, and the day of return that they state."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from workflows.core.french import MONTHS, WEEKDAYS
from workflows.core.replies.mail_parts import Mail
from workflows.core.replies.phrases import normalise

_SUBJECT = re.compile(
    r"(?:\[[^\]]{0,40}\]\s*)?(?:reponse automatique|automatic reply|auto,?\s?reply|autoreply|auto\s?:"
    r"|message (?:automatique|d'absence)"
    r"|reponse d'absence|absence du bureau|notification d'absence|avis d'absence|out of (?:the )?office"
    r"|ooo\b|repondeur"
    r"|absent du bureau|absente du bureau|message de repondeur|automatische antwort"
    r"|accuse de reception automatique)"
)
_BODY = re.compile(
    r"\b(?:ceci est (?:une reponse|un message) automatique|reponse automatique"
    r"|message (?:genere )?automatique(?:ment)?"
    r"|this is an automat(?:ic|ed)|merci de ne pas repondre a ce (?:message|mail|courriel)"
    r"|ne pas repondre a ce (?:message|mail|courriel))"
)
_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-mail-autoreply",
    "x-autoreply-from",
)


def is_automatic(mail: Mail) -> bool:
    """Whether the headers or the subject say that a machine answered (RFC 3834 and what precedes it)."""
    said = mail.get("auto-submitted").lower()
    if said and not said.startswith("no"):
        return True
    if any(mail.all(name) for name in _HEADERS):
        return True
    if mail.get("precedence").lower() in {"auto_reply", "auto-reply", "autoreply"}:
        return True
    return bool(_SUBJECT.match(normalise(mail.get("subject")).strip()))


def says_automatic(text: str) -> bool:
    """Whether the text itself says that a machine wrote it."""
    return bool(_BODY.search(normalise(text)))


_MONTH = {normalise(name): at for at, name in enumerate(MONTHS, 1)}
_MONTH |= {"janv": 1, "fev": 2, "fevr": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "dec": 12}
_ENGLISH = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december")  # fmt: skip
_MONTH |= {name: at for at, name in enumerate(_ENGLISH, 1)}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_DAY = {normalise(name): at for at, name in enumerate(WEEKDAYS)}
_WEEKDAY = rf"(?:(?:{'|'.join(_DAY)}|monday|tuesday|wednesday|thursday|friday|saturday|sunday),?\s)"
_WHEN = (
    rf"{_WEEKDAY}?(?:le |the )?(?:(?P<y1>\d{{4}}),?\s?(?P<m1>\d{{2}}),?\s(?P<d1>\d{{2}})(?!\d)"
    r"|(?P<d2>\d{1,2})\s?[/.]\s?(?P<m2>\d{1,2})(?:\s?[/.]\s?(?P<y2>\d{4}|\d{2}))?(?![\d/])"
    rf"|(?P<d3>\d{{1,2}})(?:er|st|nd|rd|th)?\s(?:of )?(?P<m3>{_NAMES})\b\.?(?:,?\s(?P<y3>\d{{4}}))?"
    rf"|(?P<m4>{'|'.join(_ENGLISH)})\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y4>\d{{4}}))?"
    r"|(?<=[laduent][eu] )(?P<d5>\d{1,2})(?!\s?(?:h|min|jours|semaines|%|[/.:]?\d|[a-z]{4,})))"
)
_BACK = re.compile(
    r"\b(?:(?:de |mon |notre )?retour|reprise|reprendrai|reprends|reouvrira|reouverture|rouvrira"
    r"|back|return(?:ing)?)\b"
    rf"[^.\n]{{0,40}}?\b(?:(?:le|du|au|des|on|prevu|:|a partir du|the)\s)*{_WHEN}"
)
_BACK_DAY = re.compile(
    r"\b(?:de retour|retour|reprise|back|returning)\b[^.\n\d]{0,25}?"
    rf"\b(?P<day>{'|'.join(_DAY)})\b(?!\s(?:le\s)?\d)"
)
_UNTIL = re.compile(rf"\b(?:jusqu'(?:au|a|en)|until|till|through)\s(?:y compris\s)?(?:le\s)?(?:au\s)?{_WHEN}")
_FROM_TO = re.compile(rf"\b(?:du|from)\s[^.\n]{{1,40}}?\b(?:au|to|until)\s{_WHEN}")
_BEFORE_DATE = timedelta(days=60)
"""An automatic reply may be left on this long after the day that it states."""


def return_date(text: str, sent: datetime | None) -> date | None:
    """The day that an absence message states, as it stands in it; None without one.

    The first of: the day of return (« de retour le 15 mars »), the last day of absence
    (« jusqu'au 12 mars » → 12 March), the end of a period (« du 8 au 12 mars » → 12 March).
    A missing year is the one that puts the day between 60 days before and ten months after `sent`;
    a missing month is that of the next such day; « lundi » alone is the next one.
    """
    flat = re.sub(r"[ \t]+", " ", normalise(text[:4_000])).replace("\n", " ")
    for form in (_BACK, _UNTIL, _FROM_TO):
        for found in form.finditer(flat):
            if day := _day(found, sent):
                return day
        if form is _BACK and sent and (named := _BACK_DAY.search(flat)):
            ahead = (_DAY[named["day"]] - sent.weekday() - 1) % 7 + 1
            return sent.date() + timedelta(days=ahead)
    return None


def _day(found: re.Match[str], sent: datetime | None) -> date | None:
    parts = found.groupdict()
    day = next(int(parts[f"d{form}"]) for form in range(1, 6) if parts[f"d{form}"])
    month = next((parts[f"m{form}"] for form in range(1, 5) if parts[f"m{form}"]), None)
    year = next((parts[f"y{form}"] for form in (1, 2, 3, 4) if parts[f"y{form}"]), None)
    if month is None:
        return _next_such_day(day, sent)
    number = _MONTH.get(month) or int(month)
    if year:
        return _valid(int(year) + (2000 if len(year) == 2 else 0), number, day)
    return _nearest_year(number, day, sent)


def _nearest_year(month: int, day: int, sent: datetime | None) -> date | None:
    if not sent:
        return None
    candidates = (_valid(year, month, day) for year in range(sent.year - 1, sent.year + 3))
    return next((known for known in candidates if known and known >= _earliest(sent)), None)


def _earliest(sent: datetime) -> date:
    return sent.date() - _BEFORE_DATE if sent.year > 1 else sent.date()


def _next_such_day(day: int, sent: datetime | None) -> date | None:
    if not sent:
        return None
    months = (
        (sent.year + (sent.month - 1 + ahead) // 12, (sent.month - 1 + ahead) % 12 + 1) for ahead in range(3)
    )
    candidates = (_valid(year, month, day) for year, month in months)
    return next((known for known in candidates if known and known >= sent.date()), None)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
