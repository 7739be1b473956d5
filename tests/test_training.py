"""Invitations to training sessions, as the coordinator meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.sessions import (
    TRAINING,
    body,
    calendar,
    change,
    invite,
    meeting,
    passage,
    person,
    registration,
    remind,
    state,
    steps,
)
from tests.support.smtp_server import Fault, SmtpServer, outgoing
from tests.support.workspace import SAMPLE, TUESDAY, Ran, Workspace
from workflows.core.messages import Mode
from workflows.core.problems import TourneeError
from workflows.core.workflow import Scope, Step

NBSP = "\u00a0"
EXPECTED = json.loads((Path(__file__).parent / "sample_expected.json").read_text("utf-8"))["training"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Ran]:
    """The sample's session, sent from the terminal."""
    workspace = Workspace(tmp_path_factory.mktemp("sample"), SAMPLE)
    return workspace, workspace.run("formation", "inviter", EXPECTED["ref"], "--reel", "--oui")


def test_the_sample_invites_exactly_those_expected(sample: tuple[Workspace, Ran]) -> None:
    workspace, ran = sample
    assert {item["key"].split(":")[2]: item["to"] for item in ran.json["sent"]} == {
        ref: [address] for ref, address in EXPECTED["send"].items()
    }
    assert {item["key"].split(":")[2] for item in ran.json["waiting"]} == set(EXPECTED["wait"])
    assert "sortie du réseau le 31/01/2027" in ran.json["waiting"][0]["reason"]
    assert [problem["where"] for problem in ran.json["problems"]] == ["Promeneurs, ligne 13, Courriel"]
    shown = {row["Promeneur"]: row["Invitation"] for row in workspace.tab("Inscriptions")}
    assert shown == {
        **dict.fromkeys(EXPECTED["send"], "Envoyé"),
        **dict.fromkeys(EXPECTED["wait"], "En attente"),
        **dict.fromkeys(EXPECTED["fix"], "À corriger"),
    }


def test_the_sample_again_sends_nothing_and_accounts_for_everyone_once(
    sample: tuple[Workspace, Ran],
) -> None:
    workspace, _ = sample
    again = workspace.run("formation", "inviter", EXPECTED["ref"], "--oui")
    assert again.json["planned"] == again.json["sent"] == []
    assert len({item["key"] for item in again.json["waiting"]}) == 30
    assert len(again.json["problems"]) == 1
    assert len(workspace.mails()) == 29


def test_the_mail_says_all_that_one_needs_and_carries_the_session(sample: tuple[Workspace, Ran]) -> None:
    workspace, _ = sample
    mail = next(m for m in workspace.mails() if m["To"] == "promeneur-7@reseau.example")
    text = body(mail)
    for needed in (
        "Bonjour Inès,", "jeudi 1er avril 2027, de 14 h à 17 h 30", "BIJ41, 15 avenue de Vendôme, Blois",
        "https://visio.example/pdn41", "14h accueil\n14h30 atelier <script>\n17h bilan",
        "avant le lundi 22 mars 2027",
    ):  # fmt: skip
        assert needed in text
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    method, event = calendar(mail)
    assert method == "REQUEST"
    assert str(event["UID"]).startswith("formation:SES-2:PRO-007@")
    assert f"{event['DTSTART'].dt:%d/%m/%Y %H:%M %z}" == "01/04/2027 14:00 +0200"
    assert f"{event['DTEND'].dt:%H:%M}" == "17:30"
    assert event["ATTENDEE"] == "mailto:promeneur-7@reseau.example"
    assert "<script>" in event["DESCRIPTION"]


