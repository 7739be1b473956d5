"""What the tests of a transport share: people, a message, a transport that is closed in the end."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from workflows.adapters.yagmail_transport import Encryption, YagmailTransport
from workflows.core.ports import Accepted, Transport

SENDER = "coordination@asso.example"
ANNE, BASILE = "anne@structure.example", "basile@structure.example"
MESSAGE = b"From: coordination@asso.example\r\nSubject: Bonjour\r\n\r\nBonjour,\r\n"
PASSWORD = "sesame-ouvre-toi"


@contextmanager
def transport_to(
    port: int,
    *,
    encryption: Encryption = "aucun",
    user: str = "",
    password: str = "",
    timeout: float = 5.0,
    context: ssl.SSLContext | None = None,
    host: str = "localhost",
) -> Iterator[YagmailTransport]:
    transport = YagmailTransport(host, port, encryption, user, password, SENDER, timeout, context)
    try:
        yield transport
    finally:
        transport.close()


def send(transport: Transport, *recipients: str) -> Accepted:
    return transport.send(SENDER, recipients or (ANNE,), MESSAGE)
