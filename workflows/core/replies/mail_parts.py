"""A mail's bytes → its headers, its texts, the parts that machines write; nothing is opened or trusted.

Header values and texts are plain: no control character, no invisible or direction-changing sign.
"""

from __future__ import annotations

import codecs
import email
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from itertools import islice

from workflows.core.replies.mail_html import html_text
from workflows.core.replies.phrases import bag

MAX_BYTES = 1_000_000
"""What is read of a mail; text stands before attachments."""
MAX_TEXT = 200_000
"""Characters kept of one text part."""
MAX_PARTS = 200
MAX_HEADERS = 500
_MAX_HEADER = 4_000
BROKEN = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError, OverflowError)
"""What the standard library's mail package raises on some malformed mail."""

_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:@]{1,128}@[^\s<>()\[\]\",;:@]{1,255}")
_ANGLE = re.compile(r"<\s*([^\s<>()\[\]\",;:@]{1,128}@[^\s<>()\[\]\",;:@]{1,255})\s*>")
_MESSAGE_ID = re.compile(r"<[^\s<>]{1,400}>")
_CODECS = ("utf", "iso8859", "cp12", "cp85", "cp437", "mac", "latin", "ascii", "koi8", "windows")
_MOJIBAKE = re.compile("Ã[\x80-\xbf\u0152-\u2122]|â€|Â[\xa0-\xbf]")
_OVERRIDES = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as read. `parts` are its leaves and its attached messages, in order."""

    headers: tuple[tuple[str, str], ...]
    parts: tuple[Message, ...]
    attachments: int
    whole: bool
    """The mail was not longer than what is read of one."""

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for header, value in self.headers if header == name.lower())

    def get(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def sender(self) -> str:
        return address(self.get("from"))

    @property
    def date(self) -> datetime | None:
        return sent_at(self.get("date"))

    def of_type(self, *types: str) -> tuple[Message, ...]:
        return tuple(part for part in self.parts if content_type(part) in types)

    @property
    def plain(self) -> str:
        """The text parts, one below the other."""
        return "\n".join(filter(None, (text_of(part) for part in self._bodies("text/plain"))))

    @property
    def html(self) -> str:
        """The HTML parts as text."""
        return "\n".join(html_text(text_of(part)) for part in self._bodies("text/html"))

    @property
    def body(self) -> str:
        """What the writer wrote: the plain text, or the HTML where there is none."""
        return self.plain if self.plain.strip() else self.html

    def _bodies(self, kind: str) -> Iterator[Message]:
        return (part for part in self.of_type(kind) if not _is_attached(part))


def parse(raw: bytes) -> Mail:
    """Read the bytes of one mail; what is malformed is left out. Never raises."""
    head = raw[:MAX_BYTES]
    try:
        message = email.message_from_bytes(head, policy=policy.compat32)
        parts = tuple(_leaves(message))
    except BROKEN:
        return Mail(_headers_alone(head), (), 0, whole=False)
    beyond = raw[MAX_BYTES:].lower().count(b"\ncontent-disposition: attachment")
    attached = sum(map(_is_attached, parts)) + beyond
    return Mail(headers_of(message), parts, attached, whole=len(raw) <= MAX_BYTES)


def headers_of(message: Message) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), decoded(value)) for name, value in islice(message.raw_items(), MAX_HEADERS))


def _headers_alone(head: bytes) -> tuple[tuple[str, str], ...]:
    top = re.split(rb"\r?\n\r?\n", head[:65_536], maxsplit=1)[0].decode("utf-8", "replace")
    lines = re.sub(r"\r?\n[ \t]+", " ", top).splitlines()
    pairs = (line.partition(":") for line in lines[:500])
    return tuple((name.strip().lower(), decoded(value)) for name, sign, value in pairs if sign)


def _leaves(message: Message) -> Iterator[Message]:
    """Leaf parts and attached messages; what is inside an attached message is not the writer's."""
    todo = [message]
    seen = 0
    while todo and seen < MAX_PARTS:
        part = todo.pop()
        seen += 1
        inside = part.get_payload()
        if part.is_multipart() and isinstance(inside, list) and part.get_content_maintype() != "message":
            todo.extend(inner for inner in reversed(inside) if isinstance(inner, Message))
        else:
            yield part


