"""`verifier`: every kind of trouble on a line of its own with its remedy, and nothing changed."""

from __future__ import annotations

import stat
from collections import namedtuple
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.imap_server import PASSWORD, USER, Pymap
from tests.support.ports import free_port
from tests.support.sheets_server import ACCOUNT, SheetsServer
from tests.support.workspace import STRUCTURES, TUESDAY, Ran, Workspace, small
from workflows.engine import surroundings
from workflows.engine.check import Check, Mark, exit_status
from workflows.engine.template_advice import broken_links, plain_spaces
from workflows.engine.template_files import TemplateFile

NBSP = "\u00a0"
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime.fromisoformat(TUESDAY).replace(tzinfo=PARIS)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, small())


def said(ran: Ran, mark: str) -> list[str]:
    """What and remedy of each line with this mark, plain spaces throughout."""
    assert list(ran.json) == ["command", "checks", *(["error"] if ran.status == 2 else [])]
    lines = [check for check in ran.json["checks"] if check["mark"] == mark]
    assert all(set(check) == {"mark", "what", "remedy"} for check in ran.json["checks"])
    assert all(line["remedy"] for line in lines) or mark == "✓"
    return [f"{line['what']} {line['remedy']}".replace(NBSP, " ") for line in lines]


def only(ran: Ran, mark: str) -> str:
    (line,) = said(ran, mark)
    return line


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What it leaves, and what it says when all is well


def test_a_workspace_in_order_is_left_as_it_was(workspace: Workspace) -> None:
    workspace.set(mode='"essai"')
    before = everything(workspace.folder), sorted(workspace.folder.rglob("*"))
    ran = workspace.run("verifier")
    assert ran.status == 0, ran.out
    assert said(ran, "!") == said(ran, "✗") == []
    assert any("essai" in line and 'mode = "reel"' in line for line in said(ran, "✓"))
    assert any("Structures (3 lignes)" in line for line in said(ran, "✓"))
    assert (everything(workspace.folder), sorted(workspace.folder.rglob("*"))) == before


def test_after_a_round_it_changes_nothing_either(workspace: Workspace) -> None:
    workspace.launch()
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    mails, before = workspace.mails(), (workspace.book.read_bytes(), journal.read_bytes())
    ran = workspace.run("verifier", at="2027-03-04T10:00")
    assert ran.status == 0
    assert any("mardi 2 mars 2027 à 10 h (il y a 2 jours)" in line for line in said(ran, "✓"))
    assert (workspace.book.read_bytes(), journal.read_bytes()) == before
    assert len(workspace.mails()) == len(mails)


@pytest.mark.parametrize(("marks", "status"), [((), 0), ("✓✓", 0), ("✓!✓", 1), ("!✗", 2), ("✗!", 2)])
def test_the_worst_mark_makes_the_exit_status(marks: str, status: int) -> None:
    assert exit_status([Check(Mark(mark), "x") for mark in marks]) == status


# The configuration and its secrets


def test_each_problem_of_the_configuration_stands_on_its_line(workspace: Workspace) -> None:
    workspace.set(mode='"reelle"', fuseau='"Europe/Blois"')
    (workspace.folder / "config" / "presence.toml").write_text("minimun = 2\n", "utf-8")
    ran = workspace.run("verifier")
    assert ran.status == 2
    places = [line.split(" : ")[0] for line in said(ran, "✗")]
    assert places[:2] == ["config/general.toml, mode", "config/general.toml, fuseau"]
    assert places[2].startswith("config/presence.toml")
    assert len(places) == 3


def test_a_folder_that_is_no_workspace_is_told_and_not_made(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "autre")
    workspace.folder = tmp_path / "absent"
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert "creer DOSSIER" in only(ran, "✗")
    assert not workspace.folder.exists()


def test_a_password_is_looked_for_where_the_configuration_says(workspace: Workspace) -> None:
    workspace.set("courrier", type='"smtp"', utilisateur='"moi"', mot_de_passe='"fichier:config/mot"')
    password = workspace.folder / "config" / "mot"
    assert "n'existe pas" in only(workspace.run("verifier"), "✗")
    password.write_text("sesame-ouvre-toi\n")
    password.chmod(0o644)
    ran = workspace.run("verifier")
    assert "chmod 600 config/mot" in only(ran, "✗")
    assert "sesame" not in ran.out + ran.err
    workspace.set("courrier", hote='"127.0.0.1"', port=str(free_port()))
    password.chmod(0o600)
    ran = workspace.run("verifier")
    assert "127.0.0.1" in only(ran, "✗")  # it is there: now the server is asked, and does not answer
    assert any("mot de passe de l'envoi est là" in line for line in said(ran, "✓"))


# Templates


