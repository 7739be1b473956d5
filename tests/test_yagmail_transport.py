"""The SMTP transport against servers on sockets: what it says of a message is what became of it."""

from __future__ import annotations

import time

import pytest

from tests.support.smtp_server import Fault, SmtpServer
from tests.support.smtp_session import At
from tests.support.transports import ANNE, BASILE, MESSAGE, SENDER, send, transport_to
from workflows.adapters.yagmail_transport import LONGEST_WORDS, YagmailTransport
from workflows.core.ports import Accepted, ConnectionLost, MessageRefused, Refusal, TransportError

BEFORE_354: tuple[At, ...] = ("MAIL", "RCPT", "DATA")
AFTER_354: tuple[At, ...] = ("BODY", "END")


LONG = b"A: b\r\n\r\n" + b"0123456789" * 7 + b"\r\n" * 1_000_000
SMUGGLING = b"A: b\n\nligne\n.\nMAIL FROM:<x@y.example>\rfin\r\n"


@pytest.mark.parametrize(
    ("message", "delivered"),
    [
        (MESSAGE, MESSAGE),
        (b"A: b\r\n\r\n.\r\n..\r\n.pointe\r\n", b"A: b\r\n\r\n.\r\n..\r\n.pointe\r\n"),
        (b"A: b\r\n\r\nsans fin", b"A: b\r\n\r\nsans fin\r\n"),
        (SMUGGLING, b"A: b\r\n\r\nligne\r\n.\r\nMAIL FROM:<x@y.example>\r\nfin\r\n"),
        (LONG, LONG),
    ],
    ids=["as composed", "dots", "no last line end", "bare line ends", "several pieces"],
)
def test_the_bytes_arrive_as_composed(message: bytes, delivered: bytes) -> None:
    with SmtpServer() as server, transport_to(server.port) as transport:
        assert transport.send(SENDER, (ANNE, BASILE), message) == Accepted()
    received = [(m.sender, m.recipients, m.content) for m in server.accepted]
    assert received == [(SENDER, (ANNE, BASILE), delivered)]


def test_one_connection_serves_the_round_and_is_opened_by_the_first_message() -> None:
    with SmtpServer() as server, transport_to(server.port) as transport:
        assert server.connections == 0
        for _ in range(20):
            send(transport)
        assert (len(server.accepted), server.connections) == (20, 1)


def test_check_connects_and_sends_nothing() -> None:
    with SmtpServer() as server, transport_to(server.port) as transport:
        transport.check()
        assert (server.connections, server.accepted) == (1, [])
        send(transport)
        assert server.connections == 1


def test_size_is_announced_and_eight_bits_only_where_they_occur() -> None:
    with SmtpServer() as server, transport_to(server.port) as transport:
        send(transport)
        transport.send(SENDER, [ANNE], "A: b\r\n\r\né\r\n".encode())
    plain, eight_bit = (message.mail_options for message in server.accepted)
    assert plain == f"SIZE={len(MESSAGE) + 3}"
    assert eight_bit.endswith(" BODY=8BITMIME")


# Refusals


def test_one_refused_recipient_leaves_the_others_theirs() -> None:
    faults = [Fault("RCPT", "reply", "550 5.1.1 inconnu", address=ANNE)]
    with SmtpServer(faults=faults) as server, transport_to(server.port) as transport:
        assert send(transport, ANNE, BASILE) == Accepted({ANNE: Refusal(550, "5.1.1 inconnu")})
        assert send(transport, BASILE) == Accepted()
    assert [m.recipients for m in server.accepted] == [(BASILE,), (BASILE,)]
    assert server.connections == 1


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("reply", ["451 4.7.1 plus tard", "552 5.3.4 trop gros"])
def test_a_refused_message_has_left_for_nobody_and_the_next_one_passes(at: At, reply: str) -> None:
    refusal = Refusal(int(reply[:3]), reply[4:])
    with (
        SmtpServer(faults=[Fault(at, "reply", reply, times=2 if at == "RCPT" else 1)]) as server,
        transport_to(server.port) as transport,
    ):
        with pytest.raises(MessageRefused) as caught:
            send(transport, ANNE, BASILE)
        assert caught.value.refusals == {ANNE: refusal, BASILE: refusal}
        assert server.accepted == []
        assert send(transport, ANNE, BASILE) == Accepted()
    assert (len(server.accepted), server.connections) == (1, 1)


