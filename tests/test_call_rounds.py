"""Rounds of a call one after the other: follow-ups, orders on rows, and what was lost or restored."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook as OpenpyxlWorkbook

from tests.support.sessions import PEOPLE, SESSIONS, person, session
from tests.support.workspace import APPEAL, CALLS, TUESDAY, Workspace, keys, small
from workflows.core.messages import State
from workflows.core.problems import TourneeError
from workflows.engine.account import Account
from workflows.engine.pacing import Narrowing

FIRST, SECOND = "2027-03-16T10:00", "2027-03-31T10:00"
"""Ten and twenty working days after Tuesday 2 March 2027; Monday 29 is a holiday."""
ONE = "appel:2027-1:STR-001"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three structures and a call without deadline troubles, launched in the sheet without delay."""
    book = small(3, "À lancer")
    book["Appels"][1] = ("2027-1", "Appel de printemps", "01/02/2027", "30/04/2027", "À lancer")
    return Workspace(tmp_path, book, delai_de_grace='"0"')


def reasons(account: Account) -> dict[str, str]:
    return dict(account.waiting)


def candidate(workspace: Workspace, structure: str = "STR-001") -> dict[str, object]:
    return workspace.row("Candidatures", Structure=structure)


def order(
    workspace: Workspace, word: str | None, structure: str = "STR-001", column: str = "Commande"
) -> None:
    workspace.put("Candidatures", {"Structure": structure}, **{column: word})


# Follow-ups


def test_follow_ups_leave_on_their_working_days_under_the_announcement(workspace: Workspace) -> None:
    assert len(workspace.round().sent) == 3
    announced = workspace.mails_to_structures()[0]
    assert workspace.round("2027-03-15T18:00").sent == []
    assert keys(workspace.round(FIRST).sent) == [f"appel:2027-1:STR-00{n}:relance-1" for n in (1, 2, 3)]
    assert workspace.round("2027-03-30T18:00").sent == []
    assert len(workspace.round(SECOND).sent) == 3
    assert workspace.round("2027-04-29T10:00").sent == []
    for mail in (workspace.mails_to_structures()[3], workspace.mails_to_structures()[6]):
        assert mail["In-Reply-To"] == announced["Message-ID"]
        assert mail["References"] == announced["Message-ID"]
        assert mail["To"] == announced["To"]
    assert candidate(workspace)["Relances"] == "1 le 16/03/2027\u00a0; 2 le 31/03/2027"
    assert candidate(workspace)["Envoi"] == "Envoyé"


def test_a_follow_up_that_comes_late_pushes_the_next_one_back(workspace: Workspace) -> None:
    workspace.round()
    assert len(workspace.round("2027-03-31T10:00").sent) == 3  # the first, fifteen days late
    assert workspace.round("2027-03-31T11:00").sent == []
    assert workspace.round("2027-04-06T10:00").sent == []
    assert len(workspace.round("2027-04-07T10:00").sent) == 3


def test_no_follow_up_after_the_deadline(workspace: Workspace) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, **{"Date limite": "15/03/2027"})
    workspace.round()
    account = workspace.round(FIRST)
    assert account.sent == []
    assert "pas de relance après la date limite" in reasons(account)[f"{ONE}:annonce"]


@pytest.mark.parametrize(
    ("column", "word"),
    [("Réponse", "Oui"), ("Réponse", "À lire"), ("Décision", "Retenue"), ("Commande", "Ne pas envoyer")],
)
def test_no_follow_up_to_a_row_with_an_answer_or_a_stop(workspace: Workspace, column: str, word: str) -> None:
    workspace.round()
    order(workspace, word, column=column)
    account = workspace.round(FIRST)
    assert keys(account.sent) == ["appel:2027-1:STR-002:relance-1", "appel:2027-1:STR-003:relance-1"]
    assert "déjà envoyé le 02/03/2027" in reasons(account)[f"{ONE}:annonce"]
    assert candidate(workspace)[column] == word


def test_a_structure_that_objects_gets_no_follow_up(workspace: Workspace) -> None:
    workspace.round()
    workspace.put("Structures", {"Réf.": "STR-001"}, **{"Ne plus solliciter": "Oui !"})
    workspace.put("Structures", {"Réf.": "STR-002"}, **{"Ne plus solliciter": "depuis mars"})
    account = workspace.round(FIRST)
    assert keys(account.sent) == ["appel:2027-1:STR-003:relance-1"]
    assert len(account.problems) == 1
    assert "ne dit ni oui ni non" in account.problems[0].what


