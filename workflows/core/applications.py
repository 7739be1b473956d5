"""What Candidatures and Appels show of a call, and what they are believed about (design §4, §5)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from workflows.core import french, words
from workflows.core.book import Book
from workflows.core.calls import Call
from workflows.core.cells import Unreadable, label
from workflows.core.messages import Belief, Order, Record, RowWish, Send, State, Verdict, Wait
from workflows.core.ports import Cell, Value
from workflows.core.rows import addresses
from workflows.core.standing import done_number, done_words, latest, numbered
from workflows.core.statuses import Shown, believed_moment, believed_state, shown
from workflows.core.tables import Row
from workflows.core.trials import trial_words
from workflows.core.workflow import Desk, Outlook

STEP = "annonce"
_FOLLOW_UP = re.compile(r"(\d) (le (\d\d/\d\d/\d{4})|refusée|en cours|à vérifier)")


def application_rows(book: Book) -> dict[tuple[str, str], list[Row]]:
    """The rows of Candidatures by call and structure; more than one is a person's doing."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in book[words.APPLICATIONS].rows:
        found.setdefault((label(row.cell("Appel")), label(row.cell("Structure"))), []).append(row)
    return found


def belief_of(row: Row, now: datetime) -> Iterator[Belief]:
    """What one row says was sent, refused, or may have left."""
    call, structure = label(row.cell("Appel")), label(row.cell("Structure"))
    state = believed_state(row.cell("Envoi"))
    if not (call and structure and state):
        return
    campaign = f"appel:{call}"
    base = f"{campaign}:{structure}:{STEP}"
    number = done_number(row.cell("Commande faite"))
    copied = _copied(row.cell("Courriel"))
    at = believed_moment(row.cell("Envoyé le"), now)
    detail = label(row.cell("Motif")) if state is State.REFUSED else ""
    for earlier in range(1, number):
        step = numbered(STEP, earlier)
        yield Belief(Record(numbered(base, earlier), campaign, step, structure, State.SENT, sent_at=at))
    key = numbered(base, max(number, 1))
    order = Order(base, key) if number else None
    step = numbered(STEP, max(number, 1))
    yield Belief(Record(key, campaign, step, structure, state, copied, sent_at=at, detail=detail), order)
    for n, said, day in _FOLLOW_UP.findall(label(row.cell("Relances"))):
        sent = {"refusée": State.REFUSED}.get(said, State.SENT if day else State.UNCERTAIN)
        moment = datetime.strptime(day, "%d/%m/%Y").replace(tzinfo=now.tzinfo) if day else now
        step = f"relance-{n}"
        record = Record(
            f"{campaign}:{structure}:{step}", campaign, step, structure, sent, copied, sent_at=moment
        )
        yield Belief(record)


def _copied(cell: Cell) -> tuple[str, ...]:
    try:
        return addresses(cell)
    except Unreadable:
        return ()


def project(desk: Desk, calls: Sequence[Call], outlook: Outlook) -> list[RowWish]:
    """The rows of Candidatures for every call with a past or a present, and each call's own cells."""
    by_campaign: dict[str, dict[str, Verdict]] = {}
    for verdict in outlook.verdicts:
        campaign, subject = verdict.key.split(":")[0:2], verdict.key.split(":")[2]
        by_campaign.setdefault(":".join(campaign), {})[subject] = verdict
    lines = {about: rows[0] for about, rows in application_rows(desk.book).items() if len(rows) == 1}
    wishes: list[RowWish] = []
    for call in calls:
        verdicts = by_campaign.get(call.campaign, {})
        shown_rows = {
            subject: _Line(desk, call, subject, verdicts.get(subject), outlook)
            for subject in _subjects(desk, call, verdicts)
        }
        wishes += [line.wish() for line in shown_rows.values()]
        if shown_rows or call.order == words.TRIAL or call.campaign in desk.history.launches:
            wishes.append(_call_wish(desk, call, list(shown_rows.values()), verdicts, lines))
        elif label(call.row.cell("Commande faite")):
            wishes.append(RowWish(words.CALLS.title, call.ref, {"Commande faite": None, "État": None}))
    return wishes


def _subjects(desk: Desk, call: Call, verdicts: Mapping[str, Verdict]) -> list[str]:
    """Structures with a verdict, and those that only the journal still knows; in sheet order."""
    past = {r.subject for r in desk.history.records.values() if r.campaign == call.campaign}
    known = list(desk.book[words.STRUCTURES].by_ref())
    return [ref for ref in known if ref in verdicts or ref in past] + sorted(past - set(known))


