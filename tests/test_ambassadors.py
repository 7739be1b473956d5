"""The charter of the Ambassadeurs Référents: its mailing, its follow-ups, and what the sheet shows of it."""

from __future__ import annotations

import shutil
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.answering import deliver, notice
from tests.support.sessions import body
from tests.support.smtp_server import Fault, SmtpServer, outgoing
from tests.support.workspace import SAMPLE, TUESDAY, Workspace, keys, small
from workflows.core.messages import Mode
from workflows.core.problems import TourneeError
from workflows.core.workflow import Scope, Step
from workflows.engine.account import Account

UNKNOWN = "550 5.1.1 Unknown user"
HEADINGS = ("Réf.", "Nom", "Structure", "Courriel", "Thèmes", "Charte signée le")
ONE, TWO = ("charte", "ambassadeurs:AMB-001:"), "ambassadeurs:AMB-002:"
FIRST, SECOND = "2027-03-16T10:00", "2027-03-31T10:00"
"""Ten and twenty working days after Tuesday 2 March 2027; Monday 29 is a holiday."""
LATER = "2027-03-03T10:00"


def person(number: int, **values: Any) -> tuple[Any, ...]:
    """One row of Ambassadeurs."""
    usual = {
        "Réf.": f"AMB-{number:03}",
        "Nom": f"Personne {number}",
        "Structure": "Centre de santé",
        "Courriel": f"a{number}@sante.example",
        "Thèmes": "santé ; addictions",
    }
    return tuple({**usual, **values}.get(heading) for heading in HEADINGS)


