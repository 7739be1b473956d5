"""Number formats: how a number shows under a pattern (Google's "Date and number formats")."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tests.support.sheets.errors import JSON

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
DATE_TYPES = ("DATE", "TIME", "DATE_TIME")
_ENGLISH = (
    "January February March April May June July August September October November December",
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
)
_FRENCH = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
)
_DEFAULTS = {
    "en_US": {
        "DATE": "m/d/yyyy",
        "TIME": "h:mm:ss am/pm",
        "DATE_TIME": "m/d/yyyy h:mm:ss",
        "CURRENCY": "$#,##0.00",
    },
    "fr_FR": {
        "DATE": "dd/mm/yyyy",
        "TIME": "hh:mm:ss",
        "DATE_TIME": "dd/mm/yyyy hh:mm:ss",
        "CURRENCY": "#,##0.00 €",
    },
}
_COMMON = {"PERCENT": "0.00%", "SCIENTIFIC": "0.00E+00", "NUMBER": "#,##0.00"}
_DATE_TOKEN = re.compile(
    r'"[^"]*"|\\.|\[h+\]|\[m+\]|\[s+\]|am/pm|a/p|y+|m+|d+|h+|s+(?:[.,]0+)?|.', re.IGNORECASE | re.DOTALL
)


def kind(number_format: JSON | None) -> str:
    """The NumberFormat's type; guessed from the pattern where only that is given."""
    if not number_format:
        return ""
    if number_format.get("type"):
        return str(number_format["type"])
    return pattern_type(str(number_format.get("pattern", "")))


def pattern_type(pattern: str) -> str:
    """DATE, TIME, DATE_TIME, PERCENT, SCIENTIFIC, TEXT, NUMBER or "" (General) for a pattern."""
    bare = re.sub(r'"[^"]*"|\\.|\[(?![hms]+\])[^\]]*\]', "", pattern.split(";")[0], flags=re.IGNORECASE)
    if bare.strip() == "@":
        return "TEXT"
    if bare.strip().lower() in ("", "general"):
        return ""
    days = bool(re.search(r"[yd]", bare, re.IGNORECASE)) or (
        bool(re.search(r"m", bare, re.IGNORECASE)) and not re.search(r"[hs]", bare, re.IGNORECASE)
    )
    hours = bool(re.search(r"[hs]", bare, re.IGNORECASE)) and not re.search(
        r"[0#]", re.sub(r"\.0+", "", bare)
    )
    if days or hours:
        return "DATE_TIME" if days and hours else "DATE" if days else "TIME"
    if "%" in bare:
        return "PERCENT"
    return "SCIENTIFIC" if re.search(r"[0#]E[+-]", bare) else "NUMBER"


def show(number: float, number_format: JSON | None, locale: str = "en_US") -> str:
    """The formatted value of a number."""
    sort = kind(number_format)
    pattern = str((number_format or {}).get("pattern", ""))
    if not pattern:
        pattern = {**_COMMON, **_DEFAULTS.get(locale, _DEFAULTS["en_US"])}.get(sort, "")
    if not pattern or sort == "TEXT" or pattern.lower() == "general":
        return _localised(general(number), locale)
    if sort in DATE_TYPES:
        return show_date(number, pattern, locale)
    return _show_number(number, pattern, locale)


