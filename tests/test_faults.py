"""A part of the fault harness, the same at each run; `make faults` makes all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import crashes, files, people, sending, sheets, storage, together
from tests.faults.tally import Tally
from tests.faults.world import Servers, servers
from tests.support.smtp_server import SmtpServer


@pytest.fixture(scope="module")
def all_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder: Path = tmp_path_factory.mktemp("faults")
    with servers(folder) as made:
        yield made


def nothing_wrong(tally: Tally, hit: int) -> None:
    """No double, no loss, no wrong row, and the fault was met at least so often."""
    assert tally.details == []
    assert tally.interrupted >= hit


@pytest.mark.parametrize("setting", crashes.SETTINGS, ids=lambda setting: setting.words)
def test_a_kill_anywhere_doubles_and_loses_nothing(all_servers: Servers, setting: crashes.Setting) -> None:
    tally = crashes.at_every_step(all_servers, setting, every=53, first=1 + len(setting.words) % 53)
    nothing_wrong(tally, hit=tally.tried)
    nothing_wrong(crashes.at_random(all_servers, setting, 2), hit=1)


@pytest.mark.parametrize(("name", "change"), storage.LOST, ids=[name for name, _ in storage.LOST])
def test_a_journal_or_workbook_that_is_not_the_newest(
    all_servers: Servers, name: str, change: storage.Change
) -> None:
    nothing_wrong(storage.lost(all_servers, name, change, 2, crashes.SETTINGS[:1]), hit=2)


def test_a_damaged_journal_is_refused_with_a_way_out(all_servers: Servers) -> None:
    nothing_wrong(storage.damaged(all_servers, 8), hit=4)


def test_a_full_disk_costs_nothing_but_time(all_servers: Servers) -> None:
    nothing_wrong(storage.full_disk(all_servers, 6), hit=1)


def test_a_mail_server_that_misbehaves(all_servers: Servers) -> None:
    tally = Tally("SMTP")
    for case in list(sending.cases())[::9]:
        sending.one_case(all_servers, case, tally)
    nothing_wrong(tally, hit=6)


def test_a_server_that_puts_off_is_asked_ever_more_rarely(all_servers: Servers) -> None:
    nothing_wrong(sending.growing_delay(all_servers), hit=4)


def test_a_sheets_api_that_misbehaves(all_servers: Servers) -> None:
    tally = Tally("Sheets")
    for case in list(sheets.cases())[::17]:
        sheets.one_case(all_servers, case, tally)
    nothing_wrong(tally, hit=6)
    nothing_wrong(sheets.protected(all_servers), hit=2)


@pytest.mark.parametrize("book", ["google", "xlsx"])
def test_people_at_work_during_a_round(all_servers: Servers, book: str) -> None:
    tally = Tally(book)
    with SmtpServer() as server:
        for seed in range(5):
            people.one(all_servers, server, tally, "google" if book == "google" else "xlsx", seed)
    nothing_wrong(tally, hit=3)


def test_two_rounds_at_once(all_servers: Servers) -> None:
    nothing_wrong(together.two_rounds(all_servers, crashes.SETTINGS[0], 20), hit=2)
    nothing_wrong(together.second_machine(all_servers, 3), hit=2)


def test_a_file_that_is_open_or_saved_meanwhile(all_servers: Servers) -> None:
    for tally in files.tallies(all_servers, 0.3):
        nothing_wrong(tally, hit=4)
