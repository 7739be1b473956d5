"""The Google adapter over HTTP, with the real log-in flow: what it reads, writes and costs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.google_desk import TAB, Desk
from tests.support.workbook_contract import WorkbookContract
from workflows.adapters.google_sheet import GoogleSheet
from workflows.core.ports import (
    AddColumn,
    AddSheet,
    Anchor,
    Append,
    Cell,
    Column,
    Kind,
    Put,
    Receipt,
)


class TestContract(WorkbookContract):
    """All that the port asks of any workbook."""


class TestCost:
    """Calls are counted against a quota of 60 a minute."""

    def test_a_round_is_two_reads_and_two_writes(self, desk: Desk) -> None:
        first = desk.workbook.read()
        anchor = Anchor(1, "STR-001")
        desk.workbook.write([Put(TAB, 3, 12, "Envoi en cours", anchor)], first)
        desk.workbook.write([Put(TAB, 3, 12, "Envoyé", anchor)], desk.workbook.read())
        assert desk.server.counts == {"read": 2, "write": 2, "token": 1, "drive": 0}

    def test_thousands_of_cells_are_one_write(self, desk: Desk) -> None:
        rows = [Append(TAB, {1: f"STR-{n}", 2: "x"}) for n in range(2000)]
        desk.write(*rows)
        puts = [
            Put(TAB, n, c, f"{n}-{c}", Anchor(1, f"STR-{n - 7}")) for n in range(7, 1507) for c in (12, 13)
        ]
        desk.server.reset_counts()
        assert desk.write(*puts) == Receipt()
        assert desk.server.counts == {"read": 1, "write": 1, "token": 0, "drive": 0}
        assert desk.shown(TAB, 1506, 13) == "1506-13"

    def test_nothing_to_write_is_no_call(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.reset_counts()
        assert desk.workbook.write([], snapshot) == Receipt()
        assert not desk.server.log


class TestReading:
    def test_errors_spills_and_formulas_are_told_apart(self, desk: Desk) -> None:
        typed = [
            {
                "set": {
                    "sheet": TAB,
                    "cell": "L1",
                    "values": [["=ARRAYFORMULA(B3:B4)", "#N/A", "=1/0", "=INCONNU()"]],
                }
            },
            {
                "set": {
                    "sheet": TAB,
                    "cell": "P1",
                    "values": [['=IF(TRUE,"",1)', "=TODAY()", "0:30", "'=1+1"]],
                }
            },
        ]
        desk.server.edit(desk.id, *typed)
        sheet = desk.workbook.read().sheets[TAB]
        assert [sheet.cell(1, column) for column in range(12, 17)] == [
            Cell("Structure 1", Kind.TEXT, formula=True),
            Cell("#N/A", Kind.ERROR),
            Cell("#DIV/0!", Kind.ERROR, formula=True),
            Cell("#NAME?", Kind.ERROR, formula=True),
            Cell("", Kind.TEXT, formula=True),
        ]
        assert sheet.cell(2, 12) == Cell("Structure 2", Kind.TEXT, spilled=True)
        assert (sheet.cell(1, 17).kind, sheet.cell(1, 17).formula) == (Kind.DATE, True)
        assert sheet.cell(1, 18) == Cell(0.5 / 24, Kind.TIME)
        assert sheet.cell(1, 19) == Cell("=1+1", Kind.TEXT)

    @pytest.mark.parametrize(
        ("number_format", "kind"),
        [
            ({"type": "TIME", "pattern": "hh:mm"}, Kind.TIME),
            ({"type": "NUMBER", "pattern": "[h]:mm"}, Kind.TIME),
            ({"type": "DATE_TIME", "pattern": "d mmm yyyy hh:mm"}, Kind.DATE),
            ({"type": "CURRENCY", "pattern": "#,##0.00 €"}, Kind.NUMBER),
            ({"type": "PERCENT", "pattern": "0%"}, Kind.NUMBER),
        ],
    )
    def test_the_format_says_what_a_number_is(
        self, desk: Desk, number_format: dict[str, str], kind: Kind
    ) -> None:
        edit = {"sheet": TAB, "range": "D3", "format": {"numberFormat": number_format}}
        desk.server.edit(desk.id, {"format": edit})
        assert desk.workbook.read().sheets[TAB].cell(3, 4) == Cell(2.5, kind)

    def test_a_french_spreadsheet_reads_the_same(self, desk: Desk, workbook_bytes: bytes) -> None:
        french = desk.server.load_xlsx(workbook_bytes, locale="fr_FR", timeZone="Europe/Paris")
        desk.server.share(french)
        other = GoogleSheet(french, desk.key, desk.server.url)
        assert other.read().sheets == desk.workbook.read().sheets

    def test_a_large_answer_is_read(self, desk: Desk) -> None:
        desk.server.fail("big", on="read")
        assert TAB in desk.workbook.read().sheets


class TestWriting:
    def test_a_put_keeps_every_other_format_of_the_cell(self, desk: Desk) -> None:
        style = {"backgroundColor": {"red": 1}, "textFormat": {"italic": True}}
        desk.server.edit(desk.id, {"format": {"sheet": TAB, "range": "L3", "format": style}})
        before = desk.cell(f"{TAB}!L3")["userEnteredFormat"]
        desk.write(Put(TAB, 3, 12, datetime(2027, 3, 1, 9, 30, tzinfo=UTC)))
        after = desk.cell(f"{TAB}!L3")
        assert after["formattedValue"] == "01/03/2027 09:30"
        assert after["userEnteredFormat"].pop("numberFormat")["type"] == "DATE_TIME"
        assert after["userEnteredFormat"] == before

    def test_the_date_format_that_she_chose_stays(self, desk: Desk) -> None:
        before = desk.cell(f"{TAB}!E3")["userEnteredFormat"]
        desk.write(Put(TAB, 3, 5, datetime(2027, 3, 1, tzinfo=UTC)))
        assert desk.cell(f"{TAB}!E3")["userEnteredFormat"] == before

    def test_only_the_cells_asked_for_are_named(self, desk: Desk) -> None:
        before = desk.server.dump(desk.id)["sheets"]
        desk.write(Put(TAB, 3, 12, "a"), Put(TAB, 3, 14, "b"), Put(TAB, 5, 12, "c"))
        after = desk.server.dump(desk.id)["sheets"]
        assert after.pop("Suivi de l’année (2)") == before.pop("Suivi de l’année (2)")
        rows = [(n, row) for n, row in enumerate(after[TAB]["rows"], 1) if row != before[TAB]["rows"][n - 1]]
        assert [(n, row[8:]) for n, row in rows] == [(3, ["", "", "", "a", "", "b"]), (5, ["", "", "", "c"])]
        assert after[TAB]["formulas"] == before[TAB]["formulas"]

    @pytest.mark.parametrize("cell", ["H3", "M1"])
    def test_a_formula_or_its_spill_is_never_written_to(self, desk: Desk, cell: str) -> None:
        desk.server.edit(desk.id, {"set": {"sheet": TAB, "cell": "L1", "value": "=TRANSPOSE(B3:B4)"}})
        before = desk.server.dump(desk.id)
        row, column = int(cell[1:]), ord(cell[0]) - 64
        with pytest.raises(ValueError, match="formula"):
            desk.write(Put(TAB, 3, 12, "x"), Put(TAB, row, column, "x"))
        assert desk.server.dump(desk.id) == before

    def test_new_columns_get_their_list_and_a_warning_never_a_lock(self, desk: Desk) -> None:
        columns = (Column("Envoi", tool=True, choices=("Envoyé", "Refusé")), Column("Décision"))
        desk.write(AddSheet("Candidatures", columns), AddColumn(TAB, 2, 9, Column("Opposition", tool=True)))
        structures, _, new = desk.get()["sheets"]
        assert new["properties"]["gridProperties"]["frozenRowCount"] == 1
        heading, first = (new["data"][0]["rowData"][row]["values"] for row in (0, 1))
        assert [cell["userEnteredFormat"]["textFormat"]["bold"] for cell in heading] == [True, True]
        rule = first[0]["dataValidation"]
        assert [value["userEnteredValue"] for value in rule["condition"]["values"]] == ["Envoyé", "Refusé"]
        assert (rule["strict"], rule["showCustomUi"]) == (False, True)
        for sheet, column in ((structures, 8), (new, 0)):
            (protected,) = sheet["protectedRanges"]
            assert protected["warningOnly"]
            assert protected["range"]["startColumnIndex"] == column
        rules = {
            rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"]: rule
            for rule in new["conditionalFormats"]
        }
        assert set(rules) == {"Envoyé", "Refusé"}
        sent = rules["Envoyé"]["booleanRule"]["format"]["backgroundColor"]
        assert [round(255 * sent[channel]) for channel in ("red", "green", "blue")] == [0xD9, 0xEA, 0xD3]
        assert rules["Envoyé"]["ranges"][0]["startRowIndex"] == 1

    def test_the_grid_grows_where_it_is_too_small(self, desk: Desk) -> None:
        desk.server.edit(desk.id, {"delete_rows": {"sheet": TAB, "at": 8, "count": 993}})
        desk.server.edit(desk.id, {"delete_columns": {"sheet": TAB, "at": "I", "count": 18}})
        rows = [Append(TAB, {1: f"N-{n}", 30: n}) for n in range(20)]
        desk.write(AddColumn(TAB, 2, 9, Column("Opposition")), Put(TAB, 9, 9, "bas"), *rows)
        assert desk.shown(TAB, 2, 9) == "Opposition"
        assert desk.shown(TAB, 29, 1) == "N-19"
        assert desk.shown(TAB, 29, 30) == 19

    def test_rows_with_and_without_dates_stay_in_order(self, desk: Desk) -> None:
        day = datetime(2027, 3, 1, 9, tzinfo=UTC)
        desk.write(Append(TAB, {1: "a"}), Append(TAB, {1: "b", 2: day}), Append(TAB, {1: "c"}))
        assert [desk.shown(TAB, row, 1) for row in (7, 8, 9)] == ["a", "b", "c"]
        assert desk.shown(TAB, 8, 2) == datetime(2027, 3, 1, 9)  # noqa: DTZ001

    def test_a_large_answer_to_a_write_is_checked(self, desk: Desk) -> None:
        desk.server.fail("big", on="write")
        assert desk.write(Put(TAB, 3, 12, "x", Anchor(1, "STR-001"))) == Receipt()
