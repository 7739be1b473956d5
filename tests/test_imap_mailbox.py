"""The IMAP adapter on genuine servers: each mail once, nothing deleted, nothing lost with the line."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.cutting_proxy import CuttingProxy
from tests.support.imap_server import DOVECOT, PASSWORD, USER, Dovecot, ImapServer, servers
from workflows.adapters import imap_mailbox
from workflows.adapters.imap_mailbox import ImapMailbox, Marking
from workflows.core.ports import Incoming, MailboxError

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
needs_dovecot = pytest.mark.skipif(not DOVECOT, reason="Dovecot is not installed")


class Nothing:
    """Nothing was seen before, but these Message-IDs."""

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def place(self, place: str) -> bool:
        return False

    def message_id(self, message_id: str) -> bool:
        return message_id in self.ids


@pytest.fixture(params=servers(), ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImapServer]:
    with request.param(tmp_path) as started:
        yield started


@pytest.fixture
def dovecot(tmp_path: Path, authority: Authority) -> Iterator[Dovecot]:
    with Dovecot(tmp_path, authority) as started:
        yield started


def mail(number: int, size: int = 0) -> bytes:
    head = f"From: a{number}@asso.example\r\nSubject: {number}\r\nMessage-ID: <{number}@asso.example>\r\n\r\n"
    return head.encode() + b"oui\r\n" + b"x" * size + b"\r\n"


Box = Callable[..., ImapMailbox]


@pytest.fixture
def box() -> Iterator[Box]:
    """Mailboxes of the account on a port; all are closed in the end."""
    opened: list[ImapMailbox] = []

    def open_box(port: int, marking: Marking | None = None, **more: Any) -> ImapMailbox:
        opened.append(_box(port, marking, **more))
        return opened[-1]

    yield open_box
    for each in opened:
        each.close()


def _box(port: int, marking: Marking | None, **more: Any) -> ImapMailbox:
    given = {"encryption": "aucun", "user": USER, "password": PASSWORD, "folder": "INBOX", **more}
    return ImapMailbox(
        "localhost",
        port,
        marking=marking or Marking("Tournee"),
        timeout=10,
        today=datetime.now(UTC).date(),
        **given,
    )


def numbers(mails: list[Incoming]) -> list[int]:
    """Which mails these are, by their subject."""
    return [int(each.content.split(b"Subject: ")[1].split(b"\r\n")[0]) for each in mails]


def test_each_mail_is_given_once_in_order_and_stays_unread(server: ImapServer, box: Box) -> None:
    server.deliver(*map(mail, range(3)))
    first = box(server.port)
    mails = list(first.read("", NOW, Nothing()))
    assert [each.content for each in mails] == list(map(mail, range(3)))
    assert len({each.place for each in mails}) == 3
    position = first.position()
    assert list(first.read(position, NOW, Nothing())) == []
    first.close()
    server.deliver(mail(3), mail(4))
    second = box(server.port)
    assert numbers(list(second.read(position, NOW, Nothing()))) == [3, 4]
    second.close()
    assert not any("\\Seen" in flags for flags in server.flags())
    assert len(server.flags()) == 5


def test_an_empty_mailbox_has_a_position_too(server: ImapServer, box: Box) -> None:
    first = box(server.port)
    assert list(first.read("", NOW, Nothing())) == []
    server.deliver(mail(1))
    assert numbers(list(box(server.port).read(first.position(), NOW, Nothing()))) == [1]


def test_a_reading_that_stops_half_way_goes_on_from_there(server: ImapServer, box: Box) -> None:
    server.deliver(*map(mail, range(5)))
    first = box(server.port)
    reading = first.read("", NOW, Nothing())
    assert numbers([next(reading), next(reading)]) == [0, 1]
    position = first.position()
    first.close()
    assert numbers(list(box(server.port).read(position, NOW, Nothing()))) == [2, 3, 4]


def test_a_mailbox_made_anew_gives_only_what_was_not_seen(server: ImapServer, box: Box) -> None:
    server.deliver(mail(1), mail(2), mail(3))
    reader = box(server.port)
    assert numbers(list(reader.read("1:7", NOW, Nothing("<1@asso.example>", "<3@asso.example>")))) == [2]
    assert list(reader.read(reader.position(), NOW, Nothing())) == []


@needs_dovecot
def test_the_server_itself_makes_the_mailbox_anew(dovecot: Dovecot, box: Box) -> None:
    dovecot.deliver(mail(1), mail(2))
    first = box(dovecot.port)
    places = {each.place for each in first.read("", NOW, Nothing())}
    position = first.position()
    first.close()
    dovecot.make_anew()
    dovecot.deliver(mail(3))
    second = box(dovecot.port)
    fresh = list(second.read(position, NOW, Nothing("<1@asso.example>", "<2@asso.example>")))
    assert numbers(fresh) == [3]
    assert fresh[0].place not in places
    assert second.mark(sorted(places)) == sorted(places)
    assert not any("Tournee" in flags for flags in dovecot.flags())


def test_mails_older_than_the_first_message_are_left_alone(server: ImapServer, box: Box) -> None:
    with server.client() as client:
        client.append("INBOX", "", '"05-Jan-2020 10:00:00 +0000"', mail(1))
        client.append("INBOX", "", '"05-Jan-2025 10:00:00 +0000"', mail(2))
    reader = box(server.port)
    assert numbers(list(reader.read("", datetime(2024, 6, 1, tzinfo=UTC), Nothing()))) == [2]
    assert list(reader.read(reader.position(), NOW, Nothing())) == []


def test_a_bound_in_the_future_is_brought_back_to_today(server: ImapServer, box: Box) -> None:
    server.deliver(mail(1))
    assert numbers(list(box(server.port).read("", datetime(2999, 1, 1, tzinfo=UTC), Nothing()))) == [1]


def test_long_mails_come_in_several_answers(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch, box: Box
) -> None:
    monkeypatch.setattr(imap_mailbox, "BYTES_AT_ONCE", 3_000)
    monkeypatch.setattr(imap_mailbox, "SIZES_AT_ONCE", 4)
    sent = [mail(number, size) for number, size in enumerate((10, 2_900, 2_900, 9_000, 1, 1, 1))]
    server.deliver(*sent)
    assert [each.content for each in box(server.port).read("", NOW, Nothing())] == sent


def test_a_mail_that_somebody_takes_away_meanwhile_is_not_missed(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch, box: Box
) -> None:
    monkeypatch.setattr(imap_mailbox, "BYTES_AT_ONCE", 1)
    server.deliver(mail(1), mail(2), mail(3))
    reading = box(server.port).read("", NOW, Nothing())
    first = next(reading)
    with server.client() as client:
        client.store("2", "+FLAGS", "\\Deleted")
        client.expunge()
    assert [number for number in numbers([first, *reading]) if number != 2] == [1, 3]


def test_a_line_that_breaks_says_so_and_keeps_what_came(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch, box: Box
) -> None:
    monkeypatch.setattr(imap_mailbox, "BYTES_AT_ONCE", 1)
    server.deliver(*(mail(number, 3_000) for number in range(6)))
    came: list[Incoming] = []
    with CuttingProxy(server.port, budget=9_000) as proxy:
        broken = box(proxy.port)
        with pytest.raises(MailboxError) as caught:
            came.extend(broken.read("", NOW, Nothing()))
    assert caught.value.temporary
    assert "réessaiera" in caught.value.remedy


def test_what_came_before_the_break_is_not_asked_for_again(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch, box: Box
) -> None:
    monkeypatch.setattr(imap_mailbox, "BYTES_AT_ONCE", 1)
    server.deliver(*(mail(number, 3_000) for number in range(6)))
    came: list[Incoming] = []
    position = ""
    with CuttingProxy(server.port, budget=9_000) as proxy:
        for _ in range(20):
            reader = box(proxy.port)
            try:
                for each in reader.read(position, NOW, Nothing()):
                    came.append(each)
                    position = reader.position()
            except MailboxError:
                continue
            break
    assert numbers(came) == list(range(6))
    assert proxy.cuts >= 2


@needs_dovecot
def test_a_keyword_shows_what_was_dealt_with_and_expunges_nothing(dovecot: Dovecot, box: Box) -> None:
    dovecot.deliver(mail(1), mail(2), mail(3))
    with dovecot.client() as client:
        client.store("3", "+FLAGS", "\\Deleted")  # somebody is about to tidy up
    reader = box(dovecot.port)
    mails = list(reader.read("", NOW, Nothing()))
    assert reader.mark([mails[0].place]) == [mails[0].place]
    reader.close()
    flags = dovecot.flags()
    assert len(flags) == 3
    assert ["Tournee" in each for each in flags] == [True, False, False]


@needs_dovecot
def test_a_folder_receives_what_was_dealt_with(dovecot: Dovecot, box: Box) -> None:
    dovecot.deliver(mail(1), mail(2), mail(3))
    with dovecot.client() as client:
        client.store("3", "+FLAGS", "\\Deleted")
    reader = box(dovecot.port, Marking(folder="Réponses lues"))
    mails = list(reader.read("", NOW, Nothing()))
    reader.mark([mails[1].place])
    assert list(reader.read(reader.position(), NOW, Nothing())) == []
    reader.close()
    assert len(dovecot.flags()) == 2
    with dovecot.client("R&AOk-ponses lues") as client:
        assert client.search(None, "ALL")[1] == [b"1"]


def test_marking_nothing_is_a_setting(server: ImapServer, box: Box) -> None:
    server.deliver(mail(1))
    reader = box(server.port, Marking())
    places = [each.place for each in reader.read("", NOW, Nothing())]
    assert reader.mark(places) == places
    assert not any("Tournee" in flags or "\\Seen" in flags for flags in server.flags())


def test_a_wrong_password_is_told_without_being_repeated(server: ImapServer, box: Box) -> None:
    with pytest.raises(MailboxError, match="refusé l'identifiant ou le mot de passe") as caught:
        box(server.port, password="pas-celui-ci").check()
    assert "pas-celui-ci" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_with_an_accent_is_sent_as_such(server: ImapServer, box: Box) -> None:
    with pytest.raises(MailboxError, match="refusé l'identifiant ou le mot de passe"):
        box(server.port, password="mot de passé").check()


def test_a_folder_that_is_not_there_is_named(server: ImapServer, box: Box) -> None:
    with pytest.raises(MailboxError, match="n'a pas de dossier «\u00a0Perdu\u00a0»"):
        box(server.port, folder="Perdu").check()


def test_nobody_listens(box: Box) -> None:
    with pytest.raises(MailboxError, match="injoignable") as caught:
        box(1).check()
    assert caught.value.temporary


@needs_dovecot
@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_the_certificate_is_verified(
    dovecot: Dovecot, authority: Authority, encryption: str, box: Box
) -> None:
    port = dovecot.tls_port if encryption == "tls" else dovecot.port
    dovecot.deliver(mail(1))
    trusting = box(port, encryption=encryption, context=authority.trusting())
    assert numbers(list(trusting.read("", NOW, Nothing()))) == [1]
    trusting.close()
    with pytest.raises(MailboxError, match="Le certificat de localhost"):
        box(port, encryption=encryption, context=ssl.create_default_context()).check()


@needs_dovecot
def test_ten_thousand_old_mails_cost_nothing(dovecot: Dovecot, box: Box) -> None:
    with dovecot.client() as client:
        for number in range(10):
            client.append("INBOX", "", '"05-Jan-2020 10:00:00 +0000"', mail(number))
        for _ in range(10):
            client.copy("1:*", "INBOX")
    old = len(dovecot.flags())
    assert old > 10_000
    dovecot.deliver(mail(1), mail(2))
    first = box(dovecot.port)
    assert numbers(list(first.read("", datetime(2027, 3, 1, tzinfo=UTC), Nothing()))) == [1, 2]
    position = first.position()
    dovecot.deliver(mail(3))
    assert numbers(list(box(dovecot.port).read(position, NOW, Nothing()))) == [3]
    assert position.endswith(f":{old + 2}")
