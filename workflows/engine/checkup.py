"""`verifier`: everything that can go wrong, looked at without sending anything (design §3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from workflows.core.messages import Mode
from workflows.core.ports import MailboxError, TransportError, WorkbookError
from workflows.core.problems import TourneeError
from workflows.core.workflow import Scope
from workflows.engine.prepare import Request, Tools, prepare
from workflows.engine.template_files import TemplateProblem


class Mark(Enum):
    """How a line of the checkup ended."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checkup."""

    mark: Mark
    what: str
    remedy: str = ""


def check_up(tools: Tools) -> Iterator[Check]:
    """Configuration (read already), templates, workbook, rows, and the log-in of the mail server."""
    yield Check(Mark.GOOD, "La configuration est lue.")
    if tools.general.mode is Mode.TRIAL:
        what = "Le mode est « essai » : rien ne part aux destinataires."
        yield Check(Mark.NOTE, what, 'Écrivez mode = "reel" dans config/general.toml pour envoyer.')
    yield from _templates(tools)
    yield from _workbook(tools)
    yield from _transport(tools)
    yield from _mailbox(tools)


def _templates(tools: Tools) -> Iterator[Check]:
    for workflow in tools.workflows:
        for template, variables in workflow.VARIABLES.items():
            problems = tools.renderer.check(template, list(variables))
            for problem in problems:
                yield Check(Mark.BAD, f"{problem.where} : {problem.what}", problem.remedy)
            if not problems:
                yield Check(Mark.GOOD, f"Le modèle {template} est en ordre.")


def _workbook(tools: Tools) -> Iterator[Check]:
    try:
        prepared = prepare(tools, Request("verifier", Scope()))
    except (WorkbookError, TourneeError) as error:
        if not isinstance(error, TemplateProblem):
            yield Check(Mark.BAD, error.what, error.remedy)
        return
    rows = sum(len(tab.rows) for tab in prepared.book.tabs.values())
    yield Check(Mark.GOOD, f"Le classeur est lu : {rows} lignes.")
    found = list(prepared.problems)
    for workflow in tools.workflows:
        found += workflow.inspect(prepared.desks[workflow.NAME])
    for problem in dict.fromkeys(found):
        yield Check(Mark.NOTE, f"{problem.where} : {problem.what}", problem.remedy)


def _transport(tools: Tools) -> Iterator[Check]:
    try:
        transport = tools.transport()
        try:
            transport.check()
        finally:
            transport.close()
    except (TourneeError, TransportError) as error:
        yield Check(Mark.BAD, error.what, error.remedy)
    else:
        yield Check(Mark.GOOD, "L'envoi du courrier est prêt.")


def _mailbox(tools: Tools) -> Iterator[Check]:
    if tools.mailbox is None:
        return
    try:
        mailbox = tools.mailbox()
        try:
            mailbox.check()
        finally:
            mailbox.close()
    except (TourneeError, MailboxError) as error:
        yield Check(Mark.BAD, error.what, error.remedy)
    else:
        yield Check(Mark.GOOD, "La boîte aux lettres des réponses est lisible.")
