"""From the mailbox to the journal: every new mail read once, matched, and kept (design §5, « A reply »).

Nothing is answered, ever: the program writes only what a workflow decides. What a mail says is for
`workflows/replies.py`; whose it is, for `core/matching.py`; here stands the order of the steps.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

from workflows.core import matching, words
from workflows.core.book import Book
from workflows.core.cells import is_blank, label
from workflows.core.disk import cause
from workflows.core.french import date_short
from workflows.core.matching import Clues
from workflows.core.ports import Incoming, Mailbox, MailboxError
from workflows.core.problems import Problem, TourneeError
from workflows.core.received import Received
from workflows.core.replies.answers import Answer
from workflows.core.reply_rows import answered_by_hand, known_addresses
from workflows.engine.general import General
from workflows.engine.journal import Journal

OPEN_FOR = timedelta(days=92)
"""A row that was last written to before that is not taken for the one that a mail speaks of."""
FRESH = timedelta(days=366)
"""A mail that claims to be older, or from the future, is dated from the round that reads it."""
ALERTED_FOR = timedelta(days=30)
"""How long the objection of a Promeneur stands among the problems, unless a « Sortie » settles it."""
UNPROVEN = "l'expéditeur n'est pas prouvé (le serveur de courrier le dit faux)"


class Understood(Protocol):
    """What `replies.understand` says of a mail, as far as its keeping depends on it."""

    @property
    def kind(self) -> Enum: ...
    @property
    def answer(self) -> Answer | None: ...
    @property
    def extract(self) -> str: ...
    @property
    def question(self) -> bool: ...
    @property
    def hours(self) -> timedelta | None: ...
    @property
    def return_date(self) -> date | None: ...
    @property
    def bounced(self) -> tuple[str, ...]: ...
    @property
    def reason(self) -> str: ...
    @property
    def original_message_id(self) -> str: ...
    @property
    def attachments(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def in_reply_to(self) -> tuple[str, ...]: ...
    @property
    def references(self) -> tuple[str, ...]: ...
    @property
    def sender(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def date(self) -> datetime | None: ...
    @property
    def unproven(self) -> bool: ...


Understand = Callable[[bytes], Understood]


@dataclass(slots=True)
class Intake:
    """What one reading of the mailbox brought."""

    read: int = 0
    matched: int = 0
    problems: list[Problem] = field(default_factory=list)
    done: bool = False
    """The mailbox was read to its end."""

    @property
    def unmatched(self) -> int:
        return self.read - self.matched


@dataclass(frozen=True, slots=True)
class Desk:
    """What matching needs to know at this moment."""

    journal: Journal
    understand: Understand
    now: datetime
    addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By `Réf.` of a structure or person, its addresses in the sheet."""
    closed: frozenset[tuple[str, str]] = frozenset()
    """Rows that a person answered in the sheet."""
    ours: frozenset[str] = frozenset()
    """The coordination's own addresses."""


def own_addresses(general: General) -> frozenset[str]:
    """Those that the coordination writes from, and that people write back to."""
    return frozenset(box.address.lower() for box in (general.sender, general.contact))


def desk_for(journal: Journal, understand: Understand, now: datetime, book: Book, general: General) -> Desk:
    """The desk as the workbook shows it."""
    known, answered = known_addresses(book), answered_by_hand(book, now.date())
    return Desk(journal, understand, now, known, answered, own_addresses(general))


def collect(desk: Desk, open_mailbox: Callable[[], Mailbox], *, mark: bool) -> Intake:
    """Read what is new; each mail is kept before the next is looked at.

    A mailbox that cannot be read is a problem to show, not a reason to send nothing. `mark`: show in
    the mailbox what was dealt with.
    """
    intake = Intake()
    try:
        mailbox = open_mailbox()
        try:
            _read(desk, mailbox, intake)
            if mark:
                _mark(desk.journal, mailbox)
        finally:
            mailbox.close()
    except (MailboxError, TourneeError) as error:
        intake.problems.append(Problem("Boîte aux lettres", error.what, error.remedy))
    return intake


