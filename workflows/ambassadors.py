"""Ambassadeurs Référents: who is asked to sign the charter, and reminded of it (design §4).

Pure decisions: one verdict per row of Ambassadeurs. The mailing has no standing order in the sheet: the
command that launches it authorises the rounds to come, and so does a row that was written to already.
Whoever has signed, answered or objected is not written to any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from workflows.core import french, parsers, words
from workflows.core.attachments import attachments
from workflows.core.book import Book, Identified, about
from workflows.core.campaign_rows import Held, hold_retry, past_words
from workflows.core.campaigns import tab_problems, unusable
from workflows.core.cells import Unreadable, is_blank, label, text
from workflows.core.follow_ups import FollowUp, next_follow_up, sent_on
from workflows.core.laters import Later, later_words, read_laters
from workflows.core.messages import (
    Belief,
    Flag,
    Launch,
    Plan,
    Record,
    RowWish,
    Send,
    State,
    Unsure,
    Verdict,
    Wait,
)
from workflows.core.ports import EMPTY, Cell, Kind, Value
from workflows.core.problems import Problem, TourneeError
from workflows.core.reading import Flagged, contact, read
from workflows.core.received import is_answer, reply_values, standing_word
from workflows.core.renaming import renaming
from workflows.core.rows import addresses, date_, yes_no
from workflows.core.schema import Key, Section
from workflows.core.signing import YES_OR_NO
from workflows.core.standing import Attempt, latest, numbered
from workflows.core.statuses import (
    SETTLED_BY_COMMAND,
    believed_moment,
    is_typed,
    read_refusals,
    refusals,
    shown,
    told_state,
)
from workflows.core.tables import Row
from workflows.core.workflow import Desk, Outlook, Scope, Step
from workflows.core.working_days import add_working_days

NAME = "ambassadeurs"
CAMPAIGN = NAME
STEP = "charte"
TABS = (words.AMBASSADORS,)
SECTION = Section(
    "", (*renaming(TABS), Key("relances", [10, 20], parsers.delays(5)), Key("charte", "", parsers.text))
)
CHARTER, FOLLOW_UP = f"{NAME}/charte", f"{NAME}/relance"
_HEADINGS = words.AMBASSADORS.headings
_FOLLOW_UPS = (Later("", "relance-"),)
_EXAMPLES = {
    "nom": "Hélène Quéré",
    "structure": "Centre de santé de Vendôme",
    "themes": "santé, addictions et parentalité",
    "charte": "charte-ambassadeurs.pdf",
}
VARIABLES: Mapping[str, Mapping[str, str]] = {
    CHARTER: _EXAMPLES,
    FOLLOW_UP: {**_EXAMPLES, "date_charte": "mardi 2 mars 2027"},
}


def campaigns(book: Book, now: datetime) -> list[str]:  # noqa: ARG001 - there is one, always the same
    """The mailing, as the journal names it."""
    return [CAMPAIGN]


def believe(desk: Desk) -> list[Belief]:
    """What Ambassadeurs says was sent, refused, or may have left."""
    rows = desk.book[words.AMBASSADORS].by_ref().items()
    return [belief for ref, row in rows for belief in _beliefs(desk, ref, row)]


def _beliefs(desk: Desk, ref: str, row: Row) -> Iterator[Belief]:
    attempt, known = _attempt(desk, ref, row), _addresses(row)
    state, reached = told_state(row.cell("Envoi"), row.cell("Motif"))
    at = believed_moment(row.cell("Envoyé le"), desk.now)
    if state and not _is_of_before(desk, attempt, state, at):
        why, step = label(row.cell("Motif")), numbered(STEP, attempt.number)
        refused = read_refusals(why)
        if state is State.REFUSED:  # the address may be mended by now
            to = tuple(refused) or known
            yield Belief(Record(attempt.key, CAMPAIGN, step, ref, state, to, sent_at=at, detail=why))
        else:
            refused = {address: said for address, said in refused.items() if address in known}
            to = tuple(dict.fromkeys((*known, *reached)))
            record = Record(attempt.key, CAMPAIGN, step, ref, state, to, reached, refused, sent_at=at)
            yield Belief(record, typed=is_typed(row.cell("Envoi")))
    for told in read_laters(_FOLLOW_UPS, row.cell("Relances"), desk.now):
        key = f"{CAMPAIGN}:{ref}:{told.step}"
        record = Record(key, CAMPAIGN, told.step, ref, told.state, known, sent_at=told.at)
        yield Belief(record, typed=told.typed)


def _is_of_before(desk: Desk, attempt: Attempt, state: State, at: datetime) -> bool:
    """Whether `Envoi` still tells of the message before, which nobody got."""
    before = _before(desk, attempt)
    if before is None or state is State.REFUSED:
        return before is not None
    left = before.sent_at if state is State.SENT and before.state is State.SENT else None
    return left is not None and abs(at - left) < timedelta(minutes=1)


def inspect(desk: Desk) -> list[Problem]:
    """The rows that could not be written to as they are, and a charter that could not be attached."""
    tab = desk.book[words.AMBASSADORS]
    if tab.absent:
        return []
    found = [*tab.held.values(), *_charter(desk)[1]]
    for row in tab.by_ref().values():
        try:
            if not _signed(tab, row, desk.today):
                _contact(tab, row)
        except Flagged as flagged:
            found.append(flagged.problem)
    return found


def decide(desk: Desk, scope: Scope) -> Plan:
    """One verdict for every row, once the mailing is launched. Raises TourneeError for a wrong command."""
    tab, begun = desk.book[words.AMBASSADORS], scope.step is not Step.ANY or _launched(desk)
    if tab.absent and not begun:
        return Plan()  # a coordination that keeps no Ambassadeurs in this workbook
    if scope.ref:
        what = f"« {scope.ref} » : l'envoi de la charte concerne tout l'onglet {tab.title}."
        raise TourneeError(what, "Relancez la commande sans Réf.")
    if empty := unusable(desk.book, TABS, scope):
        return empty
    problems = tab_problems(desk.book, TABS)
    if not begun:
        return Plan(problems=tuple(problems))
    files, missing = _charter(desk)
    return Plan(
        tuple(_Decider(desk, files, missing).verdicts()),
        (*problems, *missing),
        launched=(CAMPAIGN,) if scope.step is Step.FIRST else (),
    )


def _launched(desk: Desk) -> bool:
    """In the terminal, or before a journal that is lost: the rows tell, if not by a word that is in doubt."""
    launch, settled = desk.history.launches.get(CAMPAIGN, Launch()), (State.SENT, State.REFUSED)
    left = any(record.state in settled or record.reached for record in desk.history.records.values())
    return left or bool(launch.authorised_at)


def _left(record: Record | None) -> bool:
    return record is not None and record.state is not State.PLANNED


def _attempt(desk: Desk, ref: str, row: Row) -> Attempt:
    """The charter's message to a row: a new one where nobody got the last and an address was mended since."""
    last = latest(desk.history.records, f"{CAMPAIGN}:{ref}:{STEP}")
    if last.record is None or not _got_by_nobody(last.record):
        return last
    mended = set(_addresses(row)).difference(last.record.recipients)
    return Attempt(last.base, last.number + 1, None) if mended else last


