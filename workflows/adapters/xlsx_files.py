"""The file on disk: who has it open, its backups, and replacing it whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import re
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from workflows.core.disk import cause
from workflows.core.ports import WorkbookError

BACKUP_DAYS = 14
"""How long the file as it was before a day's first write is kept."""

_BACKUP = "{stem}-{day:%Y-%m-%d}{suffix}"
_OFFICE_PROCESSES = {"soffice.bin", "soffice", "oosplash"}
_ENDED = {"Z", "X"}
"""States (proc(5)) of a process that only waits to be buried."""
_READ_LIMIT = 100 * 1024 * 1024
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
"""Paths as the process sees them; both files stay, each under the other's name (linux/fs.h)."""


def quoted(path: Path) -> str:
    """« coordination.xlsx »"""
    return f"«\u00a0{path.name}\u00a0»"


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises WorkbookError."""
    try:
        if path.is_dir():
            raise WorkbookError(
                f"{quoted(path)} est un dossier.", "Indiquez dans general.toml le chemin du fichier .xlsx."
            )
        if path.stat().st_size > _READ_LIMIT:
            raise WorkbookError(
                f"Le classeur {quoted(path)} pèse plus de 100 Mo.",
                "Retirez-en les images, ou copiez les onglets utiles dans un nouveau classeur.",
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise WorkbookError(
            f"Le classeur {quoted(path)} est introuvable dans le dossier {path.parent}.",
            "Remettez-le à sa place, ou corrigez «\u00a0fichier\u00a0» dans general.toml.",
        ) from None
    except OSError as error:
        raise disk_error(path, error) from error


def check_writable(path: Path) -> None:
    """Refuse a file or folder that a person made read-only, even to root. Raises WorkbookError."""
    bits = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    if not path.stat().st_mode & bits or not os.access(path, os.W_OK):
        raise WorkbookError(
            f"Le classeur {quoted(path)} est en lecture seule.",
            "Retirez la protection en lecture seule du fichier\u00a0; la prochaine tournée écrira.",
        )
    if not path.parent.stat().st_mode & bits or not os.access(path.parent, os.W_OK):
        raise WorkbookError(
            f"Le dossier du classeur {quoted(path)} est en lecture seule.",
            f"Autorisez l’écriture dans le dossier {path.parent}\u00a0; la prochaine tournée écrira.",
        )


def disk_error(path: Path, error: OSError) -> WorkbookError:
    """The system's refusal as she can understand it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WorkbookError(
            f"Le disque est plein\u00a0: le classeur {quoted(path)} n’a pas pu être écrit.",
            "Libérez de la place\u00a0; la prochaine tournée écrira.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return WorkbookError(
            f"Le classeur {quoted(path)} ou son dossier n’est pas accessible à Tournée.",
            f"Donnez au compte qui lance Tournée le droit de lire et d’écrire dans {path.parent}.",
        )
    return WorkbookError(
        f"Le système n’a pas pu lire ou écrire le classeur {quoted(path)} ({cause(error)}).",
        "Vérifiez que le disque ou le partage est bien accessible\u00a0; la prochaine tournée réessaiera.",
        temporary=True,
    )


# Who has it open


@dataclass(frozen=True, slots=True)
class Lock:
    """Who has the workbook open, as far as the lock file beside it says."""

    program: str
    user: str = ""
    login: str = ""
    host: str = ""
    since: str = ""


def check_unlocked(path: Path) -> None:
    """Raise a temporary WorkbookError if LibreOffice or Excel has the file open.

    LibreOffice leaves its lock behind when it crashes. Such a lock is ignored if it names this very
    host and account while no LibreOffice runs on this machine (/proc); one from elsewhere cannot be
    judged and is respected, and so is Excel's, which names no host.
    """
    lock = find_lock(path)
    if lock is None or _left_by_a_crash(lock):
        return
    who = f" par {lock.user or lock.login}" if lock.user or lock.login else ""
    where = f" sur l’ordinateur «\u00a0{lock.host}\u00a0»" if lock.host else ""
    since = f" depuis le {lock.since}" if lock.since else ""
    raise WorkbookError(
        f"Le classeur {quoted(path)} est ouvert dans {lock.program}{who}{where}{since}.",
        "Fermez-le\u00a0; la prochaine tournée écrira.",
        temporary=True,
    )


def find_lock(path: Path) -> Lock | None:
    """The lock that lies beside the file, LibreOffice's first."""
    office = path.with_name(f".~lock.{path.name}#")
    with contextlib.suppress(OSError):
        return _libreoffice_lock(office.read_text("utf-8", "replace"))
    excel = path.with_name(f"~${path.name}")
    with contextlib.suppress(OSError):
        return _excel_lock(excel.read_bytes())
    return None


