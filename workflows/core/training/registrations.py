"""What Inscriptions and Sessions show of a session, and what was answered to it (design §4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from workflows.core import french, words
from workflows.core.campaign_rows import (
    CampaignTab,
    Display,
    Lines,
    due_words,
    grace_words,
    late_words,
    still_due,
    trouble_words,
)
from workflows.core.campaigns import concerned, outlived, shown_in_its_row
from workflows.core.cells import Unreadable, fold, is_blank, label, text
from workflows.core.laters import Later
from workflows.core.messages import RowWish, Verdict, Wait
from workflows.core.people import full_name, outside_network
from workflows.core.ports import Cell, Value
from workflows.core.problems import Problem
from workflows.core.reading import Flagged, read
from workflows.core.received import standing_word
from workflows.core.rows import optional_date
from workflows.core.standing import without_recalled
from workflows.core.tables import Row
from workflows.core.training.announcements import CHANGE, INVITATION, Announcements, Told, ordered
from workflows.core.training.session_mails import where
from workflows.core.training.sessions import KIND, Session, not_named
from workflows.core.training.set_aside import is_set_aside
from workflows.core.trials import trial_words
from workflows.core.workflow import Desk, Outlook, Scope

ROWS = CampaignTab(
    words.REGISTRATIONS,
    prefix="formation",
    campaign="Session",
    subject="Promeneur",
    step=INVITATION,
    state="Invitation",
    at="Envoyée le",
    later="Rappel",
    laters=(
        Later("J-", "rappel-", "refusé"),
        Later("modification ", "modification-"),
        Later("annulation", "annulation"),
    ),
    subject_words="Le Promeneur",
    campaign_words="la session",
)
_ASLEEP = {
    words.CLOSED: "la session est close",
    words.CANCELLED: "la session est annulée",
    words.TRIAL: "la session est à l'essai",
}
_OPEN = {words.TO_SEND, words.TO_FIX}
_ANSWERS = {fold(word): word for word in words.ANSWERS}


def answer(desk: Desk, line: Row | None, campaign: str, subject: str) -> str:
    """What somebody answered, one of words.ANSWERS or nothing; what she typed wins. Raises Flagged."""
    reply = desk.history.answers.get((campaign, subject))
    typed = ""
    if line and not is_blank(line.cell("Réponse")):
        typed = read(desk.book[words.REGISTRATIONS], line, "Réponse", _answer)
    return standing_word(typed, reply)


def answered_before(desk: Desk, line: Row | None, told: Told) -> bool:
    """Whether the yes that came by mail was given before the change that somebody was told last."""
    record = told.record
    reply = desk.history.answers.get((record.campaign, record.subject))
    if reply is None or reply.word != words.YES or not record.step.startswith(CHANGE):
        return False
    typed = label(line.cell("Réponse")) if line else ""
    if typed and fold(typed) != fold(reply.shown):
        return False
    return record.sent_at is not None and reply.received_at < record.sent_at


def _answer(cell: Cell) -> str:
    said = text(cell)
    if fold(said) in _ANSWERS:
        return _ANSWERS[fold(said)]
    usual = french.join([f"« {word} »" for word in (words.YES, words.NO, words.MAYBE)], "ou")
    raise Unreadable(
        f"« {said[:60]} » n'est pas une réponse.",
        f"Écrivez {usual} ; vide, la cellule reprend ce qui est venu par courriel.",
    )


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who answered what to one session, those who were not invited included."""

    answers: Mapping[str, str]
    """By Promeneur; one that cannot be read is not here."""
    surplus: frozenset[str] = frozenset()
    """The yeses that came when every place was taken."""

    def count(self, word: str) -> int:
        return sum(said == word for said in self.answers.values())

    def full(self, session: Session) -> bool:
        return session.places is not None and self.count(words.YES) >= session.places


def attendance(desk: Desk, session: Session, lines: Lines) -> Attendance:
    """Read the answers to one session; places go in order of arrival, those she typed first."""
    answers: dict[str, str] = {}
    arrivals: list[tuple[datetime, int, str]] = []
    rows = {subject: found[0] for (ref, subject), found in lines.items() if ref == session.ref and found}
    elsewhere = {subject for campaign, subject in desk.history.answers if campaign == session.campaign}
    for position, subject in enumerate([*rows, *sorted(elsewhere - set(rows))]):
        line = rows.get(subject)
        try:
            answers[subject] = answer(desk, line, session.campaign, subject)
        except Flagged:
            continue
        if answers[subject] == words.YES:
            arrivals.append((_arrival(desk, line, session, subject), position, subject))
    places = len(arrivals) if session.places is None else session.places
    return Attendance(answers, frozenset(subject for *_, subject in sorted(arrivals)[places:]))


