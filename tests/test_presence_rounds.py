"""Rounds over several weeks: reminders, bilans, alerts, and what a person does between them."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook as OpenpyxlWorkbook

from tests.support.answering import deliver, read, reply
from tests.support.presence import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    WEEK,
    configure,
    moment,
    network,
    person,
    reasons,
    remind,
    sent,
)
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.workspace import Workspace
from workflows.core.messages import Mode
from workflows.core.weeks import IsoWeek
from workflows.engine.pacing import Narrowing

WEEKS = [IsoWeek(2027, number) for number in range(10, 18)]
BEFORE = WEEK.previous()


def written(workspace: Workspace) -> list[str]:
    """The subjects of all mail, without repetition of who: « p1 Présence de la semaine 10 : … »."""
    return [f"{mail['To'].split('@')[0]} {mail['Subject']}" for mail in workspace.mails()]


def alert(workspace: Workspace, ref: str = "PRO-001") -> object:
    return workspace.row("Promeneurs", **{"Réf.": ref})["Alerte"]


def words_of(mail: EmailMessage) -> str:
    """What it says in its text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


# One week


def test_the_reminder_waits_for_its_hour_and_leaves_once(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    early = workspace.round(moment(WEEK, THURSDAY, "09:45"))
    assert sent(early) == []
    assert "jeudi 11 mars 2027 à 10\u00a0h" in reasons(early)["PRO-001:rappel:2027-S10"]
    assert sent(workspace.round(moment(WEEK, THURSDAY, "10:00"))) == ["PRO-001:rappel:2027-S10"]
    for later in (moment(WEEK, THURSDAY, "10:15"), moment(WEEK, FRIDAY)):
        assert sent(workspace.round(later)) == []
    assert len(workspace.mails()) == 1


def test_a_word_of_hers_over_a_reminder_that_waits_is_a_doubt(tmp_path: Path) -> None:
    with SmtpServer(faults=[Fault("RCPT", "reply", "451 4.3.0 Try again later", times=1)]) as server:
        workspace = network(tmp_path, [person(1)])
        workspace.smtp(server.port)
        assert sent(workspace.round(moment(WEEK, THURSDAY, "10:00"))) == []
        workspace.put("Présence", {"Promeneur": "PRO-001"}, Rappel="fait par tél")
        account = workspace.round(moment(WEEK, THURSDAY, "11:00"))
        assert (sent(account), account.uncertain) == ([], ["presence:PRO-001:rappel:2027-S10"])


@pytest.mark.parametrize(("weekday", "clock", "leaves"), [
    (FRIDAY, "18:15", True), (FRIDAY, "18:45", False), (5, "10:00", False),
])  # fmt: skip
def test_a_missed_thursday_is_caught_up_in_office_hours(
    tmp_path: Path, weekday: int, clock: str, leaves: bool
) -> None:
    workspace = network(tmp_path, [person(1)])
    assert bool(sent(workspace.round(moment(WEEK, weekday, clock)))) is leaves


@pytest.mark.parametrize("line", [("Total", None, 1.5), (None, "Total", 1.5)])
def test_a_total_below_the_rows_is_left_alone(
    tmp_path: Path, line: tuple[str | None, str | None, float]
) -> None:
    workspace = network(tmp_path, [person(1)], [(str(WEEK), "PRO-001", 1.5), line])
    account = workspace.round(moment(WEEK, MONDAY))
    assert not [problem for problem in account.problems if problem.where.startswith("Présence")]
    assert "Réf." not in {h for h, v in workspace.tab("Présence")[1].items() if v is not None}


def test_a_missed_week_is_not_reminded_of_but_gets_its_bilan(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    workspace.round(moment(WEEK, WEDNESDAY))
    account = workspace.round(moment(WEEK.next(), MONDAY))
    assert sent(account) == ["PRO-001:bilan:2027-S10"]
    assert "prévu" in reasons(account)["PRO-001:rappel:2027-S11"]
    row = workspace.row("Présence", Semaine="2027-S10")
    assert (row["Rappel"], row["Bilan"]) == ("En attente", "Envoyé")


def test_a_reminder_that_was_missed_is_said_and_one_that_nobody_needed_is_not(tmp_path: Path) -> None:
    absent = person(3, Absent_du="11/03/2027", Absent_au="14/03/2027")
    workspace = network(tmp_path, [person(1), person(2), absent], [("2027-S10", "PRO-002", "2h")])
    missed = "le rappel n'est pas parti à temps"
    workspace.round(moment(WEEK, 5))
    assert "ne reprennent que lundi" in str(workspace.row("Présence", Promeneur="PRO-001")["Motif"])
    account = workspace.round(moment(WEEK.next(), MONDAY))
    assert reasons(account)["PRO-001:rappel:2027-S10"] == missed
    assert missed in workspace.run("expliquer", "PRO-001", at=moment(WEEK.next(), MONDAY), form="texte").out
    assert not {"PRO-002:rappel:2027-S10", "PRO-003:rappel:2027-S10"} & reasons(account).keys()
    workspace.put("Présence", {"Semaine": "2027-S10", "Promeneur": "PRO-001"}, Motif=None)
    workspace.put("Promeneurs", {"Réf.": "PRO-003"}, Absent_du=None, Absent_au=None)
    workspace.round(moment(WEEK.next().next(), TUESDAY))
    rows = {row["Promeneur"]: row for row in workspace.tab("Présence") if row["Semaine"] == "2027-S10"}
    assert {row["Rappel"] for row in rows.values()} == {"En attente"}
    assert [str(rows[f"PRO-00{n}"]["Motif"])[:20] for n in (1, 2, 3)] == [
        missed[:20], "2\u00a0h de présence décl", "absence du 11/03/202",
    ]  # fmt: skip


def test_a_bilan_that_waits_in_its_own_time_is_not_said_to_be_missed(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", "1h")])
    workspace.round(moment(WEEK.next(), MONDAY, "08:00"))
    remind(workspace, moment(WEEK.next(), MONDAY, "08:10"), WEEK.next())
    assert "reprise" in str(workspace.row("Présence", Semaine="2027-S10")["Motif"])
    workspace.round(moment(WEEK.next().next(), TUESDAY))
    assert workspace.row("Présence", Semaine="2027-S10")["Motif"] == "le bilan n'est pas parti à temps"


def test_an_answer_that_waits_for_her_holds_the_bilan_and_counts_for_no_alert(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(n) for n in (1, 2, 3)])
    workspace.round(moment(WEEK, THURSDAY))
    first, second, _ = workspace.mails()
    deliver(
        workspace,
        reply(first, "J'ai fait 3h, mais la semaine prochaine je serai absente."),
        reply(second, "Bonjour, est-ce que les temps de réunion comptent ?"),
    )
    read(workspace, moment(WEEK, THURSDAY, "12:00"))
    account = workspace.round(moment(WEEK.next(), MONDAY))
    assert sent(account) == ["PRO-003:bilan:2027-S10"]
    assert [reasons(account)[f"PRO-00{n}:bilan:2027-S10"] for n in (1, 2)] == [
        "une réponse est à lire (Présence, ligne 2, Réponse)",
        "une question attend votre réponse (Présence, ligne 3, Réponse)",
    ]
    assert workspace.tab("Suivi")[0]["En attente"] == 2
    configure(workspace, alerte_apres="1")
    workspace.round(moment(WEEK.next(), MONDAY, "11:00"))
    assert [alert(workspace, f"PRO-00{n}") for n in (1, 2, 3)] == [None, None, "À contacter"]
    configure(workspace, alerte_apres="3")
    workspace.put("Présence", {"Semaine": "2027-S10", "Promeneur": "PRO-001"}, Heures="1h")
    workspace.put("Présence", {"Semaine": "2027-S10", "Promeneur": "PRO-002"}, Réponse="Oui")
    assert sent(workspace.round(moment(WEEK.next(), TUESDAY))) == [
        "PRO-001:bilan:2027-S10", "PRO-002:bilan:2027-S10",
    ]  # fmt: skip


@pytest.mark.parametrize(("weekday", "leaves"), [(MONDAY, True), (WEDNESDAY, True), (THURSDAY, False)])
def test_a_bilan_leaves_at_the_beginning_of_the_week_or_not_at_all(
    tmp_path: Path, weekday: int, leaves: bool
) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", "1h")])
    account = workspace.round(moment(WEEK.next(), weekday, "09:00"))
    assert ("PRO-001:bilan:2027-S10" in sent(account)) is leaves
    if not leaves:
        assert reasons(account)["PRO-001:bilan:2027-S10"] == "trop tard pour le bilan de cette semaine"
    assert sent(workspace.round(moment(WEEK.next(), weekday, "11:00"))) == (
        [] if leaves else ["PRO-001:rappel:2027-S11"]
    )


def test_a_bilan_needs_a_row_and_missing_hours(tmp_path: Path) -> None:
    rows = [("2027-S10", "PRO-001", "2h"), ("2027-S10", "PRO-002", 1.75)]
    workspace = network(tmp_path, [person(n) for n in (1, 2, 3)], rows)
    account = workspace.round(moment(WEEK.next(), MONDAY))
    assert sent(account) == ["PRO-002:bilan:2027-S10"]
    assert "PRO-003:bilan:2027-S10" not in reasons(account)


@pytest.mark.parametrize(("value", "weekday", "leaves"), [
    ("false", MONDAY, False), ('"mardi 14 h"', MONDAY, False), ('"mardi 14 h"', TUESDAY, False),
    ('"mardi 14 h"', WEDNESDAY, True), ('"vendredi"', FRIDAY, True),
])  # fmt: skip
def test_the_bilan_is_a_setting(tmp_path: Path, value: str, weekday: int, leaves: bool) -> None:
    workspace = network(
        tmp_path, [person(1, Minimum_hebdo="2")], [("2027-S10", "PRO-001", "1h")], bilan=value
    )
    account = workspace.round(moment(WEEK.next(), weekday, "09:00"))
    assert ("PRO-001:bilan:2027-S10" in sent(account)) is leaves


def test_the_day_of_reminding_and_the_minimum_are_settings(tmp_path: Path) -> None:
    workspace = network(
        tmp_path,
        [person(1), person(2, Minimum_hebdo="1h30"), person(3, Minimum_hebdo=0)],
        [("2027-S10", "PRO-001", "2h30"), ("2027-S10", "PRO-002", "1h30")],
        jour_de_rappel='"mardi 9h"',
        minimum='"3 h"',
    )
    assert sent(workspace.round(moment(WEEK, TUESDAY, "08:45"))) == []
    assert sent(workspace.round(moment(WEEK, TUESDAY, "09:00"))) == ["PRO-001:rappel:2027-S10"]
    assert written(workspace) == ["p1 Présence de la semaine 10\u00a0: il vous reste 30\u00a0min"]


def test_an_order_given_in_the_terminal_does_not_wait_for_the_day(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    assert sent(remind(workspace, moment(WEEK, MONDAY))) == ["PRO-001:rappel:2027-S10"]
    assert sent(workspace.round(moment(WEEK, THURSDAY))) == []
    assert sent(remind(workspace, moment(WEEK, FRIDAY), WEEK)) == []


def test_a_week_that_is_over_can_still_be_reminded_of_on_request(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2, Entrée="15/03/2027")])
    account = remind(workspace, moment(WEEK.next(), TUESDAY), WEEK)
    assert sent(account) == ["PRO-001:rappel:2027-S10"]
    assert reasons(account)["PRO-002:rappel:2027-S10"] == "entrée dans le réseau le 15/03/2027"
    assert workspace.row("Présence", Semaine="2027-S10", Promeneur="PRO-001")["Rappel"] == "Envoyé"


def test_a_trial_shows_the_reminder_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    before = workspace.book.read_bytes()
    for expected in (1, 2):
        remind(workspace, moment(WEEK, MONDAY), WEEK, mode=Mode.TRIAL)
        assert len(workspace.mails("essais")) == expected
    assert workspace.book.read_bytes() == before
    assert sent(workspace.round(moment(WEEK, THURSDAY))) == ["PRO-001:rappel:2027-S10"]


def test_caps_hold_and_the_next_round_goes_on(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(n) for n in (1, 2, 3)])
    workspace.set(plafond_par_passage="2")
    assert sent(workspace.round(moment(WEEK, THURSDAY))) == [
        "PRO-001:rappel:2027-S10",
        "PRO-002:rappel:2027-S10",
    ]
    assert sent(workspace.round(moment(WEEK, THURSDAY, "10:45"))) == ["PRO-003:rappel:2027-S10"]
    assert (
        sent(remind(workspace, moment(WEEK, THURSDAY), narrowing=Narrowing(only="p1@reseau.example"))) == []
    )