def network(folder: Path, *people: tuple[Any, ...], **settings: str) -> Workspace:
    """A workspace with these Ambassadeurs."""
    return Workspace(folder, {**small(1), "Ambassadeurs": [HEADINGS, *people]}, **settings)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three Ambassadeurs, of whom the third has signed."""
    return network(tmp_path, person(1), person(2), person(3, **{"Charte signée le": "15/01/2027"}))


def write(workspace: Workspace, at: str = TUESDAY, **more: Any) -> Account:
    return workspace.round(at, Scope("ambassadeurs", Step.FIRST), "ambassadeurs ecrire", **more)


def reasons(account: Account) -> dict[str, str]:
    return dict(account.waiting)


def shown(workspace: Workspace, number: int = 1) -> dict[str, Any]:
    return workspace.row("Ambassadeurs", **{"Réf.": f"AMB-{number:03}"})


def put(workspace: Workspace, number: int = 1, **values: Any) -> None:
    workspace.put("Ambassadeurs", {"Réf.": f"AMB-{number:03}"}, **values)


def lose_journal(workspace: Workspace) -> None:
    for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
        path.unlink()


# The mailing


def test_the_charter_goes_to_those_who_have_not_signed(workspace: Workspace) -> None:
    account = write(workspace)
    assert account.sent == [
        ("ambassadeurs:AMB-001:charte", ("a1@sante.example",)),
        ("ambassadeurs:AMB-002:charte", ("a2@sante.example",)),
    ]
    assert reasons(account) == {"ambassadeurs:AMB-003:charte": "charte signée le 15/01/2027"}
    assert account.problems == []
    assert [shown(workspace, n)["Envoi"] for n in (1, 2, 3)] == ["Envoyé", "Envoyé", "En attente"]
    assert shown(workspace, 3)["Motif"] == "charte signée le 15/01/2027"
    mail = workspace.mails()[0]
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Bonjour Personne 1," in text.get_content()
    assert "santé et addictions" in text.get_content()
    assert list(mail.iter_attachments()) == []


def test_nothing_leaves_before_the_command_and_nothing_twice_after_it(workspace: Workspace) -> None:
    assert workspace.round().sent == []
    assert len(write(workspace, "2027-03-02T10:05").sent) == 2
    assert write(workspace, "2027-03-02T10:10").sent == []
    assert workspace.round("2027-03-02T10:15").sent == []
    assert len(workspace.mails()) == 2


def test_a_launch_that_could_not_leave_at_once_leaves_by_itself(workspace: Workspace) -> None:
    evening = write(workspace, "2027-03-02T20:00")
    assert evening.sent == []
    assert "hors horaires" in reasons(evening)["ambassadeurs:AMB-001:charte"]
    assert len(workspace.round(LATER).sent) == 2


def test_a_new_or_mended_row_leaves_with_the_next_round(workspace: Workspace) -> None:
    put(workspace, Courriel="à demander")
    account = write(workspace)
    assert [problem.where for problem in account.problems] == ["Ambassadeurs, ligne 2, Courriel"]
    assert shown(workspace)["Envoi"] == "À corriger"
    put(workspace, Courriel="a1@sante.example")
    new = person(4, **{"Réf.": None})
    workspace.edit(lambda book: book["Ambassadeurs"].append(new))
    sent = workspace.round(LATER).sent
    assert keys(sent) == ["ambassadeurs:AMB-001:charte", "ambassadeurs:AMB-004:charte"]


def test_a_refused_address_that_is_mended_gets_the_charter(tmp_path: Path) -> None:
    workspace = network(tmp_path, person(1), person(2))
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "a1@sante.example")]) as server:
        workspace.smtp(server.port)
        assert keys(write(workspace).refused) == ["ambassadeurs:AMB-001:charte"]
        assert workspace.round("2027-03-02T11:00").sent == []
        put(workspace, Courriel="nouvelle@sante.example")
        assert keys(workspace.round(LATER).sent) == ["ambassadeurs:AMB-001:charte:2"]
        assert workspace.round("2027-03-03T11:00").sent == []
    assert shown(workspace)["Envoi"] == "Envoyé"


def test_of_two_refused_addresses_the_mended_one_gets_the_charter(tmp_path: Path) -> None:
    workspace = network(tmp_path, person(1, Courriel="a@sante.example ; b@sante.example"))
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, f"{n}@sante.example") for n in "ab"]) as server:
        workspace.smtp(server.port)
        write(workspace)
        put(workspace, Courriel="a@sante.example ; juste@sante.example")
        assert [to for _, to in workspace.round(LATER).sent] == [("juste@sante.example",)]
        assert workspace.round("2027-03-03T11:00").sent == []


def test_a_charter_that_came_back_goes_to_the_mended_address_once(workspace: Workspace) -> None:
    write(workspace)
    (mail,) = [mail for mail in workspace.mails() if mail["To"] == "a1@sante.example"]
    deliver(workspace, notice(mail, "a1@sante.example"))
    workspace.run("reponses", "relever", at="2027-03-02T11:00")
    journal = workspace.folder / "donnees" / "journal.sqlite3"
    older = journal.read_bytes()
    put(workspace, Courriel="a1@sante.example ; juste@sante.example")
    account = workspace.round(LATER)
    assert account.sent == [("ambassadeurs:AMB-001:charte:2", ("juste@sante.example",))]
    lose_journal(workspace)
    journal.write_bytes(older)
    assert workspace.round("2027-03-03T11:00").sent == []
    both = [f"ambassadeurs:AMB-00{n}:relance-1" for n in (1, 2)]
    assert keys(workspace.round("2027-03-17T10:00").sent) == both


@pytest.mark.parametrize(
    ("cell", "state", "reason"),
    [
        ("oui", "En attente", "charte signée"),
        ("lundi 1er février 2027", "En attente", "charte signée le 01/02/2027"),
        ("2027-04-01", "En attente", "signature prévue le 01/04/2027"),
        ("non", "Envoyé", None),
        ("la semaine prochaine", "À corriger", "date"),
    ],
)
def test_what_says_that_a_charter_is_signed(
    tmp_path: Path, cell: str, state: str, reason: str | None
) -> None:
    workspace = network(tmp_path, person(1, **{"Charte signée le": cell}))
    write(workspace)
    assert shown(workspace)["Envoi"] == state
    assert reason is None or reason in shown(workspace)["Motif"]
    assert shown(workspace)["Charte signée le"] == cell


def test_a_person_with_a_row_for_each_theme_is_written_to_once(tmp_path: Path) -> None:
    same = {"Nom": "Hélène Quéré", "Courriel": "h.quere@sante.example"}
    more = {**same, "Thèmes": "parentalité"}
    workspace = network(tmp_path, person(1, **same), person(2, **more), person(3, **same))
    account = write(workspace)
    assert keys(account.sent) == ["ambassadeurs:AMB-001:charte"]
    assert "(santé, addictions et parentalité)" in body(workspace.mails()[0])
    assert set(reasons(account).values()) == {"même nom et même adresse que AMB-001"}
    rows = workspace.tab("Ambassadeurs")
    workspace.edit(lambda book: swap(book["Ambassadeurs"], 2, 4))
    assert rows != workspace.tab("Ambassadeurs")
    assert workspace.round(LATER).sent == []
    put(workspace, 3, **{"Charte signée le": "10/03/2027"})
    assert workspace.round(FIRST).sent == []


def swap(sheet: Any, one: int, other: int) -> None:
    """Exchange two rows, as sorting does."""
    for column in range(1, sheet.max_column + 1):
        a, b = sheet.cell(one, column), sheet.cell(other, column)
        a.value, b.value = b.value, a.value


def added(workspace: Workspace, **changed: Any) -> None:
    """She copies the first row without its `Réf.` below the last, and changes the copy."""
    copy = shown(workspace) | {"Réf.": None} | changed
    workspace.edit(lambda book: book["Ambassadeurs"].append([*copy.values()]))


def test_a_copy_that_was_left_the_ref_of_the_first_is_held_until_it_has_its_own(tmp_path: Path) -> None:
    workspace = network(tmp_path, person(1))
    write(workspace)
    added(workspace, Envoi=None, **{"Envoyé le": None})
    put(workspace, Nom="Personne 9", Courriel="a9@sante.example")
    for at in (LATER, "2027-03-03T10:15"):
        account = workspace.round(at)
        assert account.sent == []
        assert {p.where for p in account.problems} == {f"Ambassadeurs, ligne {n}, Réf." for n in (2, 3)}
    workspace.put("Ambassadeurs", {"Nom": "Personne 9"}, Envoi=None, **{"Réf.": None, "Envoyé le": None})
    workspace.put("Ambassadeurs", {"Nom": "Personne 1"}, **{"Réf.": "AMB-001"})
    account = workspace.round("2027-03-03T10:30")
    assert account.sent == [(f"{TWO}charte", ("a9@sante.example",))]
    assert account.problems == []


def test_a_row_copied_with_its_states_is_held_until_she_says_which_is_true(tmp_path: Path) -> None:
    workspace = network(tmp_path, person(1))
    write(workspace)
    added(workspace, Nom="Personne 2", Courriel="a2@sante.example")
    added(workspace, Nom="Personne 3", Courriel="a3@sante.example")
    for at in (LATER, "2027-03-03T10:15"):
        account = workspace.round(at)
        assert account.sent == []
        assert {p.where for p in account.problems} == {f"Ambassadeurs, ligne {n}, Envoi" for n in (3, 4)}
        assert account.problems[0].remedy.startswith("Videz Envoi et Envoyé le, pour que le message parte ;")
    workspace.put("Ambassadeurs", {"Nom": "Personne 2"}, Envoi=None, **{"Envoyé le": None})
    workspace.put("Ambassadeurs", {"Nom": "Personne 3"}, **{"Réf.": "AMB-9"})
    account = workspace.round("2027-03-03T10:30")
    assert [to for _, to in account.sent] == [("a2@sante.example",)]
    assert account.problems == []
    assert "relance 1 prévue" in reasons(account)["ambassadeurs:AMB-9:relance-1"]


def test_two_people_who_share_a_mailbox_are_two(tmp_path: Path) -> None:
    shared = {"Courriel": "accueil@mairie.example"}
    workspace = network(tmp_path, person(1, **shared), person(2, **shared))
    assert len(write(workspace).sent) == 2


def test_the_charter_itself_is_attached_or_nothing_leaves(workspace: Workspace) -> None:
    settings = workspace.folder / "config" / "ambassadeurs.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace('\ncharte = ""', '\ncharte = "charte.pdf"'), "utf-8")
    account = write(workspace)
    assert account.sent == []
    assert [problem.where for problem in account.problems] == ["config/ambassadeurs.toml, charte"]
    folder = workspace.folder / "pieces-jointes"
    folder.mkdir()
    (folder / "charte.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    assert len(workspace.round(LATER).sent) == 2
    (attached,) = workspace.mails()[0].iter_attachments()
    assert attached.get_filename() == "charte.pdf"
    assert len(workspace.round("2027-03-17T10:00").sent) == 2
    assert list(workspace.mails()[-1].iter_attachments()) == []


# Follow-ups


def test_follow_ups_leave_on_their_working_days_under_the_charter(workspace: Workspace) -> None:
    write(workspace)
    charter = workspace.mails()[0]
    waiting = reasons(workspace.round("2027-03-15T18:00"))
    assert (
        waiting["ambassadeurs:AMB-001:relance-1"]
        == "déjà envoyé le 02/03/2027 ; relance 1 prévue le 16/03/2027"
    )
    assert keys(workspace.round(FIRST).sent) == [
        "ambassadeurs:AMB-001:relance-1",
        "ambassadeurs:AMB-002:relance-1",
    ]
    assert workspace.round("2027-03-30T18:00").sent == []
    assert len(workspace.round(SECOND).sent) == 2
    assert workspace.round("2027-04-30T10:00").sent == []
    for mail in (workspace.mails()[2], workspace.mails()[4]):
        assert mail["In-Reply-To"] == charter["Message-ID"]
        assert mail["To"] == charter["To"]
    assert shown(workspace)["Relances"] == "1 le 16/03/2027\u00a0; 2 le 31/03/2027"
    assert shown(workspace)["Envoi"] == "Envoyé"


@pytest.mark.parametrize(
    ("column", "cell"),
    [("Réponse", "Oui"), ("Réponse", "Non"), ("Réponse", "d'accord"), ("Charte signée le", "12/03/2027")],
)
def test_who_signed_or_answered_is_left_alone(workspace: Workspace, column: str, cell: str) -> None:
    write(workspace)
    put(workspace, 1, **{column: cell})
    account = workspace.round(FIRST)
    assert keys(account.sent) == ["ambassadeurs:AMB-002:relance-1"]
    assert "déjà envoyé le 02/03/2027" in reasons(account)["ambassadeurs:AMB-001:charte"]
    assert shown(workspace)[column] == cell


def test_an_absence_that_she_notes_does_not_stop_follow_ups(workspace: Workspace) -> None:
    write(workspace)
    put(workspace, Réponse="Absence")
    assert len(workspace.round(FIRST).sent) == 2


# What was lost


def test_a_lost_journal_believes_the_sheet_and_goes_on(workspace: Workspace) -> None:
    write(workspace)
    lose_journal(workspace)
    assert workspace.round(LATER).sent == []
    assert write(workspace, "2027-03-03T11:00").sent == []
    assert len(workspace.round(FIRST).sent) == 2
    lose_journal(workspace)
    assert workspace.round("2027-03-17T10:00").sent == []
    assert len(workspace.round(SECOND).sent) == 2
    assert len(workspace.mails()) == 6
    assert shown(workspace)["Relances"] == "1 le 16/03/2027\u00a0; 2 le 31/03/2027"


def test_a_believed_doubt_is_shown_and_not_sent(workspace: Workspace) -> None:
    write(workspace)
    put(workspace, Envoi="Envoi en cours")
    lose_journal(workspace)
    account = workspace.round(LATER)
    assert account.sent == []
    assert account.uncertain == ["ambassadeurs:AMB-001:charte"]
    assert shown(workspace)["Envoi"] == "À vérifier"
    assert "trancher" in shown(workspace)["Motif"]
    workspace.office(LATER).settle("ambassadeurs:AMB-001:charte", sent=False)
    assert keys(workspace.round("2027-03-03T11:00").sent) == ["ambassadeurs:AMB-001:charte"]
    assert shown(workspace)["Envoi"] == "Envoyé"


def test_a_word_of_hers_is_a_doubt_and_launches_nothing(workspace: Workspace) -> None:
    workspace.edit(
        lambda book: [book["Ambassadeurs"].cell(n, 20, v) for n, v in ((1, "Envoi"), (2, "fait par tél"))]
    )
    assert workspace.round().sent == []
    account = write(workspace)
    assert "ambassadeurs:AMB-001:charte" not in keys(account.sent)
    assert account.sent
    assert account.uncertain == ["ambassadeurs:AMB-001:charte"]


def test_a_word_of_hers_over_a_row_that_waits_is_a_doubt(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", "451 4.3.0 Try again later", times=1)]) as server:
        workspace = network(tmp_path, person(1))
        workspace.smtp(server.port)
        assert write(workspace).sent == []
        put(workspace, Envoi="fait par tél")
        account = workspace.round(LATER)
        assert (account.sent, account.uncertain) == ([], ["ambassadeurs:AMB-001:charte"])


def test_a_lost_journal_still_knows_which_address_was_refused(tmp_path: Path) -> None:
    workspace = network(tmp_path, person(1), person(2))
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "a1@sante.example")]) as server:
        workspace.smtp(server.port)
        write(workspace)
        lose_journal(workspace)
        assert workspace.round("2027-03-02T11:00").sent == []
        lose_journal(workspace)
        put(workspace, Courriel="nouvelle@sante.example")
        assert [to for _, to in workspace.round(LATER).sent] == [("nouvelle@sante.example",)]
        assert workspace.round("2027-03-03T11:00").sent == []


def test_an_older_journal_sends_no_mended_charter_again(tmp_path: Path) -> None:
    workspace = network(tmp_path, person(1), person(2))
    journal, older = workspace.folder / "donnees" / "journal.sqlite3", tmp_path / "older"
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "a1@sante.example")]) as server:
        workspace.smtp(server.port)
        write(workspace)
        shutil.copy(journal, older)
        put(workspace, Courriel="nouvelle@sante.example")
        workspace.round(LATER)
        count = len(server.accepted)
        lose_journal(workspace)
        shutil.copy(older, journal)
        assert workspace.round("2027-03-03T11:00").sent == []
        assert workspace.round("2027-03-03T12:00").sent == []
        assert len(server.accepted) == count
        assert len(outgoing(server.accepted)) == 2


def test_a_restored_workbook_is_written_again(workspace: Workspace) -> None:
    before = workspace.book.read_bytes()
    write(workspace)
    workspace.book.write_bytes(before)
    assert workspace.round(LATER).sent == []
    assert shown(workspace)["Envoi"] == "Envoyé"


# Trial


def test_a_trial_leaves_the_sheet_and_the_real_mailing_alone(workspace: Workspace) -> None:
    before = workspace.book.read_bytes()
    account = write(workspace, "2027-03-06T10:00", mode=Mode.TRIAL)
    assert len(account.sent) == 2
    assert workspace.book.read_bytes() == before
    assert [mail["To"] for mail in workspace.mails("essais")] == ["coordination@exemple.fr"] * 2
    assert str(workspace.mails("essais")[0]["Subject"]).startswith("[ESSAI] ")
    assert workspace.round("2027-03-08T10:00").sent == []  # a trial launches nothing
    assert len(write(workspace, "2027-03-08T10:00").sent) == 2
    assert len(write(workspace, "2027-03-08T11:00", mode=Mode.TRIAL).sent) == 2


# A tab that is not there, or not as it should be


def test_a_workbook_without_the_tab_hears_nothing_of_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1))
    account = workspace.round()
    assert (account.problems, account.waiting) == ([], [])
    with pytest.raises(TourneeError, match="Ambassadeurs"):
        write(workspace)
    assert "Ambassadeurs" not in openpyxl.load_workbook(workspace.book).sheetnames


def test_a_tab_that_goes_missing_after_the_launch_is_said(workspace: Workspace) -> None:
    write(workspace)
    workspace.edit(lambda book: setattr(book["Ambassadeurs"], "title", "Ambassadeurs 2027"))
    account = workspace.round(LATER)
    assert [problem.where for problem in account.problems] == ["Classeur, onglet Ambassadeurs"]


def test_a_missing_heading_sends_nothing_and_is_said(tmp_path: Path) -> None:
    book = {**small(1), "Ambassadeurs": [("Réf.", "Nom", "Thèmes"), ("AMB-001", "Personne 1", "santé")]}
    with pytest.raises(TourneeError, match="Courriel"):
        write(Workspace(tmp_path, book))


def test_hostile_cells_hold_their_row_alone(tmp_path: Path) -> None:
    workspace = network(
        tmp_path,
        person(1, Nom="{{ config }} <script>", Thèmes="a\nb ; ; c,"),
        person(2, Courriel="a2@sante.example\nBcc: x@sante.example"),
        person(3, Nom=None),
        person(4, **{"Réf.": "AMB-004"}),
        person(5, **{"Réf.": "amb-004"}),
        person(6, Thèmes="=1/0"),
        person(7, **{"Réf.": None}),
    )
    account = write(workspace)
    assert keys(account.sent) == ["ambassadeurs:AMB-001:charte", "ambassadeurs:AMB-007:charte"]
    lines = [int(problem.where.split("ligne ")[1].split(",")[0]) for problem in account.problems]
    assert lines == [3, 4, 5, 6, 7]
    html = workspace.mails()[0].get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "{{ config }} &lt;script&gt;" in html.get_content()


def test_only_the_columns_of_the_program_change_in_the_sample_with_the_tab(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SAMPLE)
    workspace.edit(add_tab)
    before = workspace.tab("Ambassadeurs")
    ran = workspace.run("ambassadeurs", "ecrire", "--reel", "--oui")
    assert ran.status == 0, ran.err
    assert [item["key"] for item in ran.json["sent"]] == [
        "ambassadeurs:AMB-001:charte",
        "ambassadeurs:AMB-002:charte",
    ]
    after = workspace.tab("Ambassadeurs")
    assert [{h: row[h] for h in before[0]} for row in after] == before
    again = workspace.run("ambassadeurs", "ecrire", "--reel", "--oui", at="2027-03-02T11:00")
    assert again.json["sent"] == []
    followed = workspace.run("passage", at=FIRST)
    ours = [i["key"] for i in followed.json["sent"] if i["key"].startswith("ambassadeurs:")]
    assert ours == ["ambassadeurs:AMB-001:relance-1", "ambassadeurs:AMB-002:relance-1"]


def add_tab(book: Any) -> None:
    sheet = book.create_sheet("Ambassadeurs")
    for row in (HEADINGS, person(1), person(2), person(3, **{"Charte signée le": "15/01/2027"})):
        sheet.append(row)


def test_the_command_asks_first_and_previews_alike(workspace: Workspace) -> None:
    refused = workspace.run("ambassadeurs", "ecrire", "--reel")
    assert refused.status == 2
    assert workspace.mails() == []
    preview = workspace.run("apercu", "ambassadeurs")
    assert [item["key"] for item in preview.json["planned"]] == [
        "ambassadeurs:AMB-001:charte",
        "ambassadeurs:AMB-002:charte",
    ]
    assert workspace.run("apercu", "ambassadeurs", "AMB-001").status == 2


# Replies


def reply(workspace: Workspace, mail: EmailMessage, text: str, sender: str = "a1@sante.example") -> None:
    """What somebody writes back to one of our mails."""
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = sender, "coordination@exemple.fr", "Re: la charte"
    answer["Message-ID"] = f"<{len(text)}.{sender}>"
    answer["In-Reply-To"], answer["Date"] = mail["Message-ID"], "Wed, 03 Mar 2027 09:00:00 +0100"
    answer.set_content(text)
    box = workspace.folder / "donnees" / "reponses"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True, exist_ok=True)
    (box / "new" / f"1.{len(text)}.{sender.partition('@')[0]}").write_bytes(answer.as_bytes())


def test_a_reply_is_shown_and_stops_follow_ups_until_her_word_says_otherwise(workspace: Workspace) -> None:
    write(workspace)
    reply(workspace, workspace.mails()[0], "Oui, bien sûr.\n")
    ran = workspace.run("passage", at=LATER)
    assert ran.json["replies"] == {"read": 1, "matched": 1, "unmatched": 0}
    assert shown(workspace)["Réponse"] == "Oui"
    assert shown(workspace)["Reçue le"] is not None
    followed = workspace.run("passage", at=FIRST)
    assert [item["key"] for item in followed.json["sent"]] == ["ambassadeurs:AMB-002:relance-1"]
    put(workspace, Réponse="Non")
    workspace.run("passage", at=SECOND)
    assert shown(workspace)["Réponse"] == "Non"


def test_who_objects_is_not_written_to_any_more_in_any_row(workspace: Workspace) -> None:
    write(workspace)
    reply(workspace, workspace.mails()[0], "STOP\n")
    workspace.run("passage", at=LATER)
    assert shown(workspace)["Réponse"] == "Opposition"
    workspace.edit(lambda book: book["Ambassadeurs"].append(person(4, Courriel="a1@sante.example")))
    ran = workspace.run("passage", at=FIRST)
    assert [item["key"] for item in ran.json["sent"]] == ["ambassadeurs:AMB-002:relance-1"]
    waiting = {item["key"]: item["reason"] for item in ran.json["waiting"]}
    assert "opposition reçue le" in waiting["ambassadeurs:AMB-004:charte"]


def test_a_mail_that_names_no_message_finds_its_row_by_its_sender(workspace: Workspace) -> None:
    write(workspace)
    stray = EmailMessage()
    stray["Message-ID"] = "<ailleurs@sante.example>"
    reply(workspace, stray, "Je vous appelle demain.\n", sender="a2@sante.example")
    workspace.run("passage", at=LATER)
    assert shown(workspace, 2)["Réponse"] == "À lire"
    assert "adresse de l'expéditeur" in shown(workspace, 2)["Motif"]


# Suivi, after a command that is about one workflow


def listed(workspace: Workspace) -> list[tuple[Any, Any]]:
    """Tab and line of what Suivi lists."""
    rows = [(row["Onglet"], row["Ligne"]) for row in workspace.tab("Suivi")]
    return [row for row in rows if row != (None, None)]


def counted(workspace: Workspace) -> tuple[Any, Any]:
    first = workspace.tab("Suivi")[0]
    return first["En attente"], first["Problèmes"]


def test_a_command_about_one_workflow_leaves_the_lines_of_the_others(tmp_path: Path) -> None:
    book = {**small(4, "À lancer"), "Ambassadeurs": [HEADINGS, person(1), person(2, Courriel="a2@")]}
    book["Structures"][2] = ("STR-002", "Structure 2", "s2", None, None)
    workspace = Workspace(tmp_path, book, plafond_par_passage="1")
    workspace.round("2027-03-02T10:00")
    workspace.round("2027-03-02T10:15")
    structure, person_2 = ("Structures", "ligne 3, Courriel"), ("Ambassadeurs", "ligne 3, Courriel")
    held = ("En attente", "2 messages (Candidatures)")
    assert listed(workspace) == [structure, held]
    assert counted(workspace) == (2, 1)

    write(workspace, "2027-03-02T10:20")
    assert listed(workspace) == [person_2, structure, held]
    assert counted(workspace) == (2, 2)
    put(workspace, 2, Courriel="a2@sante.example")
    write(workspace, "2027-03-02T10:25")
    assert listed(workspace) == [structure, held]
    assert counted(workspace) == (2, 1)

    workspace.put("Structures", {"Réf.": "STR-002"}, Courriel="s2@structures.example")
    workspace.launch("2027-03-02T10:30")
    assert listed(workspace) == [held]
    workspace.set(plafond_par_passage="50")
    workspace.round("2027-03-02T10:45")
    assert listed(workspace) == []
    assert counted(workspace) == (0, 0)


def test_what_became_of_a_message_stays_listed_until_its_own_workflow_goes_on(workspace: Workspace) -> None:
    refused = ("Refusé", "appel:2027-1:STR-001:annonce")
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "s1@structures.example")]) as server:
        workspace.smtp(server.port)
        assert keys(workspace.launch().refused) == [refused[1]]
        assert listed(workspace) == [refused]
        assert keys(write(workspace, "2027-03-02T10:05").sent)
        assert listed(workspace) == [refused]
        assert counted(workspace) == (0, 0)
        workspace.launch("2027-03-02T10:10")
        assert listed(workspace) == []
