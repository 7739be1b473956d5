"""Number formats: what a format makes of a number, and a cell's own style with another format."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from workflows.adapters.xlsx_markup import Damaged, Node, Splice, changed, parse, spliced, with_attributes
from workflows.core.ports import Kind

DATE = "dd/mm/yyyy"
DATETIME = "dd/mm/yyyy hh:mm"
GENERAL = "General"
EPOCH_GAP = 1462
"""Days from 30/12/1899 to 01/01/1904, the other epoch that a file may count from."""

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # of no zone really: wall-clock times are counted from it
# ECMA-376 part 1, 18.8.30; 27-36 and 50-58 are the dates and times of the East Asian versions.
_BUILT_IN_DATES = {*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58}
_BUILT_IN_TIMES = {*range(18, 22), *range(32, 36), *range(45, 48), 55, 56}
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]|General|AM/PM|A/P', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
# CT_Stylesheet fixes the order of its parts (ECMA-376 part 1, 18.8.39).
_BEFORE_DXFS = {"numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles"}

EMPTY_STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def format_kind(code: str) -> Kind:
    """DATE, TIME or NUMBER: how a number with this format code shows (ECMA-376 part 1, 18.8.31).

    Only the first section counts; quoted text, colours, locales and conditions are no date letters.
    """
    letters = _LITERALS.sub("", code).split(";")[0].lower()
    if _ELAPSED.search(letters):
        return Kind.TIME
    if re.search("[dy]|mmm", letters):
        return Kind.DATE
    if re.search("[hs]", letters):
        return Kind.TIME
    return Kind.DATE if "m" in letters else Kind.NUMBER


def serial(value: date, date_1904: bool) -> float:
    """Days since the file's epoch; a date and time is its wall-clock time, to the second."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    days = (value.replace(tzinfo=UTC, microsecond=0) - _EPOCH) / timedelta(days=1)
    return days - EPOCH_GAP if date_1904 else days


def iso_serial(text: str) -> float:
    """Days since 30/12/1899 of an ISO 8601 cell (`t="d"`, as strict files write dates)."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) / timedelta(days=1)


class Styles:
    """The styles part: what each cell style shows, and new styles added at its end when asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._root = parse(data)
        formats = self._root.first("cellXfs")
        if formats is None:
            raise Damaged("no cellXfs")
        self._formats: Node = formats
        self._xfs = [data[xf.start : xf.end] for xf in formats.named("xf")]
        self._old_xfs = len(self._xfs)
        self._kinds: dict[int, Kind] = {}
        self._codes = {
            int(node.attributes["numFmtId"]): node.attributes.get("formatCode", "")
            for node in self._root.descendants("numFmt")
        }
        self._new_codes: list[int] = []
        fonts = self._root.first("fonts")
        self._fonts = [data[font.start : font.end] for font in fonts.children] if fonts else []
        self._old_fonts = len(self._fonts)
        conditional = self._root.first("dxfs")
        self._dxfs = [data[dxf.start : dxf.end] for dxf in conditional.children] if conditional else []
        self._old_dxfs = len(self._dxfs)

    def kind(self, style: int) -> Kind:
        """NUMBER, DATE or TIME: how a number in a cell of this style shows."""
        if style not in self._kinds:
            self._kinds[style] = self._kind(style)
        return self._kinds[style]

    def formatted(self, style: int, code: str) -> int:
        """The style that is this one with another number format, and nothing else changed."""
        return self._derived(style, {"numFmtId": str(self._number(code)), "applyNumberFormat": "1"})

    def bold(self) -> int:
        """The default style in bold."""
        font = self._bold_font().encode()
        if font not in self._fonts:
            self._fonts.append(font)
        return self._derived(0, {"fontId": str(self._fonts.index(font)), "applyFont": "1"})

    def background(self, colour: str) -> int:
        """The conditional style (dxf) that fills a cell with this colour, as RRGGBB."""
        p = self._root.prefix
        fill = f'<{p}fill><{p}patternFill><{p}bgColor rgb="FF{colour}"/></{p}patternFill></{p}fill>'
        wanted = f"<{p}dxf>{fill}</{p}dxf>".encode()
        if wanted not in self._dxfs:
            self._dxfs.append(wanted)
        return self._dxfs.index(wanted)

    def data(self) -> bytes:
        """The part with what was added; byte for byte the same if nothing was."""
        splices = [*self._added_codes(), *self._added_fonts(), *self._added_dxfs()]
        if len(self._xfs) > self._old_xfs:
            xfs = b"".join(self._xfs[self._old_xfs :]).decode()
            splices += changed(self._data, self._formats, {"count": str(len(self._xfs))}, xfs)
        return spliced(self._data, splices) if splices else self._data

    def _kind(self, style: int) -> Kind:
        if not 0 <= style < len(self._xfs):
            return Kind.NUMBER
        number = int(parse(self._xfs[style]).attributes.get("numFmtId", "0"))
        if number in self._codes:
            return format_kind(self._codes[number])
        if number in _BUILT_IN_DATES:
            return Kind.DATE
        return Kind.TIME if number in _BUILT_IN_TIMES else Kind.NUMBER

    def _number(self, code: str) -> int:
        if code == GENERAL:
            return 0
        for number, known in self._codes.items():
            if known == code:
                return number
        number = max([163, *self._codes]) + 1
        self._codes[number] = code
        self._new_codes.append(number)
        return number

    def _derived(self, style: int, attributes: dict[str, str]) -> int:
        base = self._xfs[style if 0 <= style < len(self._xfs) else 0]
        wanted = with_attributes(base, attributes)
        if wanted not in self._xfs:
            self._xfs.append(wanted)
        return self._xfs.index(wanted)

    def _added_codes(self) -> list[Splice]:
        if not self._new_codes:
            return []
        prefix = self._root.prefix
        written = "".join(
            f'<{prefix}numFmt numFmtId="{number}" formatCode="{self._codes[number]}"/>'
            for number in self._new_codes
        )
        present = self._root.first("numFmts")
        if present is not None:
            count = len(present.children) + len(self._new_codes)
            return changed(self._data, present, {"count": str(count)}, written)
        whole = f'<{prefix}numFmts count="{len(self._new_codes)}">{written}</{prefix}numFmts>'
        return [(self._root.inner, self._root.inner, whole.encode())]

    def _bold_font(self) -> str:
        """The workbook's default font, in bold."""
        prefix = self._root.prefix
        inside = ""
        if self._fonts:
            font = parse(self._fonts[0])
            kept = [part for part in font.children if part.name != "b"]
            inside = "".join(self._fonts[0][part.start : part.end].decode() for part in kept)
        return f"<{prefix}font><{prefix}b/>{inside}</{prefix}font>"

    def _added_fonts(self) -> list[Splice]:
        fonts = self._root.first("fonts")
        added = b"".join(self._fonts[self._old_fonts :]).decode()
        if fonts is None or not added:
            return []
        return changed(self._data, fonts, {"count": str(len(self._fonts))}, added)

    def _added_dxfs(self) -> list[Splice]:
        added = b"".join(self._dxfs[self._old_dxfs :]).decode()
        if not added:
            return []
        count = {"count": str(len(self._dxfs))}
        present = self._root.first("dxfs")
        if present is not None:
            return changed(self._data, present, count, added)
        name = f"{self._root.prefix}dxfs"
        whole = f'<{name} count="{len(self._dxfs)}">{added}</{name}>'
        before = [node for node in self._root.children if node.name in _BEFORE_DXFS]
        return [(before[-1].end, before[-1].end, whole.encode())]
