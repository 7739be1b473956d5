"""Two machines on one spreadsheet: a lease in the spreadsheet lets one work (local server only)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.sheets_server import SheetsServer
from tests.support.workspace import SAMPLE, TUESDAY, Workspace
from workflows.adapters import google_lease
from workflows.adapters.google_lease import METADATA_ID, Lease
from workflows.adapters.google_sheet import GoogleSheet
from workflows.core.ports import Put, WorkbookError


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


class Machines:
    """Any number of machines that share one spreadsheet."""

    def __init__(self, server: SheetsServer, folder: Path) -> None:
        self.server = server
        self.id = server.load_xlsx(SAMPLE)
        self.key = server.service_account(folder / "cle.json")

    def machine(self, name: str) -> GoogleSheet:
        return GoogleSheet(self.id, self.key, self.server.url, timeout=5, patience=0.01, holder=name)

    def metadata(self) -> list[dict[str, Any]]:
        return [m for m in self.server.api.store.get(self.id).metadata if m["metadataId"] == METADATA_ID]

    def set_lease(self, holder: str, until: datetime) -> None:
        for one in self.metadata():
            one["metadataValue"] = f"{holder}|{until.isoformat()}"


@pytest.fixture
def machines(server: SheetsServer, tmp_path: Path) -> Machines:
    return Machines(server, tmp_path)


def mark(sheet: GoogleSheet, text: str) -> None:
    """Read, reserve and write, as a round does before it sends."""
    snapshot = sheet.read()
    sheet.reserve()
    sheet.write([Put("Appels", 20, 1, text)], snapshot)


def test_it_is_taken_and_given_back_with_the_rounds_own_writes(machines: Machines) -> None:
    one = machines.machine("un")
    machines.server.reset_counts()
    mark(one, "essai")
    assert one.reserved()
    assert len(machines.metadata()) == 1
    snapshot = one.read()
    one.release()
    one.write([Put("Appels", 20, 1, "fini")], snapshot)
    assert machines.metadata() == []
    assert not one.reserved()
    assert machines.server.counts["write"] == 2
    assert machines.server.counts["read"] == 2


def test_a_second_machine_sends_nothing_meanwhile(machines: Machines) -> None:
    mark(machines.machine("un"), "un")
    with pytest.raises(WorkbookError, match="autre machine") as caught:
        mark(machines.machine("deux"), "deux")
    assert caught.value.temporary
    other = machines.machine("trois")
    other.read()
    with pytest.raises(WorkbookError, match="autre machine"):
        other.check_write()


def test_of_two_that_read_at_the_same_time_one_wins(machines: Machines) -> None:
    one, two = machines.machine("un"), machines.machine("deux")
    first, second = one.read(), two.read()
    one.reserve()
    two.reserve()
    one.write([Put("Appels", 20, 1, "un")], first)
    with pytest.raises(WorkbookError):
        two.write([Put("Appels", 20, 1, "deux")], second)
    assert not two.reserved()
    assert one.read().sheets["Appels"].cell(20, 1).value == "un"


def test_of_two_that_take_over_an_expired_one_one_wins(machines: Machines) -> None:
    mark(machines.machine("zéro"), "zéro")
    machines.set_lease("zéro", datetime.now(UTC) - timedelta(seconds=5))
    one, two = machines.machine("un"), machines.machine("deux")
    first, second = one.read(), two.read()
    one.reserve()
    two.reserve()
    two.write([Put("Appels", 20, 1, "deux")], second)
    with pytest.raises(WorkbookError):
        one.write([Put("Appels", 20, 1, "un")], first)
    assert two.reserved()
    assert not one.reserved()


def test_the_same_machine_goes_on_after_a_crash(machines: Machines) -> None:
    mark(machines.machine("un"), "avant")
    mark(machines.machine("un"), "après")
    assert len(machines.metadata()) == 1


def test_it_is_renewed_in_time_and_not_more_than_once_a_minute(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = machines.machine("un")
    clock = {"now": 1000.0}
    monkeypatch.setattr(f"{google_lease.__name__}.monotonic", lambda: clock["now"])
    mark(one, "long")
    machines.server.reset_counts()
    for _ in range(24):
        clock["now"] += 10
        assert one.reserved()
    assert machines.server.counts["write"] == 1
    machines.server.fail("503", on="write", times=50)
    clock["now"] += 200
    machines.server.reset_counts()
    for _ in range(5):
        clock["now"] += 10
        one.reserved()
    assert len([entry for entry in machines.server.log if entry["kind"] == "write"]) <= 5
    clock["now"] += 200
    assert not one.reserved()


def test_a_lease_that_cannot_be_read_is_taken_over() -> None:
    lease = Lease("un", seen="n'importe quoi")
    lease.hear(datetime(2027, 3, 2, 9, tzinfo=UTC))
    requests, value = lease.taking()
    kinds = [next(iter(request)) for request in requests]
    assert kinds == ["deleteDeveloperMetadata", "createDeveloperMetadata"]
    assert value == "un|2027-03-02T09:05:00+00:00"


def test_two_workspaces_send_once_between_them(server: SheetsServer, tmp_path: Path) -> None:
    spreadsheet = server.load_xlsx(SAMPLE)
    spaces = []
    for name in ("ici", "ailleurs"):
        space = Workspace(tmp_path / name)
        server.service_account(tmp_path / name / "config" / "compte-de-service.json")
        space.set("classeur", type='"google"', identifiant=f'"{spreadsheet}"', adresse_api=f'"{server.url}"')
        spaces.append(space)
    here, there = spaces
    assert len(here.launch(TUESDAY).sent) == 45
    assert there.launch("2027-03-02T10:05").sent == []
    held = server.api.store.get(spreadsheet).metadata
    assert [m for m in held if m["metadataId"] == METADATA_ID] == []
