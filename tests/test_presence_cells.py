"""What people write in Présence and Promeneurs: understood, or told, and never taken for zero."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.presence import (
    MONDAY,
    ROWS,
    THURSDAY,
    TUESDAY,
    WEEK,
    moment,
    network,
    person,
    reasons,
    remind,
    sent,
)
from tests.support.workspace import Workspace
from workflows.engine.account import Account

KEY = "PRO-001:rappel:2027-S10"


def fresh(account: Account) -> list[tuple[str, str]]:
    """Where something is to be mended in the tabs of presence, and what."""
    ours = ("Promeneurs", "Présence")
    return [(p.where, p.what) for p in account.problems if p.where.startswith(ours)]


@pytest.mark.parametrize(
    "week", ["2027-S10", "2027-s10", "S10 2027", "semaine 10", 10, "semaine du 8 mars 2027"]
)
def test_the_week_in_any_form(tmp_path: Path, week: object) -> None:
    workspace = network(tmp_path, [person(1)], [(week, "pro-001 ", "2h")])
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == []
    assert "minimum" in reasons(account)[KEY]
    assert len(workspace.tab("Présence")) == 1


@pytest.mark.parametrize(
    "hours", ["beaucoup", "1,30", "-1", "90", "2h ou 3h", "2/3", datetime.fromisoformat("2027-03-02")]
)
def test_hours_that_mean_nothing_are_never_zero(tmp_path: Path, hours: object) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", hours)])
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == []
    assert [where for where, _ in fresh(account)] == ["Présence, ligne 2, Heures"]
    row = workspace.row("Présence", Promeneur="PRO-001")
    assert row["Rappel"] == "À corriger"
    assert row["Heures"] == hours
    later = workspace.round(moment(WEEK.next(), MONDAY))
    assert sent(later) == []
    assert [where for where, _ in fresh(later)] == ["Présence, ligne 2, Heures"]
    workspace.put("Présence", {"Semaine": "2027-S10"}, Heures="1h")
    assert sent(workspace.round(moment(WEEK.next(), TUESDAY))) == ["PRO-001:bilan:2027-S10"]


def test_a_week_that_means_nothing_holds_its_promeneur(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2)], [("2027-S60", "PRO-001", "2h")])
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == ["PRO-002:rappel:2027-S10"]
    assert [where for where, _ in fresh(account)] == ["Présence, ligne 2, Semaine"]


def test_her_hours_count_before_those_received(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2)])
    headings = [*ROWS, "Heures reçues"]

    def fill(book: Any) -> None:
        sheet = book["Présence"]
        for column, heading in enumerate(headings, 1):
            sheet.cell(1, column).value = heading
        sheet.append([None, "2027-S10", "PRO-001", None, "1h", None, "2h"])
        sheet.append([None, "2027-S10", "PRO-002", None, None, None, "2h"])

    workspace.edit(fill)
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == [KEY]
    assert "minimum" in reasons(account)["PRO-002:rappel:2027-S10"]


@pytest.mark.parametrize(("first", "second", "leaves"), [
    ("1h", "1h", False), ("1h", "45 min", True), ("1h", None, True), ("1h", "1 h ?", False),
])  # fmt: skip
def test_rows_of_the_same_week_add_up_and_are_told(
    tmp_path: Path, first: str, second: str | None, leaves: bool
) -> None:
    rows = [("2027-S10", "PRO-001", first), ("S10 2027", "PRO-001", second)]
    workspace = network(tmp_path, [person(1)], rows)
    account = workspace.round(moment(WEEK, THURSDAY))
    assert (sent(account) == [KEY]) is leaves
    assert "Présence, lignes 2 et 3" in [where for where, _ in fresh(account)]
    assert len(workspace.tab("Présence")) == 2


@pytest.mark.parametrize(("who", "said"), [
    ("PRO-009", "PRO-009"), ("Prénom1 Nom1", "Écrivez PRO-001."), (None, "Le Promeneur manque."),
])  # fmt: skip
def test_a_row_of_nobody_known_is_told(tmp_path: Path, who: str | None, said: str) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", who, "2h")])
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == [KEY]
    told = [str(p) for p in account.problems if p.where == "Présence, ligne 2, Promeneur"]
    assert len(told) == 1
    assert said in told[0]


@pytest.mark.parametrize(("cells", "heading"), [
    ({"Courriel": None}, "Courriel"),
    ({"Courriel": "p1@@reseau.example"}, "Courriel"),
    ({"Mode_de_présence": "parfois"}, "Mode de présence"),
    ({"Mode_de_présence": "Permanence", "Permanences": "le soir"}, "Permanences"),
    ({"Minimum_hebdo": "peu"}, "Minimum hebdo"),
    ({"Entrée": "printemps"}, "Entrée"),
    ({"Absent_du": "12/03/2027", "Absent_au": "10/03/2027"}, "Absent au"),
])  # fmt: skip
def test_a_promeneur_who_cannot_be_understood_gets_nothing(
    tmp_path: Path, cells: dict[str, Any], heading: str
) -> None:
    workspace = network(tmp_path, [person(1, **cells), person(2)])
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == ["PRO-002:rappel:2027-S10"]
    assert [where for where, _ in fresh(account)] == [f"Promeneurs, ligne 2, {heading}"]
    checked = workspace.run("verifier", at=moment(WEEK, THURSDAY)).json["checks"]
    assert any(f"Promeneurs, ligne 2, {heading}" in check["what"] for check in checked)


def test_last_weeks_rows_copied_with_their_states_hold_the_reminder_until_they_are_emptied(
    tmp_path: Path,
) -> None:
    workspace = network(tmp_path, [person(1)], [("2027-S10", "PRO-001", None)])
    assert len(workspace.round(moment(WEEK, THURSDAY)).sent) == 1

    copy = workspace.row("Présence") | {"Réf.": None, "Semaine": "2027-S11"}
    workspace.edit(lambda book: book["Présence"].append([*copy.values()]))
    thursday = moment(WEEK.next(), THURSDAY)
    for _ in range(2):
        account = workspace.round(thursday)
        assert account.sent == []
        assert "Présence, ligne 3, Rappel" in {problem.where for problem in account.problems}
    workspace.put("Présence", {"Semaine": "2027-S11"}, Rappel=None, Rappelé_le=None)
    assert sent(workspace.round(thursday)) == ["PRO-001:rappel:2027-S11"]


def test_a_ref_borne_twice_holds_both(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(1), person(2)], [("2027-S10", "PRO-001", "1h")])
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == ["PRO-002:rappel:2027-S10"]
    assert [where for where, _ in fresh(account)] == [
        "Promeneurs, ligne 2, Réf.",
        "Promeneurs, ligne 3, Réf.",
    ]


def test_a_status_lands_on_its_row_wherever_she_moves_it(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(n) for n in (1, 2, 3)])
    workspace.round(moment(WEEK, MONDAY))

    def turn_over(book: Any) -> None:
        sheet = book["Présence"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, values in enumerate(reversed(rows), 2):
            for column, value in enumerate(values, 1):
                sheet.cell(number, column).value = value

    workspace.edit(turn_over)
    workspace.put("Présence", {"Promeneur": "PRO-002"}, Heures=2)
    assert len(sent(workspace.round(moment(WEEK, THURSDAY)))) == 2
    states = {row["Promeneur"]: row["Rappel"] for row in workspace.tab("Présence")}
    assert states == {"PRO-001": "Envoyé", "PRO-002": "En attente", "PRO-003": "Envoyé"}


def test_a_word_typed_into_alerte_holds_the_mail_until_it_is_cleared(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1)])
    workspace.round(moment(WEEK, MONDAY))
    workspace.put("Promeneurs", {"Réf.": "PRO-001"}, Alerte="vu le 8")
    account = remind(workspace, moment(WEEK, THURSDAY))
    assert sent(account) == []
    assert "vu le 8" in reasons(account)[KEY]
    assert workspace.row("Promeneurs", **{"Réf.": "PRO-001"})["Alerte"] == "vu le 8"
    workspace.put("Promeneurs", {"Réf.": "PRO-001"}, Alerte=None)
    assert sent(workspace.round(moment(WEEK, THURSDAY, "11:00"))) == [KEY]


def test_a_workbook_that_only_lacks_promeneurs_says_so(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"Présence": [ROWS, (None, "2027-S10", "PRO-001", None, "1h", None)]})
    account = workspace.round(moment(WEEK, THURSDAY))
    assert sent(account) == []
    assert "Classeur, onglet Promeneurs" in [problem.where for problem in account.problems]
    ran = workspace.run("presence", "rappeler", "--oui", at=moment(WEEK, THURSDAY))
    assert ran.status == 2
    assert "Promeneurs" in ran.json["error"]["what"]
