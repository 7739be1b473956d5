"""What a configuration file may hold, declared once: keys, defaults, what they accept (design §2).

A `Section` is checked against the raw values of a parsed TOML file. Everything that is wrong is
found at once; nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from workflows.core.french import quoted
from workflows.core.problems import Problem

Values = Mapping[str, Any]
"""Parsed values by key; those of a nested section are a mapping of their own."""


class Refused(ValueError):
    """A value that a key does not take: `what` is wrong and the `remedy`, one French sentence each."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `default` is what a file would say, so `parse` reads it as it reads hers."""

    name: str
    default: Any
    parse: Callable[[object], Any]
    """Raises Refused."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What several keys of a section must satisfy together.

    Looked at only once each of `keys` is right by itself; a problem is located at the first.
    """

    keys: tuple[str, ...]
    check: Callable[[Values], None]
    """Raises Refused."""


@dataclass(frozen=True, slots=True)
class Section:
    """A file (with an empty name) or one of its tables."""

    name: str
    keys: tuple[Key | Section, ...] = ()
    rules: tuple[Rule, ...] = ()
    spelled_out: bool = True
    """The shipped file shows every key; not so for renamed headings, whose default is their name."""


def check(data: Mapping[str, object], section: Section, where: str) -> tuple[dict[str, Any], list[Problem]]:
    """The values of `data` with every default filled in, and all that is wrong with it.

    `where` names the file in the problems. A refused value counts as its default, so the values
    are complete, but not to be used when there are problems.
    """
    return _Checker(where, section).section(data, section, ())


class _Checker:
    def __init__(self, file: str, root: Section) -> None:
        self._file = file
        self._homes = _homes(root, ())

    def section(
        self, data: Mapping[str, object], section: Section, path: tuple[str, ...]
    ) -> tuple[dict[str, Any], list[Problem]]:
        known = {entry.name: entry for entry in section.keys}
        problems = [self._unknown(name, path, known) for name in data if name not in known]
        values: dict[str, Any] = {}
        wrong: set[str] = set()
        for name, entry in known.items():
            values[name], found = self._entry(data, entry, path)
            problems += found
            if found:
                wrong.add(name)
        for rule in section.rules:
            if wrong.isdisjoint(rule.keys):
                problems += self._attempt(rule.check, values, path, rule.keys[0])[1]
        return values, problems

    def _entry(
        self, data: Mapping[str, object], entry: Key | Section, path: tuple[str, ...]
    ) -> tuple[Any, list[Problem]]:
        if isinstance(entry, Key):
            if entry.name not in data:
                return entry.parse(entry.default), []
            value, problems = self._attempt(entry.parse, data[entry.name], path, entry.name)
            return (entry.parse(entry.default) if problems else value), problems
        inner = data.get(entry.name, {})
        if isinstance(inner, Mapping):
            return self.section(inner, entry, (*path, entry.name))
        values, _ = self.section({}, entry, (*path, entry.name))
        what = f"{quoted(entry.name)} est une section, pas une valeur."
        remedy = f"Écrivez une ligne [{'.'.join((*path, entry.name))}], puis ses clés en dessous."
        return values, [Problem(self._where(path, entry.name), what, remedy)]

    def _attempt(
        self, function: Callable[[Any], Any], value: object, path: tuple[str, ...], name: str
    ) -> tuple[Any, list[Problem]]:
        try:
            return function(value), []
        except Refused as refused:
            return None, [Problem(self._where(path, name), refused.what, refused.remedy)]

    def _unknown(self, name: str, path: tuple[str, ...], known: Mapping[str, Key | Section]) -> Problem:
        what = f"{quoted(name)} n'est pas connu ici."
        homes = [home for home in self._homes.get(name, ()) if home != path]
        near = nearest(name, known, 0.8 if homes else 0.6)
        if near:
            remedy = f"Vouliez-vous écrire {quoted(near)}\u00a0?"
        elif homes:
            place = f"sous [{'.'.join(homes[0])}]" if homes[0] else "au début du fichier, avant toute section"
            remedy = f"Cette ligne se place {place}."
        else:
            remedy = f"Noms possibles\u00a0: {', '.join(known)}."
        return Problem(self._where(path, name), what, remedy)

    def _where(self, path: tuple[str, ...], name: str) -> str:
        return ", ".join([self._file, *([f"[{'.'.join(path)}]"] if path else []), name])


def _homes(section: Section, path: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    """In which sections each key has its place."""
    homes: dict[str, list[tuple[str, ...]]] = {}
    for entry in section.keys:
        homes.setdefault(entry.name, []).append(path)
        if isinstance(entry, Section):
            for name, places in _homes(entry, (*path, entry.name)).items():
                homes.setdefault(name, []).extend(places)
    return homes


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known name that looks most like this one, case aside; empty when none does (0 to 1)."""
    by_fold = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(name.casefold(), by_fold, 1, likeness)
    return by_fold[found[0]] if found else ""
