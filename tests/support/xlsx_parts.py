"""Compare two xlsx files part by part, as XML and not as a spreadsheet library sees them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Difference:
    """Names of parts that one file has and the other has not, or that hold other bytes."""

    lost: set[str]
    new: set[str]
    changed: set[str]


def difference(before: Path, after: Path) -> Difference:
    """The parts that differ, byte for byte."""
    old, new = parts(before), parts(after)
    return Difference(
        lost=old.keys() - new.keys(),
        new=new.keys() - old.keys(),
        changed={name for name in old.keys() & new.keys() if old[name] != new[name]},
    )


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def sheet_part(path: Path, title: str) -> str:
    """The name of the part that holds this tab."""
    held = parts(path)
    book = ElementTree.fromstring(held["xl/workbook.xml"])
    relation = next(
        value
        for sheet in book.iter(f"{MAIN}sheet")
        if sheet.get("name") == title
        for key, value in sheet.items()
        if key.endswith("}id")
    )
    relations = ElementTree.fromstring(held["xl/_rels/workbook.xml.rels"])
    target = next(node.get("Target", "") for node in relations if node.get("Id") == relation)
    return "xl/" + target.removeprefix("/xl/")


@dataclass(frozen=True)
class SheetXml:
    """A worksheet part taken to pieces, each in canonical form."""

    cells: dict[str, str]
    """Whole cell elements by reference: value, formula, stored result, style and all."""
    rows: dict[str, dict[str, str]]
    """The attributes of the row elements by number."""
    rest: dict[str, list[str]]
    """Everything but the cells, by element name."""


def sheet_xml(path: Path, title: str) -> SheetXml:
    root = ElementTree.fromstring(parts(path)[sheet_part(path, title)])
    data = root.find(f"{MAIN}sheetData")
    assert data is not None
    rest: dict[str, list[str]] = {}
    for child in root:
        if child is not data:
            rest.setdefault(child.tag.rpartition("}")[2], []).append(_canonical(child))
    return SheetXml(
        cells={cell.attrib["r"]: _canonical(cell) for row in data for cell in row},
        rows={row.attrib["r"]: dict(row.attrib) for row in data},
        rest=rest,
    )


def changed_cells(before: SheetXml, after: SheetXml) -> set[str]:
    """References of the cells that are not the same element in both."""
    places = before.cells.keys() | after.cells.keys()
    return {place for place in places if before.cells.get(place) != after.cells.get(place)}


def _canonical(element: ElementTree.Element) -> str:
    return ElementTree.canonicalize(ElementTree.tostring(element))
