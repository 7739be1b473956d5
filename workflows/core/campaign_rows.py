"""The program's rows of a campaign, one per person or structure: Candidatures, Inscriptions (design §4, §5).

What they say is believed where the journal knows nothing; what the journal knows is shown in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.core import french, words
from workflows.core.book import Book
from workflows.core.cells import Unreadable, label
from workflows.core.laters import Later, later_words, read_laters
from workflows.core.limits import GRACE, Limit
from workflows.core.messages import Belief, Flag, History, Order, Record, Send, State, Verdict, Wait
from workflows.core.ports import Cell, Value
from workflows.core.problems import Problem
from workflows.core.received import reply_values
from workflows.core.references import spelling
from workflows.core.rows import addresses
from workflows.core.standing import (
    RowOrder,
    carried_out,
    done_number,
    done_words,
    latest,
    numbered,
    row_order,
)
from workflows.core.statuses import (
    Shown,
    believed_moment,
    forgotten,
    is_typed,
    read_refusals,
    shown,
    told_state,
)
from workflows.core.tables import Row
from workflows.core.words import Tab
from workflows.core.workflow import Desk, Outlook

Lines = Mapping[tuple[str, str], list[Row]]
"""Rows by campaign and subject, as their `Réf.` name them; more than one is a person's doing."""


class Held(Exception):
    """What becomes of this row is settled before anything is written to it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.key)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class CampaignTab:
    """How one tab tells of a campaign's messages."""

    tab: Tab
    prefix: str
    """Of the campaign's name: `appel` in `appel:2027-1`."""
    campaign: str
    """The headings of the two `Réf.` that a row is about."""
    subject: str
    step: str
    """The first message."""
    state: str
    """The headings of its state and its date, and of what came later."""
    at: str
    later: str
    laters: tuple[Later, ...]
    subject_words: str
    """« La structure »."""
    campaign_words: str
    """« l'appel »."""

    def base(self, campaign: str, subject: str) -> str:
        """The key of the first message."""
        return f"{campaign}:{subject}:{self.step}"

    def lines(self, book: Book) -> Lines:
        found: dict[tuple[str, str], list[Row]] = {}
        for about, row in self._abouts(book):
            found.setdefault(about, []).append(row)
        return found

    def _abouts(self, book: Book) -> Iterator[tuple[tuple[str, str], Row]]:
        """Every row with the two `Réf.` that it is about, as the tabs that give them spell them."""
        campaigns, subjects = spelling(book, self.campaign), spelling(book, self.subject)
        for row in book[self.tab].rows:
            campaign, subject = label(row.cell(self.campaign)), label(row.cell(self.subject))
            yield (campaigns.of(campaign), subjects.of(subject)), row

    def campaigns(self, book: Book, tab: Tab) -> list[str]:
        """Every campaign that its own tab or these rows speak of, as the journal names it."""
        refs = {*book[tab].by_ref(), *(ref for ref, _ in self.lines(book))}
        return [f"{self.prefix}:{ref}" for ref in sorted(refs)]

    # What a person says there

    def only(self, book: Book, lines: list[Row], key: str, campaign: str, subject: str) -> Row | None:
        """The row of one subject. Raises Held for several, or for one that cannot be told apart."""
        for line in lines:
            if line.number in book[self.tab].held:
                raise Held(Flag(key, book[self.tab].held[line.number]))
        if len(lines) < 2:
            return lines[0] if lines else None
        where = f"{book[self.tab].title}, lignes {french.join([str(line.number) for line in lines])}"
        what = f"{self.subject_words} {subject} y est plusieurs fois pour {self.campaign_words} {campaign}."
        raise Held(Flag(key, Problem(where, what, "Gardez une seule de ces lignes.")))

    def order(self, book: Book, history: History, line: Row | None, base: str, key: str) -> RowOrder:
        """`Commande` of a row. Raises Held for a word that is no order."""
        if line is None:
            return RowOrder()
        try:
            return row_order(line.cell("Commande"), history, base)
        except Unreadable as error:
            raise Held(Flag(key, error.at(book[self.tab].where(line, "Commande")))) from None

    # What the sheet is believed about

    def beliefs(self, desk: Desk, steps: Sequence[str] = ()) -> list[Belief]:
        """What the rows say was sent, refused, or may have left; unclear words, any of `steps`.

        A row of a call that does not say whose it is still tells that its addresses were reached.
        """
        own = desk.book[self.tab].refs if self.tab == words.APPLICATIONS else {}
        return [
            belief
            for (ref, subject), row in self._abouts(desk.book)
            for belief in self._beliefs_of(ref, subject or own.get(row.number, ""), row, desk, steps)
        ]

    def _beliefs_of(
        self, ref: str, subject: str, row: Row, desk: Desk, steps: Sequence[str]
    ) -> Iterator[Belief]:
        if not (ref and subject):
            return
        campaign = f"{self.prefix}:{ref}"
        copied = _copied(row.cell("Courriel"))
        yield from self._first(row, campaign, subject, copied, desk.now)
        base = self.base(campaign, subject)
        if desk.restored and (done := carried_out(row.cell("Commande"), desk.history, base)):
            yield done
        for told in read_laters(self.laters, row.cell(self.later), desk.now, steps):
            key = f"{campaign}:{subject}:{told.step}"
            record = Record(key, campaign, told.step, subject, told.state, copied, sent_at=told.at)
            yield Belief(record, typed=told.typed)

    def _first(
        self, row: Row, campaign: str, subject: str, copied: tuple[str, ...], now: datetime
    ) -> Iterator[Belief]:
        state, reached = told_state(row.cell(self.state), row.cell("Motif"))
        if state is None:
            return
        base, number = self.base(campaign, subject), done_number(row.cell("Commande faite"))
        at = believed_moment(row.cell(self.at), now)
        for earlier in range(1, number):
            done, step = numbered(base, earlier), numbered(self.step, earlier)
            yield Belief(Record(done, campaign, step, subject, State.SENT, copied, sent_at=at))
        key, step = numbered(base, max(number, 1)), numbered(self.step, max(number, 1))
        detail = label(row.cell("Motif")) if state is State.REFUSED else ""
        refused = {a: said for a, said in read_refusals(label(row.cell("Motif"))).items() if a in copied}
        to = tuple(dict.fromkeys((*copied, *reached)))
        record = Record(key, campaign, step, subject, state, to, reached, refused, sent_at=at, detail=detail)
        typed = is_typed(row.cell(self.state))
        yield Belief(record, Order(base, key) if number else None, typed)


