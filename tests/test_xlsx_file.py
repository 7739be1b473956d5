"""The xlsx adapter and the file on disk: who has it open, what refuses it, what a failure leaves."""

from __future__ import annotations

import errno
import os
import pwd
import resource
import shutil
import socket
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.xlsx_workbooks import patch_parts, plain_workbook
from workflows.adapters import xlsx_files
from workflows.adapters.xlsx_files import BACKUP_DAYS, disk_error, office_runs
from workflows.adapters.xlsx_workbook import XlsxWorkbook
from workflows.core.ports import Put, Snapshot, WorkbookError

PUT = Put("Structures", 3, 2, "écrit")
MONDAY = date(2027, 3, 1)
HERE = f"{pwd.getpwuid(os.getuid()).pw_name},{socket.gethostname()}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return plain_workbook(tmp_path / "coordination.xlsx")


def on(path: Path, day: date = MONDAY) -> XlsxWorkbook:
    return XlsxWorkbook(path, lambda: day)


def refusal(path: Path, snapshot: Snapshot | None = None) -> WorkbookError:
    """The error that a write ends in, the file being left as it was and nothing beside it."""
    workbook = on(path)
    snapshot = snapshot or workbook.read()
    content, beside = path.read_bytes(), set(path.parent.glob("*.tmp")) | set(path.parent.glob(".*.tmp"))
    with pytest.raises(WorkbookError) as caught:
        workbook.write([PUT], snapshot)
    assert path.read_bytes() == content
    assert set(path.parent.glob(".*.tmp")) == beside == set()
    return caught.value


def unread(path: Path) -> WorkbookError:
    with pytest.raises(WorkbookError) as caught:
        on(path).read()
    assert caught.value.remedy.endswith(".")
    assert not caught.value.temporary
    return caught.value


# Files that are no workbook


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    assert str(tmp_path) in unread(tmp_path / "absent.xlsx").what


def test_a_folder_is_no_workbook(tmp_path: Path) -> None:
    assert "dossier" in unread(tmp_path).what


@pytest.mark.parametrize("content", [b"", b"Nom;Courriel\n", b"PK\x03\x04 broken", b"<html></html>"])
def test_what_is_no_workbook_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert "abîmé" in unread(path).what


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "mot de passe",
        ),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "Workbook".encode("utf-16-le"), ".xls"),
    ],
)
def test_old_and_encrypted_files_are_told_by_what_they_are(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert word in unread(path).what


def test_an_opendocument_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", "<a/>")
    assert ".ods" in unread(path).what


def test_a_word_document_is_no_workbook(path: Path) -> None:
    patch_parts(path, {"xl/workbook.xml": lambda _: b'<w:document xmlns:w="w"/>'})
    assert "n’est pas un classeur" in unread(path).what


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package, package.open("a.xml", "w") as part:
        for _ in range(400):
            part.write(bytes(1024 * 1024))
    assert path.stat().st_size < 1024 * 1024
    assert "décompressé" in unread(path).what


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<worksheet><sheetData><row>",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet><sheetData/></worksheet>',
        b'<worksheet><sheetData><row r="x"><c r="A1"><v>z</v></c></row></sheetData></worksheet>',
        b'<worksheet><sheetData><row r="2"/><row r="1"/></sheetData></worksheet>',
        b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_a_damaged_part_is_never_a_traceback(path: Path, part: str, broken: bytes) -> None:
    snapshot = on(path).read()
    patch_parts(path, {part: lambda _: broken})
    assert any(word in unread(path).what for word in ("abîmé", "n’est pas un classeur"))
    assert refusal(path, snapshot).temporary  # changed since


@pytest.mark.parametrize("length", [10, 200, 1000, 3000])
def test_a_cut_file_is_damaged(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:-length])
    assert "abîmé" in unread(path).what


# A file that someone has open


def locked(path: Path, content: str) -> Path:
    lock = path.with_name(f".~lock.{path.name}#")
    lock.write_text(content, "utf-8")
    return lock


def test_libreoffices_lock_is_respected_and_told(path: Path) -> None:
    locked(path, "Martin\\, Zoé,zoe,poste-12,23.11.2026 13:39,file:///home/zoe/.config/libreoffice/4;")
    error = refusal(path)
    assert error.temporary
    assert error.what == (
        "Le classeur «\u00a0coordination.xlsx\u00a0» est ouvert dans LibreOffice par Martin, Zoé"
        " sur l’ordinateur «\u00a0poste-12\u00a0» depuis le 23/11/2026 à 13:39."
    )
    assert error.remedy == "Fermez-le\u00a0; la prochaine tournée écrira."
    assert on(path).read().sheets


@pytest.mark.parametrize("content", ["", "?", ",,,,;", "\x00\xff"])
def test_a_lock_that_says_nothing_is_respected_too(path: Path, content: str) -> None:
    locked(path, content)
    assert refusal(path).what.endswith("est ouvert dans LibreOffice.")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[None]:
    """A running process of LibreOffice's name."""
    program = shutil.copy(shutil.which("sleep") or "/bin/sleep", tmp_path / "soffice.bin")
    process = subprocess.Popen([program, "60"])
    yield
    process.kill()
    process.wait()


def test_a_lock_of_this_account_is_respected_while_libreoffice_runs(path: Path, office: None) -> None:
    locked(path, f",{HERE},23.11.2026 13:39,file:///root;")
    assert refusal(path).temporary


def test_a_lock_left_by_a_crash_is_ignored_and_left_alone(path: Path) -> None:
    if office_runs():
        pytest.skip("LibreOffice runs on this machine")
    lock = locked(path, f",{HERE},23.11.2026 13:39,file:///root;")
    workbook = on(path)
    workbook.write([PUT], workbook.read())
    assert workbook.read().sheets["Structures"].cell(3, 2).value == "écrit"
    assert lock.exists()


def test_excels_lock_is_respected_and_names_who(path: Path) -> None:
    name = "Zoé Martin"
    eight_bits = bytes([len(name)]) + name.encode("cp1252").ljust(54)
    wide = len(name).to_bytes(2, "little") + name.encode("utf-16-le").ljust(108, b" ")
    path.with_name(f"~${path.name}").write_bytes(eight_bits + wide)
    error = refusal(path)
    assert "est ouvert dans Excel par Zoé Martin." in error.what
    assert error.temporary
    path.with_name(f"~${path.name}").write_bytes(b"")
    assert "est ouvert dans Excel." in refusal(path).what


def test_a_file_that_changed_since_it_was_read_is_not_written(path: Path) -> None:
    snapshot = on(path).read()
    on(path).write([Put("Structures", 4, 2, "d’un autre")], snapshot)
    error = refusal(path, snapshot)
    assert error.temporary
    assert "modifié" in error.what


# A file or a disk that refuses


@pytest.mark.parametrize("whole", [True, False], ids=["replaced", "in place"])
def test_a_file_saved_at_the_very_last_moment_is_put_back(
    path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    hers = plain_workbook(path.with_name("hers.xlsx"))
    patch_parts(hers, {"xl/workbook.xml": lambda part: part + b"<!-- hers -->"})
    saved = hers.read_bytes()

    def swap_after_her_save(one: Path, other: Path) -> bool:
        monkeypatch.undo()
        if whole:
            hers.replace(path)
        else:
            path.write_bytes(saved)
        return xlsx_files.swap(one, other)

    workbook = on(path)
    snapshot = workbook.read()
    monkeypatch.setattr(xlsx_files, "swap", swap_after_her_save)
    with pytest.raises(WorkbookError) as caught:
        workbook.write([PUT], snapshot)
    assert caught.value.temporary
    assert path.read_bytes() == saved
    assert not list(path.parent.glob(".tournee-*"))


def test_where_files_cannot_be_swapped_they_are_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "swap", lambda one, other: False)
    workbook = on(path)
    workbook.write([PUT], workbook.read())
    assert workbook.read().sheets["Structures"].cell(3, 2).value == "écrit"


def test_a_read_only_file_is_respected_even_by_root(path: Path) -> None:
    path.chmod(0o444)
    assert "lecture seule" in refusal(path).what
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_read_only_folder_is_respected_even_by_root(path: Path) -> None:
    path.parent.chmod(0o555)
    try:
        assert "dossier" in refusal(path).what
    finally:
        path.parent.chmod(0o700)


def test_a_write_that_breaks_off_leaves_the_file_and_nothing_else(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    backups = path.parent / "sauvegardes"
    on(path).write([PUT], on(path).read())
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        assert refusal(path).temporary
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(list(backups.iterdir())) == 1


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "plein"),
        (errno.EROFS, "accessible"),
        (errno.EIO, "(le disque ou le partage ne répond pas bien)"),
        (errno.EXDEV, f"(le système a répondu par l'erreur {errno.EXDEV})"),
    ],
)
def test_the_systems_refusal_is_said_in_french(path: Path, number: int, word: str) -> None:
    assert word in disk_error(path, OSError(number, os.strerror(number))).what


# What a write leaves


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_files_mode_is_kept(path: Path, mode: int) -> None:
    path.chmod(mode)
    on(path).write([PUT], on(path).read())
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_linked_workbook_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "lien.xlsx"
    link.symlink_to(path)
    on(link).write([PUT], on(link).read())
    assert link.is_symlink()
    assert on(path).read().sheets["Structures"].cell(3, 2).value == "écrit"


def test_the_first_write_of_a_day_keeps_the_file_as_it_was(path: Path) -> None:
    original = path.read_bytes()
    for text in ("un", "deux"):
        on(path).write([Put("Structures", 3, 2, text)], on(path).read())
    kept = path.parent / "sauvegardes"
    assert [copy.name for copy in kept.iterdir()] == ["coordination-2027-03-01.xlsx"]
    assert (kept / "coordination-2027-03-01.xlsx").read_bytes() == original
    assert on(kept / "coordination-2027-03-01.xlsx").read().sheets


def test_backups_are_kept_for_two_weeks_and_other_files_for_ever(path: Path) -> None:
    kept = path.parent / "sauvegardes"
    kept.mkdir()
    (kept / "coordination-2001-01-01.xlsx.txt").write_text("à elle")
    (kept / "autre-2001-01-01.xlsx").write_text("à elle")
    for day in range(20):
        workbook = on(path, MONDAY + timedelta(days=day))
        workbook.write([Put("Structures", 3, 2, f"jour {day}")], workbook.read())
    days = [MONDAY + timedelta(days=day) for day in range(20)][-BACKUP_DAYS:]
    ours = {f"coordination-{day}.xlsx" for day in days}
    assert {copy.name for copy in kept.iterdir()} == ours | {
        "coordination-2001-01-01.xlsx.txt",
        "autre-2001-01-01.xlsx",
    }
