"""Changes and cancellations: announced once, on her word, under the same event (RFC 5546, 3.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sessions import (
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
from tests.support.workspace import Workspace

DAY_2, DAY_3, DAY_4 = "2027-03-03T10:00", "2027-03-04T10:00", "2027-03-05T10:00"
ALL = ("PRO-001", "PRO-002", "PRO-003")


def told(workspace: Workspace, step: str) -> list[str]:
    """The keys that a message of this kind to everyone has, as `steps` gives them."""
    return [f"{ref}:{step}" for ref in ALL]


def events(workspace: Workspace, number: int = 1) -> list[tuple[str, int]]:
    """Method and SEQUENCE of each mail to one person, in order; the UID must never change."""
    read = [
        calendar(mail)
        for mail in workspace.mails()
        if mail["To"] == f"p{number}@reseau.example" and not str(mail["Subject"]).startswith("Rappel")
    ]
    assert len({str(event["UID"]) for _, event in read}) == 1
    return [(method, int(event["SEQUENCE"])) for method, event in read]


def plain(words: str) -> str:
    return words.replace("\u00a0", " ")


def done(workspace: Workspace) -> str:
    said = workspace.row("Sessions", **{"Réf.": "SES-2"})["Commande faite"]
    return str(said or "").replace("\u00a0", " ")


def lose_the_journal(workspace: Workspace) -> None:
    for file in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        file.unlink()


@pytest.fixture
def invited(tmp_path: Path) -> Workspace:
    """Three people, invited on Tuesday 2 March from the sheet."""
    workspace = meeting(tmp_path, Commande="À lancer")
    assert len(passage(workspace).sent) == 3
    return workspace


@pytest.mark.parametrize(
    "cells",
    [
        {"Date": "08/04/2027"},
        {"Début": "13h30"},
        {"Fin": "18h"},
        {"Lieu": "Salle rouge"},
        {"Lien_visio": "https://visio.example/autre"},
    ],
)
def test_a_change_is_said_in_the_sheet_and_announced_once_on_her_word(
    invited: Workspace, cells: dict[str, str]
) -> None:
    change(invited, **cells)
    assert passage(invited, DAY_2).sent == []
    assert state(invited).startswith("modifiée : Prévenir pour l'annoncer")
    change(invited, Commande="Prévenir")
    assert steps(passage(invited, DAY_3)) == told(invited, "modification-1")
    assert events(invited) == [("REQUEST", 0), ("REQUEST", 1)]
    assert "modifiée" not in state(invited)
    assert "annoncé le 04/03/2027 à 10 h" in done(invited)
    assert registration(invited, "PRO-001")["Rappel"] == "modification 1 le 04/03/2027"
    assert passage(invited, DAY_4).sent == []
    change(invited, Commande="À lancer")
    assert passage(invited, "2027-03-08T10:00").sent == []


def test_the_change_tells_what_was_known_and_what_holds_now(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Début="9h", Commande="Prévenir")
    passage(invited, DAY_2)
    mail = invited.mails()[-1]
    assert "annoncée pour le jeudi 1er avril 2027 à 14 h change" in body(mail)
    assert "jeudi 8 avril 2027, de 9 h à 17 h 30" in body(mail)
    first = next(m for m in invited.mails() if m["To"] == mail["To"])
    assert mail["In-Reply-To"] == first["Message-ID"]


@pytest.mark.parametrize("cells", [{"Programme": "10h accueil"}, {"Places": "30"}, {"Lieu": "salle  BLEUE"}])
def test_what_moves_nobody_is_no_change(invited: Workspace, cells: dict[str, str]) -> None:
    change(invited, **cells)
    passage(invited, DAY_2)
    assert "modifiée" not in state(invited)
    change(invited, Commande="Prévenir")
    assert passage(invited, DAY_3).sent == []
    assert done(invited).startswith("Prévenir : jeudi 1er avril 2027 à 14 h")
    assert done(invited).endswith("annoncé le 02/03/2027 à 10 h")


def test_a_change_and_back_before_it_was_announced_is_nothing(invited: Workspace) -> None:
    change(invited, Date="08/04/2027")
    passage(invited, DAY_2)
    change(invited, Date="01/04/2027", Commande="Prévenir")
    assert passage(invited, DAY_3).sent == []


def test_a_change_and_back_after_it_was_announced_is_announced_again(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Commande="Prévenir")
    passage(invited, DAY_2)
    change(invited, Commande="À lancer", Date="01/04/2027")
    assert passage(invited, DAY_3).sent == []
    change(invited, Commande="Prévenir")
    assert steps(passage(invited, DAY_4)) == told(invited, "modification-2")
    assert events(invited) == [("REQUEST", 0), ("REQUEST", 1), ("REQUEST", 2)]
    assert passage(invited, "2027-03-08T10:00").sent == []


def test_a_further_change_under_a_standing_order_leaves_after_the_grace_delay(invited: Workspace) -> None:
    invited.set(delai_de_grace='"15 min"')
    change(invited, Date="08/04/2027", Commande="Prévenir")
    assert len(passage(invited, "2027-03-03T10:00").sent) == 3
    change(invited, Début="9h")
    account = passage(invited, "2027-03-03T10:30")
    assert account.sent == []
    assert {reason.partition(" ; ")[0] for _, reason in account.waiting} == {"déjà envoyé le 02/03/2027"}
    assert state(invited).endswith("3 à envoyer : annonce du changement à 10 h 45")
    change(invited, Fin="12h")  # she was not done typing
    assert remind(invited, "2027-03-03T10:35").sent == []  # which ends no delay
    assert passage(invited, "2027-03-03T10:40").sent == []
    assert passage(invited, "2027-03-03T10:50").sent == []
    assert steps(passage(invited, "2027-03-03T10:55")) == told(invited, "modification-2")
    assert "de 9 h à 12 h" in body(invited.mails()[-1])
    assert passage(invited, "2027-03-03T11:30").sent == []


def test_a_session_put_off_after_its_reminders_says_that_they_left_already(invited: Workspace) -> None:
    for moment in ("2027-03-25T10:00", "2027-03-31T10:00"):
        passage(invited, moment)
    change(invited, Date="13/05/2027", Commande="Prévenir")
    passage(invited, "2027-03-31T15:00")
    reasons = {plain(reason) for key, reason in passage(invited, "2027-05-04T10:00").waiting if "SES" in key}
    assert reasons == {
        "déjà envoyé le 02/03/2027 ; rappel J-7 et rappel J-1 : déjà fait pour la date d'avant"
    }


def test_prevenir_invites_the_others_and_who_comes_late_knows_the_change_already(invited: Workspace) -> None:
    change(invited, Date="08/04/2027")
    invited.edit(lambda book: book["Promeneurs"].append(person(4)))
    assert steps(passage(invited, DAY_2)) == ["PRO-004:invitation"]
    assert events(invited, 4) == [("REQUEST", 1)]
    invited.edit(lambda book: book["Promeneurs"].append(person(5)))
    change(invited, Commande="Prévenir")
    assert steps(passage(invited, DAY_3)) == [*told(invited, "modification-1"), "PRO-005:invitation"]
    assert events(invited) == [("REQUEST", 0), ("REQUEST", 1)]
    assert events(invited, 5) == [("REQUEST", 1)]
    assert passage(invited, DAY_4).sent == []


def test_a_change_reaches_those_who_said_no_and_not_those_who_left(invited: Workspace) -> None:
    invited.put("Inscriptions", {"Promeneur": "PRO-001"}, Réponse="Non")
    invited.put("Promeneurs", {"Réf.": "PRO-002"}, Sortie="02/03/2027")
    invited.put("Promeneurs", {"Réf.": "PRO-003"}, Absent_du="08/04/2027", Absent_au="09/04/2027")
    change(invited, Date="08/04/2027", Commande="Prévenir")
    account = passage(invited, DAY_2)
    assert steps(account) == ["PRO-001:modification-1", "PRO-003:modification-1"]
    assert [reason for _, reason in account.waiting] == [
        "déjà envoyé le 02/03/2027 ; sortie du réseau le 02/03/2027"
    ]


def test_no_reminder_leaves_for_a_date_that_was_not_announced(invited: Workspace) -> None:
    change(invited, Date="30/03/2027")
    assert remind(invited, "2027-03-23T10:00").sent == []
    change(invited, Commande="Prévenir")
    assert steps(passage(invited, "2027-03-23T11:00")) == told(invited, "modification-1")
    assert remind(invited, "2027-03-24T10:00").sent == []  # the change has just said it all
    assert len(remind(invited, "2027-03-26T10:00").sent) == 3  # J-1: Monday 29 March is a holiday
    assert registration(invited, "PRO-001")["Rappel"].endswith("J-1 le 26/03/2027")


def test_the_terminal_announces_a_change_only_where_the_sheet_asks_for_it(invited: Workspace) -> None:
    change(invited, Date="08/04/2027")
    account = invite(invited, DAY_2)
    assert account.sent == []
    assert {reason for _, reason in account.waiting} == {
        "déjà envoyé le 02/03/2027 ; modifiée : Prévenir pour l'annoncer"
    }
    change(invited, Commande="Prévenir")
    assert len(invite(invited, DAY_3).sent) == 3


def test_a_change_that_waits_for_office_hours_leaves_as_the_sheet_says_then(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Commande="Prévenir")
    assert passage(invited, "2027-03-03T20:00").sent == []
    change(invited, Date="09/04/2027")
    assert steps(passage(invited, DAY_3)) == told(invited, "modification-1")
    assert "vendredi 9 avril 2027" in body(invited.mails()[-1])
    assert events(invited) == [("REQUEST", 0), ("REQUEST", 1)]


def test_a_change_in_several_rounds_reaches_each_once(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Commande="Prévenir")
    invited.set(plafond_par_passage="2")
    assert steps(passage(invited, DAY_2)) == told(invited, "modification-1")[:2]
    change(invited, Date="01/04/2027")  # back: the third never knew
    assert steps(passage(invited, DAY_3)) == told(invited, "modification-2")[:2]
    assert passage(invited, DAY_4).sent == []


def test_a_cancellation_is_told_once_to_those_invited(invited: Workspace) -> None:
    invited.put("Inscriptions", {"Promeneur": "PRO-001"}, Réponse="Non")
    invited.edit(lambda book: book["Promeneurs"].append(person(4)))
    change(invited, Commande="Annulée", Places="quelques-unes")
    assert steps(passage(invited, DAY_2)) == told(invited, "annulation")
    assert events(invited) == [("REQUEST", 0), ("CANCEL", 1)]
    assert calendar(invited.mails()[-1])[1]["STATUS"] == "CANCELLED"
    assert "Prévue le jeudi 1er avril 2027 à 14 h" in body(invited.mails()[-1])
    assert passage(invited, DAY_3).sent == []
    assert remind(invited, "2027-03-25T10:00").sent == []
    assert registration(invited, "PRO-002")["Rappel"] == "annulation le 03/03/2027"
    change(invited, Places=None)
    passage(invited, DAY_4)
    assert state(invited).startswith("Annulée : 3 prévenus sur 3")


def test_a_cancellation_speaks_of_the_date_that_was_announced(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Commande="Annulée")
    passage(invited, DAY_2)
    assert "Prévue le jeudi 1er avril 2027 à 14 h" in body(invited.mails()[-1])


def test_a_session_cancelled_by_mistake_takes_place_after_all_on_her_word(invited: Workspace) -> None:
    change(invited, Commande="Annulée")
    passage(invited, DAY_2)
    change(invited, Commande="À lancer")
    assert passage(invited, DAY_3).sent == []
    assert state(invited).startswith("annulation annoncée : Prévenir pour dire qu'elle a lieu")
    change(invited, Commande="Prévenir")
    assert steps(passage(invited, DAY_4)) == told(invited, "modification-2")
    mail = invited.mails()[-1]
    assert str(mail["Subject"]).startswith("Maintien")
    assert "le mercredi 3 mars 2027 que cette session n'aurait pas lieu" in body(mail)
    assert "Finalement, elle aura bien lieu" in body(mail)
    change(invited, Commande="Annulée")
    assert steps(passage(invited, "2027-03-08T10:00")) == told(invited, "annulation-2")
    assert events(invited) == [("REQUEST", 0), ("CANCEL", 1), ("REQUEST", 2), ("CANCEL", 3)]
    assert passage(invited, "2027-03-09T10:00").sent == []


def test_a_cancelled_session_that_invited_nobody_tells_nobody(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="Annulée")
    account = passage(workspace)
    assert (account.sent, account.waiting) == ([], [])


def test_a_session_that_is_over_is_neither_changed_nor_cancelled(invited: Workspace) -> None:
    change(invited, Lieu="Salle rouge", Commande="Prévenir")
    assert passage(invited, "2027-04-01T14:00").sent == []
    change(invited, Commande="Annulée")
    assert passage(invited, "2027-04-01T15:00").sent == []


def test_an_invitation_sent_again_tells_the_session_as_it_is_now(invited: Workspace) -> None:
    change(invited, Date="08/04/2027")
    invited.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande="À renvoyer")
    assert steps(passage(invited, DAY_2)) == ["PRO-001:invitation:2"]
    assert events(invited) == [("REQUEST", 0), ("REQUEST", 1)]
    change(invited, Commande="Prévenir")
    assert steps(passage(invited, DAY_3)) == told(invited, "modification-1")[1:]


# A lost journal: the sheet is believed


def test_a_journal_lost_under_a_standing_prevenir_announces_nothing_again(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Commande="Prévenir")
    passage(invited, DAY_2)
    invited.edit(lambda book: book["Promeneurs"].append(person(4)))
    passage(invited, DAY_3)
    lose_the_journal(invited)
    assert passage(invited, DAY_4).sent == []
    assert passage(invited, DAY_4).sent == []
    change(invited, Date="09/04/2027")
    assert steps(passage(invited, "2027-03-08T10:00")) == [
        *told(invited, "modification-2"), "PRO-004:modification-2",
    ]  # fmt: skip
    assert events(invited) == [("REQUEST", 0), ("REQUEST", 1), ("REQUEST", 2)]


def test_a_change_asked_for_while_the_journal_was_lost_is_announced(invited: Workspace) -> None:
    lose_the_journal(invited)
    change(invited, Date="08/04/2027", Commande="Prévenir")
    assert steps(passage(invited, DAY_2)) == told(invited, "modification-1")
    assert passage(invited, DAY_3).sent == []


def test_a_journal_lost_after_a_cancellation_cancels_nothing_again(invited: Workspace) -> None:
    change(invited, Commande="Annulée")
    passage(invited, DAY_2)
    lose_the_journal(invited)
    assert passage(invited, DAY_3).sent == []
    change(invited, Commande="Prévenir")
    assert len(passage(invited, DAY_4).sent) == 3
    assert events(invited)[-1] == ("REQUEST", 2)


def test_who_was_invited_again_after_a_cancellation_is_told_nothing_again(invited: Workspace) -> None:
    change(invited, Date="08/04/2027", Commande="Prévenir")
    passage(invited, DAY_2)
    change(invited, Commande="Annulée")
    passage(invited, DAY_3)
    change(invited, Commande="Prévenir")
    invited.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande="À renvoyer")
    assert steps(passage(invited, DAY_4)) == ["PRO-001:invitation:2", *told(invited, "modification-3")[1:]]
    lose_the_journal(invited)
    assert passage(invited, "2027-03-08T10:00").sent == []
    assert passage(invited, "2027-03-09T10:00").sent == []
    change(invited, Commande="Annulée")
    assert len(passage(invited, "2027-03-10T10:00").sent) == 3
    assert events(invited)[-1][0] == "CANCEL"
    assert events(invited)[-1][1] > 3


def test_prevenir_as_the_first_launch_sends_nothing_again_without_a_journal(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="Prévenir")
    assert steps(passage(workspace)) == told(workspace, "invitation")
    assert done(workspace).endswith("annoncé le 02/03/2027 à 10 h")
    lose_the_journal(workspace)
    assert passage(workspace, DAY_2).sent == []


@pytest.mark.parametrize(
    ("order", "reason"), [("Clos", "la session est close"), ("Essai", "la session est à l'essai")]
)
def test_rows_of_those_who_are_not_invited_any_more_say_so(tmp_path: Path, order: str, reason: str) -> None:
    workspace = meeting(tmp_path)
    workspace.run("formation", "inviter", "SES-2", "--oui", "--limite", "1")
    change(workspace, Commande=order)
    passage(workspace, "2027-03-02T11:00")
    assert [registration(workspace, ref)["Motif"] for ref in ALL] == [None, reason, reason]