def _before(desk: Desk, attempt: Attempt) -> Record | None:
    """The message in whose place this one came."""
    if attempt.number < 2:
        return None
    return desk.history.records.get(numbered(attempt.base, attempt.number - 1))


def _got_by_nobody(record: Record) -> bool:
    """Refused for every recipient, be it by a mail that came back."""
    lost = record.state is State.REFUSED or (
        record.state is State.SENT and all(address in record.refused for address in record.recipients)
    )
    return lost and bool(record.recipients)


def _addresses(row: Row) -> tuple[str, ...]:
    try:
        return addresses(row.cell("Courriel"))
    except Unreadable:
        return ()


def _contact(tab: Identified, row: Row) -> tuple[str, ...]:
    return contact(tab, row, "Le nom de l'Ambassadeur manque.")


def _signed(tab: Identified, row: Row, today: date) -> str:
    """« charte signée le 02/03/2027 »; empty when it is not. Raises Flagged."""

    def words_of(cell: Cell) -> str:
        if is_blank(cell):
            return ""
        try:
            return "charte signée" if yes_no(cell) else ""
        except Unreadable:
            day = date_(cell, today)
        planned = "signature prévue" if day > today else "charte signée"
        return f"{planned} le {french.date_short(day)}"

    return read(tab, row, "Charte signée le", words_of)


