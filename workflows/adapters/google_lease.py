"""One machine at a time on a spreadsheet: a lease kept in the spreadsheet itself.

It is developer metadata with a fixed id, which is unique in a spreadsheet (Sheets API v4,
DeveloperMetadata): its value names the holder and the expiry. It is taken and given back in the round's
own writes. Creating it where it stands already fails, and the whole write with it; taking over an expired
one deletes exactly the value that was read, so of two machines one wins. Time is Google's: the `Date` of
its last answer, carried on by a monotonic clock.

Checked against the local server only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from workflows.core.ports import WorkbookError

JSON = dict[str, Any]

METADATA_ID = 412_018_041
KEY = "tournee-bail"
LENGTH = timedelta(minutes=5)
RENEWED_BEFORE = timedelta(minutes=2)
"""A lease with less than this left is renewed: about every three minutes."""
PAUSE = 60.0
"""Seconds between two attempts to renew."""


@dataclass(slots=True)
class Lease:
    """What this machine, `holder`, knows of the spreadsheet's lease."""

    holder: str
    seen: str = ""
    """The value that stood in the spreadsheet when it was last read or written; empty: none."""
    _date: datetime | None = None
    _date_at: float = 0.0
    _tried_at: float = float("-inf")

    def hear(self, date: datetime | None) -> None:
        """Set the clock by Google's answer."""
        if date is not None:
            self._date, self._date_at = date, monotonic()

    def read(self, answer: JSON) -> None:
        """Note the lease that an answer of spreadsheets.get shows."""
        found = [m for m in answer.get("developerMetadata", []) if m.get("metadataId") == METADATA_ID]
        self.seen = found[0].get("metadataValue", "") if found else ""

    def taking(self) -> tuple[list[JSON], str]:
        """Requests that take or renew the lease, and the value that it then has.

        Raises WorkbookError while another machine holds it.
        """
        holder, _, until = self.seen.partition("|")
        if self.seen and holder != self.holder and self._left(until) > timedelta(0):
            raise WorkbookError(
                "Une autre machine fait en ce moment la tournée de ce classeur : rien n'est parti d'ici.",
                "Laissez-la finir : le prochain passage reprendra. Une seule machine doit s'en charger.",
                temporary=True,
            )
        value = f"{self.holder}|{(self._now() + LENGTH).isoformat(timespec='seconds')}"
        return [*self._deleting(), _creating(value)], value

    def giving_back(self) -> list[JSON]:
        """Requests that end this machine's lease."""
        return self._deleting() if self.seen.startswith(f"{self.holder}|") else []

    def holds(self, renew: Callable[[], None]) -> bool:
        """Whether the lease is still this machine's; `renew` is called in time, at most once a minute.

        `renew` may raise WorkbookError: the lease then holds until its expiry.
        """
        if not self.seen.startswith(f"{self.holder}|"):
            return False
        left = self._left(self.seen.partition("|")[2])
        if left < RENEWED_BEFORE and monotonic() - self._tried_at >= PAUSE:
            self._tried_at = monotonic()
            try:
                renew()
            except WorkbookError:
                return left > timedelta(0)
            left = self._left(self.seen.partition("|")[2])
        return left > timedelta(0)

    def _now(self) -> datetime:
        if self._date is None:
            raise WorkbookError("Google n'a pas donné l'heure.", "Relancez plus tard.", temporary=True)
        return self._date + timedelta(seconds=monotonic() - self._date_at)

    def _left(self, until: str) -> timedelta:
        try:
            return datetime.fromisoformat(until) - self._now()
        except (ValueError, TypeError):
            return timedelta(0)

    def _deleting(self) -> list[JSON]:
        if not self.seen:
            return []
        lookup = {"metadataId": METADATA_ID, "metadataValue": self.seen}
        return [{"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}]


def _creating(value: str) -> JSON:
    metadata = {
        "metadataId": METADATA_ID,
        "metadataKey": KEY,
        "metadataValue": value,
        "location": {"spreadsheet": True},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}
