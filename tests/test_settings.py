"""The configuration: what is read, what is refused and how it is said."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from workflows.call_for_applications import SECTION as CALL
from workflows.core.mailbox import Mailbox
from workflows.core.messages import Mode
from workflows.core.parsers import delay
from workflows.core.problems import TourneeError
from workflows.core.schema import Key, Refused, Section
from workflows.engine.general import GENERAL
from workflows.engine.secrets import secret
from workflows.engine.settings import Settings, SettingsError, load
from workflows.parts import WORKFLOWS

SHIPPED = Path(__file__).parent.parent / "config"
CALL_FILE = "appel-a-candidatures.toml"
FILES = {CALL_FILE: CALL}
SECTIONS = {f"{workflow.NAME}.toml": workflow.SECTION for workflow in WORKFLOWS}


def settings(workspace: Path, general: str = "", call: str = "") -> Settings:
    """The settings of a workspace whose files hold these lines."""
    folder = workspace / "config"
    folder.mkdir(exist_ok=True)
    (folder / "general.toml").write_text(general, encoding="utf-8")
    (folder / CALL_FILE).write_text(call, encoding="utf-8")
    return load(workspace, FILES)


def problems(workspace: Path, general: str = "", call: str = "") -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings(workspace, general, call)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("file", "section"), [("general.toml", GENERAL), *SECTIONS.items()])
def test_the_shipped_file_shows_each_key_with_its_default(file: str, section: Section) -> None:
    def defaults(section: Section) -> dict[str, Any]:
        shown = [entry for entry in section.keys if isinstance(entry, Key) or not is_renaming(entry)]
        return {e.name: e.default if isinstance(e, Key) else defaults(e) for e in shown}

    def is_renaming(section: Section) -> bool:
        inner = [entry for entry in section.keys if isinstance(entry, Section)]
        return bool(inner) and not any(entry.spelled_out for entry in inner)

    text = (SHIPPED / file).read_text(encoding="utf-8")
    assert tomllib.loads(text) == defaults(section)


@pytest.mark.parametrize("file", ["general.toml", *SECTIONS])
def test_each_shipped_key_stands_under_a_comment_with_default_and_example(file: str) -> None:
    comment = ""
    for line in (SHIPPED / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            comment += line
        elif not line:
            comment = ""
        elif not line.startswith("["):
            # [onglets] has one comment for all its lines, above the section.
            assert "Valeur prévue" in comment, line
            assert "Exemple" in comment, line


def test_defaults_hold_where_files_are_missing(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    read = load(tmp_path, FILES)
    general = read.general
    assert (general.mode, general.trial_address, general.zone.key) == (Mode.TRIAL, "", "Europe/Paris")
    assert general.sender == Mailbox("Coordination Promeneurs du Net 41", "coordination@exemple.fr")
    assert general.reply_to is None
    assert general.contact == general.sender
    assert general.grace == timedelta(minutes=15)
    assert (general.cap_per_round, general.cap_per_day) == (200, 450)
    assert general.coordination.name == "Coordination Promeneurs du Net 41"
    assert general.workbook.file == tmp_path / "donnees/coordination.xlsx"
    assert general.mail.folder == tmp_path / "donnees/envois"
    assert (general.mail.host, general.mail.port, general.mail.encryption) == (
        "smtp.gmail.com",
        587,
        "starttls",
    )
    assert (general.replies.port, general.replies.mailbox, general.replies.sent_mailbox) == (993, "INBOX", "")
    assert read.workflows[CALL_FILE]["relances"] == (10, 20)
    assert read.workflows[CALL_FILE]["onglets"]["Appels"] == "Appels"
    assert read.workflows[CALL_FILE]["colonnes"]["Structures"]["Réf."] == "Réf."


def test_the_shipped_files_read_as_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    by_default = load(tmp_path, FILES)
    for file in SHIPPED.glob("*.toml"):
        (tmp_path / "config" / file.name).write_bytes(file.read_bytes())
    assert load(tmp_path, FILES) == by_default


def test_her_values_are_read(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        """
        mode = "reel"
        expediteur = '"Bureau, Jeunesse" <bij@asso.example>'
        repondre_a = "reponses@asso.example"
        delai_de_grace = "0"
        [coordination]
        nom = "Élise"
        [classeur]
        type = "google"
        identifiant = "https://docs.google.com/spreadsheets/d/1Ab-c_9/edit#gid=0"
        [courrier]
        type = "smtp"
        hote = "127.0.0.1"
        chiffrement = "aucun"
        """,
        """
        relances = []
        [onglets]
        Structures = "Contacts 2027"
        [colonnes.Structures]
        "Courriel" = "Mail"
        """,
    )
    assert read.general.mode is Mode.LIVE
    assert read.general.sender == Mailbox("Bureau, Jeunesse", "bij@asso.example")
    assert read.general.contact.address == "reponses@asso.example"
    assert read.general.grace == timedelta()
    assert read.general.coordination.name == "Élise"
    assert read.general.workbook.identifier == "1Ab-c_9"
    assert read.general.mail.encryption == "aucun"
    call = read.workflows[CALL_FILE]
    assert call["relances"] == ()
    assert call["onglets"]["Structures"] == "Contacts 2027"
    assert call["colonnes"]["Structures"]["Courriel"] == "Mail"
    assert call["colonnes"]["Structures"]["Nom"] == "Nom"


def test_all_problems_are_said_at_once_and_located(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        mod = "essai"
        plafond_par_jour = "450"
        [courrier]
        port = 70000
        encryption = 1
        [classeur]
        type = "ods"
        """,
        'relances = [20, 10]\n[onglets]\nStructure = "X"\n[colonnes.Appels]\n"Titr" = "Y"',
    )
    assert [line.split("\u00a0: ")[0] for line in found] == [
        "config/general.toml, mod",
        "config/general.toml, plafond_par_jour",
        "config/general.toml, [classeur], type",
        "config/general.toml, [courrier], encryption",
        "config/general.toml, [courrier], port",
        "config/appel-a-candidatures.toml, [onglets], Structure",
        "config/appel-a-candidatures.toml, [colonnes.Appels], Titr",
        "config/appel-a-candidatures.toml, relances",
    ]
    assert "«\u00a0mode\u00a0»" in found[0]
    assert "«\u00a0Structures\u00a0»" in found[5]
    assert "«\u00a0Titre\u00a0»" in found[6]


