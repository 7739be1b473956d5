"""One rendered message → the bytes that travel (RFC 5322, 2045, 2369, 3834; design §5, Mail).

Nothing here decides who gets what, and nothing is sent. Line breaks in a header are an error,
whatever they come from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.errors import MessageDefect, MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formataddr
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from workflows.core.mailbox import Mailbox
from workflows.engine.attachments import Attachment
from workflows.engine.rendering import Rendered

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")
_LINE = 60
"""Characters that stand on one line of a header without folding, its name included."""
_SHOWN_RECIPIENTS = 400
"""Characters of recipients in the subject of a trial; the others are counted."""


class _Policy(EmailPolicy):
    """The standard policy, with headers folded by ourselves.

    Its own folding (3.11) writes a long unbroken word as an encoded word, which no mail program
    understands in an address, an identifier or a URI (RFC 2047, 5), and loses some of the spaces
    between two encoded words.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        match name.lower():
            case "message-id" | "in-reply-to" | "references" | "list-unsubscribe":
                folded = "\r\n ".join(value.split())
            case "from" | "to" | "reply-to":
                folded = ",\r\n ".join(_mailbox(name, address) for address in value.addresses)
            case "subject":
                folded = _subject(value)
            case _:
                return super().fold_binary(name, value)
        return f"{name}: {folded}\r\n".encode("ascii")


def _mailbox(header: str, address: Address) -> str:
    name = address.display_name
    if _plain(name) and len(name) < _LINE:
        return formataddr((name, address.addr_spec))
    return f"{_encoded(header, name)}\r\n <{address.addr_spec}>"


def _subject(text: str) -> str:
    """As it is where plain letters do and lines can be folded, in encoded words elsewhere."""
    if _plain(text) and all(len(word) < _LINE for word in text.split(" ")):
        return Header(text, "us-ascii", header_name="Subject").encode(linesep="\r\n")
    return _encoded("Subject", text)


def _plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _encoded(header: str, text: str) -> str:
    """Encoded words (RFC 2047), one a line."""
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


_POLICY = _Policy(linesep="\r\n", cte_type="7bit")


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An invitation for calendars (RFC 5545, 6047): UTF-8 content and its method (REQUEST, CANCEL)."""

    content: bytes
    method: str


def make_message_id(domain: str) -> str:
    """A new Message-ID, with its angle brackets, that nobody can guess."""
    return f"<{uuid4().hex}@{domain}>"


def trial_copy(rendered: Rendered, recipients: Sequence[str]) -> Rendered:
    """The same message, marked [ESSAI] and with its real recipients in the subject."""
    shown: list[str] = []
    for address in recipients:
        if shown and len(", ".join([*shown, address])) > _SHOWN_RECIPIENTS:
            break
        shown.append(address)
    others = len(recipients) - len(shown)
    listed = ", ".join(shown) + (f" et {others} de plus" if others else "")
    return replace(rendered, subject=f"[ESSAI] pour {listed}\u00a0: {rendered.subject}")


def compose(
    rendered: Rendered,
    *,
    sender: Mailbox,
    recipients: Sequence[str],
    message_id: str,
    date: datetime,
    unsubscribe: str = "",
    reply_to: Mailbox | None = None,
    in_reply_to: str | None = None,
    references: Sequence[str] = (),
    calendar: CalendarPart | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The whole message: CRLF line ends, seven bits, no line over 998 octets.

    `recipients` stand in To, all visible to one another. `date` is aware. `unsubscribe` is the
    subject of the mail by which a reader objects, if any; it goes to `reply_to`, or else to the sender.
    Raises ValueError for what cannot stand in a header: a line break, a malformed Message-ID or
    address, no recipient, a naive date.
    """
    if date.tzinfo is None:
        raise ValueError("an aware date is needed")
    if not recipients:
        raise ValueError("a recipient is needed")
    message = EmailMessage(_POLICY)
    message["From"] = _address(sender)
    message["To"] = [_address(Mailbox("", recipient)) for recipient in recipients]
    message["Subject"] = _words(rendered.subject)
    message["Date"] = date
    message["Message-ID"] = _identifier(message_id)
    if reply_to:
        message["Reply-To"] = _address(reply_to)
    if in_reply_to:
        message["In-Reply-To"] = _identifier(in_reply_to)
    if references:
        message["References"] = " ".join(map(_identifier, references))
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        message["List-Unsubscribe"] = _objection(reply_to or sender, unsubscribe)
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    if calendar:
        message.add_alternative(
            calendar.content.decode(), subtype="calendar", cte="base64", params={"method": calendar.method}
        )
    for attached in attachments:
        maintype, _, subtype = attached.media_type.partition("/")
        message.add_attachment(attached.content, maintype, subtype, filename=attached.name)
    message["Content-Language"] = "fr"  # last: set_content takes away what describes a content
    return message.as_bytes()


def _words(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("a header must not hold a line break or a control character")
    return text


def _address(mailbox: Mailbox) -> Address:
    try:
        return Address(_words(mailbox.name), addr_spec=_words(mailbox.address))
    except (MessageError, MessageDefect, IndexError):
        raise ValueError(f"not an address: {mailbox.address!r}") from None


def _identifier(text: str) -> str:
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError("a Message-ID is one word between angle brackets")
    return text


def _objection(to: Mailbox, subject: str) -> str:
    """A mail ready to send, for List-Unsubscribe (RFC 2369, 6068)."""
    return f"<mailto:{quote(to.address, safe='@')}?subject={quote(_words(subject), safe='')}>"