def content_type(part: Message) -> str:
    try:
        return part.get_content_type()
    except BROKEN:
        return "application/octet-stream"


def parameter(part: Message, name: str) -> str:
    """A parameter of Content-Type, in lower case; empty when missing."""
    try:
        value = part.get_param(name)
        return value.lower() if isinstance(value, str) else ""
    except BROKEN:
        return ""


_MACHINE = bag(
    "message/delivery-status message/disposition-notification text/rfc822-headers message/feedback-report "
    "message/global-delivery-status message/global-headers application/pgp-signature text/calendar "
    "application/pkcs7-signature application/x-pkcs7-signature application/ics"
)


def _is_attached(part: Message) -> bool:
    disposition = str(part.get("content-disposition", "")).strip().lower()
    kind = content_type(part)
    if kind in _MACHINE:
        return False
    if disposition.startswith("attachment") or kind.startswith("message/"):
        return True
    if kind in {"text/plain", "text/html"}:
        return disposition.startswith("inline") and "filename" in disposition
    return not (kind.startswith("image/") and part.get("content-id"))


def text_of(part: Message) -> str:
    """A part's text, whatever its charset claims to be; at most `MAX_TEXT` characters."""
    text = decode(_content(part)[: MAX_TEXT * 4], parameter(part, "charset"))[:MAX_TEXT]
    return plain(text.replace("\r\n", "\n").replace("\r", "\n"))


def _content(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except BROKEN:
        return b""
    return content if isinstance(content, bytes) else b""


def decode(content: bytes, charset: str) -> str:
    """Text from bytes: valid UTF-8 is UTF-8 whatever was declared; a text encoded twice is mended."""
    text = _decode_once(content, _codec(charset))
    if _MOJIBAKE.search(text):
        try:
            return text.encode("cp1252").decode("utf-8")
        except UnicodeError:
            return text
    return text


def _decode_once(content: bytes, codec: str) -> str:
    for name in (codec, "cp1252") if codec.startswith(("utf-16", "utf-32", "utf-7")) else ("utf-8", codec):
        try:
            return content.decode(name)
        except UnicodeError:
            continue
    return content.decode("cp1252", "replace")


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip()).name
    except (LookupError, ValueError):
        return "cp1252"
    return name if name.startswith(_CODECS) and name not in {"iso8859-1", "ascii"} else "cp1252"


def decoded(value: str) -> str:
    """A header's value with its encoded words read (RFC 2047), on one line."""
    text = value[:_MAX_HEADER].encode("utf-8", "surrogateescape")
    shown = decode(text, "")
    if "=?" in shown:
        shown = _encoded_words(shown)
    return " ".join(plain(shown).split())


def _encoded_words(shown: str) -> str:
    try:
        pieces = decode_header(shown)
    except (*BROKEN, email.errors.MessageError):
        return shown
    return "".join(p if isinstance(p, str) else decode(p, charset or "") for p, charset in pieces)


def plain(text: str) -> str:
    """Without control characters, invisible signs and marks of direction; line ends and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in _UNSEEN)
    return unicodedata.normalize("NFC", "".join(kept))


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def turned_around(mail: Mail) -> bool:
    """Whether the text holds marks that make it look other than it is (Unicode bidi overrides)."""
    texts = (
        _content(part)[:MAX_TEXT].decode("utf-8", "ignore")
        for part in mail.of_type("text/plain", "text/html")
    )
    return any(not _OVERRIDES.isdisjoint(text) for text in texts)


def address(header: str) -> str:
    """The one address of a From or Return-Path header, in lower case; empty when there is none."""
    found = _ANGLE.findall(header) or _ADDRESS.findall(header)
    return str(found[-1]).strip("'.").lower() if found else ""


def addresses(text: str) -> tuple[str, ...]:
    """All addresses in a text, in lower case, each once."""
    return tuple(dict.fromkeys(a.strip("'\u201c\u201d«».*").lower() for a in _ADDRESS.findall(text)))


def message_ids(header: str) -> tuple[str, ...]:
    """The `<…@…>` of a header."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(header)))


def sent_at(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except (*BROKEN, IndexError):
        return None