def test_pause_and_closing_hold_what_is_due(workspace: Workspace) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="en pause ")
    assert workspace.round().sent == []
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    assert len(workspace.round().sent) == 3
    for word in ("En pause", "Clos", "Annulée"):
        workspace.put("Appels", {"Réf.": "2027-1"}, Commande=word)
        assert workspace.round(FIRST).sent == []
        with pytest.raises(TourneeError, match=word):
            workspace.launch(FIRST)
    assert candidate(workspace)["Envoi"] == "Envoyé"


@pytest.mark.parametrize("word", ["Lancer svp", "À lancer ?", "?"])
def test_an_unknown_order_sends_nothing_and_is_said(workspace: Workspace, word: str) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande=word)
    account = workspace.round()
    assert account.sent == []
    assert [p.where for p in account.problems] == ["Appels, ligne 2, Commande"]


def test_a_command_for_follow_ups_keeps_what_is_to_be_corrected(workspace: Workspace) -> None:
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="à demander")
    workspace.round()
    account = workspace.follow_up(FIRST)
    assert len(account.sent) == 2
    assert [p.where for p in account.problems] == ["Structures, ligne 2, Courriel"]
    assert candidate(workspace)["Envoi"] == "À corriger"


def test_a_mended_or_new_row_leaves_with_the_next_round(workspace: Workspace) -> None:
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="à demander")
    workspace.round()
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="s1@structures.example")
    workspace.edit(lambda book: book["Structures"].append([None, "Nouvelle", "n@structures.example"]))
    assert [to for _, to in workspace.round("2027-03-03T10:00").sent] == [
        ("s1@structures.example",),
        ("n@structures.example",),
    ]
    assert workspace.round("2027-03-03T11:00").sent == []


# Orders on rows


def test_a_row_is_sent_again_once_until_its_order_is_given_anew(workspace: Workspace) -> None:
    workspace.round()
    order(workspace, "À renvoyer")
    assert keys(workspace.round("2027-03-03T10:00").sent) == [f"{ONE}:annonce:2"]
    done = candidate(workspace)["Commande faite"]
    assert done == "À renvoyer\u00a0: envoi n° 2, le 03/03/2027 à 10\u00a0h"
    assert workspace.round("2027-03-03T11:00").sent == []
    order(workspace, None)
    assert workspace.round("2027-03-03T12:00").sent == []
    order(workspace, "à renvoyer")
    assert keys(workspace.round("2027-03-03T13:00").sent) == [f"{ONE}:annonce:3"]
    assert workspace.round("2027-03-03T14:00").sent == []
    assert len(workspace.mails_to_structures()) == 5


def test_a_resend_survives_a_lost_journal_and_a_restored_workbook(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.round()
    order(workspace, "À renvoyer")
    before = workspace.book.read_bytes()
    workspace.round("2027-03-03T10:00")
    for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        path.unlink()
    assert workspace.round("2027-03-03T11:00").sent == []
    workspace.book.write_bytes(before)  # the order stands there, and nothing says that it was carried out
    assert workspace.round("2027-03-03T12:00").sent == []
    assert str(candidate(workspace)["Commande faite"]).startswith("À renvoyer\u00a0: envoi n° 2")


def test_an_order_emptied_does_not_bring_an_old_key_back(workspace: Workspace) -> None:
    workspace.round()
    order(workspace, "À renvoyer")
    workspace.round("2027-03-03T10:00")
    order(workspace, None)
    workspace.round("2027-03-03T11:00")
    for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        path.unlink()
    workspace.round("2027-03-03T12:00")
    order(workspace, "À renvoyer")
    assert keys(workspace.round("2027-03-03T13:00").sent) == [f"{ONE}:annonce:3"]


def test_a_row_that_is_not_to_be_sent_waits(workspace: Workspace) -> None:
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="à demander")
    workspace.round()
    order(workspace, "Ne pas envoyer")
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="s1@structures.example")
    account = workspace.round("2027-03-03T10:00")
    assert account.sent == []
    assert "« Ne pas envoyer »" in reasons(account)[f"{ONE}:annonce"]


