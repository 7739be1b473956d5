"""A journal or a workbook from before, and a command about one workflow before the others' round."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answering import deliver, reply
from tests.support.sessions import PEOPLE, SESSIONS, invite, person, session
from tests.support.smtp_server import Fault, SmtpServer, outgoing
from tests.support.workspace import Workspace, small

THURSDAY = "2027-03-11T10:30"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    book = {
        **small(1, "À lancer"),
        "Promeneurs": [PEOPLE, person(1)],
        "Sessions": [SESSIONS, session()],
    }
    return Workspace(tmp_path / "espace", book, delai_de_grace='"0"')


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer(faults=[Fault("RCPT", "reply", "451 4.3.0 later", times=1)]) as running:
        yield running


def journal(workspace: Workspace) -> list[Path]:
    return sorted((workspace.folder / "donnees").glob("journal.sqlite3*"))


def lose_journal(workspace: Workspace) -> None:
    for path in journal(workspace):
        path.unlink()


def test_the_sheet_s_doubt_stands_after_a_command_about_something_else(
    workspace: Workspace, server: SmtpServer, tmp_path: Path
) -> None:
    workspace.smtp(server.port)
    workspace.round("2027-03-02T10:00")
    for path in journal(workspace):
        shutil.copy(path, tmp_path)
    server.faults[:] = [Fault("END", "lose", times=1)]
    workspace.round("2027-03-02T11:00")
    lose_journal(workspace)
    for path in tmp_path.glob("journal.sqlite3*"):
        shutil.copy(path, workspace.folder / "donnees")
    invite(workspace, "2027-03-02T11:30")
    account = workspace.round("2027-03-02T12:00")
    assert account.uncertain == ["appel:2027-1:STR-001:annonce"]
    to_structures = [m for m in outgoing(server.accepted) if m.recipients == ("s1@structures.example",)]
    assert len(to_structures) == 1
    assert workspace.tab("Candidatures")[0]["Envoi"] == "À vérifier"


def test_cells_of_a_lost_journal_are_written_again_after_such_a_command(workspace: Workspace) -> None:
    workspace.round("2027-03-10T10:00")
    assert workspace.tab("Présence")[-1]["Rappel"] == "En attente"
    lose_journal(workspace)
    workspace.launch("2027-03-11T09:00")
    account = workspace.round(THURSDAY)
    assert "presence:PRO-001:rappel:2027-S10" in dict(account.sent)
    assert account.problems == []
    assert workspace.tab("Présence")[-1]["Rappel"] == "Envoyé"


def test_a_restored_workbook_gets_the_later_answer_after_such_a_command(workspace: Workspace) -> None:
    workspace.round("2027-03-02T10:00")
    (mail,) = [mail for mail in workspace.mails() if mail["To"] == "s1@structures.example"]
    deliver(workspace, reply(mail, "Non, nous ne participons pas."))
    workspace.run("reponses", "relever", at="2027-03-04T10:00")
    shutil.copy(workspace.book, workspace.folder / "avant.xlsx")
    deliver(workspace, reply(mail, "Oui, finalement nous participons."))
    workspace.run("reponses", "relever", at="2027-03-05T10:00")
    shutil.copy(workspace.folder / "avant.xlsx", workspace.book)
    invite(workspace, "2027-03-05T10:05")
    workspace.round("2027-03-05T10:30")
    assert workspace.tab("Candidatures")[0]["Réponse"] == "Oui"
