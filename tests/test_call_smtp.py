"""A call over SMTP to a server that refuses, breaks or is not there: what sheet and account then say."""

from __future__ import annotations

import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.support.smtp_server import Fault, SmtpServer, outgoing
from tests.support.workspace import Workspace, keys, small
from workflows.core.problems import TourneeError

NBSP = "\u00a0"
ONE, TWO = "appel:2027-1:STR-001:annonce", "appel:2027-1:STR-002:annonce"
BUSY, UNKNOWN = "451 4.3.0 Try again later", "550 5.1.1 No such user"


def made(tmp_path: Path, port: int, count: int = 3) -> Workspace:
    workspace = Workspace(tmp_path / "espace", small(count))
    workspace.smtp(port)
    return workspace


def candidate(workspace: Workspace, structure: str = "STR-001") -> dict[str, object]:
    return workspace.row("Candidatures", Structure=structure)


def served(server: SmtpServer) -> Counter[str]:
    return Counter(address for received in outgoing(server.accepted) for address in received.recipients)


def test_a_passing_refusal_is_tried_again_later_and_later(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", BUSY, "s1@structures.example", times=3)]) as server:
        workspace = made(tmp_path, server.port)
        first = workspace.launch("2027-03-02T10:00")
        assert keys(first.sent) == [TWO, "appel:2027-1:STR-003:annonce"]
        assert first.exit_status == 0
        assert "451 4.3.0" in dict(first.waiting)[ONE]
        assert candidate(workspace)["Envoi"] == "En attente"
        assert "451 4.3.0" in str(candidate(workspace)["Motif"])
        tried = []
        for at in ("10:14", "10:15", "11:14", "11:15", "15:14", "15:15", "18:00"):
            before = server.connections
            sent = workspace.round(f"2027-03-02T{at}").sent
            tried += [at] if server.connections > before else []
        assert tried == ["10:15", "11:15", "15:15"]
        assert keys(sent) == []
        assert served(server) == {f"s{n}@structures.example": 1 for n in (1, 2, 3)}
        assert candidate(workspace)["Envoi"] == "Envoyé"


def test_a_final_refusal_is_shown_with_the_words_of_the_server(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "s1@structures.example")]) as server:
        workspace = made(tmp_path, server.port)
        account = workspace.launch()
        assert [key for key, _ in account.refused] == [ONE]
        assert "550 5.1.1 No such user" in account.refused[0][1]
        assert account.exit_status == 1
        assert candidate(workspace)["Envoi"] == "Refusé"
        assert "No such user" in str(candidate(workspace)["Motif"])
        again = workspace.launch("2027-03-03T10:00")
        assert (again.sent, again.refused) == ([], [])
        assert "refusé" in dict(again.waiting)[ONE]
        follow_up = workspace.round("2027-03-16T10:00")
        assert [to for _, to in follow_up.sent] == [("s2@structures.example",), ("s3@structures.example",)]


def test_a_refused_address_that_is_mended_is_sent_again_on_demand(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "s1@structures.example")]) as server:
        workspace = made(tmp_path, server.port)
        workspace.launch()
        workspace.put("Structures", {"Réf.": "STR-001"}, Courriel="bonne@structures.example")
        workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="À renvoyer")
        account = workspace.round("2027-03-03T10:00")
        assert account.sent == [(f"{ONE}:2", ("bonne@structures.example",))]
        assert candidate(workspace)["Envoi"] == "Envoyé"
        assert candidate(workspace)["Courriel"] == "bonne@structures.example"


def test_a_resend_that_could_not_leave_yet_is_called_off_by_emptying_its_order(tmp_path: Path) -> None:
    with SmtpServer() as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.launch()
        workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="À renvoyer")
        server.faults[:] = [Fault("RCPT", "reply", BUSY, times=1)]
        assert f"{ONE}:2" in dict(workspace.round("2027-03-02T11:00").waiting)
        workspace.put("Candidatures", {"Structure": "STR-001"}, Commande=None)
        for at in ("2027-03-02T11:30", "2027-03-02T12:00"):
            assert workspace.round(at).sent == []
            assert candidate(workspace)["Envoi"] == "Envoyé"
        workspace.put("Candidatures", {"Structure": "STR-001"}, Commande="À renvoyer")
        assert keys(workspace.round("2027-03-03T10:00").sent) == [f"{ONE}:2"]
        assert served(server) == {"s1@structures.example": 2}


