"""The coordination's workbook as an xlsx file that people open in LibreOffice or Excel.

No library writes such files without losing or rewriting something (docs/decisions.md), so edits are
made in the bytes of the parts concerned and every other part is copied as it is. Formulas keep their
stored values and are calculated afresh by the program that next opens the file (fullCalcOnLoad).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from workflows.adapters.xlsx_book import Book, new_book
from workflows.adapters.xlsx_files import (
    back_up,
    check_unlocked,
    check_writable,
    create_file,
    quoted,
    read_file,
    replace_file,
)
from workflows.adapters.xlsx_markup import Damaged
from workflows.adapters.xlsx_package import NotXlsx
from workflows.core.ports import AddSheet, Edit, Receipt, Snapshot, WorkbookError

BACKUPS = "sauvegardes"
"""The folder beside the file that holds its backups."""


class XlsxWorkbook:
    """The port `Workbook` on a local file.

    Reading is possible while another program has the file open; writing then raises a temporary
    WorkbookError. A write replaces the whole file at once, or leaves it as it was.
    """

    def __init__(self, path: Path, today: Callable[[], date], backups: Path | None = None) -> None:
        """`today` dates the backups; their folder is by default « sauvegardes », beside the file."""
        self._path = path.resolve()
        self._backups = backups or self._path.parent / BACKUPS
        self._today = today

    def read(self) -> Snapshot:
        """Every worksheet. Raises WorkbookError."""
        content = read_file(self._path)
        try:
            return Snapshot(Book(content).sheets(), _version(content))
        except (Damaged, NotXlsx, ValueError, KeyError, IndexError, OverflowError) as error:
            raise self._unreadable(error) from error

    def check_write(self) -> None:
        """Whether the file may be written and nobody has it open. Raises WorkbookError."""
        check_writable(self._path)
        check_unlocked(self._path)

    def reserve(self) -> None:
        """Nothing to do: a file is one machine's, whose rounds exclude each other."""

    def reserved(self) -> bool:
        """Always, see `reserve`."""
        return True

    def release(self) -> None:
        """Nothing to do, see `reserve`."""

    def write(self, edits: Sequence[Edit], snapshot: Snapshot) -> Receipt:
        """All edits or none, on the very file that the snapshot was read from.

        Raises WorkbookError, with nothing written; ValueError for an edit that no caller may ask for
        (a formula's cell, an unknown tab).
        """
        if not edits:
            return Receipt()
        content = read_file(self._path)
        if _version(content) != snapshot.version:
            raise self._has_changed()
        self.check_write()
        edited = self._edited(content, edits)
        back_up(self._path, self._backups, self._today())
        if not replace_file(self._path, edited, expected=content):
            raise self._has_changed()
        return Receipt()

    def _edited(self, content: bytes, edits: Sequence[Edit]) -> bytes:
        try:
            book = Book(content)
            book.edit(edits)
            return book.to_bytes()
        except (Damaged, NotXlsx) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> WorkbookError:
        if isinstance(error, NotXlsx):
            return WorkbookError(f"Le fichier {quoted(self._path)} {error.what}", error.remedy)
        return WorkbookError(
            f"Le classeur {quoted(self._path)} est abîmé ou n’est pas un classeur Excel.",
            f"Ouvrez-le pour vérifier, ou reprenez une copie du dossier «\u00a0{self._backups.name}\u00a0».",
        )

    def _has_changed(self) -> WorkbookError:
        return WorkbookError(
            f"Le classeur {quoted(self._path)} a été modifié pendant la tournée\u00a0; rien n’y a été écrit.",
            "Il n’y a rien à faire\u00a0: la prochaine tournée le relira et écrira.",
            temporary=True,
        )


def create_workbook(path: Path, sheets: Sequence[AddSheet]) -> None:
    """Make a new workbook with these tabs, at least one. Raises WorkbookError if the file exists."""
    create_file(path, new_book(sheets))


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
