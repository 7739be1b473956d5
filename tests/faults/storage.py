"""The disk: journals deleted, restored, damaged; workbooks restored; no room, no right to write."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.crashes import SETTINGS, Setting, events
from tests.faults.killer import Point
from tests.faults.tally import Tally
from tests.faults.world import Servers, World
from tests.faults.zygote import Ended

Change = Callable[[World, random.Random, int], None]
"""What happens to a world's files around a round with so many steps, the round included."""
NOBODY = 65534


def journal_files(world: World) -> list[Path]:
    return sorted(world.journal.parent.glob("journal.sqlite3*"))


def keep(world: World, name: str = "copie") -> Path:
    """A copy of the journal as it lies there now, with its write-ahead log."""
    folder = world.folder / name
    folder.mkdir()
    for path in journal_files(world):
        shutil.copy2(path, folder)
    return folder


def restore(world: World, folder: Path | None, *, main_only: bool = False) -> None:
    """Put a copy back, or nothing; with `main_only`, beside the log that lies there."""
    world.journal_is_its_own = False
    for path in journal_files(world):
        if not (main_only and path.name.endswith("-wal")):
            path.unlink()
    for path in sorted(folder.iterdir()) if folder else ():
        if not main_only or path.name == "journal.sqlite3":
            shutil.copy2(path, world.journal.parent)


# What may happen to the journal; each ends right before the rounds that have to cope


def deleted_after_a_kill(world: World, generator: random.Random, steps: int) -> None:
    world.run("passage", point=Point(generator.randint(1, steps)))
    restore(world, None)


def older_after_a_kill(world: World, generator: random.Random, steps: int) -> None:
    world.run("passage", "--limite", "2")
    copy = keep(world)
    world.run("passage", point=Point(generator.randint(1, steps)))
    restore(world, copy)


def older_file_beside_the_log_of_a_kill(world: World, generator: random.Random, steps: int) -> None:
    world.run("passage", "--limite", "1")
    copy = keep(world)
    world.run("passage", "--limite", "2")
    world.run("passage", point=Point(generator.randint(1, steps)))
    restore(world, copy, main_only=True)


def older_after_the_end(world: World, generator: random.Random, steps: int) -> None:
    world.run("passage", point=Point(generator.randint(1, steps)))
    copy = keep(world)
    world.settle()
    restore(world, copy)


def copied_within_the_round(world: World, generator: random.Random, steps: int) -> None:
    stopped = world.run("passage", point=Point(generator.randint(1, steps), kill=False))
    copy = keep(world)
    if stopped.stopped:
        world.servers.zygote.resume(stopped)
    restore(world, copy)


def workbook_restored(world: World, generator: random.Random, steps: int) -> None:
    world.run("passage", "--limite", "2")
    copy = shutil.copy2(world.workspace.book, world.folder / "copie.xlsx")
    world.run("passage", point=Point(generator.randint(1, steps)))
    world.settle()
    shutil.copy2(copy, world.workspace.book)


LOST: tuple[tuple[str, Change], ...] = (
    ("journal deleted after a kill", deleted_after_a_kill),
    ("older journal put back after a kill", older_after_a_kill),
    ("older journal beside the log of a kill", older_file_beside_the_log_of_a_kill),
    ("journal of a kill put back after the end", older_after_the_end),
    ("journal copied within a round, put back after it", copied_within_the_round),
    ("workbook restored", workbook_restored),
)


def lost(servers: Servers, name: str, change: Change, runs: int, settings: tuple[Setting, ...]) -> Tally:
    """The journal or the workbook is not what it was; at most the rows « en cours » end in doubt."""
    tally = Tally(name)
    for setting in settings:
        steps = len(events(servers, setting))
        for run in range(runs):
            generator = random.Random(f"{name} {setting} {run}")
            world = setting.ready(servers)
            hers = world.hers()
            change(world, generator, steps)
            under_way = sum(r["Envoi"] in ("Envoi en cours", "À vérifier") for r in world.tab("Candidatures"))
            ended = _mended(world, world.settle())
            tally.tried += 1
            tally.interrupted += 1
            label = f"{name}, {setting}, {run}"
            tally.expect("Traceback" not in ended[-1].err, f"{label}: {ended[-1].err}")
            world.judge(tally, label, hers, doubtful=max(under_way, 1))
            world.close()
    return tally


def _mended(world: World, ended: list[Ended]) -> list[Ended]:
    """What a person does who is told that the journal is damaged or not whole: what the remedy says."""
    if ended[-1].status == 2 and "-wal" in ended[-1].err:
        for path in journal_files(world):
            if "abîmé" in ended[-1].err or path != world.journal:
                path.unlink()
        ended = world.settle()
    if ended[-1].status == 2 and "--confirmer" in ended[-1].err:
        world.run("passage", "--confirmer")
        ended = world.settle()
    return ended


