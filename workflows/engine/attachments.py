"""The attachments' folder: what lies in it, and the bytes of what a message takes along (design §2).

Only regular files that stand in that one folder, under the very name that a cell gave, are ever opened.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workflows.core.attachments import MAX_BYTES, TYPES, Shelf, ending, size
from workflows.core.cells import normalise
from workflows.core.french import join, quoted
from workflows.core.problems import TourneeError


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file as it travels."""

    name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def size(self) -> str:
        """« 340 ko »."""
        return size(len(self.content))


class AttachmentGone(TourneeError):
    """A file that was on the shelf when the round began cannot be read now."""


class AttachmentFolder:
    """One round's view of the folder; each file is read once."""

    def __init__(self, folder: Path, shown: str) -> None:
        """`shown` is the folder's name in sentences."""
        self._folder = folder
        self._shown = shown
        self._read: dict[str, Attachment] = {}

    def shelf(self) -> Shelf:
        """What may be attached now; a folder that is missing or closed holds nothing."""
        found = [(normalise(path.name), path) for path in self._files()]
        often = Counter(name for name, _ in found)
        sizes: dict[str, int] = {}
        unfit: dict[str, str] = {}
        for name, path in found:
            looked = "y est deux fois, sous deux écritures" if often[name] > 1 else self._look(name, path)
            if isinstance(looked, str):
                unfit[name] = looked
            else:
                sizes[name] = looked
        return Shelf(self._shown, sizes, unfit)

    def load(self, names: Sequence[str]) -> tuple[Attachment, ...]:
        """The files of these names. Raises AttachmentGone."""
        return tuple(self._load(name) for name in names)

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if not path.name.startswith("."))
        except OSError:
            return []

    def _look(self, name: str, path: Path) -> int | str:
        """The size of a file that may be attached, or why this entry never is."""
        if ending(name) not in TYPES:
            return f"n'est pas d'un type qui se joint ({join(list(TYPES), 'ou')})"
        try:
            if path.resolve(strict=True).parent != self._folder.resolve():
                return "est un lien vers un autre dossier"
            found = path.stat()
        except (OSError, RuntimeError):
            return "ne peut pas être lu"
        if not stat.S_ISREG(found.st_mode) or not os.access(path, os.R_OK):
            return "ne peut pas être lu"
        return found.st_size or "est vide"

    def _load(self, name: str) -> Attachment:
        if name not in self._read:
            path = next((path for path in self._files() if normalise(path.name) == name), None)
            if path is None or isinstance(self._look(name, path), str):
                raise self._gone(name)
            self._read[name] = Attachment(name, TYPES[ending(name)], self._content(name, path))
        return self._read[name]

    def _content(self, name: str, path: Path) -> bytes:
        try:
            # Without links and without waiting, so that nothing put there meanwhile is followed or hangs.
            descriptor = os.open(path.resolve(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise self._gone(name)
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise self._gone(name) from error
        if not 0 < len(content) <= MAX_BYTES:
            raise self._gone(name)
        return content

    def _gone(self, name: str) -> AttachmentGone:
        return AttachmentGone(
            f"Le fichier {quoted(name)} du dossier {self._shown} a changé pendant la tournée.",
            "Vérifiez-le, puis relancez.",
        )
