"""Replies to a call, from the mailbox to the sheet: who may answer, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from tests.support.answering import (
    FOLLOW_UP_DAY,
    application,
    by_structure,
    deliver,
    letter,
    press,
    read,
    reply,
    said,
)
from tests.support.workspace import CHECKOUT, STRUCTURES, Workspace, keys, small
from workflows import replies
from workflows.core.messages import Mode
from workflows.core.workflow import Scope, Step
from workflows.engine import intake
from workflows.engine.journal import Journal

# Answers in the thread


def test_answers_land_on_their_rows_with_day_and_words(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(
        workspace,
        reply(mails["STR-001"], "Oui, nous participerons.\n\nCordialement"),
        reply(mails["STR-002"], "Non merci, pas cette année."),
        reply(mails["STR-003"], "Bonjour, quel est le montant de l'aide ?"),
    )
    account = read(workspace)
    assert (account.replies.read, account.replies.matched, account.replies.unmatched) == (3, 3, 0)
    assert [said(workspace, f"STR-00{n}") for n in (1, 2, 3)] == ["Oui", "Non", "Question"]
    row = application(workspace, "STR-001")
    assert row["Reçue le"].strftime("%d/%m/%Y %H:%M") == "04/03/2027 10:00"
    assert row["Extrait"].startswith("Oui, nous participerons.")
    assert workspace.row("Appels", **{"Réf.": "2027-1"})["Réponses"] == 3
    assert str(workspace.tab("Suivi")[0]["Boîte lue le"]).startswith("2027-03-04 10:00")


def test_suivi_says_which_replies_wait_for_her(workspace: Workspace, mails: dict[str, EmailMessage]) -> None:
    def waiting() -> list[tuple[Any, ...]]:
        rows = workspace.tab("Suivi")
        return [(row["Onglet"], row["Ligne"], row["Problème"]) for row in rows if row["Onglet"]]

    deliver(
        workspace,
        *(reply(mails[f"STR-00{n}"], "Bien reçu, merci.") for n in (1, 2)),
        reply(mails["STR-003"], "Bonjour, quel est le montant de l'aide ?"),
        *(letter(f"{who}@ailleurs.example", f"De {who}", "Bonjour") for who in ("un", "deux")),
    )
    account = read(workspace)
    assert (account.exit_status, workspace.tab("Suivi")[0]["Problèmes"]) == (0, 0)
    all_of_them = [
        ("Candidatures", "2 réponses", "à lire"),
        ("Candidatures", "1 réponse", "question"),
        ("À rattacher", "2 messages", "sans ligne connue"),
    ]
    assert waiting() == all_of_them
    assert workspace.tab("Suivi")[0]["Que faire"].startswith("Lisez l'extrait, puis écrivez Oui, Non")

    other = Scope("presence", Step.FIRST)
    workspace.round("2027-03-04T10:05", other, "presence rappeler")
    assert sorted(waiting()) == sorted(all_of_them)
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="Oui")
    workspace.put("Candidatures", {"Structure": "STR-003"}, Réponse="Non")
    workspace.put("À rattacher", {"Objet": "De un"}, Rattacher_à="STR-004")
    read(workspace)
    assert waiting() == [
        ("Candidatures", "2 réponses", "à lire"),
        ("À rattacher", "1 message", "sans ligne connue"),
    ]
    workspace.put("À rattacher", {"Objet": "De deux"}, Rattacher_à="STR-005")
    for structure in ("STR-002", "STR-004"):
        workspace.put("Candidatures", {"Structure": structure}, Réponse="Non")
    read(workspace)
    assert waiting() == [("Candidatures", "1 réponse", "à lire")]
    assert workspace.tab("Suivi")[0]["Problèmes"] == 0


def test_hours_are_no_answer_to_a_call_and_no_silence_either(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "2 h 30"))
    read(workspace)
    assert said(workspace, "STR-001") == "À lire"
    assert "ne donne que des heures" in application(workspace, "STR-001")["Motif"]
    account = workspace.round(FOLLOW_UP_DAY)
    assert not any("STR-001" in key for key in keys(account.sent))


def test_follow_ups_leave_only_for_those_who_said_nothing(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui"), reply(mails["STR-002"], "Bien reçu, merci."))
    account = read(workspace, FOLLOW_UP_DAY)
    assert said(workspace, "STR-002") == "À lire"
    assert sorted(keys(account.sent)) == [f"appel:2027-1:STR-00{n}:relance-1" for n in (3, 4, 5, 6)]


def test_a_reply_is_taken_once_however_often_it_lies_there(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    content = reply(mails["STR-001"], "Oui")
    deliver(workspace, content, content, b"Received: from ailleurs\r\n" + content)
    assert read(workspace).replies.read == 1
    assert read(workspace).replies.read == 0
    deliver(workspace, content)
    assert read(workspace).replies.read == 0


def test_two_mails_that_share_a_message_id_are_both_read(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    same = {"Message-ID": "<1@programme.example>"}
    deliver(
        workspace,
        reply(mails["STR-001"], "Oui", headers=same),
        reply(mails["STR-002"], "Non merci", headers=same),
    )
    assert read(workspace).replies.matched == 2


def test_a_copy_of_our_own_mail_is_nobodys_answer(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, mails["STR-001"].as_bytes())
    account = read(workspace)
    assert account.replies.read == 0
    assert workspace.tab("À rattacher") == []


HERS = "coordination@exemple.fr"


def test_her_own_words_to_a_structure_are_nobodys_answer(tmp_path: Path) -> None:
    rows = small(1, "À lancer")
    rows["Structures"] = [STRUCTURES, ("STR-001", "Centre", "claire@exemple.fr", None, None)]
    workspace = Workspace(tmp_path, rows, delai_de_grace='"0"')
    workspace.round()
    mail = by_structure(workspace)["STR-001"]
    deliver(workspace, reply(mail, "Faut-il une salle ?"), reply(mail, "Oui, bien sûr.", sender=HERS))
    account = read(workspace)
    assert (account.replies.read, said(workspace, "STR-001")) == (1, "Question")
    deliver(workspace, reply(mail, "Non, ce n'est pas la peine.", sender=HERS.upper()))
    assert read(workspace, "2027-03-04T10:30").replies.read == 0
    assert said(workspace, "STR-001") == "Question"


def test_her_address_that_stands_in_the_sheet_answers_for_its_row(tmp_path: Path) -> None:
    rows = small(1, "À lancer")
    rows["Structures"] = [STRUCTURES, ("STR-001", "Coordination", HERS, None, None)]
    workspace = Workspace(tmp_path, rows, delai_de_grace='"0"')
    workspace.round()
    deliver(workspace, reply(by_structure(workspace)["STR-001"], "Oui, nous participerons."))
    read(workspace)
    assert said(workspace, "STR-001") == "Oui"


def test_a_changed_answer_is_shown_with_the_one_before(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participerons."))
    read(workspace)
    deliver(workspace, reply(mails["STR-001"], "Finalement non, nous ne participerons pas."))
    read(workspace)
    row = application(workspace, "STR-001")
    assert row["Réponse"] == "Non"
    assert row["Extrait"].startswith("(D'abord «\u00a0Oui\u00a0», le 04/03/2027.) Finalement non")


def test_what_a_person_typed_is_never_overwritten(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="Oui")
    deliver(workspace, reply(mails["STR-001"], "Non merci."))
    account = read(workspace, FOLLOW_UP_DAY)
    assert said(workspace, "STR-001") == "Oui"
    assert account.problems == []
    assert "appel:2027-1:STR-001:relance-1" not in keys(account.sent)


def test_an_earlier_answer_that_a_person_types_again_is_her_choice(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participerons."))
    read(workspace)
    deliver(workspace, reply(mails["STR-001"], "Finalement non, nous ne participerons pas."))
    read(workspace)
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="Oui")  # they spoke on the phone
    for _ in range(2):
        assert read(workspace).problems == []
        assert said(workspace, "STR-001") == "Oui"
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse=None)
    read(workspace)
    assert said(workspace, "STR-001") == "Non"


def test_a_restored_workbook_gets_the_last_answer_again(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participerons."))
    read(workspace)
    before = workspace.book.read_bytes()
    deliver(workspace, reply(mails["STR-001"], "Finalement non, nous ne participerons pas."))
    read(workspace)
    workspace.book.write_bytes(before)
    read(workspace)
    assert said(workspace, "STR-001") == "Non"


def test_a_typed_answer_alone_stops_follow_ups(workspace: Workspace) -> None:
    workspace.put("Candidatures", {"Structure": "STR-001"}, Réponse="Non")
    account = read(workspace, FOLLOW_UP_DAY)
    assert "appel:2027-1:STR-001:relance-1" not in keys(account.sent)
    assert len(account.sent) == 5


# Who may answer


def test_a_colleague_answers_and_a_stranger_is_to_be_read(tmp_path: Path) -> None:
    rows = [
        STRUCTURES,
        ("STR-001", "MJC", "contact@mjc-blois.example", None, None),
        ("STR-002", "Foyer", "foyer@gmail.com", None, None),
    ]
    workspace = Workspace(tmp_path, {**small(0), "Structures": rows}, delai_de_grace='"0"')
    workspace.launch()
    mails = by_structure(workspace)
    deliver(
        workspace,
        reply(mails["STR-001"], "Oui", "direction@mjc-blois.example"),
        reply(mails["STR-002"], "Oui", "un.autre@gmail.com"),
    )
    account = read(workspace)
    assert account.replies.matched == 2
    assert [said(workspace, "STR-001"), said(workspace, "STR-002")] == ["Oui", "À lire"]
    assert "n'est pas connu" in application(workspace, "STR-002")["Motif"]


def test_an_address_added_to_the_sheet_since_then_answers(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    workspace.put(
        "Structures", {"Réf.": "STR-001"}, Courriel="s1@structures.example ; direction@ailleurs.example"
    )
    deliver(workspace, reply(mails["STR-001"], "Oui", "direction@ailleurs.example"))
    read(workspace)
    assert said(workspace, "STR-001") == "Oui"


def test_a_sender_whom_our_server_finds_false_is_to_be_read(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    path = workspace.folder / "config" / "reponses.toml"
    path.write_text(
        path.read_text("utf-8").replace(
            'serveur_de_confiance = ""', 'serveur_de_confiance = "mx.exemple.fr"'
        ),
        "utf-8",
    )
    verdict = {"Authentication-Results": "mx.exemple.fr; dmarc=fail header.from=structures.example"}
    others = {"Authentication-Results": "mx.ailleurs.example; dmarc=fail header.from=structures.example"}
    pressed = press(mails["STR-002"], "Oui")
    deliver(
        workspace,
        reply(mails["STR-001"], "Oui, nous participerons.", headers=verdict),
        b"Authentication-Results: mx.exemple.fr; spf=fail; dkim=fail\r\n" + pressed,
        reply(mails["STR-003"], "Oui, nous participerons.", headers=others),
        reply(mails["STR-004"], "STOP, ne nous écrivez plus.", headers=verdict),
    )
    read(workspace)
    assert [said(workspace, f"STR-00{n}") for n in (1, 2, 3, 4)] == ["À lire", "À lire", "Oui", "À lire"]
    assert workspace.row("Structures", **{"Réf.": "STR-004"})["Opposition"] is None


# The round


def test_a_mailbox_out_of_reach_does_not_stop_the_sends(workspace: Workspace) -> None:
    workspace.set(
        "reponses", type='"imap"', hote='"127.0.0.1"', port="1", chiffrement='"aucun"', utilisateur='"x"'
    )
    (workspace.folder / "motdepasse").write_text("secret")
    (workspace.folder / "motdepasse").chmod(0o600)
    workspace.set("reponses", mot_de_passe='"fichier:motdepasse"')
    account = read(workspace, FOLLOW_UP_DAY)
    assert len(account.sent) == 6
    assert [p.where for p in account.problems] == ["Boîte aux lettres"]
    assert "Boîte aux lettres" in [row["Onglet"] for row in workspace.tab("Suivi")]
    assert workspace.tab("Suivi")[0]["Boîte lue le"] is None


def test_reading_alone_sends_nothing(workspace: Workspace, mails: dict[str, EmailMessage]) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui"))
    account = read(workspace, FOLLOW_UP_DAY, sends=False)
    assert (account.sent, account.planned) == ([], [])
    assert len(account.waiting) == 6
    assert said(workspace, "STR-001") == "Oui"
    assert len(read(workspace, FOLLOW_UP_DAY).sent) == 5


def test_in_trial_mode_answers_are_kept_and_the_sheet_left_alone(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui"))
    before = workspace.book.read_bytes()
    assert read(workspace, mode=Mode.TRIAL).replies.matched == 1
    assert workspace.book.read_bytes() == before
    read(workspace)
    assert said(workspace, "STR-001") == "Oui"


def test_an_answer_to_a_trial_is_nobodys(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1), delai_de_grace='"0"')
    workspace.launch(mode=Mode.TRIAL)
    trial = workspace.mails("essais")[0]
    workspace.launch()
    deliver(workspace, reply(trial, "Non merci", "moi@exemple.fr"), press(trial, "Non", "moi@exemple.fr"))
    account = read(workspace, FOLLOW_UP_DAY)
    assert "appel:2027-1:STR-001:relance-1" in keys(account.sent)
    assert said(workspace, "STR-001") is None


def test_an_answer_shows_that_a_doubtful_message_left(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1), delai_de_grace='"0"')
    workspace.launch()
    mail = by_structure(workspace)["STR-001"]
    with workspace.office().lock():
        journal = workspace.office().journal()
        journal._db.execute("UPDATE messages SET state = 'sending'")
        journal.close()
    deliver(workspace, reply(mail, "Oui"))
    account = read(workspace)
    assert account.uncertain == []
    assert application(workspace, "STR-001")["Envoi"] == "Envoyé"


def test_a_deleted_row_comes_back_with_its_answer(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    def forget(book: Workbook) -> None:
        book["Candidatures"].delete_rows(2)

    workspace.edit(forget)
    deliver(workspace, reply(mails["STR-001"], "Oui"))
    read(workspace)
    assert said(workspace, "STR-001") == "Oui"


def test_attachments_are_counted_and_left_where_they_are(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    files = EmailMessage()
    files["Message-ID"], files["In-Reply-To"] = (
        "<dossier@structures.example>",
        str(mails["STR-001"]["Message-ID"]),
    )
    files["From"], files["Subject"] = "s1@structures.example", "Notre dossier"
    files.set_content("Oui, nous participerons.")
    for name in ("statuts.pdf", "rib.pdf"):
        files.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=name)
    deliver(workspace, files.as_bytes())
    read(workspace)
    assert application(workspace, "STR-001")["Extrait"] == "[2 pièces jointes] Oui, nous participerons."
    assert not list(workspace.folder.rglob("*.pdf"))


def test_a_clock_that_goes_wrong_puts_no_answer_before_its_question(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(
        workspace,
        reply(mails["STR-001"], "Oui", headers={"Date": "Thu, 01 Jan 2015 10:00:00 +0100"}),
        reply(mails["STR-002"], "Oui", headers={"Date": "Mon, 01 Mar 2027 10:00:00 +0100"}),
        reply(mails["STR-003"], "Oui", headers={"Date": "Fri, 01 Jan 2100 10:00:00 +0100"}),
    )
    read(workspace)
    days = {str(application(workspace, f"STR-00{n}")["Reçue le"]) for n in (1, 2, 3)}
    assert days == {"2027-03-04 10:00:00"}


def test_the_letters_to_the_coordinator_are_no_row_that_waits_for_an_answer(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(2, "À lancer"), delai_de_grace='"0"')
    read(workspace, "2027-03-02T10:00")
    letters = workspace.mails("lettres")
    assert letters
    deliver(
        workspace,
        *(mail.as_bytes() for mail in letters),
        letter("coordination@exemple.fr", "TR: Appel", "Reçu sur ma boîte personnelle : oui"),
        reply(letters[0], "Merci !"),
    )
    account = read(workspace)
    assert (account.replies.read, account.replies.unmatched) == (2, 2)
    assert len(workspace.tab("À rattacher")) == 2


CORPUS = sorted((CHECKOUT / "tests" / "replies").rglob("*.eml"))
STRANGE = st.sampled_from(
    [
        b"From: \xff\xed\xa0\x80 <a@b.example>",
        b"Subject: =?utf-8?b?7aCA?= =?inconnu?q?=ED=A0=80?=",
        b"Date: Thu, 04 Mar 2027 09:00:00 -0000",
        b"Date: Thu, 01 Jan 0001 00:00:00 -2359",
        b"Message-ID: <\xff@x>",
        b'Content-Type: text/plain; charset="\xff"',
        b"Content-Type: multipart/mixed; boundary=",
    ]
)


@given(st.data())
@settings(max_examples=150)
def test_whatever_arrives_is_kept(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "journal.sqlite3")
    content = bytearray(data.draw(st.sampled_from(CORPUS)).read_bytes())
    for head in data.draw(st.lists(STRANGE, max_size=3)):
        content = bytearray(head + b"\r\n") + content
    for at, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=5)
    ):
        content[at] = byte
    desk = intake.Desk(journal, replies.understand, datetime(2027, 3, 4, 10, tzinfo=UTC))
    mail, seen = intake.recognise(desk, bytes(content))
    objectors = intake.objectors(desk, mail, proven=not seen.unproven)
    assert journal.mails.keep("boîte", "1", "empreinte", mail, objectors)
    journal.mails.to_list()
    journal.close()


def test_a_mail_that_trips_the_reading_itself_is_to_be_read(tmp_path: Path) -> None:
    def understand(content: bytes) -> replies.Understood:
        if content:
            raise RecursionError
        return replies.understand(content)

    desk = intake.Desk(
        Journal(tmp_path / "journal.sqlite3"), understand, datetime(2027, 3, 4, 10, tzinfo=UTC)
    )
    mail, _ = intake.recognise(desk, b"From: a@b.example\r\n\r\nOui")
    desk.journal.close()
    assert (mail.kind, mail.answer) == ("unreadable", "À lire")
