"""Kills: at every named step of a round, and at random moments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.killer import Event, Point
from tests.faults.tally import Tally
from tests.faults.world import ANNOUNCEMENT, FOLLOW_UP, START, Book, Mail, Servers, World
from tests.support.smtp_server import SmtpServer
from tests.support.workspace import SAMPLE, TUESDAY, Workspace

SAMPLE_DUE = 45
"""Structures of the sample whose announcement is due."""
FOLLOW_UP_DAY = START.replace(day=17)


@dataclass(frozen=True)
class Setting:
    """Where a round is killed: on which workbook and mail, and in which round of a call's life."""

    book: Book
    mail: Mail
    step: str = ANNOUNCEMENT

    @property
    def words(self) -> str:
        which = "first" if self.step == ANNOUNCEMENT else "follow-up"
        return f"killed in the {which} round, {self.book}, {self.mail}"

    def ready(self, servers: Servers, structures: int = 5) -> World:
        """A world in which the next `passage` has something to send to everyone."""
        world = servers.world(structures, self.book, self.mail)
        if self.step == FOLLOW_UP:
            world.settle()
            world.at = FOLLOW_UP_DAY
        return world


SETTINGS = (
    Setting("xlsx", "smtp"),
    Setting("google", "smtp"),
    Setting("xlsx", "maildir"),
    Setting("xlsx", "smtp", FOLLOW_UP),
    Setting("google", "smtp", FOLLOW_UP),
)


def events(servers: Servers, setting: Setting) -> tuple[Event, ...]:
    """The steps of a round that nothing disturbs, in order."""
    world = setting.ready(servers)
    ended = world.run("passage")
    assert ended.status == 0, ended.out + ended.err
    world.close()
    return ended.events


def at_every_step(servers: Servers, setting: Setting, every: int = 1, first: int = 1) -> Tally:
    """One kill at each `every`-th step of the round, then rounds until all is done."""
    tally = Tally(setting.words + ", at every step")
    steps = events(servers, setting)
    for nth in range(first, len(steps) + 1, every):
        world = setting.ready(servers)
        hers = world.hers()
        ended = world.run("passage", point=Point(nth))
        _judge(world, tally, f"{setting} {nth} {steps[nth - 1].name}", hers, int(ended.killed))
    return tally


def at_random(servers: Servers, setting: Setting, runs: int, seed: int = 1) -> Tally:
    """Kills at moments that no step marks: up to three in a row, at random times."""
    tally = Tally(setting.words + ", at random moments")
    generator = random.Random(f"{seed} {setting}")
    steps = events(servers, setting)
    lasts = steps[-1].at - steps[0].at + 0.02
    for run in range(runs):
        world = setting.ready(servers)
        hers = world.hers()
        kills = 0
        for _ in range(generator.randint(1, 3)):
            kills += world.run("passage", delay=generator.uniform(0, lasts)).killed
        _judge(world, tally, f"{setting} random {run}", hers, kills)
    return tally


def _judge(
    world: World, tally: Tally, label: str, hers: dict[str, list[tuple[object, ...]]], kills: int
) -> None:
    step = FOLLOW_UP if world.at.day >= FOLLOW_UP_DAY.day else ANNOUNCEMENT
    tally.tried += 1
    tally.interrupted += bool(kills)
    world.settle()
    world.judge(tally, label, hers, doubtful=kills, step=step)
    world.close()


def on_the_sample(servers: Servers, runs: int) -> Tally:
    """The same at random moments on the sample workbook, whose launch is typed again until it ends."""
    tally = Tally("killed while launching on the sample, xlsx, smtp, at random moments")
    generator = random.Random(5)
    for run in range(runs):
        with SmtpServer() as server:
            workspace = Workspace(servers.folder / f"sample-{run}", SAMPLE)
            workspace.smtp(server.port)
            words = ("--espace", str(workspace.folder), "--format", "json", "--le", TUESDAY)
            launch = (*words, "appel", "lancer", "2027-1", "--reel", "--oui")
            kills = sum(
                servers.zygote.run(launch, delay=generator.uniform(0, 1.2)).killed
                for _ in range(generator.randint(1, 3))
            )
            ended = [servers.zygote.run(launch) for _ in range(2)]
            tally.tried += 1
            tally.interrupted += bool(kills)
            tally.expect(ended[-1].json["sent"] == [], f"sample {run}: still sending")
            _judge_sample(tally, f"sample {run}", workspace, server, kills)
    return tally


def _judge_sample(tally: Tally, label: str, workspace: Workspace, server: SmtpServer, kills: int) -> None:
    got = Counter(a for m in server.accepted for a in m.recipients if a.endswith("structures.example"))
    tally.messages += got.total()
    for address, count in got.items():
        if count > 1:
            tally.double(f"{label}: {address} {count} times")
    rows = workspace.tab("Candidatures")
    states = Counter(row["Envoi"] for row in rows)
    tally.doubtful += states["À vérifier"]
    if states["À vérifier"] > kills or states["Envoyé"] + states["À vérifier"] != SAMPLE_DUE:
        tally.loss(f"{label}: {states}, {kills} kills")
    for row in rows:
        if row["Envoi"] == "Envoyé" and not all(got[a] for a in str(row["Courriel"]).split(" ; ")):
            tally.loss(f"{label}: {row['Structure']} shows Envoyé, which nobody accepted")


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part: every step of a first round by SMTP, every fifth of the others."""
    for number, setting in enumerate(SETTINGS):
        every = max(1, round((1 if number < 2 else 5) / share))
        yield at_every_step(servers, setting, every, 1 + number % every)
        yield at_random(servers, setting, max(2, round(25 * share)))
    yield on_the_sample(servers, max(2, round(25 * share)))
