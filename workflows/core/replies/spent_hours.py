"""Hours of presence told in a sentence: « 2h30 cette semaine », « 1h mardi et 45 min jeudi ».

A wrong number is worse than none: times of day, plans, averages, alternatives and approximations
give none, and so does any word that this page does not know.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from workflows.core.cells import Unreadable
from workflows.core.durations import hours
from workflows.core.french import WEEKDAYS
from workflows.core.ports import Cell, Kind
from workflows.core.replies.named_weeks import DAY, one_line, without_dates
from workflows.core.replies.phrases import SMALL, bag, normalise

MAX_HOURS = 60
"""More than this in a week is a slip, or something else."""

_LATE = 8
"""From here on a whole number of hours may be a time of day."""
_NUMBERS = {"une": 1, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8,
            "neuf": 9, "dix": 10}  # fmt: skip
_N = rf"(?:\d{{1,3}}(?:[.,]\d{{1,2}})?|{'|'.join(_NUMBERS)})"
_DURATION = re.compile(
    rf"(?<![\w.,:/])(?:(?P<hours>{_N})\s?(?:heures?|hrs?|h)(?![a-z])"
    rf"(?:\s?(?:et )?(?P<half>demie?|quart)\b|\s?(?:et )?(?P<minutes>\d{{1,2}})(?!\s?h"
    rf"|[\d/])\s?(?:minutes?|min|mn|m)?\b)?"
    rf"|(?P<only>\d{{1,3}})\s?(?:minutes?|min|mn)\b|(?P<named>(?:une )?demi,?\s?heure"
    rf"|trois quarts d'heure|un quart d'heure))"
)
_NAMED = {"demi": Fraction(1, 2), "trois": Fraction(3, 4), "un quart": Fraction(1, 4)}
_CLOCK = re.compile(
    rf"(?:\b(?:a|vers|des|jusqu'a|avant|apres|entre|depuis|partir de|jusque|pour|@)|\d(?:\s,|,\s|\s?[/>]"
    rf"|\s)|\d\s?h\d{{0,2}}\s?(?:,|/|a|et)?)\s?{_N}\s?h"
    rf"|\bde {_N}\s?h?\d{{0,2}} ?(?:a|,) ?{_N}\s?h|\d\s?(?:h|heures?)\s?\d{{0,2}}\s?(?:a|,|/|>)\s?\d"
    r"|/\s?(?:semaine|sem|jour|mois)\b"
)
_TOTAL = re.compile(r"(?:soit|total|totalise|totalisant|au final|ce qui fait|ca fait)\b[^0-9]{0,30}$|=\s?$")
_TOTAL_AFTER = re.compile(r"\s?,?\s?(?:au |en |de )?total\b")
_IN_ALL = re.compile(r"\ben tout\b(?! cas)")
_ALONE = re.compile(r"0?(?P<hours>[0-7]) ?: ?(?P<minutes>[0-5]\d)")
_HALVED = re.compile(r"\d\s?(?:h|heures?)\s?(?:et )?[13]\s?/\s?[24]\b(?!/)")
"""« 1 h 1/2 »: no date."""
_KNOWN = (
    SMALL
    | bag(
        "bonjour bonsoir salut coucou hello madame monsieur je ai fait effectue realise passe assure "
        "tenu ete etais semaine de presence permanence permanences ligne sur reseaux "
        "sociaux facebook instagram "
        "insta snapchat snap discord tiktok twitch youtube whatsapp messenger et puis lundi mardi mercredi "
        "jeudi vendredi samedi dimanche soir soiree matin midi apres total soit heures heure pour ma mes mon "
        "temps connecte connectee promeneur promeneurs net fil eau voici voila merci rappel desole desolee "
        "oubli relance realisees effectuees numerique educative au moi ca cette dernier derniere "
        "passee passees declaration compte rendu retour janvier fevrier mars avril mai juin juillet aout "
        "septembre octobre novembre decembre s mn le nous avons on a faites fais en durant pendant c est ce "
        "qui hier bonne journee semaines num no numero pdn les "
        "jeunes avec des d"
    )
) - bag("pas plus jamais not encore toujours chaque comme pouvoir par jour fois annee tous toutes tout bien")
_PRESENCE = bag(
    "semaine presence permanence permanences fait effectue realise assure tenu connecte connectee ligne "
    "facebook instagram insta snapchat discord tiktok twitch youtube total lundi mardi mercredi jeudi "
    "vendredi samedi dimanche passe realisees effectuees faites heures"
)
_WORDS = re.compile(r"[a-z]+'?|\d+")
_WEEK = re.compile(r"\b(?:cette semaine|semaine (?:derniere|passee|prochaine|\d{1,2})|s ?\d{2}\b)")
_PLACES = bag("facebook instagram insta snapchat snap discord tiktok twitch youtube whatsapp messenger")
_DAYS = (*WEEKDAYS, DAY)
_NAMES = re.compile(rf"[a-z]+|{DAY}")
_JOINED = re.compile(r"\b(?:et|puis)\b|\+")


def spent_hours(text: str) -> timedelta | None:
    """The time that a short text says was spent in presence; None if it is not clear."""
    flat = _IN_ALL.sub("au total", one_line(_without_names(text[:1_500])))
    if alone := _ALONE.fullmatch(flat.strip()):
        return timedelta(hours=int(alone["hours"]), minutes=int(alone["minutes"]))
    if len(set(_WEEK.findall(flat))) > 1 or _HALVED.search(flat):
        return None
    flat = without_dates(flat)
    found = list(_DURATION.finditer(flat))
    if not found or "?" in flat or _CLOCK.search(flat) or not _about_presence(flat, found):
        return None
    values = [_value(match) for match in found]
    total = _sum([value for value in values if value is not None], flat, found)
    if None in values or total is None or total > MAX_HOURS:
        return None
    return timedelta(seconds=round(total * 3600))


_GREETED = re.compile(
    r"\b([Bb]onjour|[Bb]onsoir|[Ss]alut|[Cc]oucou|[Mm]erci)((?:,? [A-ZÀ-Ý][\w'’-]{1,20}){1,2})(?=[,.! \n]|$)"
)
_NAME_LINE = re.compile(r"\n\s*[A-ZÀ-Ý][\w.'’-]{1,20}(?: [A-ZÀ-Ý][\w.'’-]{0,20}){0,2}\s*$")


def _without_names(text: str) -> str:
    """The text without the name greeted and the name that signs."""
    return _NAME_LINE.sub("", _GREETED.sub(r"\1", text.strip()))


_LABEL = re.compile(r"\s*heures?\s*:", re.IGNORECASE)
_BARE = re.compile(r"\d+(?:[.,]\d+)?")


def filled_in(text: str) -> timedelta | None:
    """What completes the prepared « Heures : », or replaces it, read as a cell of the sheet is.

    None if there is anything else, and for « 17 h », which may be a time of day.
    """
    said = _LABEL.sub("", text, count=1).strip()
    try:
        given = hours(Cell(said, Kind.TEXT))
    except Unreadable:
        return None
    late = given is not None and given >= timedelta(hours=_LATE) and not _BARE.fullmatch(said)
    return None if late else given


def tells_a_duration(text: str) -> bool:
    """Whether a text names a duration that may be hours of presence, whatever else it says."""
    found = _DURATION.finditer(normalise(text[:1_500]))
    return any(
        not match["hours"] or not match["hours"].isdigit() or int(match["hours"]) < _LATE for match in found
    )


def _value(found: re.Match[str]) -> Fraction | None:
    if found["named"]:
        return next(value for name, value in _NAMED.items() if name in found["named"])
    if found["only"]:
        return Fraction(int(found["only"]), 60)
    minutes = int(found["minutes"] or 0)
    if minutes >= 60 or (minutes and not found["hours"].isalnum()):
        return None
    extra = {"d": Fraction(1, 2), "q": Fraction(1, 4)}.get((found["half"] or " ")[0], Fraction(minutes, 60))
    number = _NUMBERS.get(found["hours"])
    return Fraction(number or found["hours"].replace(",", ".")) + extra


def _sum(values: list[Fraction], flat: str, found: list[re.Match[str]]) -> Fraction | None:
    """The sum of what is listed, or the total that is stated when the rest agrees with it."""
    total = sum(values, Fraction(0))
    if len(values) == 1:
        return total
    stated = [
        value for value, match in zip(values, found, strict=False) if _TOTAL.search(flat[: match.start()])
    ]
    if not stated and _TOTAL_AFTER.match(flat[found[-1].end() :]):
        stated = values[-1:]
    if stated:
        return stated[0] if len(stated) == 1 and total == 2 * stated[0] else None
    if _one_each(flat, found):
        return total
    between = [flat[one.end() : other.start()] for one, other in pairwise(found)]
    repeats = any(total == 2 * value for value in values)
    return total if not repeats and "total" not in flat and all(map(_JOINED.search, between)) else None


def _one_each(flat: str, found: list[re.Match[str]]) -> bool:
    """Whether each duration has a day, or a network, of its own: « lundi : 1h, mardi : 1h »."""
    return "total" not in flat and any(_alternate(names, flat, found) for names in (_DAYS, _PLACES))


def _alternate(names: Collection[str], flat: str, found: list[re.Match[str]]) -> bool:
    """Whether these names, all different, and the durations take turns."""
    named = [match for match in _NAMES.finditer(flat) if match[0] in names]
    order = [match in named for match in sorted((*named, *found), key=lambda match: match.start())]
    apart = all(one is not other for one, other in pairwise(order))
    return apart and len(named) == len(found) and not _twice(match[0] for match in named)


def _twice(names: Iterable[str]) -> bool:
    """Whether one of these names stands twice; of numbered days, each is its own."""
    return max(Counter(name for name in names if name != DAY).values(), default=1) > 1


def _about_presence(flat: str, found: list[re.Match[str]]) -> bool:
    """Only known words; and a word of presence, unless the duration is all there is, and short."""
    rest = _DURATION.sub(" ", flat)
    words = [word.rstrip("'") for word in _WORDS.findall(rest)]
    unknown = [word for word in words if word not in _KNOWN and not (len(word) == 1 and word.isalpha())]
    if unknown:
        return False
    told = not _PRESENCE.isdisjoint(words) or (
        not _PRESENCE.isdisjoint(_WORDS.findall(flat)) and "heures" in flat
    )
    late = any(
        match["hours"] and match["hours"].isdigit() and int(match["hours"]) >= _LATE for match in found
    )
    spent = not {"fait", "presence", "effectue", "realise", "total", "permanence"}.isdisjoint(words)
    return spent if late else (told or len(words) <= 4)
