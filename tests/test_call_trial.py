"""Trial mode, office hours and caps: what holds a call back, and what a trial leaves untouched."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.smtp_server import Fault, SmtpServer
from tests.support.workspace import APPEALS, CALLS, SAMPLE, Workspace, keys, small
from workflows.core.messages import Mode
from workflows.engine.account import Account
from workflows.engine.pacing import Narrowing

NBSP = "\u00a0"
SATURDAY = "2027-03-06T10:00"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, small(3))


def reasons(account: Account) -> set[str]:
    return {reason for _, reason in account.waiting}


# Trial


def test_a_trial_goes_to_the_trial_folder_and_leaves_the_sheet_alone(workspace: Workspace) -> None:
    before = workspace.book.read_bytes()
    account = workspace.launch(SATURDAY, mode=Mode.TRIAL)
    assert len(account.sent) == 3
    assert all(re.fullmatch(r"essai:\w+:appel:2027-1:STR-00\d:annonce", key) for key, _ in account.sent)
    assert workspace.book.read_bytes() == before
    assert workspace.mails() == []
    mail = workspace.mails("essais")[0]
    assert str(mail["Subject"]).startswith("[ESSAI] ")
    assert "s1@structures.example" in str(mail["Subject"])
    assert mail["To"] == "coordination@exemple.fr"


def test_a_trial_command_always_sends_and_a_passage_sends_each_content_once(workspace: Workspace) -> None:
    for count in (3, 6):
        assert len(workspace.launch(mode=Mode.TRIAL).sent) == 3
        assert len(workspace.mails("essais")) == count
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    assert len(workspace.round(SATURDAY, mode=Mode.TRIAL).sent) == 3
    again = workspace.round("2027-03-08T10:00", mode=Mode.TRIAL)
    assert again.sent == []
    assert len(again.waiting) == 3
    workspace.put("Appels", {"Réf.": "2027-1"}, Titre="Un autre titre")
    assert len(workspace.round("2027-03-08T11:00", mode=Mode.TRIAL).sent) == 3


def test_a_trial_takes_nothing_from_the_real_sending(workspace: Workspace) -> None:
    workspace.set(plafond_par_jour="3", plafond_par_passage="3")
    workspace.launch(mode=Mode.TRIAL)
    workspace.launch(mode=Mode.TRIAL)
    assert len(workspace.launch().sent) == 3
    assert len(workspace.mails()) == 3
    assert len(workspace.launch("2027-03-03T10:00", mode=Mode.TRIAL).sent) == 3
    assert workspace.launch("2027-03-03T11:00").sent == []
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 3


def test_a_trial_of_follow_ups_shows_them_at_once(workspace: Workspace) -> None:
    workspace.launch()
    account = workspace.follow_up("2027-03-03T10:00", mode=Mode.TRIAL)
    assert len(account.sent) == 3
    assert all(key.endswith("relance-1") for key in keys(account.sent))
    assert "In-Reply-To" not in workspace.mails("essais")[0]
    assert len(workspace.follow_up("2027-03-16T10:00").sent) == 3


def test_the_configuration_can_ask_for_a_trial_and_a_command_for_the_real_thing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3), mode='"essai"')
    ran = workspace.run("appel", "lancer", "2027-1", "--oui", form="texte")
    assert ran.out.startswith("3 messages partis à l'essai")
    assert workspace.mails() == []
    assert len(workspace.run("appel", "lancer", "2027-1", "--reel", "--oui").json["sent"]) == 3
    assert len(workspace.mails()) == 3
    assert len(workspace.mails("essais")) == 3


def test_a_trial_address_gets_every_message(tmp_path: Path) -> None:
    with SmtpServer() as server:
        workspace = Workspace(tmp_path, small(2), adresse_essai='"moi@asso.example"')
        workspace.smtp(server.port)
        workspace.launch(mode=Mode.TRIAL)
        assert [received.recipients for received in server.accepted] == [("moi@asso.example",)] * 2


def test_a_trial_that_the_server_refuses_does_not_mark_the_structures(tmp_path: Path) -> None:
    faults = [Fault("RCPT", "reply", "550 5.1.1 No such user", "s1@structures.example")]
    with SmtpServer(faults=faults) as server:
        workspace = Workspace(tmp_path, small(2), adresse_essai='"s1@structures.example"')
        workspace.smtp(server.port)
        assert len(workspace.launch(mode=Mode.TRIAL).refused) == 2
        server.faults.clear()
        assert len(workspace.launch().sent) == 2


# Hours and caps


def test_outside_office_hours_everything_waits_and_says_until_when(workspace: Workspace) -> None:
    account = workspace.launch(SATURDAY)
    assert account.sent == []
    assert {r.replace(NBSP, " ") for r in reasons(account)} == {"hors horaires, reprise lundi 8 h 30"}
    call = workspace.row("Appels")["État"]
    assert call.replace(NBSP, " ") == "0 envoyé ; 3 à envoyer : hors horaires, reprise lundi 8 h 30"
    assert workspace.round("2027-03-08T08:29").sent == []
    assert len(workspace.round("2027-03-08T08:30").sent) == 3


def test_a_launch_in_the_sheet_names_a_moment_at_which_mail_leaves(workspace: Workspace) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    workspace.round("2027-03-05T18:20")
    state = workspace.row("Appels")["État"].replace(NBSP, " ")
    assert state == "3 partiront à partir de lundi 8 h 30 ; En pause pour retenir"
    assert workspace.round("2027-03-05T18:40").sent == []
    assert len(workspace.round("2027-03-08T08:30").sent) == 3


def test_a_cap_spreads_a_call_over_rounds(workspace: Workspace) -> None:
    workspace.set(plafond_par_passage="2")
    first = workspace.launch("2027-03-02T10:00")
    assert keys(first.sent) == ["appel:2027-1:STR-001:annonce", "appel:2027-1:STR-002:annonce"]
    assert "plafond de 2 messages par passage" in next(iter(reasons(first)))
    assert keys(workspace.round("2027-03-02T10:15").sent) == ["appel:2027-1:STR-003:annonce"]


def test_a_daily_cap_counts_recipients_over_rolling_hours(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(5), plafond_par_jour="2")
    assert len(workspace.launch("2027-03-02T10:00").sent) == 2
    account = workspace.round("2027-03-02T17:00")
    assert account.sent == []
    said = {reason.replace(NBSP, " ") for reason in reasons(account) if "plafond" in reason}
    assert any("reprise mercredi 10 h" in reason for reason in said), said
    assert workspace.round("2027-03-03T09:59").sent == []
    assert len(workspace.round("2027-03-03T10:01").sent) == 2
    assert len(workspace.round("2027-03-04T10:02").sent) == 1


def test_the_cap_counts_24_hours_over_the_night_on_which_the_clocks_change(tmp_path: Path) -> None:
    book = small(6, "À lancer")
    book["Appels"] = [APPEALS, ("2027-1", "Appel", "01/02/2027", "26/06/2027", "À lancer")]
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"', horaires='"lun-dim 0:00-23:59"')
    workspace.set(plafond_par_jour="3")
    assert len(workspace.round("2027-03-27T10:30").sent) == 3
    assert workspace.round("2027-03-28T11:15").sent == []
    assert len(workspace.round("2027-03-28T11:45").sent) == 3


def test_a_cell_with_more_addresses_than_the_cap_is_to_be_mended(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2), plafond_par_jour="2")
    three = "a@structures.example ; b@structures.example ; c@structures.example"
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel=three)
    account = workspace.launch()
    assert [to for _, to in account.sent] == [("s2@structures.example",)]
    assert any("plus d'adresses que plafond_par_jour" in p.what for p in account.problems)
    assert workspace.row("Candidatures", Structure="STR-001")["Envoi"] == "À corriger"


def test_a_message_with_more_recipients_than_the_cap_holds_nobody_else(tmp_path: Path) -> None:
    book = small(3)
    book["Structures"][1] = ("STR-001", "Structure 1", "a@s.example b@s.example c@s.example", None, None)
    workspace = Workspace(tmp_path, book, plafond_par_jour="2")
    account = workspace.launch("2027-03-02T10:00")
    assert keys(account.sent) == ["appel:2027-1:STR-002:annonce", "appel:2027-1:STR-003:annonce"]


def test_options_narrow_what_leaves_and_account_for_the_rest(workspace: Workspace) -> None:
    one = workspace.launch(narrowing=Narrowing(only="S2@Structures.example"))
    assert keys(one.sent) == ["appel:2027-1:STR-002:annonce"]
    assert len(one.waiting) == 2
    two = workspace.launch("2027-03-02T10:05", narrowing=Narrowing(limit=1))
    assert keys(two.sent) == ["appel:2027-1:STR-001:annonce"]
    assert len(two.waiting) == 2
    assert workspace.launch("2027-03-02T10:06", narrowing=Narrowing(limit=0)).sent == []
    assert keys(workspace.round("2027-03-02T10:10").sent) == ["appel:2027-1:STR-003:annonce"]


def test_everything_can_be_stopped_from_the_sheet(workspace: Workspace) -> None:
    workspace.round("2027-03-02T09:00")
    workspace.edit(lambda book: book["Suivi"].__setitem__("I2", "oui"))
    for account in (workspace.launch("2027-03-02T10:00"), workspace.round("2027-03-02T10:01")):
        assert account.sent == []
        assert reasons(account) == {"« Tout arrêter » dans Suivi"}
    assert (
        workspace.tab("Suivi")[0]["Que faire"].replace(NBSP, " ") == "Videz « Tout arrêter » pour reprendre."
    )
    assert len(workspace.launch("2027-03-02T10:02", mode=Mode.TRIAL).sent) == 3
    workspace.edit(lambda book: book["Suivi"].__setitem__("I2", None))
    assert len(workspace.round("2027-03-02T10:05").sent) == 3


@pytest.mark.parametrize(
    ("typed", "said", "told"),
    [
        ("oui", "« Tout arrêter » est à oui dans Suivi.", []),
        (
            "ouai",
            "« Tout arrêter » est rempli dans Suivi. « ouai » ne dit ni oui ni non.",
            [
                (
                    "Suivi, ligne 2, Tout arrêter",
                    "« ouai » ne dit ni oui ni non. Dans le doute, tout est arrêté.",
                    "Écrivez « oui » pour tout arrêter, ou videz la cellule pour reprendre.",
                )
            ],
        ),
    ],
)
def test_that_everything_is_stopped_is_said(
    workspace: Workspace, typed: str, said: str, told: list[tuple[str, str, str]]
) -> None:
    workspace.round("2027-03-02T09:00")
    workspace.edit(lambda book: book["Suivi"].__setitem__("I2", typed))
    state = workspace.run("etat", form="texte")
    assert state.out.replace(NBSP, " ").startswith(f"Tout est arrêté : {said}\nDernier passage")
    assert workspace.run("etat").json["stopped"] is True
    preview = workspace.run("apercu", CALLS, "2027-1", form="texte").out.replace(NBSP, " ")
    assert preview.startswith(f"Tout est arrêté : {said} Sans cela : 3 partiraient, 0 en attente")

    account = workspace.launch("2027-03-02T10:00")
    assert account.sent == []
    assert account.exit_status == len(told)
    found = [(p.where, p.what.replace(NBSP, " "), p.remedy.replace(NBSP, " ")) for p in account.problems]
    assert found == told
    rows = [row for row in workspace.tab("Suivi") if row["Onglet"] == "Suivi"]
    assert [(row["Ligne"], row["Problème"].replace(NBSP, " ")) for row in rows] == [
        ("ligne 2, Tout arrêter", what) for _, what, _ in told
    ]

    workspace.edit(lambda book: book["Suivi"].__setitem__("I2", None))
    assert workspace.run("etat", form="texte").out.startswith("Dernier passage")
    assert len(workspace.launch("2027-03-02T10:05").sent) == 3
    assert "Suivi" not in {row["Onglet"] for row in workspace.tab("Suivi")}


def test_a_demonstration_runs_in_no_workspace_of_hers(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "espace", small(1, "À lancer"))
    ran = workspace.run("demo", str(workspace.folder))
    assert ran.status == 2
    assert "n'est pas vide" in ran.json["error"]["what"]
    assert not (workspace.folder / "donnees" / "envois").exists()


# The account


def test_a_problem_of_two_calls_is_told_and_counted_once(tmp_path: Path) -> None:
    book = small(2, "À lancer")
    book["Structures"][1] = ("STR-001", "Structure 1", "s1", None, None)
    book["Appels"].append(("2027-2", "Un autre appel", "01/02/2027", "26/03/2027", "À lancer"))
    workspace = Workspace(tmp_path, book)
    where, ran = "Structures, ligne 2, Courriel", workspace.run("passage", form="texte")
    assert ran.status == 1
    assert ran.out.count(where) == 1
    assert "1 à corriger" in ran.out
    assert workspace.tab("Suivi")[0]["Problèmes"] == 1
    previewed = workspace.run("apercu", CALLS, form="texte")
    assert previewed.out.count(where) == 1
    assert "1 à corriger" in previewed.out
    assert [p["where"] for p in workspace.run("passage").json["problems"]] == [where, where]


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.TRIAL])
def test_everyone_stands_in_exactly_one_list(tmp_path: Path, mode: Mode) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    rounds: list[Callable[[], Account]] = [
        lambda: workspace.launch("2027-03-02T10:00", mode=mode, narrowing=Narrowing(limit=20)),
        lambda: workspace.round("2027-03-02T10:10", mode=mode),
        lambda: workspace.follow_up("2027-03-16T10:00", "2027-1", mode=mode),
        lambda: workspace.round("2027-03-16T10:10", mode=mode),
    ]
    if mode is Mode.TRIAL:
        workspace.launch("2027-03-01T10:00")  # so that follow-ups and passages have something to say
    for make in rounds:
        account = make()
        ours = [*keys(account.sent), *keys(account.waiting), *keys(account.refused), *account.uncertain]
        subjects = [found[1] for key in ours if (found := re.search(r"appel:2027-1:([^:]+):", key))]
        lines = {p.where.split(", ")[1] for p in account.problems if p.where.startswith("Structures")}
        assert len(subjects) == len(set(subjects))
        assert len(subjects) + len(lines) == 60


@pytest.mark.parametrize("words", [(), ("2027-1",)])
def test_a_preview_outside_office_hours_shows_what_will_leave(tmp_path: Path, words: tuple[str, ...]) -> None:
    workspace = Workspace(tmp_path / "espace", small(3, "À lancer"))
    at, page = "2027-03-02T21:00", tmp_path / "page"
    shown = workspace.run("apercu", CALLS, *words, "--html", str(page), at=at, form="texte")
    out = shown.out.replace(NBSP, " ")
    assert "Rien ne part maintenant" in out
    assert "mercredi 8 h 30" in out
    assert "3 partiront, 0 en attente" in out
    assert "Le premier message, en entier" in out
    assert "mercredi 3 mars 2027" in (page / "apercu.html").read_text("utf-8")
    now = workspace.run("apercu", CALLS, *words, at=at).json
    assert (len(now["planned"]), len(now["waiting"])) == (0, 3)


def test_a_preview_of_what_is_closed_says_so_and_no_more(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(3, "En pause"))
    out = workspace.run("apercu", CALLS, form="texte").out.replace(NBSP, " ")
    assert out.startswith("0 partira, 3 en attente")


def test_served_recipients_are_counted_in_real_time(workspace: Workspace) -> None:
    workspace.launch("2027-03-02T10:00")
    with_journal = workspace.office().journal()
    try:
        served = with_journal.served_since(datetime(2027, 3, 2, 9, 59, tzinfo=ZoneInfo("Europe/Paris")))
        assert len(served) == 3
    finally:
        with_journal.close()
