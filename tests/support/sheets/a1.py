"""A1 notation and grid ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CORNER = re.compile(r"^\$?([A-Za-z]{0,3})\$?([0-9]*)$")
_R1C1 = re.compile(r"^R(\d+)C(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of cells: from 0, ends excluded; None where a side is open."""

    top: int | None = None
    bottom: int | None = None
    left: int | None = None
    right: int | None = None

    def within(self, rows: int, columns: int) -> Box:
        """This box closed and cut by a grid of that size."""
        return Box(
            self.top or 0,
            rows if self.bottom is None else min(self.bottom, rows),
            self.left or 0,
            columns if self.right is None else min(self.right, columns),
        )

    @property
    def sides(self) -> tuple[int, int, int, int]:
        """top, bottom, left, right of a closed box."""
        return self.top or 0, self.bottom or 0, self.left or 0, self.right or 0


def column_name(index: int) -> str:
    """0 → A, 26 → AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_index(name: str) -> int:
    """A → 0, AA → 26."""
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def quoted(title: str) -> str:
    """A tab's title as it stands before `!`."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", title)
    if plain and not re.fullmatch(r"[A-Za-z]{1,3}[0-9]+", title) and not _R1C1.match(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def label(box: Box) -> str:
    """A closed box in A1 notation; a single cell is named once."""
    top, bottom, left, right = box.sides
    first = f"{column_name(left)}{top + 1}"
    last = f"{column_name(right - 1)}{bottom}"
    return first if first == last else f"{first}:{last}"


def parse_box(text: str) -> Box | None:
    """The box of `A1`, `A1:B2`, `A:C`, `2:5`, `A5:A`, `R1C1:R2C2`; None if it is none of these."""
    parts = text.split(":")
    if len(parts) > 2:
        return None
    corners = [_corner(part) for part in parts]
    if any(corner is None for corner in corners):
        return None
    found = [corner for corner in corners if corner is not None]
    if len(found) == 1:
        row, column = found[0]
        if row is None or column is None:
            return None
        return Box(row, row + 1, column, column + 1)
    return _box(*found)


def _corner(text: str) -> tuple[int | None, int | None] | None:
    numeric = _R1C1.match(text)
    if numeric:
        return int(numeric[1]) - 1, int(numeric[2]) - 1
    match = _CORNER.match(text)
    if not match or not (match[1] or match[2]) or match[2].startswith("0"):
        return None
    return (int(match[2]) - 1 if match[2] else None), (column_index(match[1]) if match[1] else None)


def _box(first: tuple[int | None, int | None], last: tuple[int | None, int | None]) -> Box:
    top, bottom = _span(first[0], last[0])
    left, right = _span(first[1], last[1])
    return Box(top, bottom, left, right)


def _span(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """Start and end (excluded) of one side; `A5:A` runs from row 5 on, whichever end names the row."""
    if first is None or last is None:
        return (first if first is not None else last), None
    return min(first, last), max(first, last) + 1


def split(text: str) -> tuple[str | None, str]:
    """Tab title (None if not given) and the rest: `'It''s'!A1` → It's, A1."""
    match = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL)
    if match:
        return match[1].replace("''", "'"), match[2] or ""
    title, mark, rest = text.rpartition("!")
    return (title, rest) if mark else (None, text)
