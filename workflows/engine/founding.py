"""The folder of a new workspace: shipped configuration with her answers, and empty places (design §2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from workflows.core.disk import cause
from workflows.core.french import typography
from workflows.core.problems import TourneeError
from workflows.engine.furnish import Furniture
from workflows.engine.general import General
from workflows.engine.questions import PASSWORD_FILE, Answers, with_answers

DATA = "donnees"
_GUIDE = Path("templates", "LISEZMOI.md")
_SECRETS = ("compte-de-service.json", Path(PASSWORD_FILE).name)


def is_workspace(folder: Path) -> bool:
    """Whether this folder holds a configuration of ours; many a folder has a « config » of its own."""
    return (folder / "config" / "general.toml").is_file()


def refuse_taken(folder: Path) -> None:
    """Raises TourneeError for a folder that holds something else."""
    with making(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise TourneeError(
                f"Le dossier {folder} existe et n'est pas vide.", "Donnez un autre nom de dossier."
            )


def found(folder: Path, checkout: Path, answers: Answers | None = None) -> None:
    """Make a workspace's folder, without its workbook, from what is shipped.

    Where the answers name a file for the password, it is made empty and for its owner alone, so that
    she only has to fill it in. Raises TourneeError, also for a folder that holds something else.
    """
    refuse_taken(folder)
    with making(folder):
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


def creation_lines(workspace: Path, general: General, made: Furniture, program: str) -> list[str]:
    """What there is, what was added, what is to be mended, and what to do next.

    `program` is how it is started.
    """
    xlsx = general.workbook.kind == "xlsx"
    keys = _keys(workspace, general, program)
    complete = not (made.edits or keys)
    lines = [
        f"L'espace de travail est prêt : {workspace}",
        f"Le classeur à remplir : {general.workbook.file if xlsx else 'la feuille Google'}",
        f"Les réglages : {workspace / 'config' / 'general.toml'}",
        f"Les modèles de messages : {workspace / _GUIDE}",
        *(["Il ne manquait rien au classeur."] if complete else []),
        *(f"Ajouté au classeur : {what}." for what in made.added),
        *(f"À corriger dans le classeur : {problem}" for problem in made.problems),
    ]
    steps = [*keys, *_passwords(workspace, general), *_mailbox(general)]
    steps.append(f"Vérifiez tout : {program} --espace {quote(str(workspace))} verifier")
    lines.append("Il vous reste à faire :")
    lines += [f"  {number}. {step}" for number, step in enumerate(steps, 1)]
    return [typography(line) for line in lines]


def _keys(workspace: Path, general: General, program: str) -> list[str]:
    """What opens a Google spreadsheet, until its key is there."""
    sheet = general.workbook
    if sheet.kind != "google" or sheet.service_account.exists():
        return []
    return [
        "Partagez la feuille avec l'adresse du compte de service, comme éditeur.",
        f"Mettez le fichier de clé de ce compte ici, sous ce nom : {sheet.service_account}",
        f"Préparez la feuille : {program} creer {quote(str(workspace))}",
    ]


def _mailbox(general: General) -> list[str]:
    """What is missing for answers to be read, where mail leaves through a server and none is asked."""
    if general.mail.kind != "smtp" or general.replies.kind != "maildir":
        return []
    why = "Pour que les réponses soient lues dans votre boîte aux lettres"
    return [f'{why} : type = "imap" sous [reponses] dans config/general.toml.']


def _passwords(workspace: Path, general: General) -> list[str]:
    """Where passwords are awaited; whether they are right is for `verifier`."""
    steps = []
    for source in sorted({m.password_source for m in (general.mail, general.replies) if m.user}):
        kind, _, name = source.partition(":")
        path = workspace / name.strip()
        if kind == "env":
            steps.append(f"Donnez le mot de passe du courrier par la variable d'environnement {name}.")
        elif not (path.is_file() and path.stat().st_size):
            steps.append(f"Écrivez le mot de passe du courrier, seul, dans le fichier {path}")
    return steps
