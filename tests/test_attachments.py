"""Attachments: which files a cell may name, what is read from the folder, and how they travel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import APPEALS, CALLS, OTHERS, STRUCTURES, Workspace, parsed
from workflows.core.attachments import MAX_BYTES, TYPES, Shelf, attachments, size
from workflows.core.cells import Unreadable
from workflows.core.ports import Cell, Kind
from workflows.core.workflow import Scope, Step
from workflows.engine.attachments import AttachmentFolder, AttachmentGone
from workflows.engine.prepare import Request

SHELF = Shelf("pieces-jointes", {"Règlement.pdf": 1000, "plan d'accès.png": 2000, "gros.pdf": MAX_BYTES})


def cell(words: str) -> Cell:
    return Cell(words, Kind.TEXT)


def refused(words: str, shelf: Shelf = SHELF) -> str:
    with pytest.raises(Unreadable) as caught:
        attachments(cell(words), shelf)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Règlement.pdf", ("Règlement.pdf",)),
        (" Re\u0300glement.pdf\u00a0", ("Règlement.pdf",)),
        ("plan d'accès.png ; Règlement.pdf;", ("plan d'accès.png", "Règlement.pdf")),
        ("Règlement.pdf\nplan d'accès.png", ("Règlement.pdf", "plan d'accès.png")),
        ("Règlement.pdf ; Règlement.pdf", ("Règlement.pdf",)),
        ("", ()),
    ],
)
def test_a_cell_names_files_of_the_folder(words: str, names: tuple[str, ...]) -> None:
    assert attachments(cell(words), SHELF) == names


@pytest.mark.parametrize(
    "words",
    [
        "/etc/passwd", "../config/general.toml", "dossier/plan.pdf", r"C:\plan.pdf", "C:plan.pdf",
    ],
)  # fmt: skip
def test_a_path_is_refused(words: str) -> None:
    assert "n'est pas un nom de fichier seul" in refused(words)


def test_what_is_not_there_is_refused_with_the_nearest_name() -> None:
    said = refused("reglement.pdf")
    assert "n'est pas dans le dossier pieces-jointes" in said
    assert "Déposez-y ce fichier, ou corrigez son nom" in said
    assert "vouliez-vous dire «\u00a0Règlement.pdf\u00a0» ?" in said
    assert "Déposez-y ce fichier" in refused("convention-2027.pdf")
    assert "avec sa fin (pdf" in refused("convention-2027")


def test_the_file_of_another_is_never_proposed() -> None:
    shelf = Shelf("pieces-jointes", {"convention-s1.pdf": 1000})
    assert "convention-s1.pdf" not in refused("convention-s2.pdf", shelf)
    assert "convention-s1.pdf" in refused("Convention s1.pdf", shelf)


def test_hidden_files_and_too_much_are_refused() -> None:
    assert "fichier caché" in refused(".secret.pdf")
    assert "dépassent 10\u00a0Mo (10,1\u00a0Mo)" in refused("gros.pdf ; Règlement.pdf")
    assert attachments(cell("gros.pdf"), SHELF) == ("gros.pdf",)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 ko"), (340_000, "340 ko"), (999_999, "1000 ko"), (1_150_000, "1,2 Mo"), (10_000_000, "10 Mo")],
)
def test_sizes_are_said_as_people_say_them(count: int, words: str) -> None:
    assert size(count) == words.replace(" ", "\u00a0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files to attach beside one with a secret."""
    found = tmp_path / "pieces-jointes"
    found.mkdir()
    (found / "appel.pdf").write_bytes(b"%PDF-1.7 appel")
    (tmp_path / "secret.txt").write_text("mot de passe")
    return found