@pytest.mark.parametrize("word", ["Renvoyer demain", "À renvoyer ?", "?", "Envoyer"])
def test_a_wrong_order_on_a_row_is_said_and_sends_nothing(workspace: Workspace, word: str) -> None:
    workspace.round()
    order(workspace, word)
    account = workspace.round("2027-03-03T10:00")
    assert account.sent == []
    assert [p.where for p in account.problems] == ["Candidatures, ligne 2, Commande"]


def test_a_preview_of_one_call_shows_its_follow_ups_once_they_are_due(workspace: Workspace) -> None:
    first = workspace.run("apercu", CALLS, "2027-1", at=TUESDAY).json
    assert len(first["planned"]) == 3
    workspace.round(TUESDAY)
    for at, due in (("2027-03-10T10:00", 0), (FIRST, 3)):
        seen = workspace.run("apercu", CALLS, "2027-1", at=at).json
        assert [entry["key"][-9:] for entry in seen["planned"]] == ["relance-1"] * due
        assert len(seen["waiting"]) == 3 - due


def test_the_state_of_a_call_says_when_and_that_it_is_over(workspace: Workspace) -> None:
    workspace.round("2027-04-29T10:00")
    workspace.round("2027-05-03T10:00")
    state = workspace.row("Appels")["État"].replace("\u00a0", " ")
    assert state == "Date limite passée ; 3 envoyés ; dernier départ le 29/04/2027 à 10 h"


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("", "À corriger : L'onglet « Structures » est introuvable"),
        ("C1", "À corriger : La colonne « Courriel » manque (Structures, ligne 1)"),
    ],
)
def test_a_tab_that_cannot_be_read_is_why_nobody_is_written_to(
    workspace: Workspace, cell: str, state: str
) -> None:
    """The tab itself, or a heading of it, renamed before the call opens."""
    workspace.round("2027-01-20T10:00")
    workspace.edit(
        lambda book: (
            book["Structures"].__setitem__(cell, "Adresse")
            if cell
            else setattr(book["Structures"], "title", "Partenaires")
        )
    )
    workspace.round(TUESDAY)
    assert workspace.row("Appels")["État"].replace("\u00a0", " ") == state


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        ({"Date limite": "26/02/2027"}, "Date limite passée ; 0 envoyé"),
        (
            {"Destinataires": "Nom = Personne"},
            "Personne à qui écrire : voyez Destinataires, et Motif dans Candidatures",
        ),
        ({"Ouverture": "15/03/2027"}, "0 envoyé ; 3 à envoyer : l'appel ouvre le 15/03/2027"),
        ({"Commande": "a lancé"}, "À corriger : « a lancé » n'est pas une commande."),
        (
            {"Ouverture": "15/03/2027", "Date limite": "10/03/2027"},
            "À corriger : La date limite (10/03/2027) est avant l'ouverture (15/03/2027).",
        ),
    ],
)
def test_the_state_says_why_nothing_leaves(tmp_path: Path, cells: dict[str, str], state: str) -> None:
    book = small(3)
    call = dict(zip(book["Appels"][0], book["Appels"][1], strict=True))
    call |= {"Destinataires": None, "Commande": "À lancer"} | cells
    workspace = Workspace(tmp_path, book | {"Appels": [tuple(call), tuple(call.values())]})
    workspace.round()
    assert workspace.row("Appels")["État"].replace("\u00a0", " ") == state


def test_rows_of_a_launch_taken_back_say_so(workspace: Workspace) -> None:
    workspace.put("Structures", {"Réf.": "STR-002"}, Courriel="à demander")
    workspace.round()
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="Brouillon")
    workspace.put("Structures", {"Réf.": "STR-002"}, Courriel="s2@structures.example")
    workspace.round("2027-03-02T11:00")
    shown = {row["Structure"]: (row["Envoi"], row["Motif"]) for row in workspace.tab("Candidatures")}
    assert shown["STR-002"] == ("En attente", "l'appel n'est pas lancé")
    assert shown["STR-001"][0] == "Envoyé"


def test_a_state_to_be_mended_goes_with_what_was_wrong(workspace: Workspace) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="a lancé")
    workspace.round()
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="Brouillon")
    workspace.round("2027-03-02T11:00")
    assert workspace.row("Appels")["État"] is None


# What was lost or restored


def lose_journal(workspace: Workspace) -> None:
    for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        path.unlink()


