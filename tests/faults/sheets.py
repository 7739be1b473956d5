"""The Sheets API that refuses, hangs, breaks off and answers nonsense, at each call of a round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.tally import Tally
from tests.faults.world import Servers, World
from tests.faults.zygote import Ended

READS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("the read", {"on": "read"}),
    ("the mark", {"on": "write"}),
    ("the second read", {"on": "read", "skip": 1}),
    ("the last write", {"on": "write", "skip": 1}),
)
KINDS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    *((code, {}) for code in ("401", "403", "404", "429", "500", "503")),
    ("429", {"retry_after": "1"}),
    ("429", {"retry_after": "3600"}),
    ("503", {"retry_after": "Tue, 02 Mar 2027 09:00:00 GMT"}),
    ("500", {"applied": True}),
    ("html", {}),
    ("html", {"applied": True}),
    ("html", {"status": 200}),
    ("invalid-json", {}),
    ("big", {}),
    ("hang", {"seconds": 3.0}),
    ("reset", {}),
    ("reset-after", {}),
    ("api-disabled", {}),
)
FOR_EVER = 50
UNSAFE = {"500", "html", "invalid-json", "hang", "reset", "reset-after", "big"}
"""After these a write may have been made: it is not repeated."""


@dataclass(frozen=True)
class Case:
    """One kind of trouble at one call of the round, once or for the whole round."""

    call: str
    place: Mapping[str, Any]
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1

    @property
    def label(self) -> str:
        options = "".join(f" {name}={value}" for name, value in self.options.items())
        return f"{self.kind}{options} at {self.call}{', for ever' if self.times > 1 else ''}"


def cases() -> Iterator[Case]:
    for call, place in READS:
        for kind, options in KINDS:
            yield Case(call, place, kind, options)
            if kind not in ("hang", "big"):
                yield Case(call, place, kind, options, FOR_EVER)
    yield Case("the log-in", {"on": "token"}, "invalid-grant")
    yield Case("the log-in", {"on": "token"}, "503", times=FOR_EVER)


def one_case(servers: Servers, case: Case, tally: Tally) -> None:
    """A round that meets the trouble, then rounds without."""
    sheets = servers.sheets
    world = servers.world(3, "google")
    hers = world.hers()
    sheets.reset_counts()
    sheets.fail(case.kind, times=case.times, **case.place, **case.options)
    first = world.run("passage")
    tally.tried += 1
    tally.interrupted += not sheets.faults.pending or sheets.faults.pending[0].times < case.times
    sheets.faults.clear()
    _judge_first(tally, case, first, world)
    world.settle()
    world.judge(tally, case.label, hers, doubtful=0)
    world.close()


def _judge_first(tally: Tally, case: Case, ended: Ended, world: World) -> None:
    left = world.accepted().total()
    before_sending = case.call in ("the read", "the mark", "the log-in")
    label = f"{case.label}: status {ended.status}, {left} left"
    tally.expect(ended.status in (0, 1, 2) and "Traceback" not in ended.err, f"{label} {ended.err[-600:]}")
    if ended.status == 2 and before_sending:
        tally.expect(left == 0, label)
        tally.expect(bool(ended.json["error"]["remedy"]), f"{label}: no remedy")
    else:
        tally.expect(left == 3, label)
    counts = world.servers.sheets.counts
    reads, writes = counts["read"], counts["write"]
    tally.expect(reads <= 2 * 5 and writes <= 2 * 5, f"{label}: {counts}")
    if case.place["on"] == "write" and case.kind in UNSAFE:
        tally.expect(writes <= 2, f"{label}: repeated what may have been done: {counts}")


def protected(servers: Servers) -> Tally:
    """A protected range rejects the mark or the last write, and is named; then the protection is lifted."""
    tally = Tally("Sheets: a protected range")
    for before_write in (1, 2):
        world = servers.world(3, "google")
        world.run("passage", "--limite", "1")
        hers = world.hers()
        edit = {"protect": {"sheet": "Candidatures", "range": "F1:G50"}}
        servers.sheets.edit(world.id, edit, before_write=before_write)
        ended = world.run("passage")
        tally.tried += 1
        tally.interrupted += 1
        tally.expect("Candidatures, cellule" in ended.out, f"not named: {ended.out}")
        with servers.sheets.api.store.edit(world.id) as spreadsheet:
            sheet = spreadsheet.titled("Candidatures")
            assert sheet is not None
            sheet.parts["protectedRanges"] = []
        world.settle()
        world.judge(tally, f"protected {before_write}", hers, doubtful=0)
    return tally


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    tally = Tally("Sheets: every call of a round, every kind of trouble")
    for case in list(cases())[:: max(1, round(1 / share))]:
        one_case(servers, case, tally)
    yield tally
    yield protected(servers)