def _arrival(desk: Desk, line: Row | None, session: Session, subject: str) -> datetime:
    if reply := desk.history.answers.get((session.campaign, subject)):
        return reply.received_at
    first = datetime.min.replace(tzinfo=desk.now.tzinfo)
    try:
        day = optional_date(line.cell("Reçue le"), desk.today) if line else None
    except Unreadable:
        return first
    return first.replace(year=day.year, month=day.month, day=day.day) if day else first


def surplus_problem(desk: Desk, line: Row | None, session: Session, subject: str) -> Problem:
    """One yes too many."""
    tab = desk.book[words.REGISTRATIONS]
    where = tab.where(line, "Réponse") if line else f"{tab.title}, {subject}"
    return Problem(
        where,
        f"La session {session.ref} est complète : ce oui est de trop pour {session.places} places.",
        "Augmentez « Places » dans Sessions, ou convenez avec la personne d'un « Non » et écrivez-le ici.",
    )


def project(desk: Desk, sessions: Sequence[Session], outlook: Outlook) -> list[RowWish]:
    """The rows of Inscriptions for every session with a past or a present, and each session's own cells."""
    desk = replace(desk, history=without_recalled(desk.history, INVITATION, outlook.leaving))
    display, lines = Display(ROWS, desk, outlook), ROWS.lines(desk.book)
    people = desk.book[words.PEOPLE].by_ref()
    wishes: list[RowWish] = []
    for session in sessions:
        subjects = [
            subject
            for subject in display.subjects(session.campaign, people)
            if (session.ref, subject) in lines or _concerned(display, session, people.get(subject), subject)
        ]
        wishes += [_line(display, session, subject, people.get(subject)) for subject in subjects]
        rest = [rows[0] for (ref, s), rows in lines.items() if ref == session.ref and s not in subjects]
        wishes += _never_invited(session, desk, rest)
        if shown_in_its_row(session, desk, subjects):
            wishes.append(_session_wish(display, session, subjects, lines))
        elif outlived(session):
            nothing: dict[str, Value] = {"Commande faite": None, "État": None}
            wishes.append(RowWish(words.SESSIONS.title, session.ref, nothing))
    return wishes


def _never_invited(session: Session, desk: Desk, rest: Sequence[Row]) -> Iterator[RowWish]:
    """The rows whose invitation did not leave and will not: what held it then is true no more."""
    reason, stale = "la session est passée", _OPEN
    if not session.start or desk.now < session.start:
        if concerned(session, Scope(), desk, KIND):
            return
        reason, stale = _ASLEEP.get(session.order, "la session n'est pas lancée"), {*_OPEN, words.WAITING}
    for row in rest:
        if label(row.cell(ROWS.state)) in stale:
            values: dict[str, Value] = {ROWS.state: words.WAITING, "Motif": reason}
            yield RowWish(words.REGISTRATIONS.title, label(row.cell("Réf.")), values)


def _concerned(display: Display, session: Session, person: Row | None, subject: str) -> bool:
    """Whether somebody has a place in Inscriptions: named by `Public`, or written to already."""
    if subject in display.past(session.campaign) or person is None:
        return True
    try:
        return not not_named(session, display.desk.book[words.PEOPLE], person, display.desk.today)
    except Flagged:
        return True


def _line(display: Display, session: Session, subject: str, person: Row | None) -> RowWish:
    """One row of Inscriptions as it should be."""
    name, address = (full_name(person), label(person.cell("Courriel"))) if person else ("", "")
    return RowWish(
        words.REGISTRATIONS.title,
        "",
        display.values(session.campaign, subject, name, address),
        identity={"Session": session.ref, "Promeneur": subject},
        create=person is not None and session.order not in (words.CLOSED, words.CANCELLED),
    )


