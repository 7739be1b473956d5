"""Signed references: read back whatever mail programs do to a subject, and nothing but ours."""

from __future__ import annotations

from email.header import Header, decode_header, make_header
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core import signing

SECRET = b"un secret"
KEYS = (
    st.text(st.characters(categories=("L", "N"), include_characters="-_./: "), min_size=1, max_size=60)
    .map(lambda key: " ".join(key.split()))
    .filter(bool)
)
CHOICES = st.sampled_from(list(signing.CHOICES.values()))


@given(KEYS, CHOICES)
def test_what_is_written_is_read_back(key: str, choice: signing.Choice) -> None:
    written = signing.subject(SECRET, key, choice)
    assert signing.genuine(SECRET, written) == signing.Reference(choice, key)
    assert signing.seems_signed(written)


@given(KEYS, CHOICES)
def test_it_survives_a_mail_program(key: str, choice: signing.Choice) -> None:
    written = signing.subject(SECRET, key, choice)
    travelled = str(make_header(decode_header(Header(f"RE: {written} ", "utf-8", maxlinelen=60).encode())))
    folded = travelled.replace(" ", "\r\n ", 1).upper()
    assert signing.genuine(SECRET, travelled) == signing.Reference(choice, key)
    if key == key.upper():
        assert signing.genuine(SECRET, folded) == signing.Reference(choice, key)


@given(KEYS, CHOICES, st.data())
def test_no_other_choice_key_secret_or_sign_passes(
    key: str, choice: signing.Choice, data: st.DataObject
) -> None:
    written = signing.subject(SECRET, key, choice)
    bracket = written.index("[")
    at = data.draw(st.integers(bracket + 1, len(written) - 2))
    other = data.draw(
        st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda c: c != written[at].lower())
    )
    changed = written[:at] + other + written[at + 1 :]
    assert signing.genuine(SECRET, changed) is None
    assert signing.genuine(b"un autre", written) is None


def test_the_link_holds_subject_and_text_for_any_program() -> None:
    made = signing.button(SECRET, "appel:2027-1:STR-007:annonce", signing.YES, "coordination@exemple.fr")
    parts = urlsplit(made.link)
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.path) == ("mailto", "coordination@exemple.fr")
    assert asked["body"] == ["Oui"]
    assert signing.genuine(SECRET, asked["subject"][0]) is not None
    assert not set("()<> \"'") & set(made.link)


@pytest.mark.parametrize("subject", ["[Ticket #123] Oui", "Re: Appel [URGENT]", "Oui", "[oui]", "Non #1"])
def test_ordinary_subjects_do_not_look_signed(subject: str) -> None:
    assert not signing.seems_signed(subject)
