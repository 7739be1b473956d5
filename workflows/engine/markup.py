"""From a filled-in template to a plain text and to HTML (design §5, Mail). Pure.

The markup is a small part of Markdown: paragraphs, line breaks, `- ` lists, `**bold**`,
`[text](address)` and bare web addresses. What comes from cells is never read as markup nor as
HTML: it travels *hidden*, spelled in private-use characters, and is put in at the very end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

_OPEN, _CLOSE, _BYTE = "\ue000", "\ue001", 0xE100
_HIDDEN = re.compile(f"{_OPEN}([\ue100-\ue1ff]*){_CLOSE}")
_LINE_BREAK = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
    r"\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
"""Control and direction characters, halves of characters, and those that hide values."""

_WEB = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_TARGET = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
_INLINE = re.compile(
    r"\*\*(?P<bold>[^\n]+?)\*\*"
    r"|\[\[(?P<button>[^\[\]\n]+)\]\]\((?P<reply>[^()\s]*)\)"
    r"|\[(?P<label>[^\[\]\n]+)\]\((?P<target>[^()\s]*)\)"
    r"|(?P<web>https?://[^\s<>«»\"]*[^\s<>«»\".,;:!?)\]*])"
)
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


@dataclass(frozen=True, slots=True)
class Bold:
    inside: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Link:
    inside: tuple[Node, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Button:
    """A link that looks like a button, « [[Oui]](mailto:…) »."""

    label: str
    target: str


Node = str | Bold | Link | Button


def clean(value: str) -> str:
    """Line breaks as newlines, tabs as spaces, and nothing that cannot be seen."""
    return _UNSEEN.sub("", _LINE_BREAK.sub("\n", value).replace("\t", " "))


def one_line(value: str) -> str:
    """The same on one line, each run of white space one space (a no-break space stays one)."""
    return re.sub(r"[ \n]+", " ", clean(value)).strip()


def hide(value: str) -> str:
    """The value spelled so that no markup, no typography and no escaping can touch it."""
    if not value:
        return ""
    spelled = "".join(chr(_BYTE + byte) for byte in value.encode())
    return f"{_OPEN}{spelled}{_CLOSE}"


def reveal(source: str, show: Callable[[str], str]) -> str:
    """`source` with each hidden value put back as `show` gives it."""
    return _HIDDEN.sub(lambda found: show(_spelled(found[1])), source)


def _spelled(hidden: str) -> str:
    return bytes(ord(character) - _BYTE for character in hidden).decode()


def tidy(source: str) -> str:
    """One blank line at most between paragraphs, none at the ends, no space at the ends of lines."""
    lines = "\n".join(line.rstrip(" ") for line in source.splitlines())
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def to_text(source: str) -> str:
    """Plain text: links as « text : address », bold marks dropped, values as they are."""
    return "\n".join(_text(_parse(line)) for line in source.split("\n")) + "\n"


def to_html(source: str, colour: str) -> str:
    """Paragraphs and lists with inline styles, links in this colour, values escaped."""
    return "\n".join(_block(block, colour) for block in source.split("\n\n"))


def _parse(source: str) -> tuple[Node, ...]:
    nodes: list[Node] = []
    end = 0
    for found in _INLINE.finditer(source):
        nodes.append(source[end : found.start()])
        end = found.end()
        if found["bold"]:
            nodes.append(Bold(_parse(found["bold"])))
        elif found["button"]:
            target = reveal(found["reply"], str)
            nodes.append(Button(found["button"], target) if _TARGET.fullmatch(target) else found["button"])
        elif found["web"]:
            nodes.append(_link((found["web"],), found["web"]))
        else:
            nodes.append(_link(_parse(found["label"]), found["target"]))
    return (*nodes, source[end:])


def _link(inside: tuple[Node, ...], target: str) -> Node:
    """A link to a web or mail address; anything else is the text alone."""
    address = reveal(target, str).strip()
    return Link(inside, address) if _TARGET.fullmatch(address) else Link(inside, "")


def _text(nodes: tuple[Node, ...]) -> str:
    return "".join(map(_node_text, nodes))


def _node_text(node: Node) -> str:
    if isinstance(node, str):
        return reveal(node, str)
    if isinstance(node, Button):
        return f"{reveal(node.label, str)}\u00a0: {node.target}"
    inside = _text(node.inside)
    if isinstance(node, Bold) or node.target in ("", inside):
        return inside
    return f"{inside}\u00a0: {node.target}"


def _block(block: str, colour: str) -> str:
    """A paragraph, with the lists that stand in it."""
    parts: list[str] = []
    lines: list[str] = []
    items: list[str] = []
    for line in [*block.split("\n"), ""]:
        item = line.startswith("- ")
        if lines and (item or not line):
            parts.append('<p style="margin:0 0 16px">' + "<br>\n".join(lines) + "</p>")
            lines = []
        if items and not item:
            inner = "\n".join(f"<li>{each}</li>" for each in items)
            parts.append(f'<ul style="margin:0 0 16px;padding-left:24px">\n{inner}\n</ul>')
            items = []
        if line:
            (items if item else lines).append(_html(_parse(line[2:] if item else line), colour))
    return "\n".join(parts)


def _html(nodes: tuple[Node, ...], colour: str, *, linked: bool = False) -> str:
    return "".join(_node_html(node, colour, linked) for node in nodes)


def _node_html(node: Node, colour: str, linked: bool) -> str:
    if isinstance(node, str):
        return reveal(escape(node, quote=False), lambda value: _value_html(value, colour, linked))
    if isinstance(node, Button):
        return (
            f'<a href="{escape(node.target)}" style="display:inline-block;margin:4px 0;padding:10px 24px;'
            f"border-radius:4px;background-color:{colour};color:#ffffff;font-weight:bold;"
            f'text-decoration:none">{escape(reveal(node.label, str))}</a>'
        )
    if isinstance(node, Bold):
        return f"<strong>{_html(node.inside, colour, linked=linked)}</strong>"
    if not node.target or linked:
        return _html(node.inside, colour, linked=linked)
    return _anchor(node.target, _html(node.inside, colour, linked=True), colour)


def _value_html(value: str, colour: str, linked: bool) -> str:
    if not linked and _WEB.fullmatch(value):
        return _anchor(value, escape(value, quote=False), colour)
    return escape(value, quote=False).replace("\n", "<br>\n")


def _anchor(target: str, inside: str, colour: str) -> str:
    return f'<a href="{escape(target)}" style="color:{colour}">{inside}</a>'
