"""`reponses lire`: how files are understood, on standard output alone, changing nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.answering import by_structure, letter, press, reply
from tests.support.workspace import CHECKOUT, Workspace, small

CORPUS = CHECKOUT / "tests" / "replies"
KEYS = ["file", "kind", "answer", "question", "hours", "return_date", "bounced", "extract", "matched"]


def test_the_corpus_reads_the_same_in_a_workspace_that_never_sent_anything(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    for folder in ("oui", "non", "heures", "rejets", "absences", "oppositions", "illisibles", "agenda"):
        expected = json.loads((CORPUS / folder / "expected.json").read_text("utf-8"))
        ran = workspace.run("reponses", "lire", *(str(CORPUS / folder / name) for name in expected))
        assert ran.status == 0, ran.err
        for found in ran.json:
            assert list(found) == KEYS
            wanted = expected[found["file"]]
            assert {key: found[key] for key in wanted} == wanted, found["file"]
            assert found["matched"] is None
    assert not (tmp_path / "donnees" / "journal.sqlite3").exists()


def test_what_is_no_mail_has_its_line_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "espace", small(1))
    (tmp_path / "vide.eml").write_bytes(b"")
    (tmp_path / "octets.eml").write_bytes(bytes(range(256)))
    names = ["vide.eml", "octets.eml"]
    ran = workspace.run("reponses", "lire", *(str(tmp_path / name) for name in names))
    assert ran.status == 0
    assert [(f["file"], f["kind"], f["answer"]) for f in ran.json] == [
        (n, "unreadable", "À lire") for n in names
    ]


@pytest.mark.parametrize(("name", "said"), [("absent.eml", "introuvable"), ("dossier", "est un dossier")])
def test_a_file_that_is_not_there_stops_before_anything_is_told(tmp_path: Path, name: str, said: str) -> None:
    workspace = Workspace(tmp_path / "espace", small(1))
    (tmp_path / "dossier").mkdir()
    (tmp_path / "oui.eml").write_bytes((CORPUS / "oui" / "apple-html.eml").read_bytes())
    ran = workspace.run("reponses", "lire", str(tmp_path / "oui.eml"), str(tmp_path / name))
    assert ran.status == 2
    assert list(ran.json) == ["command", "error"]
    assert said in ran.json["error"]["what"]
    assert ran.json["error"]["remedy"]


def test_the_message_that_is_answered_is_named_and_nothing_changes(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "espace", small(3), delai_de_grace='"0"')
    workspace.launch()
    mails = by_structure(workspace)
    files = {
        "fil.eml": reply(mails["STR-001"], "Oui, nous participerons."),
        "bouton.eml": press(mails["STR-002"], "Non"),
        "adresse.eml": letter("s3@structures.example", "Bonjour", "Oui"),
        "inconnu.eml": letter("x@ailleurs.example", "Bonjour", "Oui"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    before = {p: p.read_bytes() for p in (workspace.book, workspace.folder / "donnees" / "journal.sqlite3")}
    ran = workspace.run("reponses", "lire", *(str(tmp_path / name) for name in files))
    assert {f["file"]: (f["answer"], f["matched"]) for f in ran.json} == {
        "fil.eml": ("Oui", "appel:2027-1:STR-001:annonce"),
        "bouton.eml": ("Non", "appel:2027-1:STR-002:annonce"),
        "adresse.eml": ("À lire", "appel:2027-1:STR-003:annonce"),
        "inconnu.eml": ("Oui", None),
    }
    assert {path: path.read_bytes() for path in before} == before
    for_people = workspace.run("reponses", "lire", str(tmp_path / "fil.eml"), form="texte").out
    assert "une réponse, «\u00a0Oui\u00a0», répond à appel:2027-1:STR-001:annonce." in for_people
