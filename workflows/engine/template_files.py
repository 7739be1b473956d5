"""Where templates are found, and the parts of a template file (design §2, §5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workflows.core.problems import Problem, TourneeError
from workflows.engine.markup import clean

_SUBJECT = re.compile(r"\s*objet\s*:[^\S\n]*(?P<subject>.*)", re.IGNORECASE)
_MAX_BYTES = 100_000


class TemplateProblem(TourneeError):
    """A template cannot be used as it is; `problems` holds all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(f"{p.where}\u00a0: {p.what}" for p in problems), problems[0].remedy)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One template as it stands on the disk; `where` names it in problems."""

    where: str
    text: str

    def at(self, line: int) -> str:
        """« templates/…/annonce.txt, ligne 3 »."""
        return f"{self.where}, ligne {line}"


@dataclass(frozen=True, slots=True)
class Letter:
    """The two parts of a mail's template; line breaks before the body keep its line numbers."""

    subject: str
    body: str


class TemplateFiles:
    """Template folders in order: hers first, the shipped ones last."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def read(self, name: str) -> TemplateFile:
        """The first file of this name (« appel-a-candidatures/annonce.txt »). Raises TemplateProblem.

        A file outside its folder, even by a symbolic link, is refused.
        """
        where = f"templates/{name}"
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise _problem(where, "Ce modèle est hors du dossier des modèles.", "Rangez-le dans templates.")
        for folder in self._folders:
            path = folder / name
            if _stands(path):
                return TemplateFile(where, _content(folder, path, where))
        raise _problem(where, "Ce modèle n'existe pas.", "Remettez ce fichier dans le dossier templates.")


def split(file: TemplateFile) -> Letter:
    """The subject on the first line, a blank line, the body. Raises TemplateProblem."""
    first, _, rest = file.text.partition("\n")
    found = _SUBJECT.fullmatch(first)
    if found is None or not found["subject"].strip():
        raise _problem(
            file.at(1),
            "La première ligne ne donne pas l'objet du message.",
            "Écrivez par exemple «\u00a0Objet\u00a0: Appel à candidatures\u00a0».",
        )
    second, _, body = rest.partition("\n")
    if second.strip():
        raise _problem(
            file.at(2), "Il n'y a pas de ligne vide après l'objet.", "Laissez la deuxième ligne vide."
        )
    if not body.strip():
        raise _problem(
            file.where, "Le message est vide.", "Écrivez son texte à partir de la troisième ligne."
        )
    return Letter(found["subject"].strip(), f"\n\n{body}")


def _stands(path: Path) -> bool:
    """Whether there is something by this name, be it a broken link or in a closed folder."""
    try:
        return path.is_symlink() or path.exists()
    except OSError:
        return True


def _content(folder: Path, path: Path, where: str) -> str:
    try:
        inside = path.resolve(strict=True).is_relative_to(folder.resolve())
        if not inside:
            raise _problem(
                where, "Ce modèle est hors du dossier des modèles.", "Remplacez le lien par le fichier."
            )
        if path.stat().st_size > _MAX_BYTES:
            raise _problem(where, f"Ce modèle dépasse {_MAX_BYTES // 1000}\u00a0ko.", "Raccourcissez-le.")
        return clean(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _problem(
            where, "Ce modèle n'est pas enregistré en UTF-8.", "Enregistrez-le en UTF-8."
        ) from None
    except OSError:
        raise _problem(
            where, "Ce modèle ne peut pas être lu.", "Vérifiez vos droits sur ce fichier."
        ) from None


def _problem(where: str, what: str, remedy: str) -> TemplateProblem:
    return TemplateProblem([Problem(where, what, remedy)])
