"""SMTP through the connection that yagmail logs in and holds (design §5, RFC 5321, RFC 4954).

yagmail composes nothing and sends nothing here: the verbs are driven one by one, so that it is always
known whether the server had answered 354 to DATA, the moment from which a message may have left.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from workflows.adapters import yagmail_failures as failures
from workflows.core.ports import Accepted, ConnectionLost, MessageRefused, Refusal, TransportError

Encryption = Literal["starttls", "tls", "aucun"]

OWN_NAME = "[127.0.0.1]"
"""What EHLO says, as mail programs do: a desk has no public name, and asking the DNS for one may hang."""
QUIT_PATIENCE = 2.0
"""Seconds: nothing depends on the answer to QUIT."""
PIECE = 1 << 20
"""Bytes handed to one `sendall`: all but messages with big attachments go out at once, and the time-out
holds for each piece rather than for a slow line's whole upload."""
LONGEST_WORDS = 200

_CLOSING = 421
_AUTHENTICATION_NEEDED = {530, 534, 535, 538}
"""RFC 4954, 6: an answer about the session, whatever verb gets it, never about one message."""
_SENDING_QUOTA = re.compile(r"5\.4\.5\b")
"""What Gmail says of a spent daily allowance: 550 5.4.5 (RFC 3463, 3.5: system congestion)."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"[!-;=?-~]+")
"""What may stand between < and > in RCPT TO: ASCII, no space, no angle bracket."""
_UNSENDABLE = Refusal(553, "5.1.3 l'adresse contient un caractère que le courrier ne sait pas transmettre")


class YagmailTransport:
    """The coordination's SMTP account: one verified, logged-in connection for the round.

    `timeout` is in seconds and holds for the connection and for each answer. An empty `user` sends
    without log-in. `context` defaults to the system's authorities (OpenSSL's SSL_CERT_FILE included).
    A TransportError leaves the message unsent: it is only raised before the server took it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        encryption: Encryption,
        user: str,
        password: str,
        sender_address: str,
        timeout: float,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._encryption = encryption
        self._user = user
        self._password = password
        self._sender_address = sender_address
        self._timeout = timeout
        self._context = context
        self._client: Any = None

    def send(self, sender: str, recipients: Sequence[str], message: bytes) -> Accepted:
        """Hand over one message (RFC 5322 bytes), see ports.Transport.

        A quota or a demand for log-in raises TransportError, and the message has not left; a 421
        is the server's last word: it refuses the message, and the next one reconnects.
        """
        smtp = self._connected()
        try:
            return _Dialogue(smtp).run(sender, recipients, message)
        except MessageRefused as refused:
            self._after_refusal(smtp, refused)
            raise
        except BaseException:
            # Whatever stopped the dialogue half-way, an interruption included: a QUIT or a MAIL
            # after it could be read as part of the message.
            self._drop()
            raise

    def check(self) -> None:
        """Connect and log in, sending nothing."""
        self._connected()

    def close(self) -> None:
        """Say QUIT, without waiting long for an answer."""
        if self._client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._client.smtp.sock.settimeout(min(self._timeout, QUIT_PATIENCE))
                self._client.smtp.quit()
        self._drop()

    def _connected(self) -> smtplib.SMTP:
        if self._client is None:
            failure = self._log_in()
            if failure is not None:
                # Outside the handler, without its cause: a codec's error quotes the password.
                raise failure
        smtp: smtplib.SMTP = self._client.smtp
        return smtp

    def _log_in(self) -> TransportError | None:
        """Open the connection and log in; the reason why that failed, if it did."""
        self._client = self._new_client()
        try:
            self._client.login()
            self._client.smtp.ehlo_or_helo_if_needed()  # yagmail greets only to log in or to encrypt
        except (OSError, UnicodeError) as error:  # smtplib's and ssl's errors are OSErrors
            self._drop()
            return failures.explained(error, f"{self._host}:{self._port}")
        except BaseException:
            self._drop()
            raise
        return None

    def _new_client(self) -> Any:
        import yagmail  # 70 ms that a round without mail need not pay

        context = self._context or ssl.create_default_context()
        over_tls = self._encryption == "tls"
        client = yagmail.SMTP(
            self._sender_address,
            self._password,
            host=self._host,
            port=self._port,
            smtp_ssl=over_tls,
            smtp_starttls={"context": context} if self._encryption == "starttls" else False,
            smtp_skip_login=not self._user,
            soft_email_validation=False,
            timeout=self._timeout,
            local_hostname=OWN_NAME,
            **({"context": context} if over_tls else {}),
        )
        if self._user:
            client.user = self._user  # given to yagmail, a name without @ would become …@gmail.com
        return client

    def _after_refusal(self, smtp: smtplib.SMTP, refused: MessageRefused) -> None:
        """Make the connection fit for the next message, or let go of it."""
        if any(refusal.code == _CLOSING for refusal in refused.refusals.values()):
            self._drop()
            return
        try:
            forgotten = smtp.rset()[0] == 250
        except (smtplib.SMTPException, OSError):
            forgotten = False
        if not forgotten:
            self._drop()

    def _drop(self) -> None:
        """Close the socket without a word."""
        client, self._client = self._client, None
        if client is not None:
            client.is_closed = True  # or yagmail says QUIT, and waits, when the object is collected
            if client.smtp is not None:
                client.smtp.close()


