"""From when on a message is of no use, and what she is told where nothing can leave before (design §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workflows.core import french
from workflows.core.problems import Problem

HOURS = "élargissez horaires"
"""What lets more leave in time, where office hours are what holds it."""
GRACE = "réduisez delai_de_grace"


@dataclass(frozen=True, slots=True)
class Limit:
    """The moment from which on a message is of no use."""

    at: datetime
    where: str
    """The row of its campaign: what is the same for all whom it is for is said once."""
    what: str
    """« L'annulation ne partira pas à temps : la session commence le samedi 13 mars 2027 à 10 h »."""
    remedy: str
    """« Prévenez par téléphone »."""

    def missed(self, again: datetime, now: datetime, setting: str = HOURS) -> Problem | None:
        """What she has to do about a message that is held until `again`; None where that is early enough.

        `setting`: what of config/general.toml would let it leave, if anything. Instants are compared, not
        wall clocks.
        """
        if not now.timestamp() < self.at.timestamp() <= again.timestamp():
            return None
        resumes = french.soon(again, now)
        only = "qu'" if resumes.startswith("à") else "que "
        what = f"{self.what}, et les envois ne reprennent {only}{resumes}."
        besides = f", ou {setting} dans config/general.toml" if setting else ""
        return Problem(self.where, what, f"{self.remedy}{besides}.")