def test_only_plain_files_of_the_folder_are_on_the_shelf(folder: Path) -> None:
    (folder / "vide.pdf").touch()
    (folder / ".cache.pdf").write_bytes(b"x")
    (folder / "script.sh").write_bytes(b"x")
    (folder / "dossier.pdf").mkdir()
    (folder / "dehors.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "dedans.pdf").symlink_to(folder / "appel.pdf")
    (folder / "rompu.pdf").symlink_to(folder / "nulle-part.pdf")
    os.mkfifo(folder / "tuyau.pdf")
    shelf = AttachmentFolder(folder, "pieces-jointes").shelf()
    assert shelf.sizes == {"appel.pdf": 14, "dedans.pdf": 14}
    assert shelf.unfit.keys() == {
        "vide.pdf", "script.sh", "dossier.pdf", "dehors.txt", "rompu.pdf", "tuyau.pdf",
    }  # fmt: skip
    assert "du dossier pieces-jointes est un lien vers un autre dossier" in refused("dehors.txt", shelf)


def test_one_name_in_two_spellings_is_nobodys(folder: Path) -> None:
    (folder / "été.pdf").write_bytes(b"a")
    (folder / "e\u0301te\u0301.pdf").write_bytes(b"b")
    shelf = AttachmentFolder(folder, "pieces-jointes").shelf()
    assert "y est deux fois" in refused("été.pdf", shelf)


def test_a_file_that_changes_into_a_link_is_not_read(folder: Path) -> None:
    attached = AttachmentFolder(folder, "pieces-jointes")
    assert "appel.pdf" in attached.shelf().sizes
    (folder / "appel.pdf").unlink()
    (folder / "appel.pdf").symlink_to(folder.parent / "secret.txt")
    with pytest.raises(AttachmentGone):
        attached.load(["appel.pdf"])


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    shelf = AttachmentFolder(tmp_path / "absent", "absent").shelf()
    assert "n'est pas dans le dossier absent" in refused("appel.pdf", shelf)


# Through whole rounds


def rounds(folder: Path, call: str, own: str | None = None) -> Workspace:
    """Two structures and a launched call with these attachments."""
    structures = [
        (*STRUCTURES, "Pièce jointe"),
        ("STR-001", "Un", "un@structures.example", None, None, own),
        ("STR-002", "Deux", "deux@structures.example", None, None, None),
    ]
    appeals = [
        (*APPEALS, "Pièce jointe"),
        ("2027-1", "Appel", "01/02/2027", "26/03/2027", None, call),
    ]
    return Workspace(folder, {"Structures": structures, "Appels": appeals})


def attached(workspace: Workspace, folder: str = "envois") -> dict[str, list[Any]]:
    """Per recipient, the name, type and bytes of each attachment."""
    return {
        str(mail["To"]): [
            (p.get_filename(), p.get_content_type(), p.get_payload(decode=True))
            for p in mail.iter_attachments()
        ]
        for mail in workspace.mails(folder)
    }


def test_the_files_travel_with_the_announcement_as_they_are(tmp_path: Path) -> None:
    workspace = rounds(tmp_path, "Règlement d'été (à signer).pdf ; notes.txt", "convention.odt")
    shelf = tmp_path / "pieces-jointes"
    shelf.mkdir()
    everything = bytes(range(256)) * 40
    (shelf / "Re\u0300glement d'e\u0301te\u0301 (a\u0300 signer).pdf").write_bytes(everything)
    (shelf / "notes.txt").write_text("Été\nsans fin de ligne", "utf-8")
    (shelf / "convention.odt").write_bytes(b"PK")
    account = workspace.launch()
    assert len(account.sent) == 2
    common = [
        ("Règlement d'été (à signer).pdf", "application/pdf", everything),
        ("notes.txt", "text/plain", "Été\nsans fin de ligne".encode()),
    ]
    own = ("convention.odt", "application/vnd.oasis.opendocument.text", b"PK")
    assert attached(workspace) == {
        "un@structures.example": [*common, own],
        "deux@structures.example": common,
    }
    later = workspace.follow_up("2027-03-17T10:00")
    assert len(later.sent) == 2
    assert sum(map(len, attached(workspace).values())) == 0, (
        "the last mail of each is a follow-up, without files"
    )


def test_a_mail_with_attachments_keeps_its_two_bodies(tmp_path: Path) -> None:
    workspace = rounds(tmp_path, "appel.pdf")
    (tmp_path / "pieces-jointes").mkdir()
    (tmp_path / "pieces-jointes" / "appel.pdf").write_bytes(b"%PDF")
    workspace.launch()
    raw = min((tmp_path / "donnees/envois/new").iterdir()).read_bytes()
    mail = parsed(raw)
    assert [p.get_content_type() for p in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip
    assert max(map(len, raw.splitlines())) <= 998
    assert mail["Content-Language"] == "fr"


def test_a_round_takes_so_much_and_the_next_goes_on(tmp_path: Path) -> None:
    """Two hundred megabytes a round: what is beyond waits for the next one, and says so."""
    structures = [(f"STR-{n:03}", f"Structure {n}", f"s{n}@x.example", None, None) for n in range(1, 23)]
    appeals = [(*APPEALS, "Pièce jointe"), ("2027-1", "Appel", "01/02/2027", "26/03/2027", None, "gros.pdf")]
    workspace = Workspace(tmp_path, {"Structures": [STRUCTURES, *structures], "Appels": appeals, **OTHERS})
    (tmp_path / "pieces-jointes").mkdir()
    (tmp_path / "pieces-jointes" / "gros.pdf").write_bytes(b"x" * MAX_BYTES)
    account = workspace.office().preview(Request("apercu", Scope(CALLS, Step.FIRST, "2027-1")))
    assert len(account.mails) == 20
    assert {reason for _, reason in account.waiting} == {
        "assez de pièces jointes pour ce passage, suite au prochain"
    }


def test_a_missing_file_holds_the_whole_call_and_is_said_once(tmp_path: Path) -> None:
    workspace = rounds(tmp_path, "reglement.pdf")
    (tmp_path / "pieces-jointes").mkdir()
    (tmp_path / "pieces-jointes" / "Règlement.pdf").write_bytes(b"%PDF")
    account = workspace.launch()
    assert (account.sent, len(account.waiting)) == ([], 2)
    (problem,) = account.problems
    assert problem.where == "Appels, ligne 2, Pièce jointe"
    assert "Règlement.pdf" in problem.remedy
    assert "l'appel est à corriger" in account.waiting[0][1]
    assert workspace.row("Appels", **{"Réf.": "2027-1"})["État"].startswith("À corriger")


def test_a_structures_own_missing_file_holds_that_structure_alone(tmp_path: Path) -> None:
    workspace = rounds(tmp_path, "", "absent.pdf")
    account = workspace.launch()
    assert [key for key, _ in account.sent] == ["appel:2027-1:STR-002:annonce"]
    assert [p.where for p in account.problems] == ["Structures, ligne 2, Pièce jointe"]


@pytest.mark.parametrize("words", ["{{ pieces }}", "/etc/passwd", "../../config/general.toml"])
def test_nothing_else_in_the_sheet_attaches_anything(tmp_path: Path, words: str) -> None:
    """A path in a name, a title or a note is words; in `Pièce jointe` it holds the call."""
    workspace = Workspace(
        tmp_path,
        {
            "Structures": [STRUCTURES, ("STR-001", words, "un@structures.example", None, None)],
            "Appels": [APPEALS, ("2027-1", words, "01/02/2027", "26/03/2027", None)],
        },
    )
    workspace.launch()
    assert attached(workspace) == {"un@structures.example": []}
    held = rounds(tmp_path / "held", words)
    assert held.launch().sent == []


@pytest.mark.parametrize("folder", ["", ".", "/etc", "../autre", "config", "donnees/envois", "templates"])
def test_the_folder_stands_apart_in_the_workspace(tmp_path: Path, folder: str) -> None:
    workspace = Workspace(tmp_path, {"Structures": [STRUCTURES], "Appels": [APPEALS]})
    workspace.set("courrier", pieces_jointes=f'"{folder}"')
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert ran.json["checks"][0]["mark"] == "✗"
    assert "config/general.toml, [courrier], pieces_jointes" in ran.json["checks"][0]["what"]


def test_every_type_has_its_media_type() -> None:
    assert all("/" in media for media in TYPES.values())