# What the mail says


def test_the_words_are_those_of_the_mode(tmp_path: Path) -> None:
    workspace = network(
        tmp_path,
        [
            person(1, Mode_de_présence="Fil de l’eau"),
            person(2, Mode_de_présence="Permanence", Permanences="mardi 17h-19h ; jeudi 18h30-20h"),
            person(3, Prénom=None),
        ],
        [("2027-S10", "PRO-002", "45 min")],
        lien_saisie='"https://classeur.example/saisie"',
    )
    workspace.round(moment(WEEK, THURSDAY))
    flexible, slots, bare = [mail.get_body(("plain",)) for mail in workspace.mails()]
    assert flexible is not None
    assert slots is not None
    assert bare is not None
    text = flexible.get_content()
    assert "Bonjour Prénom1," in text
    assert "au fil de l'eau" in text
    assert "aucune heure de présence n'est encore déclarée" in text
    assert "https://classeur.example/saisie" in text
    assert "permanence" not in text
    text = slots.get_content()
    assert "mardi de 17\u00a0h à 19\u00a0h et jeudi de 18\u00a0h\u00a030 à 20\u00a0h" in text
    assert "vous avez déclaré 45\u00a0min" in text
    assert "il vous reste 1\u00a0h\u00a015" in text
    assert "fil de l'eau" not in text
    assert bare.get_content().startswith("Bonjour,\r\n")