@pytest.mark.parametrize(
    ("general", "words"),
    [
        ('[courrier]\nmode = "reel"', ["au début du fichier"]),
        ('hote = "x.example"', ["sous [courrier]"]),
        ('courrier = "smtp"', ["[courrier]", "section"]),
        ("mode = 1", ['"essai" ou "reel"']),
        ('mode = "réel"', ['"essai" ou "reel"']),
        ('fuseau = "Paris"', ["Europe/Paris"]),
        ('fuseau = "../../etc/passwd"', ["Europe/Paris"]),
        ('expediteur = "Coordination"', ["adresse"]),
        ('expediteur = "A <a@b.example>\\r\\nBcc: x@y.example"', ["saut de ligne"]),
        ('repondre_a = "a@b.example, c@d.example"', ["une seule adresse"]),
        ('adresse_essai = "moi"', ["adresse"]),
        ("plafond_par_passage = true", ["nombre entier"]),
        ("plafond_par_jour = 0", ["entre 1 et"]),
        ('delai_de_grace = "15"', ["unité"]),
        ('delai_de_grace = "bientôt"', ["durée"]),
        ('horaires = "toujours"', ["lun-ven"]),
        ('[coordination]\ncouleur = "red;background:url(x)"', ["couleur"]),
        ('[courrier]\nchiffrement = "aucun"', ["en clair"]),
        ('[courrier]\nchiffrement = "aucun"\nhote = "127.0.0.1.evil.example"', ["en clair"]),
        ('[reponses]\nchiffrement = "aucun"', ["[reponses]", "en clair"]),
        ('[reponses]\ntype = "imap"\nhote = ""', ["serveur"]),
        ('[classeur]\ntype = "google"', ["identifiant"]),
        ('[classeur]\nadresse_api = "ftp://x.example"', ["https://"]),
    ],
)
def test_what_is_refused_and_how(tmp_path: Path, general: str, words: list[str]) -> None:
    (found,) = problems(tmp_path, general)
    assert found.startswith("config/general.toml, ")
    assert all(word in found for word in words), found


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_no_encryption_is_for_the_machine_itself(tmp_path: Path, host: str) -> None:
    read = settings(tmp_path, f'[courrier]\nchiffrement = "aucun"\nhote = "{host}"')
    assert read.general.mail.host == host


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("relances = [0]", "entre 1 et"),
        ("relances = [1, 2, 3, 4, 5, 6]", "5 au plus"),
        ("relances = [10, 10]", "croissant"),
        ("relances = 10", "liste"),
        ('[onglets]\nStructures = "appels"', "même nom"),
        ('[colonnes.Structures]\n"Courriel" = "nom"', "même nom"),
        ('[colonnes.Structures]\n"Courriel" = ""', "vide"),
        ('[colonnes]\nStructures = "x"', "section"),
    ],
)
def test_what_the_call_refuses(tmp_path: Path, call: str, words: str) -> None:
    (found,) = problems(tmp_path, "", call)
    assert words in found


