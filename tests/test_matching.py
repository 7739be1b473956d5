"""Whose a mail is: the order of the clues, and who may speak for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from workflows.core import signing
from workflows.core.matching import Clues, Sent, current, is_known, match
from workflows.core.received import Received

SECRET = b"un secret"
NOW = datetime(2027, 3, 4, tzinfo=UTC)


def sent(number: int, campaign: str = "appel:2027-1", *to: str) -> Sent:
    subject = f"STR-00{number}"
    recipients = to or (f"s{number}@asso{number}.example",)
    return Sent(f"{campaign}:{subject}:annonce", campaign, subject, recipients, NOW)


class Sending(list[Sent]):
    """Messages, `<n>` being the Message-ID of STR-00n."""

    def with_id(self, message_id: str) -> Sent | None:
        return next((s for s in self if message_id == f"<{s.subject[-1]}>"), None)

    def with_key(self, key: str) -> Sent | None:
        return next((s for s in self if s.key == key), None)

    def open_for(self, address: str, _at: datetime) -> Sequence[Sent]:
        return [s for s in self if address in s.recipients]


OUTBOX = Sending([sent(1), sent(2), sent(3)])


def matched(
    outbox: Sending = OUTBOX, answer: str = "Oui", bounced: tuple[str, ...] = (), **clues: object
) -> tuple[str, bool]:
    """The subject that a mail is matched to, and whether it is in doubt."""
    given: dict[str, object] = {"sender": "s1@asso1.example", "title": "Re: appel", **clues}
    mail = Received(
        "", str(given["sender"]), str(given["title"]), "answer", NOW, answer=answer, bounced=bounced
    )
    found = match(Clues(**given), mail, outbox, {"STR-003": ["autre@asso9.example"]}, SECRET)  # type: ignore[arg-type]
    return (found.sent.subject if found.sent else "", bool(found.doubt))


def test_the_thread_comes_before_all_else() -> None:
    assert matched(threads=("<9>", "<3>", "<2>"), returned="<2>", sender="s3@asso3.example") == (
        "STR-003",
        False,
    )


@pytest.mark.parametrize(
    ("key", "doubt"),
    [
        ("appel:2027-1:STR-003:annonce", False),
        ("appel:2027-1:STR-003:relance-1", False),
        ("appel:2027-1:STR-002:annonce", True),
        ("appel:2027-2:STR-003:annonce", True),
    ],
)
def test_a_button_of_another_row_than_the_thread_is_to_be_read(key: str, doubt: bool) -> None:
    follow_up = replace(OUTBOX[2], key="appel:2027-1:STR-003:relance-1")
    outbox = Sending([*OUTBOX, follow_up, sent(3, "appel:2027-2")])
    title = signing.subject(SECRET, key, signing.YES)
    assert matched(outbox, threads=("<3>",), title=title, sender="s3@asso3.example") == ("STR-003", doubt)


def test_then_the_mail_that_is_returned() -> None:
    title = signing.subject(SECRET, OUTBOX[1].key, signing.YES)
    assert matched(answer="Rejet", returned="<3>", title=title, sender="mailer-daemon@x.example") == (
        "STR-003",
        False,
    )


def test_then_the_signed_reference() -> None:
    title = signing.subject(SECRET, OUTBOX[1].key, signing.YES)
    assert matched(title=title, sender="s2@asso2.example") == ("STR-002", False)
    assert matched(title=title, sender="s1@asso1.example") == ("STR-002", True)


def test_then_the_address_with_a_doubt() -> None:
    assert matched() == ("STR-001", True)
    assert matched(sender="collegue@asso1.example") == ("", True)
    two = Sending([sent(1), sent(1, "appel:2027-2")])
    assert matched(two) == ("", True)


def test_a_bounce_without_identifiers_goes_by_the_address_that_it_names() -> None:
    assert matched(answer="Rejet", bounced=("s2@asso2.example",), sender="daemon@x.example") == (
        "STR-002",
        True,
    )


def test_the_addresses_of_the_sheet_may_answer_too() -> None:
    assert matched(threads=("<3>",), sender="autre@asso9.example") == ("STR-003", False)
    assert matched(threads=("<2>",), sender="autre@asso9.example") == ("STR-002", True)


@pytest.mark.parametrize(
    ("sender", "known"),
    [
        ("a@mairie.example", True),
        ("autre@mairie.example", True),
        ("autre@jeunesse.mairie.example", True),
        ("autre@autremairie.example", False),
        ("autre@example", False),
        ("", False),
    ],
)
def test_an_organisation_is_its_domain(sender: str, known: bool) -> None:
    assert is_known(sender, ["a@mairie.example"]) is known


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "orange.fr",
        "free.fr",
        "wanadoo.fr",
        "laposte.net",
        "hotmail.fr",
        "outlook.com",
        "yahoo.fr",
        "sfr.fr",
    ],
)
def test_a_public_provider_is_no_organisation(domain: str) -> None:
    assert is_known(f"a@{domain}", [f"a@{domain}"])
    assert not is_known(f"autre@{domain}", [f"a@{domain}"])


def test_of_weeks_the_last_one_is_meant() -> None:
    weeks = [Sent("k", f"presence:2027-S0{n}", "PRO-001", (), NOW) for n in (7, 8)]
    other = Sent("k", "presence:2027-S07", "PRO-002", (), NOW)
    assert current([weeks[0], other, sent(1), weeks[1]]) == [other, sent(1), weeks[1]]