def test_the_reminder_of_a_week_that_is_over_does_not_speak_of_time_left(tmp_path: Path) -> None:
    slots = person(2, Mode_de_présence="Permanence", Permanences="mardi 17h-19h")
    workspace = network(tmp_path, [person(1), slots], [("2027-S10", "PRO-002", "45 min")])
    remind(workspace, moment(WEEK.next(), TUESDAY), WEEK)
    assert written(workspace) == [
        "p1 Présence de la semaine 10\u00a0: il manque 2\u00a0h",
        "p2 Présence de la semaine 10\u00a0: il manque 1\u00a0h\u00a015",
    ]
    for mail in workspace.mails():
        text = words_of(mail)
        assert "La semaine du 8 au 14 mars 2027 est terminée" in text
        assert "le total de cette semaine-là" in text
        assert not any(said in text for said in ("il vous reste", "fin de la semaine", "cette semaine,"))


def test_no_hours_at_all_are_told_from_none_declared(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", "0 h")])
    workspace.round(moment(WEEK, THURSDAY))
    workspace.round(moment(WEEK.next(), MONDAY))
    for mail in workspace.mails():
        assert "ous avez déclaré 0\u00a0h de présence" in words_of(mail)


def test_two_people_who_share_a_mailbox_are_two_people(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2, Courriel="p1@reseau.example")])
    assert len(sent(workspace.round(moment(WEEK, THURSDAY)))) == 2


