"""What a person sees in the terminal: French everywhere, folded to its width, coloured where it may be."""

from __future__ import annotations

import ast
import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pytest

from tests.support.terminal import at_terminal
from tests.support.workspace import CALLS, CHECKOUT, SAMPLE, Workspace, small
from workflows import click_in_french, help_in_french
from workflows.engine.terminal import PLAIN, Screen, columns, progress

RUN = [sys.executable, str(CHECKOUT / "run.py")]
COMMANDS = ["", *help_in_french._SENTENCES]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | (env or {})
    return subprocess.run(
        [*RUN, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=given, timeout=60
    )


# Folding and tables


def test_lines_are_folded_at_spaces_that_may_break() -> None:
    folded = Screen(24).fold("- Date limite\u00a0: le vendredi 26 mars 2027", 2, 2)
    assert folded == ["  - Date limite\u00a0: le", "    vendredi 26 mars", "    2027"]
    assert PLAIN.fold("mot " * 100) == ["mot " * 100]


def test_an_address_is_never_cut() -> None:
    address = "a" * 60 + "@structures.example"
    assert address in Screen(30).fold(f"Écrire à {address} demain")


def test_a_table_is_aligned_where_it_fits_and_stacked_where_not() -> None:
    rows = [("STR-001 Élan", "a@b.example"), ("STR-2", "un@deux.example, trois@quatre.example")]
    assert PLAIN.table(rows) == [
        "  STR-001 Élan  a@b.example",
        "  STR-2         un@deux.example, trois@quatre.example",
    ]
    assert Screen(40).table(rows) == [
        "  STR-001 Élan  a@b.example",
        "  STR-2         un@deux.example,",
        "                trois@quatre.example",
    ]
    assert Screen(24).table(rows) == [
        "  STR-001 Élan",
        "    a@b.example",
        "  STR-2",
        "    un@deux.example,",
        "      trois@quatre.example",
    ]
    assert PLAIN.table([]) == []


def test_words_from_elsewhere_cannot_drive_the_terminal() -> None:
    said = Screen(80, colour=True).fold("refusé : \x1b[2J\x1b]0;titre\x07 \u202eélifer\r\nsuite")
    assert [line.split() for line in said] == [["refusé", ":", "[2J", "]0;titre", "élifer", "suite"]]


def test_the_columns_of_wide_and_combined_characters() -> None:
    assert (columns("été"), columns("e\u0301"), columns("日本")) == (3, 1, 4)


@pytest.mark.parametrize("width", [0, 20, 40, 200])
def test_progress_stays_on_one_line(width: int) -> None:
    line = progress(7, 300, width)
    assert line.startswith("\r")
    assert len(line) <= (width or 80)
    assert line.endswith("7/300")


# French


def messages_of_click() -> Iterator[str]:
    """Every text that Click's own code hands to gettext."""
    for path in Path(click.__file__).parent.glob("*.py"):
        if path.name in ("shell_completion.py", "_winconsole.py"):  # not part of what she runs
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("_", "ngettext")
            ):
                texts = node.args[:2] if node.func.id == "ngettext" else node.args[:1]
                yield from (str(text.value) for text in texts if isinstance(text, ast.Constant))


DEVELOPERS = re.compile(
    r"DeprecationWarning|exactly one parameter declaration|Could not determine name|No options defined"
    r"|defined twice|cannot use the same flag|Unknown (?:color|standard stream)|^d$"
)
"""What Click says to whoever writes a command line, never to whoever uses one; and a unit of its bars."""


def test_all_that_click_may_say_is_in_french() -> None:
    said = {message for message in messages_of_click() if not DEVELOPERS.search(message)}
    assert len(said) > 40
    assert said - click_in_french._FRENCH.keys() == set()


def test_translations_keep_what_click_fills_in() -> None:
    for english, french in click_in_french._FRENCH.items():
        assert set(re.findall(r"\{(\w+)", french)) <= set(re.findall(r"\{(\w+)", english)), english


ENGLISH = re.compile(
    r"\b(?:usage|options?:|commands?|arguments?:|error|try|default|required|show|this|message and|exit"
    r"|no such|missing|invalid|must|the|is not|does not|abort|unexpected|choose|help for)\b",
    re.IGNORECASE,
)


def foreign(words: str) -> list[str]:
    """English words in what was said; the names of options are names."""
    return ENGLISH.findall(re.sub(r"--\w+|\[OPTIONS\]", "", words))


