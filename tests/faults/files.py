"""The xlsx file among people and programs: open elsewhere, replaced meanwhile, written fifty times."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.killer import Point
from tests.faults.places import Edit, FilePlace, heading_row
from tests.faults.tally import Tally
from tests.faults.world import Servers
from tests.support.workspace import SAMPLE, Workspace
from tests.support.xlsx_parts import parts, sheet_part, sheet_xml
from tests.support.xlsx_workbooks import rich_workbook
from workflows.core.tables import column_letter
from workflows.core.words import TABS

ROUNDS = 50


def libreoffice_elsewhere(path: Path) -> Path:
    lock = path.with_name(f".~lock.{path.name}#")
    lock.write_text("Anne Martin,anne,bureau-2,02.03.2027 09:12,file:///home/anne;")
    return lock


def excel(path: Path) -> Path:
    lock = path.with_name(f"~${path.name}")
    lock.write_bytes(bytes([4]) + b"Anne".ljust(54) + bytes([4, 0]) + "Anne".encode("utf-16-le"))
    return lock


def left_by_a_crash(path: Path) -> Path:
    lock = path.with_name(f".~lock.{path.name}#")
    lock.write_text(f"Anne,{getpass.getuser()},{socket.gethostname()},02.03.2027 09:12,file:///home/anne;")
    return lock


def locked(servers: Servers, point: Point | None, lock: Callable[[Path], Path], tally: Tally) -> None:
    """The file is opened before or within the round: it is not touched until it is closed again."""
    world = servers.world(4)
    hers = world.hers()
    before = world.workspace.book.read_bytes()
    if point:
        ended = world.run("passage", point=point)
        before = world.workspace.book.read_bytes()
        lock_file = lock(world.workspace.book)
        ended = servers.zygote.resume(ended) if ended.stopped else ended
    else:
        lock_file = lock(world.workspace.book)
        ended = world.run("passage")
    tally.tried += 1
    tally.interrupted += 1
    label = f"{lock.__name__} at {point}"
    left = lock is left_by_a_crash
    untouched = world.workspace.book.read_bytes() == before
    tally.expect(untouched != left, f"{label}: touched {not untouched}, {ended.err}")
    tally.expect(ended.status in (0, 1, 2) and "Traceback" not in ended.err, f"{label}: {ended.err}")
    lock_file.unlink()
    world.settle()
    world.judge(tally, label, hers, doubtful=0)


def replaced(servers: Servers, nth: int, tally: Tally) -> None:
    """Somebody saves the file at the last moment before it is replaced: her version stays."""
    world = servers.world(4)
    stopped = world.run("passage", point=Point(nth, "before xlsx_workbook.replace_file", kill=False))
    world.place.edit(Edit("set", "Structures", "Notes", 2, "tapé au dernier moment"))
    hers = world.hers()
    servers.zygote.resume(stopped)
    tally.tried += 1
    tally.interrupted += bool(stopped.stopped)
    tally.expect(world.tab("Structures")[1]["Notes"] == "tapé au dernier moment", "her last words are lost")
    world.settle()
    world.judge(tally, f"saved before replacement {nth}", hers, doubtful=0)


def fifty_rounds(servers: Servers) -> Tally:
    """A rich workbook (charts, images, validations, pivots…) after fifty rounds that each write something."""
    tally = Tally("fifty rounds on a rich workbook and on the sample")
    folder = servers.folder / "riche"
    folder.mkdir()
    for source in (rich_workbook(folder / "riche.xlsx"), SAMPLE):
        workspace = Workspace(servers.folder / f"cinquante-{source.stem}", source, delai_de_grace='"0"')
        before = parts(workspace.book)
        hours = [f"2027-03-{day:02}T{hour:02}:00" for day in (2, 3, 4, 5, 8) for hour in range(9, 19)]
        for at in hours[:ROUNDS]:
            words = ("--espace", str(workspace.folder), "--format", "json", "--le", at)
            ended = servers.zygote.run((*words, "passage", "--limite", "1"))
            tally.tried += 1
            tally.interrupted += ended.status in (0, 1)
            tally.expect("Traceback" not in ended.err, ended.err[-400:])
        after = parts(workspace.book)
        ours = {sheet_part(workspace.book, title) for title in TABS if _has(workspace.book, title)}
        known = {"xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"}
        lost = before.keys() - after.keys()
        changed = {n for n in before.keys() & after.keys() if before[n] != after[n]} - ours - known
        if lost or changed:
            tally.misplaced(f"{source.name}: lost {lost}, changed {changed}")
        for title in TABS:
            if _has(source, title) and (cells := _changed_cells(source, workspace.book, title)):
                tally.misplaced(f"{source.name}: cells of hers changed in {title}: {cells[:5]}")
    return tally


def _changed_cells(before: Path, after: Path, title: str) -> list[str]:
    """Cells under headings of hers whose XML is not what it was: value, formula, result or style."""
    tools = {column.heading for column in TABS[title].tool_columns} | {"Réf."}
    grid = FilePlace(before).grid(title)
    headings = grid[heading_row(grid)]
    hers = {column_letter(n) for n, heading in enumerate(headings, 1) if heading not in tools}
    old, new = (sheet_xml(path, title).cells for path in (before, after))
    return [ref for ref, cell in old.items() if ref.rstrip("0123456789") in hers and new.get(ref) != cell]


def _has(path: Path, title: str) -> bool:
    try:
        sheet_part(path, title)
    except StopIteration:
        return False
    return True


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    tally = Tally("xlsx: open in a program, or saved meanwhile")
    names = ("before xlsx_workbook.replace_file", "before XlsxWorkbook.write")
    points = (None, *(Point(n, name, kill=False) for n in (1, 2) for name in names))
    for point in points[:: 1 if share == 1 else 3]:
        for lock in (libreoffice_elsewhere, excel, left_by_a_crash):
            locked(servers, point, lock, tally)
    for nth in (1, 2):
        replaced(servers, nth, tally)
    yield tally
    if share == 1:
        yield fifty_rounds(servers)