def template(workspace: Workspace, text: str) -> None:
    path = workspace.folder / "templates" / "appel-a-candidatures" / "annonce.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_an_unknown_word_stops_and_the_nearest_one_is_offered(workspace: Workspace) -> None:
    template(workspace, "Objet : Appel\n\nBonjour {{ strcture }},\n\n{{ signature }}\n")
    workspace.put("Structures", {"Réf.": "STR-002"}, Courriel="pas une adresse")
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert "annonce.txt, ligne 3" in only(ran, "✗")
    assert "{{ structure }}" in only(ran, "✗")
    assert "Structures, ligne 3, Courriel" in only(ran, "!")  # rows are looked at all the same


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("appel-a-candidatures/anonce.txt", "appel-a-candidatures/annonce.txt"),
        ("annonce.txt", "appel-a-candidatures/annonce.txt"),
        ("appel-a-candidature/Annonce.txt", "appel-a-candidatures/annonce.txt"),
        ("formation/invitation.txt.txt", "formation/invitation.txt"),
        ("presence/bilan.md", "presence/bilan.txt"),
        ("signature.txt", "_signature.txt"),
        ("_mise_en_page.htm", "_mise_en_page.html"),
    ],
)
def test_a_template_that_nothing_reads_is_told_with_the_nearest_name(
    workspace: Workspace, written: str, meant: str
) -> None:
    path = workspace.folder / "templates" / written
    path.parent.mkdir(parents=True)
    path.write_text("Objet : Appel\n\nBonjour\n", "utf-8")
    ran = workspace.run("verifier")
    assert ran.status == 1
    assert f"templates/{written} : Ce fichier n'est pas un modèle connu" in only(ran, "!")
    assert f"Vouliez-vous écrire « {meant} » ?" in only(ran, "!")


def test_a_file_like_no_template_has_the_guide_as_its_remedy(workspace: Workspace) -> None:
    template(workspace, "Objet : Appel\n\nBonjour\n\n{{ signature }}\n")
    for name in ("LISEZMOI.md", ".DS_Store", "appel-a-candidatures/.annonce.swp", "_signature.txt~"):
        (workspace.folder / "templates" / name).write_text("x", "utf-8")
    assert workspace.run("verifier").status == 0
    (workspace.folder / "templates" / "logo.png").write_bytes(b"x")
    assert "templates/logo.png" in only(workspace.run("verifier"), "!")


def test_a_link_that_leads_nowhere_is_to_be_mended_and_plain_spaces_are_not(workspace: Workspace) -> None:
    template(workspace, "Objet : Appel\n\nVenez ! [ici](www.asso.example)\n\n{{ signature }}\n")
    ran = workspace.run("verifier")
    assert ran.status == 1
    assert "annonce.txt, ligne 3" in only(ran, "!")
    assert any("insécables (ligne 3)" in line for line in said(ran, "✓"))


def test_bold_that_never_ends_is_to_be_mended(workspace: Workspace) -> None:
    template(workspace, "Objet : Appel\n\n**Venez** et **venez.\n\n{{ signature }}\n")
    assert "annonce.txt, ligne 3" in only(workspace.run("verifier"), "!")


@pytest.mark.parametrize(
    "link",
    [
        "[a](https://asso.example/x?y=1#z)", "[a]({{ lien }})", "[a](https://{{ lien }}/x)",
        "[a](mailto:a@b.example)",
        "[a](mailto:{{ courriel }}?subject=x)", "voir https://asso.example.", "[a](http://localhost:8080/x)",
        "(entre parenthèses)", "[crochets] (parenthèses)", "{% if lien %}[a]({{ lien }}){% endif %}",
    ],
)  # fmt: skip
def test_a_link_that_opens_is_left_alone(link: str) -> None:
    assert list(broken_links(TemplateFile("templates/x.txt", f"Objet : x\n\n{link}\n"))) == []


@pytest.mark.parametrize(
    "link",
    [
        "[a](www.asso.example)", "[a]()", "[a](htps://asso.example)", "[a](https://)", "[a](https://asso)",
        "[a](mailto:moi)", "[a](https://asso.example/un dossier)", "voir https://[asso.example", "[a](https://a.example:x)",
        "[a](formulaire.pdf)", "[a](https://.example)",
    ],
)  # fmt: skip
def test_a_link_that_cannot_open_is_found_at_its_line(link: str) -> None:
    (problem,) = broken_links(TemplateFile("templates/x.txt", f"Objet : x\n\n\n{link}\n"))
    assert problem.where == "templates/x.txt, ligne 4"