def _charter(desk: Desk) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The file that goes with the message, or why it cannot."""
    name = desk.settings["charte"]
    try:
        return attachments(Cell(name, Kind.TEXT) if name else EMPTY, desk.shelf), ()
    except Unreadable as error:
        remedy = f"Déposez le fichier dans {desk.shelf.folder}, ou corrigez son nom."
        return (), (Problem(f"config/{NAME}.toml, charte", error.what, remedy),)


def _same_people(desk: Desk) -> dict[str, str]:
    """`Réf.` → the one row that stands for a person who has several, by name and address.

    The one that signed, else the one that was written to, else the first.
    """
    tab, groups = desk.book[words.AMBASSADORS], dict[str, list[str]]()
    rows = tab.by_ref()
    for ref, row in rows.items():
        groups.setdefault(about(tab, row) or ref, []).append(ref)

    def rank(ref: str) -> tuple[bool, bool]:
        attempt = latest(desk.history.records, f"{CAMPAIGN}:{ref}:{STEP}")
        return not is_blank(rows[ref].cell("Charte signée le")), _left(attempt.record)

    return {ref: max(refs, key=rank) for refs in groups.values() for ref in refs}


@dataclass(slots=True)
class _Decider:
    """The verdicts of a round, row by row in sheet order."""

    desk: Desk
    charter: tuple[str, ...]
    missing: tuple[Problem, ...]
    """Why the charter cannot be attached: nothing leaves then."""
    _same: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._same = _same_people(self.desk)

    def verdicts(self) -> Iterator[Verdict]:
        tab = self.desk.book[words.AMBASSADORS]
        for row in tab.rows:
            if row.number in tab.held:
                yield Flag(f"{CAMPAIGN}:ligne-{row.number}:{STEP}", tab.held[row.number])
            elif ref := tab.refs.get(row.number):
                yield self._verdict(row, ref)

    def _verdict(self, row: Row, ref: str) -> Verdict:
        attempt = _attempt(self.desk, ref, row)
        try:
            verdict = self._decide(row, ref, attempt)
        except Held as held:
            return held.verdict
        except Flagged as flagged:
            return Flag(attempt.key, flagged.problem)
        if isinstance(verdict, Send) and self.missing:
            return Wait(verdict.key, f"la charte à joindre est à corriger ({self.missing[0].where})")
        return verdict

    def _decide(self, row: Row, ref: str, attempt: Attempt) -> Verdict:
        record, history = attempt.record, self.desk.history
        if record and record.state in (State.UNCERTAIN, State.SENDING):
            return Unsure(attempt.key)
        if reason := self._settled(row, ref):
            return Wait(attempt.key, past_words(record, self.desk, reason))
        if record and record.state is State.REFUSED:
            return Wait(attempt.key, f"refusé : {refusals(record) or record.detail}")
        if record is None or record.state is State.PLANNED:
            before = _before(self.desk, attempt)
            tried = before.refused if before else {}
            return self._send(row, ref, attempt.key, numbered(STEP, attempt.number), tried=tried)
        delays, zone = self.desk.settings["relances"], self.desk.now.tzinfo
        found = next_follow_up(record, history.records, delays, zone)
        if not isinstance(found, FollowUp):
            return found or Wait(attempt.key, past_words(record, self.desk))
        if back := history.absences.get(ref):
            found = replace(found, due=max(found.due, add_working_days(back, 1)))
        if self.desk.today < found.due and not self.desk.trial:
            return found.wait(past_words(record, self.desk))
        return self._send(row, ref, found.key, found.step, record)

    def _settled(self, row: Row, ref: str) -> str:
        """Why nothing more is to be asked of a person; empty otherwise. Raises Flagged."""
        tab, history = self.desk.book[words.AMBASSADORS], self.desk.history
        if self._same[ref] != ref:
            return f"même nom et même adresse que {self._same[ref]}"
        if signed := _signed(tab, row, self.desk.today):
            return signed
        said = standing_word(label(row.cell("Réponse")), history.answers.get((CAMPAIGN, ref)))
        if is_answer(said):
            return f"réponse reçue : {said[:40]}"
        if day := history.objections.since(_addresses(row)):
            return f"opposition reçue le {french.date_short(day)}"
        return ""

    def _send(
        self,
        row: Row,
        ref: str,
        key: str,
        step: str,
        first: Record | None = None,
        tried: Mapping[str, str] = MappingProxyType({}),
    ) -> Verdict:
        """The charter, but not to who was `tried` in vain; or a follow-up to `first`."""
        tab = self.desk.book[words.AMBASSADORS]
        wanted = _contact(tab, row)
        hold_retry(self.desk.history.records.get(key), self.desk, key)
        dead = {**tried, **self._dead(follow_up=first is not None)}
        recipients = tuple(address for address in wanted if address not in dead)
        if not recipients:
            what = f"Les messages à « {wanted[0]} » n'arrivent pas : {dead[wanted[0]]}"
            raise Flagged(Problem(tab.where(row, "Courriel"), what, "Corrigez l'adresse."))
        return Send(
            key,
            CAMPAIGN,
            step,
            ref,
            recipients,
            FOLLOW_UP if first else CHARTER,
            self._variables(row, ref, first),
            tab.where(row, "Courriel"),
            in_reply_to=first.message_id if first else "",
            note=" ; ".join(f"{a} ne reçoit plus : {dead[a]}" for a in wanted if a in dead),
            choices=YES_OR_NO,
            attachments=() if first else self.charter,
        )

    def _dead(self, *, follow_up: bool) -> dict[str, str]:
        """Addresses that mail came back from or, for a follow-up, that a server refused, with the reason."""
        history = self.desk.history
        return {**(history.refused if follow_up else {}), **history.bounced}

    def _variables(self, row: Row, ref: str, first: Record | None) -> dict[str, str]:
        tab = self.desk.book[words.AMBASSADORS]
        rows = tab.by_ref()
        cells = [read(tab, rows[one], "Thèmes", text) for one, stands in self._same.items() if stands == ref]
        themes = dict.fromkeys(theme for cell in cells for theme in re.split(r"\s*[;,]\s*", cell) if theme)
        variables = {
            "nom": read(tab, row, "Nom", text),
            "structure": read(tab, row, "Structure", text),
            "themes": french.join(list(themes)),
            "charte": french.join(list(self.charter)),
        }
        if first:
            variables["date_charte"] = french.date_long(sent_on(first, self.desk.now.tzinfo))
        return variables


def project(desk: Desk, outlook: Outlook) -> list[RowWish]:
    """What the program's columns of Ambassadeurs should show."""
    tab, history = desk.book[words.AMBASSADORS], desk.history
    verdicts = {v.key.split(":")[1]: v for v in outlook.verdicts if v.key.startswith(f"{CAMPAIGN}:")}
    past: dict[str, list[Record]] = {}
    for record in history.records.values():
        past.setdefault(record.subject, []).append(record)
    return [
        RowWish(tab.tab.title, ref, _values(desk, outlook, ref, row, verdicts.get(ref), past.get(ref, [])))
        for ref, row in tab.by_ref().items()
        if ref in verdicts or ref in past
    ]


def _values(
    desk: Desk, outlook: Outlook, ref: str, row: Row, verdict: Verdict | None, past: list[Record]
) -> dict[str, Value]:
    record, now, reply = _attempt(desk, ref, row).record, desk.now, desk.history.answers.get((CAMPAIGN, ref))
    state = shown(record, verdict, outlook.leaving, now, unsure=SETTLED_BY_COMMAND)
    reasons = (state.reason, reply.reason if reply and reply.word == words.TO_READ else "")
    values: dict[str, Value] = {
        "Envoi": state.state,
        "Envoyé le": state.at,
        "Relances": later_words(_FOLLOW_UPS, past, outlook.leaving, now) or None,
        "Motif": " ; ".join(filter(None, reasons))[:500] or None,
    }
    replied = reply_values(reply, now.tzinfo)
    return values | {heading: value for heading, value in replied.items() if heading in _HEADINGS}
