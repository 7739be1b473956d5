"""The whole way on servers: sent by SMTP, delivered or returned, answered, read over IMAP, in the sheet."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answering import letter, press, reply
from tests.support.cutting_proxy import CuttingProxy
from tests.support.imap_server import PASSWORD, USER, Dovecot
from tests.support.post_office import BOUNCING, PostOffice, post_offices
from tests.support.workspace import STRUCTURES, Ran, Workspace, small

LATER = "2027-03-16T10:00"
ENVIRONMENT = {"TOURNEE_IMAP": PASSWORD}


@pytest.fixture(params=post_offices(), ids=lambda kind: kind.name.replace(" ", "-"))
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PostOffice]:
    folder = tmp_path / "poste"
    folder.mkdir()
    with request.param(folder) as opened:
        print(f"mail goes through {opened.name}")
        yield opened


def made(tmp_path: Path, office: PostOffice, imap_port: int = 0) -> Workspace:
    """Three structures, of which the second one's mail comes back."""
    rows = [
        STRUCTURES,
        ("STR-001", "Une", "s1@structures.example", None, None),
        ("STR-002", "Deux", BOUNCING, None, None),
        ("STR-003", "Trois", "s3@structures.example", None, None),
    ]
    sender = f'"Coordination <{USER}>"'
    workspace = Workspace(tmp_path / "espace", {**small(0), "Structures": rows}, expediteur=sender)
    workspace.smtp(office.smtp_port)
    read_from(workspace, imap_port or office.imap.port)
    return workspace


def read_from(workspace: Workspace, port: int) -> None:
    workspace.set(
        "reponses",
        type='"imap"', hote='"127.0.0.1"', port=str(port), chiffrement='"aucun"', utilisateur=f'"{USER}"',
    )  # fmt: skip


def run(workspace: Workspace, *words: str, at: str = LATER) -> Ran:
    return workspace.run(*words, at=at, env=ENVIRONMENT)


def answers(workspace: Workspace) -> list[object]:
    return [row["Réponse"] for row in workspace.tab("Candidatures")]


def launched(tmp_path: Path, office: PostOffice) -> Workspace:
    workspace = made(tmp_path, office)
    ran = workspace.run("appel", "lancer", "2027-1", "--oui", env=ENVIRONMENT)
    assert len(ran.json["sent"]) == 3, ran.err
    return workspace


def test_what_is_sent_comes_back_as_answers_and_bounces(tmp_path: Path, office: PostOffice) -> None:
    workspace = launched(tmp_path, office)
    first, third = office.box("s1@structures.example")[0], office.box("s3@structures.example")[0]
    office.send("s1@structures.example", reply(first, "Oui, nous participerons."))
    office.send("s3@structures.example", press(third, "Non"))
    office.wait_for(3)
    ran = run(workspace, "passage")
    assert ran.json["replies"] == {"read": 3, "matched": 3, "unmatched": 0}
    assert ran.json["sent"] == []
    assert answers(workspace) == ["Oui", "Rejet", "Non"]
    assert BOUNCING in str(workspace.row("Candidatures", Structure="STR-002")["Motif"])
    again = run(workspace, "reponses", "relever")
    assert again.json["replies"]["read"] == 0
    assert again.json["written"] == 0
    flags = office.imap.flags()
    assert not any("\\Seen" in each or "\\Deleted" in each for each in flags)
    if isinstance(office.imap, Dovecot):  # the launch's copy and summary lie there too
        assert sum("Tournee" in each for each in flags) == 3
        assert len(flags) == 5


def test_the_log_in_is_checked_and_a_wrong_one_is_told(tmp_path: Path, office: PostOffice) -> None:
    workspace = made(tmp_path, office)
    good = run(workspace, "verifier")
    assert "La boîte aux lettres est lue" in good.out
    bad = workspace.run("verifier", env={"TOURNEE_IMAP": "pas-celui-ci"})
    assert bad.status == 2
    assert "pas-celui-ci" not in bad.out + bad.err
    assert "refusé l'identifiant" in bad.out


def test_a_broken_line_is_a_problem_of_one_round_only(tmp_path: Path, office: PostOffice) -> None:
    workspace = launched(tmp_path, office)
    first = office.box("s1@structures.example")[0]
    office.wait_for(1)
    office.imap.deliver(*(letter(f"x{n}@ailleurs.example", f"Objet {n}", "x" * 5_000) for n in range(40)))
    office.imap.deliver(reply(first, "Oui, nous participerons."))
    with CuttingProxy(office.imap.port, budget=30_000) as proxy:
        read_from(workspace, proxy.port)
        broken = run(workspace, "passage")
    assert [p["where"] for p in broken.json["problems"]] == ["Boîte aux lettres"]
    assert len(broken.json["sent"]) >= 1  # the mailbox does not stop the sends
    read_from(workspace, office.imap.port)
    whole = run(workspace, "passage", at="2027-03-16T10:15")
    assert whole.json["problems"] == []
    # The follow-up that left meanwhile may have come back as well.
    assert broken.json["replies"]["read"] + whole.json["replies"]["read"] in (42, 43)
    assert answers(workspace)[:2] == ["Oui", "Rejet"]
    assert len(workspace.tab("À rattacher")) == 40


def test_a_killed_reading_loses_and_repeats_nothing(tmp_path: Path, office: PostOffice) -> None:
    workspace = launched(tmp_path, office)
    office.wait_for(1)
    office.imap.deliver(*(letter(f"x{n}@ailleurs.example", f"Objet {n}", "Bonjour") for n in range(150)))
    process = workspace.start("reponses", "relever", at=LATER, env=ENVIRONMENT)
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    while process.poll() is None and _kept(journal) < 5:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    ran = run(workspace, "reponses", "relever")
    assert ran.status in (0, 1), ran.err
    assert _kept(journal) == len(office.imap.flags())
    assert len(workspace.tab("À rattacher")) == 150
    assert answers(workspace) == [None, "Rejet", None]


def _kept(journal: Path) -> int:
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM mails").fetchone()[0])
    finally:
        db.close()


def test_a_mailbox_made_anew_is_not_read_twice(tmp_path: Path, office: PostOffice) -> None:
    if not isinstance(office.imap, Dovecot):
        pytest.skip("this server keeps its mailbox in memory")
    workspace = launched(tmp_path, office)
    office.send("s1@structures.example", reply(office.box("s1@structures.example")[0], "Oui"))
    office.wait_for(2)
    assert run(workspace, "passage").json["replies"]["read"] == 2
    office.imap.make_anew()
    office.send("s3@structures.example", reply(office.box("s3@structures.example")[0], "Non merci."))
    office.wait_for(3)
    assert run(workspace, "passage").json["replies"] == {"read": 1, "matched": 1, "unmatched": 0}
    assert answers(workspace) == ["Oui", "Rejet", "Non"]
