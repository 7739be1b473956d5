"""One mail as a line of the journal, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from workflows.core.received import Received
from workflows.engine.journal.messages import stamp

COLUMNS = (
    "number, message_id, sender, title, kind, received_at, answer, question, minutes, return_date, bounced,"
    " whole, reason, extract, attachments, key, campaign, subject, doubt, round"
)


def columns_of(mail: Received) -> dict[str, str | int | None]:
    """What is stored of a new mail, by column; its number is the journal's to give."""
    return {
        "message_id": mail.message_id,
        "sender": mail.sender,
        "title": mail.title,
        "kind": mail.kind,
        "received_at": stamp(mail.received_at),
        "answer": mail.answer,
        "question": int(mail.question),
        "minutes": None if mail.hours is None else round(mail.hours.total_seconds() / 60),
        "return_date": mail.return_date.isoformat() if mail.return_date else None,
        "bounced": " ".join(mail.bounced),
        "reason": mail.reason,
        "extract": mail.extract,
        "attachments": mail.attachments,
        "key": mail.key,
        "campaign": mail.campaign,
        "subject": mail.subject,
        "doubt": mail.doubt,
        "round": mail.round_number,
    }


def mail_of(row: Sequence[object]) -> Received:
    """A mail out of COLUMNS."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    said = {name: str(value) for name, value in values.items()}
    minutes, return_date = values["minutes"], values["return_date"]
    return Received(
        message_id=said["message_id"],
        sender=said["sender"],
        title=said["title"],
        kind=said["kind"],
        received_at=datetime.fromisoformat(said["received_at"]),
        answer=said["answer"],
        question=bool(values["question"]),
        hours=None if minutes is None else timedelta(minutes=int(said["minutes"])),
        return_date=None if return_date is None else date.fromisoformat(said["return_date"]),
        bounced=tuple(said["bounced"].split()),
        whole=bool(values["whole"]),
        reason=said["reason"],
        extract=said["extract"],
        attachments=int(said["attachments"]),
        key=said["key"],
        campaign=said["campaign"],
        subject=said["subject"],
        doubt=said["doubt"],
        number=int(said["number"]),
        round_number=int(said["round"]),
    )
