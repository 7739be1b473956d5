"""Messages that may have left, looked for among those that were sent; copies filed there (design §5)."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

from workflows.core.ports import MailboxError
from workflows.core.problems import Problem, TourneeError
from workflows.engine.deliver import Delivery
from workflows.engine.prepare import Tools

LOOKED_FOR = timedelta(days=30)
"""After that the folder of sent messages may have been tidied: only a person can tell."""


def settle_doubtful(tools: Tools, now: datetime) -> list[Problem]:
    """A doubtful message whose Message-ID is among the sent ones was sent; of the others nothing is known.

    Where a recipient has the message from an earlier handing over, its copy says nothing of the others. A
    folder that cannot be read is a problem that stops nothing.
    """
    doubtful = {
        record.message_id: key
        for key, record in tools.journal.uncertain().items()
        if record.message_id
        and not record.reached
        and (record.sent_at is None or record.sent_at > now - LOOKED_FOR)
    }
    if not doubtful or tools.sent_box is None:
        return []
    try:
        with closing(tools.sent_box()) as box:
            found = box.find(list(doubtful))
    except (MailboxError, TourneeError) as error:
        return [_problem(error)]
    for message_id in found:
        tools.journal.decide(doubtful[message_id], sent=True, at=now)
    return []


def file_sent(tools: Tools, delivery: Delivery) -> list[Problem]:
    """Put a copy of what just left among the sent messages, where the server does not do so by itself."""
    keys = [key for key, outcome in delivery.outcomes.items() if outcome.accepted]
    if not keys or tools.sent_box is None or not tools.general.replies.files_sent:
        return []
    try:
        with closing(tools.sent_box()) as box:
            for key in keys:
                box.keep(tools.journal.content(key))
    except (MailboxError, TourneeError) as error:
        return [_problem(error)]
    return []


def _problem(error: MailboxError | TourneeError) -> Problem:
    return Problem("Messages envoyés", error.what, error.remedy)
