"""The state machine on, at random: rounds, crashes, people, replies and restores in any order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.killer import Point
from tests.faults.tally import Tally
from tests.faults.world import Servers
from tests.test_state_machine import Tournee

EXAMPLES = 300


class Counted(Tournee):
    """Counts what it does."""

    tally: Tally
    crashed = False

    def crash(self, point: Point) -> None:
        super().crash(point)
        self.crashed = True

    def rest(self) -> None:
        super().rest()
        self.tally.messages += self.sent().total()
        self.tally.interrupted += self.crashed
        self.tally.tried += 1


def tallies(_servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    Counted.tally = tally = Tally("rounds, crashes, people, replies and restores in any order, xlsx, maildir")
    bounds = settings(
        max_examples=round(EXAMPLES * share), stateful_step_count=16, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    with redirect_stdout(StringIO()) as steps:  # where Hypothesis prints the shortest way there
        try:
            run_state_machine_as_test(Counted, settings=bounds)
        except AssertionError as error:
            notes = getattr(error, "__notes__", ())
            tally.details.append("\n".join([str(error), *notes, steps.getvalue()]))
    yield tally
