"""What the commands ask of a workspace: one method each, under its lock where it changes something."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from workflows import demo
from workflows.core.disk import cause
from workflows.core.messages import Mode, Record
from workflows.core.ports import WorkbookError
from workflows.core.problems import TourneeError
from workflows.core.replies import settings as reply_settings
from workflows.engine import founding
from workflows.engine import round as rounds
from workflows.engine.account import Account
from workflows.engine.check import Check, Mark
from workflows.engine.checkup import Place, check_up, unreadable
from workflows.engine.crontab import crontab_lines
from workflows.engine.furnish import Furniture, furnish, new_tabs
from workflows.engine.general import General
from workflows.engine.intake import Desk as IntakeDesk
from workflows.engine.intake import Recognised, own_addresses, read_file
from workflows.engine.journal import JournalError
from workflows.engine.overview import Overview, overview
from workflows.engine.personal_data import one_address, rows_showing
from workflows.engine.prepare import Request
from workflows.engine.questions import Answers
from workflows.engine.settings import SettingsError, load
from workflows.engine.story import Story, stories
from workflows.parts import CHECKOUT, WORKFLOWS, Clock, Parts

_DEMO_MARK = ".demonstration"
"""In the folders that `demo` made itself."""


class Office(Parts):
    """One workspace, ready to work: opened by `open_office`."""

    __slots__ = ()

    def mode(self, asked: Mode | None) -> Mode:
        """What the command asks for, else what the configuration says."""
        return asked or self.general.mode

    def preview(self, *requests: Request, soon: bool = False) -> Account:
        """What would leave now, or at the next chance: of the first request that sends something, else of
        the first; changes nothing, and needs no lock."""
        look = rounds.preview_soon if soon else rounds.preview
        with self._read_only_journal() as journal:
            first, *others = (partial(look, self.tools(journal), request) for request in requests)
            account = first()
            found = (other() for other in others if not account.planned)
            return next((each for each in found if each.planned), account)

    def run(self, request: Request) -> Account:
        """Make the round. Raises RoundUnderWay, TourneeError, WorkbookError."""
        with self.lock(), self.journal() as journal:
            return rounds.run(self.tools(journal), request)

    def lay_sample_replies(self) -> None:
        """Let the demonstration's replies arrive."""
        with self.journal() as journal:
            demo.lay_replies(self.general.replies.folder, journal)

    @property
    def awaits_key(self) -> bool:
        """The Google spreadsheet cannot be opened yet: its key was not put in place."""
        sheet = self.general.workbook
        return sheet.kind == "google" and not sheet.service_account.exists()

    def furnish(self) -> Furniture:
        """Give the workbook the tabs and columns that it lacks. Raises WorkbookError, RoundUnderWay."""
        sheet = self.general.workbook
        with self.lock():
            if sheet.kind == "xlsx" and not sheet.file.exists():
                from workflows.adapters.xlsx_workbook import create_workbook

                tabs = new_tabs(self.names())
                create_workbook(sheet.file, tabs)
                return Furniture(list(tabs))
            return furnish(self.workbook(), self.names())

    def check_up(self) -> list[Check]:
        """Everything that can go wrong, looked at; sends and changes nothing."""
        place = Place(self.workspace, self.workspace / "templates", CHECKOUT / "templates", self.environ)
        try:
            journal = self._read_only_journal()
        except JournalError as error:
            return [Check(Mark.BAD, error.what, error.remedy)]
        with contextlib.closing(journal):
            return list(check_up(self.tools(journal), place))

    def uncertain(self) -> dict[str, Record]:
        """Messages that wait for a person's word."""
        with self._read_only_journal() as journal:
            return journal.uncertain()

    def settle(self, key: str, *, sent: bool) -> None:
        """Say what became of an uncertain message. Raises TourneeError when it is not one."""
        with self.lock(), self.journal() as journal:
            journal.recover()
            if not journal.decide(key, sent=sent, at=self.clock()):
                known = journal.record(key)
                what = f"Le message « {key} » n'est pas à vérifier." if known else f"« {key} » est inconnu."
                raise TourneeError(what, "« etat » donne la liste des messages à vérifier.")

    def stories(self, who: str) -> list[Story]:
        """What the people that `who` names were sent, and why the rest was not."""
        with self._read_only_journal() as journal:
            return stories(self.tools(journal), who)

    def held(self, address: str) -> dict[str, Any]:
        """All that is kept of an address. Raises TourneeError for what is not one address."""
        wanted = one_address(address)
        with self._read_only_journal() as journal:
            return journal.held(wanted)

    def rows_showing(self, address: str) -> dict[str, int] | None:
        """By tab, the rows of the workbook that show an address; None where it cannot be read."""
        try:
            return rows_showing(self.workbook().read(), one_address(address))
        except WorkbookError:
            return None

    def erase(self, address: str) -> int:
        """Forget an address in the journal and the local mail folders; how many mails were deleted."""
        from workflows.adapters.maildir import erase

        wanted = one_address(address)
        with self.lock(), self.journal() as journal:
            journal.erase(wanted, self.clock())
        try:
            folders = {self.general.mail.folder, self.general.replies.folder, self.data / "essais"}
            return sum(erase(folder, wanted) for folder in folders) + erase(self._letters, wanted, told=True)
        except OSError as error:
            raise TourneeError(
                f"L'adresse est effacée du journal, mais un message n'a pas pu l'être : {cause(error)}.",
                "Vérifiez les droits des dossiers de donnees/, puis relancez effacer.",
            ) from error

    def crontab(self, python: str, program: Path, every: timedelta) -> list[str]:
        """The lines that make cron call a round of this workspace."""
        here = self.workspace.resolve()
        return crontab_lines(python, program, here, self.general.hours, every, local=self._local())

    def _local(self) -> bool:
        """Whether the machine's clock shows the coordination's time, in winter and in summer."""
        moments = [self.clock() + timedelta(days=days) for days in (0, 182)]
        return all(m.utcoffset() == m.astimezone().utcoffset() for m in moments)

    def overview(self) -> Overview:
        """Where everything stands now."""
        with self._read_only_journal() as journal:
            return overview(self.tools(journal))

    def facts(self) -> dict[str, str]:
        """What the journal remembers of the last round."""
        with self._read_only_journal() as journal:
            return {name: journal.meta(name) for name in ("round", "last_round", "pending")}

    def read_mails(self, files: Iterable[Path]) -> list[Recognised]:
        """How these mails would be understood and matched; changes nothing."""
        with self._read_only_journal() as journal:
            ours = own_addresses(self.general)
            desk = IntakeDesk(journal, self._understand(), self.clock(), ours=ours)
            return [read_file(desk, file) for file in files]


