"""Signed references: the subject of a prepared reply says, unforgeably, what it answers and how.

A button of a mail opens a reply whose subject ends in « [oui appel:2027-1:STR-007:annonce #k3j9…] »:
the choice, the message's key and an HMAC-SHA256 of both, cut to 80 bits (RFC 2104, 5).
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

_MAC_BYTES = 10
_REFERENCE = re.compile(
    r"\[\s*(?P<choice>[a-z0-9]{1,12})\s+(?P<key>[^\[\]#]{1,200}?)\s*#\s*(?P<mac>[a-z2-7\s]{1,40})\]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One prepared reply: its name in the reference, its label, and the text that the reply begins with."""

    name: str
    label: str
    body: str


YES = Choice("oui", "Oui", "Oui")
NO = Choice("non", "Non", "Non")
ONE_HOUR = Choice("1h", "1\u00a0h", "1 h")
TWO_HOURS = Choice("2h", "2\u00a0h", "2 h")
OTHER_HOURS = Choice("autre", "autre", "Heures : ")
STOP = Choice("stop", "Stop", "Stop")

YES_OR_NO = (YES, NO)
HOURS = (ONE_HOUR, TWO_HOURS, OTHER_HOURS)
CHOICES = {choice.name: choice for choice in (*YES_OR_NO, *HOURS, STOP)}
_LIKENESS = re.compile(rf"\[\s*(?:{'|'.join(CHOICES)})\s[^\[\]]*[:#]|#[a-z2-7]{{16}}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A genuine reference: we wrote it into the mail with this key."""

    choice: Choice
    key: str


@dataclass(frozen=True, slots=True)
class Button:
    """A prepared reply as a mail shows it: a label and a mailto: link (RFC 6068)."""

    label: str
    link: str


def subject(secret: bytes, key: str, choice: Choice) -> str:
    """« Oui [oui appel:2027-1:STR-007:annonce #k3j9q2m7xabc4d5e] »."""
    return f"{choice.label.replace(chr(0xA0), ' ')} [{choice.name} {key} #{_mac(secret, key, choice.name)}]"


def button(secret: bytes, key: str, choice: Choice, to: str) -> Button:
    """The link that opens this reply in any mail program."""
    asked = quote(subject(secret, key, choice), safe="")
    return Button(
        choice.label, f"mailto:{quote(to, safe='@')}?subject={asked}&body={quote(choice.body, safe='')}"
    )


def genuine(secret: bytes, subject: str) -> Reference | None:
    """The reference in a subject, if it is ours and unaltered."""
    flat = " ".join(subject.split())
    for found in _REFERENCE.finditer(flat):
        choice, key = found["choice"].lower(), found["key"]
        mac = re.sub(r"\s", "", found["mac"]).lower()
        if choice in CHOICES and hmac.compare_digest(mac, _mac(secret, key, choice)):
            return Reference(CHOICES[choice], key)
    return None


def seems_signed(subject: str) -> bool:
    """Whether a subject holds what looks like a reference, genuine or not."""
    return _LIKENESS.search(" ".join(subject.split())) is not None


def _mac(secret: bytes, key: str, choice: str) -> str:
    digest = hmac.digest(secret, f"reply\0{choice}\0{key}".encode(), "sha256")
    return base64.b32encode(digest[:_MAC_BYTES]).decode().lower()
