"""What those invited to a session were told of it: invitation, changes, cancellation (design §4, `Prévenir`).

A version is one announced state of a session; its number is the SEQUENCE of its calendar parts (RFC 5545,
3.8.7.4) and stands in the key of its `modification-N`. What a message told is remembered under its key
before it leaves, so a crash between any two steps loses nothing. Where the journal is gone, those whom the
sheet says were written to count as knowing the session as it is now, unless a `Prévenir` stands beside
it that was not carried out for this content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from workflows.core import french, words
from workflows.core.cells import label, plain
from workflows.core.messages import History, Record, State
from workflows.core.training.sessions import Session
from workflows.core.training.set_aside import SILENCE, is_set_aside, notified_under
from workflows.core.workflow import Desk, Step

INVITATION, CHANGE, CANCELLATION = "invitation", "modification", "annulation"
CANCELLED = "annulée"
_UNKNOWN = "?"
_BEGUN = (State.SENT, State.UNCERTAIN, State.SENDING)


@dataclass(frozen=True, slots=True)
class Version:
    """One announced state of a session."""

    number: int
    content: str
    """`Session.content`, or CANCELLED."""

    def __str__(self) -> str:
        return f"{self.number} {self.content}"


def _parse(remembered: str) -> Version | None:
    number, _, content = remembered.partition(" ")
    return Version(int(number), content) if number.isdecimal() and content else None


@dataclass(frozen=True, slots=True)
class Told:
    """The last thing that somebody was told."""

    version: Version
    record: Record

    @property
    def cancelled(self) -> bool:
        return self.version.content == CANCELLED


@dataclass(slots=True)
class Announcements:
    """One session: its last version, and what each of those invited knows."""

    session: Session
    history: History
    version: Version = field(init=False)
    told: dict[str, Told] = field(init=False)
    """By Promeneur; who is not here was never invited."""
    recovered: dict[str, str] = field(init=False)
    """What has to be remembered anew, because the journal forgot it."""
    _steps: dict[Version, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        begun = [r for r in self.history.records.values() if r.campaign == self.session.campaign]
        begun = [r for r in begun if _kind(r) and (r.state in _BEGUN or r.reached)]
        remembered = _parse(self.history.facts.get(self.session.campaign, ""))
        forgot = remembered is None or remembered.number < _least(begun)
        self.version = self._recover(begun) if remembered is None or forgot else remembered
        self.recovered = {self.session.campaign: str(self.version)} if begun and forgot else {}
        self.told = {}
        forgotten: dict[str, list[Record]] = {}
        for record in begun:
            version = _parse(self.history.facts.get(record.key, ""))
            if version:
                self._tell(Told(version, record))
            else:
                forgotten.setdefault(record.subject, []).append(record)
        for records in forgotten.values():
            self._believe(records)

    def _tell(self, told: Told) -> None:
        known = self.told.get(told.record.subject)
        if known is None or _rank(told) >= _rank(known):
            self.told[told.record.subject] = told

    def _believe(self, records: list[Record]) -> None:
        """What somebody was told, where only the sheet remembers: its last message counts.

        The sheet knows days alone: of two messages of one day, the cancellation is the last while the
        session is cancelled, and the first once it is not.
        """
        cancelled = self.session.order == words.CANCELLED
        last = max(
            records, key=lambda r: (_day(r), (_kind(r) == CANCELLATION) is cancelled, _number(r.step), r.step)
        )
        content = self.session.content if self.version.content == CANCELLED else self.version.content
        for record in records:
            number = self.version.number if record is last else 0
            version = Version(number, CANCELLED if _kind(record) == CANCELLATION else content)
            self.recovered[record.key] = str(version)
            self._tell(Told(version, record))

    def _recover(self, begun: list[Record]) -> Version:
        """The last version as the messages' names and the sheet tell it."""
        cancellations = _cancellations(begun)
        number = _last_change(begun) + len(cancellations)
        if cancellations and self.session.order == words.CANCELLED:
            return Version(number, CANCELLED)
        if not begun or self._carried_out():
            return Version(number, self.session.content)
        return Version(number, _UNKNOWN)

    def _carried_out(self) -> bool:
        """No `Prévenir` stands that was not carried out for the session as it is now."""
        said = plain(label(self.session.row.cell("Commande faite")))
        return self.session.order != words.NOTIFY or plain(_mark(self.session)) in said

    @property
    def outdated(self) -> list[str]:
        """Those who know the session otherwise than it is."""
        now = CANCELLED if self.session.order == words.CANCELLED else self.session.content
        return [ref for ref, told in self.told.items() if told.version.content != now]

    def next(self, content: str) -> Version:
        """The version under which this is announced: the last one where it says so, or was not begun."""
        if self.version.content == content or not self.told:
            return replace(self.version, content=content)
        begun = any(told.version.number >= self.version.number for told in self.told.values())
        return Version(self.version.number + begun, content)

    def step(self, version: Version) -> str:
        """`modification-2`, `annulation`; `annulation-2` after a session that was held after all."""
        if version not in self._steps:
            self._steps[version] = self._step(version)
        return self._steps[version]

    def _step(self, version: Version) -> str:
        if version.content != CANCELLED:
            return f"{CHANGE}-{version.number}"
        earlier = {t.record.step for t in self.told.values() if t.cancelled and t.version == version}
        if earlier:
            return earlier.pop()
        steps = {r.step for r in self.history.records.values() if self._is_cancellation(r)}
        return f"{CANCELLATION}-{len(steps) + 1}" if steps else CANCELLATION

    def _is_cancellation(self, record: Record) -> bool:
        mine = record.campaign == self.session.campaign and record.step.startswith(CANCELLATION)
        return mine and record.state is not State.PLANNED

    def notified(self, leaving: frozenset[str], now: datetime) -> str:
        """What `Commande faite` shows for `Prévenir`; empty before anything was announced."""
        if self.version.content != self.session.content:
            return ""
        said = f"{words.NOTIFY} : {_mark(self.session)}"
        if any(_parse(self.history.facts.get(key, "")) == self.version for key in leaving):
            return f"{said}, annonce en cours"
        mine = [t.record.sent_at for t in self.told.values() if t.version.number == self.version.number]
        first = min(filter(None, mine), default=None)
        return f"{said}, annoncé {_at(first, now.tzinfo)}" if first else ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Whether a change is announced now."""

    silence: str = ""
    """Why not."""
    again: datetime | None = None
    """From when on it may be, where it only waits."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What to remember of a standing `Prévenir`."""


