"""`verifier`: everything that can go wrong, looked at without sending or changing anything (design §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from workflows.core import french, words
from workflows.core.messages import Flag, Mode
from workflows.core.ports import MailboxError, TransportError, WorkbookError
from workflows.core.problems import Problem, TourneeError
from workflows.engine import letters, status_page, surroundings, template_advice
from workflows.engine.check import Check, Mark
from workflows.engine.general import RepliesSettings, is_loopback
from workflows.engine.intake import objections_of_people
from workflows.engine.prepare import Prepared, Request, Tools, decide, look
from workflows.engine.rendering import LAYOUT, SIGNATURE
from workflows.engine.secrets import secret
from workflows.engine.template_files import TemplateFiles, TemplateProblem

_REQUEST = Request("verifier")
_READ_THE_BOX = (
    'Pour lire votre boîte : type = "imap" sous [reponses] dans config/general.toml,'
    " avec hote, utilisateur et mot_de_passe."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the program runs."""

    workspace: Path
    templates: Path
    """Her own."""
    shipped_templates: Path
    environ: Mapping[str, str]


def unreadable(problems: Iterable[Problem], workspace: Path) -> Iterator[Check]:
    """The checkup of a workspace whose configuration cannot be read."""
    for problem in problems:
        yield _check(Mark.BAD, problem)
    if workspace.is_dir():
        yield surroundings.disk(workspace)


def check_up(tools: Tools, place: Place) -> Iterator[Check]:
    """What is on this machine first, then what needs the network."""
    yield from _mode(tools)
    yield from _templates(tools, place)
    said = tools.journal.meta("last_round")
    last_round = datetime.fromisoformat(said) if said else None
    now = tools.clock()
    yield surroundings.clock(now, tools.general.zone.key, last_round)
    yield surroundings.disk(place.workspace)
    yield from surroundings.last_round_and_cron(now, last_round, place.environ)
    yield from _key(tools)
    yield from _workbook(tools)
    yield from _sending(tools, place)
    yield from _replies(tools, place)


def _check(mark: Mark, problem: Problem) -> Check:
    return Check(mark, f"{problem.where} : {problem.what}", problem.remedy)


def _mode(tools: Tools) -> Iterator[Check]:
    yield Check(Mark.GOOD, "La configuration est lue.")
    if tools.general.mode is Mode.TRIAL:
        where = tools.general.trial_address or "donnees/essais"
        what = f"Le mode est « essai » : rien ne part aux destinataires, les essais arrivent à {where}."
        yield Check(Mark.GOOD, what, 'Pour envoyer pour de bon : mode = "reel" dans config/general.toml.')


# Templates


def _templates(tools: Tools, place: Place) -> Iterator[Check]:
    written = [*(w.VARIABLES for w in tools.workflows), letters.VARIABLES]
    names = {name: list(found) for templates in written for name, found in templates.items()}
    faults = dict.fromkeys(
        problem for name, known in names.items() for problem in tools.renderer.check(name, known)
    )
    for problem in faults:
        yield _check(Mark.BAD, problem)
    files = TemplateFiles([place.templates, place.shipped_templates])
    slips = 0
    for name in _files(names):
        try:
            file = files.read(name)
        except TemplateProblem:
            continue
        for problem in (*template_advice.broken_links(file), *template_advice.lone_stars(file)):
            slips += 1
            yield _check(Mark.NOTE, problem)
        hers = (place.templates / name).exists()
        if hers and (lines := template_advice.plain_spaces(file)):
            listed = f"ligne{'s' if len(lines) > 1 else ''} {french.join([str(line) for line in lines])}"
            what = f"{file.where} : des espaces simples devant « : ; ? ! » ou dans les guillemets."
            remedy = f"Rien à faire : le message aura des espaces insécables ({listed})."
            yield Check(Mark.GOOD, what, remedy)
    for problem in template_advice.unknown_files(place.templates, {*_files(names), LAYOUT}):
        yield _check(Mark.NOTE, problem)
    if not faults and not slips:
        yield Check(Mark.GOOD, f"Les {len(names)} modèles de messages sont en ordre.")


def _files(names: Iterable[str]) -> list[str]:
    """The files of these templates and of the signature under them."""
    return [*(f"{name}.txt" for name in names), SIGNATURE]


# The workbook


def _key(tools: Tools) -> Iterator[Check]:
    """The key of the service account, where it is there: reading the workbook tells the rest."""
    sheet = tools.general.workbook
    if sheet.kind != "google" or not sheet.service_account.exists():
        return
    if sheet.service_account.stat().st_mode & 0o077:
        what = f"La clé du compte de service ({sheet.service_account}) peut être lue par d'autres personnes."
        yield Check(Mark.NOTE, what, f"Réservez-la à vous : chmod 600 {sheet.service_account}")
    else:
        yield Check(Mark.GOOD, "La clé du compte de service est là, réservée à vous.")


