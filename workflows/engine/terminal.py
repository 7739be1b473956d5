"""Lines that fit a terminal: width, colours where there are any, tables that fold when it is narrow."""

from __future__ import annotations

import re
import shutil
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

_GAP, _USUAL_WIDTH = 2, 80
_MARKS = {"✓": "32", "!": "33", "✗": "31"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would move the cursor or turn the writing direction, in words that came from elsewhere."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Where lines are shown: `width` in columns (0: as wide as it takes), and whether colours are."""

    width: int = 0
    colour: bool = False

    def mark(self, sign: str, words: str) -> str:
        """These words in the sign's colour: ✓ green, ! yellow, ✗ red."""
        return self._in(_MARKS[sign], words)

    def strong(self, words: str) -> str:
        """A title or a count."""
        return self._in("1", words)

    def _in(self, code: str, words: str) -> str:
        return f"\x1b[{code}m{words}\x1b[0m" if self.colour and words else words

    def fold(self, words: str, indent: int = 0, hang: int = 0) -> list[str]:
        """The words as lines within the width, `indent` before the first, `hang` more before the others.

        A word that is longer than the line (an address, a path) stays whole.
        """
        words = _CONTROL.sub(" ", words)
        first, rest = " " * indent, " " * (indent + hang)
        if not self.width:
            return [first + words]
        return textwrap.wrap(
            words,
            max(self.width, indent + hang + 1),
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]

    def item(self, sign: str, words: str) -> list[str]:
        """« ✓ La configuration est lue. », folded beside its sign."""
        first, *rest = self.fold(f"{sign} {words}", hang=len(sign) + 1)
        return [self.mark(sign, sign) + first[len(sign) :], *rest]

    def table(self, rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
        """Rows in aligned columns, the last one folded; where that is too wide, cells one below another."""
        clean = [[_CONTROL.sub(" ", cell) for cell in row] for row in rows]
        *widths, _ = [max(map(columns, column)) for column in zip(*clean, strict=True)] or [0]
        before = indent + sum(widths) + _GAP * len(widths)
        longest = max((columns(word) for row in clean for word in row[-1].split(" ")), default=0)
        if self.width and before + longest > self.width:
            return [line for row in clean for line in self._stacked(row, indent)]
        return [line for row in clean for line in self._aligned(row, widths, indent, before)]

    def _stacked(self, row: Sequence[str], indent: int) -> list[str]:
        first, *others = row
        below = [line for cell in others if cell for line in self.fold(cell, indent + 2, 2)]
        return [*self.fold(first, indent, 2), *below]

    def _aligned(self, row: Sequence[str], widths: Sequence[int], indent: int, before: int) -> list[str]:
        *cells, last = row
        head = "".join(
            cell + " " * (width - columns(cell) + _GAP) for cell, width in zip(cells, widths, strict=True)
        )
        first, *rest = self.fold(last, before)
        return [(" " * indent + head + first[before:]).rstrip(" "), *rest]


PLAIN = Screen()


def screen_of(stream: TextIO, environ: Mapping[str, str]) -> Screen:
    """The screen behind a standard stream, with colours where it has some (https://no-color.org).

    A pipe is as wide as it takes, unless COLUMNS asks for less than the 80 that it holds by habit.
    """
    terminal = stream.isatty()
    columns = shutil.get_terminal_size((0, 0)).columns
    colour = terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return Screen(columns if terminal or columns < _USUAL_WIDTH else 0, colour)


def progress(done: int, total: int, width: int) -> str:
    """« [████····] 12/45 », to be written over the line before it."""
    count = f" {done}/{total}"
    room = max(4, min(30, (width or _USUAL_WIDTH) - len(count) - 5))
    filled = room * done // max(total, 1)
    return f"\r  [{'█' * filled}{'·' * (room - filled)}]{count}"


def columns(words: str) -> int:
    """How many columns of a terminal the words take: two for wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words
    )
