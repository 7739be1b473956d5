"""Mail servers that refuse, slow down, break and hang, at every verb and for some recipients only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from tests.faults.tally import Tally
from tests.faults.world import START, Servers, step_of
from tests.faults.zygote import Ended
from tests.support.certificates import Authority
from tests.support.smtp_server import SmtpServer
from tests.support.smtp_session import At, Do, Fault

ON_CONNECTING: tuple[At, ...] = ("GREETING", "EHLO")
BEFORE_DATA: tuple[At, ...] = ("MAIL", "RCPT", "DATA")
IN_DATA: tuple[At, ...] = ("BODY", "END")
BREAKS: tuple[Do, ...] = ("drop", "hang")
STRUCTURES = 4
ACCOUNT, PASSWORD = "coordination", "sesame-ouvre-toi"

Expected = Literal["sent", "later", "refused", "doubtful", "stopped", "some"]
"""What becomes of the one that the fault hits: all leave; it waits; it is refused; it is in doubt; the
round stops; one of its recipients is left out."""


class Faulty:
    """A server in this process, whose faults are taken away when people have mended it."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    @property
    def port(self) -> int:
        return self.server.port

    def accepted(self, domain: str) -> Counter[tuple[str, str]]:
        return Counter(
            (address, step_of(message.content))
            for message in self.server.accepted
            for address in message.recipients
            if address.endswith(f"@{domain}")
        )


@dataclass(frozen=True)
class Case:
    """One way to go wrong, for the second message, and what must come of it."""

    fault: Fault
    expected: Expected
    each: int = 1

    @property
    def label(self) -> str:
        what = self.fault.reply or self.fault.do
        return f"{what} at {self.fault.at}{f' for one of {self.each}' if self.each > 1 else ''}"


def cases() -> Iterator[Case]:
    """Every verb with every kind of trouble."""
    second = Fault("MAIL", "reply", after=1, times=1)
    for at in (*BEFORE_DATA, "END"):
        fault = replace(second, at=at)
        for reply in (
            "450 4.2.0 greylisted",
            "451 4.7.1 try later",
            "452 4.3.1 too many",
            "421 4.7.0 try later",
        ):
            yield Case(replace(fault, reply=reply), "later")
        for reply in ("550 5.1.1 no such user", "554 5.7.1 refused"):
            yield Case(replace(fault, reply=reply), "refused")
        yield Case(replace(fault, reply="550 5.4.5 Daily user sending limit exceeded"), "stopped")
    for at in BEFORE_DATA:
        for do in BREAKS:
            yield Case(replace(second, at=at, do=do), "later")
    for at in IN_DATA:
        for do in BREAKS:
            yield Case(replace(second, at=at, do=do), "doubtful")
    yield Case(replace(second, at="END", do="lose"), "doubtful")
    for at in (*ON_CONNECTING, *BEFORE_DATA, *IN_DATA):
        yield Case(Fault(at, "wait", seconds=0.2), "sent")
    for do in BREAKS:
        yield Case(Fault("QUIT", do), "sent")
    yield Case(
        Fault("MAIL", "reply", reply="452 4.3.2 too many messages on this connection", after=2), "later"
    )
    yield from _on_connecting()
    yield from _for_some()


def _on_connecting() -> Iterator[Case]:
    for at in ON_CONNECTING:
        for do in BREAKS:
            yield Case(Fault(at, do, times=1), "stopped")
        for reply in ("421 4.3.2 not now", "554 5.7.1 no"):
            yield Case(Fault(at, "reply", reply=reply, times=1), "stopped")


def _for_some() -> Iterator[Case]:
    """Faults for the second of three recipients of one message."""
    one = Fault("RCPT", "reply", after=1, times=1)
    yield Case(replace(one, reply="450 4.2.2 over quota"), "later", 3)
    yield Case(replace(one, reply="550 5.1.1 no such user"), "some", 3)
    yield Case(replace(one, do="drop"), "later", 3)
    yield Case(replace(one, reply="421 4.7.0 slow down"), "later", 3)