def test_a_launch_in_the_sheet_waits_for_the_grace_delay(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    workspace.set(delai_de_grace='"15 min"')
    assert passage(workspace, "2027-03-02T10:00").sent == []
    assert state(workspace) == "3 partiront à partir de 10 h 15 ; En pause pour retenir"
    assert len(passage(workspace, "2027-03-02T10:15").sent) == 3
    assert passage(workspace, "2027-03-02T10:30").sent == []


def test_who_comes_late_is_invited_while_the_session_is_to_come(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    workspace.edit(lambda book: book["Promeneurs"].append(person(4)))
    assert steps(passage(workspace, "2027-03-20T10:00")) == []  # a Saturday
    assert steps(passage(workspace, "2027-03-22T10:00")) == ["PRO-004:invitation"]
    workspace.edit(lambda book: book["Promeneurs"].append(person(5)))
    assert steps(passage(workspace, "2027-04-01T14:00")) == []


def test_nobody_is_asked_to_answer_before_a_day_that_is_over(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, 1, Répondre_avant="22/03/2027")
    invite(workspace, "2027-03-23T10:00")
    assert "22 mars" not in body(workspace.mails()[0])


PUBLIC = [
    person(1, Public="jeunes"),
    person(2, Public="parents"),
    person(3, Public="jeunes, parents"),
    person(4),
    person(5, Public="Parents", Formation_initiale_le="12/01/2026"),
    person(6, Public="jeune", Formation_initiale_le="12/01/2026"),
    person(7, Public="familles"),
]


@pytest.mark.parametrize(
    ("public", "invited", "flagged"),
    [
        (None, "1234567", ""),
        ("Tous", "1234567", ""),
        ("tout le monde", "1234567", ""),
        ("jeunes", "136", "7"),
        ("Parents", "235", "7"),
        ("jeunes et parents", "12356", "7"),
        ("nouveaux", "12347", ""),
        ("parents ; nouveaux", "12345", "7"),
    ],
)
def test_public_names_who_is_invited(tmp_path: Path, public: str | None, invited: str, flagged: str) -> None:
    workspace = meeting(tmp_path, PUBLIC, Public=public)
    account = invite(workspace)
    assert [step[6] for step in steps(account)] == list(invited)
    assert [problem.where for problem in account.problems] == [
        f"Promeneurs, ligne {int(n) + 1}, Public" for n in flagged
    ]
    assert len(account.sent) + len(account.waiting) + len(account.problems) == len(PUBLIC)
    rows = {row["Promeneur"][6] for row in workspace.tab("Inscriptions")}
    assert rows == {*invited, *flagged}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Entrée": "02/04/2027"}, "entrée dans le réseau le 02/04/2027"),
        ({"Sortie": "31/03/2027"}, "sortie du réseau le 31/03/2027"),
        ({"Absent_du": "29/03/2027", "Absent_au": "01/04/2027"}, "absence du 29/03/2027 au 01/04/2027"),
        ({"Absent_du": "01/04/2027"}, "absence depuis le 01/04/2027"),
        ({"Absent_au": "01/04/2027"}, "absence jusqu'au 01/04/2027"),
        ({"Entrée": "01/04/2027"}, ""),
        ({"Sortie": "01/04/2027"}, ""),
        ({"Absent_du": "01/03/2027", "Absent_au": "05/03/2027"}, ""),  # away now, back by then
        ({"Absent_du": "02/04/2027"}, ""),
    ],
)
def test_the_network_and_absences_are_those_of_the_day_of_the_session(
    tmp_path: Path, cells: dict[str, Any], reason: str
) -> None:
    account = invite(meeting(tmp_path, [person(1, **cells)]))
    assert [said for _, said in account.waiting] == ([reason] if reason else [])
    assert len(account.sent) == (not reason)


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Courriel", {"Courriel": "pas d'adresse"}),
        ("Courriel", {"Courriel": None}),
        ("Courriel", {"Courriel": "p1@reseau.example ; p1@"}),
        ("Nom", {"Nom": None}),
        ("Entrée", {"Entrée": "bientôt"}),
        ("Sortie", {"Entrée": "02/01/2027", "Sortie": "01/01/2027"}),
        ("Absent au", {"Absent_du": "05/04/2027", "Absent_au": "01/04/2027"}),
        ("Absent du", {"Absent_du": "jeudi 2 avril 2027"}),
    ],
)
def test_a_row_that_is_not_understood_is_to_be_corrected_and_holds_only_itself(
    tmp_path: Path, heading: str, cells: dict[str, Any]
) -> None:
    workspace = meeting(tmp_path, [person(1, **cells), person(2)])
    account = invite(workspace)
    assert steps(account) == ["PRO-002:invitation"]
    assert [problem.where for problem in account.problems] == [f"Promeneurs, ligne 2, {heading}"]
    assert registration(workspace, "PRO-001")["Invitation"] == "À corriger"
    assert state(workspace) == "1 invité ; dernier départ le 02/03/2027 à 10 h ; 1 à corriger"


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Date", "bientôt"),
        ("Date", None),
        ("Date", "vendredi 1er avril 2027"),
        ("Début", None),
        ("Début", "l'après-midi"),
        ("Fin", "13h"),
        ("Fin", "tard"),
        ("Lien visio", "javascript:alert(1)"),
        ("Lien visio", "visio.example/pdn41"),
        ("Public", "tous sauf les parents"),
        ("Répondre avant", "02/04/2027"),
        ("Places", "une douzaine"),
        ("Places", "0"),
        ("Commande", "Go"),
    ],
)
def test_a_session_that_is_not_understood_sends_nothing_and_says_where(
    tmp_path: Path, heading: str, value: Any
) -> None:
    workspace = meeting(tmp_path, **{heading.replace(" ", "_"): value})
    account = invite(workspace)
    assert account.sent == []
    assert [problem.where for problem in account.problems] == [f"Sessions, ligne 2, {heading}"]
    assert {reason for _, reason in account.waiting} == {
        f"la session est à corriger (Sessions, ligne 2, {heading})"
    }
    assert state(workspace).startswith("À corriger : ")


