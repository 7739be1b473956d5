"""What the program writes to the coordinator herself: a launch, a failure that lasts, an interruption.

These letters are no campaign's messages: they stand in no account. Each has a key of its own in the
journal, so none is written twice; a launch's that could not leave waits there for the next round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.core import french
from workflows.core.messages import LETTERS, Launch, Send, State
from workflows.core.working_days import is_public_holiday
from workflows.engine.account import Account, Mail
from workflows.engine.prepare import Prepared, Tools, render

CAMPAIGN = LETTERS
LAUNCH, FAILURE, INTERRUPTION = (f"coordination/{name}" for name in ("lancement", "panne", "retard"))
VARIABLES: Mapping[str, Mapping[str, str]] = {
    LAUNCH: {
        "campagne": "Appel 2027-1",
        "partis": "45 messages partis",
        "attente": "8 × « Ne plus solliciter » dans Structures",
        "problemes": "Structures, ligne 12, Courriel : l'adresse manque.",
    },
    FAILURE: {
        "depuis": "lundi 1er mars 2027 à 9 h",
        "cause": "Le serveur de courrier refuse le mot de passe.",
        "remede": "Créez un nouveau mot de passe d'application.",
    },
    INTERRUPTION: {"depuis": "lundi 1er mars 2027 à 9 h", "jusque": "mercredi 3 mars 2027 à 10 h"},
}
LASTING = timedelta(hours=1)
"""A failure is told once it has lasted so long: a passing one mends itself."""
_REGULAR = timedelta(hours=1)
_STREAK = 12
"""So many rounds, each within an hour of the one before, make a habit that an interruption breaks."""
_MISSED = timedelta(hours=8)
"""Of office hours without a round: a day's worth."""
_LISTED = 15


def after_a_launch(tools: Tools, prepared: Prepared, account: Account) -> list[Mail]:
    """One copy and one summary for each campaign that was launched and that begins to leave.

    Raises TemplateProblem, like all that write a letter.
    """
    found: list[Mail] = []
    workflows = {template: workflow for workflow in tools.workflows for template in workflow.VARIABLES}
    first = {mail.send.campaign: mail for mail in reversed(prepared.mails) if _announces(mail.send)}
    for campaign, mail in sorted(first.items()):
        left = [key for key, _ in account.sent if key.startswith(f"{campaign}:")]
        if not (left and _is_launched(prepared, campaign)) or tools.journal.record(
            _key("lancement", campaign)
        ):
            continue
        # Its buttons answer nothing: she may try them, and must not speak for a structure.
        rendered = render(tools, workflows[mail.send.template], mail.send, answers=False)
        rendered = replace(rendered, subject=f"[Copie] {rendered.subject}")
        copy = replace(mail, key=_key("copie", campaign), rendered=rendered)
        summary = _summary(campaign, account, len(left) + _earlier(prepared, campaign))
        found.append(_letter(tools, _key("lancement", campaign), LAUNCH, summary))
        found.append(_to_her(tools, replace(copy, send=replace(mail.send, step="copie"))))
    return found


def of_failure(tools: Tools, what: str, remedy: str, now: datetime) -> list[Mail]:
    """Once a failure has lasted, then once a day while it goes on."""
    since = tools.journal.meta("failing_since")
    if not since:
        tools.journal.remember(failing_since=now.isoformat())
        return []
    begun = datetime.fromisoformat(since).astimezone(now.tzinfo)
    key = _key("panne", now.date().isoformat())
    if now - begun < LASTING or tools.journal.record(key):
        return []
    words = {"depuis": french.moment(begun), "cause": what, "remede": remedy}
    return [_letter(tools, key, FAILURE, words)]


def no_failure(tools: Tools) -> None:
    """A round went through: the next failure counts from its own beginning."""
    if tools.journal.meta("failing_since"):
        tools.journal.remember(failing_since="")


def of_interruption(tools: Tools, now: datetime) -> list[Mail]:
    """When rounds that were regular stopped for a day's worth of office hours."""
    last = tools.journal.meta("last_round")
    streak = int(tools.journal.meta("streak") or 0)
    if not last:
        return []
    before = datetime.fromisoformat(last).astimezone(now.tzinfo)
    regular = timedelta(0) <= now - before <= _REGULAR or not _open_between(tools, before, now)
    tools.journal.remember(streak=str(min(streak + 1, _STREAK) if regular else 0))
    key = _key("retard", now.date().isoformat())
    if (
        regular
        or streak < _STREAK
        or _open_between(tools, before, now) < _MISSED
        or tools.journal.record(key)
    ):
        return []
    return [
        _letter(tools, key, INTERRUPTION, {"depuis": french.moment(before), "jusque": french.moment(now)})
    ]


def _open_between(tools: Tools, start: datetime, end: datetime) -> timedelta:
    """Office hours between two moments, to a quarter of an hour, as far as a week ahead."""
    quarter = timedelta(minutes=15)
    steps = min(int((end - start) / quarter), 7 * 96)
    moments = (start + n * quarter for n in range(1, steps))
    return quarter * sum(tools.general.hours.is_open(moment, is_public_holiday) for moment in moments)


def _announces(send: Send) -> bool:
    return not send.trial and not send.step.startswith(("relance", "rappel"))


def _is_launched(prepared: Prepared, campaign: str) -> bool:
    launches = [desk.history.launches.get(campaign, Launch()) for desk in prepared.desks.values()]
    return any(launch.authorised_at or launch.seen_at for launch in launches)


def _earlier(prepared: Prepared, campaign: str) -> int:
    """How many of its messages had left before this round: in one that was cut off."""
    records = [r for desk in prepared.desks.values() for r in desk.history.records.values()]
    return sum(r.campaign == campaign and r.state is State.SENT for r in records)


def _summary(campaign: str, account: Account, sent: int) -> dict[str, str]:
    mine = f"{campaign}:"
    reasons = Counter(reason for key, reason in account.waiting if key.startswith(mine))
    lines = [f"{count} × {reason}" for reason, count in reasons.most_common(_LISTED)]
    problems = [str(problem) for problem in dict.fromkeys(account.problems)][:_LISTED]
    return {
        "campagne": campaign[:1].upper() + campaign[1:].replace(":", " "),
        "partis": french.plural(sent, "message parti", "messages partis"),
        "attente": _bullets(lines),
        "problemes": _bullets(problems),
    }


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"• {line}" for line in lines)


def _key(kind: str, what: str) -> str:
    return f"{CAMPAIGN}:{kind}:{what}"


def _letter(tools: Tools, key: str, template: str, variables: Mapping[str, str]) -> Mail:
    rendered = tools.renderer.render(template, variables, list(VARIABLES[template]))
    send = Send(key, CAMPAIGN, template.rpartition("/")[2], "", (), template, variables, template)
    return _to_her(tools, Mail(key, (), rendered, send))


def _to_her(tools: Tools, mail: Mail) -> Mail:
    to = (tools.general.sender.address,)
    send = replace(mail.send, key=mail.key, campaign=CAMPAIGN, recipients=to, subject="", exclusive=False)
    return replace(mail, recipients=to, send=replace(send, order=None, in_reply_to="", event=None))
