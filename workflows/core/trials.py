"""« Essai » as a standing order: the campaign goes once to the coordinator alone (design §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from workflows.core import french, words
from workflows.core.campaigns import C
from workflows.core.cells import fold, label
from workflows.core.messages import History, Plan, Send, Verdict, Wait
from workflows.core.workflow import Desk

MARK = "essai:"
"""Before the key of whatever concerns a trial."""


def trial_verdicts(
    desk: Desk, campaign: C, facts: dict[str, str], decide: Callable[[Desk, C], list[Verdict]]
) -> list[Verdict]:
    """The campaign's messages, marked as a trial, unless this order was carried out already.

    `facts` gets what has to be remembered: when it was done, or that the order is gone. Keys bear MARK,
    so that nothing of a trial is shown in the campaign's rows.
    """
    name = f"{MARK}{campaign.ref}"
    if campaign.order != words.TRIAL:
        facts |= {name: ""} if name in desk.history.facts else {}
        return []
    if name in desk.history.facts or fold(label(campaign.row.cell("Commande faite"))).startswith("essai"):
        return []
    verdicts = decide(replace(desk, history=History(), trial=True), campaign)
    if any(isinstance(verdict, Send) for verdict in verdicts):
        facts[name] = desk.now.isoformat()
    return [
        replace(v, key=MARK + v.key, trial=True) if isinstance(v, Send) else replace(v, key=MARK + v.key)
        for v in verdicts
    ]


def carried_out(plan: Plan) -> dict[str, str]:
    """What is remembered of trials that leave now; nothing of one that has a message held back."""
    held = {v.key.split(":")[2] for v in plan.verdicts if v.key.startswith(MARK) and _is_held(v)}
    return {name: at for name, at in _trials(plan).items() if name.removeprefix(MARK) not in held}


def without_trials(plan: Plan) -> dict[str, str]:
    """What is remembered of everything else."""
    return {name: value for name, value in plan.facts.items() if name not in _trials(plan)}


def _trials(plan: Plan) -> dict[str, str]:
    return {name: at for name, at in plan.facts.items() if at and name.startswith(MARK)}


def _is_held(verdict: Verdict) -> bool:
    return isinstance(verdict, Wait) and verdict.due


def trial_words(facts: Mapping[str, str], ref: str, order: str, now: datetime) -> str | None:
    """What `Commande faite` shows for « Essai »: « Essai le 02/03/2027 à 10 h »."""
    done = facts.get(f"{MARK}{ref}")
    if order != words.TRIAL or not done:
        return None
    at = datetime.fromisoformat(done).astimezone(now.tzinfo)
    return f"{words.TRIAL} le {french.date_short(at.date())} à {french.time_(at.time())}"