@pytest.mark.parametrize("word", ["Parti", "fait par tél", "x"])
def test_a_word_of_hers_over_a_row_that_waits_is_a_doubt_until_she_settles_it(
    tmp_path: Path, word: str
) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", BUSY, "s1@structures.example", times=1)]) as server:
        workspace = made(tmp_path, server.port, 2)
        workspace.launch()
        workspace.put("Candidatures", {"Structure": "STR-001"}, Envoi=word)
        for at in ("2027-03-02T11:00", "2027-03-02T11:30"):
            account = workspace.round(at)
            assert (account.sent, account.uncertain) == ([], [ONE])
            assert candidate(workspace)["Envoi"] == word
        assert workspace.run("trancher", ONE, "non-envoye", at="2027-03-02T11:35").status == 0
        assert keys(workspace.round("2027-03-02T12:00").sent) == [ONE]
        assert served(server) == {"s1@structures.example": 1, "s2@structures.example": 1}


@pytest.mark.parametrize("word", ["Envoi en cours", "À vérifier", "non", None])
def test_the_words_of_the_program_over_a_row_that_waits_hold_nothing(
    tmp_path: Path, word: str | None
) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", BUSY, times=1)]) as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.launch()
        workspace.put("Candidatures", {"Structure": "STR-001"}, Envoi=word)
        assert keys(workspace.round("2027-03-02T11:00").sent) == [ONE]


def test_a_word_of_hers_over_a_follow_up_that_waits_is_a_doubt(tmp_path: Path) -> None:
    with SmtpServer() as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.launch()
        server.faults[:] = [Fault("RCPT", "reply", BUSY, times=1)]
        assert workspace.round("2027-03-16T10:00").sent == []
        workspace.put("Candidatures", {"Structure": "STR-001"}, Relances="1 par tél")
        account = workspace.round("2027-03-16T11:00")
        assert (account.sent, account.uncertain) == ([], ["appel:2027-1:STR-001:relance-1"])


def test_some_recipients_refused_the_others_have_the_message(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "b@structures.example")]) as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.put(
            "Structures", {"Réf.": "STR-001"}, Courriel="a@structures.example ; b@structures.example"
        )
        account = workspace.launch()
        assert account.sent == [(ONE, ("a@structures.example",))]
        row = candidate(workspace)
        assert row["Envoi"] == "Envoyé"
        assert "b@structures.example refusée" in str(row["Motif"])
        assert workspace.launch("2027-03-03T10:00").sent == []
        assert [to for _, to in workspace.round("2027-03-16T10:00").sent] == [("a@structures.example",)]


def test_a_recipient_who_is_put_off_gets_the_rest_of_the_message_later(tmp_path: Path) -> None:
    faults = [Fault("RCPT", "reply", BUSY, "b@structures.example", times=1)]
    with SmtpServer(faults=faults) as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.put(
            "Structures", {"Réf.": "STR-001"}, Courriel="a@structures.example ; b@structures.example"
        )
        workspace.launch("2027-03-02T10:00")
        row = candidate(workspace)
        assert row["Envoi"] == "En attente"
        assert "451" in str(row["Motif"])
        assert "a@structures.example" in str(row["Motif"])
        assert workspace.round("2027-03-02T10:20").sent == [(ONE, ("b@structures.example",))]
        assert served(server) == {"a@structures.example": 1, "b@structures.example": 1}
        assert candidate(workspace)["Envoi"] == "Envoyé"


def test_a_recipient_who_is_refused_in_the_end_leaves_the_message_sent(tmp_path: Path) -> None:
    faults = [
        Fault("RCPT", "reply", BUSY, "b@structures.example", times=1),
        Fault("RCPT", "reply", UNKNOWN, "b@structures.example"),
    ]
    with SmtpServer(faults=faults) as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.put(
            "Structures", {"Réf.": "STR-001"}, Courriel="a@structures.example ; b@structures.example"
        )
        workspace.launch("2027-03-02T10:00")
        workspace.round("2027-03-02T10:20")
        row = candidate(workspace)
        assert row["Envoi"] == "Envoyé"
        assert "b@structures.example refusée" in str(row["Motif"])
        assert [to for _, to in workspace.round("2027-03-16T10:00").sent] == [("a@structures.example",)]