def test_plain_spaces_are_counted_in_what_is_said_not_in_the_heading_word() -> None:
    text = (
        f"Objet : Appel\n\nun : deux\n« trois »\nquatre{NBSP}: cinq\n{{{{ six }}}} : sept\nhttp://a.example\n"
    )
    assert plain_spaces(TemplateFile("x", text)) == [3, 4, 6]
    assert plain_spaces(TemplateFile("x", "Objet : Appel ! (fin)\n")) == [1]


# The workbook


def test_a_missing_heading_stops_and_a_nearly_right_one_is_to_be_mended(workspace: Workspace) -> None:
    workspace.edit(lambda book: book["Structures"].__setitem__("F1", "Téléphonne"))
    ran = workspace.run("verifier")
    assert ran.status == 1
    assert "Téléphone" in only(ran, "!")
    workspace.edit(lambda book: book["Structures"].__setitem__("C1", "Adresse postale"))
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert "« Courriel » manque" in only(ran, "✗")


def test_every_row_that_is_wrong_has_its_line(tmp_path: Path) -> None:
    rows = [(f"STR-{n:03}", f"Structure {n}", f"adresse {n}", None, None) for n in range(1, 31)]
    ran = Workspace(tmp_path, small() | {"Structures": [STRUCTURES, *rows]}).run("verifier")
    assert ran.status == 1
    assert [line.split(" : ")[0] for line in said(ran, "!")] == [
        f"Structures, ligne {number}, Courriel" for number in range(2, 32)
    ]


def test_a_tab_that_lost_its_rows_stops_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(20))
    workspace.round()
    workspace.edit(lambda book: book["Structures"].delete_rows(4, 15))
    workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="pas une adresse")
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert "n'a plus que" in only(ran, "✗")
    assert "Structures, ligne 2, Courriel" in only(ran, "!")


def test_a_workbook_that_is_open_is_told_with_who_has_it(workspace: Workspace) -> None:
    lock = workspace.book.with_name(f".~lock.{workspace.book.name}#")
    lock.write_text("Zoé Martin,zoe,poste-12,23.11.2026 13:39,file:///home/zoe;", "utf-8")
    ran = workspace.run("verifier")
    assert ran.status == 1
    assert "est ouvert dans LibreOffice par Zoé Martin sur l’ordinateur « poste-12 »" in only(ran, "!")
    assert "Fermez-le" in only(ran, "!")
    lock.unlink()
    assert workspace.run("verifier").status == 0


def test_a_workbook_that_nobody_may_write_stops(workspace: Workspace) -> None:
    workspace.book.chmod(0o444)
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert "lecture seule" in only(ran, "✗")


def test_a_stop_in_the_sheet_is_told(workspace: Workspace) -> None:
    workspace.round()
    workspace.edit(lambda book: book["Suivi"].__setitem__("I2", "oui"))
    ran = workspace.run("verifier")
    assert ran.status == 1
    assert "Tout est arrêté" in only(ran, "!")
    assert "Videz la cellule pour reprendre." in only(ran, "!")


def test_a_missing_workbook_and_a_damaged_journal_are_lines_like_the_others(workspace: Workspace) -> None:
    content = workspace.book.read_bytes()
    workspace.book.unlink()
    assert "coordination.xlsx" in only(workspace.run("verifier"), "✗")
    workspace.book.write_bytes(content)
    (workspace.folder / "donnees" / "journal.sqlite3").write_bytes(b"rien de bon" * 100)
    ran = workspace.run("verifier")
    assert ran.status == 2
    assert "abîmé" in only(ran, "✗")


def test_a_spreadsheet_is_opened_and_its_key_guarded(workspace: Workspace) -> None:
    with SheetsServer() as sheets:
        book = sheets.load_xlsx(workspace.book)
        sheets.strict(ACCOUNT)
        workspace.set("classeur", type='"google"', identifiant=f'"{book}"', adresse_api=f'"{sheets.url}"')
        key = sheets.service_account(workspace.folder / "config" / "compte-de-service.json")
        assert ACCOUNT in only(workspace.run("verifier"), "✗")
        sheets.share(book)
        assert workspace.run("verifier").status == 0
        key.chmod(0o644)
        ran = workspace.run("verifier")
        assert ran.status == 1
        assert f"chmod 600 {key}" in only(ran, "!")
        assert sheets.counts["write"] == 0


# The mailbox


def test_the_mailbox_is_logged_in_to(workspace: Workspace) -> None:
    with Pymap(workspace.folder) as imap:
        workspace.set(
            "reponses",
            type='"imap"', hote='"127.0.0.1"', port=str(imap.port), chiffrement='"aucun"',
            utilisateur=f'"{USER}"', mot_de_passe='"env:MOT"',
        )  # fmt: skip
        assert "MOT" in only(workspace.run("verifier"), "✗")
        wrong = workspace.run("verifier", env={"MOT": "faux-sesame"})
        assert "identifiant ou le mot de passe" in only(wrong, "✗")
        assert "faux-sesame" not in wrong.out + wrong.err
        good = workspace.run("verifier", env={"MOT": PASSWORD})
        assert good.status == 0, good.out
        assert any("127.0.0.1" in line for line in said(good, "✓"))


