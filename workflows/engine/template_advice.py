"""What a template gets away with, and should not: links that lead nowhere, plain spaces (domain, French).

What makes a template unusable is for `rendering`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from workflows.core.french import quoted, typography
from workflows.core.problems import Problem
from workflows.engine.template_files import TemplateFile

_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_LINK = re.compile(r"\]\((?P<target>[^()\n]*)\)|(?P<web>https?://[^\s<>«»\"()\]]*)", re.IGNORECASE)
_FILLED_IN = "\x00"
"""Stands for what a word of the template will say: anything, so it is never judged."""


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


def plain_spaces(file: TemplateFile) -> list[int]:
    """The lines where a plain space stands where French has a no-break one."""
    lines = [_CODE.sub("x", line) for line in file.text.splitlines()]
    lines[:1] = [re.sub(r"^\s*objet\s*:", "", line, flags=re.IGNORECASE) for line in lines[:1]]
    return [number for number, line in enumerate(lines, 1) if typography(line) != line]
