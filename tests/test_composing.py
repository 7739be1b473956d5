"""The bytes of a message, parsed back by the standard library as another program would."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.mailbox import Mailbox
from workflows.engine.composing import CalendarPart, compose, make_message_id, trial_copy
from workflows.engine.rendering import Rendered

SENDER = Mailbox("Coordination", "coordination@asso.example")
PLAIN = Rendered("Objet", "Bonjour\n", "<p>Bonjour</p>\n")
ID = "<0123456789abcdef@asso.example>"
WORDS = st.lists(
    st.text("aé «»,.<>@\"=?_'()\u00a0—ü\\;:😀Zz", min_size=1, max_size=25), min_size=1, max_size=8
)
"""Header text as the program hands it over: single spaces, none at the ends."""


def raw(rendered: Rendered = PLAIN, **more: Any) -> bytes:
    given = {
        "sender": SENDER,
        "recipients": ["accueil@structure.example"],
        "message_id": ID,
        "date": datetime(2027, 3, 2, 9, 5, tzinfo=ZoneInfo("Europe/Paris")),
        "unsubscribe": "STOP",
    }
    return compose(rendered, **{**given, **more})


def message(rendered: Rendered = PLAIN, **more: Any) -> EmailMessage:
    parsed = email.message_from_bytes(raw(rendered, **more), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def tidy(words: list[str]) -> str:
    return " ".join(" ".join(words).split()) or "x"


def test_every_header() -> None:
    mail = message(
        Rendered("Appel à candidatures – été", "x\n", "<p>x</p>\n"),
        sender=Mailbox("Élise, coordination", "coordination@asso.example"),
        recipients=["a@x.example", "b@y.example"],
        reply_to=Mailbox("", "reponses@asso.example"),
        in_reply_to="<premier@asso.example>",
        references=["<zero@asso.example>", "<premier@asso.example>"],
        unsubscribe="STOP [2027-1 STR-007] é&b",
    )
    assert mail["Subject"] == "Appel à candidatures – été"
    assert mail["From"].addresses[0].display_name == "Élise, coordination"
    assert mail["From"].addresses[0].addr_spec == "coordination@asso.example"
    assert mail["To"] == "a@x.example, b@y.example"
    assert mail["Reply-To"] == "reponses@asso.example"
    assert mail["Date"] == "Tue, 02 Mar 2027 09:05:00 +0100"
    assert mail["Message-ID"] == ID
    assert mail["In-Reply-To"] == "<premier@asso.example>"
    assert mail["References"] == "<zero@asso.example> <premier@asso.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "fr"
    assert mail["List-Unsubscribe"] == (
        "<mailto:reponses@asso.example?subject=STOP%20%5B2027-1%20STR-007%5D%20%C3%A9%26b>"
    )
    assert sorted(mail.keys()) == sorted(set(mail.keys()))
    assert "Bcc" not in mail


def test_headers_that_are_not_asked_for_are_not_there() -> None:
    mail = message()
    assert {"Reply-To", "In-Reply-To", "References"}.isdisjoint(mail.keys())
    assert mail["List-Unsubscribe"] == "<mailto:coordination@asso.example?subject=STOP>"


def test_text_and_html_are_two_ways_to_read_one_message() -> None:
    text = "Été « à lire »\n.\n.point seul\nFrom ici\n" + "mot " * 1250 + "\n" + "x" * 5000 + "\n"
    html = f"<p>été</p>\n<p>{'é' * 5000}</p>\n"
    mail = message(Rendered("Objet", text, html))
    assert mail.get_content_type() == "multipart/alternative"
    plain, page = mail.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(page, EmailMessage)
    assert (plain.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content_charset() == page.get_content_charset() == "utf-8"
    assert plain.get_content().replace("\r\n", "\n") == text
    assert page.get_content().replace("\r\n", "\n") == html


def test_the_bytes_are_seven_bit_lines_that_every_server_takes() -> None:
    data = raw(
        Rendered("é" * 300, "é" * 5000 + "\nx\n", "<p>" + "x" * 5000),
        recipients=[f"{'a' * 60}{n}@{'b' * 60}.{'c' * 60}.example" for n in range(40)],
        references=[f"<{'r' * 200}{n}@asso.example>" for n in range(9)],
    )
    assert data.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", data) is None
    assert max(map(len, data.split(b"\r\n"))) < 998


def test_long_addresses_and_identifiers_stay_whole() -> None:
    recipients = [f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example", "court@x.example"]
    long_id = f"<{'i' * 120}@{'d' * 60}.example>"
    mail = message(
        recipients=recipients,
        message_id=long_id,
        in_reply_to=long_id,
        references=[long_id, ID],
        unsubscribe="S" * 150,
    )
    assert [address.addr_spec for address in mail["To"].addresses] == recipients
    assert mail["Message-ID"] == mail["In-Reply-To"] == long_id
    assert mail["References"] == f"{long_id} {ID}"
    assert mail["List-Unsubscribe"] == f"<mailto:coordination@asso.example?subject={'S' * 150}>"


@given(WORDS)
def test_any_subject_comes_back_as_it_was(words: list[str]) -> None:
    subject = tidy(words)
    assert message(Rendered(subject, "x\n", "<p>x</p>\n"))["Subject"] == subject


@given(WORDS)
def test_any_name_comes_back_as_it_was_with_its_address(words: list[str]) -> None:
    name = tidy(words)
    data = raw(sender=Mailbox(name, "coordination@asso.example"))
    (address,) = email.message_from_bytes(data, policy=email.policy.default)["From"].addresses
    assert address.addr_spec == "coordination@asso.example"
    # Read with the older parser: the newer one of 3.11 adds spaces between encoded words.
    found = email.utils.parseaddr(email.message_from_bytes(data)["From"])[0]
    assert str(make_header(decode_header(found))) == name


def test_an_invitation_is_a_third_way_to_read_it() -> None:
    content = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Été\r\nEND:VCALENDAR\r\n".encode()
    parts = list(message(calendar=CalendarPart(content, "REQUEST")).iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html", "text/calendar"]
    assert parts[2].get_param("method") == "REQUEST"
    assert parts[2].get_param("charset") == "utf-8"
    assert parts[2].get_payload(decode=True) == content


INJECTION = "x\r\nBcc: espion@evil.example"


@pytest.mark.parametrize(
    "more",
    [
        {"rendered": Rendered(INJECTION, "x", "x")},
        {"rendered": Rendered("x\n\nCorps", "x", "x")},
        {"rendered": Rendered("x\u2028y", "x", "x")},
        {"sender": Mailbox(INJECTION, "a@b.example")},
        {"sender": Mailbox("", "a@b.example\nBcc: x@y.example")},
        {"reply_to": Mailbox(INJECTION, "a@b.example")},
        {"recipients": ["a@b.example\r\nBcc: x@y.example"]},
        {"recipients": ["a@b.example, c@d.example"]},
        {"recipients": ["Nom <a@b.example>"]},
        {"recipients": ["é@b.example"]},
        {"recipients": [""]},
        {"recipients": []},
        {"message_id": "<a@b>\r\nBcc: x@y.example"},
        {"message_id": "sans-crochets@b.example"},
        {"in_reply_to": "<a b@c>"},
        {"references": ["<a@b>\n<c@d>"]},
        {"unsubscribe": "STOP\r\nBcc: x@y.example"},
        {"date": datetime.fromisoformat("2027-03-02T09:05")},
    ],
)
def test_what_cannot_stand_in_a_header_is_an_error(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own; none may get through
        raw(**more)


def test_message_ids_are_new_each_time_and_well_formed() -> None:
    made = {make_message_id("asso.example") for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"<[0-9a-f]{32}@asso\.example>", each) for each in made)


def test_a_trial_says_so_and_to_whom_it_would_go() -> None:
    trial = trial_copy(PLAIN, ["a@x.example", "b@y.example"])
    assert trial.subject == "[ESSAI] pour a@x.example, b@y.example\u00a0: Objet"
    assert (trial.text, trial.html) == (PLAIN.text, PLAIN.html)


def test_a_trial_for_many_counts_the_others() -> None:
    trial = trial_copy(PLAIN, [f"personne{n}@structure.example" for n in range(100)])
    assert trial.subject.startswith("[ESSAI] pour personne0@structure.example, personne1@structure.example, ")
    assert trial.subject.endswith(" de plus\u00a0: Objet")
    assert len(trial.subject) < 500
    shown = trial.subject.count("@")
    assert f"et {100 - shown} de plus" in trial.subject
    assert message(trial, date=datetime(2027, 3, 2, tzinfo=UTC))["Subject"] == trial.subject