@pytest.mark.parametrize(
    ("general", "line", "words"),
    [
        ('mode = "essai"\nfuseau = Paris', 2, "guillemets"),
        ('mode = "essai"\nmode = "reel"\n', 2, "deux fois"),
        ("[courrier]\nport = 1\n[courrier]\nport = 2\n", 3, "deux fois"),
        ('[classeur]\nfichier = "C:\\donnees"', 2, "barre oblique"),
        ('mode = "essai\nfuseau = ""', 1, "refermé"),
        ("mode = “essai”", 1, "guillemets droits"),
        ('mode = "essai"\nRéf. = 1', 2, "entre guillemets"),
    ],
)
def test_a_slip_in_the_writing_is_located(tmp_path: Path, general: str, line: int, words: str) -> None:
    (found,) = problems(tmp_path, general)
    assert found.startswith(f"config/general.toml, ligne {line}\u00a0: ")
    assert words in found


def test_a_slip_in_the_writing_does_not_show_a_password(tmp_path: Path) -> None:
    assert "s3cret" not in "".join(problems(tmp_path, "[courrier]\nmot_de_passe = s3cret"))


def test_a_file_may_begin_with_a_byte_order_mark_but_not_be_latin_1(tmp_path: Path) -> None:
    settings(tmp_path)
    (tmp_path / "config/general.toml").write_bytes('\ufeffmode = "reel"\r\n'.encode())
    assert load(tmp_path, FILES).general.mode is Mode.LIVE
    (tmp_path / "config/general.toml").write_bytes('expediteur = "é"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load(tmp_path, FILES)


def test_a_folder_without_config_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="creer DOSSIER"):
        load(tmp_path, FILES)


def test_a_file_with_nearly_the_right_name_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/appel-a-candidature.toml").write_text("relances = [5]", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"Renommez-le appel-a-candidatures\.toml"):
        load(tmp_path, FILES)


def test_a_password_in_the_file_is_refused_without_being_shown(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, '[courrier]\nutilisateur = "a@b.example"\nmot_de_passe = "s3cret"')
    assert "env:NOM" in found
    assert "s3cret" not in found


def test_without_a_user_the_password_is_not_looked_at(tmp_path: Path) -> None:
    assert settings(tmp_path, '[courrier]\nmot_de_passe = "à compléter"').general.mail.user == ""


def test_a_password_is_read_from_where_it_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "smtp.secret"
    file.write_text("p\u00e4ss word\n", encoding="utf-8")
    file.chmod(0o600)
    assert secret("fichier:smtp.secret", tmp_path, {}) == "p\u00e4ss word"
    (tmp_path / "smtp.secret").write_text("abcd\u00a0efgh\u00a0\n", "utf-8")
    assert secret("fichier:smtp.secret", tmp_path, {}) == "abcd efgh"
    assert secret("env:NOM", tmp_path, {"NOM": "x y"}) == "x y"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:ABSENT", "ABSENT"),
        ("env:VIDE", "VIDE"),
        ("fichier:absent", "n'existe pas"),
        ("fichier:ouvert", "chmod 600"),
        ("fichier:vide", "est vide"),
        ("fichier:dossier", "ne peut pas être lu"),
        ("s3cret", "ne doit pas être écrit"),
    ],
)
def test_a_password_that_cannot_be_had_is_explained(tmp_path: Path, source: str, words: str) -> None:
    for name, content, mode in (("ouvert", "s3cret", 0o640), ("vide", "\n", 0o600)):
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / name).chmod(mode)
    (tmp_path / "dossier").mkdir(mode=0o700)
    with pytest.raises(TourneeError) as caught:
        secret(source, tmp_path, {"VIDE": ""})
    assert words in caught.value.what + caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "minutes"), [("15 min", 15), ("1 h", 60), ("1h30", 90), ("1 heure", 60), ("90mn", 90), (0, 0)]
)
def test_delays(written: object, minutes: int) -> None:
    assert delay(written) == timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["", "25 h", "-5 min", 15, False, "1,5 h"])
def test_delays_that_are_refused(written: object) -> None:
    with pytest.raises(Refused):
        delay(written)
