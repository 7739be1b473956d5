"""Runs `run.py` in forked children: each is a process of its own, started in milliseconds, killed for real.

`python -m tests.faults.zygote FOLDER` reads one job a line (JSON) and answers one line. Python and the
program's modules are loaded once, before the fork; everything else is the command's own doing.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tests.faults.killer import Event, Killer, Point, install

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Ended:
    """How one run ended, or that it stands still at its point."""

    status: int
    """The exit status; minus the signal's number for one that was killed."""
    out: str
    err: str
    events: tuple[Event, ...] = ()
    stopped: int = 0
    """The id of the process while it stands still."""
    memory: int = 0
    """The most it held, in KiB."""

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def killed(self) -> bool:
        return self.status < 0


class Zygote:
    """The harness's end: asks for runs, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote", str(folder)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def run(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        point: Point | None = None,
        delay: float | None = None,
        limits: Mapping[str, float] | None = None,
        watched: bool = True,
    ) -> Ended:
        """One run of `run.py`; killed after `delay` seconds, or ended or stopped at `point`.

        `limits`: « fsize » (RLIMIT_FSIZE, in bytes), « uid » (another account), « alarm » (seconds to live),
        and the seconds that the network is waited for: « answer » (Sheets), « smtp », « patience » (the first
        wait before a repeat).
        `watched`: its events are kept; otherwise nothing of the program is wrapped.
        """
        return self._ask(
            {
                "words": list(words), "env": {**os.environ, **(env or {})}, "cwd": str(Path.cwd()),
                "point": asdict(point) if point else None, "delay": delay, "limits": dict(limits or {}),
                "watched": watched,
            }
        )  # fmt: skip

    def resume(self, ended: Ended, *, kill: bool = False) -> Ended:
        """Let a process that stands still go on, or end it there."""
        assert ended.stopped, f"it ended with {ended.status}: {ended.err}"
        return self._ask({"resume": ended.stopped, "kill": kill})

    def _ask(self, job: Mapping[str, Any]) -> Ended:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        pid = answer.pop("pid")
        texts = [(self._folder / f"{pid}.{part}") for part in ("out", "err", "events")]
        out, err, events = (path.read_text() if path.exists() else "" for path in texts)
        if not answer["stopped"]:
            for path in texts:
                path.unlink(missing_ok=True)
        return Ended(out=out, err=err, events=tuple(Event(**e) for e in json.loads(events or "[]")), **answer)


# Inside the zygote


def main() -> None:
    folder = Path(sys.argv[1])
    _load()
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(_resumed(job) if "resume" in job else _started(job, folder)), flush=True)


def _load() -> None:
    """Everything that a round imports; nothing that a round does."""
    import run  # noqa: F401
    from workflows import office  # noqa: F401
    from workflows.adapters import google_service, maildir, xlsx_workbook, yagmail_transport  # noqa: F401
    from workflows.engine import checkup, report  # noqa: F401

    with contextlib.suppress(ImportError):
        import yagmail  # noqa: F401


def _started(job: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    pid = os.fork()
    if pid == 0:
        _child(job, folder)
    if job["delay"] is not None:
        time.sleep(job["delay"])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return _waited(pid)


def _resumed(job: Mapping[str, Any]) -> dict[str, Any]:
    os.kill(job["resume"], signal.SIGKILL if job["kill"] else signal.SIGCONT)
    return _waited(job["resume"])


def _waited(pid: int) -> dict[str, Any]:
    _, status, usage = os.wait4(pid, os.WUNTRACED)
    stopped = os.WIFSTOPPED(status)
    code = 0 if stopped else os.waitstatus_to_exitcode(status)
    return {"pid": pid, "status": code, "stopped": pid if stopped else 0, "memory": usage.ru_maxrss}


def _child(job: Mapping[str, Any], folder: Path) -> None:
    """Become `python run.py …`; never returns."""
    pid, code = os.getpid(), 1
    killer = Killer(Point(**job["point"]) if job["point"] else None)
    try:
        for descriptor, name in ((1, f"{pid}.out"), (2, f"{pid}.err")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(job["env"])
        os.chdir(job["cwd"])
        time.tzset()
        _limit(job["limits"])
        if job["watched"]:
            install(killer)
        sys.argv = [str(CHECKOUT / "run.py"), *job["words"]]
        import run

        run.cli()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - the child of a fork must not run on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(OSError):
            killer.save(folder / f"{pid}.events")
        os._exit(code)


def _limit(limits: Mapping[str, float]) -> None:
    from workflows import parts
    from workflows.adapters import google_service

    if "fsize" in limits:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limits["fsize"]), resource.RLIM_INFINITY))
    if "alarm" in limits:
        signal.alarm(int(limits["alarm"]))
    if "uid" in limits:
        os.setuid(int(limits["uid"]))
    if "smtp" in limits:
        parts._MAIL_TIMEOUT = limits["smtp"]
    original = google_service.Service.__init__

    def quick(self: Any, url: str, spreadsheet_id: str, key: Path, timeout: float, patience: float) -> None:
        original(
            self, url, spreadsheet_id, key, limits.get("answer", timeout), limits.get("patience", patience)
        )

    google_service.Service.__init__ = quick  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