def _session_wish(display: Display, session: Session, subjects: Sequence[str], lines: Lines) -> RowWish:
    desk, answers = display.desk, attendance(display.desk, session, lines)
    states = Counter(display.first(session.campaign, subject).state for subject in subjects)
    told = Announcements(session, desk.history)
    silent = [ref for ref in told.told if answers.answers.get(ref, "") in ("", words.ABSENCE, words.BOUNCED)]
    values: dict[str, Value] = {
        "État": _state_words(display, session, states, told, answers),
        "Invités": len(told.told),
        "Oui": answers.count(words.YES),
        "Non": answers.count(words.NO),
        "Sans réponse": len(silent),
    }
    done = _order_words(display, session, told)
    if done is not None:
        values["Commande faite"] = done or None
    return RowWish(words.SESSIONS.title, session.ref, values)


def _order_words(display: Display, session: Session, told: Announcements) -> str | None:
    """When `Essai` or `Prévenir` was carried out; None: what stands there stays."""
    desk, said = display.desk, label(session.row.cell("Commande faite"))
    if session.order == words.NOTIFY:
        return told.notified(display.leaving, desk.now) or None
    if session.order == words.TRIAL:
        return trial_words(desk.history.facts, session.ref, session.order, desk.now)
    return "" if said.startswith(words.TRIAL) else None


def _state_words(
    display: Display, session: Session, states: Counter[str], told: Announcements, answers: Attendance
) -> str:
    """Where the session stands, in one line: what will leave and when, what left, what waits."""
    desk, verdicts = display.desk, display.verdicts(session.campaign)
    due, rest = still_due(verdicts.values(), desk), trouble_words(states)
    late = late_words(verdicts.values(), where(desk.book[words.SESSIONS], session))
    settled = [french.plural(len(told.told), "invité"), *display.departure(session.campaign)]
    full = ["Complet"] if answers.full(session) else []
    if session.problems:
        return f"À corriger : {session.problems[0].what}"
    if session.order == words.CANCELLED:
        knowing = sum(each.cancelled for each in told.told.values())
        cancelled = f"Annulée : {french.plural(knowing, 'prévenu')} sur {len(told.told)}"
        untold = _untold_words(desk, session, told)
        return " ; ".join(
            [*late, cancelled, *untold, *display.departure(session.campaign), *due_words(due), *rest]
        )
    if session.order == words.CLOSED:
        return " ; ".join([words.CLOSED, *settled, *rest])
    if session.order == words.TRIAL:
        tried = _order_words(display, session, told) or "Essai au prochain passage"
        return f"{tried} ; « {words.LAUNCH} » pour envoyer aux Promeneurs"
    if session.order == words.PAUSED:
        return " ; ".join(["En pause", *full, *settled, f"{len(due)} en attente", *rest])
    if due and session.order and not told.told and (start := desk.held_until(session.campaign)):
        return " ; ".join([grace_words(due, start), *rest])
    if session.start and desk.now >= session.start:
        return " ; ".join(["Passée", *_untold_words(desk, session, told), *settled, *rest])
    changed = [_change_words(session, told, desk)] if told.outdated else []
    return " ; ".join([*late, *changed, *full, *settled, *due_words(due), *rest, *_next_reminder(verdicts)])


def _untold_words(desk: Desk, session: Session, told: Announcements) -> list[str]:
    """That a change or a cancellation she asked for did not reach everyone before the session began."""
    if session.start is None or desk.now < session.start or not ordered(session, desk.history.facts):
        return []
    untold = sum(_in_network(desk, session.start.date(), ref) for ref in told.outdated)
    several = "personnes n'ont pas été prévenues"
    return [french.plural(untold, "personne n'a pas été prévenue", several)] if untold else []


def _in_network(desk: Desk, day: date, ref: str) -> bool:
    """Whether somebody is still to be told: who has left is not, nor who is gone from the sheet."""
    people = desk.book[words.PEOPLE]
    row = people.by_ref().get(ref)
    try:
        return row is not None and not outside_network(people, row, day, desk.today)
    except Flagged:
        return True


def _change_words(session: Session, told: Announcements, desk: Desk) -> str:
    if is_set_aside(session, desk):
        return f"modifiée : {words.NOTIFY} à vérifier, voyez Suivi"
    if session.order == words.NOTIFY:
        return f"modifiée : {len(told.outdated)} à prévenir"
    if any(told.told[ref].cancelled for ref in told.outdated):
        return f"annulation annoncée : {words.NOTIFY} pour dire qu'elle a lieu"
    return f"modifiée : {words.NOTIFY} pour l'annoncer"


def _next_reminder(verdicts: Mapping[str, Verdict]) -> list[str]:
    days = [v.until for v in verdicts.values() if isinstance(v, Wait) and v.until]
    return [f"prochain rappel le {french.date_short(min(days))}"] if days else []
