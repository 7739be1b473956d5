"""Connecting, encrypting and logging in: what goes wrong is a French sentence, and no secret is told."""

from __future__ import annotations

import socket
import ssl

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.certificates import Authority
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.smtp_session import At
from tests.support.transports import ANNE, BASILE, MESSAGE, PASSWORD, SENDER, send, transport_to
from workflows.adapters.yagmail_transport import Encryption, YagmailTransport
from workflows.core.ports import Accepted, TransportError

BEFORE_ANY_MESSAGE: tuple[At, ...] = ("GREETING", "EHLO", "STARTTLS", "AUTH")


class Inbox:
    """Keeps what aiosmtpd accepts, and who had logged in."""

    def __init__(self) -> None:
        self.received: list[tuple[str | None, list[str], bytes, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        self.received.append((envelope.mail_from, envelope.rcpt_tos, content, bool(session.authenticated)))
        return "250 OK"


def test_an_independent_server_takes_it_over_starttls_with_log_in(authority: Authority) -> None:
    def authenticated(_: object, __: object, ___: object, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (SENDER.encode(), PASSWORD.encode()))

    inbox = Inbox()
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=authority.issue().context(),
        require_starttls=True,
        authenticator=authenticated,
        auth_required=True,
    )
    controller.start()
    try:
        with transport_to(
            controller.port,
            encryption="starttls",
            user=SENDER,
            password=PASSWORD,
            context=authority.trusting(),
        ) as transport:
            assert send(transport, ANNE, BASILE) == Accepted()
            assert send(transport, BASILE) == Accepted()
    finally:
        controller.stop()
    assert inbox.received == [(SENDER, [ANNE, BASILE], MESSAGE, True), (SENDER, [BASILE], MESSAGE, True)]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_the_connection_is_encrypted_before_the_log_in(authority: Authority, encryption: Encryption) -> None:
    with (
        SmtpServer(
            tls=authority.issue().context(), implicit_tls=encryption == "tls", accounts={"bureau": PASSWORD}
        ) as server,
        transport_to(
            server.port,
            encryption=encryption,
            user="bureau",  # a log-in name without @ stays as it is
            password=PASSWORD,
            context=authority.trusting(),
        ) as transport,
    ):
        send(transport)
    assert [(m.login, m.encrypted) for m in server.accepted] == [("bureau", True)]


def test_a_private_authority_is_trusted_through_the_environment(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with (
        SmtpServer(tls=authority.issue().context()) as server,
        transport_to(server.port, encryption="starttls") as transport,
    ):
        send(transport)
    assert server.accepted[0].encrypted


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("host", "expired", "trusted", "reason"),
    [
        ("localhost", True, True, "a expiré"),
        ("autre.example", False, True, "est celui d'un autre serveur"),
        ("localhost", False, False, "n'est pas signé par une autorité reconnue"),
    ],
)
def test_a_certificate_that_proves_nothing_stops_everything(
    authority: Authority, encryption: Encryption, host: str, expired: bool, trusted: bool, reason: str
) -> None:
    context = authority.trusting() if trusted else ssl.create_default_context()
    with (
        SmtpServer(
            tls=authority.issue(host, expired=expired).context(),
            implicit_tls=encryption == "tls",
            accounts={SENDER: PASSWORD},
        ) as server,
        transport_to(
            server.port, encryption=encryption, user=SENDER, password=PASSWORD, context=context
        ) as transport,
    ):
        with pytest.raises(TransportError) as caught:
            send(transport)
        assert reason in caught.value.what
        assert not caught.value.temporary
    assert server.accepted == []


def test_without_starttls_nothing_goes_out_in_clear() -> None:
    with (
        SmtpServer(accounts={SENDER: PASSWORD}, faults=[Fault("AUTH", "drop")]) as server,
        transport_to(server.port, encryption="starttls", user=SENDER, password=PASSWORD) as transport,
        pytest.raises(TransportError, match="ne propose pas STARTTLS"),
    ):
        transport.check()


@pytest.mark.parametrize(
    ("implicit_tls", "encryption"), [(False, "tls"), (True, "starttls")], ids=["TLS to plain", "plain to TLS"]
)
def test_a_port_that_does_not_go_with_the_encryption_is_explained(
    authority: Authority, implicit_tls: bool, encryption: Encryption
) -> None:
    with (
        SmtpServer(tls=authority.issue().context(), implicit_tls=implicit_tls) as server,
        transport_to(
            server.port, encryption=encryption, context=authority.trusting(), timeout=0.8
        ) as transport,
        pytest.raises(TransportError, match="port et chiffrement"),
    ):
        transport.check()


@pytest.mark.parametrize(
    ("reply", "temporary", "sentence"),
    [
        ("", False, "mot de passe d'application"),
        ("535 5.7.8 Username and Password not accepted", False, "mot de passe d'application"),
        ("454 4.7.0 Too many login attempts", True, "Le prochain passage réessaiera."),
    ],
)
def test_a_refused_log_in_says_what_to_do_and_tells_no_secret(
    reply: str, temporary: bool, sentence: str
) -> None:
    faults = [Fault("AUTH", "reply", reply)] if reply else []
    with (
        SmtpServer(accounts={SENDER: "un autre"}, faults=faults) as server,
        transport_to(server.port, user=SENDER, password=PASSWORD) as transport,
    ):
        with pytest.raises(TransportError) as caught:
            transport.check()
        _tells_no_secret(caught.value, transport)
    assert caught.value.temporary is temporary
    assert sentence in caught.value.remedy


def test_a_password_that_smtp_cannot_carry_is_not_shown() -> None:
    with (
        SmtpServer(accounts={SENDER: "sésame"}) as server,
        transport_to(server.port, user=SENDER, password="sésame") as transport,
    ):
        with pytest.raises(TransportError, match="caractère inattendu") as caught:
            transport.check()
        _tells_no_secret(caught.value, transport, "sésame")
    assert "mot de passe sans accent" in caught.value.remedy


def test_a_server_without_log_in_is_told_from_a_wrong_password() -> None:
    with (
        SmtpServer() as server,
        transport_to(server.port, user=SENDER, password=PASSWORD) as transport,
        pytest.raises(TransportError, match="ne propose pas de connexion par identifiant"),
    ):
        transport.check()


def test_a_server_that_wants_a_log_in_stops_the_round() -> None:
    """Not a refusal of the message: every other would be refused for good in the same way."""
    with (
        SmtpServer(accounts={SENDER: PASSWORD}, login_needed=True) as server,
        transport_to(server.port) as transport,
        pytest.raises(TransportError, match="exige une connexion"),
    ):
        send(transport)


def _tells_no_secret(error: BaseException, transport: YagmailTransport, password: str = PASSWORD) -> None:
    shown = [repr(transport)]
    while True:
        shown += [str(error), repr(error), repr(error.args)]
        following = error.__cause__ or error.__context__
        if following is None:
            break
        error = following
    assert not [text for text in shown if password in text]


FAILURES: list[tuple[Fault, bool, str]] = [
    *[(Fault(at, "drop", times=1), True, "a coupé la connexion") for at in BEFORE_ANY_MESSAGE],
    *[(Fault(at, "hang", times=1), True, "ne répond pas") for at in BEFORE_ANY_MESSAGE],
    (Fault("GREETING", "reply", "421 4.3.2 fermé", times=1), True, "a refusé la connexion (421)"),
    (Fault("GREETING", "reply", "554 5.3.2 non", times=1), False, "a refusé la connexion (554)"),
    (Fault("STARTTLS", "reply", "454 4.7.0 TLS en panne", times=1), True, "a refusé la connexion (454)"),
    (Fault("AUTH", "reply", "421 4.7.0 trop d'essais", times=1), True, "la connexion"),
]


@pytest.mark.parametrize(("fault", "temporary", "sentence"), FAILURES, ids=str)
def test_a_server_that_fails_before_any_message_is_tried_again_by_the_next_one(
    authority: Authority, fault: Fault, temporary: bool, sentence: str
) -> None:
    with (
        SmtpServer(faults=[fault], tls=authority.issue().context(), accounts={SENDER: PASSWORD}) as server,
        transport_to(
            server.port,
            encryption="starttls",
            user=SENDER,
            password=PASSWORD,
            timeout=0.8,
            context=authority.trusting(),
        ) as transport,
    ):
        with pytest.raises(TransportError) as caught:
            send(transport)
        assert caught.value.temporary is temporary
        assert sentence in caught.value.what
        assert send(transport) == Accepted()
    assert len(server.accepted) == 1


def test_a_server_that_is_not_there() -> None:
    with (
        transport_to(_free_port()) as transport,
        pytest.raises(TransportError, match="injoignable") as caught,
    ):
        transport.check()
    assert caught.value.temporary


@pytest.mark.parametrize(
    ("host", "sentence"), [("absent.example", "introuvable"), ("a..example", "inattendu")]
)
def test_a_host_name_that_leads_nowhere(host: str, sentence: str) -> None:
    with transport_to(25, host=host) as transport, pytest.raises(TransportError, match=sentence):
        transport.check()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