def test_a_session_without_an_end_lasts_two_hours_in_calendars_and_names_its_start_alone(
    tmp_path: Path,
) -> None:
    workspace = meeting(tmp_path, 1, Fin=None)
    invite(workspace)
    (mail,) = workspace.mails()
    assert "jeudi 1er avril 2027, à 14 h\n" in body(mail)
    assert f"{calendar(mail)[1]['DTEND'].dt:%H:%M}" == "16:00"


def test_a_session_known_by_its_required_cells_alone_is_enough(tmp_path: Path) -> None:
    book = {
        "Promeneurs": [("Réf.", "Nom", "Courriel"), ("PRO-001", "Rey", "p1@reseau.example")],
        "Sessions": [("Réf.", "Date", "Début"), ("SES-2", "01/04/2027", "14h")],
    }
    workspace = Workspace(tmp_path, book)
    assert len(invite(workspace).sent) == 1
    (mail,) = workspace.mails()
    assert mail["Subject"] == "Invitation : Rencontre du réseau, jeudi 1er avril 2027".replace(
        " :", "\u00a0:"
    )
    assert body(mail).startswith("Bonjour,\n")


def test_two_people_who_share_a_mailbox_are_two_invitees(tmp_path: Path) -> None:
    shared = "equipe@reseau.example"
    workspace = meeting(tmp_path, [person(1, Courriel=shared), person(2, Courriel=shared)])
    assert steps(invite(workspace)) == ["PRO-001:invitation", "PRO-002:invitation"]
    assert {str(calendar(mail)[1]["UID"])[:21] for mail in workspace.mails()} == {"formation:SES-2:PRO-0"}
    assert len({str(calendar(mail)[1]["UID"]) for mail in workspace.mails()}) == 2


def test_orders_on_a_row_hold_it_or_send_it_again_once(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande="À renvoyer")
    workspace.put("Inscriptions", {"Promeneur": "PRO-002"}, Commande="Ne pas envoyer")
    assert steps(passage(workspace, "2027-03-03T10:00")) == ["PRO-001:invitation:2"]
    assert passage(workspace, "2027-03-03T10:15").sent == []
    done = registration(workspace, "PRO-001")["Commande faite"].replace(NBSP, " ")
    assert done == "À renvoyer : envoi n° 2, le 03/03/2027 à 10 h"
    assert steps(passage(workspace, "2027-03-25T10:00")) == ["PRO-001:rappel-7", "PRO-003:rappel-7"]
    workspace.put("Inscriptions", {"Promeneur": "PRO-003"}, Commande="plus tard")
    account = passage(workspace, "2027-03-31T10:00")
    assert [problem.where for problem in account.problems] == ["Inscriptions, ligne 4, Commande"]


