"""One line of `verifier`, and what its marks mean together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Mark(Enum):
    """How a line of the checkup ended."""

    GOOD = "✓"
    """In order; the remedy, if there is one, is a hint that can be left."""
    NOTE = "!"
    """To be mended by a person; the rest goes on."""
    BAD = "✗"
    """Nothing can leave, or not rightly, until it is mended."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checkup."""

    mark: Mark
    what: str
    remedy: str = ""


def exit_status(checks: Iterable[Check]) -> int:
    """0 when all is in order, 1 with something to mend, 2 with something that stops (design §3)."""
    severity = (Mark.GOOD, Mark.NOTE, Mark.BAD)
    return max((severity.index(check.mark) for check in checks), default=0)
