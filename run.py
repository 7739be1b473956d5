#!/usr/bin/env python3
"""Tournée's command line: options → one call → French report → exit status (design §3)."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from workflows import click_in_french
from workflows.help_in_french import MAIN, PROGRAM, help_of, sentence

click_in_french.install()

import click  # noqa: E402 - Click looks its messages up when it is imported

from workflows.core.french import typography  # noqa: E402
from workflows.core.problems import TourneeError  # noqa: E402
from workflows.engine.terminal import Screen, progress, screen_of  # noqa: E402

if TYPE_CHECKING:
    from datetime import timedelta

    from workflows.core.workflow import Scope
    from workflows.engine.account import Account
    from workflows.engine.check import Check
    from workflows.engine.prepare import Request
    from workflows.engine.questions import Answers
    from workflows.office import Office

F = TypeVar("F", bound=Callable[..., Any])

CALLS, TRAINING, PRESENCE, AMBASSADORS = "appel-a-candidatures", "formation", "presence", "ambassadeurs"
ROUND, READING = "passage", "reponses relever"
_YEARS = (2000, 2199)
_NARROW = 52
"""Columns below which Click would no longer fold its help."""
_READABLE = 20
"""Columns below which sentences are not set beside their words any more, but under them."""
_COLUMN = re.compile(r"(?<=\S) {2,}(?=\S)")
"""What stands between an example and what it does."""
_FOLDER = click.Path(path_type=Path)
OK, NEEDS_A_PERSON, COULD_NOT_RUN, UNDER_WAY = 0, 1, 2, 75


class Session:
    """The options that come before the command."""

    def __init__(self, workspace: Path, *, json_form: bool, at: datetime | None) -> None:
        self.workspace = workspace
        self.json_form = json_form
        self.screen = screen_of(sys.stderr if json_form else sys.stdout, os.environ)
        self.at = at
        self.ending = False

    def office(self) -> Office:
        from workflows.office import open_office

        office = open_office(self.workspace, self._clock, os.environ)
        office.stop = lambda: self.ending
        if sys.stderr.isatty():
            office.progress = _progress
        signal.signal(signal.SIGTERM, self._end)
        return office

    def check_up(self) -> list[Check]:
        """What `office` would refuse to open is looked at as well."""
        from workflows.office import check_workspace

        return check_workspace(self.workspace, self._clock, os.environ)

    def run(self, office: Office, request: Request) -> Account:
        """Make a round, which Ctrl-C ends between two messages; a second one ends it at once."""
        before = signal.signal(signal.SIGINT, self._end)
        try:
            return office.run(request)
        finally:
            signal.signal(signal.SIGINT, before)

    def _end(self, *_: object) -> None:
        self.ending = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def keep_going(self, every: timedelta) -> int:
        """Make rounds until somebody ends the program; how many were begun."""
        from workflows.core.workflow import Scope
        from workflows.engine.report import round_line
        from workflows.engine.ticker import keep_going

        signal.signal(signal.SIGINT, self._end)

        def make_round() -> None:
            office = self.office()
            account = office.run(_request(office, ROUND, Scope()))
            self.say(round_line(account))

        return keep_going(make_round, _warn, every, lambda: self.ending)

    def _clock(self, general: Any) -> Callable[[], datetime]:
        if self.at is None:
            return lambda: datetime.now(general.zone)
        fixed = self.at.astimezone(general.zone) if self.at.tzinfo else self.at.replace(tzinfo=general.zone)
        return lambda: fixed

    def say(self, *lines: str) -> None:
        """Lines for a person: on standard output, or on standard error beside a JSON value."""
        for line in lines:
            click.echo(line, err=self.json_form)

    def answer(self, value: Any, lines: Iterable[str]) -> None:
        """What a command found, in the form that was asked for."""
        if self.json_form:
            print_json(value)
        else:
            self.say(*lines)

    def interview(self) -> Answers:
        """The questions of `creer`, each asked until the configuration takes the answer."""
        from workflows.core.schema import Refused
        from workflows.engine.questions import INTRODUCTION, Question, interview

        def ask(question: Question) -> Any:
            self.say("", *question.lines)
            while True:
                typed = click.prompt(
                    question.prompt,
                    default=question.default,
                    show_default=bool(question.default),
                    prompt_suffix="\u00a0: ",
                    err=self.json_form,
                )
                try:
                    return question.take(typed.strip())
                except Refused as refused:
                    self.say(f"{refused.what} {refused.remedy}")

        self.say(INTRODUCTION)
        return interview(ask)

    def agreed(self, question: str) -> bool:
        """Whether a person at the terminal says yes; without one, nobody does."""
        if not sys.stdin.isatty():
            return False
        words = click.prompt(
            typography(f"{question} ? [o/N]"), "n", show_default=False, prompt_suffix=" ", err=self.json_form
        )
        return str(words).strip().lower() in ("o", "oui")


def _progress(done: int, total: int) -> None:
    width = screen_of(sys.stderr, os.environ).width
    click.echo(progress(done, total, width), err=True, nl=done == total)


def print_json(value: Any) -> None:
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


class French(click.Group):
    """Every error of the program ends as one French message and the right exit status."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        columns = shutil.get_terminal_size().columns
        kwargs |= {"standalone_mode": False, "prog_name": PROGRAM}
        kwargs |= {"terminal_width": columns - 2} if columns < _NARROW else {}
        words = list(args[0]) if args and args[0] is not None else sys.argv[1:]
        try:
            sys.exit(super().main(*args, **kwargs) or OK)
        except click.exceptions.Exit as error:
            sys.exit(error.exit_code)
        except click.Abort:
            self._fail(words, "Interrompu.", "", COULD_NOT_RUN)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            hint = f"L'aide : {error.ctx.command_path} --help"
            self._fail(words, "Il manque la commande.", hint, COULD_NOT_RUN)
        except click.ClickException as error:
            hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else PROGRAM
            if isinstance(error, click.NoSuchOption) and (line := _moved_to_the_front(error, words)):
                self._fail(words, f"'{error.option_name}' se met avant la commande :", line, COULD_NOT_RUN)
            self._fail(words, error.format_message(), f"L'aide : {hint} --help", COULD_NOT_RUN)
        except Exception as error:
            if "--debug" in words:
                raise
            from workflows.parts import RoundUnderWay

            what, remedy = _told(error)
            self._fail(words, what, remedy, UNDER_WAY if isinstance(error, RoundUnderWay) else COULD_NOT_RUN)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's own signature
        """In the order in which one meets them."""
        return list(self.commands)

    @staticmethod
    def _fail(words: list[str], what: str, remedy: str, status: int) -> None:
        if "--format=json" in words or ("--format", "json") in pairwise(words):
            from workflows.engine.report_json import error_json

            print_json(error_json(_command_words(words), TourneeError(what, remedy)))
        screen = screen_of(sys.stderr, os.environ)
        for line in typography(f"{what} {remedy}".strip()).splitlines():
            click.echo("\n".join(screen.mark("✗", part) for part in screen.fold(line)), err=True)
        sys.exit(status)