class Display:
    """What the program's columns should show of each subject's messages, for one tab and one moment."""

    def __init__(self, rows: CampaignTab, desk: Desk, outlook: Outlook) -> None:
        self.rows, self.desk, self.leaving = rows, desk, outlook.leaving
        self._verdicts = _by_campaign(outlook.verdicts)
        self._past: dict[str, dict[str, list[Record]]] = {}
        for record in desk.history.records.values():
            self._past.setdefault(record.campaign, {}).setdefault(record.subject, []).append(record)

    def verdicts(self, campaign: str) -> Mapping[str, Verdict]:
        """By subject."""
        return self._verdicts.get(campaign, {})

    def past(self, campaign: str) -> Mapping[str, list[Record]]:
        """By subject, the messages that the journal knows."""
        return self._past.get(campaign, {})

    def departure(self, campaign: str) -> list[str]:
        """When the last message of a campaign left."""
        records = [record for past in self.past(campaign).values() for record in past]
        sent = [record.sent_at for record in records if record.state is State.SENT and record.sent_at]
        if not sent:
            return []
        last = max(sent).astimezone(self.desk.now.tzinfo)
        return [f"dernier départ le {french.date_short(last.date())} à {french.time_(last.time())}"]

    def subjects(self, campaign: str, known: Iterable[str]) -> list[str]:
        """Those with a verdict or a past, in sheet order, then those that only the journal still knows."""
        verdicts, past, order = self.verdicts(campaign), self.past(campaign), list(known)
        return [ref for ref in order if ref in verdicts or ref in past] + sorted(set(past) - set(order))

    def first(self, campaign: str, subject: str) -> Shown:
        """Where the first message stands."""
        last = latest(self.desk.history.records, self.rows.base(campaign, subject))
        return shown(last.record, self.verdicts(campaign).get(subject), self.leaving, self.desk.now)

    def values(self, campaign: str, subject: str, name: str, address: str) -> dict[str, Value]:
        """The columns of one subject's row; `name` and `address` are empty for one that is gone."""
        base, history = self.rows.base(campaign, subject), self.desk.history
        record = latest(history.records, base).record
        reached = record.recipients if record and record.state is not State.PLANNED else ()
        state, reply = self.first(campaign, subject), history.answers.get((campaign, subject))
        reasons = (state.reason, reply.reason if reply and reply.word == words.TO_READ else "")
        values: dict[str, Value] = {
            self.rows.campaign: campaign.partition(":")[2],
            self.rows.subject: subject,
            self.rows.state: state.state,
            self.rows.at: state.at,
            self.rows.later: later_words(
                self.rows.laters, self.past(campaign).get(subject, ()), self.leaving, self.desk.now
            )
            or None,
            "Motif": " ; ".join(filter(None, reasons))[:500] or None,
            "Commande faite": done_words(history.orders.get(base), base, history.records, self.desk.now),
        }
        values |= reply_values(reply, self.desk.now.tzinfo)
        if name or address:
            values |= {"Nom": name[:200], "Courriel": (" ; ".join(reached) or address[:200]) or None}
        return {heading: value for heading, value in values.items() if heading not in forgotten(record)}


