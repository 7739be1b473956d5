"""`run.py` killed, stopped and run twice at once, in front of a server that outlives it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.smtp_server import outgoing, read_log
from tests.support.workspace import CHECKOUT, Workspace, parsed, small

COUNT = 8


@contextmanager
def server(log: Path, **fault: Any) -> Iterator[int]:
    """The SMTP server as a process of its own; its port."""
    faults = ["--fault", json.dumps(fault)] if fault else []
    words = [sys.executable, "-m", "tests.support.smtp_server", "--log", str(log), *faults]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline().split()[1])
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def made(tmp_path: Path, port: int) -> Workspace:
    workspace = Workspace(tmp_path / "espace", small(COUNT))
    workspace.smtp(port)
    return workspace


@contextmanager
def launched(workspace: Workspace) -> Iterator[subprocess.Popen[str]]:
    """The program at work; it is over afterwards."""
    with workspace.start("appel", "lancer", "2027-1", "--oui") as process:
        try:
            yield process
        finally:
            process.kill()


def served(log: Path) -> Counter[str]:
    """How often each address was written to, each message counted by its Message-ID."""
    received = outgoing(read_log(log))
    assert len({parsed(r.content)["Message-ID"] for r in received}) == len(received)
    return Counter(address for r in received for address in r.recipients)


def states(workspace: Workspace) -> Counter[str]:
    return Counter(row["Envoi"] for row in workspace.tab("Candidatures"))


def kill_at(log: Path, workspace: Workspace, accepted: int) -> None:
    """End the program at once while it waits for the answer to the message after so many."""
    with launched(workspace):
        until(lambda: len(read_log(log)) == accepted)
        time.sleep(0.3)


def test_a_message_cut_off_in_the_middle_is_doubtful_and_the_others_leave(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with server(log, at="BODY", do="hang", after=3, times=1) as port:
        workspace = made(tmp_path, port)
        kill_at(log, workspace, 3)
        assert states(workspace) == {"Envoi en cours": COUNT}
        again = workspace.run("passage")
        assert again.status == 1
        assert again.json["uncertain"] == ["appel:2027-1:STR-004:annonce"]
        assert len(again.json["sent"]) == COUNT - 4
        assert states(workspace) == {"Envoyé": COUNT - 1, "À vérifier": 1}
        assert workspace.run("passage").json["sent"] == []
        assert served(log) == {f"s{n}@structures.example": 1 for n in range(1, COUNT + 1) if n != 4}
        assert "À vérifier : appel:2027-1:STR-004:annonce" in workspace.run("etat", form="texte").out.replace(
            "\u00a0", " "
        )
        settled = workspace.run("trancher", "appel:2027-1:STR-004:annonce", "non-envoye")
        assert settled.status == 0
        last = workspace.run("passage")
        assert (last.status, len(last.json["sent"])) == (0, 1)
        assert served(log) == {f"s{n}@structures.example": 1 for n in range(1, COUNT + 1)}
        assert states(workspace) == {"Envoyé": COUNT}


def test_a_message_that_left_before_the_end_is_not_sent_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with server(log, at="END", do="wait", seconds=1.0, after=3, times=1) as port:
        workspace = made(tmp_path, port)
        kill_at(log, workspace, 3)
        until(lambda: len(read_log(log)) == 4)
        for _ in range(2):
            ran = workspace.run("appel", "lancer", "2027-1", "--oui")
            assert ran.json["uncertain"] == ["appel:2027-1:STR-004:annonce"]
        assert workspace.run("trancher", "appel:2027-1:STR-004:annonce", "envoye").status == 0
        last = workspace.run("passage")
        assert (last.status, last.json["sent"]) == (0, [])
        assert served(log) == {f"s{n}@structures.example": 1 for n in range(1, COUNT + 1)}
        assert states(workspace) == {"Envoyé": COUNT}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_end_comes_between_two_messages(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    with server(log, at="END", do="wait", seconds=0.25) as port:
        workspace = made(tmp_path, port)
        with launched(workspace) as process:
            until(lambda: len(read_log(log)) == 2)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        ran = json.loads(out)
        assert process.returncode == 0, err
        left = len(ran["sent"])
        assert 2 <= left < COUNT
        assert len(ran["waiting"]) == COUNT - left
        assert states(workspace) == {"Envoyé": left, "En attente": COUNT - left}
        assert len(workspace.run("passage").json["sent"]) == COUNT - left
        assert served(log) == {f"s{n}@structures.example": 1 for n in range(1, COUNT + 1)}


def test_a_second_round_at_the_same_time_gives_way(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with server(log, at="END", do="wait", seconds=60, after=1, times=1) as port:
        workspace = made(tmp_path, port)
        with launched(workspace):
            until(lambda: len(read_log(log)) == 1)
            second = workspace.run("passage")
            assert second.status == 75
            assert second.json["error"]["what"] == "Une autre tournée est en cours."
            assert "planned" in workspace.run("apercu", "appel-a-candidatures").json
        last = workspace.run("passage")  # the first was killed meanwhile: its lock is free again
        assert last.json["uncertain"] == ["appel:2027-1:STR-002:annonce"]
        assert len(last.json["sent"]) == COUNT - 2
        assert max(served(log).values()) == 1


def test_a_journal_from_before_a_crash_does_not_repeat_anything(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with server(log, at="BODY", do="hang", after=3, times=1) as port:
        workspace = made(tmp_path, port)
        kill_at(log, workspace, 3)
        for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
            path.unlink()
        # The sheet says « Envoi en cours » of all: it cannot tell who was reached.
        ran = workspace.run("appel", "lancer", "2027-1", "--oui")
        assert ran.json["sent"] == []
        assert len(ran.json["uncertain"]) == COUNT
        assert states(workspace) == {"À vérifier": COUNT}
        assert sum(served(log).values()) == 3
