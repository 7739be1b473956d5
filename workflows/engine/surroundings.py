"""What a round needs of the machine: its clock, its disk, and something that calls it on time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from workflows.core import french
from workflows.engine.check import Check, Mark

_FIRST_DAY = date(2026, 1, 1)
"""Before this program was written: a clock that says so has lost its time."""
_LITTLE, _TOO_LITTLE = 500_000_000, 50_000_000
"""Bytes: a round writes a few megabytes, a backup of the workbook and mail."""
_LATE = timedelta(days=7)
"""Longer than a week-end with public holidays: a programmed round should have been made."""


def clock(now: datetime, zone: str, last_round: datetime | None) -> Check:
    """Whether the computer's date can be true."""
    says = f"L'horloge dit {french.moment(now)} ({zone})"
    remedy = "Réglez la date et l'heure de l'ordinateur."
    if now.date() < _FIRST_DAY:
        return Check(Mark.BAD, f"{says}\u00a0: cette date est passée depuis longtemps.", remedy)
    if last_round and now < last_round:
        return Check(Mark.NOTE, f"{says}, avant le dernier passage ({french.moment(last_round)}).", remedy)
    return Check(Mark.GOOD, f"{says}.")


def disk(workspace: Path) -> Check:
    """Whether there is room, and the right to write, where the journal is or will be."""
    data = workspace / "donnees"
    place = data if data.is_dir() else workspace
    if not os.access(place, os.W_OK | os.X_OK):
        return Check(Mark.BAD, f"Le dossier {place} ne peut pas être écrit.", "Vérifiez ses droits.")
    free = shutil.disk_usage(place).free
    what = f"Il reste {_size(free)} sur le disque."
    if free >= _LITTLE:
        return Check(Mark.GOOD, what)
    return Check(Mark.BAD if free < _TOO_LITTLE else Mark.NOTE, what, "Libérez de la place.")


def _size(size: int) -> str:
    """« 12 Go », « 300 Mo »."""
    amount, unit = (size / 1e9, "Go") if size >= 1e9 else (size / 1e6, "Mo")
    return f"{amount:.0f}{french.NBSP}{unit}"


def last_round_and_cron(
    now: datetime, last_round: datetime | None, environ: Mapping[str, str]
) -> list[Check]:
    """How long ago the last round was, and whether cron makes them; a note, unless they have stopped."""
    scheduled = _scheduled(environ)
    late = scheduled and last_round is not None and now - last_round > _LATE
    if last_round is None:
        last = Check(Mark.GOOD, "Aucun passage n'a encore été fait.")
    else:
        what = f"Le dernier passage est du {french.moment(last_round)}{_ago(now - last_round)}."
        remedy = "Vérifiez que l'ordinateur est allumé et que cron tourne." if late else ""
        last = Check(Mark.NOTE if late else Mark.GOOD, what, remedy)
    if scheduled:
        return [last, Check(Mark.GOOD, "cron fait les passages.")]
    how = "Pour qu'ils se fassent seuls, « planifier --crontab » donne les lignes à y mettre."
    return [last, Check(Mark.GOOD, "Les passages ne sont pas dans cron : ils se font à la main.", how)]


def _ago(elapsed: timedelta) -> str:
    """«  (il y a 3 jours) »; nothing of what a wrong clock puts in the future."""
    if elapsed < timedelta(0):
        return ""
    minutes = int(elapsed.total_seconds()) // 60
    words = french.plural(minutes, "minute")
    if minutes >= 48 * 60:
        words = french.plural(minutes // (24 * 60), "jour")
    elif minutes >= 60:
        words = french.plural(minutes // 60, "heure")
    return f" (il y a {words})"


def _scheduled(environ: Mapping[str, str]) -> bool:
    """Whether the user's crontab has a line that makes rounds."""
    crontab = shutil.which("crontab", path=environ.get("PATH", ""))
    if crontab is None:
        return False
    try:
        listed = subprocess.run(  # noqa: S603 - the system's own crontab, with one fixed option
            [crontab, "-l"],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            env=dict(environ),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    lines = [line for line in listed.stdout.splitlines() if not line.lstrip().startswith("#")]
    return any("run.py" in line and ("passage" in line or "planifier" in line) for line in lines)
