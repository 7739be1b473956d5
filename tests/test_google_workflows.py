"""Training, presence and replies on a Google spreadsheet: as on the embedded workbook, in as few calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sheets_server import SheetsServer
from tests.support.workspace import CHECKOUT, SAMPLE, Workspace
from workflows.core.messages import Mode
from workflows.core.workflow import Scope, Step
from workflows.demo import ROUNDS
from workflows.engine.account import Account
from workflows.engine.prepare import Request

EXPECTED = json.loads((CHECKOUT / "tests" / "sample_expected.json").read_text("utf-8"))
SHOWN = ("Candidatures", "Inscriptions", "Présence", "Sessions", "Appels", "À rattacher")


class Twins:
    """The same sample twice: a file here, a spreadsheet behind the API there; mail into Maildirs."""

    def __init__(self, folder: Path, server: SheetsServer) -> None:
        self.server = server
        self.id = server.load_xlsx(SAMPLE, locale="fr_FR", timeZone="Europe/Paris")
        self.here, self.there = Workspace(folder / "ici", SAMPLE), Workspace(folder / "ailleurs")
        server.service_account(self.there.folder / "config" / "compte-de-service.json")
        self.there.set("classeur", type='"google"', identifiant=f'"{self.id}"', adresse_api=f'"{server.url}"')

    def round(self, at: str, scope: Scope, command: str, *, replies: bool = False) -> tuple[Account, Account]:
        """One round on each; the second one's calls are counted from its beginning."""
        request = Request(command, scope, Mode.LIVE, reads_replies=replies)
        if replies:
            for workspace in (self.here, self.there):
                workspace.office(at).lay_sample_replies()
        first = self.here.office(at).run(request)
        self.server.reset_counts()
        return first, self.there.office(at).run(request)

    def rows(self, tab: str) -> list[list[Any]]:
        found: list[list[Any]] = self.server.dump(self.id)["sheets"].get(tab, {}).get("rows", [])
        return found

    def rows_here(self, tab: str) -> list[list[Any]]:
        mirrored = self.server.load_xlsx(self.here.book)
        found: list[list[Any]] = self.server.dump(mirrored)["sheets"].get(tab, {}).get("rows", [])
        return found


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    with SheetsServer() as server:
        yield Twins(tmp_path, server)


def told(account: Account) -> tuple[Any, ...]:
    """What must be the same wherever the workbook is."""
    return account.sent, account.waiting, account.problems, account.uncertain, account.refused


def test_the_whole_demonstration_is_the_same_in_two_reads_and_two_writes(twins: Twins) -> None:
    for step in ROUNDS:
        here, there = twins.round(step.at, step.scope, step.command, replies=step.replies)
        assert told(there) == told(here), step.command
        calls = 2 if there.sent else 1
        assert twins.server.counts["read"] <= calls, step.command
        assert twins.server.counts["write"] <= calls, step.command
    for tab in SHOWN:
        assert twins.rows(tab) == twins.rows_here(tab), tab


def test_the_invitations_go_to_those_expected(twins: Twins) -> None:
    _, there = twins.round(
        "2027-03-02T10:00", Scope("formation", Step.FIRST, EXPECTED["training"]["ref"]), "formation inviter"
    )
    assert sorted(to for _, (to,) in there.sent) == sorted(EXPECTED["training"]["send"].values())


def test_the_reminders_go_to_those_expected(twins: Twins) -> None:
    _, there = twins.round(
        "2027-03-04T10:00", Scope("presence", Step.FIRST, EXPECTED["presence"]["week"]), "presence rappeler"
    )
    assert sorted(to for _, (to,) in there.sent) == sorted(EXPECTED["presence"]["send"].values())
