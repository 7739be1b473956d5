"""Tabs as people keep them: titles above, columns moved and added, headings spelled their own way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.ports import EMPTY, Cell, Kind, Sheet
from workflows.core.problems import Problem
from workflows.core.tables import Table, column_letter, parse_table

WANTED = ("Réf.", "Nom", "Courriel", "Téléphone", "Ne plus solliciter", "Opposition")
REQUIRED = ("Nom", "Courriel")

Shown = str | float | bool | None


def cell(shown: Shown) -> Cell:
    match shown:
        case None:
            return EMPTY
        case bool():
            return Cell(shown, Kind.BOOLEAN)
        case str():
            return Cell(shown, Kind.TEXT)
        case _:
            return Cell(shown, Kind.NUMBER)


def sheet(*lines: tuple[Shown, ...]) -> Sheet:
    return Sheet("Structures", tuple(tuple(map(cell, line)) for line in lines))


def parse(*lines: tuple[Shown, ...], **aliases: str) -> tuple[Table | None, list[Problem]]:
    return parse_table(sheet(*lines), WANTED, REQUIRED, aliases)


def read(*lines: tuple[Shown, ...], **aliases: str) -> Table:
    table, problems = parse(*lines, **aliases)
    assert table is not None
    assert problems == []
    return table


def refused(*lines: tuple[Shown, ...], **aliases: str) -> list[str]:
    table, problems = parse(*lines, **aliases)
    assert table is None
    return [str(problem).replace("\u00a0", " ") for problem in problems]


def test_headings_are_found_however_they_are_spelled_and_placed() -> None:
    table = read(
        ("Structures du département",),
        (None, "mise à jour : Nom des contacts"),
        ("Couleur", "TÉLÉPHONE", "  courriel\u00a0", "Ne plus\nsolliciter", "Réf", "NOM", None, "Notes"),
        ("bleu", "0612345678", "a@b.example", True, "STR-1", "MJC"),
    )
    assert table.heading_row == 3
    assert table.columns == {"Téléphone": 2, "Courriel": 3, "Ne plus solliciter": 4, "Réf.": 5, "Nom": 6}
    (row,) = table.rows
    assert row.cell("Nom") == cell("MJC")
    assert row.cell("Opposition") is EMPTY
    assert table.where(row, "Courriel") == "Structures, ligne 4, Courriel"


def test_the_heading_row_is_the_one_with_most_headings_and_the_topmost_of_equals() -> None:
    assert read(("Nom", "Contact"), ("Réf.", "Nom", "Courriel"), ("Nom", "Courriel")).heading_row == 2
    strays = ("Réf.", "Téléphone", "Opposition")
    assert read(strays, ("Nom", "Courriel")).heading_row == 2, "required headings count first"
    late = [("titre",)] * 29 + [("Nom", "Courriel")]
    assert read(*late).heading_row == 30
    assert "«\u00a0Nom\u00a0» et «\u00a0Courriel\u00a0»" in str(parse(("titre",), *late)[1][0])
    assert "introuvable" in refused(("Nom",), ("a@b.example",))[0]
    assert "introuvable" in refused()[0]


def test_one_wanted_heading_is_enough_where_only_one_is_wanted() -> None:
    table, problems = parse_table(sheet(("Tout arrêter",)), ["Tout arrêter"], [], {})
    assert table is not None
    assert (table.columns, problems) == ({"Tout arrêter": 1}, [])


def test_rows_are_those_that_say_something_in_a_wanted_column() -> None:
    table = read(
        ("Nom", "Courriel", "Ne plus solliciter", "Total"),
        ("MJC", "a@b.example", False, " / "),
        (),
        ("\u00a0", "", False, " / "),
        (None, None, True),
        ("Foyer",),
        (None, None, False, "fin", "note au bord"),
    )
    assert [row.number for row in table.rows] == [2, 5, 6]
    assert (table.last_row, table.next_free_column) == (7, 6)


def test_what_is_free_is_beyond_formulas_and_their_spill() -> None:
    beside = (cell("Nom"), cell("Courriel"), EMPTY, Cell(formula=True))
    below = (EMPTY, Cell(spilled=True))
    table, _ = parse_table(Sheet("Structures", (beside, (), below, (EMPTY,))), WANTED, REQUIRED, {})
    assert table is not None
    assert (table.rows, table.last_row, table.next_free_column) == ((), 3, 5)


def test_her_names_stand_for_ours() -> None:
    table = read(
        ("Nom", "Courriel", "Adresse mail"), ("MJC", "vieux", "a@b.example"), Courriel="ADRESSE  MAIL"
    )
    assert table.rows[0].cell("Courriel") == cell("a@b.example")
    assert table.where(table.rows[0], "Courriel") == "Structures, ligne 2, ADRESSE MAIL"


def test_one_name_for_two_headings_is_refused() -> None:
    said = refused(("Nom", "Courriel", "Notes"), Opposition="nom")
    assert len(said) == 1
    assert said[0].startswith("Structures, ligne 1 : Le titre « Nom » vaut pour « Nom » et « Opposition ».")


@pytest.mark.parametrize("heading", ["Courriel", "Ne plus solliciter"])
def test_a_wanted_heading_that_two_columns_bear_is_refused(heading: str) -> None:
    said = refused(("Nom", heading, "Courriel", None, "Notes", "Notes", heading.upper()))
    assert len(said) == 1
    first = "B, C" if heading == "Courriel" else "B"
    assert f"« {heading} » : {first} et G." in said[0]


def test_each_missing_heading_is_said_with_the_nearest_one_there_is() -> None:
    said = refused(("Réf.", "Téléphone", "Couriels"))
    assert len(said) == 2
    assert said[0].startswith("Structures, ligne 1 : La colonne « Nom » manque. Ajoutez une colonne « Nom »")
    assert "Si c'est la colonne C (« Couriels »), renommez-la « Courriel »" in said[1]


def test_a_heading_that_is_nearly_ours_is_not_silently_ignored() -> None:
    table, problems = parse(("Nom", "Courriel", "Ne plus soliciter"), ("MJC", "a@b.example", "oui"))
    assert table is not None
    (problem,) = problems
    assert "C («\u00a0Ne plus soliciter\u00a0»)" in problem.what
    assert "«\u00a0Ne plus solliciter\u00a0»" in problem.remedy


def test_a_heading_that_keeps_mail_back_is_not_read_as_missing() -> None:
    lines = sheet(("Nom", "Courriel", "Ne plus soliciter"), ("MJC", "a@b.example", "oui"))
    table, (problem,) = parse_table(lines, WANTED, REQUIRED, {}, ["Ne plus solliciter"])
    assert table is None
    assert "«\u00a0Ne plus solliciter\u00a0»" in problem.remedy


@given(st.permutations([*WANTED, "Couleur", "Budget", ""]), st.integers(0, 20), st.integers(0, 3))
def test_the_order_of_columns_and_lines_above_change_nothing(order: list[str], above: int, gap: int) -> None:
    titles: list[tuple[Shown, ...]] = [("Nom de la coordination", 2027.0)] * above
    blank: list[tuple[Shown, ...]] = [()] * gap
    table = read(*titles, tuple(order), *blank, tuple(f"valeur {heading}" for heading in order))
    (row,) = table.rows
    assert row.number == above + gap + 2
    assert {heading: row.cell(heading).value for heading in WANTED} == {h: f"valeur {h}" for h in WANTED}


def test_columns_have_letters() -> None:
    assert [column_letter(n) for n in (1, 26, 27, 52, 702, 703)] == ["A", "Z", "AA", "AZ", "ZZ", "AAA"]
    with pytest.raises(ValueError, match="from 1"):
        column_letter(0)
