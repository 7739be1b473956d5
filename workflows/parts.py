"""The composition root: a workspace's settings become the parts of a round; the only importer of adapters."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

from workflows import ambassadors, call_for_applications, presence, replies, training
from workflows.core.book import Names
from workflows.core.disk import cause
from workflows.core.ports import Mailbox, SentBox, Transport, Workbook
from workflows.core.problems import TourneeError
from workflows.core.replies import settings as reply_settings
from workflows.core.workflow import Workflow
from workflows.engine import founding
from workflows.engine.attachments import AttachmentFolder
from workflows.engine.general import General, MailSettings
from workflows.engine.intake import Understand
from workflows.engine.journal import Journal
from workflows.engine.prepare import Tools
from workflows.engine.rendering import Renderer
from workflows.engine.secrets import secret
from workflows.engine.settings import Settings

WORKFLOWS: tuple[Workflow, ...] = tuple(
    cast(Workflow, module) for module in (call_for_applications, training, presence, ambassadors)
)
CHECKOUT = Path(__file__).resolve().parent.parent
"""Where the shipped configuration and templates stand."""
_MAIL_TIMEOUT = 60.0
_LAST_SENDING = ".dernier-envoi"
"""Beside the journal: with it gone and an old workbook put back, this file alone knows that mail left."""

Clock = Callable[[], datetime]


class RoundUnderWay(TourneeError):
    """Another process makes a round in this workspace: exit status 75."""

    def __init__(self) -> None:
        super().__init__("Une autre tournée est en cours.", "Attendez qu'elle finisse, puis relancez.")


@dataclass(slots=True)
class Parts:
    """One workspace, and what a round in it is made of."""

    workspace: Path
    settings: Settings
    clock: Clock
    environ: Mapping[str, str]
    stop: Callable[[], bool] = lambda: False
    progress: Callable[[int, int], None] = lambda _done, _total: None

    @property
    def general(self) -> General:
        return self.settings.general

    @property
    def data(self) -> Path:
        return self.workspace / founding.DATA

    def tools(self, journal: Journal) -> Tools:
        """The parts of a round."""
        folder = self.general.mail.attachments
        return Tools(
            general=self.general,
            workflows=WORKFLOWS,
            values={w.NAME: self.settings.workflows[f"{w.NAME}.toml"] for w in WORKFLOWS},
            names=self.names(),
            workbook=self.workbook(),
            journal=journal,
            renderer=self.renderer(),
            attachments=AttachmentFolder(folder, folder.name),
            transport=lambda: self.transport(self.general.mail),
            trial_transport=self._trial_transport,
            letter_transport=self._letter_folder if self.general.mail.kind == "maildir" else None,
            clock=self.clock,
            stop=self.stop,
            progress=self.progress,
            last_sending=self._last_sending,
            note_sending=self._note_sending,
            mailbox=self.mailbox,
            sent_box=self._sent_box(),
            understand=self._understand(),
        )

    def _understand(self) -> Understand:
        values = self.settings.workflows[reply_settings.FILE]
        return partial(
            replies.understand,
            words=reply_settings.words_of(values),
            trusted_server=values["serveur_de_confiance"],
        )

    def names(self) -> Names:
        """Her names for tabs and headings; what one file renames holds for every workflow."""
        tabs: dict[str, str] = {}
        headings: dict[str, dict[str, str]] = {}
        for values in self.settings.workflows.values():
            tabs |= {t: hers for t, hers in values["onglets"].items() if t not in tabs or hers != t}
            for tab, columns in values["colonnes"].items():
                known = headings.setdefault(tab, {})
                known |= {c: hers for c, hers in columns.items() if hers != c}
        return Names(tabs, headings)

    def workbook(self) -> Workbook:
        """The spreadsheet of the configuration; reaching it is for its first call."""
        sheet = self.general.workbook
        if sheet.kind == "google":
            from workflows.adapters.google_sheet import GoogleSheet

            return GoogleSheet(
                sheet.identifier, sheet.service_account, sheet.api_root, holder=_machine(self.workspace)
            )
        from workflows.adapters.xlsx_workbook import XlsxWorkbook

        return XlsxWorkbook(sheet.file, today=lambda: self.clock().date())

    def _sent_box(self) -> Callable[[], SentBox] | None:
        """Where copies of what left lie, if anywhere."""
        mail, replies = self.general.mail, self.general.replies
        if mail.kind == "maildir":
            from workflows.adapters.maildir import MaildirSentBox

            return lambda: MaildirSentBox(mail.folder)
        if replies.kind != "imap" or not replies.sent_mailbox:
            return None
        from workflows.adapters.imap_mailbox import Encryption, Marking
        from workflows.adapters.imap_sent import ImapSentBox

        return lambda: ImapSentBox(
            replies.host,
            replies.port,
            cast(Encryption, replies.encryption),
            replies.user,
            secret(replies.password_source, self.workspace, self.environ),
            replies.sent_mailbox,
            Marking(),
            _MAIL_TIMEOUT,
            datetime.now(UTC).date(),
        )

    def mailbox(self) -> Mailbox:
        """Where replies arrive. Raises TourneeError for a password or a name that is missing."""
        box = self.general.replies
        if box.kind == "maildir":
            from workflows.adapters.maildir import MaildirMailbox

            return MaildirMailbox(box.folder)
        from workflows.adapters.imap_mailbox import Encryption, ImapMailbox, Marking

        if not box.user:
            raise TourneeError(
                "Le nom de connexion de la boîte aux lettres manque.",
                "Écrivez utilisateur dans la partie [reponses] de config/general.toml.",
            )
        values = self.settings.workflows[reply_settings.FILE]
        how = values["marquer"]
        return ImapMailbox(
            box.host,
            box.port,
            cast(Encryption, box.encryption),
            box.user,
            secret(box.password_source, self.workspace, self.environ),
            box.mailbox,
            Marking(
                values["mot_cle"] if how == reply_settings.KEYWORD else "",
                values["dossier"] if how == reply_settings.FOLDER else "",
            ),
            _MAIL_TIMEOUT,
            datetime.now(UTC).date(),
        )

    def transport(self, mail: MailSettings) -> Transport:
        """What takes the mail. Raises TourneeError for a password that is missing."""
        if mail.kind == "maildir":
            from workflows.adapters.maildir import MaildirTransport

            return MaildirTransport(mail.folder)
        from workflows.adapters.yagmail_transport import Encryption, YagmailTransport

        return YagmailTransport(
            mail.host,
            mail.port,
            cast(Encryption, mail.encryption),
            mail.user,
            secret(mail.password_source, self.workspace, self.environ) if mail.user else "",
            self.general.sender.address,
            _MAIL_TIMEOUT,
        )

    def _trial_transport(self) -> Transport:
        if self.general.trial_address:
            return self.transport(self.general.mail)
        from workflows.adapters.maildir import MaildirTransport

        return MaildirTransport(self.data / "essais")

    @property
    def _letters(self) -> Path:
        return self.data / "lettres"

    def _letter_folder(self) -> Transport:
        """Beside the Maildir of what is sent, so that this holds the campaigns' messages alone."""
        from workflows.adapters.maildir import MaildirTransport

        return MaildirTransport(self._letters)

    def common_words(self) -> dict[str, str]:
        """What every template may say; templates_doc.COMMON has an example of each."""
        who = self.general.coordination
        return {
            "nom_coordination": who.name,
            "telephone": who.phone,
            "courriel_coordination": self.general.contact.address,
            "expediteur": self.general.sender.name or who.name,
        }

    def renderer(self) -> Renderer:
        """The templates of this workspace, the shipped ones where it has none."""
        folders = [self.workspace / "templates", CHECKOUT / "templates"]
        return Renderer(folders, self.common_words(), self.general.coordination.colour)

    def journal(self) -> Journal:
        """The workspace's journal, made where there is none."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Journal(self.data / "journal.sqlite3")

    def _read_only_journal(self) -> Journal:
        """The journal for commands that change nothing: an empty one in memory where there is none."""
        return Journal(self.data / "journal.sqlite3", create=False)

    def _last_sending(self) -> int:
        try:
            noted = (self.data / _LAST_SENDING).read_text("ascii")
        except (OSError, ValueError):
            return 0
        return int(noted) if noted.isdecimal() else 0

    def _note_sending(self, number: int) -> None:
        """Raises TourneeError where nothing can be written."""
        draft = self.data / f"{_LAST_SENDING}.neuf"
        try:
            with draft.open("w", encoding="ascii") as file:
                file.write(str(number))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.data / _LAST_SENDING)
        except OSError as error:
            raise _unwritable(self.data, error) from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One round at a time in a workspace; the system frees the lock of a process that dies."""
        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.data / ".verrou", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(self.data, error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RoundUnderWay from None
            yield
        finally:
            os.close(descriptor)


def _machine(workspace: Path) -> str:
    """A name for this workspace on this machine, the same at every round."""
    said = f"{uuid.getnode()}|{platform.node()}|{workspace.resolve()}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _unwritable(folder: Path, error: OSError) -> TourneeError:
    return TourneeError(
        f"Le dossier {folder} ne peut pas être écrit : {cause(error)}.",
        "Vérifiez ses droits et la place libre du disque, puis relancez.",
    )
