"""What happened, in French sentences and as JSON (design §3); prints nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from workflows.core import french
from workflows.core.french import typography
from workflows.core.messages import Mode, Record
from workflows.core.problems import Problem, TourneeError
from workflows.engine.account import Account, Mail
from workflows.engine.checkup import Check
from workflows.engine.story import Story

_LISTED = 12
"""Lines of one kind that the terminal shows; the sheet has them all."""


def as_json(account: Account) -> dict[str, Any]:
    """The round, with the keys that tools rely on."""
    found: dict[str, Any] = {
        "command": account.command,
        "planned": [{"key": key, "to": sorted(to)} for key, to in account.planned],
        "sent": [{"key": key, "to": sorted(to)} for key, to in account.sent],
        "waiting": [{"key": key, "reason": typography(reason)} for key, reason in account.waiting],
        "refused": [{"key": key, "error": error} for key, error in account.refused],
        "uncertain": account.uncertain,
        "problems": [problem_json(problem) for problem in account.problems],
        "written": account.written,
        "pending_writes": account.pending_writes,
        "replies": {"read": 0, "matched": 0, "unmatched": 0},
    }
    if account.error:
        found["error"] = error_json(account.command, account.error)["error"]
    return found


def problem_json(problem: Problem) -> dict[str, str]:
    return {name: typography(getattr(problem, name)) for name in ("where", "what", "remedy")}


def error_json(command: str, error: TourneeError) -> dict[str, Any]:
    """A command that could not run."""
    return {
        "command": command,
        "error": {"what": typography(error.what), "remedy": typography(error.remedy)},
    }


def plan_line(account: Account) -> str:
    """« 37 partiront, 3 en attente, 2 à corriger. »"""
    count = len(account.planned)
    leave = "partira" if count < 2 else "partiront"
    mode = " à l'essai" if account.mode is Mode.TRIAL else ""
    waiting, fix = len(account.waiting), len(account.problems)
    return f"{count} {leave}{mode}, {waiting} en attente, {fix} à corriger."


def summary(account: Account) -> list[str]:
    """What the round did, for the terminal."""
    lines = [_counts_line(account)]
    if account.error:
        lines.append(f"Arrêté : {account.error.what} {account.error.remedy}")
    lines += _problem_lines(account.problems)
    lines += [f"  refusé : {key} ({words})" for key, words in account.refused]
    lines += [f"  à vérifier : {key}" for key in account.uncertain]
    lines += _waiting_lines(account)
    if account.pending_writes:
        lines.append("Les statuts ne sont pas encore dans le classeur : la prochaine tournée les écrira.")
    return [typography(line) for line in lines]


def _counts_line(account: Account) -> str:
    sent = french.plural(len(account.sent), "message parti", "messages partis")
    mode = " à l'essai" if account.mode is Mode.TRIAL else ""
    parts = [f"{sent}{mode}"]
    parts += [f"{len(account.waiting)} en attente"] if account.waiting else []
    parts += [french.plural(len(account.refused), "refusé")] if account.refused else []
    parts += [f"{len(account.uncertain)} à vérifier"] if account.uncertain else []
    parts += [f"{len(account.problems)} à corriger"] if account.problems else []
    return ", ".join(parts) + "."


def _problem_lines(problems: list[Problem]) -> list[str]:
    if not problems:
        return []
    lines = ["À corriger :", *(f"  - {p.where} : {p.what} {p.remedy}" for p in problems[:_LISTED])]
    if len(problems) > _LISTED:
        lines.append(f"  … et {len(problems) - _LISTED} autres, dans l'onglet Suivi.")
    return lines


def _waiting_lines(account: Account) -> list[str]:
    """Reasons, the most frequent first; one that stands once names its key."""
    if not account.waiting:
        return []
    reasons = Counter(reason for _, reason in account.waiting)
    keys = {reason: key for key, reason in account.waiting}
    lines = ["En attente :"]
    for reason, count in reasons.most_common(_LISTED):
        lines.append(f"  - {count} × {reason}" if count > 1 else f"  - {keys[reason]} : {reason}")
    if len(reasons) > _LISTED:
        lines.append(f"  … et {len(reasons) - _LISTED} autres raisons, dans la colonne Motif.")
    return lines


def preview_lines(account: Account) -> list[str]:
    """Who gets what, who does not and why, and one whole mail."""
    lines = [plan_line(account)]
    lines += [f"  → {', '.join(mail.recipients)} : {mail.rendered.subject}" for mail in account.mails]
    lines += _problem_lines(account.problems) + _waiting_lines(account)
    lines += [f"  à vérifier : {key}" for key in account.uncertain]
    if account.mails:
        lines += ["", "Le premier message, en entier :", "", *mail_lines(account.mails[0])]
    return [typography(line) for line in lines]


def mail_lines(mail: Mail) -> list[str]:
    """One message as a text-only mail program shows it."""
    return [
        f"À : {', '.join(mail.recipients)}",
        f"Objet : {mail.rendered.subject}",
        "",
        *mail.rendered.text.splitlines(),
    ]


def check_lines(checks: Sequence[Check]) -> list[str]:
    """The checkup, a line each, with the remedy below what is wrong."""
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.mark.value} {check.what}")
        lines += [f"    {check.remedy}"] if check.remedy else []
    return [typography(line) for line in lines]


def check_json(check: Check) -> dict[str, str]:
    return {"mark": check.mark.value, "what": typography(check.what), "remedy": typography(check.remedy)}


def story_lines(stories: Sequence[Story]) -> list[str]:
    """Each story under its title: the past, then where things stand."""
    lines: list[str] = []
    for story in stories:
        lines += [story.who, *(f"  {line}" for line in story.past)]
        lines += ["  Aucun message ne lui a été envoyé."] if not story.past else []
        lines += [f"  Aujourd'hui, {line}" for line in story.now]
    return [typography(line) for line in lines]


def story_json(story: Story) -> dict[str, Any]:
    return {
        "who": typography(story.who),
        "past": [typography(line) for line in story.past],
        "now": [typography(line) for line in story.now],
    }


def demo_lines(folder: Path) -> list[str]:
    """Where to look after the demo."""
    lines = [
        "",
        "C'était la tournée du mardi 2 mars 2027, sur un classeur d'exemple. À regarder :",
        f"  les messages  {folder / 'donnees' / 'envois' / 'new'}",
        f"  le classeur   {folder / 'donnees' / 'coordination.xlsx'} (onglets Candidatures, Appels et Suivi)",
        "Relancez la démonstration : plus rien ne part, tout est déjà envoyé.",
    ]
    return [typography(line) for line in lines]


def state_lines(
    facts: dict[str, str], campaigns: Sequence[tuple[str, str]], uncertain: dict[str, Record]
) -> list[str]:
    """Where everything stands."""
    last = facts["last_round"]
    when = french.moment(datetime.fromisoformat(last)) if last else "aucun encore"
    lines = [f"Dernier passage : {when}.", *(f"{name} : {state}" for name, state in campaigns)]
    if facts["pending"] not in ("", "0"):
        lines.append("Des statuts attendent d'être écrits dans le classeur : le prochain passage les écrira.")
    lines += [f"À vérifier : {key} ({record.detail})" for key, record in uncertain.items()]
    if uncertain:
        lines.append("Pour chacun : trancher CLÉ envoye, ou trancher CLÉ non-envoye.")
    return [typography(line) for line in lines]
