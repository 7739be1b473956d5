"""Which files a cell of hers asks to attach, checked against what lies in their folder (design §4).

A cell names files by their bare names, nothing else; whatever is not plainly one file of that folder
holds what the cell belongs to. The bytes are read by `engine/attachments.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workflows.core import french
from workflows.core.cells import Unreadable, is_blank, long_text, normalise
from workflows.core.french import quoted
from workflows.core.ports import Cell
from workflows.core.schema import nearest

HEADING = "Pièce jointe"

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "odt": f"{_OPEN}text",
    "ods": f"{_OPEN}spreadsheet",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain",
    "ics": "text/calendar",
}
"""Endings that may be attached, in small letters, each with its media type."""

MAX_BYTES = 10_000_000
"""Of all the files of one mail together; many servers refuse more than this grows to in base64."""

_SEPARATOR = re.compile(r"[;\n]")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The attachments' folder as it stands at the beginning of a round."""

    folder: str = "pieces-jointes"
    """As the configuration names it."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes by file name, for the files that may be attached."""
    unfit: Mapping[str, str] = field(default_factory=dict)
    """Why each other file there may not, as the end of a sentence that begins with its name."""


def ending(name: str) -> str:
    """« pdf », out of « Règlement.PDF »; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def attachments(cell: Cell, shelf: Shelf) -> tuple[str, ...]:
    """The files that a cell names, several between semicolons. Raises Unreadable."""
    if is_blank(cell):
        return ()
    names = [name for part in _SEPARATOR.split(long_text(cell)) if (name := normalise(part))]
    for name in names:
        _check(name, shelf)
    wanted = tuple(dict.fromkeys(names))
    check_size(wanted, shelf)
    return wanted


def check_size(names: Sequence[str], shelf: Shelf) -> None:
    """Raises Unreadable where these files of the shelf are too much for one mail."""
    total = sum(shelf.sizes[name] for name in names)
    if total > MAX_BYTES:
        raise Unreadable(
            f"Les pièces jointes d'un message dépassent {size(MAX_BYTES)} ({size(total)}).",
            "Allégez ces fichiers, ou mettez-les en ligne et donnez leur adresse.",
        )


def size(count: int) -> str:
    """« 340 ko », « 1,2 Mo », rounded up so that nothing seems to fit that does not."""
    if count < 1_000_000:
        return f"{-(-count // 1000)}{french.NBSP}ko"
    tenths = -(-count // 100_000)
    return f"{tenths // 10}{f',{tenths % 10}' if tenths % 10 else ''}{french.NBSP}Mo"


def _check(name: str, shelf: Shelf) -> None:
    if any(sign in name for sign in "/\\:"):
        raise Unreadable(
            f"{quoted(name)} n'est pas un nom de fichier seul.",
            f"Écrivez le nom du fichier sans dossier, et rangez-le dans {shelf.folder}.",
        )
    if name.startswith("."):
        raise Unreadable(
            f"{quoted(name)} est un fichier caché, qui ne se joint pas.", "Donnez-lui un autre nom."
        )
    if name in shelf.unfit:
        raise Unreadable(
            f"Le fichier {quoted(name)} du dossier {shelf.folder} {shelf.unfit[name]}.",
            "Remplacez-le par le document lui-même, en PDF par exemple.",
        )
    if name not in shelf.sizes:
        raise _missing(name, shelf)


def _missing(name: str, shelf: Shelf) -> Unreadable:
    # « convention-2.pdf » is no slip for « convention-1.pdf », which is somebody else's.
    near = nearest(name, sorted(other for other in shelf.sizes if _digits(other) == _digits(name)))
    if near:
        remedy = f"Déposez-y ce fichier, ou corrigez son nom : vouliez-vous dire {quoted(near)} ?"
    elif ending(name) not in TYPES:
        remedy = f"Écrivez le nom entier du fichier, avec sa fin ({french.join(list(TYPES), 'ou')})."
    else:
        remedy = "Déposez-y ce fichier, ou corrigez son nom dans cette cellule."
    return Unreadable(f"Le fichier {quoted(name)} n'est pas dans le dossier {shelf.folder}.", remedy)


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))