# Who gets none


def test_the_network_and_absences_on_the_day(tmp_path: Path) -> None:
    day = "11/03/2027"
    workspace = network(
        tmp_path,
        [
            person(1, Sortie="10/03/2027"),
            person(2, Sortie=day),
            person(3, Entrée="12/03/2027"),
            person(4, Absent_du=day, Absent_au=day),
            person(5, Absent_du="12/03/2027"),
            person(6, Absent_au="10/03/2027"),
        ],
    )
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == [f"PRO-00{n}:rappel:2027-S10" for n in (2, 5, 6)]
    assert reasons(account)["PRO-004:rappel:2027-S10"] == f"absence du {day} au {day}"
    assert {row["Promeneur"] for row in workspace.tab("Présence")} == {f"PRO-00{n}" for n in (2, 4, 5, 6)}


def test_a_bilan_spares_those_who_were_away_for_a_day_of_that_week(tmp_path: Path) -> None:
    rows = [("2027-S10", f"PRO-00{n}", "0") for n in (1, 2, 3)]
    workspace = network(
        tmp_path,
        [person(1, Absent_du="08/03/2027", Absent_au="08/03/2027"), person(2, Absent_du="13/03/2027",
         Absent_au="14/03/2027"), person(3, Entrée="10/03/2027")],
        rows,
    )  # fmt: skip
    account = workspace.round(moment(WEEK.next(), MONDAY))
    assert sent(account) == ["PRO-002:bilan:2027-S10"]
    assert reasons(account)["PRO-003:bilan:2027-S10"] == "entrée dans le réseau le 10/03/2027"


