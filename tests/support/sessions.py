"""A coordination with a few Promeneurs and one session, and what its mails put into calendars."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar

from tests.support.workspace import TUESDAY, Workspace
from workflows.core.workflow import Scope, Step
from workflows.engine.account import Account

TRAINING = "formation"
PEOPLE = (
    "Réf.", "Prénom", "Nom", "Courriel", "Public", "Entrée", "Sortie", "Absent du", "Absent au",
    "Formation initiale le",
)  # fmt: skip
SESSIONS = (
    "Réf.", "Type", "Intitulé", "Date", "Début", "Fin", "Lieu", "Lien visio", "Programme", "Public",
    "Répondre avant", "Places", "Commande",
)  # fmt: skip
SESSION: dict[str, Any] = {
    "Réf.": "SES-2",
    "Type": "Formation",
    "Intitulé": "Esprit critique",
    "Date": "jeudi 1er avril 2027",
    "Début": "14h",
    "Fin": "17h30",
    "Lieu": "Salle bleue",
}


def person(number: int, **cells: Any) -> tuple[Any, ...]:
    """One row of Promeneurs; headings that are no words go by `_`."""
    row = {
        "Réf.": f"PRO-{number:03}",
        "Prénom": f"Zoé{number}",
        "Nom": "Rey",
        "Courriel": f"p{number}@reseau.example",
        **{heading.replace("_", " "): value for heading, value in cells.items()},
    }
    return tuple(row.get(heading) for heading in PEOPLE)


def session(**cells: Any) -> tuple[Any, ...]:
    """One row of Sessions: SES-2, on Thursday 1 April 2027, unless told otherwise."""
    row = SESSION | {heading.replace("_", " "): value for heading, value in cells.items()}
    return tuple(row.get(heading) for heading in SESSIONS)


def meeting(folder: Path, people: int | Sequence[tuple[Any, ...]] = 3, **cells: Any) -> Workspace:
    """A workspace with these Promeneurs and this session; no grace delay, no office hours in the way."""
    rows = [person(n) for n in range(1, people + 1)] if isinstance(people, int) else people
    book = {"Promeneurs": [PEOPLE, *rows], "Sessions": [SESSIONS, session(**cells)]}
    return Workspace(folder, book, delai_de_grace='"0"')


def passage(workspace: Workspace, at: str = TUESDAY, **more: Any) -> Account:
    """What is due for sessions, alone."""
    return workspace.round(at, Scope(TRAINING), **more)


def invite(workspace: Workspace, at: str = TUESDAY, ref: str = "SES-2", **more: Any) -> Account:
    return workspace.round(at, Scope(TRAINING, Step.FIRST, ref), "formation inviter", **more)


def remind(workspace: Workspace, at: str, **more: Any) -> Account:
    return workspace.round(at, Scope(TRAINING, Step.FOLLOW_UP), "formation rappeler", **more)


def change(workspace: Workspace, **cells: Any) -> None:
    """What she types into the row of SES-2."""
    workspace.put("Sessions", {"Réf.": "SES-2"}, **cells)


def registration(workspace: Workspace, ref: str) -> dict[str, Any]:
    return workspace.row("Inscriptions", Promeneur=ref)


def state(workspace: Workspace) -> str:
    """`État` of SES-2, with plain spaces."""
    return str(workspace.row("Sessions", **{"Réf.": "SES-2"})["État"]).replace("\u00a0", " ")


def steps(account: Account) -> list[str]:
    """« PRO-001:invitation » for each message that left."""
    return [key.removeprefix("formation:SES-2:") for key, _ in account.sent]


def calendar(mail: EmailMessage) -> tuple[str, Any]:
    """The method and the event of a mail's calendar part, read back."""
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) == 1
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    read = icalendar.Calendar.from_ical(content)
    assert isinstance(read, icalendar.Calendar)
    assert parts[0].get_param("method") == read["METHOD"]
    (event,) = read.walk("VEVENT")
    return str(read["METHOD"]), event


def body(mail: EmailMessage) -> str:
    """The plain text, with plain spaces."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\u00a0", " ").replace("\r\n", "\n")
