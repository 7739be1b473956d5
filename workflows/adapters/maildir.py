"""Mail as files in a Maildir, which any mail program opens (the trial's and the demo's transport).

A message is whole in `new/` or not there at all: it is written and synced in `tmp/`, then renamed.
The convention is D. J. Bernstein's; names end in .eml so that a double click opens them.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

from workflows.core.french import quoted
from workflows.core.ports import Accepted, Incoming, MailboxError, Seen, TransportError

_PARTS = ("tmp", "new", "cur")
_CAUSES = {
    errno.ENOSPC: ("le disque est plein", "Libérez de la place, puis relancez."),
    errno.EDQUOT: ("l'espace alloué est plein", "Libérez de la place, puis relancez."),
    errno.EACCES: ("l'accès est refusé", "Vérifiez à qui appartient ce dossier et ses droits."),
    errno.EPERM: ("l'accès est refusé", "Vérifiez à qui appartient ce dossier et ses droits."),
    errno.EROFS: ("le disque est en lecture seule", "Choisissez un dossier où l'on peut écrire."),
    errno.ENOTDIR: ("un fichier porte ce nom", "Choisissez un autre dossier, ou déplacez ce fichier."),
    errno.EEXIST: ("un fichier porte ce nom", "Choisissez un autre dossier, ou déplacez ce fichier."),
}
_OTHERWISE = ("le disque a répondu par une erreur", "Vérifiez ce dossier et le disque, puis relancez.")


class MaildirTransport:
    """Delivers every message into one folder, whoever its recipients are.

    The same message sent twice makes two files: that it is sent once is for the caller to see to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._delivered = 0

    def send(self, sender: str, recipients: Sequence[str], message: bytes) -> Accepted:  # noqa: ARG002 - the port's
        """Write the message to `new/`, safe from a power cut once this returns (see ports.Transport).

        Raises TransportError; nothing stands in `new/` then.
        """
        draft = self._folder / "tmp" / self._unique_name()
        try:
            self._make_folders()
            # The file system's own clock puts the names in the order of sending.
            written = _write_synced(draft, message)
            draft.rename(self._folder / "new" / f"{written}.{draft.name}")
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise _explained(error, self._folder) from error
        self._delivered += 1
        # The message is delivered from here on: a directory that cannot be synced changes nothing.
        with suppress(OSError):
            _sync_directory(self._folder / "new")
        return Accepted()

    def check(self) -> None:
        """Make the folder where it is missing, and try to write there. Raises TransportError."""
        draft = self._folder / "tmp" / self._unique_name()
        try:
            self._make_folders()
            _write_synced(draft, b"")
            draft.unlink()
        except OSError as error:
            raise _explained(error, self._folder) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _make_folders(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in _PARTS:
            (self._folder / part).mkdir(mode=0o700, exist_ok=True)

    def _unique_name(self) -> str:
        return f"P{os.getpid()}Q{self._delivered:06}R{secrets.token_hex(6)}.eml"


class MaildirSentBox:
    """The port `SentBox` on the very Maildir that messages were delivered into."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, message_ids: Sequence[str]) -> set[str]:
        """See ports.SentBox."""
        wanted, found = set(message_ids), set()
        try:
            for path in _files(self._folder):
                with suppress(FileNotFoundError):
                    found.add(_message_id(path))
        except OSError as error:
            cause, remedy = _CAUSES.get(error.errno or 0, _OTHERWISE)
            raise MailboxError(
                f"Le dossier {quoted(str(self._folder))} n'est pas lu\u00a0: {cause}.", remedy
            ) from error
        return wanted & found

    def keep(self, message: bytes) -> None:
        """What is delivered here lies here already."""

    def close(self) -> None:
        """Nothing is held open."""


def _message_id(path: Path) -> str:
    with path.open("rb") as file:
        return str(BytesHeaderParser().parse(file)["Message-ID"] or "").strip()


class MaildirMailbox:
    """A folder that replies are put into; nothing is moved, renamed or removed there.

    A place is a file's unique name, which mail programs keep when they move it to `cur/` and add flags.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        return f"maildir:{self._folder.name}"

    def read(self, position: str, oldest: datetime, seen: Seen) -> Iterator[Incoming]:  # noqa: ARG002 - the port's
        """Every file that was not read before, whatever its age: nothing but replies belongs here."""
        try:
            fresh = [path for path in _files(self._folder) if not seen.place(_unflagged(path))]
        except OSError as error:
            raise self._unreadable(error) from error
        for path in sorted(fresh, key=_arrival):
            with suppress(FileNotFoundError):
                yield Incoming(_unflagged(path), _content(path))

    def position(self) -> str:
        """The names alone tell what is new."""
        return ""

    def mark(self, places: Sequence[str]) -> Sequence[str]:
        """A folder of files shows nothing."""
        return places

    def check(self) -> None:
        try:
            list(_files(self._folder))
        except OSError as error:
            raise self._unreadable(error) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _unreadable(self, error: OSError) -> MailboxError:
        cause, remedy = _CAUSES.get(error.errno or 0, _OTHERWISE)
        return MailboxError(
            f"Le dossier des réponses, {quoted(str(self._folder))}, n'est pas lu\u00a0: {cause}.", remedy
        )


def _unflagged(path: Path) -> str:
    return path.name.partition(":")[0]


def _content(path: Path) -> bytes:
    """The bytes of a mail; none for a file that may not be read, which is not the others' fault."""
    try:
        return path.read_bytes()
    except PermissionError:
        return b""


def messages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The name and bytes of each message in `new/` and `cur/`, in the order of arrival.

    A folder that is missing holds none; a file that a mail program takes away meanwhile is passed over.
    Raises OSError for one that cannot be read.
    """
    for path in sorted(_files(folder), key=_arrival):
        with suppress(FileNotFoundError):
            yield path.name, path.read_bytes()


def erase(folder: Path, address: str, *, told: bool = False) -> int:
    """Delete the messages that an address sent, got or is named in; how many. Raises OSError.

    `told`: named in the text as well as in the headers.
    """
    erased = 0
    named = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w.-])")
    for path in _files(folder):
        content = path.read_bytes()
        message = BytesParser(policy=policy.default).parsebytes(content, headersonly=not told)
        values = [str(message[name] or "").lower() for name in ("From", "To", "Subject")]
        if message.get_content_type() == "multipart/report":  # who did not get it stands in its body
            values.append(content.decode("utf-8", "replace").lower())
        if told and (text := message.get_body(("plain",))):
            values.append(text.get_content().lower())
        if any(map(named.search, values)):
            path.unlink(missing_ok=True)
            erased += 1
    return erased


def _files(folder: Path) -> Iterator[Path]:
    for part in ("new", "cur"):
        with suppress(FileNotFoundError), os.scandir(folder / part) as entries:
            for entry in entries:
                if entry.is_file() and not entry.name.startswith("."):
                    yield Path(entry.path)


def _arrival(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:
        return 0, path.name


def _write_synced(path: Path, content: bytes) -> int:
    """The time at which the new file was written, in nanoseconds."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_mtime_ns


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, folder: Path) -> TransportError:
    cause, remedy = _CAUSES.get(error.errno or 0, _OTHERWISE)
    return TransportError(
        f"Le courrier n'a pas pu être déposé dans «\u00a0{folder}\u00a0»\u00a0: {cause}.",
        remedy,
    )
