"""A small workbook of Promeneurs, and what a person does to it from week to week."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.workspace import Workspace, keys
from workflows.core.weeks import IsoWeek
from workflows.core.workflow import Scope, Step
from workflows.engine.account import Account

PEOPLE = (
    "Réf.", "Prénom", "Nom", "Courriel", "Mode de présence", "Permanences", "Minimum hebdo",
    "Entrée", "Sortie", "Absent du", "Absent au",
)  # fmt: skip
ROWS = ("Réf.", "Semaine", "Promeneur", "Nom", "Heures", "Commentaire")
WEEK = IsoWeek(2027, 10)
"""Monday 8 to Sunday 14 March 2027: no holiday of any kind."""


def person(number: int, **cells: Any) -> tuple[Any, ...]:
    """PRO-001 Prénom1 Nom1, with these cells by heading (`_` for a space)."""
    ref = f"PRO-{number:03}"
    known = {
        "Réf.": ref, "Prénom": f"Prénom{number}", "Nom": f"Nom{number}",
        "Courriel": f"p{number}@reseau.example",
    }  # fmt: skip
    known |= {heading.replace("_", " "): value for heading, value in cells.items()}
    return tuple(known.get(heading) for heading in PEOPLE)


def network(
    folder: Path, people: Sequence[tuple[Any, ...]], rows: Sequence[tuple[Any, ...]] = (), **settings: str
) -> Workspace:
    """A workspace in real mode; a row is (Semaine, Promeneur, Heures)."""
    lines = [(None, week, ref, None, hours, None) for week, ref, hours in rows]
    workspace = Workspace(folder, {"Promeneurs": [PEOPLE, *people], "Présence": [ROWS, *lines]})
    configure(workspace, **settings)
    return workspace


def configure(workspace: Workspace, **settings: str) -> None:
    """Give keys of presence.toml these values, as TOML writes them."""
    path = workspace.folder / "config" / "presence.toml"
    text = path.read_text("utf-8")
    for key, value in settings.items():
        text, changed = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert changed == 1, key
    path.write_text(text, "utf-8")


def moment(week: IsoWeek, weekday: int, clock: str = "10:30") -> str:
    """This weekday (0 is Monday) of this week, as `--le` takes it."""
    return f"{week.days[weekday]}T{clock}"


MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


def remind(workspace: Workspace, at: str, week: IsoWeek | str = "", **more: Any) -> Account:
    """`presence rappeler`, for this week."""
    return workspace.round(at, Scope("presence", Step.FIRST, str(week)), "presence rappeler", **more)


def sent(account: Account) -> list[str]:
    """« PRO-001:rappel:2027-S10 », in the order of sending."""
    return [key.removeprefix("presence:") for key in keys(account.sent)]


def reasons(account: Account) -> dict[str, str]:
    """Why the others got nothing, by what was not sent."""
    return {key.removeprefix("presence:"): reason for key, reason in account.waiting}
