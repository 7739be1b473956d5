"""`expliquer`: what one person or structure was sent, and why the rest was not (design §1, promise 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.core import french, words
from workflows.core.book import Book, Identified
from workflows.core.cells import fold, label
from workflows.core.messages import Flag, Record, Send, State, Unsure, Verdict, Wait
from workflows.core.received import Received
from workflows.core.statuses import spoken
from workflows.core.tables import Row
from workflows.engine.prepare import Request, Tools
from workflows.engine.round import foreseen

_NAMES = ("Prénom", "Nom")
_ABOUT = {words.APPLICATIONS: "Structure", words.REGISTRATIONS: "Promeneur", words.PRESENCE: "Promeneur"}
"""Tabs whose rows are about somebody of another tab, with the heading that names whom."""
_CAMPAIGNS = {words.STRUCTURES: (words.CALLS, "appel"), words.PEOPLE: (words.SESSIONS, "formation")}
"""By the tab of those whom they are for: the campaigns, and how their keys begin."""
_SPOKEN = {
    "presence": "présence",
    "relance-": "relance ",
    "rappel-": "rappel J-",
    "modification-": "modification ",
}
_KINDS = {
    "bounce": "message non remis",
    "delayed": "avis de retard",
    "absence": "absence",
    "opposition": "opposition",
    "unreadable": "à lire",
    "own": "copie d'un message à nous",
}


@dataclass(frozen=True, slots=True)
class Story:
    """One person or structure: who it is, the dated past, and where things stand now, in sentences."""

    who: str
    past: tuple[str, ...]
    now: tuple[str, ...]


def stories(tools: Tools, who: str) -> list[Story]:
    """Everyone whose `Réf.`, address or name this is, or whom the row of this `Réf.` is about; changes
    nothing."""
    prepared = foreseen(tools, Request("expliquer"))
    verdicts = prepared.verdicts
    found, whom = [], _followed(prepared.book, who)
    for tab, ref, row in _matches(prepared.book, who) or _matches(prepared.book, whom):
        mine = [verdict for verdict in verdicts if ref in verdict.key.split(":")]
        now = [*map(_standing, mine), *_silent(prepared.book, tab, mine)]
        past = _past(tools, prepared.now, ref, _addresses(row))
        found.append(Story(_title(tab, ref, row), past, tuple(now)))
    found += _held(prepared.book, whom)
    return found or list(_gone(tools, prepared.now, whom))


def _matches(book: Book, who: str) -> list[tuple[Identified, str, Row]]:
    """Her rows that this could mean."""
    return [
        (identified, ref, row)
        for identified in book.contacts()
        for ref, row in identified.by_ref().items()
        if _means(who, ref, row)
    ]


def _means(who: str, ref: str, row: Row) -> bool:
    """The `Réf.` or an address exactly, or a part of the name."""
    wanted, address = fold(who), who.strip().lower()
    return bool(wanted) and (fold(ref) == wanted or address in _addresses(row) or wanted in _folded_name(row))


def _held(book: Book, who: str) -> Iterator[Story]:
    """The same among the rows that are held as a whole, such as those that share a `Réf.`."""
    for identified in book.contacts():
        for row in identified.rows:
            problem, ref = identified.held.get(row.number), label(row.cell("Réf."))
            if problem and _means(who, ref, row):
                yield Story(_title(identified, ref or "Sans Réf.", row), (), (f"à corriger. {problem}",))


def _followed(book: Book, who: str) -> str:
    """The `Réf.` of whom the row of this `Réf.` is about; what was typed where there is no such row."""
    for tab, heading in _ABOUT.items():
        for ref, row in book[tab].by_ref().items():
            if fold(ref) == fold(who):
                return label(row.cell(heading)) or who
    return who


def _silent(book: Book, tab: Identified, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The campaigns that nothing more is decided about: closed, past, or not launched."""
    campaigns, prefix = _CAMPAIGNS.get(tab.tab, (None, ""))
    for campaign in book[campaigns].by_ref().values() if campaigns else ():
        name = f"{prefix}:{label(campaign.cell('Réf.'))}"
        if not any(verdict.key.startswith(f"{name}:") for verdict in verdicts):
            order = label(campaign.cell("Commande")) or "vide"
            standing = label(campaign.cell("État")) or "pas encore lancé"
            yield f"{named(name)} : rien ne part (Commande : {order} ; État : {standing})."


