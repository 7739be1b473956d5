"""The Google adapter over HTTP, with the real log-in flow, against the Sheets server of the tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.support.sheets import locate
from tests.support.sheets.resources import spreadsheet_json
from tests.support.sheets_server import ACCOUNT, SheetsServer
from tests.support.workbook_contract import Shown, WorkbookContract
from tests.support.xlsx_workbooks import plain_workbook
from workflows.adapters.google_sheet import GoogleSheet
from workflows.core.ports import (
    AddColumn,
    AddSheet,
    Anchor,
    Append,
    Cell,
    Column,
    Edit,
    Kind,
    Put,
    Receipt,
    WorkbookError,
)

TAB = "Structures"
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the sheet's wall clock


@pytest.fixture(scope="module")
def workbook_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return plain_workbook(tmp_path_factory.mktemp("xlsx") / "classeur.xlsx").read_bytes()


@dataclass
class Desk:
    """The spreadsheet in a browser, on the other side of the adapter."""

    server: SheetsServer
    id: str
    workbook: GoogleSheet

    def shown(self, sheet: str, row: int, column: int) -> Shown:
        query = f"'{sheet}'!R{row}C{column}"
        data = self.cell(query)
        value = data.get("effectiveValue", {})
        number_format = data.get("effectiveFormat", {}).get("numberFormat", {})
        if "numberValue" in value and number_format.get("type") in ("DATE", "DATE_TIME"):
            return EPOCH + timedelta(seconds=round(value["numberValue"] * 86400))
        found: Shown = next(iter(value.values()), None)
        return found

    def cell(self, area: str) -> dict[str, Any]:
        """The CellData of one cell; {} for an empty one."""
        found = self.get(area)["sheets"][0]["data"][0]
        cell: dict[str, Any] = found.get("rowData", [{}])[0].get("values", [{}])[0]
        return cell

    def get(self, area: str = "") -> dict[str, Any]:
        """The spreadsheet with its grid data, apart from the adapter and from faults."""
        spreadsheet = self.server.api.store.get(self.id)
        places = [locate.a1_range(spreadsheet, area)] if area else None
        return spreadsheet_json(spreadsheet, {}, places, grid=True)

    def insert_row(self, sheet: str, before: int) -> None:
        self.server.edit(self.id, {"insert_rows": {"sheet": sheet, "at": before}})

    def write(self, *edits: Edit) -> Receipt:
        return self.workbook.write(edits, self.workbook.read())


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


@pytest.fixture
def desk(server: SheetsServer, workbook_bytes: bytes, tmp_path: Path) -> Desk:
    spreadsheet = server.load_xlsx(workbook_bytes)
    server.strict(ACCOUNT)
    server.share(spreadsheet)
    key = server.service_account(tmp_path / "compte.json")
    return Desk(server, spreadsheet, GoogleSheet(spreadsheet, key, server.url, timeout=5, patience=0.01))


class TestContract(WorkbookContract):
    """All that the port asks of any workbook."""


def refused(desk: Desk, *edits: Edit) -> WorkbookError:
    """The error of reading, or of writing these edits from a snapshot read before."""
    if edits:
        snapshot = desk.workbook.read()
        with pytest.raises(WorkbookError) as caught:
            desk.workbook.write(edits, snapshot)
    else:
        with pytest.raises(WorkbookError) as caught:
            desk.workbook.read()
    return caught.value


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

    def test_a_french_spreadsheet_reads_the_same(
        self, server: SheetsServer, desk: Desk, workbook_bytes: bytes
    ) -> None:
        french = server.load_xlsx(workbook_bytes, locale="fr_FR", timeZone="Europe/Paris")
        server.share(french)
        other = GoogleSheet(french, desk.workbook._credentials_file, server.url)
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


MOVES = {
    "sorted": {"sort": {"sheet": TAB, "column": "A", "descending": True, "header_rows": 2}},
    "a row above": {"insert_rows": {"sheet": TAB, "at": 3}},
    "a title line above": {"insert_rows": {"sheet": TAB, "at": 1}},
    "a row less": {"delete_rows": {"sheet": TAB, "at": 3}},
    "a column before": {"insert_columns": {"sheet": TAB, "at": "A"}},
    "a column between": {"insert_columns": {"sheet": TAB, "at": "C", "count": 2}},
    "a column less": {"delete_columns": {"sheet": TAB, "at": "C"}},
}


class TestPeopleAtWork:
    """Promise 3: a status lands on its row, and nothing of hers is lost, whatever moves meanwhile."""

    STATUSES: ClassVar[dict[str, Any]] = {
        "set": {"sheet": TAB, "cell": "I2", "values": [["Envoi"], ["a"], [2], ["c"], ["d"]]}
    }
    PUTS: ClassVar[list[Put]] = [
        Put(TAB, row, 9, f"pour STR-00{row - 2}", Anchor(1, f"STR-00{row - 2}")) for row in (3, 4, 5, 6)
    ]

    @pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
    def test_what_moved_is_told_and_nothing_is_covered(
        self, desk: Desk, move: dict[str, Any], workbook_bytes: bytes
    ) -> None:
        twin = desk.server.load_xlsx(workbook_bytes)  # the same sheet and people, and no write
        desk.server.edit(twin, self.STATUSES, move)
        desk.server.edit(desk.id, self.STATUSES)
        snapshot = desk.workbook.read()
        desk.server.edit(desk.id, move, before_write=1)
        receipt = desk.workbook.write(self.PUTS, snapshot)
        moved = {put.value for put, _ in receipt.misplaced}
        expected = self.by_heading(desk.server.dump(twin))
        for row in expected:
            mine = f"pour {row.get('Réf.')}"
            if mine not in moved and row.get("Réf.", "").startswith("STR"):
                row["Envoi"] = mine
        assert self.by_heading(desk.server.dump(desk.id)) == expected
        assert moved

    def by_heading(self, dump: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of the tab, each by the headings that it stands under."""
        rows = dump["sheets"][TAB]["rows"]
        headings = next(row for row in rows if "Réf." in row)
        return [{headings[c]: value for c, value in enumerate(row) if value != ""} for row in rows]

    def test_a_heading_renamed_meanwhile_moves_nothing(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        rename = {"rename_heading": {"sheet": TAB, "from": "Nom", "to": "Structure"}}
        desk.server.edit(desk.id, rename, before_write=1)
        assert desk.workbook.write(self.PUTS, snapshot) == Receipt()
        assert desk.shown(TAB, 3, 9) == "pour STR-001"

    def test_a_heading_covered_by_a_new_column_comes_back(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.edit(desk.id, {"insert_columns": {"sheet": TAB, "at": "B"}}, before_write=1)
        receipt = desk.workbook.write([AddColumn(TAB, 2, 9, Column("Envoi")), *self.PUTS], snapshot)
        assert len(receipt.misplaced) == 4
        assert desk.shown(TAB, 2, 9) == "Double"

    def test_a_tab_renamed_meanwhile_takes_nothing(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.edit(desk.id, {"rename_sheet": {"sheet": TAB, "to": "Réseau"}}, before_write=1)
        with pytest.raises(WorkbookError) as caught:
            desk.workbook.write(self.PUTS, snapshot)
        assert caught.value.temporary
        assert desk.shown("Réseau", 3, 9) is None

    def test_a_row_typed_meanwhile_stays_above_what_is_appended(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.edit(
            desk.id, {"set": {"sheet": TAB, "cell": "B7", "value": "Une de plus"}}, before_write=1
        )
        desk.workbook.write([Append(TAB, {1: "STR-005"})], snapshot)
        assert (desk.shown(TAB, 7, 2), desk.shown(TAB, 8, 1)) == ("Une de plus", "STR-005")

    def test_rows_are_appended_below_what_a_formula_spills(self, desk: Desk) -> None:
        desk.server.edit(desk.id, {"set": {"sheet": TAB, "cell": "L1", "value": "=SEQUENCE(9)"}})
        desk.write(Append(TAB, {1: "STR-005"}))
        assert desk.shown(TAB, 10, 1) == "STR-005"

    def test_two_rounds_that_add_the_same_tab_add_it_once(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        edits: list[Edit] = [AddSheet("Suivi", (Column("Quoi"),)), Append("Suivi", {1: "x"})]
        desk.workbook.write(edits, snapshot)
        with pytest.raises(WorkbookError):
            desk.workbook.write(edits, snapshot)
        assert desk.server.dump(desk.id)["sheets"]["Suivi"]["rows"] == [["Quoi"], ["x"]]


UNREADABLE_KEY = (
    '{"type": "service_account", "client_email": "a@b.example", "private_key": "x", '
    '"token_uri": "https://jeton.example/token"}'
)
EDIT = Put(TAB, 3, 12, "Envoyé")


class TestTrouble:
    """What is repeated, what is not, and what is said (`what` and `remedy`, in French)."""

    @pytest.mark.parametrize("kind", ["429", "500", "503", "html", "invalid-json", "reset", "reset-after"])
    def test_a_read_is_repeated(self, desk: Desk, kind: str) -> None:
        desk.server.fail(kind, on="read", times=2)
        assert TAB in desk.workbook.read().sheets
        assert desk.server.counts["read"] == 3

    @pytest.mark.parametrize("kind", ["429", "503"])
    def test_a_write_is_repeated_where_it_was_not_carried_out(self, desk: Desk, kind: str) -> None:
        desk.server.fail(kind, on="write", times=2)
        desk.write(Append(TAB, {1: "une fois"}))
        assert desk.server.counts["write"] == 3
        assert desk.shown(TAB, 7, 1) == "une fois"
        assert desk.shown(TAB, 8, 1) is None

    @pytest.mark.parametrize("kind", ["500", "html", "invalid-json", "reset", "reset-after", "hang"])
    def test_a_write_that_may_have_been_carried_out_is_not_repeated(self, desk: Desk, kind: str) -> None:
        desk.workbook._timeout = 0.3
        desk.server.fail(kind, on="write", seconds=2)
        error = refused(desk, Append(TAB, {1: "une fois"}))
        assert error.temporary
        assert "on ne sait pas si le classeur a été écrit" in error.what
        assert desk.server.counts["write"] == 1

    def test_nothing_listens(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.__exit__(None, None, None)
        for call in (desk.workbook.read, lambda: desk.workbook.write([EDIT], snapshot)):
            with pytest.raises(WorkbookError) as caught:
                call()
            assert caught.value.temporary
            assert "le réseau ne répond pas" in caught.value.what

    def test_repeats_end(self, desk: Desk) -> None:
        desk.server.fail("429", on="read", times=50)
        error = refused(desk)
        assert error.temporary
        assert "trop de lectures" in error.what
        assert desk.server.counts["read"] == 5

    @pytest.mark.parametrize("form", ["seconds", "date"])
    def test_retry_after_is_waited_for(self, desk: Desk, form: str) -> None:
        wait = (
            "2"
            if form == "seconds"
            else format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
        )
        desk.server.fail("429", on="read", retry_after=wait)
        begun = time.monotonic()
        desk.workbook.read()
        assert 1.5 <= time.monotonic() - begun < 10

    def test_a_long_retry_after_is_for_the_next_round(self, desk: Desk) -> None:
        desk.server.fail("429", on="read", retry_after="3600")
        assert refused(desk).temporary
        assert desk.server.counts["read"] == 1

    def test_an_expired_token_is_renewed(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.api.tokens.revoke()
        desk.workbook.write([EDIT], snapshot)
        assert desk.server.counts["token"] == 2

    def test_not_shared(self, desk: Desk) -> None:
        desk.server.api.store.get(desk.id).shared_with.clear()
        error = refused(desk)
        assert f"ajoutez {ACCOUNT} comme Éditeur" in error.remedy
        assert not error.temporary

    def test_wrong_identifier(self, desk: Desk) -> None:
        other = GoogleSheet("pas/le bon?", desk.workbook._credentials_file, desk.server.url)
        with pytest.raises(WorkbookError) as caught:
            other.read()
        assert "«\u00a0pas/le bon?\u00a0»" in caught.value.what

    def test_api_not_enabled(self, desk: Desk) -> None:
        desk.server.fail("api-disabled", on="read")
        assert "n’est pas activée" in refused(desk).what

    @pytest.mark.parametrize("place", ["key", "account"])
    def test_revoked_key(self, desk: Desk, place: str) -> None:
        if place == "key":
            desk.server.fail("invalid-grant", on="token")
        else:
            desk.server.strict("autre@project.example")
        error = refused(desk)
        assert "révoquée" in error.what
        assert ACCOUNT in error.what
        assert not error.temporary

    def test_log_in_in_trouble_is_temporary_and_writes_nothing(self, desk: Desk) -> None:
        desk.server.fail("503", on="token", times=50)
        assert refused(desk).temporary
        assert desk.server.counts["read"] == 0

    def test_a_protected_range_names_tab_and_cell(self, desk: Desk) -> None:
        desk.server.edit(desk.id, {"protect": {"sheet": TAB, "range": "L3:L4"}})
        before = desk.server.dump(desk.id)
        error = refused(desk, Put(TAB, 5, 12, "x"), EDIT)
        assert "Structures, cellule L3" in error.what
        assert ACCOUNT in error.remedy
        assert desk.server.dump(desk.id) == before

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "Il n’y a pas de clé"),
            ("{", "n’est pas une clé"),
            ("[]", "n’est pas une clé"),
            ('{"type": "authorized_user"}', "n’est pas une clé"),
            ('{"type": "service_account", "client_email": "a@b.example"}', "n’est pas une clé"),
            (UNREADABLE_KEY, "n’est pas une clé"),
            (b"\xff\xfe\x00", "n’est pas une clé"),
        ],
    )
    def test_bad_key_files(self, tmp_path: Path, content: str | bytes | None, words: str) -> None:
        key = tmp_path / "cle.json"
        if content is not None:
            key.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(WorkbookError) as caught:
            GoogleSheet("x", key, "http://127.0.0.1:9").read()
        assert words in caught.value.what
        assert str(key) in caught.value.what

    def test_a_key_file_that_is_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WorkbookError) as caught:
            GoogleSheet("x", tmp_path, "http://127.0.0.1:9").read()
        assert "ne peut pas être lue" in caught.value.what

    def test_an_answer_that_is_not_googles(self, desk: Desk) -> None:
        desk.server.fail("html", status=200, on="read", times=50)
        error = refused(desk)
        assert "ne vient pas de Google Sheets" in error.what
