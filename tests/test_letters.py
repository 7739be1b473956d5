"""What the coordinator is written herself: a launch, a failure that lasts, an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.support.sessions import body
from tests.support.smtp_server import Fault, SmtpServer, outgoing
from tests.support.workspace import TUESDAY, Workspace, small
from workflows.core.messages import Mode, State
from workflows.core.ports import WorkbookError
from workflows.engine.journal import Message, Outcome

HER = "coordination@exemple.fr"
LAUNCH = "2027-03-02T10:15"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


def hers(workspace: Workspace) -> list[str]:
    return [str(mail["Subject"]).replace("\u00a0", " ") for mail in workspace.mails("lettres")]


def test_a_launch_from_the_sheet_sends_her_one_copy_and_one_summary(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(6, "À lancer"))
    workspace.round(TUESDAY)
    assert hers(workspace) == []
    account = workspace.round(LAUNCH)
    assert len(account.sent) == 6
    assert hers(workspace) == [
        "Appel 2027-1 : 6 messages partis",
        "[Copie] " + str(workspace.mails()[0]["Subject"]),
    ]
    workspace.round("2027-03-02T10:30")
    workspace.round("2027-03-16T10:00")
    assert len(hers(workspace)) == 2


def test_a_launch_in_the_terminal_does_so_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3))
    workspace.launch(TUESDAY)
    assert len(hers(workspace)) == 2
    workspace.edit(lambda book: book["Structures"].append(["STR-009", "Tard", "tard@structures.example"]))
    assert len(workspace.round("2027-03-02T10:30").sent) == 1
    workspace.launch("2027-03-02T10:45")
    assert hers(workspace)[0] == "Appel 2027-1 : 3 messages partis"
    assert len(hers(workspace)) == 2


def test_her_copy_cannot_answer_for_a_structure(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    workspace.launch(TUESDAY)
    summary, copy = workspace.mails("lettres")
    assert "oui%20essai%3Aappel%3A2027-1%3ASTR-001" in body(copy)
    assert "oui%20appel%3A2027-1" not in body(copy)
    assert (summary["List-Unsubscribe"], copy["List-Unsubscribe"]) == (None, None)


def test_a_letter_s_template_that_is_wrong_is_a_problem_and_holds_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2))
    template = tmp_path / "templates" / "coordination" / "lancement.txt"
    template.parent.mkdir(parents=True)
    template.write_text("Objet : {{ inconnu }}\n\nBonjour", "utf-8")
    account = workspace.launch(TUESDAY)
    assert len(account.sent) == 2
    assert "coordination/lancement.txt" in account.problems[0].where
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 2


def test_a_trial_tells_her_nothing_of_a_launch(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3))
    workspace.launch(TUESDAY, mode=Mode.TRIAL)
    assert hers(workspace) == []


def test_letters_that_could_not_leave_wait_for_the_next_round(tmp_path: Path) -> None:
    full = Fault("MAIL", "reply", "452 4.2.2 Over quota", after=2, times=3)
    with SmtpServer(faults=[full]) as server:
        workspace = Workspace(tmp_path, small(3))
        workspace.smtp(server.port)
        assert len(workspace.launch(TUESDAY).sent) == 2
        for at in ("2027-03-02T11:30", "2027-03-02T16:00", "2027-03-03T10:00"):
            workspace.round(at)
        assert len(outgoing(server.accepted)) == 3
        assert len(server.accepted) == 5


def test_nothing_is_told_before_something_has_left(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", "451 4.3.0 later", times=2)]) as server:
        workspace = Workspace(tmp_path, small(2))
        workspace.smtp(server.port)
        assert workspace.launch(TUESDAY).sent == []
        assert server.accepted == []
        assert len(workspace.round("2027-03-02T10:30").sent) == 2
        summary = message_from_bytes(server.accepted[2].content, policy=policy.default)
        assert str(summary["Subject"]).replace("\u00a0", " ") == "Appel 2027-1 : 2 messages partis"


def test_a_letter_in_doubt_asks_nothing_of_her(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("END", "lose", after=1, times=1)]) as server:
        workspace = Workspace(tmp_path, small(1))
        workspace.smtp(server.port)
        workspace.launch(TUESDAY)
        assert workspace.run("etat", at="2027-03-02T11:00").status == 0
        workspace.round("2027-03-02T11:00")
        assert len(server.accepted) == 3


def test_letters_take_nothing_from_the_day_s_allowance(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(6, "À lancer"), delai_de_grace='"0"')
    workspace.set(plafond_par_passage="3", plafond_par_jour="6")
    assert len(workspace.round(TUESDAY).sent) == 3
    assert len(hers(workspace)) == 2
    assert len(workspace.round("2027-03-02T10:30").sent) == 3


def test_a_summary_counts_what_left_before_a_crash(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3))
    key, at = "appel:2027-1:STR-001:annonce", datetime.fromisoformat(TUESDAY + "+01:00")
    to = ("s1@structures.example",)
    with closing(workspace.office().journal()) as journal:
        journal.plan([Message(key, "appel:2027-1", "annonce", "STR-001", to, "", b"")], (), (), 1)
        journal.claim(key, None)
        journal.settle(Outcome(key, State.SENT, at, to))
    assert len(workspace.launch("2027-03-02T10:30").sent) == 2
    assert hers(workspace)[0] == "Appel 2027-1 : 3 messages partis"


def test_one_connection_serves_the_letters_too(tmp_path: Path, server: SmtpServer) -> None:
    workspace = Workspace(tmp_path, small(3, "À lancer"), delai_de_grace='"0"')
    workspace.smtp(server.port)
    workspace.round(TUESDAY)
    assert len(server.accepted) == 5
    assert server.connections == 1


def fail(workspace: Workspace, at: str) -> None:
    with pytest.raises(WorkbookError):
        workspace.round(at)


def test_a_failure_that_lasts_is_told_once_then_daily(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1, "À lancer"), delai_de_grace='"0"')
    whole = workspace.book.read_bytes()
    workspace.book.write_bytes(whole[:1000])
    fail(workspace, "2027-03-02T11:00")
    fail(workspace, "2027-03-02T11:15")
    assert hers(workspace) == []
    fail(workspace, "2027-03-02T12:00")
    fail(workspace, "2027-03-02T12:15")
    assert hers(workspace) == ["La tournée est arrêtée depuis mardi 2 mars 2027 à 11 h"]
    fail(workspace, "2027-03-03T09:00")
    assert len(hers(workspace)) == 2
    workspace.book.write_bytes(whole)
    assert len(workspace.round("2027-03-03T09:15").sent) == 1


def test_an_interruption_of_regular_rounds_is_told_when_they_go_on(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    at = datetime.fromisoformat("2027-03-01T09:00")
    for _ in range(14):
        workspace.round(at.isoformat(timespec="minutes"))
        at += timedelta(minutes=15)
    workspace.round("2027-03-02T09:00")
    assert hers(workspace) == []
    for minutes in range(0, 200, 15):
        again = datetime.fromisoformat("2027-03-02T09:15") + timedelta(minutes=minutes)
        workspace.round(again.isoformat(timespec="minutes"))
    workspace.round("2027-03-04T10:00")
    workspace.round("2027-03-04T10:15")
    assert hers(workspace) == ["La tournée a repris après un arrêt"]


def test_rounds_made_now_and_then_by_hand_are_no_interruption(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    for at in (TUESDAY, "2027-03-02T10:15", "2027-03-09T10:00", "2027-03-30T10:00"):
        workspace.round(at)
    assert hers(workspace) == []


def test_no_letter_says_who_else_was_written_to(tmp_path: Path, server: SmtpServer) -> None:
    workspace = Workspace(tmp_path, small(3, "À lancer"), delai_de_grace='"0"')
    workspace.smtp(server.port)
    workspace.round(TUESDAY)
    copy = message_from_bytes(server.accepted[-1].content, policy=policy.default)
    assert server.accepted[-1].recipients == (HER,)
    assert copy["To"] == HER
    assert copy["Cc"] is None