def _libreoffice_lock(text: str) -> Lock:
    """`name,login,host,23.11.2026 13:39,profile;`, a backslash before a comma that belongs to a name."""
    fields = [re.sub(r"\\(.)", r"\1", field) for field in re.split(r"(?<!\\),", text)]
    if len(fields) < 4:
        return Lock("LibreOffice")
    user, login, host, since = fields[:4]
    since = re.sub(r"(\d\d)\.(\d\d)\.(\d{4}) ", r"\1/\2/\3 à ", since)
    return Lock("LibreOffice", user.strip(), login, host, since)


def _excel_lock(content: bytes) -> Lock:
    """A length, the user's name in 8 bits, then from byte 55 the length and the name in UTF-16."""
    length = int.from_bytes(content[55:57], "little")
    user = content[57 : 57 + 2 * length].decode("utf-16-le", "replace")
    if not user.strip():
        user = content[1 : 1 + content[0]].decode("cp1252", "replace") if content else ""
    return Lock("Excel", user.strip("\0 "))


def _left_by_a_crash(lock: Lock) -> bool:
    here = lock.host == socket.gethostname() and lock.login == pwd.getpwuid(os.getuid()).pw_name
    return lock.program == "LibreOffice" and here and not office_runs()


def office_runs() -> bool:
    """Whether a LibreOffice process runs here; where /proc does not say, it may."""
    processes = list(Path("/proc").glob("[0-9]*/stat"))
    if not processes:
        return True
    for process in processes:
        with contextlib.suppress(OSError):
            name, _, rest = process.read_text("utf-8", "replace").partition("(")[2].rpartition(")")
            if name in _OFFICE_PROCESSES and rest.split()[0] not in _ENDED:
                return True
    return False


# Replacing and keeping


@contextlib.contextmanager
def _temporary(folder: Path, content: bytes, like: os.stat_result | None) -> Iterator[Path]:
    """A complete, flushed file in this folder, with the mode and owner of the one it is to replace."""
    handle, name = tempfile.mkstemp(prefix=".tournee-", suffix=".tmp", dir=folder)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            if like is not None:
                # A file system without owners and modes (FAT, some shares) refuses; there is none to keep.
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), like.st_uid, like.st_gid)
                with contextlib.suppress(PermissionError):
                    os.fchmod(stream.fileno(), stat.S_IMODE(like.st_mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes, expected: bytes) -> bool:
    """Put this content in the place of a file that still holds what is expected; False if it does not.

    Looks at the file and its locks again at the last moment, and at what it took out: a file that somebody
    saved in between goes back. Raises WorkbookError.
    """
    try:
        with _temporary(path.parent, content, path.stat()) as temporary:
            check_unlocked(path)
            if read_file(path) != expected:
                return False
            if not swap(temporary, path):
                temporary.replace(path)
            elif temporary.read_bytes() != expected:
                swap(temporary, path)
                return False
        _sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error) from error
    return True


def swap(one: Path, other: Path) -> bool:
    """Exchange two files in one step, renameat2(2); False where the system or the disk cannot."""
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    places = _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other)
    return renameat2 is not None and renameat2(*places, _RENAME_EXCHANGE) == 0


def create_file(path: Path, content: bytes) -> None:
    """Write a new file, whole, readable by its owner only. Raises WorkbookError if there is one."""
    if path.exists():
        raise WorkbookError(
            f"Il y a déjà un fichier {quoted(path)} dans le dossier {path.parent}.",
            "Choisissez un autre nom, ou déplacez ce fichier.",
        )
    try:
        with _temporary(path.parent, content, None) as temporary:
            temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error) from error


def back_up(path: Path, folder: Path, today: date) -> None:
    """Keep the file as it is before a day's first write; drop what is too old. Raises WorkbookError."""
    copy = folder / _BACKUP.format(stem=path.stem, day=today, suffix=path.suffix)
    try:
        if not copy.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            with _temporary(folder, path.read_bytes(), path.stat()) as temporary:
                shutil.copystat(path, temporary)
                temporary.replace(copy)
            _sync_folder(folder)
        for old in _expired(path, folder, today):
            old.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(copy, error) from error


def _expired(path: Path, folder: Path, today: date) -> list[Path]:
    """The backups of this file, and of no other, that are older than they may be."""
    pattern = re.compile(rf"{re.escape(path.stem)}-(\d{{4}}-\d\d-\d\d){re.escape(path.suffix)}")
    expired = []
    for candidate in folder.iterdir():
        match = pattern.fullmatch(candidate.name)
        with contextlib.suppress(ValueError):
            if match and date.fromisoformat(match[1]) <= today - timedelta(days=BACKUP_DAYS):
                expired.append(candidate)
    return expired


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
