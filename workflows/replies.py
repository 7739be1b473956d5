"""A reply's bytes → what it says: an answer, hours, an absence, a bounce… (design §5, « A reply »).

Read from the mail alone: what it answers to is found by its identifiers, elsewhere. A mail is input
from strangers: nothing in it is opened, followed or believed beyond its words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum

from workflows.core.replies.absences import is_automatic, return_date, says_automatic
from workflows.core.replies.answers import Answer, Reading, read
from workflows.core.replies.bounces import notice
from workflows.core.replies.calendar_replies import calendar_reply
from workflows.core.replies.mail_parts import Mail, message_ids, parse, turned_around
from workflows.core.replies.mail_text import MAX_NEW, NewText, new_text
from workflows.core.replies.phrases import normalise
from workflows.core.replies.spent_hours import spent_hours, tells_a_duration
from workflows.core.replies.vocabulary import Words

MAX_EXTRACT = 300


class Kind(Enum):
    """What sort of mail a reply is."""

    ANSWER = "answer"
    HOURS = "hours"
    CALENDAR = "calendar"
    """A calendar program's answer to an invitation (RFC 5546, METHOD:REPLY)."""
    BOUNCE = "bounce"
    DELAYED = "delayed"
    """A notice that changes nothing: late, delivered after all, read."""
    ABSENCE = "absence"
    """Sent by a machine, or only to say that the person is away: never an answer."""
    OPPOSITION = "opposition"
    UNREADABLE = "unreadable"
    """No text to read: empty, encrypted, an attachment alone, not a mail."""


@dataclass(frozen=True, slots=True)
class Understood:
    """One reply, understood."""

    kind: Kind
    answer: Answer | None
    """None for hours, bounces, delays, absences and oppositions."""
    extract: str
    """At most 300 characters of plain text, on one line; a bounce's reason."""
    question: bool = False
    hours: timedelta | None = None
    return_date: date | None = None
    """The day that an absence states, as it stands in it: of return, or else the last one away."""
    bounced: tuple[str, ...] = ()
    """The addresses that were not reached."""
    reason: str = ""
    """Why a message bounced or is late, in French with the server's words."""
    original_message_id: str = ""
    """Message-ID of the mail that a bounce returns."""
    attachments: int = 0
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: str = ""
    """The address of From, in lower case; empty when there is none."""
    subject: str = ""
    date: datetime | None = None
    unproven: bool = False
    """Our server found that the sender is not who it claims to be."""


def understand(raw: bytes, words: Words | None = None, trusted_server: str = "") -> Understood:
    """What the mail in `raw` says. Never raises: whatever cannot be read is for a person to read.

    `trusted_server` is the name under which our own mail server signs `Authentication-Results`
    (RFC 8601); when it says that the sender is not who it claims to be, the answer is `À lire`.
    """
    mail = parse(raw)
    understood = _understood(mail, words or Words())
    if trusted_server and understood.kind in _TRUSTING and _forged(mail, trusted_server):
        kind = _TRUSTING[understood.kind]
        understood = replace(understood, kind=kind, answer=Answer.UNCLEAR, hours=None, unproven=True)
    return replace(
        understood,
        attachments=mail.attachments,
        message_id=next(iter(message_ids(mail.get("message-id"))), ""),
        in_reply_to=message_ids(mail.get("in-reply-to")),
        references=message_ids(mail.get("references")),
        sender=mail.sender,
        subject=mail.get("subject"),
        date=mail.date,
    )


_TRUSTING = {
    Kind.ANSWER: Kind.ANSWER,
    Kind.CALENDAR: Kind.CALENDAR,
    Kind.HOURS: Kind.ANSWER,
    Kind.OPPOSITION: Kind.ANSWER,
}
"""Kinds that act on a sender's word, and what is left of each when the sender is not proven."""


def _understood(mail: Mail, words: Words) -> Understood:
    if told := notice(mail):
        kind = Kind.BOUNCE if told.failed else Kind.DELAYED
        extract = shorten(told.reason)
        return Understood(
            kind, None, extract, bounced=told.addresses, reason=told.reason, original_message_id=told.original
        )
    if not mail.headers:
        return Understood(Kind.UNREADABLE, Answer.UNCLEAR, "")
    new = new_text(mail.body)
    if calendar := calendar_reply(mail):
        comment = read(calendar.comment, words)
        against = {calendar.answer, comment.answer} == {Answer.YES, Answer.NO}
        answer = Answer.UNCLEAR if against else calendar.answer
        return Understood(
            Kind.CALENDAR, answer, extract_of(calendar.comment or new.text, mail), question=comment.question
        )
    if is_automatic(mail) or says_automatic(new.text):
        return _absence(mail, new)
    return _written(mail, new, words)


def _absence(mail: Mail, new: NewText) -> Understood:
    said = f"{new.text}\n{mail.get('subject')}"
    return Understood(
        Kind.ABSENCE, None, extract_of(new.text, mail), return_date=return_date(said, mail.date)
    )


