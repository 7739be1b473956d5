"""The same round on a Google spreadsheet and SMTP as on the embedded workbook and Maildir."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.sheets_server import ACCOUNT, SheetsServer
from tests.support.smtp_server import SmtpServer, outgoing
from tests.support.workspace import SAMPLE, Workspace

USER, PASSWORD = "coordination@reseau.example", "sesame-ouvre-toi"
STATUSES = ("Candidatures", "Appels", "Suivi")


class Cloud:
    """A workspace whose workbook is a spreadsheet behind the API and whose mail leaves by SMTP."""

    def __init__(self, folder: Path, sheets: SheetsServer, smtp: SmtpServer, authority: Authority) -> None:
        self.sheets, self.smtp = sheets, smtp
        self.id = sheets.load_xlsx(SAMPLE, locale="fr_FR", timeZone="Europe/Paris")
        self.workspace = Workspace(folder)
        key = sheets.service_account(folder / "config" / "compte-de-service.json")
        assert key.exists()
        self.workspace.set(
            "classeur", type='"google"', identifiant=f'"{self.id}"', adresse_api=f'"{sheets.url}"'
        )
        self.workspace.set(
            "courrier",
            type='"smtp"', hote='"localhost"', port=str(smtp.port), utilisateur=f'"{USER}"',
        )  # fmt: skip
        self.env = {"SSL_CERT_FILE": str(authority.certificate), "TOURNEE_SMTP": PASSWORD}

    def run(self, *words: str, at: str = "2027-03-02T10:00", **env: str) -> Any:
        return self.workspace.run(*words, at=at, env=self.env | env)

    def rows(self, tab: str) -> list[list[Any]]:
        rows: list[list[Any]] = self.sheets.dump(self.id)["sheets"][tab]["rows"]
        return rows


@pytest.fixture
def cloud(tmp_path: Path, authority: Authority) -> Any:
    certificate = authority.issue("localhost")
    smtp = SmtpServer(accounts={USER: PASSWORD}, login_needed=True, tls=certificate.context())
    with SheetsServer() as sheets, smtp:
        yield Cloud(tmp_path / "nuage", sheets, smtp, authority)


def summary(message: EmailMessage) -> tuple[str, ...]:
    """What must be the same wherever it leaves from."""
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    bodies = (text.get_content(), html.get_content())
    # The signatures of prepared replies are a workspace's own.
    return (message["To"], message["Subject"], *(re.sub(r"%23[a-z2-7]{16}", "", body) for body in bodies))


def test_same_messages_and_statuses_with_two_reads_two_writes_and_one_connection(
    cloud: Cloud, tmp_path: Path
) -> None:
    local = Workspace(tmp_path / "ici", SAMPLE)
    here = local.run("appel", "lancer", "2027-1", "--reel", "--oui")
    there = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui")
    assert there.status == here.status == 1, there.err

    sent = [message_from_bytes(m.content, policy=policy.default) for m in outgoing(cloud.smtp.accepted)]
    assert len(sent) == 45
    assert sorted(map(summary, sent)) == sorted(map(summary, local.mails()))
    for part in ("planned", "sent", "waiting", "refused", "uncertain", "problems", "written"):
        assert there.json[part] == here.json[part], part

    assert cloud.smtp.connections == 1
    assert cloud.sheets.counts["read"] == 2
    assert cloud.sheets.counts["write"] == 2

    mirrored = cloud.sheets.load_xlsx(local.book)
    for tab in STATUSES:
        assert cloud.rows(tab) == cloud.sheets.dump(mirrored)["sheets"][tab]["rows"], tab


def test_a_round_with_nothing_to_send_reads_once_and_writes_once(cloud: Cloud) -> None:
    cloud.run("appel", "lancer", "2027-1", "--reel", "--oui")
    cloud.sheets.reset_counts()
    again = cloud.run("passage", at="2027-03-02T10:15")
    assert again.json["sent"] == []
    assert len(outgoing(cloud.smtp.accepted)) == 45
    assert cloud.sheets.counts["read"] <= 1
    assert cloud.sheets.counts["write"] <= 1


def test_what_people_made_in_the_spreadsheet_stays(cloud: Cloud) -> None:
    before = cloud.sheets.dump(cloud.id)["sheets"]
    cloud.run("appel", "lancer", "2027-1", "--reel", "--oui")
    after = cloud.sheets.dump(cloud.id)["sheets"]
    assert [*before] == [tab for tab in after if tab in before]
    for title, tab in before.items():
        assert after[title]["formulas"] == tab["formulas"]
        for number, row in enumerate(tab["rows"]):
            now = after[title]["rows"][number]
            changed = {c: now[c] for c in range(len(row)) if row[c] not in ("", now[c])}
            assert changed == {}, (title, number)


def test_a_deleted_journal_sends_nothing_again(cloud: Cloud) -> None:
    cloud.run("appel", "lancer", "2027-1", "--reel", "--oui")
    for part in (cloud.workspace.folder / "donnees").glob("journal.sqlite3*"):
        part.unlink()
    again = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui", at="2027-03-02T11:00")
    assert again.json["sent"] == []
    assert again.json["uncertain"] == []
    assert len(outgoing(cloud.smtp.accepted)) == 45


def test_a_certificate_that_nobody_vouches_for_stops_before_the_sheet_is_marked(cloud: Cloud) -> None:
    ran = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui", SSL_CERT_FILE="/dev/null")
    assert ran.status == 2
    assert "certificat" in ran.json["error"]["what"]
    assert len(ran.json["planned"]) == 45
    assert ran.json["sent"] == []
    assert cloud.smtp.accepted == []
    envoi = cloud.rows("Candidatures")[0].index("Envoi")
    assert {row[envoi] for row in cloud.rows("Candidatures")[1:]} == {"En attente", "À corriger"}


def test_a_wrong_password_is_said_and_never_shown(cloud: Cloud) -> None:
    ran = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui", TOURNEE_SMTP="pas-le-bon")
    assert ran.status == 2
    assert "mot de passe" in (ran.json["error"]["what"] + ran.json["error"]["remedy"]).lower()
    assert "pas-le-bon" not in ran.out + ran.err
    assert cloud.smtp.accepted == []


def test_a_spreadsheet_that_is_not_shared_names_the_account(cloud: Cloud) -> None:
    cloud.sheets.strict(ACCOUNT)
    ran = cloud.run("passage")
    assert ran.status == 2
    assert ACCOUNT in ran.json["error"]["what"] + ran.json["error"]["remedy"]
    cloud.sheets.share(cloud.id)
    assert cloud.run("passage").status in (0, 1)


def test_a_mark_that_fails_lets_nothing_leave(cloud: Cloud) -> None:
    cloud.sheets.fail("reset-after", on="write", times=1)
    ran = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui")
    assert ran.status == 2
    assert cloud.smtp.accepted == []
    again = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui", at="2027-03-02T10:15")
    assert len(again.json["sent"]) == 45
    assert again.json["uncertain"] == []


def test_results_that_could_not_be_written_are_written_by_the_next_round(cloud: Cloud) -> None:
    cloud.sheets.fail("403", on="write", skip=1, times=1)
    ran = cloud.run("appel", "lancer", "2027-1", "--reel", "--oui")
    assert len(ran.json["sent"]) == 45
    assert ran.json["pending_writes"] > 0
    envoi = cloud.rows("Candidatures")[0].index("Envoi")
    assert "Envoi en cours" in {row[envoi] for row in cloud.rows("Candidatures")[1:]}
    again = cloud.run("passage", at="2027-03-02T10:15")
    assert again.json["pending_writes"] == 0
    assert len(outgoing(cloud.smtp.accepted)) == 45
    assert [row[envoi] for row in cloud.rows("Candidatures")[1:]].count("Envoyé") == 45
