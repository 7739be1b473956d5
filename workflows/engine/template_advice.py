"""What a template gets away with, and should not: a name nobody reads, dead links, bold that never ends.

What makes a template unusable is for `rendering`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from workflows.core.french import quoted, typography
from workflows.core.problems import Problem
from workflows.engine.template_files import TemplateFile

_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_LINK = re.compile(r"\]\((?P<target>[^()\n]*)\)|(?P<web>https?://[^\s<>«»\"()\]]*)", re.IGNORECASE)
_FILLED_IN = "\x00"
"""Stands for what a word of the template will say: anything, so it is never judged."""


_README = "LISEZMOI.md"
_ALIKE = 1.3
"""How much two names, in their folders and without them, must have in common (2: the same)."""


def unknown_files(folder: Path, known: Collection[str]) -> Iterator[Problem]:
    """Her files that no message is made from, because they have another name or folder than the known."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts) or name.name.endswith("~")
        if path.is_dir() or hidden or name.name == _README or name.as_posix() in known:
            continue
        near = max(sorted(known), key=lambda other: _likeness(name.as_posix(), other), default="")
        remedy = "Les noms connus sont dans templates/LISEZMOI.md : renommez-le, ou rangez-le ailleurs."
        if near and _likeness(name.as_posix(), near) >= _ALIKE:
            remedy = f"Vouliez-vous écrire {quoted(near)} ?"
        what = "Ce fichier n'est pas un modèle connu : aucun message n'en est fait."
        yield Problem(f"templates/{name.as_posix()}", what, remedy)


def _likeness(one: str, other: str) -> float:
    """Of two templates' names: with their folders, and without, so that a wrong folder weighs little."""
    pairs = [(one, other), (PurePosixPath(one).name, PurePosixPath(other).name)]
    return sum(SequenceMatcher(None, a.casefold(), b.casefold()).ratio() for a, b in pairs)


def broken_links(file: TemplateFile) -> Iterator[Problem]:
    """Links whose address no mail program could open."""
    for number, line in enumerate(file.text.splitlines(), 1):
        for found in _LINK.finditer(_CODE.sub(_FILLED_IN, line)):
            target = found["web"] if found["target"] is None else found["target"].strip()
            if not _leads_somewhere(target):
                shown = quoted(target.replace(_FILLED_IN, "…")) if target else "vide"
                yield Problem(
                    file.at(number),
                    f"L'adresse du lien est {shown} : elle ne mène nulle part.",
                    "Écrivez-la en entier, comme https://asso.example ou mailto:prenom.nom@asso.example.",
                )


def _leads_somewhere(target: str) -> bool:
    if target.startswith(_FILLED_IN):
        return True
    if " " in target:
        return False
    try:
        parts = urlsplit(target)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return _FILLED_IN in host or host == "localhost" or bool(re.fullmatch(r"[^.]+(\.[^.]+)+\.?", host))
    return parts.scheme == "mailto" and (_FILLED_IN in parts.path or "@" in parts.path)


def lone_stars(file: TemplateFile) -> Iterator[Problem]:
    """Lines where bold begins and does not end: the stars would show."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if _CODE.sub(_FILLED_IN, line).count("**") % 2:
            what = "« ** » n'a pas son pareil sur la ligne : les étoiles se verraient dans le message."
            yield Problem(file.at(number), what, "Écrivez **les mots en gras** entre deux « ** ».")


def plain_spaces(file: TemplateFile) -> list[int]:
    """The lines where a plain space stands where French has a no-break one."""
    lines = [_CODE.sub("x", line) for line in file.text.splitlines()]
    lines[:1] = [re.sub(r"^\s*objet\s*:", "", line, flags=re.IGNORECASE) for line in lines[:1]]
    return [number for number, line in enumerate(lines, 1) if typography(line) != line]