def _gone(tools: Tools, now: datetime, who: str) -> Iterator[Story]:
    """The past of an address or a `Réf.` that no row bears any more."""
    address = who.strip().lower()
    ref = "" if "@" in address else who.strip()
    if past := _past(tools, now, ref, [address]):
        yield Story(f"{ref or address} (n'est pas dans le classeur)", past, ())


def _folded_name(row: Row) -> str:
    return fold(" ".join(label(row.cell(heading)) for heading in _NAMES))


def _addresses(row: Row) -> list[str]:
    return label(row.cell("Courriel")).lower().replace(";", " ").replace(",", " ").split()


def _title(tab: Identified, ref: str, row: Row) -> str:
    name = " ".join(filter(None, (label(row.cell(heading)) for heading in _NAMES))) or "sans nom"
    return f"{ref}, {name} ({label(row.cell('Courriel')) or 'sans adresse'}), {tab.title} ligne {row.number}"


def _past(tools: Tools, now: datetime, ref: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """What was sent to them and came from them; by the addresses alone where there is no `Réf.`."""
    records = tools.journal.about(ref, "" if ref else addresses[0])
    sent = [(record.sent_at or now, _sentence(record, now)) for record in records]
    came = [(mail.received_at, _came_back(mail, now)) for mail in tools.journal.mails.of(ref, addresses)]
    return tuple(sentence for _, sentence in sorted(sent + came, key=lambda dated: dated[0]))


def _sentence(record: Record, now: datetime) -> str:
    """« Le 02/03/2027 à 10 h : appel 2027-1, annonce, partie vers a@b.example. »"""
    at = record.sent_at.astimezone(now.tzinfo) if record.sent_at else None
    when = f"Le {french.date_short(at.date())} à {french.time_(at.time())} : " if at else ""
    what = f"{named(record.campaign)}, {named(record.step)}"
    match record.state:
        case State.SENT:
            end = f"envoyé à {french.join(spoken(record.reached or record.recipients))}"
            if record.refused:
                refused = zip(spoken(record.refused), record.refused.values(), strict=True)
                end += f" ; refusé pour {french.join([f'{a} ({w})' if w else a for a, w in refused])}"
        case State.REFUSED:
            end = f"refusé par le serveur : {record.detail}"
        case State.UNCERTAIN | State.SENDING:
            end = f"parti ou non, à vérifier{f' ({record.detail})' if record.detail else ''}"
        case State.PLANNED:
            end = f"pas encore parti{f' ({record.detail})' if record.detail else ''}"
    return f"{when}{what} : {end}."


def told(kind: str, answer: str, hours: timedelta | None) -> str:
    """What a mail says, in a word or two."""
    if hours is not None:
        return french.duration(hours)
    return answer or _KINDS.get(kind, words.TO_READ)


def _came_back(mail: Received, now: datetime) -> str:
    """« Le 03/03/2027 à 9 h 12 : réponse de a@b.example, « Oui » : « Nous participons. » »"""
    at = mail.received_at.astimezone(now.tzinfo)
    said = told(mail.kind, mail.answer, mail.hours)
    extract = f" : {french.quoted(mail.extract, 120)}" if mail.extract else ""
    doubt = f" ({mail.doubt} : à lire)" if mail.doubt else ""
    who = f"de {mail.sender}" if mail.sender else "d'une adresse effacée"
    when = f"Le {french.date_short(at.date())} à {french.time_(at.time())}"
    if not mail.campaign:
        return f"{when} : message {who}{extract}, dans À rattacher."
    return f"{when} : réponse {who}, {said}{doubt}{extract}."


def _standing(verdict: Verdict) -> str:
    what = named(verdict.key)
    match verdict:
        case Send():
            return f"{what} : partira au prochain passage."
        case Wait(reason=reason):
            return f"{what} : {reason}."
        case Flag(problem=problem):
            return f"{what} : à corriger. {problem.where} : {problem.what} {problem.remedy}"
        case Unsure():
            return f"{what} : parti ou non, à vérifier."


def named(key: str) -> str:
    """« appel 2027-1 » for appel:2027-1, « relance 1 » for relance-1."""
    said = " ".join(key.split(":"))
    for written, read in _SPOKEN.items():
        said = said.replace(written, read)
    return said
