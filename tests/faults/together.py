"""Two rounds at once, and two machines on one spreadsheet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tests.faults.crashes import SETTINGS, Setting
from tests.faults.killer import Point
from tests.faults.tally import Tally
from tests.faults.world import Servers

UNDER_WAY = 75


def two_rounds(servers: Servers, setting: Setting, every: int) -> Tally:
    """A second process comes while the first stands at a step: it leaves with 75, and the first goes on."""
    tally = Tally(f"a second round during the first, {setting.book}, {setting.mail}")
    steps = setting.ready(servers).run("passage").events
    locked = [n for n, event in enumerate(steps, 1) if "Journal" in event.name or "Transport" in event.name]
    for nth in locked[::every]:
        world = setting.ready(servers)
        hers = world.hers()
        first = world.run("passage", point=Point(nth, kill=False))
        second = world.run("passage")
        third = world.run("appel", "lancer", "2027-1", "--oui", "--reel")
        tally.tried += 1
        tally.interrupted += bool(first.stopped)
        for ended in (second, third):
            tally.expect(ended.status == UNDER_WAY, f"step {nth}: the other left with {ended.status}")
        if first.stopped:
            servers.zygote.resume(first)
        world.settle()
        world.judge(tally, f"two rounds, step {nth}", hers, doubtful=0)
        world.close()
    return tally


def second_machine(servers: Servers, runs: int) -> Tally:
    """A machine without a journal takes over a spreadsheet, between rounds and after a kill."""
    tally = Tally("a second machine with an empty journal, one after the other")
    setting = SETTINGS[1]
    steps = len(setting.ready(servers).run("passage").events)
    for run in range(runs):
        world = setting.ready(servers)
        hers = world.hers()
        world.run("passage", "--limite", "2")
        killed = world.run("passage", point=Point(1 + run * steps // runs)).killed if run % 2 else False
        under_way = sum(row["Envoi"] == "Envoi en cours" for row in world.tab("Candidatures"))
        shutil.rmtree(world.folder / "donnees")
        world.settle()
        tally.tried += 1
        tally.interrupted += killed or not run % 2
        world.judge(tally, f"second machine {run}", hers, doubtful=under_way)
        world.close()
    return tally


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    every = max(1, round(4 / share))
    for setting in SETTINGS[:2]:
        yield two_rounds(servers, setting, every)
    yield second_machine(servers, max(3, round(30 * share)))
