"""What the mails of a session say, in words and for calendars (design §3, §5)."""

from __future__ import annotations

from datetime import datetime, tzinfo

from workflows.core import french
from workflows.core.book import Identified
from workflows.core.cells import label
from workflows.core.limits import Limit
from workflows.core.messages import Event, Method
from workflows.core.people import full_name
from workflows.core.tables import Row
from workflows.core.training.announcements import (
    CANCELLATION,
    CANCELLED,
    CHANGE,
    INVITATION,
    Told,
    Version,
)
from workflows.core.training.sessions import Session

EXAMPLES = {
    "prenom": "Inès",
    "nom": "Inès Chéron",
    "type": "Formation",
    "titre": "Repérer les fausses informations",
    "date": "jeudi 1er avril 2027",
    "horaire": "de 14 h à 17 h 30",
    "lieu": "BIJ41, 15 avenue de Vendôme, Blois",
    "lien_visio": "https://visio.example/pdn41",
    "programme": "14 h accueil\n14 h 30 atelier",
    "repondre_avant": "lundi 22 mars 2027",
    "date_annoncee": "jeudi 25 mars 2027 à 14 h",
    "reference": "SES-2",
}
CHANGE_EXAMPLES = {**EXAMPLES, "annulee_le": "mercredi 24 mars 2027"}
_MAILS = {
    INVITATION: "L'invitation",
    CHANGE: "L'annonce du changement",
    CANCELLATION: "L'annulation",
    "rappel": "Le rappel",
}


def limit(tab: Identified, session: Session, step: str, told: datetime | None, now: datetime) -> Limit:
    """From when on a mail of a session is of no use: its start, or the one that its reader expects.

    `told` is the moment that the reader knows the session by.
    """
    assert session.start is not None
    at = min((m for m in (session.start, told) if m and m > now), default=session.start)
    begins = (
        "commence" if at == session.start and not step.startswith(CANCELLATION) else "était annoncée pour"
    )
    mail = next(words for kind, words in _MAILS.items() if step.startswith(kind))
    what = f"{mail} ne partira pas à temps : la session {begins} le {french.moment(at)}"
    return Limit(at, where(tab, session), what, "Prévenez par téléphone")


def where(tab: Identified, session: Session) -> str:
    """Where it is said that mails of a session are too late."""
    return tab.where(session.row, "Date")


def variables(session: Session, person: Row, told: datetime | None, now: datetime) -> dict[str, str]:
    """What a template may show; `told` is the moment that the reader knows the session by.

    `repondre_avant` is empty once that day is over: nobody is asked to answer in the past.
    """
    assert session.start is not None
    open_ = session.reply_by is not None and session.reply_by >= now.date()
    return {
        "prenom": label(person.cell("Prénom")),
        "nom": full_name(person),
        "type": session.kind,
        "titre": session.title,
        "date": french.date_long(session.start),
        "horaire": session.hours,
        "lieu": session.place,
        "lien_visio": session.link,
        "programme": session.programme,
        "repondre_avant": french.date_long(session.reply_by) if open_ and session.reply_by else "",
        "date_annoncee": french.moment(told) if told else "",
        "reference": session.ref,
    }


def called_off(told: Told, zone: tzinfo | None) -> dict[str, str]:
    """What a change says besides: since when its reader believes that the session is cancelled, if so."""
    at = told.record.sent_at
    day = french.date_long(at.astimezone(zone)) if told.cancelled and at else ""
    return {"annulee_le": day}


def event(session: Session, subject: str, version: Version) -> Event:
    """The session in the calendar of one invitee: asked for, changed or cancelled."""
    assert session.start is not None
    assert session.end is not None
    cancelled = version.content == CANCELLED
    description = "\n\n".join(
        filter(None, (session.programme, f"En visio : {session.link}" if session.link else ""))
    )
    return Event(
        f"{session.campaign}:{subject}",
        version.number,
        Method.CANCEL if cancelled else Method.REQUEST,
        session.start,
        session.end,
        session.title,
        session.place or session.link,
        french.typography(description),
        session.link,
    )