def test_slots_that_all_fall_on_public_holidays(tmp_path: Path) -> None:
    """Easter Monday is 29 March 2027, in week 13."""
    easter = IsoWeek(2027, 13)
    workspace = network(
        tmp_path,
        [
            person(1, Mode_de_présence="Permanence", Permanences="lundi 17h-19h"),
            person(2, Mode_de_présence="Permanence", Permanences="lundi 17h-19h, mercredi 14h-16h"),
            person(3, Mode_de_présence="Fil de l'eau", Permanences="lundi 17h-19h"),
        ],
    )
    account = workspace.round(moment(easter, THURSDAY))
    assert sent(account) == ["PRO-002:rappel:2027-S13", "PRO-003:rappel:2027-S13"]
    assert "jour férié" in reasons(account)["PRO-001:rappel:2027-S13"]
    body = workspace.mails()[0].get_body(("plain",))
    assert body is not None
    assert "mercredi de 14" in body.get_content()
    assert "lundi" not in body.get_content()


@pytest.mark.parametrize(("settings", "leaves"), [
    ({}, True),
    ({"vacances": '"suspendre"'}, False),
    ({"vacances": '"suspendre"', "zone": '"A"'}, True),
    ({"vacances": '"suspendre"', "periodes_de_vacances": '["01/08/2027 au 31/08/2027"]'}, True),
])  # fmt: skip
def test_school_holidays_pause_the_reminders_if_asked(
    tmp_path: Path, settings: dict[str, str], leaves: bool
) -> None:
    """Week 9 of 2027 lies in the winter holidays of zone B."""
    workspace = network(tmp_path, [person(1)], [], **settings)
    account = workspace.round(moment(BEFORE, THURSDAY))
    assert bool(sent(account)) is leaves
    if not leaves:
        assert "vacances scolaires" in reasons(account)["PRO-001:rappel:2027-S09"]
        later = reasons(workspace.round(moment(WEEK, MONDAY)))
        assert "vacances scolaires" in later["PRO-001:bilan:2027-S09"]


def test_holidays_that_are_not_known_are_told(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)], vacances='"suspendre"')
    account = workspace.round("2028-09-07T10:30")
    assert sent(account) == ["PRO-001:rappel:2028-S36"]
    assert "config/presence.toml, periodes_de_vacances" in [problem.where for problem in account.problems]


@pytest.mark.parametrize(
    ("key", "value", "week", "day"),
    [("jour_de_rappel", "vendredi 19 h", WEEK, MONDAY), ("bilan", "mercredi 19 h", WEEK.previous(), MONDAY)],
)
def test_a_moment_from_which_nothing_may_leave_in_time_is_told_beforehand(
    tmp_path: Path, key: str, value: str, week: IsoWeek, day: int
) -> None:
    rows = [(str(week), "PRO-001", None)]
    workspace = network(tmp_path, [person(1)], rows, **{key: f'"{value}"'})
    account = workspace.round(moment(WEEK, day))
    (told,) = [problem for problem in account.problems if problem.where == f"config/presence.toml, {key}"]
    assert f"de la semaine {week} ne partira pas à temps" in told.what.replace("\u00a0", " ")
    assert f"Avancez {key}" in told.remedy
    configure(workspace, **{key: '"jeudi 9 h"' if key == "jour_de_rappel" else '"mardi 9 h"'})
    account = workspace.round(moment(WEEK, day, "11:00"))
    assert not [problem for problem in account.problems if problem.where.startswith("config")]