def _written(mail: Mail, new: NewText, words: Words) -> Understood:
    """What a person wrote."""
    reading = read(new.text, words)
    subject = _subject_answer(mail.get("subject"), words)
    if reading.opposition or (subject.opposition and (not new.text or reading.silent)):
        return Understood(Kind.OPPOSITION, None, extract_of(new.text, mail), question=reading.question)
    if not new.text and subject.answer is Answer.UNCLEAR and not mail.body.strip():
        return Understood(Kind.UNREADABLE, Answer.UNCLEAR, extract_of("", mail))
    if _is_absence(mail, new, reading) and not subject.takes_part:
        return _absence(mail, new)
    hours = spent_hours(new.text)
    if hours is not None and reading.answer is Answer.UNCLEAR and not _passed_on(mail, new):
        return Understood(Kind.HOURS, None, extract_of(new.text, mail), hours=hours)
    answer = _answer(mail, new, reading, subject)
    if answer in _SIDES and (tells_a_duration(new.text) or _shows_otherwise(mail, answer, words)):
        answer = Answer.UNCLEAR
    extract = extract_of(new.text, mail, reading.asked)
    return Understood(Kind.ANSWER, answer, extract, question=reading.question and not _passed_on(mail, new))


_SIDES = {Answer.YES: Answer.NO, Answer.NO: Answer.YES}


def _shows_otherwise(mail: Mail, answer: Answer, words: Words) -> bool:
    """Whether the mail's HTML, which people see, says the contrary of its plain text."""
    return bool(mail.plain.strip()) and read(new_text(mail.html).text, words).answer is _SIDES[answer]


def _is_absence(mail: Mail, new: NewText, reading: Reading) -> bool:
    """Whether it only says that the person is away: with a day, or at some length, and no answer."""
    if not reading.absence or reading.takes_part or reading.answer is Answer.YES:
        return False
    return reading.absence > 1 or return_date(new.text, mail.date) is not None


def _answer(mail: Mail, new: NewText, reading: Reading, subject: Reading) -> Answer:
    """The answer of body and subject together, when nothing casts a doubt on the mail itself."""
    if _passed_on(mail, new) or not mail.whole or len(new.text) >= MAX_NEW or turned_around(mail):
        return Answer.UNCLEAR
    if reading.absence and reading.answer is Answer.YES:
        return Answer.UNCLEAR
    if subject.answer is Answer.UNCLEAR:
        return reading.answer
    if not new.text or reading.answer is subject.answer:
        return subject.answer
    return subject.answer if reading.answer is Answer.QUESTION or reading.silent else Answer.UNCLEAR


def _passed_on(mail: Mail, new: NewText) -> bool:
    """Whether it passes a mail on rather than answers: « TR : », « Fwd: », or a forwarding mark."""
    return new.forwarded or bool(_PASSED_ON.match(normalise(mail.get("subject"))))


_PASSED_ON = re.compile(r"(?:tr|fwd?|wg|transfert)\s{0,3}:")
_PREFIX = re.compile(r"(?:\s{0,3}(?:re|ref|rep|aw|sv)\s{0,3}(?:\[\d{1,3}\])?\s{0,3}:)+")
_BETWEEN = re.compile(r"\s[-–—|/:]\s|\s?[:,\[(|!.]\s?|\s?[–—]\s?")
_UNDECIDED = Reading(Answer.UNCLEAR)
_SAID = frozenset({Answer.YES, Answer.NO, Answer.MAYBE})


def _subject_answer(subject: str, words: Words) -> Reading:
    """The answer that the first or last stretch of a subject is: « Oui [réf.] », « Re: Appel - NON ».

    Of a subject that replies, and so is mostly ours, only a word or two count.
    """
    bare = _PREFIX.sub("", subject[:400]).strip()
    longest = 6 if bare == subject.strip() else 2
    pieces = [piece.strip() for piece in _BETWEEN.split(bare) if piece.strip()]
    if not pieces or "?" in bare:
        return _UNDECIDED
    ends = {read(piece, words) for piece in (pieces[0], pieces[-1]) if len(piece.split()) <= longest}
    said = [end for end in ends if end.opposition or end.answer in _SAID]
    return said[0] if len(said) == 1 else _UNDECIDED


def _forged(mail: Mail, server: str) -> bool:
    """Whether our server found the sender's domain not to have sent this."""
    verdicts: dict[str, set[str]] = {}
    for header in mail.all("authentication-results"):
        name, _, results = re.sub(r"\([^()]*\)", " ", header).partition(";")
        if name.split()[:1] == [server] or name.strip().lower() == server.lower():
            for method, result in re.findall(r"\b(dmarc|spf|dkim)\s*=\s*(\w+)", results.lower()):
                verdicts.setdefault(method, set()).add(result)
    dmarc = verdicts.get("dmarc", set())
    if dmarc & {"pass", "fail"}:
        return "fail" in dmarc
    proofs = verdicts.get("spf", set()) | verdicts.get("dkim", set())
    return "fail" in proofs and "pass" not in proofs


def extract_of(text: str, mail: Mail, asked: str = "") -> str:
    """What she reads in the sheet: the text's beginning and, further down, its question; else the subject."""
    flat = " ".join(text.split())
    question = shorten(" ".join(asked.split()), MAX_EXTRACT // 2)
    if not flat:
        return shorten(mail.get("subject"))
    if len(flat) <= MAX_EXTRACT or not question or question in flat[: MAX_EXTRACT - 1]:
        return shorten(flat)
    return f"{shorten(flat, MAX_EXTRACT - len(question) - 5)} […] {question}"[:MAX_EXTRACT]


def shorten(text: str, limit: int = MAX_EXTRACT) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"