def test_a_doubt_settled_as_not_sent_keeps_the_day_of_who_has_it(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", BUSY, "b@structures.example", times=1)]) as server:
        workspace = made(tmp_path, server.port, 1)
        workspace.put(
            "Structures", {"Réf.": "STR-001"}, Courriel="a@structures.example ; b@structures.example"
        )
        workspace.launch("2027-03-02T10:00")
        server.faults[:] = [Fault("END", "drop", times=1)]
        assert workspace.round("2027-03-02T11:00").uncertain == [ONE]
        assert workspace.run("trancher", ONE, "non-envoye", at="2027-03-02T11:05").status == 0
        server.faults[:] = [Fault("RCPT", "reply", UNKNOWN, "b@structures.example")]
        workspace.round("2027-03-02T11:30")
        assert workspace.run("passage", at="2027-03-02T12:00").status != 2
        assert str(candidate(workspace)["Envoyé le"]) == "2027-03-02 10:00:00"
        assert [to for _, to in workspace.round("2027-03-16T10:00").sent] == [("a@structures.example",)]


def test_a_connection_lost_before_the_data_is_tried_again(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("DATA", "drop", after=1, times=1)]) as server:
        workspace = made(tmp_path, server.port)
        account = workspace.launch("2027-03-02T10:00")
        assert keys(account.sent) == [ONE, "appel:2027-1:STR-003:annonce"]
        assert account.uncertain == []
        assert keys(workspace.round("2027-03-02T10:20").sent) == [TWO]
        assert served(server) == {f"s{n}@structures.example": 1 for n in (1, 2, 3)}


@pytest.mark.parametrize(
    "fault", [Fault("END", "lose", after=1, times=1), Fault("BODY", "drop", after=1, times=1)]
)
def test_a_connection_lost_after_the_data_began_leaves_a_doubt(tmp_path: Path, fault: Fault) -> None:
    with SmtpServer(faults=[fault]) as server:
        workspace = made(tmp_path, server.port)
        account = workspace.launch()
        assert account.uncertain == [TWO]
        assert len(account.sent) == 2
        assert account.exit_status == 1
        row = candidate(workspace, "STR-002")
        assert row["Envoi"] == "À vérifier"
        assert "À renvoyer" in str(row["Motif"])
        state = workspace.row("Appels")["État"].replace(NBSP, " ")
        assert state == "2 envoyés ; dernier départ le 02/03/2027 à 10 h ; 1 à vérifier"
        again = workspace.launch("2027-03-03T10:00")
        assert (again.sent, again.uncertain) == ([], [TWO])
        assert max(served(server).values()) == 1


def test_a_quota_in_the_middle_stops_and_the_rest_waits(tmp_path: Path) -> None:
    faults = [Fault("MAIL", "reply", "421 4.7.0 Too many messages", after=1, times=1)]
    with SmtpServer(faults=faults) as server:
        workspace = made(tmp_path, server.port)
        account = workspace.launch("2027-03-02T10:00")
        listed = [*keys(account.sent), *keys(account.waiting)]
        assert sorted(listed) == [ONE, TWO, "appel:2027-1:STR-003:annonce"]
        assert account.uncertain == []
        assert "Envoi en cours" not in {row["Envoi"] for row in workspace.tab("Candidatures")}
        for at in ("2027-03-02T10:20", "2027-03-02T12:00"):
            workspace.round(at)
        assert served(server) == {f"s{n}@structures.example": 1 for n in (1, 2, 3)}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_an_unreachable_server_holds_everything_and_says_so(tmp_path: Path) -> None:
    workspace = made(tmp_path, free_port())
    account = workspace.launch()
    assert account.sent == []
    assert account.error is not None
    assert account.exit_status == 2
    assert len(account.waiting) == 3
    row = candidate(workspace)
    assert row["Envoi"] == "En attente"
    assert str(row["Motif"]) in account.error.what.replace(" :", f"{NBSP}:")
    with SmtpServer() as server:
        workspace.smtp(server.port)
        assert len(workspace.round("2027-03-02T10:05").sent) == 3
        assert candidate(workspace)["Envoi"] == "Envoyé"
        assert candidate(workspace)["Motif"] is None