@pytest.mark.parametrize("order", ["En pause", "Clos", "Annulée"])
def test_the_terminal_refuses_what_the_sheet_forbids(tmp_path: Path, order: str) -> None:
    workspace = meeting(tmp_path, Commande=order)
    with pytest.raises(TourneeError, match=order):
        invite(workspace)
    assert workspace.mails() == []


def test_an_unknown_session_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(TourneeError, match="SES-2"):
        invite(meeting(tmp_path), ref="SES-3")


def test_a_pause_holds_everything_and_says_so(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    change(workspace, Commande="En pause")
    account = passage(workspace, "2027-03-25T10:00")
    assert account.sent == []
    assert {reason for _, reason in account.waiting} == {"la session est en pause"}
    change(workspace, Commande="À lancer")
    assert len(passage(workspace, "2027-03-25T11:00").sent) == 3


def test_a_draft_and_a_session_that_is_over_concern_nobody(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="Brouillon")
    account = passage(workspace)
    assert (account.sent, account.waiting, account.problems) == ([], [], [])
    change(workspace, Commande="À lancer")
    account = passage(workspace, "2027-04-02T10:00")
    assert (account.sent, account.waiting, account.problems) == ([], [], [])


def test_a_workbook_without_sessions_is_none_of_its_business(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"Appels": [("Réf.", "Titre")], "Structures": [("Nom", "Courriel")]})
    account = passage(workspace)
    assert (account.sent, account.waiting, account.problems) == ([], [], [])


def test_sessions_that_disappear_after_a_launch_are_missed(tmp_path: Path) -> None:
    workspace = meeting(tmp_path)
    invite(workspace)
    workspace.edit(lambda book: setattr(book["Sessions"], "title", "Séances"))
    assert "Sessions" in passage(workspace, "2027-03-03T10:00").problems[0].what


