"""Passwords: the configuration says where each one is kept, never what it is (design §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from workflows.core.french import quoted
from workflows.core.problems import TourneeError
from workflows.core.schema import Refused

_SOURCE = re.compile(r"(?P<kind>env|fichier):\s*(?P<name>\S.*)")
_HOW = (
    'Écrivez mot_de_passe = "env:NOM" et donnez le mot de passe dans la variable d\'environnement NOM, '
    'ou mot_de_passe = "fichier:chemin" et mettez-le seul dans ce fichier.'
)


def check_source(source: str) -> None:
    """Raises Refused for anything but `env:NOM` and `fichier:chemin`, without repeating it."""
    if not _SOURCE.fullmatch(source):
        raise Refused("Le mot de passe ne doit pas être écrit dans ce fichier.", _HOW)


def secret(source: str, workspace: Path, environ: Mapping[str, str]) -> str:
    """The password that `source` leads to; a file's path is relative to the workspace.

    Raises TourneeError when it is missing, empty, or in a file that others can read. No message
    ever shows it.
    """
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise TourneeError("Le mot de passe ne doit pas être écrit dans la configuration.", _HOW)
    name = found["name"].strip()
    kept = _from_environment(name, environ) if found["kind"] == "env" else _from_file(workspace / name, name)
    return kept.strip("\u00a0").replace("\u00a0", " ")  # what a page showed in groups of letters, pasted


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    password = environ.get(name, "")
    if not password:
        raise TourneeError(
            f"La variable d'environnement {name}, qui doit donner le mot de passe, est absente ou vide.",
            f"Définissez {name} avant de lancer le programme, ou changez mot_de_passe dans general.toml.",
        )
    return password


def _from_file(path: Path, shown: str) -> str:
    label = f"Le fichier de mot de passe {quoted(shown)}"
    try:
        open_to_others = path.stat().st_mode & 0o077
        password = path.read_text(encoding="utf-8-sig").strip("\r\n")
    except FileNotFoundError:
        raise TourneeError(f"{label} n'existe pas.", "Créez-le, avec le mot de passe seul.") from None
    except (OSError, ValueError):
        raise TourneeError(
            f"{label} ne peut pas être lu.", "Vérifiez que c'est un fichier texte et que vous y avez accès."
        ) from None
    if open_to_others:
        raise TourneeError(
            f"{label} peut être lu par d'autres personnes.", f"Réservez-le à vous\u00a0: chmod 600 {shown}"
        )
    if not password.strip():
        raise TourneeError(f"{label} est vide.", "Écrivez-y le mot de passe, seul.")
    return password