def notice(session: Session, desk: Desk, step: Step) -> Notice:
    """Whether a change is announced now, and what to remember.

    A `Prévenir` is carried out at once. While it stands, a further change may be half typed: it leaves
    once it has stood for the grace delay, unless the terminal asks for it.
    """
    done, seen = notified_under(session), _seen(session)
    facts = desk.history.facts
    if session.order != words.NOTIFY:
        gone = {name: "" for name in (done, seen) if name in facts}
        return Notice(f"modifiée : {words.NOTIFY} pour l'annoncer", facts=gone)
    if is_set_aside(session, desk):
        return Notice(SILENCE)
    if step is Step.FOLLOW_UP:  # which announces nothing
        return Notice()
    if step is Step.ANY and not desk.trial and facts.get(done, session.content) != session.content:
        known, _, since = facts.get(seen, "").partition(" ")
        first = datetime.fromisoformat(since) if known == session.content else desk.now
        if desk.now < first + desk.grace:
            again = desk.opening(first.astimezone(desk.now.tzinfo) + desk.grace)
            remembered = {seen: f"{session.content} {first.isoformat()}"}
            return Notice(f"annonce du changement {french.soon(again, desk.now)}", again, remembered)
    return Notice(facts={done: session.content, **({seen: ""} if seen in facts else {})})


def ordered(session: Session, facts: Mapping[str, str]) -> bool:
    """Whether she asked to tell those invited of the session as it is now, before it began."""
    cancelled = session.order == words.CANCELLED
    seen = facts.get(_seen(session), "").partition(" ")[0]
    noticed = session.content in (facts.get(notified_under(session)), seen)
    return cancelled or (session.order == words.NOTIFY and noticed)


def _seen(session: Session) -> str:
    """Under which name is remembered a further change, with the moment at which it was first seen."""
    return f"{session.campaign}:vue"


def _kind(record: Record) -> str:
    """Which of the three kinds a message is; empty for a reminder."""
    return next((k for k in (INVITATION, CHANGE, CANCELLATION) if record.step.startswith(k)), "")


def _number(step: str) -> int:
    number = step.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _cancellations(begun: list[Record]) -> set[str]:
    return {record.step for record in begun if _kind(record) == CANCELLATION}


def _last_change(begun: list[Record]) -> int:
    return max((_number(r.step) for r in begun if _kind(r) == CHANGE), default=0)


def _least(begun: list[Record]) -> int:
    """The least number that the last version can have, by the names of the messages alone."""
    return max(_last_change(begun), len(_cancellations(begun)))


def _day(record: Record) -> date:
    return record.sent_at.date() if record.sent_at else date.max


def _rank(told: Told) -> tuple[int, int, str]:
    order = (INVITATION, CHANGE, CANCELLATION).index(_kind(told.record))
    return told.version.number, order, told.record.step


def _mark(session: Session) -> str:
    """The announced content as a person can read it, and as it is known again."""
    return f"{session.when} (repère {session.content.rpartition('~')[2]})"


def _at(moment: datetime, zone: tzinfo | None) -> str:
    at = moment.astimezone(zone)
    return f"le {french.date_short(at)} à {french.time_(at.time())}"


def last_day(records: Mapping[str, Record], campaign: str, zone: tzinfo | None) -> dict[str, date]:
    """By Promeneur, the day of the last mail of this session that left, or may have."""
    found: dict[str, date] = {}
    for record in records.values():
        if record.campaign == campaign and record.sent_at and (record.state in _BEGUN or record.reached):
            day = record.sent_at.astimezone(zone).date()
            found[record.subject] = max(day, found.get(record.subject, day))
    return found
