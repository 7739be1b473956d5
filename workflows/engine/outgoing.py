"""Messages made, planned and handed over: a campaign's, and the letters to the coordinator."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime

from workflows.core import signing
from workflows.core.messages import LETTERS
from workflows.core.ports import Transport, TransportError
from workflows.core.problems import TourneeError
from workflows.engine import composing
from workflows.engine.account import Mail
from workflows.engine.calendar_part import calendar_part
from workflows.engine.deliver import Delivery, deliver
from workflows.engine.journal import Message
from workflows.engine.prepare import TRIAL, Tools


def message(tools: Tools, mail: Mail, now: datetime) -> Message:
    """The whole message as the journal keeps it, dated `now`."""
    sender = tools.general.sender
    message_id = composing.make_message_id(sender.domain)
    trial = mail.key.startswith(TRIAL)
    content = composing.compose(
        mail.rendered,
        sender=sender,
        recipients=mail.recipients,
        message_id=message_id,
        date=now,
        unsubscribe="" if mail.send.campaign == LETTERS else _objection(tools, mail.key),
        reply_to=tools.general.contact,
        in_reply_to=None if trial else mail.send.in_reply_to or None,
        references=[] if trial or not mail.send.in_reply_to else [mail.send.in_reply_to],
        calendar=calendar_part(mail.send.event, sender, mail.recipients, now) if mail.send.event else None,
        attachments=mail.attachments,
    )
    return Message(
        mail.key,
        (TRIAL if trial else "") + mail.send.campaign,
        mail.send.step,
        mail.send.subject,
        mail.recipients,
        message_id,
        content,
        mail.send.exclusive and not trial,
    )


def _objection(tools: Tools, key: str) -> str:
    return signing.subject(tools.journal.mails.secret(), key, signing.STOP)


def hand_over(tools: Tools, keys: Sequence[str], transport: Transport, *, reserved: bool = False) -> Delivery:
    """Hand the messages over; with `reserved`, only while the workbook is this machine's."""
    done = iter(range(1, len(keys) + 1))
    attempts = {}
    for key in keys:
        record = tools.journal.record(key)
        attempts[key] = record.attempts if record else 0
    return deliver(
        keys,
        tools.journal,
        transport,
        tools.general.sender.address,
        tools.clock,
        attempts=attempts,
        stop=lambda: tools.stop() or (reserved and not tools.workbook.reserved()),
        progress=lambda: tools.progress(next(done), len(keys)),
    )


def tell(tools: Tools, told: Sequence[Mail], transport: Transport | None = None) -> None:
    """Send the coordinator these letters, and a launch's that still wait; a failure stops nothing."""
    now = tools.clock()
    if told:
        planned = [message(tools, mail, now) for mail in told]
        tools.journal.plan(planned, (), (), tools.journal.round_number)
    keys = list(dict.fromkeys([*(mail.key for mail in told), *tools.journal.letters_waiting(now)]))
    if not keys:
        return
    tools = replace(tools, progress=lambda _done, _total: None)
    with suppress(TourneeError, TransportError):
        if transport and not tools.letter_transport:
            hand_over(tools, keys, transport)
            return
        with closing((tools.letter_transport or tools.transport)()) as own:
            hand_over(tools, keys, own)
