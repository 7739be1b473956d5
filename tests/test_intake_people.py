"""Replies of Promeneurs: to an invitation, and to the reminder of their hours."""

from __future__ import annotations

from pathlib import Path

from tests.support import presence, sessions
from tests.support.answering import address, deliver, letter, links, notice, press, read, reply
from tests.support.presence import MONDAY, WEDNESDAY, WEEK, moment, network
from tests.support.sessions import invite, meeting, registration
from tests.support.workspace import Workspace, keys, small

THURSDAY = moment(WEEK, 3)


def invited(folder: Path) -> Workspace:
    workspace = meeting(folder)
    invite(workspace)
    return workspace


# Sessions


def test_answers_to_an_invitation_are_counted(tmp_path: Path) -> None:
    workspace = invited(tmp_path)
    first, second, third = workspace.mails()
    deliver(
        workspace, reply(first, "Oui, je serai présente."), press(second, "Non"), press(third, "Oui", text="")
    )
    assert read(workspace).replies.matched == 3
    assert [registration(workspace, f"PRO-00{n}")["Réponse"] for n in (1, 2, 3)] == ["Oui", "Non", "Oui"]
    assert registration(workspace, "PRO-001")["Extrait"] == "Oui, je serai présente."
    row = workspace.row("Sessions", **{"Réf.": "SES-2"})
    assert (row["Invités"], row["Oui"], row["Non"], row["Sans réponse"]) == (3, 2, 1, 0)


def test_somebody_who_just_said_no_is_not_reminded_in_the_same_round(tmp_path: Path) -> None:
    workspace = invited(tmp_path)
    first, *_ = workspace.mails()
    deliver(workspace, reply(first, "Oui, je serai présente."))
    read(workspace)
    deliver(workspace, reply(first, "Finalement non, je ne pourrai pas venir."))
    account = read(workspace, "2027-03-25T10:00")
    sent = [key for key in keys(account.sent) if key.startswith("formation")]
    assert sent == [f"formation:SES-2:PRO-00{n}:rappel-7" for n in (2, 3)]
    assert registration(workspace, "PRO-001")["Réponse"] == "Non"


def test_a_promeneur_who_objects_is_for_the_coordinator_to_decide(tmp_path: Path) -> None:
    workspace = invited(tmp_path)
    deliver(workspace, reply(workspace.mails()[0], "STOP, merci de ne plus m'écrire."))
    account = read(workspace)
    told = {p.where: p.what for p in account.problems if p.where.startswith("Promeneurs")}
    assert list(told) == ["Promeneurs, ligne 2, Courriel"]
    assert "ne plus recevoir de messages" in told["Promeneurs, ligne 2, Courriel"]
    assert registration(workspace, "PRO-001")["Réponse"] == "Opposition"
    assert any("Promeneurs" in str(row["Onglet"]) for row in workspace.tab("Suivi"))
    shown = {c: workspace.run(c, at="2027-03-04T11:00", form="texte").out for c in ("etat", "verifier")}
    assert f"{workspace.tab('Suivi')[0]['Problèmes']} points à corriger" in shown["etat"]
    assert "a demandé le 04/03/2027" in shown["verifier"]
    workspace.put("Promeneurs", {"Réf.": "PRO-001"}, Sortie="04/03/2027")
    assert not any(p.where.startswith("Promeneurs") for p in read(workspace).problems)


def test_the_objection_of_a_structure_is_not_told_of_a_promeneur_with_its_ref(tmp_path: Path) -> None:
    book = small(1, "À lancer")
    book["Structures"][1] = ("1", *book["Structures"][1][1:])
    book["Promeneurs"] = [("Réf.", "Prénom", "Nom", "Courriel"), ("1", "Zoé", "A", "z@people.example")]
    workspace = Workspace(tmp_path, book, delai_de_grace='"0"')
    workspace.round()
    deliver(workspace, reply(workspace.mails()[0], "STOP, merci de ne plus nous écrire."))
    told = [p.where for p in read(workspace).problems]
    assert workspace.tab("Structures")[0]["Opposition"]
    assert not any(where.startswith("Promeneurs") for where in told)


def test_a_bounced_promeneur_is_not_invited_again(tmp_path: Path) -> None:
    workspace = invited(tmp_path)
    mail = workspace.mails()[0]
    deliver(workspace, notice(mail, address(mail)))
    read(workspace)
    row = registration(workspace, "PRO-001")
    assert (row["Réponse"], "n'existe pas" in row["Motif"]) == ("Rejet", True)
    later = sessions.session(**{"Réf.": "SES-3", "Date": "mardi 6 avril 2027"})
    workspace.edit(lambda book: book["Sessions"].append(list(later)))
    account = invite(workspace, "2027-03-05T10:00", "SES-3")
    assert [to for _, to in account.sent] == [("p2@reseau.example",), ("p3@reseau.example",)]


