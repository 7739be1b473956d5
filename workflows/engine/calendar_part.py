"""A session as a calendar part (RFC 5545, RFC 5546), for Outlook, Gmail, Thunderbird and Apple."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflows.core.mailbox import Mailbox
from workflows.core.messages import Event
from workflows.engine.composing import CalendarPart


def calendar_part(event: Event, organiser: Mailbox, attendees: Sequence[str], now: datetime) -> CalendarPart:
    """The invitation, its change or its cancellation."""
    raise NotImplementedError
