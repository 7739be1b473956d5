"""Reminders of a session: to whom, when, and with which words, over a simulated calendar."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.answering import deliver, read, reply
from tests.support.sessions import (
    body,
    change,
    meeting,
    passage,
    person,
    registration,
    remind,
    state,
    steps,
)
from tests.support.workspace import Workspace
from workflows.core.parsers import countdown
from workflows.core.schema import Refused
from workflows.core.training.reminders import next_reminder, reminders
from workflows.core.working_days import is_working_day

J_7, J_1, DAY_5 = "2027-03-25T10:00", "2027-03-31T10:00", "2027-03-05T10:00"


@pytest.fixture
def invited(tmp_path: Path) -> Workspace:
    """Three people, invited on Tuesday 2 March to a session on Thursday 1 April."""
    workspace = meeting(tmp_path, Commande="À lancer")
    assert len(passage(workspace).sent) == 3
    return workspace


def answer(workspace: Workspace, ref: str, word: str | None) -> None:
    workspace.put("Inscriptions", {"Promeneur": ref}, Réponse=word)


def daily(workspace: Workspace, first: str, last: str, hour: int = 10) -> dict[str, list[str]]:
    """What left on each day, round after round."""
    found: dict[str, list[str]] = {}
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        if sent := steps(passage(workspace, f"{day}T{hour:02}:00")):
            found[day.isoformat()] = sent
        day += timedelta(days=1)
    return found


def test_each_reminder_leaves_once_on_its_day(invited: Workspace) -> None:
    assert daily(invited, "2027-03-03", "2027-04-02") == {
        "2027-03-25": [f"PRO-00{n}:rappel-7" for n in (1, 2, 3)],
        "2027-03-31": [f"PRO-00{n}:rappel-1" for n in (1, 2, 3)],
    }
    assert registration(invited, "PRO-002")["Rappel"] == "J-7 le 25/03/2027\u00a0; J-1 le 31/03/2027"


def test_the_words_depend_on_the_answer(invited: Workspace) -> None:
    answer(invited, "PRO-001", "Oui")
    answer(invited, "PRO-002", "peut-être")
    account = remind(invited, J_7)
    assert len(account.sent) == 3
    texts = {mail["To"]: body(mail) for mail in invited.mails()[-3:]}
    assert "Merci d'avoir répondu oui" in texts["p1@reseau.example"]
    for undecided in ("p2@reseau.example", "p3@reseau.example"):
        assert "nous ne savons pas encore si vous y serez" in texts[undecided]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("Non", "a répondu Non"),
        ("Question", "réponse à lire avant tout rappel : Question"),
        ("À lire", "réponse à lire avant tout rappel : À lire"),
        ("Opposition", "réponse à lire avant tout rappel : Opposition"),
        ("Rejet", "l'invitation n'est pas arrivée (Rejet)"),
    ],
)
def test_some_answers_stop_reminders_and_the_reason_is_said(
    invited: Workspace, word: str, reason: str
) -> None:
    answer(invited, "PRO-002", word)
    account = remind(invited, J_7)
    assert steps(account) == ["PRO-001:rappel-7", "PRO-003:rappel-7"]
    assert [said for _, said in account.waiting] == [f"déjà envoyé le 02/03/2027 ; {reason}"]


def test_an_automatic_absence_is_no_answer(invited: Workspace) -> None:
    answer(invited, "PRO-002", "Absence")
    assert len(remind(invited, J_7).sent) == 3


def test_a_word_that_is_no_answer_is_to_be_corrected(invited: Workspace) -> None:
    answer(invited, "PRO-002", "oui mais en retard")
    account = remind(invited, J_7)
    assert len(account.sent) == 2
    (problem,) = account.problems
    assert problem.where == "Inscriptions, ligne 3, Réponse"
    assert "vide, la cellule reprend ce qui est venu par courriel" in problem.remedy


def test_a_word_that_was_typed_over_an_answer_gives_way_to_it_when_it_is_emptied(invited: Workspace) -> None:
    deliver(invited, reply(invited.mails()[1], "Oui"))
    read(invited)
    answer(invited, "PRO-002", "oui mais en retard")
    assert passage(invited, DAY_5).exit_status == 1
    answer(invited, "PRO-002", None)
    assert passage(invited, DAY_5).exit_status == 0
    assert registration(invited, "PRO-002")["Réponse"] == "Oui"


def test_a_yes_by_mail_to_what_was_changed_since_is_asked_for_again(invited: Workspace) -> None:
    deliver(invited, *(reply(mail, "Oui") for mail in invited.mails()[:2]))
    read(invited)
    change(invited, Date="02/04/2027", Commande="Prévenir")
    passage(invited, DAY_5)
    deliver(invited, reply(invited.mails()[-2], "Oui", headers={"Date": "Mon, 08 Mar 2027 10:00:00 +0100"}))
    read(invited, "2027-03-08T10:30")
    answer(invited, "PRO-003", "Oui")
    account = remind(invited, "2027-03-26T10:00")
    assert [mail["Subject"].startswith("Rappel, votre réponse") for mail in invited.mails()[-3:]] == [
        True,
        False,
        False,
    ]
    assert len(account.sent) == 3
    assert registration(invited, "PRO-001")["Motif"] == "a répondu Oui avant le changement"
    assert registration(invited, "PRO-002")["Motif"] is None


def test_who_is_absent_or_gone_on_the_day_is_not_reminded(invited: Workspace) -> None:
    invited.put("Promeneurs", {"Réf.": "PRO-001"}, Absent_du="31/03/2027", Absent_au="02/04/2027")
    invited.put("Promeneurs", {"Réf.": "PRO-002"}, Sortie="31/03/2027")
    assert steps(remind(invited, J_7)) == ["PRO-003:rappel-7"]


def test_a_reminder_that_was_missed_is_caught_up_while_it_makes_sense(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, 1, Commande="À lancer")
    passage(workspace)
    assert steps(passage(workspace, "2027-03-30T10:00")) == ["PRO-001:rappel-7"]  # J-2
    assert steps(passage(workspace, "2027-04-01T13:59")) == ["PRO-001:rappel-1"]
    late = meeting(tmp_path / "late", 1, Commande="À lancer")
    passage(late)
    assert steps(passage(late, "2027-03-31T10:00")) == ["PRO-001:rappel-1"]  # J-7 means nothing any more
    assert passage(late, "2027-04-01T10:00").sent == []


def test_nothing_reminds_of_a_session_that_has_begun(invited: Workspace) -> None:
    assert remind(invited, "2027-04-01T14:00").sent == []
    assert remind(invited, "2027-04-02T10:00").sent == []


def test_no_reminder_leaves_on_the_day_of_another_mail_of_the_session(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, 1, Commande="À lancer")
    assert daily(workspace, "2027-03-25", "2027-04-02") == {
        "2027-03-25": ["PRO-001:invitation"],
        "2027-03-31": ["PRO-001:rappel-1"],
    }
    last = meeting(tmp_path / "last", 1, Commande="À lancer")
    assert daily(last, "2027-03-31", "2027-04-02") == {"2027-03-31": ["PRO-001:invitation"]}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2027-04-05", ["2027-03-26", "2027-04-02"]),  # a Monday: Easter Monday is a week before it
        ("2027-04-03", ["2027-03-26", "2027-04-02"]),  # a Saturday
        ("2027-05-18", ["2027-05-11", "2027-05-14"]),  # the day after Whit Monday
        ("2027-05-13", ["2027-05-05", "2027-05-12"]),  # J-7 on Ascension Day
    ],
)
def test_a_reminder_on_a_day_off_leaves_on_the_working_day_before(
    tmp_path: Path, day: str, expected: list[str]
) -> None:
    workspace = meeting(tmp_path, 1, Commande="À lancer", Date=day)
    passage(workspace)
    assert list(daily(workspace, "2027-03-20", day)) == expected


def test_reminders_are_settings(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, 1, Commande="À lancer")
    config = workspace.folder / "config" / "formation.toml"
    config.write_text(config.read_text("utf-8").replace("rappels = [7, 1]", "rappels = [14, 3]"), "utf-8")
    passage(workspace)
    assert list(daily(workspace, "2027-03-03", "2027-04-01")) == ["2027-03-18", "2027-03-26"]


def test_only_launched_sessions_remind(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, Commande="À lancer")
    passage(workspace)
    change(workspace, Commande="Brouillon")
    assert remind(workspace, J_7).sent == []


def test_the_reminder_command_invites_nobody(invited: Workspace) -> None:
    invited.edit(lambda book: book["Promeneurs"].append(person(4)))
    account = remind(invited, J_7)
    assert steps(account) == [f"PRO-00{n}:rappel-7" for n in (1, 2, 3)]
    assert [reason for _, reason in account.waiting] == ["l'invitation n'est pas encore partie"]


def test_a_reminder_is_threaded_under_its_invitation(invited: Workspace) -> None:
    remind(invited, J_7)
    first, *_, last = [mail for mail in invited.mails() if mail["To"] == "p3@reseau.example"]
    assert last["In-Reply-To"] == first["Message-ID"]
    assert [part.get_content_type() for part in last.walk()].count("text/calendar") == 0


# Places


def test_the_yeses_beyond_the_places_are_for_a_person(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, 4, Commande="À lancer", Places="2")
    passage(workspace)
    for ref, received in (("PRO-001", "09/03/2027"), ("PRO-002", "04/03/2027"), ("PRO-003", "05/03/2027")):
        workspace.put("Inscriptions", {"Promeneur": ref}, Réponse="Oui", Reçue_le=received)
    account = passage(workspace, J_7)
    assert steps(account) == ["PRO-002:rappel-7", "PRO-003:rappel-7"]
    (problem,) = account.problems
    assert problem.where == "Inscriptions, ligne 2, Réponse"
    assert "complète" in problem.what
    assert [reason for _, reason in account.waiting] == [
        "déjà envoyé le 02/03/2027 ; la session est complète"
    ]
    assert state(workspace).startswith("Complet ; 4 invités")
    row = workspace.row("Sessions", **{"Réf.": "SES-2"})
    assert (row["Invités"], row["Oui"], row["Non"], row["Sans réponse"]) == (4, 3, 0, 1)
    change(workspace, Places="3")
    assert steps(passage(workspace, "2027-03-26T10:00")) == ["PRO-001:rappel-7"]


def test_a_full_session_invites_nobody_else(tmp_path: Path) -> None:
    workspace = meeting(tmp_path, 1, Commande="À lancer", Places="1")
    passage(workspace)
    answer(workspace, "PRO-001", "Oui")
    workspace.edit(lambda book: book["Promeneurs"].append(person(2)))
    assert passage(workspace, "2027-03-03T10:00").sent == []
    assert registration(workspace, "PRO-002")["Motif"] == "la session est complète"


# The calendar itself

days = st.dates(date(2026, 1, 1), date(2030, 12, 31))
plans = st.lists(st.integers(1, 60), max_size=5, unique=True)


@given(days, plans)
def test_reminders_leave_on_working_days_before_the_session_and_never_two_at_once(
    day: date, before: list[int]
) -> None:
    found = reminders(day, before)
    assert all(is_working_day(r.due) and r.due <= day - timedelta(days=r.days) for r in found)
    assert all(r.due <= r.last <= day for r in found)
    assert all(earlier.last < later.due for earlier, later in pairwise(found))
    assert not before or found


@given(days, plans, st.integers(-90, 1), st.integers(-90, 1))
def test_at_most_one_reminder_is_open_and_it_is_not_done_nor_overtaken(
    day: date, before: list[int], told: int, now: int
) -> None:
    plan, after, today = reminders(day, before), day + timedelta(days=told), day + timedelta(days=now)
    done = {r.step for r in plan[::2]}
    reminder = next_reminder(plan, done, after, today)
    if reminder:
        assert reminder.step not in done
        assert reminder.due > after
        assert today <= reminder.last


@pytest.mark.parametrize("value", [[1, 7], [7, 7], [0], [61], ["7"], 7, [6, 5, 4, 3, 2, 1], [True]])
def test_reminders_that_make_no_sense_are_refused(value: object) -> None:
    with pytest.raises(Refused):
        countdown(5)(value)


def test_reminders_are_read_in_falling_order() -> None:
    assert countdown(5)([14, 7, 1]) == (14, 7, 1)
    assert countdown(5)([]) == ()
