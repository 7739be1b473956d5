"""presence.toml: what it accepts, and how a mistake is told."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.workspace import CHECKOUT
from workflows.core.people import Period
from workflows.core.presence.settings import SECTION, Weekly
from workflows.core.schema import check
from workflows.engine.settings import load


def value(**given: Any) -> Any:
    """What the one key given reads as."""
    values, problems = check(given, SECTION, "config/presence.toml")
    assert problems == []
    return values[next(iter(given))]


@pytest.mark.parametrize(("written", "read"), [
    ("jeudi 10 h", Weekly(3, time(10))), ("Jeudi 10h", Weekly(3, time(10))),
    ("jeu. 9:30", Weekly(3, time(9, 30))),
    ("lundi à 8 h 45", Weekly(0, time(8, 45))), ("vendredi", Weekly(4, time(0))),
])  # fmt: skip
def test_a_moment_of_the_week(written: str, read: Weekly) -> None:
    assert value(jour_de_rappel=written) == read


@pytest.mark.parametrize(("written", "read"), [
    (True, Weekly(0, time(0))), (False, None), ("mardi 14 h", Weekly(1, time(14))),
])  # fmt: skip
def test_the_bilan(written: object, read: Weekly | None) -> None:
    assert value(bilan=written) == read


@pytest.mark.parametrize("written", ["2 h", "2h", 2, 2.0, "2:00", "120 min"])
def test_the_minimum(written: object) -> None:
    assert value(minimum=written) == timedelta(hours=2)


def test_periods_of_her_own() -> None:
    written = ["20/02/2027 au 07/03/2027", "du 17/04/2027 au 02/05/2027", "2027-07-03 - 2027-08-31"]
    assert value(periodes_de_vacances=written) == (
        Period(date(2027, 2, 20), date(2027, 3, 7)),
        Period(date(2027, 4, 17), date(2027, 5, 2)),
        Period(date(2027, 7, 3), date(2027, 8, 31)),
    )


@pytest.mark.parametrize(("key", "wrong"), [
    ("minimum", "peu"), ("minimum", 0), ("minimum", -1), ("minimum", True), ("minimum", "90"),
    ("jour_de_rappel", "jamais"), ("jour_de_rappel", "jeudi 25 h"), ("jour_de_rappel", 4),
    ("bilan", "oui"), ("bilan", 1), ("vacances", "peut-être"), ("zone", "D"), ("zone", 2),
    ("alerte_apres", 0), ("alerte_apres", 9), ("alerte_apres", "3"), ("lien_saisie", "classeur.example"),
    ("periodes_de_vacances", "20/02/2027 au 07/03/2027"), ("periodes_de_vacances", ["20/02/2027"]),
    ("periodes_de_vacances", ["07/03/2027 au 20/02/2027"]), ("periodes_de_vacances", ["20/02 au 07/03"]),
])  # fmt: skip
def test_a_mistake_is_told_where_it_is(key: str, wrong: object) -> None:
    _, problems = check({key: wrong}, SECTION, "config/presence.toml")
    assert [problem.where for problem in problems] == [f"config/presence.toml, {key}"]
    assert problems[0].remedy


def test_the_shipped_file_holds_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    defaults = load(tmp_path, {"presence.toml": SECTION}).workflows["presence.toml"]
    shipped = (CHECKOUT / "config" / "presence.toml").read_text("utf-8")
    (tmp_path / "config" / "presence.toml").write_text(shipped, "utf-8")
    assert load(tmp_path, {"presence.toml": SECTION}).workflows["presence.toml"] == defaults
    assert all(
        f"\n{key.name} = " in shipped for key in SECTION.keys if not key.name.startswith(("ongl", "col"))
    )
