"""Mails that answer ours: replies, pressed buttons, notices of mail servers, and a Maildir to put them in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.workspace import Workspace
from workflows.core.messages import Mode
from workflows.core.workflow import Scope
from workflows.engine.account import Account
from workflows.engine.prepare import Request

THURSDAY = "2027-03-04T10:00"
FOLLOW_UP_DAY = "2027-03-16T10:00"
"""Ten working days after an announcement of 2 March."""
_NUMBERS = itertools.count(1)


def application(workspace: Workspace, structure: str) -> dict[str, Any]:
    """Its row in Candidatures."""
    return workspace.row("Candidatures", Structure=structure)


def said(workspace: Workspace, structure: str) -> str | None:
    """The answer that its row in Candidatures shows."""
    answer = application(workspace, structure)["Réponse"]
    return None if answer is None else str(answer)


def letter(
    sender: str, subject: str, text: str, headers: Mapping[str, str] | None = None, day: str = THURSDAY
) -> bytes:
    """A mail to the coordination, as a person's program writes it."""
    message = EmailMessage()
    message["From"] = f"Quelqu'un <{sender}>"
    message["To"] = "coordination@exemple.fr"
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromisoformat(f"{day}:00+01:00"))
    message["Message-ID"] = f"<reponse-{next(_NUMBERS)}@structures.example>"
    for name, value in (headers or {}).items():
        del message[name]
        message[name] = value
    message.set_content(text)
    return message.as_bytes()


def address(mail: EmailMessage) -> str:
    """Who got this mail of ours."""
    return str(mail["To"].addresses[0].addr_spec)


def reply(mail: EmailMessage, text: str, sender: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """An answer in the thread, by the recipient unless told otherwise."""
    thread = {"In-Reply-To": str(mail["Message-ID"]), "References": str(mail["Message-ID"])}
    return letter(sender or address(mail), f"Re: {mail['Subject']}", text, {**thread, **(headers or {})})


def links(mail: EmailMessage) -> dict[str, str]:
    """The prepared replies of a mail, as a text-only program shows them: label → link."""
    part = mail.get_body(("plain",))
    assert part is not None
    return {
        label.replace("\u00a0", " "): link
        for label, link in re.findall(r"(?m)^(.+?)\u00a0: (mailto:\S+\?subject=\S+)\r?$", part.get_content())
    }


def press(mail: EmailMessage, label: str, sender: str = "", text: str | None = None) -> bytes:
    """What a mail program sends when the reader follows a prepared reply."""
    return followed(links(mail)[label], sender or address(mail), text)


def followed(link: str, sender: str, text: str | None = None) -> bytes:
    """What a mail program sends for a mailto: link (RFC 6068)."""
    asked = parse_qs(urlsplit(link).query, keep_blank_values=True)
    body = asked.get("body", [""])[0]
    return letter(sender, asked["subject"][0], body if text is None else text)


def unsubscribe(mail: EmailMessage, sender: str = "") -> bytes:
    """What a mail program sends for List-Unsubscribe."""
    return followed(str(mail["List-Unsubscribe"]).strip("<>"), sender or address(mail))


def notice(mail: EmailMessage, failed: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A delivery status notification about this mail (RFC 3464), with its headers."""
    report = (
        "From: Mail Delivery System <mailer-daemon@relais.example>\r\n"
        "To: coordination@exemple.fr\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <avis-{next(_NUMBERS)}@relais.example>\r\nAuto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=XX\r\n\r\n"
        "--XX\r\n\r\nVotre message n'a pas pu être remis.\r\n\r\n"
        "--XX\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relais.example\r\n\r\n"
        f"Final-Recipient: rfc822; {failed}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} Utilisateur inconnu\r\n\r\n"
        "--XX\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {mail['Message-ID']}\r\nSubject: appel\r\n\r\n--XX--\r\n"
    )
    return report.encode()


def deliver(workspace: Workspace, *mails: bytes) -> None:
    """Into the Maildir of replies, in this order."""
    folder = workspace.folder / "donnees" / "reponses" / "new"
    folder.mkdir(parents=True, exist_ok=True)
    for content in mails:
        number = next(_NUMBERS)
        path = folder / f"{number:06}.eml"
        path.write_bytes(content)


def read(workspace: Workspace, at: str = THURSDAY, *, mode: Mode = Mode.LIVE, sends: bool = True) -> Account:
    """A `passage`; without `sends`, `reponses relever`."""
    command = "passage" if sends else "reponses relever"
    return workspace.office(at).run(Request(command, Scope(), mode, reads_replies=True, sends=sends))


def by_structure(workspace: Workspace) -> dict[str, EmailMessage]:
    """The announcements of the sample call, by the `Réf.` that their references name."""
    found: dict[str, EmailMessage] = {}
    for mail in workspace.mails():
        if named := re.search(r"2027-1:([A-Z]+-\d+)", str(mail["List-Unsubscribe"]).replace("%3A", ":")):
            found.setdefault(named[1], mail)
    return found