# Hours


def reminded(folder: Path) -> Workspace:
    people = [presence.person(n) for n in (1, 2, 3)]
    workspace = network(folder, people)
    presence.remind(workspace, moment(WEEK, WEDNESDAY))
    return workspace


def hours(workspace: Workspace, ref: str) -> object:
    return workspace.row("Présence", Semaine=str(WEEK), Promeneur=ref)["Heures reçues"]


def test_hours_come_by_button_or_in_words(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    first, second, third = workspace.mails()
    assert list(links(first)) == ["1 h", "2 h", "autre"]
    deliver(
        workspace,
        press(first, "2 h"),
        reply(second, "J'ai fait 1 h 30 cette semaine."),
        press(third, "autre", text="Heures : 3 h 15"),
    )
    assert read(workspace, THURSDAY).replies.matched == 3
    assert [hours(workspace, f"PRO-00{n}") for n in (1, 2, 3)] == [2, 1.5, 3.25]
    row = workspace.row("Présence", Semaine=str(WEEK), Promeneur="PRO-001")
    assert row["Heures"] is None
    assert row["Reçue le"] is not None
    again = presence.remind(workspace, moment(WEEK, 4))
    assert again.sent == []


def test_a_button_without_its_text_still_says_its_hours(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    first, second, _ = workspace.mails()
    deliver(workspace, press(first, "1 h", text=""), press(second, "2 h", text="Pas eu le temps, désolé."))
    read(workspace, THURSDAY)
    assert hours(workspace, "PRO-001") == 1
    assert hours(workspace, "PRO-002") is None
    assert workspace.row("Présence", Semaine=str(WEEK), Promeneur="PRO-002")["Réponse"] == "À lire"


def test_hours_of_another_week_are_never_put_down_to_this_one(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    first, second, third = workspace.mails()
    deliver(
        workspace,
        reply(first, "2h la semaine dernière"),
        press(second, "2 h", text="2 h\n\nSemaine 9"),
        reply(third, "2h la semaine du 8 mars"),
    )
    read(workspace, THURSDAY)
    assert [hours(workspace, f"PRO-00{n}") for n in (1, 2, 3)] == [None, None, 2]
    for ref in ("PRO-001", "PRO-002"):
        row = workspace.row("Présence", Semaine=str(WEEK), Promeneur=ref)
        assert row["Réponse"] == "À lire"
        assert "une autre semaine" in row["Motif"]


def test_last_week_is_told_from_the_day_of_the_reply(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    deliver(workspace, *(reply(mail, "2h la semaine dernière") for mail in workspace.mails()[:1]))
    read(workspace, moment(WEEK.next(), MONDAY))
    assert hours(workspace, "PRO-001") == 2


def test_hours_attached_by_hand_are_of_the_week_of_their_row(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    for text in ("2 h semaine 10", "2 h semaine 9"):
        deliver(workspace, letter("autre@ailleurs.example", text, text))
    read(workspace, THURSDAY)
    rows = {n: workspace.row("Présence", Semaine=str(WEEK), Promeneur=f"PRO-00{n}")["Réf."] for n in (1, 2)}
    workspace.put("À rattacher", {"Objet": "2 h semaine 10"}, **{"Rattacher à": rows[1]})
    workspace.put("À rattacher", {"Objet": "2 h semaine 9"}, **{"Rattacher à": rows[2]})
    read(workspace, THURSDAY)
    assert [hours(workspace, f"PRO-00{n}") for n in (1, 2)] == [2, None]
    assert workspace.row("Présence", Semaine=str(WEEK), Promeneur="PRO-002")["Réponse"] == "À lire"


def test_the_prepared_line_may_be_completed_with_a_number_alone(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    first, second, third = workspace.mails()
    deliver(
        workspace,
        press(first, "autre", text="Heures : 3"),
        press(second, "autre", text="Heures : 2:30"),
        reply(third, "Heures : 3"),
    )
    read(workspace, THURSDAY)
    assert [hours(workspace, f"PRO-00{n}") for n in (1, 2, 3)] == [3, 2.5, None]


def test_hours_without_a_thread_are_for_the_last_week_and_to_be_read(tmp_path: Path) -> None:
    workspace = reminded(tmp_path)
    presence.remind(workspace, moment(WEEK.next(), WEDNESDAY))
    deliver(workspace, letter("p1@reseau.example", "Mes heures", "2 h"))
    assert read(workspace, moment(WEEK.next(), 3)).replies.matched == 1
    row = workspace.row("Présence", Semaine=str(WEEK.next()), Promeneur="PRO-001")
    assert (row["Réponse"], row["Heures reçues"]) == ("À lire", None)
    assert "2 h" in row["Motif"]
