"""An HTML mail as the plain text that a person sees of it.

Quotations become lines that begin with « > », as in plain mail, and the marks that mail programs put
before what they quote or sign become the lines that plain mail has for them.

The standard library's HTMLParser takes quadratic time on some unclosed marks; this reads once, forward.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from workflows.core.replies.phrases import bag

ORIGINAL = "-----Message d'origine-----"
SIGNATURE = "-- "

_BLOCKS = bag(
    "p div br tr table li ul ol h1 h2 h3 h4 h5 h6 hr blockquote section article header footer pre center "
    "dt dd dl body"
)
_SKIPPED = frozenset({"style", "script", "head", "title", "template", "noscript"})
_VOID = bag("br hr img meta link input col wbr area base")
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]{0,30})")
_QUOTED_MARK = re.compile(
    r"divrplyfwdmsg|appendonsend|olk_src_body_section|yahoo_quoted|ydp[a-z0-9]{1,12}yahoo_quoted"
    r"|zmail_extra|__quoted_text__"
    r"|reply-intro|moz-cite-prefix-end|mail-editor-reference-message-container|protonmail_quote"
)
_SIGNED_MARK = re.compile(
    r"gmail_signature|ms-outlook-mobile-signature|moz-signature|protonmail_signature|__sig_|bloop_sign"
    r"|id=[\"']?(?:x_)?signature\b"
)
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_MAX_DEPTH = 20


@dataclass
class _Page:
    """The text so far and where the reading stands in the page."""

    lines: list[str] = field(default_factory=lambda: [""])
    depth: int = 0
    open: list[tuple[str, bool, int]] = field(default_factory=list)
    """Open elements: name, whether it hides what it holds, quotation depth outside it."""
    hidden: int = 0

    def words(self, text: str) -> None:
        if not self.hidden:
            flat = _SPACES.sub(" ", html.unescape(text))
            self.lines[-1] += flat.lstrip(" ") if not self._begun() else flat

    def _begun(self) -> bool:
        return bool(self.lines[-1].strip("> "))

    def line(self) -> None:
        if not self.hidden:
            self.lines.append("> " * min(self.depth, _MAX_DEPTH))

    def mark(self, text: str) -> None:
        if not self.hidden:
            self.lines += [text, "> " * min(self.depth, _MAX_DEPTH)]


def html_text(source: str) -> str:
    """The visible text, quotations marked with « > »; never raises, in time linear in the source."""
    page = _Page()
    at = 0
    while at < len(source):
        start = source.find("<", at)
        if start < 0:
            page.words(source[at:])
            break
        page.words(source[at:start])
        at = _markup(page, source, start)
    return "\n".join(line.rstrip() if line != SIGNATURE else line for line in page.lines)


def _markup(page: _Page, source: str, start: int) -> int:
    """Take in the mark at `start`; where the text goes on."""
    if source.startswith("<!--", start):
        end = source.find("-->", start)
        return end + 3 if end >= 0 else len(source)
    end = source.find(">", start)
    if end < 0:
        return len(source)
    found = _TAG.match(source, start + 1)
    if found:
        name = found[2].lower()
        if found[1]:
            _close(page, name)
        else:
            _open(page, name, source[start : min(end, start + 2000)].lower())
    elif source[start + 1] not in "!?/":
        page.words("<")
        return start + 1
    return end + 1


def _open(page: _Page, name: str, tag: str) -> None:
    if _QUOTED_MARK.search(tag):
        page.mark(ORIGINAL)
    elif _SIGNED_MARK.search(tag):
        page.mark(SIGNATURE)
    hides = name in _SKIPPED or bool(_HIDDEN.search(tag))
    if name not in _VOID and not tag.endswith("/"):
        page.open.append((name, hides, page.depth))
        page.hidden += hides
    if name == "blockquote":
        page.depth += 1
    if name in _BLOCKS:
        page.line()
    elif name in {"td", "th"}:
        page.words(" ")


def _close(page: _Page, name: str) -> None:
    """Close the nearest open element of this name and what was left open inside it."""
    for back in range(1, min(len(page.open), 60) + 1):
        if page.open[-back][0] == name:
            for _, hides, depth in reversed(page.open[-back:]):
                page.hidden -= hides
                page.depth = depth
            del page.open[-back:]
            break
    if name in _BLOCKS:
        page.line()
