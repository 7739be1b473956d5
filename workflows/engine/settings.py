"""A workspace's configuration: config/*.toml, read and checked as a whole (design §2)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from workflows.core.problems import Problem, TourneeError
from workflows.core.schema import Section, Values, check
from workflows.engine.general import GENERAL, General, general

_GENERAL_FILE = "general.toml"
_QUOTES = 'Mettez chaque texte entre guillemets droits, comme "ceci", ouverts et fermés sur la même ligne.'
_QUOTED_NAME = "Mettez entre guillemets droits un nom qui porte un accent, une espace ou un point."
_BACKSLASH = "Une barre oblique inversée n'est pas permise ici."
_SLASHES = "Dans un chemin, écrivez des barres obliques «\u00a0/\u00a0»."
_CAUSES = (
    ("Cannot overwrite a value", "La même clé est écrite deux fois.", "Gardez-en une seule."),
    ("Cannot declare", "La même section est écrite deux fois.", "Réunissez les deux en une seule."),
    ("Unescaped", _BACKSLASH, _SLASHES),
    ("Invalid hex", _BACKSLASH, _SLASHES),
    ("Unterminated string", "Un guillemet n'est pas refermé.", _QUOTES),
    ("Illegal character", "Un guillemet n'est pas refermé.", _QUOTES),
    ("Invalid value", "La valeur n'est pas comprise.", _QUOTES),
    ("Expected '='", "Il manque le signe «\u00a0=\u00a0» après le nom.", _QUOTED_NAME),
    ("Invalid statement", "Le nom en début de ligne n'est pas compris.", _QUOTED_NAME),
    ("Invalid initial character", "Le nom n'est pas compris.", _QUOTED_NAME),
)
_CAUSE_UNKNOWN = ("L'écriture de cette ligne n'est pas comprise.", 'Chaque ligne s\'écrit clé = "valeur".')


class SettingsError(TourneeError):
    """The configuration cannot be used; `problems` holds all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            "La configuration est à corriger.\n" + "\n".join(f"- {problem}" for problem in problems),
            "Corrigez, puis relancez la commande.",
        )
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one run: the workspace, general.toml, and each workflow's own values."""

    workspace: Path
    general: General
    workflows: Mapping[str, Values]
    """By file name, « appel-a-candidatures.toml »."""


def load(workspace: Path, workflows: Mapping[str, Section]) -> Settings:
    """The configuration of a workspace; a file that is missing holds its defaults.

    `workflows` maps the name of each file in config/ beside general.toml to its keys. Raises
    SettingsError with every problem of every file.
    """
    folder = workspace / "config"
    if not folder.is_dir():
        raise SettingsError([_no_folder(workspace)])
    sections = {_GENERAL_FILE: GENERAL, **workflows}
    problems = _misnamed(folder, sections)
    values: dict[str, Values] = {}
    for name, section in sections.items():
        data, unreadable = _read(folder / name)
        values[name], found = check(data, section, f"config/{name}")
        problems += unreadable + found
    if problems:
        raise SettingsError(problems)
    return Settings(workspace, general(values.pop(_GENERAL_FILE), workspace), values)


def _no_folder(workspace: Path) -> Problem:
    return Problem(
        str(workspace),
        "Ce dossier n'est pas un espace de travail\u00a0: il n'a pas de dossier config.",
        "Créez-en un par «\u00a0python run.py creer DOSSIER\u00a0», ou indiquez le bon dossier par --espace.",
    )


def _misnamed(folder: Path, sections: Mapping[str, Section]) -> list[Problem]:
    """Files whose name is nearly that of a missing one: their settings would go unseen."""
    absent = [name for name in sections if not (folder / name).exists()]
    found = []
    for path in sorted(folder.glob("*.toml")):
        near = [] if path.name in sections else get_close_matches(path.name.casefold(), absent, 1, 0.85)
        if near:
            remedy = f"Renommez-le {near[0]}, ou supprimez-le."
            found.append(Problem(f"config/{path.name}", "Ce fichier n'est pas lu.", remedy))
    return found


def _read(path: Path) -> tuple[Mapping[str, object], list[Problem]]:
    where = f"config/{path.name}"
    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text), []
    except FileNotFoundError:
        return {}, []
    except tomllib.TOMLDecodeError as error:
        return {}, [_syntax(where, text, str(error))]
    except UnicodeDecodeError:
        return {}, [Problem(where, "Le fichier n'est pas enregistré en UTF-8.", "Enregistrez-le en UTF-8.")]
    except OSError:
        return {}, [Problem(where, "Le fichier ne peut pas être lu.", "Vérifiez vos droits sur ce fichier.")]


def _syntax(where: str, text: str, message: str) -> Problem:
    """tomllib's English message in French. The line itself is not shown: it may hold a password."""
    found = re.search(r"at line (\d+)", message)
    line = found[1] if found else str(len(text.rstrip().splitlines()))
    for sign, what, remedy in _CAUSES:
        if sign in message:
            return Problem(f"{where}, ligne {line}", what, remedy)
    return Problem(f"{where}, ligne {line}", *_CAUSE_UNKNOWN)