def general(number: float) -> str:
    """A number without a format: ten significant digits, no exponent where it can be avoided."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    text = f"{number:.10g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    if -10 < int(exponent) < 0:
        return f"{number:.{9 - int(exponent)}f}".rstrip("0")
    return f"{mantissa}E{int(exponent):+03d}"


def _localised(text: str, locale: str) -> str:
    return text.replace(".", ",") if locale.startswith("fr") else text


def show_date(number: float, pattern: str, locale: str = "en_US") -> str:
    """A serial number under a date or time pattern."""
    moment = EPOCH + timedelta(seconds=round(number * 86400))
    months, days = (names.split() for names in (_FRENCH if locale.startswith("fr") else _ENGLISH))
    tokens = _DATE_TOKEN.findall(pattern)
    half_day = any(token.lower() in ("am/pm", "a/p") for token in tokens)
    shown = []
    hours_before = False
    for at, token in enumerate(tokens):
        low = token.lower()
        if low[0] == "m" and (hours_before or _seconds_follow(tokens, at)):
            low = "minutes" if len(low) > 1 else "minute"
        if low[0] in "[hs":
            hours_before = low[0] != "s"
        elif low[0] in "yd" or low.startswith("m"):
            hours_before = False
        shown.append(_date_token(token, low, number, moment, half_day, months, days))
    return "".join(shown)


def _seconds_follow(tokens: list[str], at: int) -> bool:
    later = [token.lower() for token in tokens[at + 1 :] if re.match(r"[ymdhs\[]", token, re.IGNORECASE)]
    return bool(later) and later[0].startswith("s")


def _date_token(
    token: str, low: str, number: float, moment: datetime, half_day: bool, months: list[str], days: list[str]
) -> str:
    hour = (moment.hour % 12 or 12) if half_day else moment.hour
    total = round(number * 86400)
    simple = {
        "minute": str(moment.minute),
        "minutes": f"{moment.minute:02d}",
        "m": str(moment.month),
        "mm": f"{moment.month:02d}",
        "mmm": months[moment.month - 1][:3],
        "mmmm": months[moment.month - 1],
        "mmmmm": months[moment.month - 1][0],
        "d": str(moment.day),
        "dd": f"{moment.day:02d}",
        "ddd": days[moment.weekday()][:3],
        "dddd": days[moment.weekday()],
        "h": str(hour),
        "hh": f"{hour:02d}",
        "s": str(moment.second),
        "ss": f"{moment.second:02d}",
        "am/pm": "AM" if moment.hour < 12 else "PM",
        "a/p": "A" if moment.hour < 12 else "P",
    }
    if low in simple:
        return simple[low]
    if low[0] == "y":
        return f"{moment.year % 100:02d}" if len(low) <= 2 else str(moment.year)
    elapsed = {"h": total // 3600, "m": total // 60, "s": total}
    if low[0] == "[" and len(low) > 2:
        return str(elapsed[low[1]]).zfill(len(low) - 2)
    if low[0] == "s":
        return f"{moment.second:02d}.{'0' * (len(low) - low.index('0'))}"
    return token[1:-1] if token[0] == '"' and len(token) > 1 else token[1:] if token[0] == "\\" else token


def _show_number(number: float, pattern: str, locale: str) -> str:
    sections = re.findall(r'(?:"[^"]*"|\\.|[^;])+', pattern) or [pattern]
    section = sections[0]
    if number < 0 and len(sections) > 1:
        section, number = sections[1], -number
    elif number == 0 and len(sections) > 2:
        section = sections[2]
    section = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r'"\1"', section)
    section = re.sub(r"_.|\*.|\[[^\]]*\]", "", section)
    digits = re.search(r"[#0?][#0?,]*(?:\.[#0?]+)?(?:E[+-]0+)?", section)
    if not digits:
        return _literal(section)
    if "%" in re.sub(r'"[^"]*"', "", section):
        number *= 100
    body = _digits(abs(number), digits[0], locale)
    sign = "-" if number < 0 else ""
    return sign + _literal(section[: digits.start()]) + body + _literal(section[digits.end() :])


def _digits(number: float, mask: str, locale: str) -> str:
    if "E" in mask:
        mantissa, exponent = mask.split("E")
        places = len(mantissa.partition(".")[2])
        shown, power = f"{number:.{places}E}".split("E")
        return f"{shown}E{int(power):+0{len(exponent)}d}"
    whole_mask, _, part_mask = mask.partition(".")
    text = f"{number:.{len(part_mask)}f}"
    whole, _, part = text.partition(".")
    least = len(part_mask.rstrip("#?"))
    while len(part) > least and part.endswith("0"):
        part = part[:-1]
    whole = whole.zfill(whole_mask.count("0")) if whole != "0" or "0" in whole_mask else ""
    grouping, point = ("\u202f", ",") if locale.startswith("fr") else (",", ".")
    if "," in whole_mask:
        whole = f"{int(whole or 0):,}".replace(",", grouping)
    return whole + (point + part if part else "")


def _literal(text: str) -> str:
    return re.sub(r'"([^"]*)"|\\(.)', lambda m: m[1] if m[1] is not None else m[2], text)
