"""`planifier`: makes a round every so often, until asked to stop (design §3).

A ticker only: `schedule` says that some minutes have gone by, never what is due. What is due is
decided by each round from dates and the journal, so a tick that is late, early or missed loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import schedule

_NAP = 0.5
"""Seconds between two looks at the clock: how long a request to stop may wait."""


def keep_going(
    make_round: Callable[[], None],
    report: Callable[[Exception], None],
    every: timedelta,
    stop: Callable[[], bool],
) -> int:
    """Make a round now and then one per `every`; returns how many were begun once `stop` says so.

    An exception of a round goes to `report`, and the next round is made as if nothing had happened:
    left to `schedule`, it would end the loop and fire the same job again at every tick.
    """
    begun = 0

    def tick() -> None:
        nonlocal begun
        begun += 1
        try:
            make_round()
        except Exception as error:  # noqa: BLE001 - whatever it is, tomorrow's mail must leave
            report(error)

    clock = schedule.Scheduler()
    clock.every(round(every.total_seconds())).seconds.do(tick)
    clock.run_all()
    while not stop():
        time.sleep(_NAP)
        clock.run_pending()
    return begun
