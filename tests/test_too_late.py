"""Mail that could only leave once it is of no use: she is told at once, and that it did not leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.sessions import change, invite, meeting, passage, registration, state, steps
from tests.support.workspace import Workspace, keys, small
from workflows.engine.account import Account

EVENING, MONDAY = "2027-03-05T19:00", "2027-03-08T08:30"
"""Friday 5 March, after office hours, and the next opening."""
SATURDAY: dict[str, Any] = {"Date": "06/03/2027", "Début": "10h", "Fin": "12h"}
ALL = ("PRO-001", "PRO-002", "PRO-003")


def plain(words: object) -> str:
    return str(words).replace("\u00a0", " ")


def told_to_do(account: Account) -> list[str]:
    return [plain(problem) for problem in account.to_mend]


@pytest.fixture
def invited(tmp_path: Path) -> Workspace:
    """Three people, invited on Tuesday 2 March to a session on Saturday 6 March at ten."""
    workspace = meeting(tmp_path, **SATURDAY, Commande="À lancer")
    assert len(passage(workspace).sent) == 3
    return workspace


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"Commande": "Annulée"}, "L'annulation ne partira pas à temps : la session était annoncée pour"),
        (
            {"Commande": "Prévenir", "Lieu": "Salle rouge"},
            "L'annonce du changement ne partira pas à temps : la session commence",
        ),
    ],
)
def test_what_those_invited_would_learn_too_late_is_said_at_once_and_ever_after(
    invited: Workspace, cells: dict[str, str], what: str
) -> None:
    change(invited, **cells)
    account = passage(invited, EVENING)
    what = f"{what} le samedi 6 mars 2027 à 10 h, et les envois ne reprennent que lundi 8 h 30"
    remedy = "Prévenez par téléphone, ou élargissez horaires dans config/general.toml."
    assert told_to_do(account) == [f"Sessions, ligne 2, Date : {what}. {remedy}"]
    assert (account.sent, account.waiting, account.exit_status) == ([], [], 1)
    assert state(invited).startswith(f"À corriger : {what} ; ")
    assert plain(registration(invited, "PRO-002")["Motif"]) == f"{what}. {remedy}"
    assert [row["Onglet"] for row in invited.tab("Suivi")] == ["Sessions"]
    assert invited.run("apercu", "formation", at=EVENING).status == 1
    assert passage(invited, MONDAY).sent == []
    assert passage(invited, "2027-03-09T10:00").exit_status == 0
    assert "3 personnes n'ont pas été prévenues" in state(invited)


def test_who_expects_the_session_before_its_new_date_is_told_too_late_and_still_told(
    invited: Workspace,
) -> None:
    change(invited, Date="13/03/2027", Commande="Prévenir")
    (said,) = told_to_do(passage(invited, EVENING))
    assert "la session était annoncée pour le samedi 6 mars 2027 à 10 h" in said
    assert steps(passage(invited, MONDAY)) == [f"{ref}:modification-1" for ref in ALL]


def test_what_leaves_in_time_after_the_next_opening_waits(invited: Workspace) -> None:
    invited.put("Promeneurs", {"Réf.": "PRO-003"}, Sortie="04/03/2027")
    change(invited, Commande="Annulée")
    account = passage(invited, "2027-03-04T19:00")
    assert (account.problems, len(account.waiting)) == ([], 3)
    assert "Annulée : 0 prévenu sur 3" in state(invited)
    assert len(passage(invited, "2027-03-05T08:30").sent) == 2
    passage(invited, MONDAY)
    assert "prévenue" not in state(invited)  # the third had left


def test_a_change_typed_once_the_session_is_over_is_nobodys_news(invited: Workspace) -> None:
    invited.set(delai_de_grace='"15 min"')
    change(invited, Commande="Prévenir")
    passage(invited, "2027-03-05T10:00")
    change(invited, Fin="11h45")
    for moment in ("2027-03-06T13:00", MONDAY):
        account = passage(invited, moment)
        assert (account.exit_status, account.held.total()) == (0, 0)
        assert "prévenue" not in state(invited)


def test_an_invitation_that_is_too_late_leaves_once_office_hours_let_it(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, **SATURDAY, Commande="À lancer")
    assert passage(workspace, EVENING).exit_status == 1
    assert registration(workspace, "PRO-001")["Invitation"] == "À corriger"
    untouched = meeting(tmp_path / "other", **SATURDAY, Commande="À lancer")
    passage(untouched, EVENING)
    workspace.set(horaires='"lun-sam 8:30-20:00"')
    assert steps(passage(workspace, EVENING)) == [f"{ref}:invitation" for ref in ALL]
    passage(untouched, MONDAY)
    row = registration(untouched, "PRO-001")
    assert (row["Invitation"], row["Motif"]) == ("En attente", "la session est passée")


@pytest.mark.parametrize(
    ("settings", "started", "setting"),
    [
        ({"plafond_par_passage": "1"}, "2027-03-02T10:10", "augmentez plafond_par_passage"),
        ({"plafond_par_jour": "1"}, "2027-03-03T09:00", "augmentez plafond_par_jour"),
        ({"delai_de_grace": '"15 min"'}, "2027-03-02T10:10", "réduisez delai_de_grace"),
    ],
)
def test_what_a_cap_or_the_grace_delay_holds_for_too_long_is_said_too(
    tmp_path: Path, settings: dict[str, str], started: str, setting: str
) -> None:
    day, _, hour = started.partition("T")
    workspace = meeting(tmp_path, 2, Date=day, Début=hour, Fin=None, Commande="À lancer")
    workspace.set(**settings)
    (said,) = told_to_do(passage(workspace))
    assert said.endswith(f"Prévenez par téléphone, ou {setting} dans config/general.toml.")
    assert "À corriger : L'invitation ne partira pas à temps" in state(workspace)


def test_a_further_change_that_waits_for_too_long_is_said_too(invited: Workspace) -> None:
    invited.set(delai_de_grace='"15 min"')
    change(invited, Lieu="Salle rouge", Commande="Prévenir")
    assert len(passage(invited, "2027-03-05T18:00").sent) == 3
    change(invited, Lieu="Salle verte")
    (said,) = told_to_do(passage(invited, "2027-03-05T18:20"))
    assert "L'annonce du changement ne partira pas à temps" in said
    passage(invited, MONDAY)
    assert "3 personnes n'ont pas été prévenues" in state(invited)


def test_a_call_whose_deadline_is_over_before_the_next_opening_is_hers_to_mend(tmp_path: Path) -> None:
    book: dict[str, Any] = small(2, "À lancer")
    book["Appels"][1] = ("2027-1", "Appel", None, "07/03/2027", "À lancer")
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    account = workspace.round(EVENING)
    what = (
        "L'annonce ne partira pas à temps : la date limite est le dimanche 7 mars 2027,"
        " et les envois ne reprennent que lundi 8 h 30"
    )
    remedy = "Repoussez Date limite, ou élargissez horaires dans config/general.toml."
    assert told_to_do(account) == [f"Appels, ligne 2, Date limite : {what}. {remedy}"]
    assert account.exit_status == 1
    row = workspace.row("Appels")
    assert plain(row["État"]).startswith(f"À corriger : {what} ; 0 envoyé")
    assert plain(workspace.row("Candidatures", Structure="STR-002")["Motif"]) == f"{what}. {remedy}"
    workspace.put("Appels", {"Réf.": "2027-1"}, Date_limite="08/03/2027")
    assert workspace.round(EVENING).problems == []
    assert len(keys(workspace.round(MONDAY).sent)) == 2


def test_the_terminal_says_it_too(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, **SATURDAY)
    account = invite(workspace, EVENING)
    assert (account.sent, len(account.to_mend), account.exit_status) == ([], 1, 1)
