"""`planifier --crontab`: the lines that make cron call a round in office hours (design §3)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from workflows.core.french import typography
from workflows.core.hours import OfficeHours

_EVERY_HOUR = "* * *"
_WITHOUT_NEWS = (0, 1, 75)
"""Exit statuses that need no mail from cron: what a person has to mend stands in the tab Suivi."""


def crontab_lines(
    python: str, program: Path, workspace: Path, hours: OfficeHours, every: timedelta, *, local: bool
) -> list[str]:
    """Lines to paste into a crontab, for these absolute paths.

    `local`: the machine's clock is the coordination's, so that cron can keep to `hours`; otherwise it
    calls at any hour, and the rounds themselves see that mail leaves in office hours only.
    """
    minutes = round(every.total_seconds()) // 60
    when = f"*/{minutes} {_spans(hours) if local else f'* {_EVERY_HOUR}'}"
    command = shlex.join([python, str(program), "--espace", str(workspace), "passage"])
    # cron mails whatever is written: the report is kept back unless the round could not run.
    silent = "|".join(map(str, _WITHOUT_NEWS))
    guarded = f'dit=$({command} 2>&1); fin=$?; case $fin in {silent}) ;; *) echo "$dit"; exit $fin ;; esac'
    comments = [
        f"# Tournée : un passage toutes les {minutes} min. À coller dans « crontab -e », tel quel.",
        "# cron n'écrit un courriel que si un passage n'a pas pu se faire.",
    ]
    # In a crontab, a bare percent sign ends the command.
    return [*map(typography, comments), f"{when} {guarded.replace('%', chr(92) + '%')}"]


def _spans(hours: OfficeHours) -> str:
    """The hours, days of the month, months and days of the week in which some span is open."""
    open_days = [day for day, spans in enumerate(hours.week) if spans]
    spans = [span for day in open_days for span in hours.week[day]]
    first, last = min(start for start, _ in spans) // 60, (max(end for _, end in spans) - 1) // 60
    days = _ranges([day + 1 for day in open_days])  # cron's Monday is 1, its Sunday 7
    return f"{first}-{last} * * {days}" if first < last else f"{first} * * {days}"


def _ranges(numbers: Sequence[int]) -> str:
    """« 1-5 », « 1,2,4 »."""
    whole = list(range(numbers[0], numbers[-1] + 1))
    if len(numbers) > 1 and list(numbers) == whole:
        return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(map(str, numbers))
