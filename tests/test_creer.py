"""`creer`: from nothing to the first trial mail, and what a workbook lacks."""

from __future__ import annotations

import stat
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.sheets_server import ACCOUNT, SheetsServer
from tests.support.smtp_server import SmtpServer
from tests.support.terminal import at_terminal
from tests.support.workspace import CHECKOUT, SAMPLE, Workspace, parsed, small, write_book
from workflows.core.schema import Refused, check
from workflows.core.words import COLOURS, TABS
from workflows.engine.founding import found
from workflows.engine.general import GENERAL
from workflows.engine.questions import Question, interview, with_answers

CREER = [sys.executable, str(CHECKOUT / "run.py"), "creer"]
SHIPPED = (CHECKOUT / "config" / "general.toml").read_text("utf-8")
ADDRESS, TRIAL = "coordination@asso.example", "moi@asso.example"
URL = "https://docs.google.com/spreadsheets/d/1AbC-dEf_2/edit?gid=0#gid=0"


def workspace_at(folder: Path) -> Workspace:
    """What the command line made there, as it is."""
    workspace = Workspace.__new__(Workspace)
    workspace.folder, workspace.book = folder, folder / "donnees" / "coordination.xlsx"
    return workspace


def general(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "config" / "general.toml").read_text("utf-8"))


def answered(*typed: str) -> Mapping[str, Any]:
    """What the questions make of these answers; an answer that is refused is followed by another."""
    waiting: Iterator[str] = iter(typed)

    def ask(question: Question) -> Any:
        while True:
            try:
                return question.take(next(waiting) or question.default)
            except Refused:
                continue

    answers = interview(ask)
    assert not list(waiting)
    return answers


def fill(workspace: Workspace, tab: str, structure: list[str | None]) -> None:
    """One structure in this tab, and one call."""

    def change(book: openpyxl.Workbook) -> None:
        book[tab].append(structure)
        book["Appels"].append(["2027-1", "Appel de printemps", None, "26/03/2027"])

    workspace.edit(change)


# From nothing to the first trial mail


def test_the_first_trial_mail_on_the_embedded_workbook(tmp_path: Path) -> None:
    folder = tmp_path / "ma tournée"
    with SmtpServer(accounts={ADDRESS: "sesame"}, login_needed=True) as smtp:
        typed = ["", "Coordination 41", "ici", ADDRESS, "2", "127.0.0.1", "3", str(smtp.port), "", "", TRIAL]
        status, screen = at_terminal([*CREER, str(folder)], typed)
        assert status == 0, screen
        assert "n'est pas une adresse électronique" in screen
        password = folder / "config" / "mot-de-passe.txt"
        assert str(password) in screen
        assert 'type = "imap" sous [reponses]' in screen.replace("\u00a0", " ")
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        workspace = workspace_at(folder)
        assert workspace.run("verifier").status == 2  # the password is still empty
        password.write_text("sesame\n")
        assert workspace.run("verifier").status == 0
        fill(workspace, "Structures", [None, "Centre social", None, None, None, "accueil@structure.example"])
        ran = workspace.run("appel", "lancer", "2027-1", "--essai", "--oui")
    assert ran.status == 0, ran.err
    (mail,) = smtp.accepted
    assert mail.recipients == (TRIAL,)
    assert parsed(mail.content)["Subject"].startswith("[ESSAI] pour accueil@structure.example")


def test_the_first_trial_mail_on_a_google_spreadsheet(tmp_path: Path) -> None:
    folder = tmp_path / "tournee"
    with SmtpServer() as smtp, SheetsServer() as sheets:
        book = sheets.create("Coordination")
        sheets.strict(ACCOUNT)
        url = f"https://docs.google.com/spreadsheets/d/{book}/edit?gid=0#gid=0"
        typed = ["2", url, "Coordination 41", ADDRESS, "2", "127.0.0.1", "3", str(smtp.port), "-", TRIAL]
        status, screen = at_terminal([*CREER, str(folder)], typed)
        assert status == 0, screen
        assert str(folder / "config" / "compte-de-service.json") in screen
        workspace = workspace_at(folder)
        assert not workspace.book.exists()
        assert general(folder)["classeur"]["identifiant"] == book
        workspace.set("classeur", adresse_api=f'"{sheets.url}"')
        assert workspace.run("creer", str(folder)).status == 2  # the key is not there yet
        sheets.service_account(folder / "config" / "compte-de-service.json")
        refused = workspace.run("creer", str(folder))
        assert ACCOUNT in refused.json["error"]["remedy"]
        sheets.share(book)
        made = workspace.run("creer", str(folder))
        assert made.status == 0, made.err
        assert made.json["added"] == [f"l'onglet «\u00a0{title}\u00a0»" for title in TABS]
        rows = [["Centre social", "", "", "", "accueil@structure.example"]]
        sheets.edit(
            book,
            {"set": {"sheet": "Structures", "cell": "B2", "values": rows}},
            {"set": {"sheet": "Appels", "cell": "A2", "values": [["2027-1", "Appel", "", "26/03/2027"]]}},
        )
        assert workspace.run("verifier").status == 0
        assert workspace.run("appel", "lancer", "2027-1", "--essai", "--oui").status == 0
    assert [mail.recipients for mail in smtp.accepted] == [(TRIAL,)]


