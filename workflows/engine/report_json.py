"""What happened, as JSON for tools (design §3): keys in English, what a person reads in French."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workflows.core.french import typography
from workflows.core.matching import ALTERED
from workflows.core.problems import Problem, TourneeError
from workflows.core.received import Received
from workflows.engine.account import Account
from workflows.engine.check import Check, Mark
from workflows.engine.intake import OWN, Recognised
from workflows.engine.story import Story


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
        "replies": {
            "read": account.replies.read,
            "matched": account.replies.matched,
            "unmatched": account.replies.unmatched,
        },
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


def recognised_json(found: Recognised) -> dict[str, Any]:
    """How one file's mail is understood."""
    mail = found.mail
    return {
        "file": found.file.name,
        "kind": _kind_of(found),
        "answer": _answer_of(mail),
        "question": mail.question,
        "hours": mail.hours.total_seconds() / 3600 if mail.hours is not None else None,
        "return_date": mail.return_date.isoformat() if mail.return_date else None,
        "bounced": list(mail.bounced),
        "extract": mail.extract,
        "matched": mail.key or None,
    }


def _kind_of(found: Recognised) -> str:
    return str(found.original.kind.value) if found.mail.kind == OWN else found.mail.kind


def _answer_of(mail: Received) -> str | None:
    """What `Réponse` would say, as far as it is an answer."""
    if mail.kind not in ("answer", "calendar", "unreadable"):
        return None
    return (mail.word if mail.attached or mail.doubt == ALTERED else mail.answer) or None


def checks_json(checks: Sequence[Check]) -> dict[str, Any]:
    """The checkup; what stops the mail stands under `error` too, as for any command that could not run."""
    found: dict[str, Any] = {"command": "verifier", "checks": [_check(check) for check in checks]}
    if stopping := [check for check in checks if check.mark is Mark.BAD]:
        what = " ".join(check.what for check in stopping)
        found["error"] = {"what": typography(what), "remedy": typography(stopping[0].remedy)}
    return found


def _check(check: Check) -> dict[str, str]:
    return {"mark": check.mark.value, "what": typography(check.what), "remedy": typography(check.remedy)}


def story_json(story: Story) -> dict[str, Any]:
    return {
        "who": typography(story.who),
        "past": [typography(line) for line in story.past],
        "now": [typography(line) for line in story.now],
    }