def one_case(servers: Servers, case: Case, tally: Tally) -> None:
    """A round that meets the fault, then rounds with a server in order."""
    with SmtpServer(faults=[case.fault]) as server:
        world = servers.world(STRUCTURES, server=Faulty(server), each=case.each)
        hers = world.hers()
        first = world.run("passage")
        tally.tried += 1
        tally.interrupted += 1
        _judge_first(tally, case, first, server)
        server.faults.clear()
        world.settle()
        world.at = START + timedelta(days=1)
        world.settle()
        refused = {ref for ref in world.addresses if case.expected == "refused" and ref == "STR-002"}
        world.judge(tally, case.label, hers, doubtful=int(case.expected == "doubtful"), refused=refused)
        if refused:
            reason = next(row["Motif"] for row in world.tab("Candidatures") if row["Structure"] == "STR-002")
            tally.expect(case.fault.reply[:3] in str(reason), f"{case.label}: Motif is {reason}")


def _judge_first(tally: Tally, case: Case, ended: Ended, server: SmtpServer) -> None:
    """The round of the fault: the others got theirs, or it stopped and says why."""
    label = f"{case.label}: {ended.status}"
    tally.expect("Traceback" not in ended.err, f"{label} {ended.err}")
    found = ended.json
    stops = case.expected == "stopped"
    tally.expect((ended.status == 2) == stops, f"{label}, {found}")
    if stops or case.fault.after == 2:
        return
    left_out = {"sent": 0, "some": 0}.get(case.expected, 1)
    if case.each > 1 and case.fault.do == "reply" and not case.fault.reply.startswith("421"):
        left_out = 0
    tally.expect(len(found["sent"]) == STRUCTURES - left_out, f"{label}: sent {found['sent']}")
    tally.expect(
        len(found["uncertain"]) == (case.expected == "doubtful"), f"{label}: uncertain {found['uncertain']}"
    )


def growing_delay(servers: Servers) -> Tally:
    """A server that puts everybody off for six hours is asked after 15 min, 1 h and 4 h, no more."""
    tally = Tally("SMTP: put off for six hours")
    with SmtpServer(faults=[Fault("RCPT", "reply", reply="451 4.7.1 try later")]) as server:
        world = servers.world(2, server=Faulty(server))
        hers = world.hers()
        for _ in range(24):
            world.run("passage")
            world.at -= timedelta(minutes=5)
        tally.tried, tally.interrupted = 24, server.connections
        tally.expect(server.connections == 4, f"{server.connections} attempts in six hours")
        server.faults.clear()
        world.at = START + timedelta(days=1)
        world.settle()
        world.judge(tally, "put off", hers, doubtful=0)
    return tally


def untrusted(servers: Servers) -> Tally:
    """Certificates of another host, expired, of nobody; a log-in that is refused: nothing is marked."""
    tally = Tally("SMTP: certificates and log-in")
    authority = Authority(servers.folder)
    good = authority.issue()
    for label, certificate, trusted, password in (
        ("other host", authority.issue("elsewhere.example"), authority.certificate, PASSWORD),
        ("expired", authority.issue(expired=True), authority.certificate, PASSWORD),
        ("nobody's", good, "/dev/null", PASSWORD),
        ("log-in", good, authority.certificate, "wrong"),
    ):
        for implicit in (False, True):
            with SmtpServer(
                accounts={ACCOUNT: PASSWORD},
                login_needed=True,
                tls=certificate.context(),
                implicit_tls=implicit,
            ) as server:
                world = servers.world(2, server=Faulty(server))
                hers = world.hers()
                world.workspace.set(
                    "courrier", chiffrement='"tls"' if implicit else '"starttls"', utilisateur=f'"{ACCOUNT}"'
                )
                env = {"SSL_CERT_FILE": str(trusted), "TOURNEE_SMTP": password}
                ended = world.run("passage", env=env)
                tally.tried += 1
                tally.interrupted += 1
                said = ended.json["error"]["what"] if ended.status == 2 else ""
                told = "certificat" in said or "mot de passe" in said
                tally.expect(told, f"{label}: {ended.out}")
                tally.expect(password not in ended.out + ended.err, f"{label}: the password is told")
                rows = world.tab("Candidatures")
                tally.expect(all(r["Envoi"] != "Envoi en cours" for r in rows), f"{label}: marked")
                tally.expect(not server.accepted, f"{label}: something left")
                world.workspace.set("courrier", chiffrement='"aucun"', utilisateur='""')
                world.workspace.smtp(servers.mail.port)
                world.server = servers.mail
                world.settle()
                world.judge(tally, label, hers, doubtful=0)
    return tally


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    tally = Tally("SMTP: every verb, every kind of trouble")
    for case in list(cases())[:: max(1, round(1 / share))]:
        one_case(servers, case, tally)
    yield tally
    yield growing_delay(servers)
    if share == 1:
        yield untrusted(servers)
