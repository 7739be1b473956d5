"""What one cell shows, as clean text, and how its reader says that it means nothing.

The readers of particular values (`core/rows.py`) stand on this.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import datetime, time, timedelta

from workflows.core.french import quoted
from workflows.core.ports import Cell, Kind
from workflows.core.problems import Problem

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell knows no zone
_SHORT = 300
_LAST_SERIAL = 2_958_465.0
"""31/12/9999, the last day that spreadsheets and Python both know."""


class Unreadable(ValueError):
    """A cell that cannot be understood: `what` is wrong and the `remedy`, one French sentence each."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy

    def at(self, where: str) -> Problem:
        """The same, located (« Structures, ligne 12, Courriel »)."""
        return Problem(where, self.what, self.remedy)


def _clean(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":  # zero-width characters, byte-order marks, bidi controls, soft hyphens
        return ""
    return " " if category[0] == "Z" or category in ("Cc", "Cs") else character


def normalise(raw: str) -> str:
    """One line of composed characters (NFC): invisible ones removed, each run of white space one space."""
    if raw.isascii() and raw.isprintable():
        return " ".join(raw.split())
    visible = "".join(map(_clean, raw))
    return " ".join(unicodedata.normalize("NFC", visible).split())


_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_APOSTROPHES = "\u2018\u2019\u02bc\u2032\u00b4`"
_SAME = str.maketrans(
    {**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_APOSTROPHES, "'"), "\u0153": "oe", "\u00e6": "ae"}
)


def plain(raw: str) -> str:
    """`normalise`, in small letters without accents; one kind of dash and apostrophe, all signs kept.

    What patterns are matched against: « Mer. 14 h – 16 h ? » gives `mer. 14 h - 16 h ?`.
    """
    decomposed = unicodedata.normalize("NFD", normalise(raw).casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return normalise(bare.translate(_SAME))


def fold(raw: str) -> str:
    """Letters and digits alone, small and without accents, single spaces: for comparing words and headings.

    « Réf. », « réf » and `REF` are the same; so are « Fil de l’eau » and « fil de l'eau ».
    """
    compatible = unicodedata.normalize("NFKD", plain(raw)).casefold()
    bare = (c for c in unicodedata.normalize("NFKD", compatible) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


def text(cell: Cell) -> str:
    """What the cell shows, on one line; the empty text for an empty cell.

    Whole numbers have no decimals and the others a comma, dates are 14/09/2026, boxes VRAI or FAUX.
    Raises Unreadable for an error.
    """
    match cell.kind:
        case Kind.EMPTY:
            return ""
        case Kind.TEXT:
            return normalise(str(cell.value))
        case Kind.BOOLEAN:
            return "VRAI" if cell.value else "FAUX"
        case Kind.NUMBER:
            # Fifteen digits is what spreadsheets show; adding zero turns -0.0 into 0.
            return f"{number(cell) + 0.0:.15g}".replace(".", ",")
        case Kind.DATE:
            moment = serial_moment(number(cell))
            return f"{moment:%d/%m/}{moment.year:04}" + (
                f" {moment:%H:%M}" if moment.time() > time(0) else ""
            )
        case Kind.TIME:
            return _time_text(number(cell))
        case Kind.ERROR:
            raise _error(cell)


def short_text(cell: Cell) -> str:
    """As `text`, for what stands in a subject or in the middle of a sentence.

    Raises Unreadable for more than 300 characters, too.
    """
    shown = text(cell)
    if len(shown) > _SHORT:
        raise Unreadable(f"Ce texte a {len(shown)} caractères.", f"Gardez-en {_SHORT} au plus.")
    return shown


def label(cell: Cell) -> str:
    """As `text`, an error's own words included: for showing and comparing, where nothing is decided."""
    try:
        return text(cell)
    except Unreadable:
        return normalise(str(cell.value))


def long_text(cell: Cell) -> str:
    """As `text`, keeping a person's line breaks (as single newlines); empty lines at both ends go.

    Raises Unreadable for an error.
    """
    if cell.kind is not Kind.TEXT:
        return text(cell)
    return "\n".join(map(normalise, _LINE_BREAK.split(str(cell.value)))).strip("\n")


_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")


def is_blank(cell: Cell) -> bool:
    """Nothing to see: empty, or only white space. An error is not blank."""
    return cell.kind is Kind.EMPTY or (cell.kind is Kind.TEXT and not normalise(str(cell.value)))


def number(cell: Cell) -> float:
    """The finite number in a NUMBER, DATE or TIME cell. Raises Unreadable for any other value."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise Unreadable("Le contenu de cette cellule n'est pas un nombre.", "Tapez de nouveau sa valeur.")


def serial_moment(days: float) -> datetime:
    """The moment that a serial number of days since 30/12/1899 stands for, to the nearest second.

    Raises Unreadable before that day and after the year 9999.
    """
    if not 0 <= days < _LAST_SERIAL:
        raise Unreadable(f"Le nombre {days:g} n'est pas une date.", "Écrivez la date en jour/mois/année.")
    return EPOCH + timedelta(seconds=round(days * 86_400))


def _time_text(days: float) -> str:
    if abs(days) >= _LAST_SERIAL:
        raise Unreadable(f"Le nombre {days:g} n'est pas une heure.", "Écrivez l'heure de nouveau.")
    minutes = round(abs(days) * 1440)
    return f"{'-' if days < 0 else ''}{minutes // 60:02}:{minutes % 60:02}"


def _error(cell: Cell) -> Unreadable:
    shown = normalise(str(cell.value or ""))
    if not shown:
        return Unreadable(
            "La formule de cette cellule n'a pas de résultat calculé.",
            "Ouvrez le classeur, laissez-le se recalculer et enregistrez-le.",
        )
    return Unreadable(
        f"La cellule affiche l'erreur {quoted(shown)}.", "Corrigez la formule ou tapez la valeur à sa place."
    )
