"""A `Prévenir` that stands in a workbook older than the past: it may have been carried out since (design §4).

The session may have changed once more in the meantime, and everybody would be told of what is over. It
announces nothing until a round has seen it taken away, or she changes the session.
"""

from __future__ import annotations

from collections.abc import Iterable

from workflows.core import words
from workflows.core.book import Identified
from workflows.core.problems import Problem
from workflows.core.training.sessions import Session
from workflows.core.workflow import Desk

SILENCE = f"modifiée : ce {words.NOTIFY} vient d'un classeur plus ancien"
"""Why the change is not announced."""


def set_aside(sessions: Iterable[Session], desk: Desk) -> dict[str, str]:
    """What to remember of these orders, for whichever session they stand."""
    facts: dict[str, str] = {}
    for session in sessions:
        if is_set_aside(session, desk):
            facts[_name(session)] = session.content
        elif session.order != words.NOTIFY and _name(session) in desk.history.facts:
            facts[_name(session)] = ""
    return facts


def is_set_aside(session: Session, desk: Desk) -> bool:
    """Whether nothing is announced of this session as it is now."""
    facts, content = desk.history.facts, session.content
    if session.order != words.NOTIFY or desk.trial:
        return False
    unknown = desk.restored and facts.get(notified_under(session)) != content
    return unknown or facts.get(_name(session)) == content


def problem(session: Session, tab: Identified) -> Problem:
    """What she does about it."""
    return Problem(
        tab.where(session.row, "Commande"),
        f"Ce classeur est plus ancien que le dernier passage : ce « {words.NOTIFY} » y est peut-être déjà"
        " exécuté, rien n'est annoncé.",
        f"Vérifiez la date, l'heure et le lieu. S'il faut prévenir, écrivez « {words.LAUNCH} » jusqu'au"
        f" passage suivant, puis « {words.NOTIFY} ».",
    )


def notified_under(session: Session) -> str:
    """Under which name is remembered for which content a standing `Prévenir` was carried out."""
    return f"{session.campaign}:{words.NOTIFY}"


def _name(session: Session) -> str:
    return f"{session.campaign}:ancien"
