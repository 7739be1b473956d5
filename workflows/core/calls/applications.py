"""What Candidatures and Appels show of a call, and what they are believed about (design §4, §5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from workflows.core import french, words
from workflows.core.calls.calls import KIND, Call, where
from workflows.core.calls.structures import objected
from workflows.core.campaign_rows import (
    CampaignTab,
    Display,
    due_words,
    grace_words,
    late_words,
    still_due,
    trouble_words,
)
from workflows.core.campaigns import concerned, outlived, shown_in_its_row
from workflows.core.cells import label
from workflows.core.laters import Later
from workflows.core.messages import RowWish, Verdict, Wait
from workflows.core.ports import Value
from workflows.core.received import is_answer, standing_word
from workflows.core.standing import without_recalled
from workflows.core.tables import Row
from workflows.core.trials import trial_words
from workflows.core.workflow import Desk, Outlook, Scope

STEP = "annonce"
_ROUND = Scope()
_ASLEEP = {
    words.CLOSED: "l'appel est clos",
    words.CANCELLED: "l'appel est annulé",
    words.TRIAL: "l'appel est à l'essai",
}
_OPEN = (words.TO_SEND, words.WAITING, words.TO_FIX)
ROWS = CampaignTab(
    words.APPLICATIONS,
    prefix="appel",
    campaign="Appel",
    subject="Structure",
    step=STEP,
    state="Envoi",
    at="Envoyé le",
    later="Relances",
    laters=(Later("", "relance-"),),
    subject_words="La structure",
    campaign_words="l'appel",
)


def project(desk: Desk, calls: Sequence[Call], outlook: Outlook) -> list[RowWish]:
    """The rows of Candidatures for every call with a past or a present, and each call's own cells."""
    desk = replace(desk, history=without_recalled(desk.history, STEP, outlook.leaving))
    display = Display(ROWS, desk, outlook)
    structures = desk.book[words.STRUCTURES].by_ref()
    lines = {about: rows[0] for about, rows in ROWS.lines(desk.book).items() if len(rows) == 1}
    wishes = _objections(desk, structures)
    for call in calls:
        subjects = display.subjects(call.campaign, structures)
        wishes += [_line(display, call, subject, structures.get(subject)) for subject in subjects]
        if not concerned(call, _ROUND, desk, KIND):
            rest = (row for (ref, s), row in lines.items() if ref == call.ref and s not in subjects)
            wishes += [_dormant(call, row) for row in rest if label(row.cell(ROWS.state)) in _OPEN]
        if shown_in_its_row(call, desk, subjects):
            states = Counter(display.first(call.campaign, subject).state for subject in subjects)
            wishes.append(_call_wish(display, call, states, lines))
        elif outlived(call):
            wishes.append(RowWish(words.CALLS.title, call.ref, {"Commande faite": None, "État": None}))
    return wishes


def _dormant(call: Call, row: Row) -> RowWish:
    """A row that a launch taken back, or a call at its end, has left: what held it then is true no more."""
    reason = _ASLEEP.get(call.order, "l'appel n'est pas lancé")
    values: dict[str, Value] = {ROWS.state: words.WAITING, "Motif": reason}
    return RowWish(words.APPLICATIONS.title, label(row.cell("Réf.")), values)


def _line(display: Display, call: Call, subject: str, structure: Row | None) -> RowWish:
    """One row of Candidatures as it should be."""
    name, address = (
        (label(structure.cell("Nom")), label(structure.cell("Courriel"))) if structure else ("", "")
    )
    return RowWish(
        words.APPLICATIONS.title,
        "",
        display.values(call.campaign, subject, name, address),
        identity={"Appel": call.ref, "Structure": subject},
        create=structure is not None and call.order not in (words.CLOSED, words.CANCELLED),
    )


