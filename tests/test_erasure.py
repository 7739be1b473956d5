"""A person's data: shown, exported, erased from journal and mail folders, and purged when it is old."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.answering import deliver, notice
from tests.support.sessions import body
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.workspace import TUESDAY, Workspace, parsed, small
from workflows.engine.personal_data import held_lines

ADDRESS = "s2@structures.example"


@pytest.fixture
def launched(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path, small(3))
    workspace.launch(TUESDAY)
    return workspace


def traces(workspace: Workspace, address: str = ADDRESS) -> list[Path]:
    """Files of the journal and the mail folders that still hold the address."""
    files = [p for p in (workspace.folder / "donnees").rglob("*") if p.is_file() and p.suffix != ".xlsx"]
    return [path for path in files if address.encode() in path.read_bytes()]


def test_it_is_shown_first_and_kept_without_a_yes(launched: Workspace) -> None:
    ran = launched.run("effacer", ADDRESS, form="texte")
    assert ran.status == 2
    assert "appel 2027-1 STR-002 annonce" in ran.out
    assert traces(launched)


def test_it_is_exported_and_erased_everywhere(launched: Workspace) -> None:
    ran = launched.run("effacer", ADDRESS.upper(), "--oui")
    assert ran.status == 0
    assert [m["key"] for m in ran.json["export"]["messages"]] == ["appel:2027-1:STR-002:annonce"]
    assert traces(launched) == []
    assert len(launched.mails()) == 2
    assert traces(launched, "s1@structures.example")


def test_what_was_erased_is_never_written_to_again(launched: Workspace) -> None:
    launched.run("effacer", ADDRESS, "--oui")
    account = launched.launch("2027-03-02T11:00")
    assert account.sent == []
    launched.put("Structures", {"Réf.": "STR-003"}, Courriel=ADDRESS)
    launched.put("Structures", {"Réf.": "STR-002"}, Courriel="autre@structures.example")
    later = launched.round("2027-03-16T10:00")
    assert ADDRESS not in {address for _, to in later.sent for address in to}


def test_the_other_recipient_still_gets_a_whole_message(tmp_path: Path) -> None:
    put_off = Fault("RCPT", "reply", "451 4.3.0 Try again later", "b@structures.example", times=1)
    with SmtpServer(faults=[put_off]) as server:
        workspace = Workspace(tmp_path, small(1))
        workspace.smtp(server.port)
        row = {"Réf.": "STR-001"}
        workspace.put("Structures", row, Courriel=f"{ADDRESS} ; b@structures.example")
        workspace.launch(TUESDAY)
        workspace.run("effacer", ADDRESS, "--oui", at="2027-03-02T10:05")
        workspace.put("Structures", row, Courriel="b@structures.example")
        workspace.round("2027-03-02T11:00")
        last = server.accepted[-1]
    assert last.recipients == ("b@structures.example",)
    assert "Structure 1" in body(parsed(last.content))
    assert ADDRESS.encode() not in last.content


def mentions(workspace: Workspace) -> list[str]:
    """What the last round's page and the campaign's rows say that names the marker of an erased address."""
    cells = [v for tab in ("Candidatures", "Suivi") for row in workspace.tab(tab) for v in row.values()]
    return [str(value) for value in cells if "effacé " in str(value)]


def test_the_sheet_keeps_what_it_showed_and_never_shows_the_marker(launched: Workspace) -> None:
    launched.run("effacer", ADDRESS, "--oui")
    account = launched.round("2027-03-02T11:00")
    assert account.problems == []
    assert launched.row("Candidatures", Structure="STR-002")["Courriel"] == ADDRESS
    launched.put("Structures", {"Réf.": "STR-002"}, Courriel="autre@structures.example")
    launched.put("Candidatures", {"Structure": "STR-002"}, Courriel=None)
    assert launched.round("2027-03-02T11:15").problems == []
    assert mentions(launched) == []


def test_an_address_that_a_server_had_refused_leaves_no_marker_either(tmp_path: Path) -> None:
    with SmtpServer(
        faults=[Fault("RCPT", "reply", f"550 5.1.1 <{ADDRESS}> No such user", ADDRESS)]
    ) as server:
        workspace = Workspace(tmp_path, small(2))
        workspace.smtp(server.port)
        workspace.launch(TUESDAY)
    before = workspace.row("Candidatures", Structure="STR-002")["Motif"]
    assert ADDRESS in before
    workspace.run("effacer", ADDRESS, "--oui")
    assert traces(workspace) == []
    assert workspace.round("2027-03-02T11:00").problems == []
    assert workspace.row("Candidatures", Structure="STR-002")["Motif"] == before


def test_what_is_shown_has_local_time_and_names_as_in_the_story(launched: Workspace) -> None:
    out = launched.run("effacer", ADDRESS, form="texte").out.replace("\u00a0", " ")
    assert "  message appel 2027-1 STR-002 annonce : envoyé le 02/03/2027 à 10 h\n" in out


def test_hours_are_shown_as_hours_and_no_word_of_the_program_leaks() -> None:
    mail = {"received_at": "2027-03-04T11:00:00+00:00", "answer": "", "minutes": None}
    replies = [{**mail, "kind": "hours", "minutes": 150}, {**mail, "kind": "answer"}]
    held = {"address": ADDRESS, "messages": [], "replies": replies, "bounce": None}
    assert [line.replace("\u00a0", " ") for line in held_lines(held, ZoneInfo("Europe/Paris"))[1:]] == [
        "  réponse du 04/03/2027 à 12 h : 2 h 30",
        "  réponse du 04/03/2027 à 12 h : À lire",
    ]


def test_the_rows_that_still_show_it_are_told(launched: Workspace) -> None:
    launched.put("Structures", {"Réf.": "STR-003"}, Courriel=f"x@y.example ; {ADDRESS.upper()}")
    launched.put("Structures", {"Réf.": "STR-001"}, Courriel=f"les-{ADDRESS}")
    ran = launched.run("effacer", ADDRESS, "--oui", form="texte")
    assert "Structures (2 lignes) et Candidatures (1 ligne)" in ran.out
    assert "reçoit toujours ses rappels et ses invitations" in ran.out.replace("\n", " ")
    launched.book.unlink()
    ran = launched.run("effacer", ADDRESS, "--oui")
    assert (ran.status, ran.json["still_shown"]) == (0, None)


@pytest.mark.parametrize(
    "written", ["pasadresse", "a@cs.fr,b@cs.fr", "a@cs.fr b@cs.fr", "@", "Zoé <a@cs.fr>"]
)
def test_anything_but_one_address_is_refused(launched: Workspace, written: str) -> None:
    ran = launched.run("effacer", written, "--oui")
    assert ran.status == 2
    assert "n'est pas une adresse électronique" in ran.json["error"]["what"]
    assert "une seule adresse" in ran.json["error"]["remedy"]


def test_the_story_tells_of_an_erased_address_in_french(launched: Workspace) -> None:
    inbox = launched.folder / "donnees" / "reponses" / "new"
    inbox.mkdir(parents=True)
    identity = next(m["Message-ID"] for m in launched.mails_to_structures() if m["To"] == ADDRESS)
    (inbox / "1").write_text(
        f"From: {ADDRESS}\nSubject: Re: Appel\nIn-Reply-To: {identity}\nMessage-ID: <1@structures.example>\n"
        "Date: Tue, 2 Mar 2027 11:00:00 +0100\n\nNous participons.\n"
    )
    launched.run("reponses", "relever", at="2027-03-02T12:00")
    launched.run("effacer", ADDRESS, "--oui", at="2027-03-02T13:00")
    out = launched.run("expliquer", "STR-002", at="2027-03-02T14:00", form="texte").out.replace("\u00a0", " ")
    assert "annonce : envoyé à une adresse effacée." in out
    assert "réponse d'une adresse effacée, « Oui »" in out or "réponse d'une adresse effacée, Oui" in out


def test_what_is_old_is_purged_once_a_day(launched: Workspace) -> None:
    launched.put("Appels", {"Réf.": "2027-1"}, Commande="Clos")
    launched.round("2030-02-26T10:00")
    assert launched.office().held(ADDRESS)["messages"]
    launched.round("2030-03-04T10:00")
    assert launched.office().held(ADDRESS)["messages"] == []
    assert launched.round("2030-03-04T11:00").sent == []


def test_a_notice_that_names_it_keeps_no_address(launched: Workspace) -> None:
    (mail,) = [mail for mail in launched.mails() if mail["To"] == ADDRESS]
    deliver(launched, notice(mail, ADDRESS))
    launched.run("reponses", "relever", at="2027-03-02T11:00")
    assert launched.row("Candidatures", Structure="STR-002")["Réponse"] == "Rejet"
    launched.run("effacer", ADDRESS, "--oui", at="2027-03-02T12:00")
    assert traces(launched) == []


def test_a_letter_to_the_coordinator_that_names_it_goes_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3))
    workspace.edit(lambda book: book["Structures"].append(["STR-009", "Doublon", ADDRESS]))
    workspace.launch(TUESDAY)
    summary, copy = workspace.mails("lettres")
    assert ADDRESS in body(summary)
    workspace.run("effacer", ADDRESS, "--oui")
    assert traces(workspace) == []
    assert [str(mail["Subject"]) for mail in workspace.mails("lettres")] == [str(copy["Subject"])]
