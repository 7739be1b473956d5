"""What the engine asks of the outside world: a workbook, a transport and a mailbox (design §5).

Adapters implement these protocols and raise only the errors named here.
Rows and columns are numbered from 1, as people see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

Value = str | int | float | bool | date | datetime | None
"""What may be written into a cell. Text is never interpreted; an aware datetime is written as its
wall-clock time; None empties the cell."""


class Kind(Enum):
    """What a cell shows, whatever program holds it."""

    EMPTY = "empty"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    """A date, with or without a time of day."""
    TIME = "time"
    """A time of day or a duration: a fraction of days without a date in its format."""
    ERROR = "error"
    """#REF!, #N/A…, or a formula without a calculated value."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One raw cell as read.

    `value` is a str for TEXT and ERROR, a float for NUMBER, DATE and TIME (the last two in days
    since 30/12/1899, whatever the file's own epoch), a bool for BOOLEAN, None for EMPTY.
    """

    value: str | float | bool | None = None
    kind: Kind = Kind.EMPTY
    formula: bool = False
    """The cell holds a formula: never written to."""
    spilled: bool = False
    """The cell shows a value that another cell's formula put there: never written to."""


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One tab as read; `rows[0]` is the row numbered 1, rows may be of unequal length."""

    title: str
    rows: tuple[tuple[Cell, ...], ...] = ()

    def cell(self, row: int, column: int) -> Cell:
        """The cell at this row and column (from 1); EMPTY outside what was read."""
        if 1 <= row <= len(self.rows) and 1 <= column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return EMPTY


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The workbook at one moment: its tabs in order, by exact title."""

    sheets: Mapping[str, Sheet]
    version: str = ""
    """Opaque to all but the adapter, which refuses to write over a file that is no longer this one."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a tab, as the design (§4) names it."""

    heading: str
    tool: bool = False
    """Written by the program only: gets a warning against typing, never a lock."""
    choices: tuple[str, ...] = ()
    """Words of a drop-down list; other words stay possible."""
    width: int = 14
    """In characters."""


@dataclass(frozen=True, slots=True)
class AddSheet:
    """A new tab, at the end, with its headings in row 1 (frozen, in bold)."""

    title: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class AddColumn:
    """A heading written into an empty cell to the right of everything in the tab."""

    sheet: str
    row: int
    column: int
    spec: Column


@dataclass(frozen=True, slots=True)
class Anchor:
    """What must stand in the same row for a Put to be right: usually the row's `Réf.`."""

    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Put:
    """One value into one cell; everything else about the cell (colour, font…) stays."""

    sheet: str
    row: int
    column: int
    value: Value
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """A new row below everything in the tab: values by column number, the other cells empty."""

    sheet: str
    values: Mapping[int, Value]


Edit = AddSheet | AddColumn | Put | Append


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the workbook itself says of a write."""

    misplaced: tuple[tuple[Put, str], ...] = ()
    """Puts whose row moved between the read and the write, each with the anchor text found there."""


class WorkbookError(Exception):
    """The workbook could not be read or written: `what` happened and the `remedy`, in French."""

    def __init__(self, what: str, remedy: str, *, temporary: bool = False) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy
        self.temporary = temporary
        """Worth trying again at the next round without a person's help (locked, network, quota)."""


class Workbook(Protocol):
    """A spreadsheet that people work in at the same time."""

    def read(self) -> Snapshot:
        """Every tab, in one call. Raises WorkbookError."""

    def write(self, edits: Sequence[Edit], snapshot: Snapshot) -> Receipt:
        """All edits or none, in one call, on the workbook that `snapshot` showed.

        AddSheet comes before the edits that use the new tab. No other cell, format, comment,
        filter or tab changes. Raises WorkbookError; nothing has been written then, unless
        the error says that this is not known.
        """

    def check_write(self) -> None:
        """Raise the WorkbookError that a write would meet now, as far as can be told without writing."""

    def reserve(self) -> None:
        """The next write also reserves the workbook for this machine, for a few minutes.

        Raises WorkbookError (temporary) while another machine has it.
        """

    def reserved(self) -> bool:
        """Whether it is still reserved; asked before each message, renewed where that is needed."""

    def release(self) -> None:
        """The next write also ends the reservation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's answer to one recipient or message (RFC 5321, 4.2): 4xx passing, 5xx final."""

    code: int
    words: str

    @property
    def permanent(self) -> bool:
        return self.code >= 500

    def __str__(self) -> str:
        return f"{self.code} {self.words}".strip()


class TransportError(Exception):
    """The transport cannot serve at all (unreachable, log-in refused, quota): the round stops sending."""

    def __init__(self, what: str, remedy: str, *, temporary: bool = False) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy
        self.temporary = temporary


class MessageRefused(Exception):
    """The server took the message for nobody: `refusals` by address; it has not left."""

    def __init__(self, refusals: Mapping[str, Refusal]) -> None:
        super().__init__("; ".join(f"{a}: {r}" for a, r in refusals.items()))
        self.refusals = refusals


class ConnectionLost(Exception):
    """The connection broke; `maybe_accepted` once the server had answered 354 to DATA."""

    def __init__(self, *, maybe_accepted: bool) -> None:
        super().__init__("connection lost" + (" after DATA began" if maybe_accepted else ""))
        self.maybe_accepted = maybe_accepted


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server answered 250 at the end of DATA."""

    refused: Mapping[str, Refusal] = field(default_factory=dict)
    """Those of several recipients that it refused; the others have the message."""


class Transport(Protocol):
    """A connection that takes whole messages; opened once for a round, on its first message."""

    def send(self, sender: str, recipients: Sequence[str], message: bytes) -> Accepted:
        """Hand over one message (RFC 5322 bytes, CRLF). Never repeats anything by itself.

        Reconnects on the call that follows a ConnectionLost. Raises MessageRefused,
        ConnectionLost, TransportError.
        """

    def check(self) -> None:
        """Connect and log in, sending nothing. Raises TransportError."""

    def close(self) -> None:
        """Leave politely; never raises."""


class MailboxError(Exception):
    """The mailbox could not be read or marked: `what` happened and the `remedy`, in French."""

    def __init__(self, what: str, remedy: str, *, temporary: bool = False) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail as it stands in the mailbox."""

    place: str
    """Where it stands, in the mailbox's own terms; no other mail ever gets the same."""
    content: bytes
    """Its bytes; empty when the server will not give them."""


class Seen(Protocol):
    """What was taken from a mailbox before."""

    def place(self, place: str) -> bool:
        """The mail that stood here."""

    def message_id(self, message_id: str) -> bool:
        """A mail with this Message-ID, wherever it stood."""


class Mailbox(Protocol):
    """A mailbox that people read as well: nothing is deleted or marked as read."""

    @property
    def name(self) -> str:
        """Which mailbox this is: a position holds for this one alone."""

    def read(self, position: str, oldest: datetime, seen: Seen) -> Iterator[Incoming]:
        """The mails that arrived after `position`, in order of arrival.

        Where the position is empty or no longer means anything (a mailbox made anew), those that
        arrived on the day of `oldest` or later and were not seen. Raises MailboxError, also between
        two mails: those given so far are good.
        """

    def position(self) -> str:
        """Where the next reading may begin, once every mail that `read` gave is kept."""

    def mark(self, places: Sequence[str]) -> Sequence[str]:
        """Show in the mailbox that these were dealt with; those now marked, or gone. Raises MailboxError."""

    def check(self) -> None:
        """Connect and log in, reading nothing. Raises MailboxError."""

    def close(self) -> None:
        """Leave politely; never raises."""


class SentBox(Protocol):
    """Where copies of what left lie: proof that a message was sent, never that it was not."""

    def find(self, message_ids: Sequence[str]) -> set[str]:
        """Those of these Message-IDs (angle brackets included) that lie there. Raises MailboxError."""

    def keep(self, message: bytes) -> None:
        """Add a copy. Raises MailboxError."""

    def close(self) -> None:
        """Leave politely; never raises."""