def test_who_has_left_the_network_is_no_problem_for_ever(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2)])
    workspace.round(moment(WEEK, THURSDAY))
    workspace.edit(lambda book: book["Promeneurs"].delete_rows(3))
    account = workspace.round(moment(WEEK.next(), THURSDAY))
    assert sent(account) == [f"PRO-001:rappel:{WEEK.next()}"]
    assert not [problem for problem in account.problems if problem.where.startswith("Présence")]


# Alerts


@pytest.fixture
def short(tmp_path: Path) -> Workspace:
    """Two people, reminded for three weeks: the first declares nothing."""
    workspace = network(tmp_path, [person(1), person(2)])
    for week in WEEKS[:3]:
        workspace.round(moment(week, MONDAY))
        workspace.put("Présence", {"Semaine": str(week), "Promeneur": "PRO-002"}, Heures="2h")
        workspace.round(moment(week, THURSDAY))
    return workspace


def test_three_short_weeks_call_for_a_person_and_stop_the_mail(short: Workspace) -> None:
    assert [subject.split()[0] for subject in written(short)] == ["p1"] * 5
    assert alert(short) is None
    account = short.round(moment(WEEKS[3], MONDAY))
    assert sent(account) == []
    assert alert(short) == "À contacter"
    assert alert(short, "PRO-002") is None
    assert "Alerte" in reasons(account)["PRO-001:bilan:2027-S12"]
    account = short.round(moment(WEEKS[3], THURSDAY))
    assert sent(account) == ["PRO-002:rappel:2027-S13"]
    assert sent(remind(short, moment(WEEKS[3], FRIDAY))) == []


def test_clearing_the_alert_starts_the_count_anew(short: Workspace) -> None:
    short.round(moment(WEEKS[3], MONDAY))
    short.put("Promeneurs", {"Réf.": "PRO-001"}, Alerte=None)
    assert sent(short.round(moment(WEEKS[3], TUESDAY))) == []
    assert alert(short) is None
    for week in WEEKS[3:6]:
        assert "PRO-001:rappel" in " ".join(sent(short.round(moment(week, THURSDAY))))
        assert alert(short) is None
    short.round(moment(WEEKS[6], MONDAY))
    assert alert(short) == "À contacter"


def test_an_alert_that_could_not_be_written_is_not_taken_for_cleared(
    short: Workspace,
) -> None:
    lock = short.book.with_name(".~lock.coordination.xlsx#")
    lock.write_text("Camille,poste,poste,01.01.2027 10:00,file:///;", "utf-8")
    account = short.round(moment(WEEKS[3], MONDAY))
    assert account.pending_writes
    lock.unlink()
    assert alert(short) is None
    short.round(moment(WEEKS[3], MONDAY, "11:00"))
    assert alert(short) == "À contacter"


def test_an_alert_that_an_older_workbook_lacks_is_raised_again(short: Workspace) -> None:
    before = short.book.read_bytes()
    short.round(moment(WEEKS[3], MONDAY))
    short.book.write_bytes(before)
    assert sent(short.round(moment(WEEKS[3], THURSDAY))) == ["PRO-002:rappel:2027-S13"]
    assert alert(short) == "À contacter"


def test_an_alert_whose_column_or_number_of_round_is_gone_was_not_cleared(short: Workspace) -> None:
    short.round(moment(WEEKS[3], MONDAY))

    def emptied(book: OpenpyxlWorkbook) -> None:
        book.remove(book["Suivi"])
        sheet = book["Promeneurs"]
        column = next(c.column for c in sheet[1] if c.value == "Alerte")
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, column).value = None

    def deleted(book: OpenpyxlWorkbook) -> None:
        sheet = book["Promeneurs"]
        sheet.delete_cols(next(c.column for c in sheet[1] if c.value == "Alerte"))

    for hour, change in (("11:00", emptied), ("12:00", deleted)):
        short.edit(change)
        assert sent(short.round(moment(WEEKS[3], MONDAY, hour))) == []
        assert alert(short) == "À contacter"