def damaged(servers: Servers, runs: int) -> Tally:
    """A journal with bytes overwritten, cut, emptied: refused with a way out, never started empty."""
    tally = Tally("damaged journal")
    world = SETTINGS[0].ready(servers)
    world.settle()
    hers, whole = world.hers(), world.journal.read_bytes()
    for run in range(runs):
        broken = _broken(whole, random.Random(run), run)
        restore(world, None)
        world.journal.write_bytes(broken)
        ended = world.run("passage")
        tally.tried += 1
        refused = ended.status == 2
        tally.interrupted += refused
        told = "Traceback" not in ended.err and (not refused or "journal" in ended.err)
        tally.expect(told, f"damaged {run}: {ended.err[:300]}")
        tally.expect(world.journal.stat().st_size >= len(broken), f"damaged {run}: begun anew")
        if run < 4:
            left = world.journal.read_bytes() == broken
            tally.expect(refused and left, f"damaged {run}: not refused, or not left alone")
    restore(world, None)
    world.settle()
    world.judge(tally, "damaged", hers, doubtful=0)
    return tally


def _broken(whole: bytes, generator: random.Random, run: int) -> bytes:
    """Four sure ruins, then overwritten stretches anywhere."""
    sure = (b"", b"not a database at all" * 100, whole[: len(whole) // 2], bytes(len(whole)))
    if run < len(sure):
        return sure[run]
    broken = bytearray(whole)
    for _ in range(generator.randint(1, 8)):
        at = generator.randrange(len(whole) - 200)
        broken[at : at + 200] = generator.randbytes(200)
    return bytes(broken)


def full_disk(servers: Servers, runs: int) -> Tally:
    """No file may grow beyond a size that is hit somewhere in the round; then there is room again."""
    tally = Tally("full disk (RLIMIT_FSIZE)")
    generator = random.Random(3)
    for run in range(runs):
        setting = SETTINGS[run % 3]
        world = setting.ready(servers)
        hers = world.hers()
        if run % 2:
            world.run("passage", "--limite", "2")
        size = generator.choice((generator.randint(0, 20_000), generator.randint(20_000, 250_000)))
        ended = world.run("passage", limits={"fsize": size})
        tally.tried += 1
        tally.interrupted += ended.status == 2
        label = f"full disk at {size}, {setting}"
        tally.expect(
            ended.status in (0, 1, 2) and "Traceback" not in ended.err, f"{label}: {ended.err[-500:]}"
        )
        world.settle()
        world.judge(tally, label, hers, doubtful=1)
        world.close()
    return tally


def read_only(servers: Servers) -> Tally:
    """The workspace's folders may not be written: nothing leaves, and it says so; then they may again."""
    tally = Tally("read-only folder")
    for setting in SETTINGS[:3]:
        for begun in (False, True):
            world = setting.ready(servers)
            hers = world.hers()
            if begun:
                world.run("passage", "--limite", "2")
            before = world.accepted().total()
            with _unwritable(world):
                ended = world.run("passage", limits={"uid": NOBODY} if os.geteuid() == 0 else {})
            tally.tried += 1
            tally.interrupted += ended.status == 2
            label = f"read-only, {setting}, {begun}"
            tally.expect(ended.status == 2 and "Traceback" not in ended.err, f"{label}: {ended.err[-500:]}")
            tally.expect(world.accepted().total() == before, f"{label}: something left")
            world.settle()
            world.judge(tally, label, hers, doubtful=0)
            world.close()
    return tally


class _unwritable:  # noqa: N801 - used as a function
    """The workspace belongs to an account that may read it and change nothing."""

    def __init__(self, world: World) -> None:
        self._paths = [world.folder, *world.folder.rglob("*")]
        self._modes = {path: path.stat() for path in self._paths}

    def __enter__(self) -> None:
        for path in self._paths:
            path.chmod(0o555 if path.is_dir() else 0o444)

    def __exit__(self, *_: object) -> None:
        for path in self._paths:
            if path.exists():
                path.chmod(self._modes[path].st_mode & 0o777)


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    for name, change in LOST:
        local = SETTINGS[:1] if change is workbook_restored else SETTINGS[:3]
        yield lost(servers, name, change, max(2, round(12 * share)), local)
    yield damaged(servers, max(6, round(100 * share)))
    yield full_disk(servers, max(6, round(40 * share)))
    yield read_only(servers)