@pytest.mark.parametrize("width", ["40", "80"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_help_in_french(command: str, width: str) -> None:
    done = run(*command.split(), "--help", env={"COLUMNS": width})
    assert (done.returncode, done.stderr) == (0, "")
    assert foreign(done.stdout) == []
    assert done.stdout.startswith("Emploi\u00a0: python run.py")
    assert not re.search(r"(?<=\w) [:;?!»]", done.stdout), "typography"
    is_group = command in ("appel", "formation", "presence", "reponses", "ambassadeurs")
    assert is_group or "  python run.py " in done.stdout, "an example to copy"
    prose = [
        line for line in done.stdout.splitlines() if "python run.py" not in line and "  " not in line.strip()
    ]
    assert all(len(line) <= int(width) for line in prose)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_narrow_help_cuts_no_word_and_keeps_its_examples_whole(command: str) -> None:
    narrow, wide = (run(*command.split(), "--help", env={"COLUMNS": width}).stdout for width in ("40", "200"))
    assert narrow.split() == wide.split()
    examples = [line.strip() for line in wide.splitlines() if line.startswith("    python run.py")]
    for example in examples:
        assert f"    {re.split(' {2,}', example)[0]}\n" in narrow
    long = [line for line in narrow.splitlines() if len(line) > 40]
    assert all(line.startswith("    python run.py ") for line in long), long


def test_every_command_of_the_program_is_helped() -> None:
    listed = set()
    for group in ("", *[c for c in help_in_french._SENTENCES if " " not in c]):
        out = run(*group.split(), "--help").stdout
        _, _, commands = out.partition("Commandes\u00a0:\n")
        listed |= {
            f"{group} {line.split()[0]}".strip() for line in commands.splitlines() if re.match(r"  \w", line)
        }
    assert listed == help_in_french._SENTENCES.keys()


@pytest.mark.parametrize(
    "words",
    [
        "appel lance", "appel", "reponses", "--foo", "appel lancer", "appel lancer 1 2", "apercu x",
        "trancher a b", "etat y", "--format xml etat", "--le demain etat", "presence rappeler --semaine",
        "reponses lire", "appel lancer x --limite -3", "appel lancer x --limite trois",
        "appel lancer x --oui=1", "passage --essai --reel", "passage --seulement personne", "expliquer",
        "planifier --minutes 90", "--espace", "inconnue",
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_said_in_french_with_what_to_do(words: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small())
    done = run(*words.split(), env={"TOURNEE_ESPACE": str(workspace.folder)})
    assert (done.returncode, done.stdout) == (2, "")
    assert foreign(done.stderr) == []
    assert "--help" in done.stderr
    assert "Traceback" not in done.stderr


# Terminals, pipes and interruptions


def preview_at_terminal(folder: Path, **env: str) -> str:
    workspace = Workspace(folder, SAMPLE)
    command = workspace.command("apercu", CALLS, "2027-1", form="texte")
    status, screen = at_terminal(command, [], {"TERM": "xterm", "COLUMNS": "60", **env})
    assert status == 1
    return screen


def test_colours_and_width_at_a_terminal(tmp_path: Path) -> None:
    screen = preview_at_terminal(tmp_path, NO_COLOR="")
    assert {"\x1b[32m", "\x1b[33m", "\x1b[1m", "\x1b[0m"} == set(COLOUR.findall(screen))
    lines = COLOUR.sub("", screen).splitlines()
    assert all(len(line) <= 60 or " " not in line.strip() for line in lines)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(tmp_path: Path, env: dict[str, str]) -> None:
    assert not COLOUR.search(preview_at_terminal(tmp_path, **env))


def test_a_pipe_gets_whole_lines_without_colours(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    out = workspace.run("apercu", CALLS, "2027-1", form="texte").out
    assert not COLOUR.search(out)
    assert (
        "  - Structures, ligne 38, Courriel\u00a0: L'adresse manque. Écrivez une adresse électronique." in out
    )
    assert re.search(
        r"^  STR-001 Club de prévention de Saint-Aignan 1 +club-saint-aignan-1@", out, re.MULTILINE
    )
    assert "Madame, Monsieur," in out


def test_a_narrow_preview_folds(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    out = workspace.run("apercu", CALLS, "2027-1", form="texte", env={"COLUMNS": "40"}).out
    assert all(len(line) <= 40 or " " not in line.strip() for line in out.splitlines())


def test_a_pipe_that_closes_early_is_no_error(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    reader, writer = os.pipe()
    os.close(reader)
    command = workspace.command("apercu", CALLS, "2027-1", form="texte")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.stderr == ""


def test_an_interruption_at_the_question_sends_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    ours, theirs = pty.openpty()
    command = workspace.command("appel", "lancer", "2027-1", form="texte")
    # Started in the background, the tests themselves may ignore Ctrl-C, and hand that down.
    listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs,
        preexec_fn=listen,  # noqa: PLW1509 - no thread runs here
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"[o/N]" not in seen:
        seen += os.read(ours, 4096)
    status = None
    while status is None:  # one that comes right before the read is seen with the next one only
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(1)
    assert status == 2
    rest = os.read(ours, 4096).decode()
    os.close(ours)
    assert "Interrompu." in rest
    assert "Traceback" not in rest
    assert workspace.mails() == []


@pytest.mark.parametrize("answer", ["", "n", "peut-être"])
def test_only_a_yes_sends(tmp_path: Path, answer: str) -> None:
    workspace = Workspace(tmp_path, small())
    command = workspace.command("appel", "lancer", "2027-1", form="texte")
    status, screen = at_terminal(command, [answer])
    assert (status, workspace.mails()) == (0, [])
    assert "Envoyer\u00a0? [o/N]" in screen
    assert screen.rstrip().endswith("Rien n'est parti.")
    status, screen = at_terminal(command, ["Oui"])
    assert (status, len(workspace.mails())) == (0, 3), screen


# What is left aside


def test_what_a_limit_leaves_aside_is_said_to_leave_with_the_next_round(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3))
    asked = workspace.run("appel", "lancer", "2027-1", "--limite", "1", form="texte")
    assert asked.status == 2
    words = asked.out.replace("\u00a0", " ")
    assert "Les 2 autres partiront au prochain passage : mettez « En pause » pour les retenir." in words
    trial = workspace.run("appel", "lancer", "2027-1", "--limite", "1", "--essai", "--oui").json
    assert {w["reason"] for w in trial["waiting"]} == {"laissé de côté par --limite"}
    only = ("--seulement", "s1@structures.example")
    done = workspace.run("appel", "lancer", "2027-1", *only, "--oui").json
    reasons = {w["reason"].replace("\u00a0", " ").replace("\u202f", " ") for w in done["waiting"]}
    assert reasons == {"laissé de côté par --seulement ; partira au prochain passage"}
    assert len(workspace.round().sent) == 2