def _read(desk: Desk, mailbox: Mailbox, intake: Intake) -> None:
    mails = desk.journal.mails
    oldest = mails.oldest_sent() or desk.now
    for incoming in mailbox.read(mails.position(mailbox.name), oldest, mails.seen(mailbox.name)):
        kept = _keep(desk, mailbox, incoming)
        mails.advance(mailbox.name, mailbox.position())
        if kept is not None and kept.kind != OWN:
            intake.read += 1
            intake.matched += kept.attached
    mails.advance(mailbox.name, mailbox.position())
    intake.done = True


def _keep(desk: Desk, mailbox: Mailbox, incoming: Incoming) -> Received | None:
    """The mail as it was kept; None when it had been kept before."""
    mail, seen = recognise(desk, incoming.content)
    place = f"{mailbox.name}:{incoming.place}"
    fingerprint = _fingerprint(seen, incoming.content) if incoming.content else place
    who = objectors(desk, mail, proven=not seen.unproven)
    new = desk.journal.mails.keep(mailbox.name, incoming.place, fingerprint, mail, who)
    return mail if new else None


OWN = "own"
"""A mail of ours that came back to us as a copy: a message of the program's, or her own words to somebody."""


def recognise(desk: Desk, content: bytes) -> tuple[Received, Understood]:
    """What a mail says and whose it is; changes nothing."""
    seen = _understood(desk, content)
    mail = _received(seen, desk)
    outbox = desk.journal.mails.outbox(desk.now - OPEN_FOR, desk.closed)
    if outbox.is_ours(seen.message_id):
        return replace(mail, kind=OWN, answer="", hours=None), seen
    threads = (*seen.in_reply_to, *reversed(seen.references))
    clues = Clues(seen.sender, seen.subject, threads, seen.original_message_id)
    found = matching.match(clues, mail, outbox, desk.addresses, desk.journal.mails.secret())
    if found.sent and _is_hers(desk, mail):
        return replace(mail, kind=OWN, answer="", hours=None), seen
    if found.sent and found.sent.sent_at and mail.received_at < found.sent.sent_at:
        mail = replace(
            mail, received_at=desk.now
        )  # its clock is wrong: nothing is answered before it is sent
    return matching.attach(mail, found, desk.now.tzinfo), seen


def _is_hers(desk: Desk, mail: Received) -> bool:
    """Whether the coordination wrote it, from an address that stands for nobody in the sheet."""
    if mail.sender not in desk.ours:
        return False
    return not any(mail.sender in known for known in desk.addresses.values())


@dataclass(frozen=True, slots=True)
class Recognised:
    """One file's mail, for `reponses lire`."""

    file: Path
    mail: Received
    original: Understood


def read_file(desk: Desk, file: Path) -> Recognised:
    """How the mail in this file is understood. Raises TourneeError for a file that cannot be opened."""
    try:
        return Recognised(file, *recognise(desk, file.read_bytes()))
    except FileNotFoundError:
        raise TourneeError(
            f"Le fichier « {file} » est introuvable : rien n'a été lu.", "Vérifiez son nom et son dossier."
        ) from None
    except IsADirectoryError:
        raise TourneeError(
            f"« {file} » est un dossier : rien n'a été lu.",
            f"Donnez ses fichiers, par exemple {file / '*.eml'}",
        ) from None
    except OSError as error:
        raise TourneeError(
            f"Le fichier « {file} » ne peut pas être lu ({cause(error)}) : rien n'a été lu.",
            "Vérifiez vos droits sur ce fichier.",
        ) from error


def _understood(desk: Desk, content: bytes) -> Understood:
    """What the mail says; a mail that trips the reading itself is one that cannot be read.

    It comes from outside and stays in the mailbox: it must not stop this round and all that follow.
    """
    try:
        return desk.understand(content)
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes lead to
        return desk.understand(b"")