def _moved_to_the_front(error: click.NoSuchOption, words: list[str]) -> str:
    """The command with the option before it, where it is one of those; empty where there is none such."""
    for option in cli.params:
        if error.option_name in option.opts and error.ctx:
            value = "" if getattr(option, "is_flag", False) else f" {option.make_metavar(error.ctx)}"
            return f"{PROGRAM} {error.option_name}{value} {_command_words(words)}"
    return ""


def _told(error: Exception) -> tuple[str, str]:
    """An error as a French sentence and what to do."""
    what, remedy = getattr(error, "what", ""), getattr(error, "remedy", "")
    if what:
        return what, remedy
    return (
        f"Une erreur inattendue s'est produite ({type(error).__name__}).",
        "Relancez la même commande avec --debug et transmettez ce qui s'affiche.",
    )


def _warn(error: Exception) -> None:
    """One round failed: said on standard error, and the next one will be made."""
    click.echo(typography("Un passage n'a pas pu se faire : " + " ".join(_told(error)).strip()), err=True)
    if "--debug" in sys.argv:
        sys.excepthook(type(error), error, error.__traceback__)


def _command_words(words: list[str]) -> str:
    """« appel lancer », out of all that was typed."""
    found: list[str] = []
    group: click.Command | None = cli
    for word in words:
        if isinstance(group, click.Group) and word in group.commands:
            found.append(word)
            group = group.commands[word]
    return " ".join(found)