def _copied(cell: Cell) -> tuple[str, ...]:
    try:
        return addresses(cell)
    except Unreadable:
        return ()


def _by_campaign(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Verdict]]:
    found: dict[str, dict[str, Verdict]] = {}
    for verdict in verdicts:
        name, ref, subject = verdict.key.split(":")[:3]
        found.setdefault(f"{name}:{ref}", {})[subject] = verdict
    return found


def still_due(verdicts: Iterable[Verdict], desk: Desk) -> list[Verdict]:
    """Those yet to leave: what this round settled is a verdict of the round's beginning."""
    return [v for v in verdicts if _due(v, desk.history.records.get(v.key))]


def _due(verdict: Verdict, record: Record | None) -> bool:
    settled = record is not None and record.state is not State.PLANNED
    return (isinstance(verdict, Send) and not settled) or (isinstance(verdict, Wait) and verdict.due)


def due_words(due: list[Verdict]) -> list[str]:
    """How many are yet to leave, and why the first of them waits."""
    why = next((v.reason for v in due if isinstance(v, Wait)), "au prochain passage")
    return [f"{len(due)} à envoyer : {_PAST.sub('', why)}"] if due else []


def grace_words(due: list[Verdict], start: str) -> str:
    """During the grace delay of a launch in the sheet."""
    leave = "partira" if len(due) < 2 else "partiront"
    return f"{len(due)} {leave} à partir de {start} ; En pause pour retenir"


def trouble_words(states: Mapping[str, int]) -> list[str]:
    """« 2 à corriger », « 1 à vérifier », « 3 refusés »."""
    found = [f"{states[word]} {word.lower()}" for word in (words.TO_FIX, words.UNCERTAIN) if states[word]]
    refused = states[words.REFUSED]
    return [*found, *([french.plural(refused, "refusé")] if refused else [])]


_PAST = re.compile(r"^déjà envoyé le [\d/]+ ; ")
"""What stands before the reason of somebody who had an earlier message."""


def past_words(record: Record | None, desk: Desk, reason: str = "") -> str:
    """The reason, after what was sent before it applied."""
    if record and record.state is State.SENT and record.sent_at:
        day = french.date_short(record.sent_at.astimezone(desk.now.tzinfo).date())
        return " ; ".join(filter(None, (f"déjà envoyé le {day}", reason)))
    return reason


def paused(key: str, what: str) -> Held:
    """The end of a decision while a campaign is at « En pause »."""
    remedy = f"Remettez « {words.LAUNCH} » dans Commande pour reprendre."
    return Held(Wait(key, f"{what} est en pause", due=True, remedy=remedy))


def hold_retry(record: Record | None, desk: Desk, key: str, limit: Limit | None = None) -> None:
    """Raise Held while a server's passing refusal is not to be tried again yet."""
    if record and record.next_attempt and desk.now < record.next_attempt:
        next_ = record.next_attempt.astimezone(desk.now.tzinfo)
        hold_late(key, limit, desk.opening(next_), desk.now, setting="")
        reason = f"refus passager du serveur ({record.detail}) ; nouvel essai {french.moment(next_)}"
        raise Held(Wait(key, reason, due=True))


def hold_late(key: str, limit: Limit | None, again: datetime, now: datetime, setting: str = GRACE) -> None:
    """Raise Held for a message that is held until it is of no use: that is hers to mend."""
    if limit and (problem := limit.missed(again, now, setting)):
        raise Held(Flag(key, problem))


def late_words(verdicts: Iterable[Verdict], where: str) -> list[str]:
    """What the campaign's own row says of what will not leave in time: each reason once."""
    said = (v.problem.what for v in verdicts if isinstance(v, Flag) and v.problem.where == where)
    return [f"{words.TO_FIX} : {what.removesuffix('.')}" for what in dict.fromkeys(said)]
