"""The borders inside the program (design §5, « Must never import »), read from its own source.

Each rule is also tried on snippets that break it, so that a rule that has gone blind is noticed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent

OWNERS = {
    "click": ("run.py",),
    "jinja2": ("workflows/engine/rendering",),
    "sqlite3": ("workflows/engine/journal",),
    "schedule": ("workflows/engine/ticker",),
    "gspread": ("workflows/adapters/google",),
    "google": ("workflows/adapters/google",),
    "openpyxl": ("workflows/adapters/xlsx",),
    "wolfxl": ("workflows/adapters/xlsx",),
    "yagmail": ("workflows/adapters/yagmail",),
    "smtplib": ("workflows/adapters/yagmail",),
    "imap_tools": ("workflows/adapters/imap",),
    "imaplib": ("workflows/adapters/imap",),
}
"""Who alone may import a library: a module, a package, or modules whose names begin so."""

OUTSIDE_WORLD = {
    *("asyncio", "ctypes", "fileinput", "glob", "http", "imaplib", "multiprocessing", "os", "pathlib"),
    *("shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib.request"),
}
"""Standard modules that bring a clock, files, processes or a network."""

COMPOSITION = {"workflows/office.py", "workflows/parts.py"}
"""Where the parts are put together."""
CLOCK_ALLOWED = {"run.py", "workflows/parts.py"}
CLOCKS = {
    *(f"datetime.{name}" for name in ("now", "today", "utcnow")),
    *("date.today", "time.time", "time.time_ns", "time.localtime", "time.strftime", "time.ctime"),
}


def violations(path: str, source: str) -> list[str]:
    """What this source, if it stood at `path` in the project, does across a border."""
    tree = ast.parse(source)
    found = [
        f"{path} imports {name}: {reason}"
        for name in imported(tree, path)
        if (reason := forbidden(path, name)) is not None
    ]
    if is_pure(path):
        found += [f"{path} opens files" for call in calls(tree) if call == "open"]
    if path not in CLOCK_ALLOWED:
        found += [f"{path} asks a clock: {name}" for name in references(tree) if name in CLOCKS]
    return found


def forbidden(path: str, name: str) -> str | None:
    """Why the module at `path` may not import `name`; None if it may."""
    top = name.partition(".")[0]
    if not any(path.startswith(owner) for owner in OWNERS.get(top, ("",))):
        return f"only {OWNERS[top][0]} may"
    if is_pure(path):
        return forbidden_in_pure(path, name)
    if path.startswith("workflows/engine/"):
        ours = top == "workflows" and not within(name, "workflows.core", "workflows.engine")
        return "the engine knows no adapter and no workflow" if ours else None
    if path.startswith("workflows/adapters/"):
        family = "workflows.adapters." + adapter_family(path)
        ours = top == "workflows" and not within(name, "workflows.core") and not name.startswith(family)
        return "an adapter knows only core" if ours else None
    if path not in COMPOSITION and within(name, "workflows.adapters"):
        return "only the office and its parts may import adapters"
    return None


def forbidden_in_pure(path: str, name: str) -> str | None:
    """The rule of core and of the workflow modules: core and the standard library, no outside world."""
    if within(name, "workflows.core") or name == "workflows":
        return None
    if name.partition(".")[0] not in sys.stdlib_module_names:
        return "core and workflows decide with the standard library and core alone"
    if within(name, *OUTSIDE_WORLD):
        return "no clock and no outside world in a decision"
    return None


def is_pure(path: str) -> bool:
    """Core, and the modules that stand directly in workflows/, the office and its parts aside."""
    if path in COMPOSITION:
        return False
    return path.startswith("workflows/core/") or PurePosixPath(path).parent == PurePosixPath("workflows")


def adapter_family(path: str) -> str:
    """An adapter may fill several modules that share its first word: google_…, xlsx_…"""
    return (
        PurePosixPath(path).relative_to("workflows/adapters").parts[0].removesuffix(".py").partition("_")[0]
    )


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def imported(tree: ast.AST, path: str) -> Iterator[str]:
    """Every module named by an import, lazy ones included, relative ones made absolute."""
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # `from workflows import office` imports a module too, `from x import Name` looks like it.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def references(tree: ast.AST) -> Iterator[str]:
    """Dotted names by their last two words: `datetime.datetime.now` is `datetime.now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name):
                yield f"{node.value.id}.{node.attr}"
            elif isinstance(node.value, ast.Attribute):
                yield f"{node.value.attr}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def program() -> list[str]:
    """The program's own modules, as paths from the root."""
    modules = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "workflows").rglob("*.py"))
    return [*modules, *(["run.py"] if (ROOT / "run.py").exists() else [])]


@pytest.mark.parametrize("path", program())
def test_every_module_stays_within_its_borders(path: str) -> None:
    assert violations(path, (ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("workflows/core/rows.py", "import jinja2"),
        ("workflows/core/rows.py", "from dateutil import parser"),
        ("workflows/core/rows.py", "import os"),
        ("workflows/core/rows.py", "from urllib import request"),
        ("workflows/core/rows.py", "from urllib.request import urlopen"),
        ("workflows/core/rows.py", "from workflows.engine import round"),
        ("workflows/core/rows.py", "from ..adapters import maildir"),
        ("workflows/core/rows.py", "def read(p):\n    return open(p)"),
        ("workflows/core/rows.py", "from datetime import datetime\nx = datetime.now()"),
        ("workflows/presence.py", "import click"),
        ("workflows/presence.py", "from workflows import training"),
        ("workflows/presence.py", "import workflows.engine.journal"),
        ("workflows/presence.py", "from .engine import settings"),
        ("workflows/presence.py", "import time"),
        ("workflows/__init__.py", "from workflows import office"),
        ("workflows/engine/round.py", "from workflows.adapters.maildir import MaildirTransport"),
        ("workflows/engine/round.py", "from ..adapters import maildir"),
        ("workflows/engine/round.py", "from workflows import presence"),
        ("workflows/engine/round.py", "from workflows.presence import decide"),
        ("workflows/engine/round.py", "import workflows.office"),
        ("workflows/engine/round.py", "def f():\n    import click"),
        ("workflows/engine/round.py", "import sqlite3"),
        ("workflows/engine/round.py", "import jinja2.sandbox"),
        ("workflows/engine/round.py", "import schedule"),
        ("workflows/engine/round.py", "import yagmail"),
        ("workflows/engine/round.py", "import datetime\nx = datetime.datetime.now()"),
        ("workflows/engine/round.py", "from datetime import date\ndef f(today=date.today): ..."),
        ("workflows/engine/round.py", "from time import time"),
        ("workflows/adapters/maildir.py", "import workflows.adapters.yagmail_transport"),
        ("workflows/adapters/maildir.py", "from . import google_sheet"),
        ("workflows/adapters/maildir.py", "from workflows.adapters import google_sheet"),
        ("workflows/adapters/maildir.py", "from workflows.engine import settings"),
        ("workflows/adapters/maildir.py", "from workflows import presence"),
        ("workflows/adapters/maildir.py", "import gspread"),
        ("workflows/adapters/xlsx_workbook.py", "from google.auth import credentials"),
        ("workflows/adapters/google_sheet.py", "import openpyxl"),
        ("workflows/adapters/google_sheet.py", "from workflows.adapters import xlsx_workbook"),
        ("workflows/office.py", "import click"),
        ("run.py", "from workflows.adapters import maildir"),
        ("run.py", "import gspread"),
    ],
)
def test_a_broken_rule_is_noticed(path: str, source: str) -> None:
    assert violations(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "workflows/core/rows.py",
            "import re\nfrom urllib.parse import quote\nfrom .problems import X",
        ),
        ("workflows/core/rows.py", "from datetime import datetime\nx = datetime(2027, 3, 1)"),
        ("workflows/presence.py", "from workflows.core import rows\nfrom .core.ports import Cell"),
        (
            "workflows/engine/round.py",
            "import time\nfrom workflows.core import ports\nx = time.monotonic()",
        ),
        ("workflows/engine/rendering.py", "from jinja2 import sandbox\nfrom . import settings"),
        ("workflows/engine/journal/store.py", "import sqlite3"),
        ("workflows/adapters/xlsx_workbook.py", "import openpyxl\nfrom workflows.adapters import xlsx_patch"),
        ("workflows/parts.py", "from workflows.adapters import maildir\nx = datetime.now(zone)"),
        ("run.py", "import click\nfrom workflows import office\nfrom workflows.engine import round"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert violations(path, source) == []


REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npmjs" + ".org",
    "deb.debian" + ".org",
    "--index" + "-url",
    "index-" + "url =",
    "--extra-index" + "-url",
    "--trusted" + "-host",
]


def registries(text: str) -> list[str]:
    """The names of package registries, and the options that choose one."""
    return [name for name in REGISTRIES if name in text]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()


@pytest.mark.skipif(not tracked(), reason="not a git checkout")
def test_no_file_names_a_registry() -> None:
    found = {path: named for path in tracked() if (named := registries(content(ROOT / path)))}
    assert found == {}


def test_a_named_registry_is_noticed() -> None:
    assert registries(f"pip install --index{'-url'} https://{'py'}pi.org/simple tournee")
    assert not registries("pip install --require-hashes -r requirements.txt")


def content(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
