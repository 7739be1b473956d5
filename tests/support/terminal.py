"""A terminal with somebody at it: starts a program there and types an answer at each prompt."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
from collections.abc import Mapping, Sequence

_PROMPT = re.compile(r"(?:\u00a0: |\] )$")
_PATIENCE = 30.0
"""Seconds without a word after which the program is taken to hang."""


def at_terminal(
    command: Sequence[str], answers: Sequence[str], env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run to the end; the exit status and all that was on the screen.

    The program asks for exactly these answers: AssertionError if it asks for more, or for fewer.
    """
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "dumb"} | dict(env or {})
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    seen, waiting = b"", list(answers)
    try:
        while chunk := _read(ours):
            seen += chunk
            if _PROMPT.search(seen.decode(errors="replace")):
                assert waiting, f"asks for more:\n{seen.decode(errors='replace')}"
                os.write(ours, f"{waiting.pop(0)}\n".encode())
        status = process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    screen = seen.decode().replace("\r\n", "\n")
    assert not waiting, f"never asked for {waiting}:\n{screen}"
    return status, screen


def _read(terminal: int) -> bytes:
    """What the program writes next; nothing once it has ended."""
    ready, _, _ = select.select([terminal], [], [], _PATIENCE)
    assert ready, "the program says nothing and does not end"
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: EIO once the other end is closed
        return b""
