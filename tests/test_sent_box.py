"""A doubtful message that lies among the sent ones was sent; copies are filed where nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.imap_server import PASSWORD, USER, ImapServer, servers
from tests.support.smtp_server import SmtpServer
from tests.support.smtp_session import Fault
from tests.support.workspace import Workspace, small

LATER = "2027-03-02T10:30"
ENV = {"TOURNEE_IMAP": PASSWORD}


@pytest.fixture(params=servers()[:1], ids=lambda kind: kind.name)
def imap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImapServer]:
    folder = tmp_path / "imap"
    folder.mkdir()
    with request.param(folder) as server:
        yield server


def doubtful(tmp_path: Path, smtp: SmtpServer, imap: ImapServer, **more: str) -> Workspace:
    """A workspace whose second message was taken by a server that then fell silent."""
    workspace = Workspace(tmp_path / "espace", small(3, "À lancer"), delai_de_grace='"0"')
    workspace.smtp(smtp.port)
    workspace.set(
        "reponses",
        type='"imap"', hote='"127.0.0.1"', port=str(imap.port), chiffrement='"aucun"',
        utilisateur=f'"{USER}"', boite_envoyes='"INBOX"', **more,
    )  # fmt: skip
    return workspace


def left(smtp: SmtpServer) -> list[bytes]:
    """What structures were sent; the coordinator gets letters of her own."""
    return [m.content for m in smtp.accepted if m.recipients[0].endswith("@structures.example")]


def states(workspace: Workspace) -> list[Any]:
    return [row["Envoi"] for row in workspace.tab("Candidatures")]


def test_a_doubtful_message_found_among_the_sent_ones_was_sent(tmp_path: Path, imap: ImapServer) -> None:
    with SmtpServer(faults=[Fault("END", "lose", after=1, times=1)]) as smtp:
        workspace = doubtful(tmp_path, smtp, imap)
        first = workspace.run("passage", env=ENV)
        assert len(first.json["uncertain"]) == 1
        assert states(workspace) == ["Envoyé", "À vérifier", "Envoyé"]
        workspace.run("passage", at=LATER, env=ENV)
        assert states(workspace) == ["Envoyé", "À vérifier", "Envoyé"]
        imap.deliver(*left(smtp))
        again = workspace.run("passage", at=LATER, env=ENV)
        assert again.json["uncertain"] == []
        assert states(workspace) == ["Envoyé"] * 3
        assert len(left(smtp)) == 3


def test_the_copy_of_an_earlier_handing_over_says_nothing_of_the_others(
    tmp_path: Path, imap: ImapServer
) -> None:
    put_off = Fault("RCPT", "reply", "451 4.3.0 Try again later", "b@structures.example", times=1)
    with SmtpServer(faults=[put_off]) as smtp:
        workspace = doubtful(tmp_path, smtp, imap)
        both = "a@structures.example ; b@structures.example"
        workspace.put("Structures", {"Réf.": "STR-001"}, Courriel=both)
        workspace.run("passage", env=ENV)
        imap.deliver(*left(smtp))
        smtp.faults[:] = [Fault("END", "drop", times=1)]
        workspace.run("passage", at=LATER, env=ENV)
        again = workspace.run("passage", at="2027-03-02T11:00", env=ENV)
        assert again.json["uncertain"] == ["appel:2027-1:STR-001:annonce"]
        assert states(workspace) == ["À vérifier", "Envoyé", "Envoyé"]


def test_one_that_never_arrived_stays_doubtful(tmp_path: Path, imap: ImapServer) -> None:
    with SmtpServer(faults=[Fault("END", "drop", after=1, times=1)]) as smtp:
        workspace = doubtful(tmp_path, smtp, imap)
        workspace.run("passage", env=ENV)
        imap.deliver(*left(smtp))
        workspace.run("passage", at=LATER, env=ENV)
        assert states(workspace) == ["Envoyé", "À vérifier", "Envoyé"]
        assert len(left(smtp)) == 2


def test_sent_messages_that_cannot_be_read_stop_nothing(tmp_path: Path, imap: ImapServer) -> None:
    with SmtpServer(faults=[Fault("END", "lose", times=1)]) as smtp:
        workspace = doubtful(tmp_path, smtp, imap)
        workspace.run("passage", "--limite", "1", env=ENV)
        ran = workspace.run("passage", at=LATER, env={"TOURNEE_IMAP": "faux"})
        assert len(ran.json["sent"]) == 2
        assert "Messages envoyés" in [problem["where"] for problem in ran.json["problems"]]


def test_copies_are_filed_once_where_the_server_does_not_do_it(tmp_path: Path, imap: ImapServer) -> None:
    with SmtpServer() as smtp:
        workspace = doubtful(tmp_path, smtp, imap, classer_envoyes='"oui"')
        workspace.run("passage", env=ENV)
        workspace.run("passage", at=LATER, env=ENV)
        assert len(left(smtp)) == 3
        assert len(imap.flags()) == 3
        assert all("\\Seen" in flags for flags in imap.flags())


def test_the_folder_that_messages_were_delivered_into_tells(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "espace", small(2, "À lancer"), delai_de_grace='"0"')
    office = workspace.office()
    workspace.round()
    with office.journal()._transaction() as db:
        db.execute("UPDATE messages SET state = 'sending'")
        db.execute("UPDATE recipients SET state = 'planned'")
    workspace.round(LATER)
    assert states(workspace) == ["Envoyé"] * 2
    assert sorted(mail["To"] for mail in workspace.mails() if "structures.example" in mail["To"]) == [
        "s1@structures.example",
        "s2@structures.example",
    ]