def test_leaving_among_the_questions_leaves_nothing(tmp_path: Path) -> None:
    status, screen = at_terminal([*CREER, str(tmp_path / "rien")], ["", "Coordination", "\x04"])
    assert status == 2
    assert "Interrompu" in screen
    assert not (tmp_path / "rien").exists()


# The configuration that the answers make


HERE, NOT_YET = ("1", "Coordination", ADDRESS), ("Coordination", ADDRESS, "3")
SHEET = {"type": "google", "identifiant": "1AbC-dEf_2"}
GMAIL = {
    "adresse_essai": "moi@gmail.com",
    "courrier": {"type": "smtp", "hote": "smtp.gmail.com", "port": 587, "chiffrement": "starttls"},
    "reponses": {"type": "imap", "hote": "imap.gmail.com", "port": 993, "utilisateur": "moi@gmail.com"},
}
OWN_SMTP = ("autre", "smtp.asso.example", "aucun", "tls", "0", "465", "moi")
OWN_IMAP = ("imap.asso.example", "2", "", TRIAL)
OWN = {
    "adresse_essai": TRIAL,
    "courrier": {"hote": "smtp.asso.example", "chiffrement": "tls", "port": 465, "utilisateur": "moi"},
    "reponses": {"hote": "imap.asso.example", "chiffrement": "starttls", "port": 143, "type": "imap"},
}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ((*HERE, "3"), {"courrier": {"type": "maildir"}, "reponses": {"type": "maildir"}}),
        (("2", URL, *NOT_YET), {"classeur": SHEET}),
        (("google", "une feuille", "", "1AbC-dEf_2", *NOT_YET), {"classeur": SHEET}),
        (("ici", "Coordination", "moi@gmail.com", "", ""), GMAIL),
        ((*HERE, *OWN_SMTP, *OWN_IMAP), OWN),
    ],
)
def test_answers_stand_in_the_commented_file(
    tmp_path: Path, typed: tuple[str, ...], wanted: dict[str, Any]
) -> None:
    found(tmp_path / "espace", CHECKOUT, answered(*typed))
    text = (tmp_path / "espace" / "config" / "general.toml").read_text("utf-8")
    assert [line for line in text.splitlines() if " = " not in line or line.startswith("#")] == [
        line for line in SHIPPED.splitlines() if " = " not in line or line.startswith("#")
    ]
    values, problems = check(tomllib.loads(text), GENERAL, "")
    assert problems == []
    for key, value in wanted.items():
        read = values[key]
        assert ({name: read[name] for name in value} if isinstance(value, dict) else read) == value
    assert values["expediteur"].name == "Coordination"
    passwords = {values[section]["mot_de_passe"] for section in ("courrier", "reponses")}
    assert passwords <= {"env:TOURNEE_SMTP", "env:TOURNEE_IMAP", "fichier:config/mot-de-passe.txt"}


@pytest.mark.parametrize("name", ['Coord "41"', "Coord <41>", "", "   "])
def test_a_name_that_would_break_the_sender_is_asked_again(name: str) -> None:
    answers = answered("1", name, "Coordination \\ l'Été, 41", ADDRESS, "3")
    written = tomllib.loads(with_answers(SHIPPED, answers))["expediteur"]
    assert written == f"Coordination \\ l'Été, 41 <{ADDRESS}>"


def test_without_a_terminal_nothing_is_asked_and_the_defaults_stand(tmp_path: Path) -> None:
    folder = tmp_path / "espace"
    ran = Workspace(tmp_path / "autre").run("creer", str(folder), at="")
    assert ran.json == {"command": "creer", "workspace": str(folder), "added": [], "problems": []}
    for shipped in (CHECKOUT / "config").glob("*.toml"):
        assert (folder / "config" / shipped.name).read_bytes() == shipped.read_bytes()
    sheets = openpyxl.load_workbook(folder / "donnees" / "coordination.xlsx")
    for title, tab in TABS.items():
        assert [cell.value for cell in sheets[title][1]] == [column.heading for column in tab.columns]
        assert not sheets[title].protection.sheet
    (status,) = sheets["Candidatures"].conditional_formatting
    assert {rule.formula[0].strip('"') for rule in status.rules} == set(COLOURS)


# A folder that holds something


def test_a_folder_that_holds_something_else_is_refused_before_any_question(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "database.yml").write_text("hers")
    status, screen = at_terminal([*CREER, str(tmp_path)], [])
    assert status == 2
    assert "n'est pas vide" in screen
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_a_workspace_whose_configuration_is_wrong_is_not_touched(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small())
    workspace.set(mode='"reelle"')
    before = workspace.book.read_bytes()
    ran = workspace.run("creer", str(tmp_path))
    assert ran.status == 2
    assert "mode" in ran.json["error"]["what"]
    assert workspace.book.read_bytes() == before