def _workbook(tools: Tools) -> Iterator[Check]:
    try:
        prepared = look(tools, _REQUEST)
    except WorkbookError as error:
        yield Check(Mark.BAD, error.what, error.remedy)
        return
    except TourneeError as error:
        yield Check(Mark.BAD, error.what, error.remedy)
        try:
            prepared = look(tools, Request("verifier", confirmed=True))
        except TourneeError:  # two tabs of one name: no more can be said
            return
    tabs = prepared.book.tabs.values()
    read = [f"{tab.title} ({french.plural(len(tab.rows), 'ligne')})" for tab in tabs if tab.table]
    if read:
        yield Check(Mark.GOOD, f"Le classeur est lu : {french.join(read)}.")
    yield from _writing(tools, prepared)
    stopping = {problem for tab in tabs if tab.unusable for problem in tab.problems}
    found = list(_problems(tools, prepared))
    for problem in found:
        yield _check(Mark.BAD if problem in stopping else Mark.NOTE, problem)
    if not found:
        yield Check(Mark.GOOD, "Aucune ligne du classeur n'est à corriger.")


def _writing(tools: Tools, prepared: Prepared) -> Iterator[Check]:
    """What keeps a round from sending or writing: the workbook is open elsewhere, or she stopped all."""
    try:
        tools.workbook.check_write()
    except WorkbookError as error:
        yield Check(Mark.NOTE if error.temporary else Mark.BAD, error.what, error.remedy)
    if status_page.everything_stopped(prepared.book):
        title = prepared.book[words.STATUS].title
        what = f"Tout est arrêté : rien ne part, car « Tout arrêter » est rempli dans {title}."
        yield Check(Mark.NOTE, what, "Videz la cellule pour reprendre.")


def _problems(tools: Tools, prepared: Prepared) -> Iterable[Problem]:
    """What is wrong with tabs and rows, launched or not, each once."""
    found = [p for tab in prepared.book.tabs.values() if not tab.absent for p in tab.problems]
    found += objections_of_people(tools.journal, prepared.book, prepared.now)
    for workflow in tools.workflows:
        found += workflow.inspect(prepared.desks[workflow.NAME])
    try:
        decide(tools, _REQUEST, prepared)
    except TourneeError as error:
        found.append(Problem("Classeur", error.what, error.remedy))
    found += [p for p in prepared.problems if not p.where.startswith("templates/")]  # told already
    found += [verdict.problem for verdict in prepared.verdicts if isinstance(verdict, Flag)]
    return dict.fromkeys(found)


# Mail


class _Server(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password_source(self) -> str: ...


def _password(server: _Server, what: str, place: Place) -> Check | None:
    """Whether the password is where the configuration says; None where none is needed."""
    if server.kind == "maildir" or not server.user:
        return None
    try:
        secret(server.password_source, place.workspace, place.environ)
    except TourneeError as error:
        return Check(Mark.BAD, error.what, error.remedy)
    return Check(Mark.GOOD, f"Le mot de passe {what} est là.")


def _sending(tools: Tools, place: Place) -> Iterator[Check]:
    mail = tools.general.mail
    if mail.kind == "maildir":
        what = f"Aucun serveur de courrier : les messages sont déposés dans {mail.folder}."
        yield Check(Mark.GOOD, what, 'Pour qu\'ils partent : type = "smtp" sous [courrier].')
        return
    password = _password(mail, "de l'envoi", place)
    if password:
        yield password
    if password and password.mark is Mark.BAD:
        return
    yield _connection(tools.transport, f"Le serveur d'envoi {mail.host} répond : le courrier peut partir.")


def _replies(tools: Tools, place: Place) -> Iterator[Check]:
    replies = tools.general.replies
    if tools.mailbox is None:
        return
    password = _password(replies, "de la boîte aux lettres", place)
    if password:
        yield password
    if password and password.mark is Mark.BAD:
        return
    where = f"dans {replies.folder}" if replies.kind == "maildir" else f"sur {replies.host}"
    found = _connection(tools.mailbox, f"La boîte aux lettres est lue {where}.")
    in_folder = found.mark is Mark.GOOD and tools.general.mail.kind == "smtp" and replies.kind == "maildir"
    yield _filled(replies, tools.general.mail.host) if in_folder else found


def _filled(replies: RepliesSettings, sending_host: str) -> Check:
    """Mail leaves through a server and its answers are awaited in a folder: whether one brings them there."""
    if is_loopback(sending_host) or _holds_mail(replies.folder):
        what = f"Les réponses sont lues dans le dossier {replies.folder}, et non dans une boîte aux lettres."
        return Check(Mark.GOOD, what, _READ_THE_BOX)
    what = (
        "Les réponses ne sont pas lues dans votre boîte aux lettres, mais dans le dossier"
        f" {replies.folder}, où rien n'est encore arrivé."
    )
    return Check(Mark.NOTE, what, _READ_THE_BOX)


def _holds_mail(maildir: Path) -> bool:
    return any(path.is_file() for part in ("new", "cur") for path in (maildir / part).glob("*"))


class _Connection(Protocol):
    def check(self) -> None: ...
    def close(self) -> None: ...


def _connection(connect: Callable[[], _Connection], what: str) -> Check:
    """Log in and leave."""
    try:
        connection = connect()
        try:
            connection.check()
        finally:
            connection.close()
    except (TourneeError, TransportError, MailboxError) as error:
        return Check(Mark.BAD, error.what, error.remedy)
    return Check(Mark.GOOD, what)