class _Help(click.HelpFormatter):
    """Click's help with the no-break spaces of French, in one column where there is no room for two."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{heading} :\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        if self.width >= _NARROW:
            super().write_usage(prog, args, prefix)
            return
        for line in Screen(self.width).fold(f"{prefix or 'Emploi : '}{prog} {args}", hang=4):
            self.write(f"{line}\n")

    def write_text(self, text: str) -> None:
        if self.width < _NARROW:  # an example stays whole, to be copied; what it does stands below
            text = _COLUMN.sub("\n    ", text)
        super().write_text(text)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        first = min(max(len(term) for term, _ in rows), col_max) + col_spacing
        if self.width - self.current_indent - first >= _READABLE:
            super().write_dl(rows, col_max, col_spacing)
            return
        screen, indent = Screen(self.width), self.current_indent
        for term, meaning in rows:
            for line in [*screen.fold(term, indent, 2), *screen.fold(meaning, indent + 4)]:
                self.write(f"{line}\n")

    def getvalue(self) -> str:
        return typography(super().getvalue())


click.Context.formatter_class = _Help


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise click.BadParameter(f"écrivez par exemple 2027-03-01T09:00, entre {_YEARS[0]} et {_YEARS[1]}.")
    return moment


@click.group(cls=French, help=MAIN, subcommand_metavar="COMMANDE [ARGUMENTS]…")
@click.option(
    "--espace",
    type=_FOLDER,
    envvar="TOURNEE_ESPACE",
    default=Path(__file__).resolve().parent,
    metavar="DOSSIER",
    help="L'espace de travail (ou la variable TOURNEE_ESPACE).",
)
@click.option(
    "--format", "form", type=click.Choice(["texte", "json"]), default="texte", help="Le compte rendu."
)
@click.option(
    "--le", "at", callback=_moment, metavar="MOMENT", help="Fait comme s'il était 2027-03-01T09:00."
)
@click.option("--debug", is_flag=True, help="Montre le détail technique d'une erreur.")
@click.pass_context
def cli(ctx: click.Context, /, espace: Path, form: str, at: datetime | None, **_debug: bool) -> None:
    ctx.obj = Session(espace, json_form=form == "json", at=at)


def _group(name: str) -> click.Group:
    group = click.Group(
        name,
        help=help_of(name),
        short_help=sentence(name),
        options_metavar="",
        subcommand_metavar="COMMANDE [ARGUMENTS]…",
    )
    cli.add_command(group)
    return group


def _command(name: str, group: click.Group = cli) -> Callable[[Callable[..., int]], click.Command]:
    """A command under its French name, with its help."""
    full = name if group is cli else f"{group.name} {name}"
    return lambda function: group.command(name, help=help_of(full), short_help=sentence(full))(
        click.pass_obj(function)
    )


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_TRIAL = click.option("--essai", is_flag=True, help="Envoie à l'adresse d'essai seulement.")
_LIVE = click.option("--reel", is_flag=True, help="Envoie pour de bon.")
_CONFIRM = click.option(
    "--confirmer",
    is_flag=True,
    help="Accepte la perte d'un onglet, d'une colonne ou de lignes, ou des fichiers plus anciens.",
)
_YES = click.option("--oui", "yes", is_flag=True, help="Ne demande pas de confirmation.")
_REF = click.argument("ref", metavar="RÉF")
_MAYBE_REF = click.argument("ref", required=False, default="", metavar="[RÉF]")
_SENDING = _options(
    _TRIAL,
    _LIVE,
    click.option(
        "--limite",
        type=click.IntRange(min=0),
        metavar="N",
        help="N'envoie que N messages maintenant ; les autres partent au prochain passage.",
    ),
    click.option(
        "--seulement",
        default="",
        metavar="ADRESSE",
        help="N'écrit qu'à cette adresse maintenant ; aux autres, au prochain passage.",
    ),
    _CONFIRM,
)


def _request(
    office: Office,
    command: str,
    scope: Scope,
    *,
    essai: bool = False,
    reel: bool = False,
    limite: int | None = None,
    seulement: str = "",
    confirmer: bool = False,
) -> Request:
    from workflows.core.messages import Mode
    from workflows.engine.pacing import Narrowing
    from workflows.engine.prepare import Request

    if essai and reel:
        raise click.UsageError("--essai et --reel se contredisent : gardez-en une.")
    if seulement and "@" not in seulement:
        raise click.UsageError(
            f"--seulement attend une adresse électronique, et « {seulement} » n'en est pas une."
        )
    mode = office.mode(Mode.TRIAL if essai else Mode.LIVE if reel else None)
    reads, sends = command in (ROUND, READING), command != READING
    return Request(command, scope, mode, Narrowing(limite, seulement), confirmer, reads, sends)


def _show(session: Session, account: Account) -> int:
    """Print what a round did; its exit status."""
    from workflows.engine.report import summary
    from workflows.engine.report_json import as_json

    session.answer(as_json(account), summary(account, session.screen))
    return account.exit_status


def _send(session: Session, command: str, scope: Scope, *, yes: bool, **narrowing: Any) -> int:
    """Show the plan, ask, send. Without a terminal and without --oui, nothing leaves."""
    from workflows.engine import report

    office = session.office()
    request = _request(office, command, scope, **narrowing)
    if not yes:
        account = office.preview(request)
        session.say(report.plan_line(account), *report.left_aside_lines(account))
        if not sys.stdin.isatty():
            raise TourneeError(
                "Rien n'est parti : il faut une confirmation.", "Ajoutez --oui pour confirmer sans terminal."
            )
        if account.planned and not session.agreed("Envoyer"):
            session.say("Rien n'est parti.")
            return OK
    return _show(session, session.run(office, request))


@_command("demo")
@click.argument("dossier", type=_FOLDER, default=Path("demo"), metavar="[DOSSIER]")
def demo(session: Session, dossier: Path) -> int:
    from workflows.core.messages import Mode
    from workflows.demo import ROUNDS
    from workflows.engine.prepare import Request
    from workflows.engine.report import demo_lines, demo_round_lines
    from workflows.office import create_demo

    create_demo(dossier)
    session.workspace, sent, ended = dossier, 0, OK
    for step in ROUNDS:
        session.at = datetime.fromisoformat(step.at)
        office = session.office()
        if step.replies:
            office.lay_sample_replies()
        account = office.run(Request(step.command, step.scope, Mode.LIVE, reads_replies=step.replies))
        sent += len(account.sent)
        ended = COULD_NOT_RUN if account.error or account.pending_writes else ended
        session.say(*demo_round_lines(session.at, account, session.screen))
    session.say(*demo_lines(dossier))
    if session.json_form:
        print_json({"command": "demo", "workspace": str(dossier), "sent": sent})
    return ended


@_command("creer")
@click.argument("dossier", type=_FOLDER, metavar="DOSSIER")
def creer(session: Session, dossier: Path) -> int:
    from workflows.engine import founding
    from workflows.engine.furnish import Furniture
    from workflows.engine.report_json import problem_json
    from workflows.office import create_workspace

    fresh = not founding.is_workspace(dossier)
    if fresh:
        founding.refuse_taken(dossier)
        create_workspace(dossier, session.interview() if sys.stdin.isatty() else None)
    session.workspace = dossier
    office = session.office()
    made = Furniture() if fresh and office.awaits_key else office.furnish()
    program = shlex.join([sys.orig_argv[0], sys.argv[0]])  # as she typed it: to be copied from the screen
    session.say(*founding.creation_lines(dossier, office.general, made, program))
    if session.json_form:
        found = {"added": made.added, "problems": [problem_json(problem) for problem in made.problems]}
        print_json({"command": "creer", "workspace": str(dossier), **found})
    return NEEDS_A_PERSON if made.problems else OK


@_command("apercu")
@click.argument("workflow", type=click.Choice([CALLS, TRAINING, PRESENCE, AMBASSADORS]), metavar="WORKFLOW")
@_MAYBE_REF
@click.option("--html", "folder", type=_FOLDER, metavar="DOSSIER", help="Écrit une page à regarder.")
def apercu(session: Session, workflow: str, ref: str, folder: Path | None) -> int:
    from workflows.core.workflow import Scope, Step
    from workflows.engine.prepare import Request
    from workflows.engine.report import not_now_lines, preview_lines
    from workflows.engine.report_json import as_json

    office = session.office()
    first = bool(ref) or workflow == AMBASSADORS  # what no row of the sheet launches
    steps = [Step.FIRST, Step.ANY] if first else [Step.ANY]  # where all were announced: what follows
    requests = [Request("apercu", Scope(workflow, step, ref)) for step in steps]
    account = shown = office.preview(*requests)
    if not account.planned and (folder or not session.json_form):
        later = office.preview(*requests, soon=True)
        shown = later if later.planned else account
    if folder:
        from workflows.engine.preview_page import write_page

        written = write_page(folder, shown, office.general)
        session.say(typography(f"La page à ouvrir dans un navigateur : {written}"))
    lines = [] if shown is account else not_now_lines(account, shown, session.screen)
    session.answer(as_json(account), [*lines, *preview_lines(shown, session.screen)])
    return account.exit_status


@_command("verifier")
def verifier(session: Session) -> int:
    from workflows.engine.check import exit_status
    from workflows.engine.report import check_lines
    from workflows.engine.report_json import checks_json

    checks = session.check_up()
    session.answer(checks_json(checks), check_lines(checks, session.screen))
    return exit_status(checks)


def _sends(
    group: click.Group, name: str, workflow: str, step: str, *parameters: Callable[[Any], Any]
) -> None:
    """A command that sends one step of a workflow, after asking."""

    def send(session: Session, /, ref: str = "", **options: Any) -> int:
        from workflows.core.workflow import Scope, Step

        return _send(session, f"{group.name} {name}", Scope(workflow, Step[step], ref), **options)

    _command(name, group)(_options(*parameters, _SENDING, _YES)(send))


appel = _group("appel")
_sends(appel, "lancer", CALLS, "FIRST", _REF)
_sends(appel, "relancer", CALLS, "FOLLOW_UP", _MAYBE_REF)
formation = _group("formation")
_sends(formation, "inviter", TRAINING, "FIRST", _REF)
_sends(formation, "rappeler", TRAINING, "FOLLOW_UP")
_WEEK = "La semaine, comme 2027-S09 (celle en cours)."
presence = _group("presence")
_sends(
    presence,
    "rappeler",
    PRESENCE,
    "FIRST",
    click.option("--semaine", "ref", default="", metavar="SEMAINE", help=_WEEK),
)
ambassadeurs = _group("ambassadeurs")
_sends(ambassadeurs, "ecrire", AMBASSADORS, "FIRST")
reponses = _group("reponses")


@_command("relever", reponses)
@_CONFIRM
@click.option("--essai", is_flag=True, help="N'écrit pas dans le classeur.")
@click.option("--reel", is_flag=True, help="Écrit dans le classeur, même en mode essai.")
def relever(session: Session, /, **narrowing: Any) -> int:
    from workflows.core.workflow import Scope

    office = session.office()
    return _show(session, office.run(_request(office, READING, Scope(), **narrowing)))


@_command("lire", reponses)
@click.argument("fichiers", nargs=-1, required=True, type=_FOLDER, metavar="FICHIER…")
def lire(session: Session, fichiers: tuple[Path, ...]) -> int:
    from workflows.engine.report import recognised_lines
    from workflows.engine.report_json import recognised_json

    found = session.office().read_mails(fichiers)
    session.answer([recognised_json(each) for each in found], recognised_lines(found))
    return OK


@_command("passage")
@_SENDING
def passage(session: Session, /, **narrowing: Any) -> int:
    from workflows.core.workflow import Scope

    office = session.office()
    return _show(session, session.run(office, _request(office, ROUND, Scope(), **narrowing)))


@_command("planifier")
@click.option("--crontab", is_flag=True, help="Écrit les lignes à donner à cron, sans rien faire d'autre.")
@click.option(
    "--minutes",
    type=click.IntRange(1, 59),
    default=15,
    metavar="N",
    help="Fait un passage toutes les N minutes (15).",
)
def planifier(session: Session, crontab: bool, minutes: int) -> int:
    from datetime import timedelta

    office = session.office()  # a configuration that cannot be read is told now, not every quarter of an hour
    every = timedelta(minutes=minutes)
    if crontab:
        lines = office.crontab(sys.executable, Path(__file__).resolve(), every)
        session.answer({"command": "planifier", "crontab": lines}, lines)
        return OK
    session.say(f"Un passage toutes les {minutes} min. Ctrl+C pour finir.")
    begun = session.keep_going(every)
    session.answer({"command": "planifier", "rounds": begun}, ())
    return OK


@_command("etat")
def etat(session: Session) -> int:
    from workflows.engine.report_state import state_lines

    office = session.office()
    facts, uncertain, found = office.facts(), office.uncertain(), office.overview()
    campaigns = [{"campaign": name, "state": state} for name, state in found.campaigns]
    counts = {name: int(facts[name] or 0) for name in ("round", "pending")}
    value = {"command": "etat", **facts, **counts, "stopped": bool(found.stopped), "campaigns": campaigns}
    lines = state_lines(facts, found, uncertain, session.screen)
    session.answer(value | {"uncertain": list(uncertain)}, lines)
    return NEEDS_A_PERSON if uncertain else OK


@_command("expliquer")
@click.argument("qui", metavar="QUI")
def expliquer(session: Session, qui: str) -> int:
    from workflows.engine.report import story_lines
    from workflows.engine.report_json import story_json

    stories = session.office().stories(qui)
    if not stories:
        raise TourneeError(
            f"Personne ne correspond à « {qui} ».", "Donnez une Réf., une adresse ou une partie du nom."
        )
    value = {"command": "expliquer", "stories": [story_json(story) for story in stories]}
    session.answer(value, story_lines(stories, session.screen))
    return OK


@_command("effacer")
@click.argument("adresse", metavar="ADRESSE")
@_YES
def effacer(session: Session, adresse: str, yes: bool) -> int:
    from workflows.engine.personal_data import erased_lines, held_lines

    office = session.office()
    held, shown = office.held(adresse), office.rows_showing(adresse)
    session.say(*held_lines(held, office.general.zone))
    sure = yes or session.agreed("Effacer")
    if sure:
        session.say(*erased_lines(office.erase(adresse), shown))
    value = {"command": "effacer", "export": held, "erased": sure, "still_shown": shown}
    if not sure:
        what, remedy = "Rien n'a été effacé.", "Sans terminal, --oui confirme."
        session.say(f"{what} {remedy}")
        value["error"] = {"what": what, "remedy": remedy}
    session.answer(value, ())
    return OK if sure else COULD_NOT_RUN


@_command("trancher")
@click.argument("cle", metavar="CLÉ")
@click.argument("verdict", type=click.Choice(["envoye", "non-envoye"]), metavar="envoye|non-envoye")
def trancher(session: Session, cle: str, verdict: str) -> int:
    sent = verdict == "envoye"
    session.office().settle(cle, sent=sent)
    words = "envoyé" if sent else "non envoyé ; le prochain passage l'enverra"
    session.answer(
        {"command": "trancher", "key": cle, "sent": sent}, [typography(f"{cle} : noté comme {words}.")]
    )
    return OK


if __name__ == "__main__":
    cli()
