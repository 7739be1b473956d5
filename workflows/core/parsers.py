"""What the keys of the configuration accept: each reads one raw TOML value or raises Refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import TypeVar

from workflows.core.schema import Refused

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DELAY = re.compile(
    r"(?:(?P<hours>\d{1,3})\s*h(?:eures?)?)?\s*"
    r"(?:(?P<minutes>\d{1,4})\s*(?:min(?:utes?)?|mn)?)?\s*"
    r"(?:(?P<seconds>\d{1,5})\s*s(?:econdes?)?)?"
)
_LONGEST_DELAY = timedelta(hours=24)


def text(value: object) -> str:
    """One line of text, possibly empty, without the spaces around it."""
    if not isinstance(value, str):
        raise Refused("Un texte est attendu.", 'Mettez la valeur entre guillemets droits, comme "ceci".')
    if _CONTROL.search(value):
        raise Refused(
            "Le texte contient un saut de ligne ou un caractère invisible.", "Écrivez-le sur une seule ligne."
        )
    return value.strip()


def filled(value: object) -> str:
    """One line of text that says something."""
    read = text(value)
    if not read:
        raise Refused("La valeur est vide.", "Écrivez un texte, ou supprimez la ligne pour la valeur prévue.")
    return read


def choice(words: Mapping[str, T], shown: Iterable[str] = ()) -> Callable[[object], T]:
    """One of these words, case aside; `shown`: as they are usually written."""

    def parse(value: object) -> T:
        if isinstance(value, str) and value.strip().casefold() in words:
            return words[value.strip().casefold()]
        listed = " ou ".join(f'"{word}"' for word in shown or words)
        raise Refused("Cette valeur n'est pas connue.", f"Écrivez {listed}.")

    return parse


def one_of(*words: str) -> Callable[[object], str]:
    """One of these words, as it is."""
    return choice({word.casefold(): word for word in words}, words)


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number within bounds, both included."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused(
                "Un nombre entier est attendu.", f"Écrivez un nombre, sans guillemets, comme {least}."
            )
        if not least <= value <= most:
            raise Refused(f"{value} est hors limites.", f"Écrivez un nombre entre {least} et {most}.")
        return value

    return parse


def delay(value: object) -> timedelta:
    """« 15 min », « 1 h », « 1 h 30 », « 30 s », or 0 for none; at most 24 h."""
    wanted = 'Écrivez par exemple "15 min" ou "1 h"\u00a0; "0" pour aucun délai.'
    if value == 0 and not isinstance(value, bool):
        return timedelta()
    found = _DELAY.fullmatch(value.strip().casefold()) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise Refused("Une durée est attendue.", wanted)
    read = timedelta(**{name: int(number or 0) for name, number in found.groupdict().items()})
    if read and str(value).strip().isdigit():
        raise Refused("L'unité de la durée manque.", wanted)
    if read > _LONGEST_DELAY:
        raise Refused("Cette durée dépasse 24 heures.", wanted)
    return read


def delays(most: int) -> Callable[[object], tuple[int, ...]]:
    """Up to `most` numbers of days from 1 to 365, each greater than the one before."""
    return _days(most, 365, growing=True, wanted="Écrivez par exemple [10, 20], ou [] pour aucune.")


def countdown(most: int) -> Callable[[object], tuple[int, ...]]:
    """Up to `most` numbers of days before something, from 60 to 1, each smaller than the one before."""
    return _days(most, 60, growing=False, wanted="Écrivez par exemple [7, 1], ou [] pour aucun.")


def _days(most: int, longest: int, *, growing: bool, wanted: str) -> Callable[[object], tuple[int, ...]]:
    def parse(value: object) -> tuple[int, ...]:
        if not isinstance(value, list):
            raise Refused("Une liste de nombres de jours est attendue.", wanted)
        numbers = tuple(whole(1, longest)(item) for item in value)
        if len(numbers) > most:
            raise Refused(f"Il y en a {len(numbers)}, c'est trop.", f"Gardez-en {most} au plus.")
        if any(later == earlier or (later > earlier) != growing for earlier, later in pairwise(numbers)):
            raise Refused(f"Les nombres de jours ne vont pas en {'' if growing else 'dé'}croissant.", wanted)
        return numbers

    return parse


def colour(value: object) -> str:
    """A colour as #RRGGBB (or #RGB), in lower case."""
    read = text(value).lower()
    if not re.fullmatch(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", read):
        raise Refused("Cette couleur n'est pas comprise.", 'Écrivez-la comme "#1f5c7a".')
    return read
