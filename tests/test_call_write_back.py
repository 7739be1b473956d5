"""People go on working in the sheet between and during the rounds of a call."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl.workbook import Workbook as OpenpyxlWorkbook

from tests.support.smtp_server import Fault, SmtpServer
from tests.support.workspace import CALLS, Workspace, heading_row, keys, small
from workflows.core.ports import WorkbookError
from workflows.core.problems import TourneeError
from workflows.core.workflow import Scope, Step
from workflows.engine.prepare import Request

NBSP = "\u00a0"
LAUNCH = Request("appel lancer", Scope(CALLS, Step.FIRST, "2027-1"))
NEXT, FIRST_FOLLOW_UP = "2027-03-03T10:00", "2027-03-16T10:00"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, small(4))


def rearranged(
    title: str, arrange: Callable[[list[list[Any]]], list[list[Any]]]
) -> Callable[[OpenpyxlWorkbook], None]:
    """What a person does who sorts, inserts or deletes rows: whole rows move."""

    def change(book: OpenpyxlWorkbook) -> None:
        sheet = book[title]
        number = heading_row(sheet)
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(number + 1)]
        rows = [row for row in rows if any(value is not None for value in row)]
        sheet.delete_rows(number + 1, sheet.max_row)
        for at, row in enumerate(arrange(rows), number + 1):
            for column, value in enumerate(row, 1):
                sheet.cell(at, column).value = value

    return change


def statuses(workspace: Workspace) -> dict[str, tuple[Any, Any]]:
    return {r["Structure"]: (r["Nom"], r["Envoi"]) for r in workspace.tab("Candidatures") if r["Structure"]}


def lock(workspace: Workspace) -> Path:
    """What LibreOffice leaves beside a file that somebody has open elsewhere."""
    path = workspace.book.with_name(f".~lock.{workspace.book.name}#")
    path.write_text("Camille,camille,bureau-2,02.03.2027 09:55,file:///profil;", "utf-8")
    return path


def test_rows_sorted_inserted_and_deleted_keep_their_statuses(workspace: Workspace) -> None:
    workspace.put("Structures", {"Réf.": "STR-002"}, Courriel="à demander")
    workspace.launch()
    before = statuses(workspace)
    workspace.edit(rearranged("Structures", lambda rows: [*reversed(rows)]))
    workspace.edit(rearranged("Candidatures", lambda rows: [rows[3], [None] * len(rows[0]), *rows[:3]]))
    workspace.put("Structures", {"Réf.": "STR-002"}, Courriel="s2@structures.example")
    assert keys(workspace.round(NEXT).sent) == ["appel:2027-1:STR-002:annonce"]
    assert statuses(workspace) == before | {"STR-002": ("Structure 2", "Envoyé")}
    workspace.edit(rearranged("Structures", lambda rows: rows[1:]))
    workspace.edit(rearranged("Candidatures", lambda rows: rows[1:]))
    account = workspace.round(FIRST_FOLLOW_UP)
    assert keys(account.sent) == [f"appel:2027-1:STR-00{n}:relance-1" for n in (3, 1)]
    assert statuses(workspace).keys() == {"STR-001", "STR-002", "STR-003"}


def test_a_cell_of_the_program_typed_over_is_reported_and_left(workspace: Workspace) -> None:
    workspace.launch()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Motif="appelée mardi", Envoi="Vu")
    account = workspace.round(FIRST_FOLLOW_UP)
    assert len(account.sent) == 4
    assert {p.where for p in account.problems} == {
        "Candidatures, ligne 2, Motif",
        "Candidatures, ligne 2, Envoi",
    }
    row = workspace.row("Candidatures", Structure="STR-001")
    assert (row["Motif"], row["Envoi"], row["Relances"]) == ("appelée mardi", "Vu", "1 le 16/03/2027")
    workspace.put("Candidatures", {"Structure": "STR-001"}, Motif=None, Envoi=None)
    assert workspace.round("2027-03-16T11:00").problems == []
    assert workspace.row("Candidatures", Structure="STR-001")["Envoi"] == "Envoyé"


def test_emptied_cells_of_the_program_are_written_again(workspace: Workspace) -> None:
    workspace.launch()
    before = workspace.tab("Candidatures")

    def empty(book: OpenpyxlWorkbook) -> None:
        for row in book["Candidatures"].iter_rows(2):
            for cell in row:
                cell.value = None if cell.column not in (2, 3) else cell.value

    workspace.edit(empty)
    assert workspace.round(NEXT).sent == []
    assert workspace.tab("Candidatures") == before


def test_a_formula_in_a_cell_of_the_program_stays(workspace: Workspace) -> None:
    workspace.launch()
    workspace.put("Candidatures", {"Structure": "STR-001"}, Nom='="Centre "&"social"')
    workspace.put("Structures", {"Réf.": "STR-001"}, Nom="Autre nom")
    account = workspace.round(NEXT)
    assert account.sent == []
    assert [p.where for p in account.problems] == ["Candidatures, ligne 2, Nom"]
    assert workspace.row("Candidatures", Structure="STR-001")["Nom"] == '="Centre "&"social"'


# The workbook is not there to be written


def test_a_workbook_that_is_open_elsewhere_lets_nothing_leave(workspace: Workspace) -> None:
    held = lock(workspace)
    ran = workspace.run("appel", "lancer", "2027-1", "--oui")
    assert ran.status == 2
    said = ran.json["error"]["what"].replace(NBSP, " ")
    assert said == (
        "Le classeur « coordination.xlsx » est ouvert dans LibreOffice par Camille sur l’ordinateur"
        " « bureau-2 » depuis le 02/03/2027 à 09:55."
    )
    assert workspace.mails() == []
    held.unlink()
    assert len(workspace.launch().sent) == 4


def test_statuses_that_cannot_be_written_after_the_sending_wait_for_the_next_round(tmp_path: Path) -> None:
    with SmtpServer() as server:
        workspace = Workspace(tmp_path, small(3))
        workspace.smtp(server.port)
        office = workspace.office()
        office.progress = lambda done, total: None if done < total else (lock(workspace), None)[1]
        account = office.run(LAUNCH)
        assert len(account.sent) == 3
        assert account.pending_writes > 0
        assert account.exit_status == 1
        assert {row["Envoi"] for row in workspace.tab("Candidatures")} == {"Envoi en cours"}
        assert "Des statuts attendent" in workspace.run("etat", form="texte").out
        workspace.book.with_name(f".~lock.{workspace.book.name}#").unlink()
        later = workspace.round(NEXT)
        assert (later.sent, later.pending_writes, later.exit_status) == ([], 0, 0)
        assert {row["Envoi"] for row in workspace.tab("Candidatures")} == {"Envoyé"}
        assert "Des statuts attendent" not in workspace.run("etat", form="texte").out


def test_a_person_who_saves_during_the_sending_loses_nothing(tmp_path: Path) -> None:
    """The file that she saves is the one from before the round, with her own change."""
    with SmtpServer(faults=[Fault("END", "wait", seconds=0.05)]) as server:
        workspace = Workspace(tmp_path, small(3))
        workspace.smtp(server.port)
        office = workspace.office()
        hers = workspace.book.read_bytes()

        def save(done: int, _total: int) -> None:
            if done == 2:
                workspace.book.write_bytes(hers)
                workspace.put("Structures", {"Réf.": "STR-003"}, **{"Statut réseau": "Dans le réseau"})

        office.progress = save
        account = office.run(LAUNCH)
        assert len(account.sent) == 3
        assert account.pending_writes == 0
        assert {row["Envoi"] for row in workspace.tab("Candidatures")} == {"Envoyé"}
        assert workspace.row("Structures", **{"Réf.": "STR-003"})["Statut réseau"] == "Dans le réseau"


# Identities


def test_a_duplicated_ref_holds_the_rows_that_bear_it(workspace: Workspace) -> None:
    workspace.put("Structures", {"Réf.": "STR-003"}, **{"Réf.": "str-002"})
    account = workspace.launch()
    assert keys(account.sent) == ["appel:2027-1:STR-001:annonce", "appel:2027-1:STR-004:annonce"]
    assert [p.where for p in account.problems] == ["Structures, ligne 3, Réf.", "Structures, ligne 4, Réf."]
    workspace.edit(lambda book: book["Structures"].__setitem__("A4", None))
    after = workspace.round(NEXT)
    assert sorted(keys(after.sent)) == ["appel:2027-1:STR-002:annonce", "appel:2027-1:STR-005:annonce"]


def test_a_duplicated_ref_in_candidatures_holds_its_structures(workspace: Workspace) -> None:
    workspace.launch()
    workspace.put("Candidatures", {"Structure": "STR-002"}, **{"Réf.": "CAN-001"})
    account = workspace.round(FIRST_FOLLOW_UP)
    assert keys(account.sent) == ["appel:2027-1:STR-003:relance-1", "appel:2027-1:STR-004:relance-1"]
    assert {p.where for p in account.problems} == {
        "Candidatures, ligne 2, Réf.",
        "Candidatures, ligne 3, Réf.",
    }


@pytest.mark.parametrize(
    ("tab", "cell", "retyped"),
    [("Structures", "A2", "str-001"), ("Structures", "A2", "STR 001"), ("Appels", "A2", "2027/1")],
)
def test_a_ref_typed_again_otherwise_names_the_same_messages(
    workspace: Workspace, tab: str, cell: str, retyped: str
) -> None:
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="À lancer")
    workspace.launch()
    workspace.edit(lambda book: book[tab].__setitem__(cell, retyped))
    assert workspace.round(NEXT).sent == []
    assert workspace.launch(NEXT, "2027 1").sent == []
    assert len(workspace.tab("Candidatures")) == 4
    assert keys(workspace.round(FIRST_FOLLOW_UP).sent)[0] == "appel:2027-1:STR-001:relance-1"


@pytest.mark.parametrize(("appel", "structure"), [("2027-1", "str-001"), ("2027\u20111", "STR\u2011001")])
@pytest.mark.parametrize(
    ("heading", "word"),
    [("Commande", "Ne pas envoyer"), ("Réponse", "Non"), ("Envoi", "Envoyé"), ("Envoi", "À vérifier")],
)
def test_a_row_of_hers_counts_however_it_spells_whom_it_is_about(
    tmp_path: Path, appel: str, structure: str, heading: str, word: str
) -> None:
    hers = [("Appel", "Structure", heading), (appel, structure, word)]
    workspace = Workspace(tmp_path, {**small(2), "Candidatures": hers})
    assert keys(workspace.launch().sent) == ["appel:2027-1:STR-002:annonce"]
    account = workspace.round(NEXT)
    assert (account.sent, account.problems) == ([], [])
    assert (workspace.tab("Candidatures")[0]["Appel"], workspace.tab("Candidatures")[0]["Structure"]) == (
        appel,
        structure,
    )


def test_two_rows_about_one_structure_are_two_however_they_spell_it(tmp_path: Path) -> None:
    hers = [("Appel", "Structure", "Notes"), ("2027-1", "str-001", "a"), ("2027-1", "STR 001", "b")]
    account = Workspace(tmp_path, {**small(2), "Candidatures": hers}).launch()
    assert keys(account.sent) == ["appel:2027-1:STR-002:annonce"]
    assert "plusieurs fois" in account.problems[0].what


def test_a_row_of_candidatures_copied_by_hand_holds_its_structure(workspace: Workspace) -> None:
    workspace.launch()
    workspace.edit(rearranged("Candidatures", lambda rows: [*rows, [None, *rows[0][1:]]]))
    account = workspace.round(FIRST_FOLLOW_UP)
    assert "appel:2027-1:STR-001:relance-1" not in keys(account.sent)
    assert len(account.sent) == 3
    assert "plusieurs fois" in account.problems[0].what


def test_an_emptied_ref_gets_its_old_one_back(workspace: Workspace) -> None:
    workspace.launch()
    for cell in ("A2", "A4"):
        workspace.edit(lambda book, cell=cell: book["Structures"].__setitem__(cell, None))  # type: ignore[misc]
        workspace.edit(lambda book, cell=cell: book["Candidatures"].__setitem__(cell, None))  # type: ignore[misc]
    workspace.edit(rearranged("Structures", lambda rows: [*reversed(rows)]))
    assert workspace.round(NEXT).sent == []
    assert [row["Réf."] for row in workspace.tab("Structures")] == [
        "STR-004",
        "STR-003",
        "STR-002",
        "STR-001",
    ]
    assert [row["Réf."] for row in workspace.tab("Candidatures")] == [f"CAN-00{n}" for n in (1, 2, 3, 4)]


def test_a_number_is_never_used_again(workspace: Workspace) -> None:
    workspace.launch()
    workspace.edit(rearranged("Structures", lambda rows: rows[:2]))
    workspace.edit(lambda book: book["Structures"].append([None, "Nouvelle", "n@structures.example"]))
    workspace.edit(lambda book: book["Structures"].append([None, "Voir STR-017", "v@structures.example"]))
    assert keys(workspace.round(NEXT).sent) == [
        "appel:2027-1:STR-018:annonce",
        "appel:2027-1:STR-019:annonce",
    ]
    for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        path.unlink()
    workspace.edit(rearranged("Candidatures", lambda rows: rows[:1]))
    workspace.edit(lambda book: book["Structures"].__setitem__("F2", "avant : CAN-030"))
    workspace.launch("2027-03-04T10:00")
    assert {r["Réf."] for r in workspace.tab("Candidatures")} >= {"CAN-001", "CAN-031"}


# Tabs and headings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda book: book["Structures"].__setitem__("C1", "Adresse postale"),
            "La colonne « Courriel » manque.",
        ),
        (lambda book: book["Appels"].__setitem__("B1", None), "La colonne « Titre » manque."),
        (
            lambda book: setattr(book["Structures"], "title", "Contacts"),
            "L'onglet « Structures » est introuvable.",
        ),
        (lambda book: book.remove(book["Appels"]), "L'onglet « Appels » est introuvable."),
        (
            lambda book: book["Structures"].__setitem__("D1", "courriel"),
            "Plusieurs colonnes ont le titre « Courriel »",
        ),
    ],
)
def test_a_heading_or_tab_that_is_gone_stops_the_call(
    workspace: Workspace, change: Callable[[OpenpyxlWorkbook], object], said: str
) -> None:
    workspace.edit(change)
    with pytest.raises(TourneeError, match=said.split(" « ")[0]) as caught:
        workspace.launch()
    assert said in caught.value.what.replace(NBSP, " ")
    assert caught.value.remedy.endswith(".")
    account = workspace.round()
    assert account.sent == []
    assert said in account.problems[0].what.replace(NBSP, " ")
    assert account.exit_status == 1


def test_a_heading_that_was_nearly_right_lets_nothing_leave(workspace: Workspace) -> None:
    workspace.edit(lambda book: book["Structures"].__setitem__("E1", "Ne plus soliciter"))
    with pytest.raises(TourneeError, match="Ne plus soliciter"):
        workspace.launch()
    account = workspace.round()
    assert account.sent == []
    assert any("Ne plus solliciter" in p.remedy for p in account.problems)


def test_half_a_tab_gone_stops_the_round_until_it_is_confirmed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(12))
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="à demander")
    workspace.launch()
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="s1@structures.example")
    workspace.edit(rearranged("Structures", lambda rows: rows[:5]))
    ran = workspace.run("passage", at=NEXT)
    assert ran.status == 2
    assert "n'a plus que 5 lignes sur 12" in ran.json["error"]["what"]
    assert len(workspace.mails()) == 11
    confirmed = workspace.run("passage", "--confirmer", at=NEXT)
    assert (confirmed.status, len(confirmed.json["sent"])) == (0, 1)
    assert workspace.run("passage", at=NEXT).status == 0


def test_a_read_only_workbook_lets_nothing_leave(workspace: Workspace) -> None:
    os.chmod(workspace.book, 0o444)  # noqa: PTH101
    with pytest.raises(WorkbookError, match="lecture seule"):
        workspace.launch()
    assert workspace.mails() == []


def test_a_day_that_she_wrote_as_text_stands_and_another_one_is_said_in_french(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.launch()
    first, second = {"Structure": "STR-001"}, {"Structure": "STR-002"}
    workspace.put("Candidatures", first, Envoyé_le="mardi 2 mars 2027")
    workspace.put("Candidatures", second, Envoyé_le="03/03/2027")
    (problem,) = workspace.round("2027-03-03T10:00").problems
    assert problem.where == "Candidatures, ligne 3, Envoyé le"
    assert "elle devrait dire « 02/03/2027 à 10 h »" in problem.what.replace("\u00a0", " ")


def test_her_own_word_for_a_state_stands_and_is_told(tmp_path: Path) -> None:
    row = ("CAN-001", "2027-1", "STR-001", "Structure 1", "s1@structures.example", "Parti")
    book = {**small(1), "Candidatures": [("Réf.", "Appel", "Structure", "Nom", "Courriel", "Envoi"), row]}
    workspace = Workspace(tmp_path, book)
    account = workspace.launch()
    assert (account.sent, account.uncertain) == ([], ["appel:2027-1:STR-001:annonce"])
    assert [problem.where for problem in account.problems] == ["Candidatures, ligne 2, Envoi"]
    assert workspace.row("Candidatures")["Envoi"] == "Parti"
