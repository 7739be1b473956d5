"""A person's data: shown, exported, erased from journal and mail folders, and purged when it is old."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workspace import TUESDAY, Workspace, small

ADDRESS = "s2@structures.example"


@pytest.fixture
def launched(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path, small(3))
    workspace.launch(TUESDAY)
    return workspace


def traces(workspace: Workspace, address: str = ADDRESS) -> list[Path]:
    """Files of the journal and the mail folders that still hold the address."""
    files = [p for p in (workspace.folder / "donnees").rglob("*") if p.is_file() and p.suffix != ".xlsx"]
    return [path for path in files if address.encode() in path.read_bytes()]


def test_it_is_shown_first_and_kept_without_a_yes(launched: Workspace) -> None:
    ran = launched.run("effacer", ADDRESS, form="texte")
    assert ran.status == 2
    assert "appel:2027-1:STR-002:annonce" in ran.out
    assert traces(launched)


def test_it_is_exported_and_erased_everywhere(launched: Workspace) -> None:
    ran = launched.run("effacer", ADDRESS.upper(), "--oui")
    assert ran.status == 0
    assert [m["key"] for m in ran.json["export"]["messages"]] == ["appel:2027-1:STR-002:annonce"]
    assert traces(launched) == []
    assert len(launched.mails()) == 2
    assert traces(launched, "s1@structures.example")


def test_what_was_erased_is_never_written_to_again(launched: Workspace) -> None:
    launched.run("effacer", ADDRESS, "--oui")
    account = launched.launch("2027-03-02T11:00")
    assert account.sent == []
    launched.put("Structures", {"Réf.": "STR-003"}, Courriel=ADDRESS)
    launched.put("Structures", {"Réf.": "STR-002"}, Courriel="autre@structures.example")
    later = launched.round("2027-03-16T10:00")
    assert ADDRESS not in {address for _, to in later.sent for address in to}


def test_what_is_old_is_purged_once_a_day(launched: Workspace) -> None:
    launched.put("Appels", {"Réf.": "2027-1"}, Commande="Clos")
    launched.round("2030-02-26T10:00")
    assert launched.office().held(ADDRESS)["messages"]
    launched.round("2030-03-04T10:00")
    assert launched.office().held(ADDRESS)["messages"] == []
    assert launched.round("2030-03-04T11:00").sent == []