def _call_wish(
    display: Display, call: Call, states: Counter[str], lines: Mapping[tuple[str, str], Row]
) -> RowWish:
    desk = display.desk
    trouble = states[words.TO_FIX] + states[words.REFUSED] + states[words.UNCERTAIN] + len(call.problems)
    answers = _answered(desk, call, lines)
    values: dict[str, Value] = {
        "Commande faite": _order_words(desk, call),
        "État": _state_words(display, call, states),
        "Envoyés": states[words.SENT],
        "Réponses": answers,
        "Problèmes": trouble,
    }
    return RowWish(words.CALLS.title, call.ref, values)


def _answered(desk: Desk, call: Call, lines: Mapping[tuple[str, str], Row]) -> int:
    """How many answered, by mail or as she noted it."""
    typed = {s: label(row.cell("Réponse")) for (ref, s), row in lines.items() if ref == call.ref}
    replies = {s: reply for (name, s), reply in desk.history.answers.items() if name == call.campaign}
    return sum(is_answer(standing_word(typed.get(s, ""), replies.get(s))) for s in {*typed, *replies})


def _objections(desk: Desk, structures: Mapping[str, Row]) -> list[RowWish]:
    """Who objected, in a cell that says nothing yet."""
    wishes = []
    for ref, row in structures.items():
        day = objected(desk.history.objections, row)
        if day and not label(row.cell("Opposition")):
            shown = f"le {french.date_short(day)}"
            wishes.append(RowWish(words.STRUCTURES.title, ref, {"Opposition": shown}))
    return wishes


def _order_words(desk: Desk, call: Call) -> str | None:
    """When « Essai » was carried out; what the sheet says of it stands where the journal forgot."""
    said = label(call.row.cell("Commande faite"))
    return trial_words(desk.history.facts, call.ref, call.order, desk.now) or (
        said if call.order == words.TRIAL and said else None
    )


def _state_words(display: Display, call: Call, states: Counter[str]) -> str:
    """Where the call stands, in one line: what will leave and when, what left, what waits."""
    desk, verdicts = display.desk, display.verdicts(call.campaign)
    due, rest = still_due(verdicts.values(), desk), trouble_words(states)
    late = late_words(verdicts.values(), where(desk.book[words.CALLS], call))
    settled = [french.plural(states[words.SENT], "envoyé"), *display.departure(call.campaign)]
    if call.problems:
        return f"À corriger : {call.problems[0].what}"
    if call.order in (words.CLOSED, words.CANCELLED):
        return " ; ".join([call.order, *settled, *rest])
    if call.order == words.TRIAL:
        tried = _order_words(desk, call) or "Essai au prochain passage"
        return f"{tried} ; « {words.LAUNCH} » pour envoyer aux structures"
    if call.order == words.PAUSED:
        return " ; ".join(["En pause", *settled, f"{len(due)} en attente", *rest])
    if call.deadline and desk.today > call.deadline:
        return " ; ".join(["Date limite passée", *settled, *rest])
    if broken := _broken_tab(desk):
        return " ; ".join([broken, *(settled if states[words.SENT] else []), *rest])
    written_to = states[words.SENT] + states[words.REFUSED] + states[words.UNCERTAIN]
    if call.order == words.LAUNCH and not (due or late or written_to):
        nobody = "Personne à qui écrire : voyez Destinataires, et Motif dans Candidatures"
        return " ; ".join([nobody, *rest])
    opened = not (call.opening and desk.today < call.opening)
    if due and opened and (start := call.order == words.LAUNCH and desk.held_until(call.campaign)):
        return " ; ".join([grace_words(due, start), *rest])
    return " ; ".join([*late, *settled, *due_words(due), *rest, *_next_follow_up(verdicts)])


def _broken_tab(desk: Desk) -> str:
    """What keeps Structures from being read: without it there is nobody to write to."""
    tab = desk.book[words.STRUCTURES]
    if not (tab.unusable and tab.problems):
        return ""
    where = "" if tab.absent else f" ({tab.problems[0].where})"
    return f"{words.TO_FIX} : {tab.problems[0].what.rstrip('.')}{where}"


def _next_follow_up(verdicts: Mapping[str, Verdict]) -> list[str]:
    days = [v.until for v in verdicts.values() if isinstance(v, Wait) and v.until]
    return [f"prochaine relance le {french.date_short(min(days))}"] if days else []
