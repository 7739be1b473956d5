"""The Google adapter when people move things meanwhile, and when Google or the network refuses."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.support.google_desk import TAB, Desk
from tests.support.sheets_server import ACCOUNT
from workflows.adapters.google_sheet import GoogleSheet
from workflows.core.ports import (
    AddColumn,
    AddSheet,
    Anchor,
    Append,
    Column,
    Edit,
    Put,
    Receipt,
    WorkbookError,
)


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

    def test_a_new_column_does_not_stay_above_headings_that_moved_down(self, desk: Desk) -> None:
        snapshot = desk.workbook.read()
        desk.server.edit(desk.id, {"insert_rows": {"sheet": TAB, "at": 1}}, before_write=1)
        before = desk.server.dump(desk.id)["sheets"][TAB]["rows"]
        desk.workbook.write([AddColumn(TAB, 2, 20, Column("Envoi"))], snapshot)
        after = desk.server.dump(desk.id)["sheets"][TAB]["rows"]
        assert [row for row in after if any(row)] == [row for row in before if any(row)]
        assert desk.shown(TAB, 2, 20) is None

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
        desk.workbook = GoogleSheet(desk.id, desk.key, desk.server.url, timeout=0.5)
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
        other = GoogleSheet("pas/le bon?", desk.key, desk.server.url)
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