def test_a_restored_workbook_is_written_again(workspace: Workspace) -> None:
    before = workspace.book.read_bytes()
    workspace.round()
    workspace.book.write_bytes(before)
    account = workspace.round("2027-03-03T10:00")
    assert account.sent == []
    assert account.exit_status == 0
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 3


def test_a_lost_journal_believes_the_sheet(workspace: Workspace) -> None:
    workspace.round()
    lose_journal(workspace)
    assert workspace.launch("2027-03-03T10:00").sent == []
    assert len(workspace.round(FIRST).sent) == 3  # follow-ups go on
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 3


def test_a_resend_hides_no_address_from_the_net_when_the_journal_is_lost(workspace: Workspace) -> None:
    workspace.round()
    order(workspace, "À renvoyer")
    workspace.round("2027-03-03T10:00")
    workspace.put("Structures", {"Réf.": "STR-001"}, **{"Réf.": None})
    lose_journal(workspace)
    account = workspace.round("2027-03-03T11:00")
    assert account.sent == []
    assert len(workspace.mails_to_structures()) == 4
    assert reasons(account)["appel:2027-1:STR-004:annonce"].endswith("reçoit déjà cet appel par STR-001")


def test_a_lost_journal_and_a_restored_workbook_stop_the_round(workspace: Workspace) -> None:
    before = workspace.book.read_bytes()
    workspace.round()
    workspace.book.write_bytes(before)
    lose_journal(workspace)
    with pytest.raises(TourneeError, match="journal"):
        workspace.launch("2027-03-03T10:00")
    assert len(workspace.mails_to_structures()) == 3


def test_an_older_journal_believes_the_newer_sheet(workspace: Workspace, tmp_path: Path) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande=None)
    workspace.round()
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    older = tmp_path / "journal"
    shutil.copy(journal, older)
    workspace.launch("2027-03-03T10:00")
    lose_journal(workspace)
    shutil.copy(older, journal)
    assert workspace.launch("2027-03-03T11:00").sent == []
    assert workspace.round("2027-03-03T12:00").sent == []
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 3


def test_a_believed_doubt_is_not_sent(workspace: Workspace) -> None:
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Envoi="Envoi en cours")
    lose_journal(workspace)
    account = workspace.round("2027-03-03T10:00")
    assert account.sent == []
    assert account.uncertain == [f"{ONE}:annonce"]
    assert candidate(workspace)["Envoi"] == "À vérifier"


@pytest.mark.parametrize("word", ["Parti", "oui", "x", "fait par tél", "déjà fait", True])
def test_a_word_of_hers_in_the_state_is_a_doubt(workspace: Workspace, word: object) -> None:
    workspace.edit(lambda book: book.create_sheet("Candidatures").append(["Appel", "Structure", "Envoi"]))
    workspace.edit(lambda book: book["Candidatures"].append(["2027-1", "STR-001", word]))
    account = workspace.round()
    assert len(account.sent) == 2
    assert account.uncertain == [f"{ONE}:annonce"]


@pytest.mark.parametrize("word", ["non", "À envoyer", "En attente", None, False])
def test_a_state_that_says_no_lets_the_mail_leave(workspace: Workspace, word: object) -> None:
    workspace.edit(lambda book: book.create_sheet("Candidatures").append(["Appel", "Structure", "Envoi"]))
    workspace.edit(lambda book: book["Candidatures"].append(["2027-1", "STR-001", word]))
    assert len(workspace.round().sent) == 3


@pytest.mark.parametrize(
    "line", [("BLOIS",), ("Réf.", "Nom", "Courriel", "Statut réseau"), (None, "Total"), ("Sous-total :",)]
)
def test_a_line_that_sets_rows_apart_is_none_of_them(tmp_path: Path, line: tuple[str | None, ...]) -> None:
    book = small(2, "À lancer")
    book["Structures"] = [*book["Structures"][:2], line, *book["Structures"][2:]]
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    account = workspace.round()
    assert (len(account.sent), account.waiting, account.problems) == (2, [], [])
    assert [row["Structure"] for row in workspace.tab("Candidatures")] == ["STR-001", "STR-002"]
    sheet = openpyxl.load_workbook(workspace.book)["Structures"]
    assert [cell.value for cell in sheet[3]][: len(line)] == [*line]


