"""The sections [onglets] and [colonnes]: what her tabs and columns are called (design §4)."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.core.cells import fold
from workflows.core.french import quoted
from workflows.core.parsers import filled
from workflows.core.schema import Key, Refused, Rule, Section, Values
from workflows.core.words import Tab


def renaming(tabs: Sequence[Tab]) -> tuple[Section, Section]:
    """[onglets] and [colonnes] for these tabs.

    Their values are mappings: tab title → her title, and tab title → heading → her heading; a
    name that she does not change stands for itself, so every one is there.
    """
    titles = tuple(tab.title for tab in tabs)
    columns = tuple(
        Section(tab.title, _themselves(tab.headings), (_distinct(tab.headings),), spelled_out=False)
        for tab in tabs
    )
    return Section("onglets", _themselves(titles), (_distinct(titles),)), Section("colonnes", columns)


def _themselves(names: Sequence[str]) -> tuple[Key, ...]:
    return tuple(Key(name, name, filled) for name in names)


def _distinct(names: tuple[str, ...]) -> Rule:
    """No two of these may bear the same name in the workbook: which is which would be a guess."""

    def check(values: Values) -> None:
        seen: dict[str, str] = {}
        for name in names:
            hers = values[name]
            other = seen.setdefault(fold(hers), name)
            if other != name:
                raise Refused(
                    f"{quoted(other)} et {quoted(name)} portent le même nom, {quoted(hers)}.",
                    "Donnez-leur deux noms différents.",
                )

    return Rule(names, check)
