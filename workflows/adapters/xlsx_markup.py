"""XML parts edited in place: a scan that knows where each element's bytes are, and splices.

Serialising a parsed part would rewrite prefixes, quotes and spacing, and lose what the parser does
not keep. Here the bytes of an edit change and no other. No validation, no schema: callers know it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

Splice = tuple[int, int, bytes]
"""From this byte to that one (excluded), these bytes instead."""

_START_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_DECLARED_ENCODING = re.compile(r"""^(<\?xml[^>]*?)\s+encoding=("[^"]*"|'[^']*')""")


class Damaged(Exception):
    """The package or one of its parts is not what the format says (ECMA-376)."""


@dataclass(slots=True, eq=False)
class Node:
    """One element: `start` is its `<`, `inner` follows its start tag, `close` is its end tag's `<`,
    `end` follows it all. For `<a/>`, inner = close = end. Names are as written, prefix included."""

    tag: str
    attributes: dict[str, str]
    start: int
    inner: int
    close: int = 0
    end: int = 0
    text: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.tag.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """« x: » where the part writes `<x:worksheet>`, empty where the namespace is the default one."""
        return self.tag[: len(self.tag) - len(self.name)]

    def named(self, name: str) -> list[Node]:
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)

    def descendants(self, name: str) -> Iterable[Node]:
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.descendants(name)

    def relation(self) -> str:
        """The value of `r:id`, whatever its prefix; empty when there is none."""
        return next((value for key, value in self.attributes.items() if key.endswith(":id")), "")


class TreeBuilder:
    """expat's handlers for a tree of Nodes; subclasses take over where a tree would be too much."""

    def __init__(self, data: bytes, depth: int = 100) -> None:
        """Elements deeper than `depth` (the root's is 1) are passed over, for speed."""
        self.data = data
        self._deepest = depth
        self._passed = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.root: Node | None = None
        self._open: list[Node] = []

    def run(self) -> Node:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise Damaged(f"XML: {error}") from error
        if self.root is None:
            raise Damaged("empty part")
        return self.root

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) == self._deepest:
            self._passed += 1
            return
        node = Node(tag, attributes, self.parser.CurrentByteIndex, self.after_tag())
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def finish(self, _tag: str) -> None:
        if self._passed:
            self._passed -= 1
            return
        node = self._open.pop()
        node.close, node.end = self.bounds(node.inner)

    def characters(self, text: str) -> None:
        if self._open and not self._passed:
            self._open[-1].text += text

    def after_tag(self) -> int:
        """Where the start tag that is being handled ends."""
        match = _START_TAG.match(self.data, self.parser.CurrentByteIndex)
        if match is None:
            raise Damaged("start tag")
        return match.end()

    def bounds(self, inner: int) -> tuple[int, int]:
        """Start and end of the end tag that is being handled, for an element whose inside starts there."""
        if self.data[inner - 2 : inner] == b"/>":
            return inner, inner
        close = self.parser.CurrentByteIndex
        return close, self.data.index(b">", close) + 1

    def _doctype(self, *_: object) -> None:
        raise Damaged("DOCTYPE")


def parse(data: bytes, depth: int = 100) -> Node:
    """The tree of a part or of one whole element cut from it, down to this depth. Raises Damaged."""
    return TreeBuilder(data, depth).run()


def as_utf8(data: bytes) -> bytes:
    """A UTF-16 part as UTF-8, so that splices may be written in it; any other unchanged."""
    if data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return data
    try:
        return _DECLARED_ENCODING.sub(r"\1", data.decode("utf-16")).encode()
    except UnicodeError as error:
        raise Damaged("UTF-16") from error


def spliced(data: bytes, splices: Iterable[Splice]) -> bytes:
    """The data with all splices made; those at one place stay in the order given."""
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in sorted(splices, key=lambda splice: splice[:2]):
        pieces += (data[position:start], replacement)
        position = end
    return b"".join((*pieces, data[position:]))


def changed(
    data: bytes, node: Node, attributes: Mapping[str, str] | None = None, appended: str = ""
) -> list[Splice]:
    """Splices that set attributes of an element and add to the end of what it holds."""
    tag = data[node.start : node.inner]
    for name, value in (attributes or {}).items():
        tag = _with_attribute(tag, name, value)
    if not appended:
        return [(node.start, node.inner, tag)]
    if node.inner == node.end:
        whole = tag[:-2].rstrip() + b">" + appended.encode() + f"</{node.tag}>".encode()
        return [(node.start, node.end, whole)]
    return [(node.start, node.inner, tag), (node.close, node.close, appended.encode())]


def with_attributes(element: bytes, attributes: Mapping[str, str]) -> bytes:
    """One element's bytes with these attributes set on it."""
    return spliced(element, changed(element, parse(element), attributes))


def _with_attribute(tag: bytes, name: str, value: str) -> bytes:
    written = f"{name}={quoteattr(value)}".encode()
    present = re.compile(rb"""(?<=\s)%s\s*=\s*("[^"]*"|'[^']*')""" % re.escape(name).encode())
    if present.search(tag):
        return present.sub(lambda _: written, tag, count=1)
    end = -2 if tag.endswith(b"/>") else -1
    return tag[:end].rstrip() + b" " + written + tag[end:]


_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
CELL_LIMIT = 32_767
"""UTF-16 units that a cell may hold."""


def cell_text(value: str) -> str:
    """Text as XML content of a cell: what XML cannot hold removed, cut at a cell's limit, escaped."""
    kept = _ILLEGAL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    if len(kept) * 2 > CELL_LIMIT:
        kept = kept.encode("utf-16-le")[: CELL_LIMIT * 2].decode("utf-16-le", "ignore")
    return escape(_ESCAPE.sub(lambda match: "_x005F" + match.group(), kept))


def plain_text(written: str) -> str:
    """A cell's text as people see it: `_x000D_` and its like (ECMA-376, ST_Xstring) undone."""
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), written) if "_x" in written else written