def test_hours_that_come_late_keep_the_alert_away(short: Workspace) -> None:
    short.put("Présence", {"Semaine": "2027-S11", "Promeneur": "PRO-001"}, Heures="2h")
    short.round(moment(WEEKS[3], MONDAY))
    assert alert(short) is None


def test_weeks_without_mail_for_a_good_reason_do_not_count(tmp_path: Path) -> None:
    rows = [(str(week), "PRO-001", "0") for week in WEEKS[:4]]
    workspace = network(
        tmp_path, [person(1, Absent_du="16/03/2027", Absent_au="17/03/2027")], rows, alerte_apres="4"
    )
    workspace.round(moment(WEEKS[4], MONDAY))
    assert alert(workspace) is None
    configure(workspace, alerte_apres="3")
    workspace.round(moment(WEEKS[4], MONDAY, "11:00"))
    assert alert(workspace) == "À contacter"


def test_weeks_without_row_and_reminder_do_not_count(tmp_path: Path) -> None:
    rows = [(str(week), "PRO-001", "1h") for week in (WEEKS[0], WEEKS[2], WEEKS[4])]
    workspace = network(tmp_path, [person(1), person(2)], rows)
    workspace.round(moment(WEEKS[5], MONDAY))
    assert alert(workspace) == "À contacter"
    assert alert(workspace, "PRO-002") is None


def test_an_alert_stands_without_the_journal_and_nothing_leaves_twice(short: Workspace) -> None:
    short.round(moment(WEEKS[3], MONDAY))
    mails = len(short.mails())
    for leftover in short.folder.glob("donnees/journal.sqlite3*"):
        leftover.unlink()
    account = short.round(moment(WEEKS[3], MONDAY, "11:00"))
    assert sent(account) == []
    assert alert(short) == "À contacter"
    assert sent(short.round(moment(WEEKS[2], THURSDAY, "15:00"))) == []
    assert len(short.mails()) == mails
    short.put("Promeneurs", {"Réf.": "PRO-001"}, Alerte=None)
    short.round(moment(WEEKS[3], TUESDAY))
    assert alert(short) is None


def test_a_lost_journal_does_not_send_this_weeks_mail_again(short: Workspace) -> None:
    mails = len(short.mails())
    for leftover in short.folder.glob("donnees/journal.sqlite3*"):
        leftover.unlink()
    account = short.round(moment(WEEKS[2], FRIDAY))
    assert sent(account) == []
    assert reasons(account)["PRO-001:rappel:2027-S12"] == "déjà envoyé le 25/03/2027"
    assert len(short.mails()) == mails


def test_a_restored_workbook_is_written_again(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2)])
    workspace.round(moment(WEEK, MONDAY))
    saved = workspace.book.read_bytes()
    assert len(sent(workspace.round(moment(WEEK, THURSDAY)))) == 2
    shown = workspace.tab("Présence")
    workspace.book.write_bytes(saved)
    assert sent(workspace.round(moment(WEEK, THURSDAY, "11:00"))) == []
    assert workspace.tab("Présence") == shown
    workspace.edit(lambda book: book.remove(book["Présence"]))
    assert sent(workspace.round(moment(WEEK, THURSDAY, "11:15"))) == []
    assert {row["Rappel"] for row in workspace.tab("Présence")} == {"Envoyé"}
    workspace.edit(lambda book: book.remove(book["Présence"]))
    workspace.round(moment(WEEK.next(), TUESDAY))
    rows = {(row["Semaine"], row["Promeneur"]): row["Rappel"] for row in workspace.tab("Présence")}
    assert rows == {(f"2027-S{week}", f"PRO-00{n}"): state for n in (1, 2)
                    for week, state in ((10, "Envoyé"), (11, "En attente"))}  # fmt: skip
