"""Hostile and broken input: a clear French message or harmless text, never a traceback, the right status."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import APPEAL, APPEALS, OTHERS, TUESDAY, Ran, Workspace, small
from workflows.engine.journal import JournalError

LAUNCH = ("appel", "lancer", "2027-1", "--oui")
LONG = "GROSSE-CELLULE"
HOSTILE = (
    "{{ 7*7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{{ structure.__class__.__mro__ }}",
    "</td><script>alert(1)</script>",
    '=IMPORTXML("https://espion.example/")',
    "Ligne 1\r\nBcc: espion@ailleurs.example",
    "/etc/passwd",
    LONG,
    '=HYPERLINK("https://espion.example/")',
    "\u202eegrev\ufeff",
)
FORMULA = 8
"""The index of the one that is a formula; the other with an equals sign is text."""


def harmful(path: Path) -> None:
    """Put 100 kB where the place holder stands: no library writes a cell as long."""
    made = path.with_suffix(".made")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(LONG.encode(), b"x" * 100_000))
    made.replace(path)


def as_text(book: Any) -> None:
    """A value that begins with an equals sign and is no formula."""
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == HOSTILE[4]:
                    cell.data_type = "s"


def workbook_with(tab: str, column: str) -> dict[str, Any]:
    """Each hostile value once in this column, in rows that are fine otherwise."""
    book = small(1)
    headings = (*book[tab][0], *([column] if column not in book[tab][0] else []))
    rows = []
    for number, value in enumerate(HOSTILE, 1):
        fine = {"Structures": structure, "Appels": appeal}[tab](number)
        rows.append([{**fine, column: value}.get(heading) for heading in headings])
    return {**book, tab: [headings, *rows]}


def structure(number: int) -> dict[str, Any]:
    return {"Réf.": f"STR-{number:03}", "Nom": f"S{number}", "Courriel": f"s{number}@structures.example"}


def appeal(number: int) -> dict[str, Any]:
    return {"Réf.": f"2027-{number}", "Titre": f"Appel {number}", "Commande": "À lancer"}


def plain_parts(mail: Any) -> tuple[str, str]:
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    "column", ["Nom", "Contact", "Commune", "Courriel", "Téléphone", "Type", "Notes", "Réf."]
)
def test_no_cell_of_structures_is_more_than_text(tmp_path: Path, column: str) -> None:
    workspace = Workspace(tmp_path, workbook_with("Structures", column))
    workspace.edit(as_text)
    harmful(workspace.book)
    account = workspace.launch()
    assert len(account.sent) + len(account.problems) == len(HOSTILE)
    if column in ("Courriel", "Réf."):
        assert len(account.sent) <= 2
    for problem in account.problems:
        assert problem.where.endswith(f", {column}")
        assert len(str(problem)) < 400
    for mail in workspace.mails():
        text, html = plain_parts(mail)
        assert set(mail.keys()).isdisjoint({"Bcc", "bcc"})
        assert "root:" not in text
        assert "49" not in text.replace("41", "")
        assert "<script>" not in html
        assert len(mail.as_bytes()) < 10_000
    assert workspace.launch("2027-03-03T10:00").sent == []
    assert workspace.tab("Candidatures")


@pytest.mark.parametrize(
    "column",
    ["Titre", "Ouverture", "Date limite", "Lien", "Pièce jointe", "Destinataires", "Commande", "Réf."],
)
def test_no_cell_of_appels_is_more_than_text(tmp_path: Path, column: str) -> None:
    workspace = Workspace(tmp_path, workbook_with("Appels", column), delai_de_grace='"0"')
    workspace.edit(as_text)
    harmful(workspace.book)
    account = workspace.round()
    assert len(account.sent) + len(account.problems) == len(HOSTILE)
    assert {problem.where.split(", ")[2] for problem in account.problems} == {column}
    assert all(len(str(problem)) < 400 for problem in account.problems)
    for mail in workspace.mails():
        assert "\n" not in str(mail["Subject"])
        assert len(mail.as_bytes()) < 10_000
        assert "<script>" not in plain_parts(mail)[1]
    assert workspace.round("2027-03-02T11:00").sent == []


@pytest.mark.parametrize(
    "column", ["Envoi", "Envoyé le", "Relances", "Motif", "Commande faite", "Nom", "Courriel"]
)
def test_no_cell_of_candidatures_breaks_a_round(tmp_path: Path, column: str) -> None:
    workspace = Workspace(tmp_path, small(len(HOSTILE)))
    workspace.launch()
    for number, value in enumerate(HOSTILE, 1):
        workspace.put("Candidatures", {"Structure": f"STR-{number:03}"}, **{column: value})
    workspace.edit(as_text)
    harmful(workspace.book)
    account = workspace.launch("2027-03-03T10:00")
    assert account.sent == []
    assert len(account.problems) == len(HOSTILE)
    assert {problem.where.split(", ")[2] for problem in account.problems} == {column}
    for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        path.unlink()
    assert len(workspace.launch("2027-03-04T10:00").sent) <= (len(HOSTILE) if column == "Envoi" else 0)


# Files and options, through the command


def french(ran: Ran, status: int = 2) -> str:
    """What the command said, as JSON and to a person; checked to be fit for her."""
    assert ran.status == status, (ran.out, ran.err)
    assert "Traceback" not in ran.out + ran.err
    assert "inattendue" not in ran.out + ran.err
    error = ran.json["error"]
    assert error["what"]
    assert error["remedy"]
    assert not re.search(
        r"\b(error|denied|invalid|must|file is|not found|permission)\b", ran.err, re.IGNORECASE
    )
    return f"{error['what']} {error['remedy']}".replace("\u00a0", " ")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that no test changes."""
    return Workspace(tmp_path_factory.mktemp("espace"), small(2))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("appel",), "Il manque la commande."),
        (("appel", "lancer"), "Il manque l'argument 'RÉF'"),
        (("appel", "lancer", "2027-9", "--oui"), "Vouliez-vous dire « 2027-1 » ?"),
        ((*LAUNCH, "--limite", "-1"), "--limite"),
        ((*LAUNCH, "--limite", "beaucoup"), "n'est pas un nombre"),
        ((*LAUNCH, "--limitte", "1"), "Vouliez-vous dire '--limite' ?"),
        ((*LAUNCH, "--essai", "--reel"), "se contredisent"),
        ((*LAUNCH, "--seulement", "la mission locale"), "--seulement attend une adresse"),
        (("apell",), "La commande 'apell' n'existe pas"),
        (
            ("verifier", "--espace", "X"),
            "'--espace' se met avant la commande : python run.py --espace DOSSIER verifier",
        ),
        (("passage", "--le=2027-03-01"), "python run.py --le MOMENT passage"),
        ((*LAUNCH, "--debug"), "python run.py --debug appel lancer"),
        (("etat", "--format", "json"), "python run.py --format [texte|json] etat"),
        (("apercu", "tout"), "n'est pas parmi"),
        (("appel", "relancer", "2027-1", "--oui"), "n'est pas lancé"),
        (("trancher", "appel:x", "envoye"), "« appel:x » est inconnu"),
        (("trancher", "appel:x", "peut-être"), "n'est pas parmi"),
    ],
)
def test_options_that_cannot_be_are_refused(shared: Workspace, words: tuple[str, ...], said: str) -> None:
    before = shared.book.read_bytes()
    assert said in french(shared.run(*words))
    assert shared.book.read_bytes() == before
    assert shared.mails() == []


