"""Which message a mail answers to, and whether its sender may answer for the row (design §5, « A reply »).

In this order: In-Reply-To and References; the Message-ID that a bounce returns; the signed reference
in the subject; the address of the sender, if exactly one row is open for it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from workflows.core import signing, words
from workflows.core.cells import fold
from workflows.core.presence.weeks import week_of
from workflows.core.received import MAX_EXTRACT, Received
from workflows.core.replies.named_weeks import may_be_another, numbers_another
from workflows.core.replies.spent_hours import filled_in
from workflows.core.signing import Choice, Reference

_PROVIDERS = (
    "aim.com aliceadsl.fr alice.fr aol.com aol.fr bbox.fr caramail.fr cegetel.net club-internet.fr "
    "club.fr dartybox.com fastmail.com free.fr freesbee.fr gmail.com gmx.com gmx.de gmx.fr gmx.net "
    "googlemail.com hotmail.be hotmail.ch hotmail.co.uk hotmail.com hotmail.fr icloud.com infonie.fr "
    "laposte.net libertysurf.fr live.be live.com live.fr mac.com mail.com mail.ru mailo.com mailo.eu "
    "me.com msn.com net-c.com net-c.fr netcourrier.com neuf.fr nordnet.fr noos.fr numericable.com "
    "numericable.fr orange.com orange.fr outlook.be outlook.com outlook.fr pm.me posteo.net proton.me "
    "protonmail.ch protonmail.com rocketmail.com sfr.fr skynet.be tele2.fr tuta.com tuta.io "
    "tutanota.com videotron.ca voila.fr wanadoo.fr windowslive.com worldonline.fr yahoo.be yahoo.ca "
    "yahoo.co.uk yahoo.com yahoo.fr yandex.com yandex.ru ymail.com zaclys.net zoho.com 9online.fr"
)
PUBLIC_PROVIDERS = frozenset(_PROVIDERS.split())
"""Domains where anybody may have a mailbox: to share one proves nothing."""

STRANGER = "l'expéditeur n'est pas connu pour cette ligne"
BY_ADDRESS = "rattaché par la seule adresse de l'expéditeur"
ALTERED = "la référence dans l'objet n'est pas la nôtre, ou a été modifiée"
ELSEWHERE = "l'objet répond à un autre message que celui de la conversation"
AGAINST = "le texte ne dit pas la même chose que le bouton"
UNKNOWN = "aucun message envoyé ne correspond"
SEVERAL = "plusieurs lignes attendent une réponse de cette adresse"
ONLY_HOURS = "la réponse ne donne que des heures"
OTHER_WEEK = "la réponse parle peut-être d'une autre semaine"
NO_RECIPIENT = "le message revenu ne dit pas quelle adresse est en cause"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a mail may answer to."""

    key: str
    campaign: str
    subject: str
    recipients: tuple[str, ...]
    sent_at: datetime | None


class Outbox(Protocol):
    """What was sent, as the journal tells it."""

    def with_id(self, message_id: str) -> Sent | None:
        """The message with this Message-ID."""

    def with_key(self, key: str) -> Sent | None:
        """The message under this key."""

    def open_for(self, address: str, at: datetime) -> Sequence[Sent]:
        """The last message to each row that this address was written to and that nobody answered yet.

        A mail of `at` answers nothing that left later; one older than all that this address was sent
        has a wrong clock.
        """


@dataclass(frozen=True, slots=True)
class Clues:
    """What a mail says of where it belongs."""

    sender: str
    title: str
    threads: tuple[str, ...] = ()
    """Message-IDs of In-Reply-To, then of References from the last."""
    returned: str = ""
    """The Message-ID inside a bounce."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a mail belongs."""

    sent: Sent | None
    doubt: str = ""
    """Why a person has to read it; with no `sent`, why it has to be attached by hand."""
    reference: Reference | None = None
    """The genuine reference in its subject, whatever it was matched by."""


def match(
    clues: Clues, mail: Received, outbox: Outbox, addresses: Mapping[str, Sequence[str]], secret: bytes
) -> Match:
    """Where this mail belongs. `addresses`: by subject, those of the sheet today."""
    reference = signing.genuine(secret, clues.title)
    altered = reference is None and signing.seems_signed(clues.title)
    sent = _by_identity(clues, outbox) or (outbox.with_key(reference.key) if reference else None)
    elsewhere = bool(reference and sent and not _same_row(outbox.with_key(reference.key), sent))
    elsewhere = elsewhere and mail.answer != words.BOUNCED
    if reference and sent and reference.key != sent.key:
        reference = None
    if sent:
        known = mail.answer == words.BOUNCED or is_known(
            clues.sender, [*sent.recipients, *addresses.get(sent.subject, ())]
        )
        doubt = ALTERED if altered else ELSEWHERE if elsewhere else "" if known else STRANGER
        return Match(sent, doubt, reference)
    among = mail.bounced if mail.answer == words.BOUNCED else (clues.sender,)
    rows = {
        (s.campaign, s.subject): s for address in among for s in outbox.open_for(address, mail.received_at)
    }
    if len(rows) == 1:
        return Match(next(iter(rows.values())), ALTERED if altered else BY_ADDRESS)
    return Match(None, ALTERED if altered else SEVERAL if rows else UNKNOWN)


def _same_row(one: Sent | None, other: Sent) -> bool:
    """Whether two messages were sent about the same row."""
    return one is not None and (one.campaign, one.subject) == (other.campaign, other.subject)


