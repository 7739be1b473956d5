"""The colours of a column's words, as conditional formats (ECMA-376 part 1, 18.3.1.18, 18.8.15)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from workflows.adapters.xlsx_sheet import Range, reference
from workflows.adapters.xlsx_styles import Styles
from workflows.core.ports import Column
from workflows.core.words import COLOURS


def conditional_formats(
    spec: Column, area: Range, prefix: str, styles: Styles, priorities: Iterator[int]
) -> str:
    """Rules that colour each of the column's words that has a colour; empty when none has.

    `priorities` gives the numbers that no rule of the tab has; the formats go into `styles`.
    """
    coloured = [word for word in spec.choices if word in COLOURS]
    if not coloured:
        return ""
    rules = "".join(
        f'<{prefix}cfRule type="cellIs" dxfId="{styles.background(COLOURS[word])}"'
        f' priority="{next(priorities)}" operator="equal">'
        f'<{prefix}formula>"{escape(word)}"</{prefix}formula></{prefix}cfRule>'
        for word in coloured
    )
    name = f"{prefix}conditionalFormatting"
    first, last = reference(area.top, area.left), reference(area.bottom, area.right)
    return f'<{name} sqref="{first}:{last}">{rules}</{name}>'
