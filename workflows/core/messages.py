"""What a workflow decides and what it may know of the past: values only (design §5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType

from workflows.core.limits import Limit
from workflows.core.ports import Value
from workflows.core.problems import Problem
from workflows.core.received import Objections, Reply
from workflows.core.signing import Choice

LETTERS = "lettre"
"""The campaign of what the program writes to the coordinator herself: nobody answers it in the sheet."""


class Mode(Enum):
    """Whether a message reaches the people it is for."""

    TRIAL = "essai"
    LIVE = "reel"


class State(Enum):
    """The life of one message: PLANNED → SENDING → SENT | REFUSED | UNCERTAIN."""

    PLANNED = "planned"
    """Composed and stored; nobody has been shown it. A passing refusal (4xx) leads back here."""
    SENDING = "sending"
    """Claimed: the transport is being called. Left over by a crash it becomes UNCERTAIN."""
    SENT = "sent"
    """Accepted for at least one recipient, and pending for none."""
    REFUSED = "refused"
    """Refused for good for every recipient."""
    UNCERTAIN = "uncertain"
    """May or may not have left: only a person, or the Sent mailbox, can tell."""


RELEASED = "non envoyé, a dit une personne"
"""`Record.detail` of a message that a person let leave again."""


def is_erased(address: str) -> bool:
    """Whether this is what the journal keeps in the place of an address that was erased."""
    return "@" not in address


@dataclass(frozen=True, slots=True)
class Record:
    """One message as the journal, or the sheet where the journal knows nothing, holds it."""

    key: str
    campaign: str
    step: str
    """« annonce », « relance-1 »…, with `:2` and so on for one that was sent again."""
    subject: str
    """The `Réf.` of the structure or person that the message is for."""
    state: State
    recipients: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    """Those of the recipients whose server accepted the message."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """The others that were refused for good, with the server's words."""
    message_id: str = ""
    sent_at: datetime | None = None
    next_attempt: datetime | None = None
    attempts: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Launch:
    """What the journal knows of a campaign's start."""

    seen_at: datetime | None = None
    """When a round first saw `À lancer` in the sheet; the grace delay counts from here."""
    authorised_at: datetime | None = None
    """When it was launched in the terminal."""


@dataclass(frozen=True, slots=True)
class Order:
    """`À renvoyer` on a row, standing or carried out once."""

    scope: str
    """Which row: campaign and subject."""
    key: str
    """The message that the order asked for."""


@dataclass(frozen=True, slots=True)
class History:
    """All that a decision may know of the past; frozen, so that deciding stays pure."""

    records: Mapping[str, Record] = field(default_factory=dict)
    launches: Mapping[str, Launch] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    """Addresses that a server refused for good, with its words: no follow-up goes there."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What this workflow chose to remember (Plan.facts of earlier rounds)."""
    answers: Mapping[tuple[str, str], Reply] = field(default_factory=dict)
    """By campaign and subject, where the correspondence stands."""
    absences: Mapping[str, date] = field(default_factory=dict)
    """By subject, the last day of an absence, or the day of return, that an automatic reply gave."""
    bounced: Mapping[str, str] = field(default_factory=dict)
    """Addresses whose mail came back since they were last written to, with the reason: whoever's
    campaign it was, nothing more goes there by itself."""
    objections: Objections = field(default_factory=Objections)

    def reached(self, campaign: str, step: str) -> dict[str, str]:
        """Addresses that this step of this campaign reached or may have reached, with the key."""
        done = (State.SENT, State.UNCERTAIN, State.SENDING)
        return {
            address: record.key
            for record in self.records.values()
            if record.campaign == campaign and record.step == step and record.state in done
            for address in record.recipients
            if address not in record.refused
        }


class Method(Enum):
    """What a calendar part asks of the calendar that reads it (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Event:
    """A session as calendars know it (RFC 5545, 3.6.1): the same `uid` for one invitee for ever."""

    uid: str
    sequence: int
    """Rises by one with each change that is announced."""
    method: Method
    start: datetime
    """Aware, in the coordination's time zone."""
    end: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """A message that is due now, not yet written."""

    key: str
    campaign: str
    step: str
    subject: str
    recipients: tuple[str, ...]
    template: str
    variables: Mapping[str, str]
    where: str
    """The row it is about, for a problem found while writing it."""
    in_reply_to: str = ""
    """Message-ID of the mail under which this one is threaded."""
    note: str = ""
    """What she should know although it leaves: an address left out, for instance."""
    exclusive: bool = False
    """An address gets this step of the campaign once, whatever row carries it."""
    order: Order | None = None
    event: Event | None = None
    """What the mail puts into a calendar."""
    choices: tuple[Choice, ...] = ()
    """The prepared replies that it offers, where it asks something."""
    attachments: tuple[str, ...] = ()
    """Names of files of the attachments' folder (core/attachments.py)."""
    limit: Limit | None = None
    """From when on it is of no use: what holds it back for longer is hers to mend."""
    trial: bool = False
    """« Essai » in the sheet: it goes to the coordinator only, marked, whatever the round's mode."""


BY_ITSELF = "Rien : partira de soi-même."


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing leaves now, for a reason that she can read."""

    key: str
    reason: str
    due: bool = False
    """It is due and only held back for now (hours, cap, grace): counts among what will leave."""
    until: date | None = None
    """The day on which it becomes due by itself."""
    remedy: str = BY_ITSELF
    """What a person does about one that is due."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A person has to mend something first."""

    key: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Unsure:
    """The message may have left; it is never sent again by the program alone."""

    key: str


Verdict = Send | Wait | Flag | Unsure


@dataclass(frozen=True, slots=True)
class RowWish:
    """What the program's columns of one row should show.

    The row is found by `ref`, or by `identity` (heading → value) on a tab of the program's own,
    where it is appended if it is missing and `create` says so.
    """

    tab: str
    ref: str
    values: Mapping[str, Value]
    identity: Mapping[str, str] = field(default_factory=dict)
    create: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one workflow found to do: one verdict for everyone the campaigns could concern."""

    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Of the sheet as a whole; those of a row stand in its Flag."""
    launched: tuple[str, ...] = ()
    """The campaign that a command launches."""
    seen: tuple[str, ...] = ()
    """Campaigns at `À lancer` that were seen for the first time."""
    unseen: tuple[str, ...] = ()
    """Campaigns that are no longer at `À lancer`: a new launch counts its grace delay anew."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the workflow wants to find again in History.facts; an empty text forgets it."""
    written_facts: Mapping[str, str] = field(default_factory=dict)
    """As `facts`, but true only once the sheet shows what the workflow wished."""
    disarmed: tuple[str, ...] = ()
    """Scopes whose order was taken away: the next one is a new one."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What the sheet says of a message that the journal does not hold, or holds as not sent yet."""

    record: Record
    order: Order | None = None
    typed: bool = False
    """A person says it, in a word that is none of the program's."""
    order_alone: bool = False
    """The journal holds the message itself: only that the order was carried out is told."""


def counts(verdicts: Sequence[Verdict]) -> Mapping[type[Verdict], int]:
    """How many verdicts of each kind."""
    kinds: dict[type[Verdict], int] = {Send: 0, Wait: 0, Flag: 0, Unsure: 0}
    for verdict in verdicts:
        kinds[type(verdict)] += 1
    return MappingProxyType(kinds)