def _by_identity(clues: Clues, outbox: Outbox) -> Sent | None:
    for message_id in (*clues.threads, clues.returned):
        if message_id and (sent := outbox.with_id(message_id)):
            return sent
    return None


def current(rows: Sequence[Sent]) -> list[Sent]:
    """Of rows in the order of their last message, those that may be meant: a person's last week alone."""
    weekly = {(sent.subject, sent.campaign.partition(":")[0]): sent for sent in rows if _is_week(sent)}
    return [sent for sent in rows if not _is_week(sent) or sent in weekly.values()]


def _is_week(sent: Sent) -> bool:
    return sent.campaign.startswith("presence:")


def is_known(sender: str, addresses: Iterable[str]) -> bool:
    """Whether this sender is one of these, or of the same organisation as one of these."""
    return any(sender == address or _same_house(sender, address) for address in addresses)


def _same_house(one: str, other: str) -> bool:
    """Two addresses of one organisation: the same domain, or one below the other, no provider's."""
    here, there = (address.rpartition("@")[2].lower() for address in (one, other))
    if "." not in here or "." not in there or PUBLIC_PROVIDERS & {here, there}:
        return False
    return here == there or here.endswith(f".{there}") or there.endswith(f".{here}")


def attach(mail: Received, found: Match, zone: tzinfo | None) -> Received:
    """The mail with its row, its doubts, and the answer that its button gives; `zone` is where people are."""
    if found.sent is None:
        return replace(mail, doubt=found.doubt)
    doubt = mail.doubt or found.doubt
    if mail.answer == words.OBJECTION and doubt == BY_ADDRESS:
        doubt = ""  # whoever objects need not say to what
    mail = _in_row(mail, found.sent, doubt, zone)
    if mail.answer == words.BOUNCED:
        return _bounce(mail, found.sent)
    if found.reference and mail.answer != words.ABSENCE:
        return _pressed(mail, found.reference.choice)
    return mail


def attach_by_hand(mail: Received, row: tuple[str, str], sent: Sent | None, zone: tzinfo | None) -> Received:
    """The mail in the row that a person chose: she vouches for its sender. `sent`: the row's last message."""
    campaign, subject = row
    mail = _in_row(mail, sent or Sent("", campaign, subject, (), None), "", zone)
    return _bounce(mail, sent) if sent and mail.answer == words.BOUNCED else mail


def _in_row(mail: Received, sent: Sent, doubt: str, zone: tzinfo | None) -> Received:
    mail = replace(mail, key=sent.key, campaign=sent.campaign, subject=sent.subject, doubt=doubt)
    if mail.hours is not None and not _is_week(sent):
        return replace(mail, answer=words.TO_READ, hours=None, doubt=doubt or ONLY_HOURS)
    if mail.hours is not None and _is_of_another_week(mail, sent, zone):
        return replace(mail, answer=words.TO_READ, hours=None, doubt=doubt or OTHER_WEEK)
    return mail


def _is_of_another_week(mail: Received, sent: Sent, zone: tzinfo | None) -> bool:
    """Whether its hours may not be those of this row's week; a text cut short may say so further down."""
    week, received = week_of(sent.campaign), mail.received_at.astimezone(zone).date()
    cut = len(mail.extract) >= MAX_EXTRACT
    if week is None:
        return False
    return cut or may_be_another(mail.extract, week, received) or numbers_another(mail.title, week)


def _bounce(mail: Received, sent: Sent) -> Received:
    """A bounce names the addresses of ours that it is about; one recipient alone needs no name."""
    named = tuple(address for address in mail.bounced if address in sent.recipients)
    bounced = named or (sent.recipients if len(sent.recipients) == 1 else ())
    if bounced and not mail.doubt:
        return replace(mail, bounced=bounced)
    return replace(mail, answer=words.TO_READ, bounced=(), doubt=mail.doubt or NO_RECIPIENT)


_GIVEN = {signing.YES.name: words.YES, signing.NO.name: words.NO}
_HOURS = {signing.ONE_HOUR.name: timedelta(hours=1), signing.TWO_HOURS.name: timedelta(hours=2)}


def _pressed(mail: Received, choice: Choice) -> Received:
    """What the button says; a text that says otherwise is for a person to read."""
    if choice == signing.STOP:
        return replace(mail, kind="opposition", answer=words.OBJECTION, hours=None)
    if choice == signing.OTHER_HOURS and (given := filled_in(mail.extract)) is not None:
        return replace(mail, kind="hours", answer="", hours=given)
    answer, hours = _GIVEN.get(choice.name, ""), _HOURS.get(choice.name)
    if mail.answer == words.OBJECTION or not (answer or hours):
        return mail
    agrees = mail.answer == answer if answer else mail.hours == hours
    if agrees or mail.answer == words.QUESTION or not _says_more(mail, choice):
        question = mail.question or mail.answer == words.QUESTION
        kind = "answer" if answer else "hours"
        return replace(mail, kind=kind, answer=answer, hours=hours, question=question)
    return replace(mail, doubt=mail.doubt or AGAINST)


def _says_more(mail: Received, choice: Choice) -> bool:
    """Whether the writer added to the prepared reply; without a text, an extract shows the subject."""
    return fold(mail.extract) not in {fold(mail.title), fold(choice.body), fold(choice.label)}