@pytest.mark.parametrize("at", ["demain", "0001-01-01T00:00", "9999-12-31T23:59", "2027-13-01"])
def test_a_moment_that_cannot_be_is_refused(shared: Workspace, at: str) -> None:
    assert "2027-03-01T09:00" in french(shared.run("passage", at=at))


def corrupt(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:3000] + bytes(len(content) - 3000))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [corrupt, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"bonjour" * 99), a_folder],
    ids=["corrupt", "empty", "garbage", "folder"],
)
def test_a_damaged_journal_is_never_started_empty(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.launch()
    for end in ("-wal", "-shm"):
        workspace.folder.joinpath("donnees", f"journal.sqlite3{end}").unlink(missing_ok=True)
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    damage(journal)
    assert "journal" in french(workspace.run(*LAUNCH))
    for look in (workspace.round, workspace.office().facts):
        with pytest.raises(JournalError):
            look()
    assert workspace.run("verifier").status == 2
    assert len(workspace.mails()) == 2
    if journal.is_dir():
        journal.rmdir()
    else:
        journal.unlink()  # the way out that the message names
    assert workspace.launch("2027-03-03T10:00").sent == []


def template(workspace: Workspace, content: bytes) -> None:
    folder = workspace.folder / "templates" / "appel-a-candidatures"
    folder.mkdir(parents=True)
    (folder / "annonce.txt").write_bytes(content)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda w: w.book.unlink(), "est introuvable"),
        (lambda w: w.book.write_bytes(b"PK\x03\x04 presque"), "est abîmé"),
        (lambda w: w.book.write_bytes(w.book.read_bytes()[:-900]), "est abîmé"),
        (lambda w: (w.book.unlink(), w.book.mkdir()), "est un dossier"),
        (lambda w: w.set("courrier", dossier='"config/general.toml"'), "un fichier porte ce nom"),
        (lambda w: (w.folder / "donnees" / ".verrou").mkdir(), "un dossier porte ce nom"),
        (
            lambda w: template(w, b"Objet : {{ titr }}\n\nBonjour"),
            "Vouliez-vous écrire {{ titre }} ?",
        ),
        (lambda w: template(w, b"Objet : {{ titre.__class__ }}\n\nBonjour"), "pas permis"),
        (lambda w: template(w, b"Objet : {{ titre }}\n\n{% include 'x' %}"), "permis"),
        (lambda w: template(w, b"Bonjour"), "l'objet du message"),
        (lambda w: template(w, "Objet : été\n\nà".encode("latin-1")), "UTF-8"),
        (lambda w: w.set(mode='"reel"\nclef = 1'), "« clef »"),
        (lambda w: w.set(mode='"reel'), "config/general.toml, ligne"),
        (lambda w: w.set(plafond_par_jour='"beaucoup"'), "plafond_par_jour"),
        (lambda w: w.set("courrier", type='"smtp"', utilisateur='"moi"'), "TOURNEE_SMTP"),
        (lambda w: (w.folder / "config").rename(w.folder / "ailleurs"), "python run.py creer"),
    ],
)
def test_files_that_are_missing_or_broken_are_named(
    tmp_path: Path, break_it: Callable[[Workspace], object], said: str
) -> None:
    workspace = Workspace(tmp_path, small(2))
    break_it(workspace)
    ran = workspace.run(*LAUNCH)
    assert said in french(ran)
    assert workspace.mails() == []


def test_a_workspace_that_is_not_there_is_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "là", small(1))
    workspace.folder = tmp_path / "pas là"
    for words in (("passage",), ("etat",)):
        assert "pas là" in french(workspace.run(*words))
    checked = workspace.run("verifier", form="texte")
    assert checked.status == 2
    assert "pas là" in checked.out + checked.err
    assert not workspace.folder.exists()


def test_no_network_holds_the_call_and_says_so(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2))
    workspace.set("courrier", type='"smtp"', hote='"serveur.invalid"', chiffrement='"starttls"')
    ran = workspace.run(*LAUNCH)
    assert "serveur.invalid" in french(ran)
    assert len(ran.json["waiting"]) == 2


def test_two_calls_of_one_ref_are_both_held(tmp_path: Path) -> None:
    calls = [APPEALS, (*APPEAL[:-1], "À lancer"), (*APPEAL[:1], "Autre", *APPEAL[2:-1], "À lancer")]
    workspace = Workspace(tmp_path, {**small(2), "Appels": calls, **OTHERS}, delai_de_grace='"0"')
    account = workspace.round(TUESDAY)
    assert account.sent == []
    assert [p.where for p in account.problems] == ["Appels, ligne 2, Réf.", "Appels, ligne 3, Réf."]