@pytest.mark.parametrize("at", ["DATA", "END"])
def test_each_recipient_keeps_its_own_answer_when_the_message_is_refused(at: At) -> None:
    faults = [
        Fault("RCPT", "reply", "550 5.1.1 inconnu", address=ANNE),
        Fault(at, "reply", "452 4.3.1 plein"),
    ]
    with (
        SmtpServer(faults=faults) as server,
        transport_to(server.port) as transport,
        pytest.raises(MessageRefused) as caught,
    ):
        send(transport, ANNE, BASILE)
    assert caught.value.refusals == {ANNE: Refusal(550, "5.1.1 inconnu"), BASILE: Refusal(452, "4.3.1 plein")}


@pytest.mark.parametrize("at", [*BEFORE_354, "END"])
def test_421_refuses_the_message_and_the_next_one_reconnects(at: At) -> None:
    faults = [Fault(at, "reply", "421 4.7.0 revenez plus tard", times=1)]
    with SmtpServer(faults=faults) as server, transport_to(server.port) as transport:
        with pytest.raises(MessageRefused) as caught:
            send(transport, ANNE, BASILE)
        assert {r.code for r in caught.value.refusals.values()} == {421}
        assert set(caught.value.refusals) == {ANNE, BASILE}
        assert send(transport) == Accepted()
    assert (len(server.accepted), server.connections) == (1, 2)


def test_421_in_the_middle_of_the_recipients_keeps_what_was_said_before() -> None:
    faults = [
        Fault("RCPT", "reply", "550 5.1.1 inconnu", address=ANNE),
        Fault("RCPT", "reply", "421 4.7.0 stop", address=BASILE),
    ]
    with (
        SmtpServer(faults=faults) as server,
        transport_to(server.port) as transport,
        pytest.raises(MessageRefused) as caught,
    ):
        send(transport, ANNE, BASILE, "chloe@structure.example")
    assert [refusal.code for refusal in caught.value.refusals.values()] == [550, 421, 421]


@pytest.mark.parametrize("at", [*BEFORE_354, "END"])
def test_a_spent_quota_stops_the_round_and_leaves_the_message_unsent(at: At) -> None:
    faults = [Fault(at, "reply", "550 5.4.5 Daily user sending limit exceeded")]
    with SmtpServer(faults=faults) as server, transport_to(server.port) as transport:
        with pytest.raises(TransportError, match="quota") as caught:
            send(transport)
        assert caught.value.temporary
    assert server.accepted == []


def test_a_server_that_slows_down_after_some_messages() -> None:
    faults = [Fault("MAIL", "reply", "452 4.5.3 trop de messages", after=3)]
    with SmtpServer(faults=faults) as server, transport_to(server.port) as transport:
        for _ in range(3):
            send(transport)
        with pytest.raises(MessageRefused):
            send(transport)
    assert len(server.accepted) == 3


def test_a_reset_that_fails_costs_a_connection_and_no_message() -> None:
    faults = [Fault("END", "reply", "554 5.7.1 non", times=1), Fault("RSET", "drop")]
    with SmtpServer(faults=faults) as server, transport_to(server.port) as transport:
        with pytest.raises(MessageRefused):
            send(transport)
        assert send(transport) == Accepted()
    assert (len(server.accepted), server.connections) == (1, 2)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("550-5.7.1 première ligne\r\n550 5.7.1 seconde", "5.7.1 première ligne 5.7.1 seconde"),
        ("550 \x1b[31mrouge\x07\tfin", "[31mrouge fin"),
        ("550 " + "long " * 100, ("long " * 100)[: LONGEST_WORDS - 1] + "…"),
        ("550", ""),
    ],
)
def test_the_words_of_a_refusal_fit_into_a_cell(reply: str, words: str) -> None:
    with (
        SmtpServer(faults=[Fault("RCPT", "reply", reply)]) as server,
        transport_to(server.port) as transport,
        pytest.raises(MessageRefused) as caught,
    ):
        send(transport)
    assert caught.value.refusals == {ANNE: Refusal(550, words)}


