"""What every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.answering import by_structure
from tests.support.certificates import Authority
from tests.support.google_desk import Desk, open_desk
from tests.support.sheets_server import SheetsServer
from tests.support.workspace import Workspace, small
from tests.support.xlsx_workbooks import plain_workbook

# A shared machine may be slow for a moment: no deadline, so that an example fails only for what it says.
settings.register_profile("tournee", deadline=None)
settings.load_profile("tournee")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that no client trusts by itself."""
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Six structures that got the announcement on 2 March 2027."""
    made = Workspace(tmp_path, small(6), delai_de_grace='"0"')
    made.launch()
    return made


@pytest.fixture
def mails(workspace: Workspace) -> dict[str, EmailMessage]:
    """The announcement that each got, by its `Réf.`."""
    return by_structure(workspace)


@pytest.fixture(scope="module")
def workbook_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The plain workbook, to be loaded into the Sheets server."""
    return plain_workbook(tmp_path_factory.mktemp("xlsx") / "classeur.xlsx").read_bytes()


@pytest.fixture
def desk(workbook_bytes: bytes, tmp_path: Path) -> Iterator[Desk]:
    """That workbook on the Sheets server."""
    with SheetsServer() as server:
        yield open_desk(server, workbook_bytes, tmp_path)