def test_an_order_on_a_row_without_a_name_is_to_be_corrected(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    change(workspace, **{"Réf.": None})
    assert [p.where for p in passage(workspace).problems] == ["Sessions, ligne 2, Réf."]


def test_a_trial_changes_nothing_and_the_real_sending_still_leaves(tmp_path: Path) -> None:
    workspace = meeting(tmp_path)
    before = workspace.book.read_bytes()
    assert len(invite(workspace, mode=Mode.TRIAL).sent) == 3
    assert workspace.book.read_bytes() == before
    assert len(workspace.mails("essais")) == 3
    assert calendar(workspace.mails("essais")[0])[0] == "REQUEST"
    assert len(invite(workspace).sent) == 3
    trial = remind(workspace, "2027-03-03T10:00", mode=Mode.TRIAL)
    assert [key.split(":", 2)[2] for key, _ in trial.sent] == [
        f"formation:SES-2:PRO-00{n}:rappel-7" for n in (1, 2, 3)
    ]


def test_essai_in_the_sheet_shows_the_invitations_to_the_coordinator_alone_once(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="Essai")
    passage(workspace)
    assert {mail["To"] for mail in workspace.mails()} == {"coordination@exemple.fr"}
    assert len(workspace.mails()) == 3
    assert passage(workspace, "2027-03-02T11:00").sent == []
    change(workspace, Commande="À lancer")
    assert len(passage(workspace, "2027-03-02T12:00").sent) == 3


def test_the_preview_changes_nothing(tmp_path: Path) -> None:
    workspace = meeting(tmp_path)
    before = workspace.book.read_bytes()
    ran = workspace.run("apercu", TRAINING, "SES-2")
    assert len(ran.json["planned"]) == 3
    assert workspace.book.read_bytes() == before
    assert workspace.run("formation", "rappeler", at=TUESDAY).status == 2  # no --oui, no terminal


def test_a_journal_that_is_lost_sends_nothing_again(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    passage(workspace, "2027-03-25T10:00")
    assert registration(workspace, "PRO-001")["Rappel"] == "J-7 le 25/03/2027"
    for file in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        file.unlink()
    assert passage(workspace, "2027-03-25T11:00").sent == []
    assert invite(workspace, "2027-03-25T12:00").sent == []
    assert steps(passage(workspace, "2027-03-31T10:00")) == [f"PRO-00{n}:rappel-1" for n in (1, 2, 3)]
    assert registration(workspace, "PRO-001")["Rappel"] == f"J-7 le 25/03/2027{NBSP}; J-1 le 31/03/2027"


@pytest.mark.parametrize(("tab", "retyped"), [("Sessions", "Ses 2"), ("Promeneurs", "pro-001")])
def test_a_ref_typed_again_otherwise_invites_nobody_again(tmp_path: Path, tab: str, retyped: str) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    workspace.edit(lambda book: book[tab].__setitem__("A2", retyped))
    assert passage(workspace, "2027-03-03T10:00").sent == []
    assert len(workspace.tab("Inscriptions")) == 3


@pytest.mark.parametrize(
    ("heading", "word"), [("Commande", "Ne pas envoyer"), ("Invitation", "Envoyé"), ("Invitation", "Refusé")]
)
def test_a_row_of_hers_counts_however_it_spells_whom_it_is_about(
    tmp_path: Path, heading: str, word: str
) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    workspace.edit(lambda book: book.create_sheet("Inscriptions").append(["Session", "Promeneur", heading]))
    workspace.edit(lambda book: book["Inscriptions"].append(["Ses\u20112", "pro-002", word]))
    assert steps(passage(workspace)) == ["PRO-001:invitation", "PRO-003:invitation"]


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("word", ["fait par tél", "J-7", "x", "J-7 vu avec elle"])
def test_words_of_hers_among_the_reminders_are_a_doubt(tmp_path: Path, word: str, lost: bool) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Rappel=word)
    for file in (workspace.folder / "donnees").glob("journal.sqlite3*") if lost else ():
        file.unlink()
    account = passage(workspace, "2027-03-25T10:00")
    assert steps(account) == ["PRO-002:rappel-7", "PRO-003:rappel-7"]
    assert "formation:SES-2:PRO-001:rappel-7" in account.uncertain
    assert steps(passage(workspace, "2027-03-25T10:15")) == []


def test_an_invitation_of_nobody_is_said(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Promeneur=None)
    assert "Inscriptions, ligne 2, Promeneur" in [p.where for p in passage(workspace).problems]


def test_a_resend_that_could_not_leave_yet_is_called_off_by_emptying_its_order(tmp_path: Path) -> None:
    with SmtpServer() as server:
        workspace = meeting(tmp_path, 1, Commande="À lancer")
        workspace.smtp(server.port)
        assert steps(passage(workspace)) == ["PRO-001:invitation"]
        workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande="À renvoyer")
        server.faults[:] = [Fault("RCPT", "reply", "451 4.3.0 Try again later", times=1)]
        account = passage(workspace, "2027-03-02T11:00")
        assert "formation:SES-2:PRO-001:invitation:2" in dict(account.waiting)
        assert registration(workspace, "PRO-001")["Invitation"] == "En attente"
        workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande=None)
        for at in ("2027-03-02T11:30", "2027-03-02T12:00"):
            assert passage(workspace, at).sent == []
            row = registration(workspace, "PRO-001")
            assert (row["Invitation"], row["Commande faite"]) == ("Envoyé", None)
            assert row["Envoyée le"] is not None
        workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande="À renvoyer")
        assert steps(passage(workspace, "2027-03-03T10:00")) == ["PRO-001:invitation:2"]
        assert len(outgoing(server.accepted)) == 2


def test_first_step_of_the_scope_is_an_invitation(tmp_path: Path) -> None:
    workspace = meeting(tmp_path)
    account = workspace.round(scope=Scope(TRAINING, Step.FOLLOW_UP), command="formation rappeler")
    assert (account.sent, account.waiting) == ([], [])