def cells(path: Path) -> dict[tuple[str, int, int], Any]:
    return {
        (sheet.title, cell.row, cell.column): cell.value
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def test_a_workbook_gets_its_missing_tabs_and_columns_and_keeps_all_else(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small())
    before = cells(workspace.book)
    made = workspace.run("creer", str(tmp_path))
    assert made.status == 0
    after = cells(workspace.book)
    assert {place: after[place] for place in before} == before
    added = {place: value for place, value in after.items() if place not in before}
    tools = {(t, c.heading) for t, tab in TABS.items() for c in tab.columns if c.tool}
    whole = {title for title in TABS if title not in {place[0] for place in before}}
    headings = {(place[0], value) for place, value in added.items()}
    assert headings == {(t, h) for t, h in tools if t not in whole} | {
        (title, column.heading) for title in whole for column in TABS[title].columns
    }
    assert "la colonne «\u00a0Opposition\u00a0» de l'onglet «\u00a0Structures\u00a0»" in made.json["added"]
    again = workspace.book.read_bytes()
    assert workspace.run("creer", str(tmp_path)).json["added"] == []
    assert workspace.book.read_bytes() == again


def test_a_spreadsheet_that_lacks_nothing_is_not_written_to(tmp_path: Path) -> None:
    with SheetsServer() as sheets:
        book = sheets.load_xlsx(SAMPLE)
        workspace = Workspace(tmp_path)
        sheets.service_account(tmp_path / "config" / "compte-de-service.json")
        workspace.set("classeur", type='"google"', identifiant=f'"{book}"', adresse_api=f'"{sheets.url}"')
        assert workspace.run("creer", str(tmp_path)).json["added"] != []
        before = sheets.dump(book)
        sheets.reset_counts()
        assert workspace.run("creer", str(tmp_path)).json["added"] == []
        assert sheets.counts["write"] == 0
        assert sheets.dump(book) == before


def test_an_empty_tab_gets_its_headings_and_an_unreadable_one_is_told_and_left(tmp_path: Path) -> None:
    rows = {"Appels": [("Objet", "Fin", "Suite")], "structures": []}
    workspace = Workspace(tmp_path, rows)
    made = workspace.run("creer", str(tmp_path))
    assert made.status == 1
    assert [problem["where"] for problem in made.json["problems"]] == ["Appels"]
    sheets = openpyxl.load_workbook(workspace.book)
    assert [cell.value for cell in sheets["Appels"][1]] == ["Objet", "Fin", "Suite"]
    assert [cell.value for cell in sheets["structures"][1]] == [c.heading for c in TABS["Structures"].columns]


def test_her_own_names_for_tabs_and_headings_are_the_ones_that_are_made(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"Contacts": [("Réf.", "Nom", "Courriel")]})
    file = tmp_path / "config" / "appel-a-candidatures.toml"
    named = file.read_text("utf-8").replace('Structures = "Structures"', 'Structures = "Contacts"')
    renamed = '\n[colonnes.Structures]\n"Opposition" = "Refus"\n[colonnes.Candidatures]\n"Envoi" = "Statut"\n'
    file.write_text(named + renamed, "utf-8")
    assert workspace.run("creer", str(tmp_path)).status == 0
    sheets = openpyxl.load_workbook(workspace.book)
    assert [cell.value for cell in sheets["Contacts"][1]] == ["Réf.", "Nom", "Courriel", "Refus"]
    candidates = [cell.value for cell in sheets["Candidatures"][1]]
    assert candidates == [
        ("Statut" if c.heading == "Envoi" else c.heading) for c in TABS["Candidatures"].columns
    ]
    fill(workspace, "Contacts", ["STR-001", "Centre social", "accueil@structure.example"])
    assert len(workspace.launch().sent) == 1
    workspace.round()
    assert [row["Statut"] for row in workspace.tab("Candidatures")] == ["Envoyé"]
    headings = [cell.value for cell in openpyxl.load_workbook(workspace.book)["Candidatures"][1]]
    assert headings == candidates


def test_a_round_makes_its_tabs_under_her_headings_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    file = tmp_path / "config" / "appel-a-candidatures.toml"
    file.write_text(file.read_text("utf-8") + '\n[colonnes.Candidatures]\n"Envoi" = "Statut"\n', "utf-8")
    workspace.launch()
    workspace.round()
    headings = [cell.value for cell in openpyxl.load_workbook(workspace.book)["Candidatures"][1]]
    assert headings.count("Statut") == 1
    assert "Envoi" not in headings


def test_a_missing_workbook_file_is_made_in_a_workspace(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.run("creer", str(tmp_path)).status == 0
    assert openpyxl.load_workbook(workspace.book).sheetnames == list(TABS)


def test_a_workbook_that_is_open_elsewhere_is_left_and_told(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_book(workspace.book, small())
    (workspace.book.parent / f"~${workspace.book.name}").write_bytes(b"\x05Camil" + b" " * 159)
    before = workspace.book.read_bytes()
    ran = workspace.run("creer", str(tmp_path))
    assert ran.status == 2
    assert ran.json["error"]["remedy"]
    assert workspace.book.read_bytes() == before
