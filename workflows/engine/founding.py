"""The folder of a new workspace: shipped configuration with her answers, and empty places (design §2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from workflows.core.disk import cause
from workflows.core.french import typography
from workflows.core.problems import Problem, TourneeError
from workflows.engine.general import General
from workflows.engine.questions import PASSWORD_FILE, Answers, with_answers

DATA = "donnees"
_GUIDE = Path("templates", "LISEZMOI.md")
_SECRETS = ("compte-de-service.json", Path(PASSWORD_FILE).name)


def is_workspace(folder: Path) -> bool:
    """Whether this folder holds a configuration."""
    return (folder / "config").is_dir()


def found(folder: Path, checkout: Path, answers: Answers | None = None) -> None:
    """Make a workspace's folder, without its workbook, from what is shipped.

    Where the answers name a file for the password, it is made empty and for its owner alone, so that
    she only has to fill it in. Raises TourneeError, also for a folder that holds something else.
    """
    with making(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise TourneeError(
                f"Le dossier {folder} existe et n'est pas vide.", "Donnez un autre nom de dossier."
            )
        for part in ("config", "templates", "pieces-jointes"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for path in [*sorted((checkout / "config").glob("*.toml")), checkout / _GUIDE]:
            place = folder / path.relative_to(checkout)
            place.write_bytes(path.read_bytes())
        if answers:
            _answered(folder, answers)
        _ignored(folder / "config", *_SECRETS)
        (folder / DATA).mkdir(mode=0o700)
        _ignored(folder / DATA, "*")


def _answered(folder: Path, answers: Answers) -> None:
    general = folder / "config" / "general.toml"
    general.write_text(with_answers(general.read_text("utf-8"), answers), "utf-8")
    if PASSWORD_FILE in str(answers):
        (folder / PASSWORD_FILE).touch(mode=0o600)


def _ignored(folder: Path, *names: str) -> None:
    """What must never be committed, should the workspace be kept under version control."""
    (folder / ".gitignore").write_text("".join(f"{name}\n" for name in names), "utf-8")


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Raises TourneeError for what the system refuses."""
    try:
        yield
    except OSError as error:
        raise TourneeError(
            f"Le dossier {folder} ne peut pas être créé : {cause(error)}.", "Choisissez un autre endroit."
        ) from error


def still_to_do(workspace: Path, general: General) -> list[str]:
    """What the program cannot do for her before `verifier`: keys, passwords and sharing."""
    steps: list[str] = []
    sheet = general.workbook
    if sheet.kind == "google" and not sheet.service_account.exists():
        steps += [
            f"mettez la clé du compte de service ici, sous ce nom : {sheet.service_account}",
            "partagez la feuille avec l'adresse de ce compte, comme éditeur",
            f"relancez la même commande, avec le même dossier ({workspace}) : la feuille sera préparée",
        ]
    sources = {m.password_source for m in (general.mail, general.replies) if m.user}
    for source in sorted(sources):
        kind, _, name = source.partition(":")
        if kind == "env":
            steps.append(f"donnez le mot de passe du courrier dans la variable d'environnement {name}")
        elif not _filled(workspace / name):
            steps.append(f"écrivez le mot de passe du courrier, seul, dans {workspace / name}")
    return steps


def _filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def creation_lines(workspace: Path, general: General, added: Sequence[str], problems: Sequence[Problem]) -> list[str]:
    """What was made, what is to be mended, and what to do next."""
    place = general.workbook.file if general.workbook.kind == "xlsx" else "la feuille Google"
    lines = [
        f"L'espace de travail est prêt : {workspace}",
        f"Le classeur à remplir : {place}",
        f"Les réglages : {workspace / 'config' / 'general.toml'}",
        *(f"Ajouté au classeur : {what}." for what in added),
        *(f"À corriger : {problem}" for problem in problems),
    ]
    steps = still_to_do(workspace, general)
    steps.append(f"tapez : python run.py --espace {workspace} verifier")
    lines.append("Il vous reste à faire :")
    lines += [f"  {number}. {step}" for number, step in enumerate(steps, 1)]
    return [typography(line) for line in lines]