class _Dialogue:
    """One message's verbs on an open connection (RFC 5321, 3.3)."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self._begun = False
        """The server answered 354: from here on, only its own words tell what became of the message."""

    def run(self, sender: str, recipients: Sequence[str], message: bytes) -> Accepted:
        try:
            return self._run(sender, recipients, message)
        except (smtplib.SMTPException, OSError):
            raise ConnectionLost(maybe_accepted=self._begun) from None

    def _run(self, sender: str, recipients: Sequence[str], message: bytes) -> Accepted:
        payload = _payload(message)
        refused = self._envelope(sender, recipients, self._announced(payload))
        accepted = [address for address in recipients if address not in refused]
        if not accepted:
            raise MessageRefused(refused)
        answer = self._answer("DATA", expected=354)
        if answer is None:
            self._begun = True
            answer = self._end_of_data(payload)
        if answer is not None:
            raise MessageRefused({address: refused.get(address, answer) for address in recipients})
        return Accepted(refused)

    def _announced(self, payload: bytes) -> str:
        """What MAIL says of the message (RFC 1870, RFC 6152), where the server understands it."""
        size = f" SIZE={len(payload)}" if self._smtp.has_extn("size") else ""
        eight_bit = not payload.isascii() and self._smtp.has_extn("8bitmime")
        return size + (" BODY=8BITMIME" if eight_bit else "")

    def _envelope(self, sender: str, recipients: Sequence[str], announced: str) -> dict[str, Refusal]:
        """MAIL and each RCPT: the refusals by address."""
        if not _ADDRESS.fullmatch(sender):
            raise MessageRefused(dict.fromkeys(recipients, _UNSENDABLE))
        answer = self._answer(f"MAIL FROM:<{sender}>{announced}")
        if answer is not None:
            raise MessageRefused(dict.fromkeys(recipients, answer))
        refused: dict[str, Refusal] = {}
        for address in recipients:
            sendable = _ADDRESS.fullmatch(address)
            answer = self._answer(f"RCPT TO:<{address}>") if sendable else _UNSENDABLE
            if answer is None:
                continue
            refused[address] = answer
            if answer.code == _CLOSING:
                raise MessageRefused({other: refused.get(other, answer) for other in recipients})
        return refused

    def _answer(self, command: str, expected: int = 250) -> Refusal | None:
        self._smtp.putcmd(command)
        return self._judged(*self._smtp.getreply(), expected=expected)

    def _end_of_data(self, payload: bytes) -> Refusal | None:
        for start in range(0, len(payload), PIECE):
            self._smtp.send(payload[start : start + PIECE])
        return self._judged(*self._smtp.getreply(), expected=250)

    def _judged(self, code: int, words: bytes, expected: int) -> Refusal | None:
        """None for what was expected, else the refusal; an answer that is neither tells nothing."""
        if code // 10 == expected // 10:  # 251 « user not local, will forward » is a yes
            return None
        if not 400 <= code <= 599:
            raise smtplib.SMTPServerDisconnected("an answer that RFC 5321 does not know")
        refusal = Refusal(code, cleaned(words))
        if code in _AUTHENTICATION_NEEDED:
            raise failures.needs_log_in(refusal)
        if _SENDING_QUOTA.match(refusal.words):
            raise failures.quota_spent(refusal)
        return refusal


def _payload(message: bytes) -> bytes:
    """The message as DATA carries it: CRLF alone ends a line, leading dots doubled, final dot added."""
    body = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", message))
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def cleaned(words: bytes) -> str:
    """A server's words on one line, without control characters, at most LONGEST_WORDS long."""
    line = _UNPRINTABLE.sub(" ", words.decode("utf-8", "replace")).strip()
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"
