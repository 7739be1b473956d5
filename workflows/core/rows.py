"""Cells → values: all that a French cell may hold, read here or not at all.

Each reader takes one raw Cell and returns its value, or raises Unreadable, never anything else;
what is not understood is never zero, empty or no. The longer readers stand in `dates`, `durations`,
`weeks` and `slots`; callers need only this module.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from workflows.core.cells import Unreadable, fold, is_blank, label, long_text, normalise, plain, text
from workflows.core.dates import date_, optional_date
from workflows.core.durations import hours, minimum, optional_time, time_
from workflows.core.french import quoted
from workflows.core.ports import Cell, Kind
from workflows.core.slots import Slot, slots
from workflows.core.weeks import IsoWeek, iso_week

__all__ = [
    "IsoWeek", "Slot", "Unreadable", "addresses", "count", "date_", "fold", "hours", "is_blank", "iso_week",
    "label", "long_text", "minimum", "normalise", "optional_date", "optional_time", "plain", "row_ref",
    "slots", "text", "time_", "url", "yes_no",
]  # fmt: skip

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LAST_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9]")


def addresses(cell: Cell) -> tuple[str, ...]:
    """The mail addresses in a cell, in small letters, each once, in the order written.

    They are separated by `;`, `,` or white space. Raises Unreadable for none, and for the first that
    is not a plain ASCII dot-atom address within the lengths of RFC 5321 (4.5.3.1): a name in front,
    angle brackets, `mailto:` and quoted or literal forms are refused.
    """
    found = [word for word in re.split(r"[;, ]", text(cell)) if word]
    if not found:
        raise Unreadable("L'adresse manque.", "Écrivez une adresse électronique.")
    remedy = "Écrivez seulement l'adresse (nom@structure.example), et un point-virgule entre deux adresses."
    if not any("@" in word for word in found):
        raise Unreadable(f"{quoted(text(cell))} n'est pas une adresse électronique.", remedy)
    for address in found:
        if fault := _fault(address.lower()):
            raise Unreadable(f"L'adresse {quoted(address)} {fault}.", remedy)
    return tuple(dict.fromkeys(map(str.lower, found)))


def _fault(address: str) -> str:
    """What is wrong with this one, as the end of a French sentence; empty if nothing is."""
    local, _, domain = address.rpartition("@")
    if address.count("@") != 1:
        return "n'a pas de signe @" if "@" not in address else "a plusieurs signes @"
    if stranger := next((c for c in address if c != "@" and not _LOCAL.fullmatch(c)), ""):
        return f"contient {quoted(stranger)}, qui n'y est pas permis"
    if not local or not domain:
        return f"n'a rien {'après' if local else 'avant'} le signe @"
    if len(local) > 64 or len(address) > 254:
        return "est trop longue"
    if any(not part for part in address.replace("@", ".").split(".")):
        return "a un point mal placé"
    if local[0] == "'" or local[-1] == "'":
        return "commence par une apostrophe" if local[0] == "'" else "a une apostrophe avant le signe @"
    *labels, last = domain.split(".")
    if not labels or not _LAST_LABEL.fullmatch(last) or not all(map(_LABEL.fullmatch, labels)):
        return f"a un domaine impossible, {quoted(domain)}"
    return ""


_YES = frozenset(("oui", "o", "x", "×", "vrai", "true", "1", "ok", "yes", "✓", "✔", "☑", "✅"))
_NO = frozenset(("non", "n", "no", "faux", "false", "0", "-", "☐"))


def yes_no(cell: Cell) -> bool:
    """True for a word or mark of yes and a checked box, False for nothing and the words of no.

    Raises Unreadable for anything else: « oui ? » and « oui mais » are not answers.
    """
    if is_blank(cell):
        return False
    # The variation selector that some keyboards add to ✔ and ☑ shows nothing.
    word = plain(text(cell)).replace("\ufe0f", "").rstrip(" .!")
    if word in _YES or word in _NO:
        return word in _YES
    raise Unreadable(
        f"{quoted(text(cell))} ne dit ni oui ni non.", f"Écrivez {quoted('oui')} ou {quoted('non')}."
    )


def row_ref(cell: Cell) -> str:
    """A row's `Réf.` as written (a whole number without decimals); the empty text for an empty cell.

    Raises Unreadable for a date (spreadsheets make one of `2027-1`), for more than 40 characters, and
    for other signs than letters, digits, space and - _ . /
    """
    ref = text(cell)
    if cell.kind in (Kind.DATE, Kind.TIME):
        raise Unreadable(
            f"La Réf. a été prise pour une {'date' if cell.kind is Kind.DATE else 'heure'} ({ref}).",
            "Mettez la colonne au format texte et écrivez de nouveau la Réf.",
        )
    if cell.kind is Kind.BOOLEAN or (cell.kind is Kind.NUMBER and not ref.isdigit()):
        raise Unreadable(f"{quoted(ref)} n'est pas une Réf.", "Écrivez des lettres et des chiffres.")
    if stranger := next((c for c in ref if not _allowed_in_ref(c)), ""):
        raise Unreadable(
            f"La Réf. {quoted(ref)} contient {quoted(stranger)}.",
            "Gardez seulement des lettres, des chiffres, des espaces et les signes - _ . /",
        )
    if len(ref) > 40:
        raise Unreadable(f"La Réf. {quoted(ref)} a plus de 40 caractères.", "Choisissez-en une plus courte.")
    if ref and not any(c.isalnum() for c in ref):
        raise Unreadable(
            f"La Réf. {quoted(ref)} n'a ni lettre ni chiffre.", "Écrivez-en, ou videz la cellule."
        )
    return ref


def _allowed_in_ref(character: str) -> bool:
    return character in "0123456789-_./ " or unicodedata.category(character)[0] == "L"


def url(cell: Cell) -> str:
    """A web address (http or https) with a host; the empty text for an empty cell.

    Raises Unreadable for other schemes, a user or password, white space, quotes, angle brackets.
    """
    link = text(cell)
    if not link:
        return ""
    remedy = "Copiez ici une seule adresse web complète, qui commence par https://."
    if re.search(r'[\s<>"\\]', link) or len(link) > 2000 or not _has_web_host(link):
        raise Unreadable(f"{quoted(link)} n'est pas une adresse web.", remedy)
    return link


def _has_web_host(link: str) -> bool:
    try:
        parts = urlsplit(link)
        _ = parts.port  # reading it checks it
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and "@" not in parts.netloc and host.strip(".-") != ""


def count(cell: Cell) -> int | None:
    """A whole number from 0 to 999 999; None for an empty cell. Raises Unreadable for anything else."""
    if is_blank(cell):
        return None
    shown = text(cell)
    if cell.kind in (Kind.NUMBER, Kind.TEXT) and re.fullmatch(r"[0-9]{1,6}", shown):
        return int(shown)
    raise Unreadable(f"{quoted(shown)} n'est pas un nombre entier.", "Écrivez un nombre sans virgule ni mot.")
