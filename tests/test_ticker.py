"""`planifier`: rounds that go on whatever one of them does, and lines that cron can run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.presence import THURSDAY, WEEK, moment, network, person
from tests.support.workspace import CHECKOUT, Workspace
from workflows.core.hours import office_hours
from workflows.engine.crontab import crontab_lines
from workflows.engine.ticker import keep_going

EVERY = timedelta(minutes=15)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


# The loop


def test_a_round_that_fails_is_told_and_the_next_one_is_made() -> None:
    made: list[int] = []
    told: list[Exception] = []

    def make_round() -> None:
        made.append(len(made))
        if len(made) < 3:
            raise ValueError(f"round {len(made)}")

    begun = keep_going(make_round, told.append, timedelta(seconds=1), lambda: len(made) == 4)
    assert begun == len(made) == 4
    assert [str(error) for error in told] == ["round 1", "round 2"]


def test_a_request_to_stop_is_heard_between_two_rounds() -> None:
    made: list[float] = []
    told: list[Exception] = []
    start = time.monotonic()
    keep_going(lambda: made.append(time.monotonic()), told.append, timedelta(hours=1), lambda: bool(made))
    assert len(made) == 1
    assert time.monotonic() - start < 5


# The command


def test_it_sends_what_is_due_at_once_and_ends_cleanly(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2)])
    process = workspace.start("planifier", at=moment(WEEK, THURSDAY))
    until(
        lambda: (
            len(workspace.mails()) == 2
            and workspace.row("Présence", Promeneur="PRO-002")["Rappel"] == "Envoyé"
        )
    )
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert '"rounds": 1' in out
    assert "2 messages partis" in err


def test_a_broken_workbook_is_told_and_does_not_end_it(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    workspace.book.write_bytes(b"not a workbook")
    process = workspace.start("planifier", at=moment(WEEK, THURSDAY))
    assert process.stderr is not None
    lines = [process.stderr.readline(), process.stderr.readline()]
    assert "Un passage n'a pas pu se faire" in "".join(lines)
    assert "Traceback" not in "".join(lines)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    process.communicate()


def test_a_configuration_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    (tmp_path / "config" / "presence.toml").write_text('zonne = "B"', "utf-8")
    ran = workspace.run("planifier")
    assert ran.status == 2
    assert "zone" in ran.json["error"]["remedy"] + ran.json["error"]["what"]


# cron


def shell_line(entry: str) -> tuple[str, str]:
    """When, and what cron gives to the shell: an escaped percent sign is one, a bare one ends the line."""
    *when, command = entry.split(" ", 5)
    assert not re.search(r"(?<!\\)%", command)
    return " ".join(when), command.replace(r"\%", "%")


def printed(workspace: Workspace, **env: str) -> str:
    ran = workspace.run("planifier", "--crontab", form="texte", env=env)
    assert ran.status == 0, ran.err
    *comments, entry = ran.out.splitlines()
    assert all(line.startswith("# ") for line in comments)
    return entry


def run_entry(entry: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As cron does: another folder, a bare environment, /bin/sh."""
    return subprocess.run(
        ["/bin/sh", "-c", shell_line(entry)[1]],
        cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_line_makes_a_round_from_anywhere_and_says_nothing(tmp_path: Path) -> None:
    workspace = network(tmp_path / "l'espace à 100 % de $HOME", [person(1, Courriel="à compléter")])
    entry = printed(workspace, TZ="Europe/Paris")
    assert shell_line(entry)[0] == "*/15 8-18 * * 1-5"
    done = run_entry(entry, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert workspace.tab("Suivi")


def test_cron_hears_of_a_round_that_could_not_be_made(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    entry = printed(workspace)
    with workspace.office().lock():
        done = run_entry(entry, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    workspace.book.unlink()
    done = run_entry(entry, tmp_path)
    assert done.returncode == 2
    assert done.stdout.strip()


def test_elsewhere_in_the_world_the_rounds_decide_on_the_hours(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    for zone in ("Pacific/Auckland", "UTC"):
        assert shell_line(printed(workspace, TZ=zone))[0] == "*/15 * * * *"


@pytest.mark.parametrize(("hours", "when"), [
    ("lun-ven 8:30-18:30", "8-18 * * 1-5"),
    ("lun-ven 9h-12h 14h-17h", "9-16 * * 1-5"),
    ("lun,mar,jeu 10h-11h", "10 * * 1,2,4"),
    ("dim 0h-24h", "0-23 * * 7"),
])  # fmt: skip
def test_cron_keeps_to_office_hours(hours: str, when: str) -> None:
    lines = crontab_lines(
        sys.executable, CHECKOUT / "run.py", Path("/espace"), office_hours(hours), EVERY, local=True
    )
    assert lines[-1].startswith(f"*/15 {when} ")
    assert os.path.isabs(lines[-1].split("$(")[1].split()[0])  # noqa: PTH117
