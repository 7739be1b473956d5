"""What a workflow is: one module of pure decisions on the common spine (design §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from workflows.core import french
from workflows.core.attachments import Shelf
from workflows.core.book import Book
from workflows.core.messages import Belief, History, Launch, Plan, RowWish, Verdict
from workflows.core.problems import Problem
from workflows.core.schema import Section
from workflows.core.words import Tab


class Step(Enum):
    """Which part of a workflow a command is about."""

    ANY = "passage"
    FIRST = "launch"
    FOLLOW_UP = "follow-up"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a round was asked for."""

    workflow: str = ""
    """Empty: all of them."""
    step: Step = Step.ANY
    ref: str = ""
    """One campaign's `Réf.`; empty: all of them."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a decision looks at: the workbook, the past, the moment and the settings."""

    book: Book
    history: History
    now: datetime
    """Aware, in the coordination's time zone."""
    settings: Mapping[str, Any]
    """This workflow's own configuration, as its section reads it."""
    grace: timedelta
    """Between a launch in the sheet and its first mail."""
    trial: bool = False
    """A trial asked for by a command: dates hold nothing back."""
    shelf: Shelf = field(default_factory=Shelf)
    """What may be attached."""

    opening: Callable[[datetime], datetime] = lambda moment: moment
    """The first moment of office hours from this one on."""
    restored: bool = False
    """The workbook is older than the past: what it orders once may have been carried out since."""
    unnumbered: bool = False
    """The workbook does not say of which round it is: it may be older, too."""

    @property
    def today(self) -> date:
        return self.now.date()

    def held_until(self, campaign: str) -> str:
        """« 10 h 15 », « lundi 8 h 30 »: when a launch in the sheet may leave, while it is held; or empty."""
        leaves = self.leaves(campaign)
        return french.soon(leaves, self.now).removeprefix("à ") if leaves else ""

    def leaves(self, campaign: str) -> datetime | None:
        """The moment from which on a launch in the sheet may leave; None where its grace delay is over."""
        launch = self.history.launches.get(campaign, Launch())
        start = (launch.seen_at or self.now) + self.grace
        if launch.authorised_at or self.now >= start:
            return None
        return self.opening(start.astimezone(self.now.tzinfo))


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where the verdicts stand when the sheet is written: before sending, or after."""

    verdicts: Sequence[Verdict]
    leaving: frozenset[str] = frozenset()
    """Keys that are about to leave: « Envoi en cours » until the round's second write."""


class Workflow(Protocol):
    """One module per workflow satisfies this protocol."""

    @property
    def NAME(self) -> str: ...  # noqa: N802 - module constants

    @property
    def SECTION(self) -> Section:  # noqa: N802
        """Its configuration file's keys."""

    @property
    def TABS(self) -> tuple[Tab, ...]:  # noqa: N802
        """The tabs it reads and writes."""

    @property
    def VARIABLES(self) -> Mapping[str, Mapping[str, str]]:  # noqa: N802
        """Template → its variables, each with an example."""

    def campaigns(self, book: Book, now: datetime) -> list[str]:
        """The campaigns whose past the decisions need, as the journal names them."""

    def believe(self, desk: Desk) -> list[Belief]:
        """What the sheet says of each message."""

    def decide(self, desk: Desk, scope: Scope) -> Plan:
        """Who gets what now, and why the others do not. Raises TourneeError for an order that cannot be."""

    def inspect(self, desk: Desk) -> list[Problem]:
        """What a person has to mend in the rows, launched or not."""

    def project(self, desk: Desk, outlook: Outlook) -> list[RowWish]:
        """What the program's columns should show."""