def test_a_log_in_that_is_refused_holds_everything_and_names_no_password(tmp_path: Path) -> None:
    with SmtpServer(accounts={"moi": "juste"}, login_needed=True) as server:
        workspace = made(tmp_path, server.port)
        workspace.set("courrier", utilisateur='"moi"', mot_de_passe='"env:MOT"')
        ran = workspace.run("appel", "lancer", "2027-1", "--oui", env={"MOT": "faux-sesame"})
        assert ran.status == 2
        assert ran.json["sent"] == []
        assert len(ran.json["waiting"]) == 3
        assert "mot de passe" in ran.json["error"]["remedy"] + ran.json["error"]["what"]
        assert "faux-sesame" not in ran.out + ran.err
        assert workspace.run("verifier", env={"MOT": "faux-sesame"}).status == 2
        good = workspace.run("passage", env={"MOT": "juste"})
        assert (good.status, len(good.json["sent"])) == (0, 3)
        assert workspace.run("verifier", env={"MOT": "juste"}).status == 0


def test_a_missing_password_is_said_before_anything_is_marked(tmp_path: Path) -> None:
    workspace = made(tmp_path, free_port())
    workspace.set("courrier", utilisateur='"moi"', mot_de_passe='"env:MOT_QUI_MANQUE"')
    before = workspace.book.read_bytes()
    with pytest.raises(TourneeError, match="MOT_QUI_MANQUE"):
        workspace.launch()
    assert workspace.book.read_bytes() == before


def test_a_refusal_that_only_the_sheet_knows_keeps_its_words(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "s1@structures.example")]) as server:
        workspace = made(tmp_path, server.port)
        workspace.launch()
        said = candidate(workspace)["Motif"]
        for at in ("2027-03-03T10:00", "2027-03-04T10:00"):
            for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
                path.unlink()
            account = workspace.launch(at)
            assert account.sent == []
            assert (candidate(workspace)["Envoi"], candidate(workspace)["Motif"]) == ("Refusé", said)


def test_a_doubtful_recipient_gets_nothing_through_another_row(tmp_path: Path) -> None:
    """The first of two has the message, the second may have it: a later row that carries it waits."""
    faults = [
        Fault("RCPT", "reply", BUSY, "b@structures.example", times=1),
        Fault("END", "lose", after=4, times=1),  # after two messages and two letters
    ]
    with SmtpServer(faults=faults) as server:
        workspace = made(tmp_path, server.port, 2)
        both = "a@structures.example ; b@structures.example"
        workspace.put("Structures", {"Réf.": "STR-001"}, Courriel=both)
        workspace.launch("2027-03-02T10:00")
        assert workspace.round("2027-03-02T10:20").uncertain == [ONE]
        workspace.edit(lambda book: book["Structures"].append([None, "Autre", "b@structures.example"]))
        account = workspace.round("2027-03-02T10:40")
        assert account.planned == []
        assert "reçoit déjà cet appel par STR-001" in dict(account.waiting)["appel:2027-1:STR-003:annonce"]
        assert served(server)["b@structures.example"] == 1


def test_a_partial_refusal_that_only_the_sheet_knows_holds_that_recipient(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", UNKNOWN, "b@structures.example")]) as server:
        workspace = made(tmp_path, server.port, 1)
        both = "a@structures.example ; b@structures.example"
        workspace.put("Structures", {"Réf.": "STR-001"}, Courriel=both)
        workspace.launch()
        for path in (workspace.folder / "donnees").glob("journal.sqlite3*"):
            path.unlink()
        workspace.launch("2027-03-03T10:00")
        server.faults.clear()
        assert [to for _, to in workspace.round("2027-03-16T10:00").sent] == [("a@structures.example",)]
        assert "b@structures.example refusée" in str(candidate(workspace)["Motif"])


def test_nobody_is_left_when_she_takes_out_the_address_that_was_put_off(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", BUSY, "b@structures.example", times=1)]) as server:
        workspace = made(tmp_path, server.port, 1)
        row = {"Réf.": "STR-001"}
        workspace.put("Structures", row, Courriel="a@structures.example ; b@structures.example")
        workspace.launch("2027-03-02T10:00")
        workspace.put("Structures", row, Courriel="a@structures.example")
        account = workspace.round("2027-03-02T10:20")
        assert (account.sent, account.refused, account.problems) == ([], [], [])
        assert (candidate(workspace)["Envoi"], served(server)) == ("Envoyé", {"a@structures.example": 1})