def test_a_structure_of_which_the_ref_alone_is_left_is_still_one(workspace: Workspace) -> None:
    workspace.round()
    workspace.put("Structures", {"Réf.": "STR-001"}, Nom=None, Courriel=None)
    assert f"{ONE}:relance-1" in dict(workspace.round("2027-03-03T10:00").waiting)


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("word", ["oui", "1", "relance faite le 15/03/2027", "fait 1 fois", "1 le 15 mars"])
def test_words_of_hers_among_the_follow_ups_are_a_doubt(workspace: Workspace, word: str, lost: bool) -> None:
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Relances=word)
    if lost:
        lose_journal(workspace)
    account = workspace.round("2027-03-16T10:00")
    assert len(account.sent) == 2
    assert account.uncertain == [f"{ONE}:relance-1"]
    assert workspace.round("2027-03-16T10:15").sent == []


def test_words_of_hers_among_the_follow_ups_spread_no_further_once_the_journal_is_lost(
    workspace: Workspace,
) -> None:
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Relances="1 par tél")
    lose_journal(workspace)
    for at in ("10:00", "10:15", "10:30"):
        workspace.round(f"2027-03-16T{at}")
        said = str(candidate(workspace)["Relances"]).replace("\u00a0", " ")
        assert said == "1 à vérifier ; 2 à vérifier"


@pytest.mark.parametrize("between", [" ; ", ", ", "\n"])
def test_follow_ups_are_read_whatever_separates_them(workspace: Workspace, between: str) -> None:
    workspace.round()
    said = between.join(["1 le 16/03/2027", "2 le 30/03/2027"])
    workspace.put("Candidatures", {"Structure": "STR-001"}, Relances=said)
    lose_journal(workspace)
    account = workspace.round("2027-03-16T10:00")
    assert len(account.sent) == 2
    assert account.uncertain == []


def test_a_state_of_nobody_is_said_and_its_address_not_written_to_again(workspace: Workspace) -> None:
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Structure=None)
    lose_journal(workspace)
    account = workspace.round("2027-03-03T10:00")
    assert account.sent == []
    assert [p.where for p in account.problems] == ["Candidatures, ligne 2, Structure"]
    assert workspace.round("2027-03-03T10:15").sent == []


def test_a_doubt_is_settled_from_the_sheet(workspace: Workspace) -> None:
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Envoi="À vérifier")
    lose_journal(workspace)
    workspace.round("2027-03-03T10:00")
    order(workspace, "À renvoyer")
    assert keys(workspace.round("2027-03-03T11:00").sent) == [f"{ONE}:annonce:2"]
    assert candidate(workspace)["Envoi"] == "Envoyé"


def test_a_doubt_is_settled_in_the_terminal(workspace: Workspace) -> None:
    workspace.round()
    for number in (1, 2):
        workspace.put("Candidatures", {"Structure": f"STR-00{number}"}, Envoi="À vérifier")
    lose_journal(workspace)
    assert workspace.round("2027-03-03T10:00").uncertain == [f"{ONE}:annonce", "appel:2027-1:STR-002:annonce"]
    office = workspace.office("2027-03-03T11:00")
    office.settle(f"{ONE}:annonce", sent=False)
    office.settle("appel:2027-1:STR-002:annonce", sent=True)
    with pytest.raises(TourneeError, match="n'est pas à vérifier"):
        office.settle(f"{ONE}:annonce", sent=True)
    assert [record.state for record in office.uncertain().values()] == []
    assert keys(workspace.round("2027-03-03T12:00").sent) == [f"{ONE}:annonce"]
    assert [row["Envoi"] for row in workspace.tab("Candidatures")] == ["Envoyé"] * 3
    assert State.UNCERTAIN.value not in str(workspace.tab("Candidatures"))


def test_an_older_journal_learns_what_was_settled_since(workspace: Workspace, tmp_path: Path) -> None:
    workspace.round()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Envoi="À vérifier")
    lose_journal(workspace)
    workspace.round("2027-03-03T10:00")
    journal, older = workspace.folder / "donnees" / "journal.sqlite3", tmp_path / "journal"
    shutil.copy(journal, older)
    workspace.office("2027-03-03T10:30").settle(f"{ONE}:annonce", sent=True)
    assert workspace.round("2027-03-03T11:00").uncertain == []
    lose_journal(workspace)
    shutil.copy(older, journal)
    for at in ("2027-03-03T12:00", "2027-03-03T13:00"):
        account = workspace.round(at)
        assert (account.sent, account.uncertain) == ([], [])
        assert candidate(workspace)["Envoi"] == "Envoyé"


