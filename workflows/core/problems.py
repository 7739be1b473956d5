"""What is wrong and what to do about it, always as plain French sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing a person has to mend; the rest of the sheet goes on.

    `where` names file and key, or tab, row and column (« Structures, ligne 12, Courriel »);
    `what` and `remedy` are one sentence each.
    """

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}\u00a0: {self.what} {self.remedy}"


class TourneeError(Exception):
    """The round cannot be right, so it does not run: shown to her as it is, exit status 2."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy
