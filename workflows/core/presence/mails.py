"""What the mails of presence are made of: their templates and the words in them (design §2)."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.core import french, words
from workflows.core.cells import label
from workflows.core.presence.modes import expected, in_slots, open_slots, slots_words, weekly_slots
from workflows.core.presence.rows import Ledger
from workflows.core.presence.weeks import BILAN, REMINDER, span_words
from workflows.core.tables import Row
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Desk

TEMPLATES = {REMINDER: "presence/rappel", BILAN: "presence/bilan"}
_EXAMPLES = {
    "prenom": "Inès",
    "semaine": "du 1er au 7 mars 2027",
    "numero_semaine": "9",
    "declare": "45 min",
    "minimum": "2 h",
    "reste": "1 h 15",
    "mode": "permanence",
    "permanences": "mardi de 17 h à 19 h",
    "lien_saisie": "https://classeur.example/presence",
}
VARIABLES: Mapping[str, Mapping[str, str]] = {
    TEMPLATES[REMINDER]: {**_EXAMPLES, "semaine_terminee": ""},
    TEMPLATES[BILAN]: {**_EXAMPLES, "semaine_terminee": "oui"},
}


def variables(desk: Desk, ledger: Ledger, ref: str, row: Row, week: IsoWeek) -> dict[str, str]:
    """The words of a mail to this Promeneur about this week. Raises Flagged."""
    tab, settings = desk.book[words.PEOPLE], desk.settings
    least, declared = expected(tab, row, settings["minimum"]), ledger.declared(week, ref)
    return {
        "prenom": label(row.cell("Prénom")),
        "semaine": span_words(week),
        "numero_semaine": str(week.week),
        "declare": _declared_words(ledger, ref, week),
        "minimum": french.duration(least),
        "reste": french.duration(least - declared),
        "mode": "permanence" if in_slots(tab, row) else "fil de l'eau",
        "permanences": slots_words(open_slots(weekly_slots(tab, row), week)),
        "lien_saisie": settings["lien_saisie"],
        "semaine_terminee": "oui" if week.sunday < desk.today else "",
    }


def _declared_words(ledger: Ledger, ref: str, week: IsoWeek) -> str:
    """« 45 min », « 0 h » where that was said; empty where nothing was."""
    entry = ledger.entry(week, ref)
    if entry is None or entry.declared is None:
        return ""
    return french.duration(entry.declared) if entry.declared else f"0{french.NBSP}h"
