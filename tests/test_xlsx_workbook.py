"""The xlsx adapter on workbooks as Excel and LibreOffice write them: what it reads, and all that it keeps."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.workbook_contract import Shown, WorkbookContract, at
from tests.support.xlsx_parts import changed_cells, difference, parts, sheet_part, sheet_xml
from tests.support.xlsx_workbooks import patch_parts, plain_workbook, replaced, rich_workbook
from workflows.adapters.xlsx_markup import cell_text, plain_text
from workflows.adapters.xlsx_reading import NOT_CALCULATED
from workflows.adapters.xlsx_styles import format_kind
from workflows.adapters.xlsx_workbook import XlsxWorkbook, create_workbook
from workflows.core.ports import (
    AddColumn,
    AddSheet,
    Append,
    Cell,
    Column,
    Edit,
    Kind,
    Put,
    Value,
    WorkbookError,
)
from workflows.core.words import COLOURS, STATES

LIBREOFFICE = Path(__file__).parent / "support" / "libreoffice.xlsx"
"""What LibreOffice 7.4 made of `rich_workbook`."""
FIRST = "xl/worksheets/sheet1.xml"


def on(path: Path) -> XlsxWorkbook:
    return XlsxWorkbook(path, lambda: date(2027, 3, 1))


def write(path: Path, *edits: Edit) -> None:
    workbook = on(path)
    workbook.write(edits, workbook.read())


def reopened(path: Path) -> Any:
    """The file as openpyxl reads it; what openpyxl itself would lose is not the question here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")
        return openpyxl.load_workbook(path)


@dataclass
class FileDesk:
    path: Path
    workbook: XlsxWorkbook

    def shown(self, sheet: str, row: int, column: int) -> Shown:
        value: Shown = reopened(self.path)[sheet].cell(row, column).value
        return value

    def insert_row(self, sheet: str, before: int) -> None:
        book = reopened(self.path)
        book[sheet].insert_rows(before)
        book.save(self.path)


class TestContract(WorkbookContract):
    @pytest.fixture
    def desk(self, tmp_path: Path) -> FileDesk:
        path = plain_workbook(tmp_path / "coordination.xlsx")
        return FileDesk(path, on(path))


