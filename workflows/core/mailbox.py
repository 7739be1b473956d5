"""A name and an address, as a configuration file gives them (RFC 5322, 3.4, its common part)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workflows.core.parsers import text
from workflows.core.ports import Cell, Kind
from workflows.core.rows import Unreadable, addresses
from workflows.core.schema import Refused

_ALONE = 'Écrivez une seule adresse, sans accent, comme "prenom.nom@asso.example".'
_WITH_NAME = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`name` may be empty; neither holds a line break, so neither can add a header."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def address(value: object) -> str:
    """One address, alone, as a cell may hold it; empty stays empty."""
    read = text(value)
    if not read:
        return ""
    try:
        found = addresses(Cell(read, Kind.TEXT))
    except Unreadable as unreadable:
        raise Refused(unreadable.what, _ALONE) from None
    if len(found) > 1:
        raise Refused("Il y a plusieurs adresses.", _ALONE)
    return found[0]


def mailbox(value: object) -> Mailbox:
    """« Nom <adresse> », or an address alone."""
    read = text(value)
    found = _WITH_NAME.fullmatch(read)
    name, written = (found["name"], found["address"]) if found else ("", read)
    if not written.strip():
        raise Refused("L'adresse manque.", 'Écrivez par exemple "Coordination <coordination@asso.example>".')
    return Mailbox(name.strip().strip('"').strip(), address(written))


def mailbox_or_none(value: object) -> Mailbox | None:
    """As `mailbox`; None when nothing is written."""
    return mailbox(value) if text(value) else None