@pytest.mark.parametrize(
    "address",
    [
        "hélène@structure.example",
        "a@x.example>\r\nRCPT TO:<b@x.example",
        "a b@x.example",
        "a@x.example,<b@x.example>",
    ],
)
def test_an_address_that_smtp_cannot_carry_is_refused_alone(address: str) -> None:
    with SmtpServer() as server, transport_to(server.port) as transport:
        accepted = send(transport, address, ANNE)
        assert accepted.refused[address].permanent
        with pytest.raises(MessageRefused):
            send(transport, address)
        with pytest.raises(MessageRefused):
            transport.send(address, [ANNE], MESSAGE)
    assert [m.recipients for m in server.accepted] == [(ANNE,)]


# Connections that break


@pytest.mark.parametrize("do", ["drop", "hang"])
@pytest.mark.parametrize("at", [*BEFORE_354, *AFTER_354])
def test_a_broken_connection_says_whether_the_message_may_have_left(at: At, do: str) -> None:
    faults = [Fault(at, "drop" if do == "drop" else "hang", times=1)]
    with SmtpServer(faults=faults) as server, transport_to(server.port, timeout=0.8) as transport:
        with pytest.raises(ConnectionLost) as caught:
            send(transport)
        assert caught.value.maybe_accepted is (at in AFTER_354)
        assert server.accepted == []
        assert send(transport) == Accepted()
    assert (len(server.accepted), server.connections) == (1, 2)


def test_an_accepted_message_whose_answer_is_lost_is_not_repeated() -> None:
    with (
        SmtpServer(faults=[Fault("END", "lose", after=1, times=1)]) as server,
        transport_to(server.port) as transport,
    ):
        send(transport)
        with pytest.raises(ConnectionLost) as caught:
            send(transport)
        assert caught.value.maybe_accepted
        assert len(server.accepted) == 2
        send(transport)
    assert (len(server.accepted), server.connections) == (3, 2)


@pytest.mark.parametrize(("at", "maybe"), [("MAIL", False), ("DATA", False), ("END", True)])
@pytest.mark.parametrize("reply", ["bonjour", "250-", "299 quoi", "x" * 9000])
def test_an_answer_that_is_none_tells_nothing(at: At, maybe: bool, reply: str) -> None:
    with (
        SmtpServer(faults=[Fault(at, "reply", reply, times=1)]) as server,
        transport_to(server.port, timeout=0.8) as transport,
    ):
        with pytest.raises(ConnectionLost) as caught:
            send(transport)
        assert caught.value.maybe_accepted is maybe
        assert send(transport) == Accepted()


def test_a_slow_server_is_waited_for() -> None:
    faults = [Fault(at, "wait", seconds=0.1) for at in (*BEFORE_354, "END")]
    with SmtpServer(faults=faults) as server, transport_to(server.port, timeout=2.0) as transport:
        assert send(transport) == Accepted()


@pytest.mark.parametrize("do", ["drop", "hang"])
def test_leaving_never_raises_and_never_waits_long(do: str) -> None:
    with SmtpServer(faults=[Fault("QUIT", "drop" if do == "drop" else "hang")]) as server:
        transport = YagmailTransport("localhost", server.port, "aucun", "", "", SENDER, 0.3)
        transport.close()
        send(transport)
        begun = time.monotonic()
        transport.close()
        transport.close()
        assert time.monotonic() - begun < 2.0
    assert len(server.accepted) == 1


def test_leaving_after_the_server_has_gone() -> None:
    with SmtpServer() as server:
        transport = YagmailTransport("localhost", server.port, "aucun", "", "", SENDER, 1.0)
        send(transport)
    transport.close()


def test_an_interruption_leaves_nothing_half_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A QUIT after it would be read as text of the message, or the next MAIL as its end."""
    import smtplib

    with SmtpServer() as server, transport_to(server.port) as transport:
        transport.check()

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(smtplib.SMTP, "getreply", interrupted)
            with pytest.raises(KeyboardInterrupt):
                send(transport)
        assert send(transport) == Accepted()
    assert (len(server.accepted), server.connections) == (1, 2)
