"""The workflows for which the journal, or the sheet, is the older one (design §5).

The numbers of rounds tell it once, for all workflows, and any round evens them out. A round that is about
one workflow must not forget the others: it is kept in the journal until each has had its round.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from workflows.engine.journal import Journal

PAGES = "*"
"""Stands among the workflows for the pages that belong to none."""
_KEPT = ("to_believe", "to_adopt", "to_restore")


@dataclass(slots=True)
class Older:
    """Workflows by name; forgotten one by one as their round comes."""

    believe: frozenset[str]
    """The journal is missing or older than the sheet, which is believed about messages."""
    adopt: frozenset[str]
    """What stands in the program's cells is taken for its own: a journal that is gone wrote it."""
    restored: frozenset[str]
    """The sheet is older than the journal."""

    def keep(self, journal: Journal) -> None:
        """Remember all of it, before anything evens the numbers out."""
        now = {name: " ".join(sorted(them)) for name, them in zip(_KEPT, self._sets(), strict=True)}
        if any(journal.meta(name) != words for name, words in now.items()):
            journal.remember(**now, **({"notes_lost": "oui"} if self.adopt else {}))

    def believed(self, journal: Journal, done: Collection[str]) -> None:
        """The journal holds now what the sheet said of these."""
        self.believe -= frozenset(done)
        self.keep(journal)

    def written(self, journal: Journal, done: Collection[str]) -> None:
        """The program's cells of these show what the journal holds, and so does the number of the round."""
        journal.remember(written=str(journal.round_number))
        self.adopt -= frozenset(done)
        self.restored -= frozenset(done)
        self.keep(journal)

    def _sets(self) -> tuple[frozenset[str], ...]:
        return self.believe, self.adopt, self.restored


def sheet_is_older(journal: Journal, sheet_round: int) -> bool:
    """Whether the sheet is a copy of before the last write; one that failed makes none older."""
    return sheet_round < int(journal.meta("written") or journal.round_number)


def journal_is_behind(journal: Journal, sheet_round: int) -> bool:
    """Whether rounds wrote in the sheet of which the journal knows nothing."""
    return sheet_round > journal.round_number


def compare(journal: Journal, sheet_round: int, workflows: Collection[str]) -> Older:
    """What the numbers say now, and what earlier rounds left to do; changes nothing."""
    everyone, nobody = frozenset((*workflows, PAGES)), frozenset[str]()
    ahead, sheet_older = journal_is_behind(journal, sheet_round), sheet_is_older(journal, sheet_round)
    believe = everyone - {PAGES} if journal.fresh or ahead else nobody
    restored = everyone if sheet_older else nobody
    if not sheet_round:  # the number is gone, with Suivi or from it: the rest is as it was
        restored &= {PAGES}
    # No round wrote in a sheet without a number. What one did, a journal since lost had noted.
    unknown = ahead or (sheet_older and sheet_round and journal.meta("notes_lost"))
    adopt = everyone if unknown else nobody
    kept = [frozenset(journal.meta(name).split()) for name in _KEPT]
    return Older(kept[0] | believe, kept[1] | adopt, kept[2] | restored)