def open_office(workspace: Path, clock_in: Callable[[General], Clock], environ: Mapping[str, str]) -> Office:
    """Read the configuration of a workspace. Raises SettingsError with everything that is wrong."""
    sections = {f"{w.NAME}.toml": w.SECTION for w in WORKFLOWS}
    settings = load(workspace, {**sections, reply_settings.FILE: reply_settings.SECTION})
    return Office(workspace, settings, clock_in(settings.general), environ)


def check_workspace(
    workspace: Path, clock_in: Callable[[General], Clock], environ: Mapping[str, str]
) -> list[Check]:
    """The checkup of a workspace, also of one whose configuration cannot be read."""
    try:
        office = open_office(workspace, clock_in, environ)
    except SettingsError as error:
        return list(unreadable(error.problems, workspace))
    return office.check_up()


def create_workspace(folder: Path, answers: Answers | None = None) -> None:
    """Make a workspace from the shipped configuration, without its workbook. Raises TourneeError."""
    founding.found(folder, CHECKOUT, answers)


def create_demo(folder: Path) -> None:
    """Make the demo's workspace, or go on in one. Raises TourneeError for any other folder: a demo sends."""
    mark = folder / founding.DATA / _DEMO_MARK
    if not mark.exists():
        founding.found(folder, CHECKOUT)
        mark.touch()
    workbook = folder / founding.DATA / "coordination.xlsx"
    if not workbook.exists():
        with founding.making(folder):
            workbook.write_bytes(demo.sample_workbook())


def templates_readme() -> str:
    """templates/LISEZMOI.md as the code makes it."""
    from workflows.engine.templates_doc import readme

    return readme(WORKFLOWS, CHECKOUT / "templates")