def test_a_folder_that_nothing_fills_is_no_mailbox(workspace: Workspace) -> None:
    """Mail leaves through a server: its answers arrive in a mailbox, unless something brings them here."""
    workspace.set("courrier", type='"smtp"', hote='"serveur.invalid"')
    line = only(workspace.run("verifier"), "!")
    assert line.startswith("Les réponses ne sont pas lues dans votre boîte aux lettres")
    assert 'type = "imap" sous [reponses]' in line
    arrived = workspace.folder / "donnees" / "reponses" / "cur"
    arrived.mkdir(parents=True)
    (arrived / "1").write_text("From: x@ailleurs.example\n\nOui\n")
    ran = workspace.run("verifier")
    assert said(ran, "!") == []
    assert any("lues dans le dossier" in line and "imap" in line for line in said(ran, "✓"))


# The machine


@pytest.mark.parametrize(
    ("now", "last", "mark"),
    [
        (NOW, None, Mark.GOOD),
        (NOW, NOW - timedelta(days=400), Mark.GOOD),
        (NOW, NOW + timedelta(minutes=1), Mark.NOTE),
        (NOW.replace(year=1970), None, Mark.BAD),
    ],
)
def test_a_clock_that_cannot_be_right_is_seen(now: datetime, last: datetime | None, mark: Mark) -> None:
    check = surroundings.clock(now, "Europe/Paris", last)
    assert check.mark is mark
    assert bool(check.remedy) is (mark is not Mark.GOOD)


@pytest.mark.parametrize(
    ("free", "mark", "words"),
    [(20e9, Mark.GOOD, "20 Go"), (300e6, Mark.NOTE, "300 Mo"), (1e6, Mark.BAD, "1 Mo")],
)
def test_a_disk_that_fills_up_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, mark: Mark, words: str
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage(100e9, 0, free))
    check = surroundings.disk(tmp_path)
    assert (check.mark, words in check.what.replace(NBSP, " ")) == (mark, True)


def crontab(folder: Path, *lines: str, status: int = 0) -> dict[str, str]:
    """An environment whose crontab lists these lines."""
    program = folder / "crontab"
    listed = "\n".join(lines)
    program.write_text(f"#!/bin/sh\n[ \"$1\" = -l ] || exit 9\ncat <<'FIN'\n{listed}\nFIN\nexit {status}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("*/15 8-18 * * 1-5 /opt/tournee/.venv/bin/python run.py --espace /srv/t passage", True),
        ("@reboot python /opt/tournee/run.py planifier", True),
        ("# */15 8-18 * * 1-5 python run.py passage", False),
        ("0 3 * * * /usr/local/bin/backup.sh", False),
        ("0 9 * * 1 python run.py etat", False),
        ("", False),
    ],
)
def test_cron_is_looked_at(tmp_path: Path, line: str, there: bool) -> None:
    _, cron = surroundings.last_round_and_cron(NOW, None, crontab(tmp_path, line))
    assert cron.mark is Mark.GOOD
    assert ("cron fait les passages" in cron.what) is there
    assert bool(cron.remedy) is not there


def test_a_user_without_crontab_or_a_machine_without_cron_is_no_trouble(tmp_path: Path) -> None:
    for env in (crontab(tmp_path, status=1), {"PATH": str(tmp_path / "rien")}, {}):
        assert exit_status(surroundings.last_round_and_cron(NOW, None, env)) == 0


@pytest.mark.parametrize(
    ("ago", "words", "late"),
    [
        (timedelta(seconds=20), "il y a 0 minute", False),
        (timedelta(minutes=59), "il y a 59 minutes", False),
        (timedelta(hours=47), "il y a 47 heures", False),
        (timedelta(days=7), "il y a 7 jours", False),
        (timedelta(days=8), "il y a 8 jours", True),
        (-timedelta(days=1), "", False),
    ],
)
def test_rounds_that_cron_no_longer_makes_are_seen(
    tmp_path: Path, ago: timedelta, words: str, late: bool
) -> None:
    env = crontab(tmp_path, "0 * * * * python run.py passage")
    last, _ = surroundings.last_round_and_cron(NOW, NOW - ago, env)
    assert last.mark is (Mark.NOTE if late else Mark.GOOD)
    assert ("il y a" in last.what) is bool(words)
    assert words in last.what
    by_hand, _ = surroundings.last_round_and_cron(NOW, NOW - ago, {})
    assert by_hand.mark is Mark.GOOD
