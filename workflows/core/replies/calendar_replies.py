"""A calendar program's answer to an invitation (RFC 5546, 3.2.3): METHOD:REPLY and its PARTSTAT."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workflows.core.replies.answers import Answer
from workflows.core.replies.mail_parts import Mail, plain, text_of

_ANSWERS = {"ACCEPTED": Answer.YES, "DECLINED": Answer.NO, "TENTATIVE": Answer.MAYBE}
_METHOD = re.compile(r"(?im)^METHOD:[ \t]*(\w+)")
_ATTENDEE = re.compile(r"(?im)^ATTENDEE[^\n]{0,1000}")
_STATE = re.compile(r"(?i);PARTSTAT=\"?([A-Z-]+)")
_COMMENT = re.compile(r"(?im)^COMMENT[^:\n]{0,200}:([^\n]{1,2000})")
_ESCAPED = re.compile(r"\\([nN,;\\])")


@dataclass(frozen=True, slots=True)
class CalendarReply:
    """`answer` is UNCLEAR for a counter-proposal, a delegation, or several people who disagree."""

    answer: Answer
    comment: str = ""
    """What the person added."""


def calendar_reply(mail: Mail) -> CalendarReply | None:
    """The answer in the mail's calendar part; None when there is none (an invitation is no answer)."""
    for part in mail.of_type("text/calendar", "application/ics"):
        text = re.sub(r"\n[ \t]", "", text_of(part))
        method = _METHOD.search(text)
        if method and method[1].upper() in {"REPLY", "COUNTER"}:
            return CalendarReply(_answer(text, method[1].upper()), _comment(text))
    return None


def _answer(text: str, method: str) -> Answer:
    states = {found[1].upper() for line in _ATTENDEE.findall(text) if (found := _STATE.search(line))}
    if method == "COUNTER" or len(states) != 1:
        return Answer.UNCLEAR
    return _ANSWERS.get(states.pop(), Answer.UNCLEAR)


def _comment(text: str) -> str:
    found = _COMMENT.search(text)
    return (
        plain(_ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], found[1])).strip()
        if found
        else ""
    )