class _Line:
    """One row of Candidatures as it should be."""

    def __init__(
        self, desk: Desk, call: Call, subject: str, verdict: Verdict | None, outlook: Outlook
    ) -> None:
        self.desk, self.call, self.subject, self.verdict = desk, call, subject, verdict
        self.leaving = outlook.leaving
        records = desk.history.records
        self.base = f"{call.campaign}:{subject}:{STEP}"
        self.last = latest(records, self.base)
        self.shown: Shown = shown(self.last.record, verdict, outlook.leaving, desk.now)

    def wish(self) -> RowWish:
        structure = self.desk.book[words.STRUCTURES].by_ref().get(self.subject)
        record = self.last.record
        reached = record.recipients if record and record.state is not State.PLANNED else ()
        values: dict[str, Value] = {
            "Appel": self.call.ref,
            "Structure": self.subject,
            "Envoi": self.shown.state,
            "Envoyé le": self.shown.at,
            "Relances": self._follow_ups() or None,
            "Motif": self.shown.reason[:500] or None,
            "Commande faite": done_words(
                self.desk.history.orders.get(self.base), self.base, self.desk.history.records, self.desk.now
            ),
        }
        if structure:
            values["Nom"] = label(structure.cell("Nom"))[:200]
            values["Courriel"] = (" ; ".join(reached) or label(structure.cell("Courriel"))[:200]) or None
        return RowWish(
            words.APPLICATIONS.title,
            "",
            values,
            identity={"Appel": self.call.ref, "Structure": self.subject},
            create=structure is not None and self.call.order not in (words.CLOSED, words.CANCELLED),
        )

    def _follow_ups(self) -> str:
        said = []
        for number in range(1, 6):
            record = self.desk.history.records.get(f"{self.call.campaign}:{self.subject}:relance-{number}")
            if record is None:
                continue
            if record.key in self.leaving:
                said.append(f"{number} en cours")
            elif record.state is State.SENT and record.sent_at:
                day = record.sent_at.astimezone(self.desk.now.tzinfo).date()
                said.append(f"{number} le {french.date_short(day)}")
            elif record.state is State.REFUSED:
                said.append(f"{number} refusée")
            elif record.state in (State.UNCERTAIN, State.SENDING):
                said.append(f"{number} à vérifier")
        return " ; ".join(said)


def _call_wish(
    desk: Desk,
    call: Call,
    shown_rows: Sequence[_Line],
    verdicts: Mapping[str, Verdict],
    lines: Mapping[tuple[str, str], Row],
) -> RowWish:
    states = Counter(line.shown.state for line in shown_rows)
    trouble = states[words.TO_FIX] + states[words.REFUSED] + states[words.UNCERTAIN] + len(call.problems)
    answers = sum(bool(label(row.cell("Réponse"))) for (ref, _), row in lines.items() if ref == call.ref)
    values: dict[str, Value] = {
        "Commande faite": _order_words(desk, call),
        "État": _state_words(desk, call, states, verdicts),
        "Envoyés": states[words.SENT],
        "Réponses": answers,
        "Problèmes": trouble,
    }
    return RowWish(words.CALLS.title, call.ref, values)


def _order_words(desk: Desk, call: Call) -> str | None:
    """When « Essai » was carried out; what the sheet says of it stands where the journal forgot."""
    said = label(call.row.cell("Commande faite"))
    return trial_words(desk.history.facts, call.ref, call.order, desk.now) or (
        said if call.order == words.TRIAL and said else None
    )


def _state_words(desk: Desk, call: Call, states: Counter[str], verdicts: Mapping[str, Verdict]) -> str:
    """Where the call stands, in one line: what will leave and when, what left, what waits."""
    due = [v for v in verdicts.values() if _still_due(v, desk)]
    settled = french.plural(states[words.SENT], "envoyé")
    rest = []
    if states[words.TO_FIX]:
        rest.append(f"{states[words.TO_FIX]} à corriger")
    if states[words.UNCERTAIN]:
        rest.append(f"{states[words.UNCERTAIN]} à vérifier")
    if states[words.REFUSED]:
        rest.append(french.plural(states[words.REFUSED], "refusé"))
    if call.problems:
        return f"À corriger : {call.problems[0].what}"
    if call.order in (words.CLOSED, words.CANCELLED):
        return " ; ".join([call.order, settled, *rest])
    if call.order == words.TRIAL:
        tried = _order_words(desk, call) or "Essai au prochain passage"
        return f"{tried} ; « {words.LAUNCH} » pour envoyer aux structures"
    if call.order == words.PAUSED:
        return " ; ".join(["En pause", settled, f"{len(due)} en attente", *rest])
    if start := (call.order == words.LAUNCH and desk.held_until(call.campaign)):
        leave = "partira" if len(due) < 2 else "partiront"
        at = french.time_(start.time())
        return " ; ".join([f"{len(due)} {leave} à partir de {at}", "En pause pour retenir", *rest])
    waiting = [f"{len(due)} à envoyer : {_when(due)}"] if due else []
    return " ; ".join([settled, *waiting, *rest, *_next_follow_up(verdicts)])


def _still_due(verdict: Verdict, desk: Desk) -> bool:
    """Whether it is yet to leave: what this round settled is a verdict of the round's beginning."""
    record = desk.history.records.get(verdict.key)
    settled = record is not None and record.state is not State.PLANNED
    return (isinstance(verdict, Send) and not settled) or (isinstance(verdict, Wait) and verdict.due)


def _when(due: Sequence[Verdict]) -> str:
    """Why the first of them waits."""
    return next((v.reason for v in due if isinstance(v, Wait)), "au prochain passage")


def _next_follow_up(verdicts: Mapping[str, Verdict]) -> list[str]:
    days = [v.until for v in verdicts.values() if isinstance(v, Wait) and v.until]
    return [f"prochaine relance le {french.date_short(min(days))}"] if days else []
