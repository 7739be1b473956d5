"""A journal or a workbook from before, and a command about one workflow before the others' round."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.answering import deliver, read, reply
from tests.support.presence import network
from tests.support.presence import person as presence_person
from tests.support.sessions import PEOPLE, SESSIONS, change, invite, passage, person, session, state, steps
from tests.support.smtp_server import Fault, SmtpServer, outgoing
from tests.support.workspace import Workspace, keys, small
from workflows.core.laters import Later, later_words
from workflows.core.messages import Record, State
from workflows.core.ports import Cell, Kind
from workflows.core.statuses import told_state

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


@pytest.mark.parametrize(
    ("source", "ref", "told", "state"),
    [
        ("Structures", "STR-001", "Candidatures", "Envoi"),
        ("Promeneurs", "PRO-001", "Présence", "Rappel"),
        ("Ambassadeurs", "AMB-001", "Ambassadeurs", "Envoi"),
    ],
)
def test_who_has_a_message_that_another_waits_for_does_not_get_it_again(
    tmp_path: Path, server: SmtpServer, source: str, ref: str, told: str, state: str
) -> None:
    ambassadors = [("Réf.", "Nom", "Courriel"), ("AMB-001", "Zoé", "z@sante.example")]
    book = {**small(1, "À lancer"), "Promeneurs": [PEOPLE, person(1)], "Ambassadeurs": ambassadors}
    workspace = Workspace(tmp_path / "espace", book, delai_de_grace='"0"')
    workspace.smtp(server.port)
    server.faults[:] = [Fault("RCPT", "reply", "451 4.3.0 later", "a@x.example", times=1)]
    workspace.put(source, {"Réf.": ref}, Courriel="a@x.example ; b@x.example")
    workspace.round(THURSDAY)
    workspace.run("ambassadeurs", "ecrire", "--oui", at=THURSDAY)
    assert str(workspace.tab(told)[0]["Motif"]).startswith("parti pour b@x.example\u00a0;")
    lose_journal(workspace)
    workspace.round("2027-03-11T11:00")
    recipients = [m.recipients for m in server.accepted if "@x.example" in m.recipients[0]]
    assert recipients == [("b@x.example",), ("a@x.example",)]
    assert workspace.tab(told)[0][state] == "Envoyé"


def test_a_follow_up_that_a_recipient_waits_for_is_told_in_the_sheet() -> None:
    now = datetime(2027, 3, 16, 10, tzinfo=UTC)
    key, to = "appel:2027-1:STR-001:relance-1", ("a@x.fr", "b@x.fr")
    record = Record(key, "appel:2027-1", "relance-1", "STR-001", State.PLANNED, to, to[:1])
    assert later_words((Later("", "relance-"),), [record], (), now) == "1 en cours"


@pytest.mark.parametrize(
    ("state", "why", "told"),
    [
        ("En attente", "l'appel n'est pas lancé", (None, ())),
        ("À envoyer", "parti pour a@x.fr ;", (State.PLANNED, ("a@x.fr",))),
        (
            "À corriger",
            "parti pour a@x.fr, b@x.fr et c@x.fr ; « d@ » n'est pas une adresse.",
            (State.PLANNED, ("a@x.fr", "b@x.fr", "c@x.fr")),
        ),
        ("En attente", "parti pour une adresse effacée et a@x.fr ; refus passager", (State.UNCERTAIN, ())),
        ("En attente", "parti pour a@x.fr, b@x", (State.UNCERTAIN, ())),
        ("En attente", "x@x.fr refusée : 550 ; parti pour a@x.fr ; refus", (State.PLANNED, ("a@x.fr",))),
        ("Envoyé", "parti pour a@x.fr ; refus passager", (State.SENT, ())),
    ],
)
def test_who_was_reached_is_read_from_motif(
    state: str, why: str, told: tuple[State | None, tuple[str, ...]]
) -> None:
    assert told_state(Cell(state, Kind.TEXT), Cell(why, Kind.TEXT)) == told


# A workbook from before, put back


def test_an_older_workbook_beside_a_journal_that_came_later_is_written_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3, "À lancer"), delai_de_grace='"0"', plafond_par_passage="2")
    workspace.round("2027-03-02T10:00")
    older = workspace.book.read_bytes()
    workspace.round("2027-03-02T10:15")
    lose_journal(workspace)
    workspace.round("2027-03-02T10:30")
    workspace.book.write_bytes(older)
    assert workspace.round("2027-03-02T10:45").problems == []
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 3
    lose_journal(workspace)  # the sheet is all that tells of what left
    assert workspace.round("2027-03-02T11:00").sent == []


def test_the_first_round_takes_no_cell_of_hers_for_the_program_s(tmp_path: Path) -> None:
    call = ("2027-1", "Appel", "À lancer", "relire avec la CAF", "liste du 12/01")
    workspace = Workspace(
        tmp_path,
        {
            **small(1),
            "Appels": [("Réf.", "Titre", "Commande", "État", "Envoyés"), call],
            "Présence": [
                ("Semaine", "Promeneur", "Heures", "Rappel", "Rappelé le", "Motif"),
                ("2027-S09", "PRO-001", None, None, "par SMS", "congé maladie"),
            ],
            "Promeneurs": [PEOPLE, person(1)],
        },
        delai_de_grace='"0"',
    )
    account = workspace.round("2027-03-02T10:00")
    assert len(account.sent) == 1
    row = workspace.tab("Appels")[0]
    assert (row["État"], row["Envoyés"]) == ("relire avec la CAF", "liste du 12/01")
    kept = workspace.tab("Présence")[0]
    assert (kept["Rappelé le"], kept["Motif"]) == ("par SMS", "congé maladie")
    places = {problem.where for problem in account.problems}
    assert {"Appels, ligne 2, État", "Appels, ligne 2, Envoyés", "Présence, ligne 2, Motif"} <= places


def test_a_name_of_before_in_an_older_workbook_gets_its_ref_back(tmp_path: Path) -> None:
    planned = session(Commande="À lancer")
    book = {**small(1), "Promeneurs": [PEOPLE, person(1, **{"Réf.": None})], "Sessions": [SESSIONS, planned]}
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    older = workspace.book.read_bytes()
    assert len(workspace.round("2027-03-10T10:00").sent) == 1
    for name in ("Durnad", "Durand"):
        workspace.put("Promeneurs", {"Réf.": "PRO-001"}, Nom=name)
        workspace.round("2027-03-10T10:15")
    workspace.book.write_bytes(older)
    assert workspace.round("2027-03-10T10:30").sent == []
    assert [row["Réf."] for row in workspace.tab("Promeneurs")] == ["PRO-001"]


def test_a_row_that_was_another_before_is_not_the_one_that_comes_back(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"), delai_de_grace='"0"')
    workspace.round("2027-03-02T10:00")
    workspace.put("Structures", {"Réf.": "STR-002"}, Nom="Autre", Courriel="autre@structures.example")
    workspace.round("2027-03-02T10:15")
    workspace.edit(lambda book: book["Structures"].append([None, "Structure 2", "s2@structures.example"]))
    workspace.round("2027-03-02T10:30")
    assert [row["Réf."] for row in workspace.tab("Structures")] == ["STR-001", "STR-002", "STR-003"]


def test_two_rows_of_one_name_and_address_get_both_refs_back(tmp_path: Path) -> None:
    rows = [("STR-001", "Mission locale", "ml@s.example"), ("STR-002", "Mission locale", "ml@s.example")]
    book = {**small(1, "À lancer"), "Structures": [("Réf.", "Nom", "Courriel"), *rows]}
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    assert keys(workspace.round("2027-03-02T10:00").sent) == ["appel:2027-1:STR-001:annonce"]
    for row in rows:
        workspace.put("Structures", {"Réf.": row[0]}, **{"Réf.": None})
    workspace.round("2027-03-02T10:15")
    assert [row["Réf."] for row in workspace.tab("Structures")] == ["STR-001", "STR-002"]


def test_cells_that_only_a_later_mail_changes_are_taken_for_the_program_s_at_once(tmp_path: Path) -> None:
    workspace = network(tmp_path / "espace", [presence_person(1)])
    workspace.round("2027-03-04T10:30")
    for path in journal(workspace):
        shutil.copy(path, tmp_path)
    workspace.round("2027-03-11T10:30")
    deliver(
        workspace, reply(workspace.mails()[-1], "1 h", headers={"Date": "Thu, 11 Mar 2027 16:00:00 +0100"})
    )
    read(workspace, "2027-03-12T10:30")
    lose_journal(workspace)
    for path in tmp_path.glob("journal.sqlite3*"):
        shutil.copy(path, workspace.folder / "donnees")
    read(workspace, "2027-03-12T11:30")
    workspace.round("2027-03-16T10:30")
    deliver(
        workspace, reply(workspace.mails()[-1], "3 h", headers={"Date": "Tue, 16 Mar 2027 11:00:00 +0100"})
    )
    read(workspace, "2027-03-16T11:30")
    assert workspace.row("Présence", Semaine="2027-S10")["Heures reçues"] == 3


def send_again(workspace: Workspace, word: str | None) -> None:
    workspace.put("Candidatures", {"Structure": "STR-001"}, Commande=word)


@pytest.mark.parametrize("left_before", [True, False])
def test_a_resend_that_was_carried_out_does_not_leave_again(workspace: Workspace, left_before: bool) -> None:
    if not left_before:
        workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="à demander")
    workspace.round("2027-03-02T10:00")
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="s1@structures.example")
    send_again(workspace, "À renvoyer")
    before = workspace.book.read_bytes()
    (sent,) = workspace.round("2027-03-03T10:00").sent
    send_again(workspace, None)
    workspace.round("2027-03-03T11:00")
    workspace.book.write_bytes(before)
    assert workspace.round("2027-03-03T12:00").sent == []
    assert workspace.round("2027-03-03T13:00").sent == []
    number = 1 + left_before
    done = f"À renvoyer\u00a0: envoi n° {number}, le 03/03/2027 à 10\u00a0h"
    assert workspace.tab("Candidatures")[0]["Commande faite"] == done
    send_again(workspace, None)
    workspace.round("2027-03-03T14:00")
    send_again(workspace, "À renvoyer")
    (sent,) = workspace.round("2027-03-03T15:00").sent
    assert sent[0] == f"appel:2027-1:STR-001:annonce:{number + 1}"


def test_nor_does_one_in_a_row_that_is_held_at_first(workspace: Workspace) -> None:
    workspace.round("2027-03-02T10:00")
    send_again(workspace, "À renvoyer")
    before = workspace.book.read_bytes()
    workspace.round("2027-03-03T10:00")
    send_again(workspace, None)
    workspace.round("2027-03-03T11:00")
    workspace.book.write_bytes(before)
    workspace.edit(lambda book: book["Candidatures"].append([cell.value for cell in book["Candidatures"][2]]))
    account = workspace.round("2027-03-03T12:00")
    assert any(problem.where.startswith("Candidatures") for problem in account.problems)
    workspace.edit(lambda book: book["Candidatures"].delete_rows(book["Candidatures"].max_row))
    assert workspace.round("2027-03-03T13:00").sent == []


def test_a_workbook_that_could_not_be_written_is_no_older_one(workspace: Workspace) -> None:
    workspace.round("2027-03-02T10:00")
    open_elsewhere = workspace.book.with_name(f".~lock.{workspace.book.name}#")
    open_elsewhere.write_text(",claire,pc,03.03.2027 10:00,file:///;")
    assert workspace.round("2027-03-03T10:00").pending_writes
    open_elsewhere.unlink()
    send_again(workspace, "À renvoyer")
    assert [key for key, _ in workspace.round("2027-03-03T11:00").sent] == ["appel:2027-1:STR-001:annonce:2"]


def test_a_change_that_was_announced_is_not_announced_again(workspace: Workspace) -> None:
    invite(workspace, "2027-03-02T10:00")
    change(workspace, Début="15h", Commande="Prévenir")
    passage(workspace, "2027-03-02T10:15")
    before = workspace.book.read_bytes()
    change(workspace, Début="16h")
    assert steps(passage(workspace, "2027-03-02T10:30")) == ["PRO-001:modification-2"]
    workspace.book.write_bytes(before)
    workspace.run("reponses", "relever", at="2027-03-02T11:00")
    account = passage(workspace, "2027-03-02T11:15")
    assert account.sent == []
    assert [problem.where for problem in account.problems] == ["Sessions, ligne 2, Commande"]
    assert state(workspace).startswith("modifiée : Prévenir à vérifier, voyez Suivi")
    change(workspace, Commande="À lancer")
    assert passage(workspace, "2027-03-02T11:30").sent == []
    change(workspace, Commande="Prévenir")
    assert steps(passage(workspace, "2027-03-02T11:45")) == ["PRO-001:modification-3"]


def test_what_the_sheet_does_not_say_why_leaves_no_empty_words(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2), delai_de_grace='"0"')
    workspace.launch()
    lose_journal(workspace)
    workspace.put("Candidatures", {"Structure": "STR-001"}, Envoi="Refusé", Envoyé_le=None)
    workspace.put("Candidatures", {"Structure": "STR-002"}, Envoi="Envoi en cours", Envoyé_le=None)
    workspace.launch("2027-03-02T11:00")
    motif = str(workspace.row("Candidatures", Structure="STR-001")["Motif"]).replace("\u00a0", " ")
    assert motif.endswith("refusée : motif inconnu")
    said = workspace.run("etat", at="2027-03-02T11:15", form="texte").out
    assert "STR-002:annonce" in said
    assert "()" not in said