def test_calls_that_share_a_ref_are_held_with_a_way_out(workspace: Workspace) -> None:
    workspace.edit(lambda book: book["Appels"].append(APPEAL))
    account = workspace.round()
    assert account.sent == []
    (problem,) = {p for p in account.problems if p.where == "Appels, ligne 3, Réf."}
    assert problem.what.endswith("est portée par plusieurs lignes (2, 3).")
    assert problem.remedy == "Gardez-la sur la bonne ligne et donnez-en une autre aux autres."


def test_a_template_that_is_wrong_holds_its_own_messages_and_no_others(tmp_path: Path) -> None:
    book = {**small(2, "À lancer"), "Promeneurs": [PEOPLE, person(1)], "Sessions": [SESSIONS, session()]}
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    workspace.put("Sessions", {"Réf.": "SES-2"}, Commande="À lancer")
    template = tmp_path / "templates" / "appel-a-candidatures" / "annonce.txt"
    template.parent.mkdir(parents=True)
    template.write_text("Objet : {{ strcture }}\n\nBonjour", "utf-8")
    account = workspace.round(TUESDAY)
    assert keys(account.sent) == ["formation:SES-2:PRO-001:invitation"]
    assert [problem.where for problem in account.problems] == [
        "templates/appel-a-candidatures/annonce.txt, ligne 1"
    ]
    assert "annonce.txt est à corriger" in workspace.row("Appels")["État"]
    stopped = workspace.run("appel", "lancer", "2027-1", "--oui")
    assert (stopped.status, "strcture" in stopped.json["error"]["what"]) == (2, True)
    template.unlink()
    assert len(workspace.round("2027-03-02T10:15").sent) == 2


@pytest.mark.parametrize(
    ("tab", "ref", "another"), [("Appels", "2027-1", "A"), ("Structures", "STR-002", "B")]
)
def test_what_was_written_under_another_ref_is_held_until_it_has_its_own_back(
    workspace: Workspace, tab: str, ref: str, another: str
) -> None:
    assert len(workspace.round(TUESDAY).sent) == 3
    workspace.put(tab, {"Réf.": ref}, **{"Réf.": another})
    for at in ("2027-03-02T10:30", "2027-03-02T11:00"):
        account = workspace.round(at)
        assert account.sent == []
        (problem,) = account.problems
        assert problem.where.startswith(f"{tab}, ligne ")
        assert f"Remettez « {ref} »" in problem.remedy
    workspace.put(tab, {"Réf.": another}, **{"Réf.": ref})
    account = workspace.round("2027-03-02T12:00")
    assert (account.sent, account.problems) == ([], [])


def test_names_sorted_without_their_refs_are_held_until_they_are_sorted_back(tmp_path: Path) -> None:
    book = {
        "Promeneurs": [PEOPLE, person(1), person(2)],
        "Sessions": [SESSIONS, session(Commande="À lancer")],
    }
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')

    def sort_back_and_forth(book: OpenpyxlWorkbook) -> None:
        for one, other in zip(*book["Promeneurs"]["B2:D3"], strict=True):
            one.value, other.value = other.value, one.value

    assert len(workspace.round(TUESDAY, narrowing=Narrowing(limit=1)).sent) == 1
    workspace.edit(sort_back_and_forth)
    before = workspace.tab("Inscriptions")
    for at in ("2027-03-02T10:30", "2027-03-02T11:00"):
        account = workspace.round(at)
        assert account.sent == []
        held = {p.where: p.remedy for p in account.problems if p.where.startswith("Promeneurs")}
        assert held.keys() == {"Promeneurs, ligne 2, Réf.", "Promeneurs, ligne 3, Réf."}
        assert held["Promeneurs, ligne 2, Réf."].endswith("ici « PRO-002 ».")
        assert workspace.tab("Inscriptions") == before
    workspace.edit(sort_back_and_forth)
    account = workspace.round("2027-03-02T12:00")
    assert account.sent == [("formation:SES-2:PRO-002:invitation", ("p2@reseau.example",))]
    assert not any(problem.where.startswith("Promeneurs") for problem in account.problems)


def test_a_call_that_was_never_sent_may_change_its_ref(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2), delai_de_grace='"0"')
    assert workspace.round(TUESDAY).sent == []
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer", **{"Réf.": "2027-2"})
    assert len(workspace.round("2027-03-02T10:30").sent) == 2
