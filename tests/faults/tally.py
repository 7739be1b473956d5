"""What was tried, and what went wrong: counted, never estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Tally:
    """One line of the table in docs/reliability.md."""

    what: str
    tried: int = 0
    interrupted: int = 0
    """Runs that the fault really hit: a kill that came after the end is none."""
    messages: int = 0
    """Messages that the servers accepted."""
    doubles: int = 0
    losses: int = 0
    """Due messages that neither left nor are shown as doubtful, and rows that say what is not so."""
    wrong: int = 0
    """Statuses on a wrong row, cells of hers that changed."""
    doubtful: int = 0
    """Rows that ended as « À vérifier »."""
    details: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.doubles or self.losses or self.wrong or self.details)

    def double(self, detail: str) -> None:
        self.doubles += 1
        self.details.append(f"double: {detail}")

    def loss(self, detail: str) -> None:
        self.losses += 1
        self.details.append(f"loss: {detail}")

    def misplaced(self, detail: str) -> None:
        self.wrong += 1
        self.details.append(f"wrong: {detail}")

    def expect(self, met: bool, detail: str) -> None:
        """Something else that must hold."""
        if not met:
            self.details.append(detail)


HEADINGS = (
    "what",
    "tried",
    "hit",
    "accepted",
    "doubles",
    "losses",
    "wrong rows",
    "left in doubt",
    "failures",
)


def table(tallies: Sequence[Tally]) -> list[str]:
    """The tallies as a Markdown table, the sums last."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|" + "---:|" * (len(HEADINGS) - 1)]
    total = Tally("**all**")
    for tally in tallies:
        lines.append(_line(tally))
        for name in ("tried", "interrupted", "messages", "doubles", "losses", "wrong", "doubtful"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
        total.details += tally.details
    return [*lines, _line(total)]


def _line(tally: Tally) -> str:
    counts = (
        tally.tried, tally.interrupted, tally.messages, tally.doubles, tally.losses, tally.wrong,
        tally.doubtful, len(tally.details),
    )  # fmt: skip
    return f"| {tally.what} | " + " | ".join(f"{count}" for count in counts) + " |"
