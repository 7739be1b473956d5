"""`apercu --html`: one page that shows every mail as it would leave, and what would not leave (design §3).

The page runs nothing and fetches nothing, whatever a cell or a template says: its policy forbids both, and
each mail stands in a frame that can neither. It is read from a file, with a keyboard or a screen reader.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from workflows.core import french
from workflows.core.disk import cause
from workflows.core.french import typography
from workflows.core.mailbox import Mailbox
from workflows.core.problems import TourneeError
from workflows.engine.account import Account, Mail
from workflows.engine.general import General
from workflows.engine.rendering import fill_page
from workflows.engine.report import plan_line
from workflows.engine.report_json import problem_json

NAME = "apercu.html"
_OPEN = 3
"""So many mails are shown unfolded; of more, the first alone."""
_LINE, _AROUND, _BLANK = 24, 100, 16
"""Pixels of a line of the mail's layout, of what stands around its text, and between two paragraphs."""
_WIDE, _NARROW = 58, 32
"""Characters of a line, at the least, in a frame beside the text and on a telephone."""


def write_page(folder: Path, account: Account, general: General) -> Path:
    """Write the page into a folder, which is made where there is none; its path. Raises TourneeError."""
    content = page(account, general)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Under another name first: a page that is being looked at is never half a page.
        descriptor, draft = tempfile.mkstemp(dir=folder, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            return Path(draft).replace(folder / NAME)
        except OSError:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise TourneeError(
            f"La page ne peut pas être écrite dans {folder} ({cause(error)}).", "Donnez un autre dossier."
        ) from error


def page(account: Account, general: General) -> str:
    """The page itself."""
    source = resources.files(__package__).joinpath("preview_page.html").read_text("utf-8")
    unfolded = len(account.mails) if len(account.mails) <= _OPEN else 1
    values = {
        "title": f"Ce qui partirait le {french.moment(account.at)}",
        "counts": plan_line(account),
        "colour": general.coordination.colour,
        "sender": _mailbox(general.sender),
        "reply_to": _mailbox(general.reply_to) if general.reply_to else "",
        "mails": [_mail(account, mail, n < unfolded) for n, mail in enumerate(account.mails)],
        "waiting": len(account.waiting),
        "reasons": [
            {"words": typography(reason), "who": [account.who(key) for key in keys]}
            for reason, keys in account.waiting_by_reason()
        ],
        "problems": [problem_json(problem) for problem in account.to_mend],
        "uncertain": [account.who(key) for key in account.uncertain],
    }
    return fill_page(typography(source), values)


def _mailbox(mailbox: Mailbox) -> str:
    return f"{mailbox.name} ({mailbox.address})" if mailbox.name else mailbox.address


def _mail(account: Account, mail: Mail, unfolded: bool) -> dict[str, Any]:
    return {
        "who": account.who(mail.key),
        "to": ", ".join(mail.recipients),
        "subject": mail.rendered.subject,
        "files": ", ".join(f"{attached.name} ({attached.size})" for attached in mail.attachments),
        "note": typography(mail.send.note),
        "text": mail.rendered.text,
        "html": mail.rendered.html,
        "open": unfolded,
        "wide": _height(mail.rendered.text, _WIDE),
        "narrow": _height(mail.rendered.text, _NARROW),
    }


def _height(text: str, characters: int) -> int:
    """Pixels that the mail takes, about: a frame cannot ask its content without a script."""
    lines = text.splitlines()
    return _AROUND + sum(_LINE * -(-len(line) // characters) if line else _BLANK for line in lines)
