"""The drop-down list and the warning of a column, as data validations (ECMA-376 part 1, 18.3.1.32)."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from workflows.adapters.xlsx_sheet import Range, reference
from workflows.core.ports import Column

INLINE_LIMIT = 255
"""Characters of an inline list; a longer one would make the file unreadable for Excel."""

_TITLE = "Colonne tenue par Tournée"
_PROMPT = "Tournée écrit cette colonne. Ce que vous y tapez pourrait être signalé comme une contradiction."
_WARNING = "Tournée écrit cette colonne d’après les envois et les réponses. Garder votre saisie\u00a0?"


def validation(spec: Column, area: Range, prefix: str) -> str:
    """The validation of a column's cells; empty for a column that needs none.

    A list leaves other words possible. A column of the program shows who keeps it and warns before it
    keeps what is typed, if it is no word of its list; without a list, a custom rule that is never met.
    A warning is what a person may override.
    """
    words = _inline(spec.choices)
    if not words and not spec.tool:
        return ""
    attributes = {"type": "list" if words else "custom", "allowBlank": "1", "showInputMessage": "1"}
    if spec.tool:
        attributes |= {"errorStyle": "warning", "showErrorMessage": "1"}
        attributes |= {"errorTitle": _TITLE, "error": _WARNING, "promptTitle": _TITLE, "prompt": _PROMPT}
    first, last = reference(area.top, area.left), reference(area.bottom, area.right)
    attributes["sqref"] = f"{first}:{last}"
    written = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    formula = f"<{prefix}formula1>{escape(words or 'FALSE')}</{prefix}formula1>"
    return f"<{prefix}dataValidation {written}>{formula}</{prefix}dataValidation>"


def _inline(choices: tuple[str, ...]) -> str:
    """The words as a list inside the formula, quotes included; empty if they cannot stand there."""
    joined = ",".join(choices).replace('"', '""')
    if not choices or len(joined) > INLINE_LIMIT or any("," in choice for choice in choices):
        return ""
    return f'"{joined}"'
