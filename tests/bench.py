"""`make bench`: what a round costs, as ratios measured side by side in one run.

Deliveries go to one local SMTP sink (aiosmtpd in a process of its own); the same messages are sent by
`deliver` with its journal, by a bare smtplib loop on one connection (the limit) and by `yagmail.send`
in a loop. Start-up is compared with that of Python itself.
"""

from __future__ import annotations

import email
import email.policy
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests import bench_load
from tests.support.ports import free_port, wait_for_port
from workflows.adapters.yagmail_transport import YagmailTransport
from workflows.core.mailbox import Mailbox
from workflows.engine.composing import compose, make_message_id
from workflows.engine.deliver import deliver
from workflows.engine.journal import Journal, Message
from workflows.engine.rendering import Rendered

CHECKOUT = Path(__file__).resolve().parent.parent
MESSAGES, YAGMAIL_MESSAGES, RUNS, STARTS = 400, 60, 3, 9
SENDER = Mailbox("Coordination", "coordination@reseau.example")
_SINK = """
import sys, time
from aiosmtpd.controller import Controller
class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
while True:
    time.sleep(3600)
"""


@contextmanager
def sink() -> Iterator[int]:
    """A local SMTP server that throws everything away, as a process; its port."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", _SINK, str(port)]) as process:
        try:
            wait_for_port(port)
            yield port
        finally:
            process.kill()


def messages(count: int, run: int) -> list[Message]:
    """Whole messages of the size of an announcement."""
    paragraph = (
        "Votre structure souhaite-t-elle participer ? Répondez simplement à ce message par oui ou non. "
    )
    made = []
    for number in range(count):
        to, message_id = f"structure-{number}@structures.example", make_message_id("reseau.example")
        content = compose(
            Rendered("Appel à candidatures", paragraph * 8, f"<p>{paragraph * 8}</p>"),
            sender=SENDER,
            recipients=[to],
            message_id=message_id,
            date=datetime(2027, 3, 2, 10, tzinfo=UTC),
            unsubscribe="STOP",
        )
        key = f"appel:bench-{run}:STR-{number:04}:annonce"
        campaign = f"appel:bench-{run}"
        made.append(Message(key, campaign, "annonce", str(number), (to,), message_id, content, True))
    return made


def ours(port: int, folder: Path, run: int) -> float:
    """Messages per second through `deliver`, each claimed and settled durably."""
    made = messages(MESSAGES, run)
    journal = Journal(folder / "journal.sqlite3")
    journal.plan(made, (), (), run)
    transport = YagmailTransport("127.0.0.1", port, "aucun", "", "", SENDER.address, 30)
    transport.check()
    start = time.perf_counter()
    delivery = deliver(
        [m.key for m in made], journal, transport, SENDER.address, lambda: datetime.now(UTC), attempts={}
    )
    took = time.perf_counter() - start
    transport.close()
    journal.close()
    assert len(delivery.outcomes) == MESSAGES
    return MESSAGES / took


def limit(port: int, _folder: Path, run: int) -> float:
    """Messages per second of the bare loop: smtplib's send_message on one connection."""
    parsed = [email.message_from_bytes(m.content, policy=email.policy.SMTP) for m in messages(MESSAGES, run)]
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        start = time.perf_counter()
        for message in parsed:
            smtp.send_message(message)
        took = time.perf_counter() - start
    return MESSAGES / took


def naive(port: int, _folder: Path, run: int) -> float:
    """Messages per second of what people write: yagmail.send in a loop."""
    import yagmail

    made = messages(YAGMAIL_MESSAGES, run)
    client = yagmail.SMTP(
        SENDER.address, host="127.0.0.1", port=port, smtp_ssl=False, smtp_starttls=False, smtp_skip_login=True
    )
    start = time.perf_counter()
    for message in made:
        client.send(message.recipients[0], "Appel à candidatures", ["Bonjour", "<p>Bonjour</p>"])
    return YAGMAIL_MESSAGES / (time.perf_counter() - start)


def start_up(command: list[str], environ: dict[str, str]) -> float:
    """Seconds that a process takes, median of several."""
    taken = []
    for _ in range(STARTS):
        start = time.perf_counter()
        subprocess.run(command, env=environ, cwd=CHECKOUT, check=False, capture_output=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def deliveries() -> None:
    rates: dict[str, list[float]] = {}
    contenders: dict[str, Callable[[int, Path, int], float]] = {
        "smtplib send_message, one connection (the limit)": limit,
        "deliver with its journal": ours,
        "yagmail.send in a loop": naive,
    }
    with sink() as port, tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS):
            for name, rate in contenders.items():
                rates.setdefault(name, []).append(rate(port, Path(folder), run))
    best = statistics.median(rates["smtplib send_message, one connection (the limit)"])
    for name, found in rates.items():
        median = statistics.median(found)
        print(f"{name:<52} {median:8.0f} messages/s   {median / best:5.2f} of the limit")


def starts() -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "espace"
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        run = [sys.executable, "run.py"]
        subprocess.run([*run, "creer", str(workspace)], cwd=CHECKOUT, check=True, capture_output=True)
        bare = start_up([sys.executable, "-c", "pass"], environ)
        idle = [*run, "--espace", str(workspace), "passage", "--reel"]
        for name, command in (("run.py --help", [*run, "--help"]), ("passage with nothing due", idle)):
            took = start_up(command, environ)
            print(f"{name:<52} {took * 1000:8.0f} ms           {took / bare:5.1f} × python -c pass")


def main() -> None:
    deliveries()
    starts()
    bench_load.main()


if __name__ == "__main__":
    main()