def _received(seen: Understood, desk: Desk) -> Received:
    """The mail by itself, before it is known whose it is."""
    kind = str(seen.kind.value)
    answer = _WORDS.get(kind, seen.answer.value if seen.answer else "")
    return Received(
        message_id=seen.message_id,
        sender=seen.sender,
        title=" ".join(seen.subject.split())[:300],
        kind=kind,
        received_at=_dated(seen.date, desk.now),
        answer=answer,
        question=seen.question,
        hours=seen.hours,
        return_date=seen.return_date,
        bounced=seen.bounced,
        reason=seen.reason,
        extract=seen.extract,
        attachments=seen.attachments,
        doubt=UNPROVEN if seen.unproven else "",
        round_number=desk.journal.round_number,
    )


_WORDS = {"bounce": words.BOUNCED, "absence": words.ABSENCE, "opposition": words.OBJECTION, "delayed": ""}


def _dated(claimed: datetime | None, now: datetime) -> datetime:
    """When it was written, as far as that can be; « -0000 » is UTC (RFC 5322, 3.3)."""
    if claimed is None:
        return now
    moment = claimed if claimed.tzinfo else claimed.replace(tzinfo=UTC)
    return moment if now - FRESH <= moment <= now + timedelta(hours=1) else now


def objectors(desk: Desk, mail: Received, *, proven: bool = True) -> tuple[str, ...]:
    """The addresses that object by this mail: its sender's, and those that the message went to.

    An objection that answers nothing is heard as well, when it comes from an address of ours.
    """
    if mail.answer != words.OBJECTION or not proven:
        return ()
    outbox = desk.journal.mails.outbox(desk.now)
    if mail.attached and not mail.doubt:
        sent = outbox.with_key(mail.key)
        return tuple(dict.fromkeys(filter(None, (mail.sender, *(sent.recipients if sent else ())))))
    ours = any(mail.sender in known for known in desk.addresses.values()) or outbox.wrote_to(mail.sender)
    return (mail.sender,) if ours else ()


def objections_of_people(journal: Journal, book: Book, now: datetime) -> list[Problem]:
    """Promeneurs who object: their engagement is signed, so the coordinator decides what becomes of it."""
    people = book.tabs.get(words.PEOPLE.title)
    rows = people.by_ref() if people else {}
    others = {ref for tab in book.contacts() if tab is not people for ref in tab.by_ref()}
    found: dict[str, Problem] = {}
    for mail in journal.mails.recent_objections(now - ALERTED_FOR):
        row = rows.get(mail.subject)
        if people is None or row is None or not is_blank(row.cell("Sortie")):
            continue
        if mail.subject in others and mail.sender not in label(row.cell("Courriel")).lower():
            continue  # a structure of the same `Réf.`
        day = date_short(mail.received_at.astimezone(now.tzinfo).date())
        found[mail.subject] = Problem(
            people.where(row, "Courriel"),
            f"{mail.subject} a demandé le {day} à ne plus recevoir de messages.",
            "Voyez avec cette personne ; pour ne plus rien lui envoyer, notez une date dans « Sortie ».",
        )
    return list(found.values())


def _fingerprint(seen: Understood, content: bytes) -> str:
    """The same for every copy of one mail, whatever way each took to get here."""
    body = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[-1]
    flat = b"\n".join(line.rstrip() for line in body.strip().splitlines())
    about = "\0".join((seen.message_id, seen.sender, seen.subject, str(seen.date)))
    return hashlib.sha256(about.encode("utf-8", "replace") + b"\0" + flat).hexdigest()


def _mark(journal: Journal, mailbox: Mailbox) -> None:
    """Show what was dealt with; what could not be shown now is shown by a later round."""
    if places := journal.mails.unmarked(mailbox.name):
        journal.mails.mark(mailbox.name, mailbox.mark(places))