@pytest.fixture(params=["excel", "excel-1904", "libreoffice"])
def rich(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A workbook with nearly all that one can carry."""
    path = tmp_path / "coordination.xlsx"
    if request.param == "libreoffice":
        return Path(shutil.copyfile(LIBREOFFICE, path))
    return rich_workbook(path, date_1904=request.param == "excel-1904")


# Reading


def test_dates_count_from_the_same_day_whatever_the_files_epoch(rich: Path) -> None:
    assert on(rich).read().sheets["Structures"].cell(3, 6) == Cell(46267.0, Kind.DATE)


def test_formats_tell_times_dates_and_numbers_apart(rich: Path) -> None:
    sheet = on(rich).read().sheets["Calculs"]
    assert sheet.cell(2, 7) == Cell(0.5, Kind.TIME)
    assert sheet.cell(2, 8) == Cell(1.25, Kind.TIME)
    assert sheet.cell(2, 9) == Cell(3.0, Kind.NUMBER)


def test_formulas_errors_and_spills_are_told(rich: Path) -> None:
    sheet = on(rich).read().sheets["Calculs"]
    assert [sheet.cell(row, 2).formula for row in range(1, 8)] == [False, *[True] * 5, False]
    assert [sheet.cell(row, 3).spilled for row in range(1, 6)] == [False, False, True, True, False]
    assert [sheet.cell(row, 4).spilled for row in range(1, 8)] == [False, False, *[True] * 4, False]
    assert sheet.cell(2, 4).formula
    assert sheet.cell(2, 5) == Cell("#DIV/0!", Kind.ERROR, formula=True)
    assert sheet.cell(2, 6).value is True


def test_rich_text_is_read_as_plain_text(rich: Path) -> None:
    assert on(rich).read().sheets["Structures"].cell(3, 10) == Cell("du gras et du rouge", Kind.TEXT)


def test_chart_sheets_are_left_out_and_hidden_tabs_are_not(rich: Path) -> None:
    titles = list(on(rich).read().sheets)
    assert titles[:3] == ["Structures", "Calculs", "Objets"]
    assert "Cachée" in titles
    assert ("Graphique" in titles) == (rich.read_bytes() == LIBREOFFICE.read_bytes())  # a tab there


def test_a_formula_that_was_never_calculated_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = "=1+1"
    book.save(path)
    cell = on(path).read().sheets["Sheet"].cell(1, 1)
    assert cell == Cell(NOT_CALCULATED, Kind.ERROR, formula=True)


def test_an_empty_result_is_an_empty_cell_that_holds_a_formula(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "a.xlsx")
    change = replaced('<c r="H3"><f>D3*2</f><v>5</v>', '<c r="H3" t="str"><f>IF(1,"","x")</f><v></v>')
    patch_parts(path, {FIRST: change})
    assert on(path).read().sheets["Structures"].cell(3, 8) == Cell(formula=True)


def test_other_writers_markup_is_understood(tmp_path: Path) -> None:
    """Prefixed elements, no references, inline rich text with phonetics, escapes, ISO dates, UTF-16."""
    path = plain_workbook(tmp_path / "a.xlsx")
    part = (
        '<?xml version="1.0" encoding="utf-16"?><x:worksheet xmlns:x="http://schemas.openxmlformats.org/'
        'spreadsheetml/2006/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:r><x:t>Élan</x:t></x:r>'
        "<x:rPh sb='0' eb='1'><x:t>non</x:t></x:rPh><x:r><x:t>_x000D_!</x:t></x:r></x:is></x:c>"
        '<x:c t="d"><x:v>2027-03-01T12:00:00</x:v></x:c><x:c t="str"><x:v>b &gt; a</x:v></x:c></x:row>'
        '<x:row r="3"><x:c r="B3"><x:v>1E3</x:v></x:c><x:c/></x:row></x:sheetData></x:worksheet>'
    )
    patch_parts(path, {FIRST: lambda _: part.encode("utf-16")})
    write(path, Put("Structures", 1, 2, "à côté"), Put("Structures", 2, 1, 7), Put("Structures", 3, 9, True))
    sheet = on(path).read().sheets["Structures"]
    assert [cell.value for cell in sheet.rows[0]] == ["Élan\r!", "à côté", "b > a"]
    assert [cell.value for cell in sheet.rows[1]] == [7]
    assert [cell.value for cell in sheet.rows[2]] == [None, 1000, *[None] * 6, True]
    assert reopened(path)["Structures"]["B1"].value == "à côté"


def test_rows_of_mere_formatting_are_not_read(rich: Path) -> None:
    rows = "".join(f'<row r="{row}" s="1" customFormat="1" ht="20"/>' for row in range(40, 100_000))
    last = f'{rows}<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    patch_parts(rich, {sheet_part(rich, "Structures"): replaced("</sheetData>", last)})
    assert len(on(rich).read().sheets["Structures"].rows) == 14
    write(rich, Append("Structures", {1: "ici"}), Put("Structures", 99_998, 1, "bas"))
    sheet = on(rich).read().sheets["Structures"]
    assert (sheet.cell(15, 1).value, sheet.cell(99_998, 1).value) == ("ici", "bas")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", Kind.NUMBER), ("0.00", Kind.NUMBER), ("0.00E+00", Kind.NUMBER), ("@", Kind.NUMBER),
        ("# ?/?", Kind.NUMBER), ('#,##0.00 [$€-40C];[Red]-#,##0.00 [$€-40C]', Kind.NUMBER),
        ('0 "jours de mai"', Kind.NUMBER), (r"0\d", Kind.NUMBER), ("[Red]0;[Blue]0", Kind.NUMBER),
        ("_d0*d", Kind.NUMBER), ("dd/mm/yyyy", Kind.DATE), (r"yyyy\-mm\-dd", Kind.DATE),
        ('[$-40C]dddd d mmmm yyyy;@', Kind.DATE), ("mmm", Kind.DATE), ("d/m h:mm", Kind.DATE),
        ('d" à "h"h"mm', Kind.DATE), ("DD/MM/YYYY", Kind.DATE), ("h:mm", Kind.TIME), ("[h]:mm:ss", Kind.TIME),
        ("h:mm AM/PM", Kind.TIME), ("[mm]:ss.0", Kind.TIME), ('h"h"mm', Kind.TIME), ("mm:ss", Kind.TIME),
    ],
)  # fmt: skip
def test_a_format_code_tells_a_kind(code: str, kind: Kind) -> None:
    assert format_kind(code) is kind


# Writing: what changes, and what does not


EDITS: tuple[tuple[str, int, int, Value], ...] = (
    ("B5", 5, 2, "=1+1"),
    ("E5", 5, 5, 42),
    ("F5", 5, 6, date(2027, 3, 1)),
    ("G5", 5, 7, None),
    ("K5", 5, 11, at("2027-03-01T08:30")),
    ("A7", 7, 1, "dans une ligne masquée"),
    ("H13", 13, 8, True),
    ("M4", 4, 13, "colonne masquée"),
)


def test_only_the_cells_written_change(rich: Path) -> None:
    before = Path(shutil.copyfile(rich, rich.with_name("avant.xlsx")))
    write(rich, *(Put("Structures", row, column, value) for _, row, column, value in EDITS))
    found = difference(before, rich)
    sheet = sheet_part(rich, "Structures")
    assert (found.lost, found.new) == (set(), set())
    assert found.changed <= {sheet, "xl/styles.xml", "xl/workbook.xml"}
    old, new = sheet_xml(before, "Structures"), sheet_xml(rich, "Structures")
    assert changed_cells(old, new) == {place for place, *_ in EDITS}
    assert _without(new.rest, "dimension") == _without(old.rest, "dimension")
    for number, attributes in old.rows.items():
        assert _without(new.rows[number], "spans") == _without(attributes, "spans")
    reread = on(rich).read().sheets["Structures"]
    assert reread.cell(5, 6) == Cell(46447.0, Kind.DATE)
    assert reread.cell(5, 2) == Cell("=1+1", Kind.TEXT)


def test_only_the_number_format_of_a_cell_changes_with_a_date(rich: Path) -> None:
    before = reopened(rich)["Structures"]["F5"]
    write(rich, Put("Structures", 5, 6, date(2027, 3, 1)), Put("Structures", 4, 5, "texte"))
    sheet = reopened(rich)["Structures"]
    after = sheet["F5"]
    assert after.number_format == "dd/mm/yyyy"
    assert after.value == at("2027-03-01")
    looks = ("font", "fill", "border", "alignment", "protection")
    assert [repr(getattr(after, look)) for look in looks] == [repr(getattr(before, look)) for look in looks]
    assert "€" in sheet["E4"].number_format


def test_the_workbook_part_only_asks_for_a_calculation(tmp_path: Path) -> None:
    path = Path(shutil.copyfile(LIBREOFFICE, tmp_path / "a.xlsx"))
    before = parts(path)["xl/workbook.xml"]
    write(path, Put("Structures", 5, 2, "x"))
    after = parts(path)["xl/workbook.xml"]
    assert after.replace(b' fullCalcOnLoad="1"', b"") == before
    assert after != before
    patch_parts(path, {"xl/workbook.xml": lambda part: part.replace(b"<calcPr", b"<oleSize")})
    write(path, Put("Structures", 5, 2, "y"))
    assert b'</definedNames><calcPr fullCalcOnLoad="1"/><oleSize' in parts(path)["xl/workbook.xml"]


def test_writing_again_adds_no_styles(rich: Path) -> None:
    edits = [Put("Structures", 5, 6, date(2027, 3, 1)), Put("Structures", 6, 7, at("2027-03-01T09:00"))]
    write(rich, *edits, AddSheet("Un", (Column("A"),)))
    styles = parts(rich)["xl/styles.xml"]
    write(rich, *edits, AddSheet("Deux", (Column("A"),)))
    assert parts(rich)["xl/styles.xml"] == styles


@pytest.mark.parametrize("column", [2, 3, 4, 5])
def test_a_formulas_cell_is_never_written(rich: Path, column: int) -> None:
    before = rich.read_bytes()
    for row in (2, 3) if column in (3, 4) else (2,):
        with pytest.raises(ValueError, match="formula"):
            write(rich, Put("Calculs", row, column, "x"))
    assert rich.read_bytes() == before


def test_rows_are_appended_below_values_formulas_and_merges_only(rich: Path) -> None:
    before = Path(shutil.copyfile(rich, rich.with_name("avant.xlsx")))
    write(rich, Append("Structures", {1: "un", 6: date(2027, 1, 1)}), Append("Structures", {2: "deux"}))
    new = sheet_xml(rich, "Structures")
    assert changed_cells(sheet_xml(before, "Structures"), new) == {"A15", "F15", "B16"}
    assert new.rest["autoFilter"] == sheet_xml(before, "Structures").rest["autoFilter"]
    assert new.rows["7"]["hidden"] in ("1", "true")


def test_an_added_column_looks_like_its_neighbour_and_disturbs_nothing(rich: Path) -> None:
    before = Path(shutil.copyfile(rich, rich.with_name("avant.xlsx")))
    spec = Column("Opposition", tool=True, choices=("Oui", "Non"), width=22)
    write(rich, AddColumn("Structures", 2, 15, spec), AddColumn("Structures", 2, 16, Column("Suite")))
    old, new = sheet_xml(before, "Structures"), sheet_xml(rich, "Structures")
    assert changed_cells(old, new) == {"O2", "P2"}
    ours = ("dimension", "dataValidations", "cols")
    assert _without(new.rest, *ours) == _without(old.rest, *ours)
    sheet = reopened(rich)["Structures"]
    heading = sheet["H2"]
    for added in (sheet["O2"], sheet["P2"]):
        for look in ("font", "fill", "border"):
            assert repr(getattr(added, look)) == repr(getattr(heading, look))
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert "G3:G200" in rules
    mine = rules["O3:O1048576"]
    assert (mine.type, mine.formula1, mine.errorStyle) == ("list", '"Oui,Non"', "warning")
    assert mine.showErrorMessage
    assert mine.promptTitle == "Colonne tenue par Tournée"


def test_an_added_column_leaves_a_validation_that_covers_it(tmp_path: Path) -> None:
    path = rich_workbook(tmp_path / "a.xlsx")
    write(path, AddColumn("Structures", 3, 11, Column("Mot", choices=("a",))))
    assert len(reopened(path)["Structures"].data_validations.dataValidation) == 2
    write(path, AddColumn("Structures", 13, 7, Column("Mot", choices=("a",))))
    assert len(reopened(path)["Structures"].data_validations.dataValidation) == 2


def test_a_new_tab_has_headings_lists_warnings_and_no_protection(rich: Path) -> None:
    long = tuple(f"un choix assez long n° {number}" for number in range(20))
    columns = (
        Column("Clé", tool=True, width=30),
        Column("Décision", choices=("Oui", 'Dit "non"')),
        Column("Libre"),
        Column("Longue", choices=long),
        Column("Virgule", choices=("1,5", "2")),
    )
    before = Path(shutil.copyfile(rich, rich.with_name("avant.xlsx")))
    write(rich, AddSheet("Suivi & bilan", columns))
    assert difference(before, rich).lost == set()
    sheet = reopened(rich)["Suivi & bilan"]
    assert [cell.value for cell in sheet[1]] == [column.heading for column in columns]
    assert all(cell.font.b for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width == 30
    assert not sheet.protection.sheet
    warning, words = sheet.data_validations.dataValidation
    assert (warning.type, warning.errorStyle, warning.showErrorMessage) == ("custom", "warning", True)
    assert (words.type, words.formula1, words.showErrorMessage) == ("list", '"Oui,Dit ""non"""', False)
    assert list(on(rich).read().sheets)[-1] == "Suivi & bilan"


def test_words_of_a_status_column_are_coloured_and_other_colours_stay(rich: Path) -> None:
    def rules(title: str) -> dict[str, dict[str, tuple[str, int]]]:
        """Area → word → its colour and its priority."""
        return {
            str(area.sqref): {
                rule.formula[0].strip('"'): (rule.dxf.fill.bgColor.rgb, rule.priority)
                for rule in area.rules
                if rule.dxf and rule.dxf.fill and rule.formula
            }
            for area in reopened(rich)[title].conditional_formatting
        }

    before = rules("Structures")
    states = Column("Envoi", tool=True, choices=STATES)
    write(rich, AddColumn("Structures", 2, 15, states), AddColumn("Structures", 2, 16, states))
    write(rich, AddSheet("Candidatures", (Column("Nom"), states)))
    after = rules("Structures")
    added = {area: after.pop(area) for area in ("O3:O1048576", "P3:P1048576")}
    assert after == before
    for words in (*added.values(), rules("Candidatures")["B2:B1048576"]):
        assert {word: f"FF{colour}" for word, colour in COLOURS.items()} == {
            word: colour for word, (colour, _) in words.items()
        }
    ours = [priority for words in added.values() for _, priority in words.values()]
    theirs = [priority for words in before.values() for _, priority in words.values()]
    assert len(set(ours)) == 2 * len(COLOURS)
    assert min(ours) > max(theirs, default=0)


@pytest.mark.parametrize("title", ["structures", "", "a/b", "x" * 32])
def test_a_tab_with_an_impossible_title_is_not_added(rich: Path, title: str) -> None:
    with pytest.raises(ValueError, match="tab"):
        write(rich, AddSheet(title, (Column("A"),)))


def test_a_new_workbook_can_be_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "coordination.xlsx"
    create_workbook(
        path, [AddSheet("Structures", (Column("Réf."), Column("Nom", width=40))), AddSheet("B", ())]
    )
    write(path, Append("Structures", {1: "STR-001", 2: date(2027, 3, 1)}))
    sheet = reopened(path)["Structures"]
    assert [[cell.value for cell in row] for row in sheet] == [
        ["Réf.", "Nom"],
        ["STR-001", at("2027-03-01")],
    ]
    with pytest.raises(WorkbookError, match="déjà"):
        create_workbook(path, [AddSheet("Autre", ())])


def test_text_that_a_file_cannot_hold_is_cleaned_and_cut(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "a.xlsx")
    write(path, Put("Structures", 3, 2, "a\x00\x0bb\ud800\uffffc"), Put("Structures", 4, 2, "é😀" * 20_000))
    sheet = on(path).read().sheets["Structures"]
    assert sheet.cell(3, 2).value == "abc"
    assert sheet.cell(4, 2).value == "é😀" * 10_922 + "é"


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
)
def test_any_text_comes_back_from_a_cell_as_it_went_in(text: str) -> None:
    assert plain_text(unescape(cell_text(text))) == text


@given(st.datetimes(at("1970-01-01"), at("2200-01-01")))
def test_any_date_comes_back_to_the_second(tmp_path_factory: pytest.TempPathFactory, when: datetime) -> None:
    path = tmp_path_factory.mktemp("dates") / "a.xlsx"
    create_workbook(path, [AddSheet("A", ())])
    write(path, Put("A", 1, 1, when))
    value = on(path).read().sheets["A"].cell(1, 1).value
    assert isinstance(value, float)
    assert abs(at("1899-12-30") + timedelta(days=value) - when.replace(microsecond=0)) < timedelta(
        milliseconds=1
    )


def _without(mapping: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}
