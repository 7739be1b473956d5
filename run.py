#!/usr/bin/env python3
"""Tournée's command line: options → one call → French report → exit status (design §3)."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from workflows import click_in_french

click_in_french.install()

import click  # noqa: E402 - Click looks its messages up when it is imported

from workflows.core.problems import TourneeError  # noqa: E402
from workflows.engine.terminal import Screen, progress  # noqa: E402

if TYPE_CHECKING:
    from datetime import timedelta

    from workflows.core.workflow import Scope
    from workflows.engine.account import Account
    from workflows.engine.prepare import Request
    from workflows.office import Office

F = TypeVar("F", bound=Callable[..., Any])

CALLS, TRAINING, PRESENCE = "appel-a-candidatures", "formation", "presence"
ROUND, READING = "passage", "reponses relever"
_USUAL_WIDTH = 80
_YEARS = (2000, 2199)
OK, NEEDS_A_PERSON, COULD_NOT_RUN, UNDER_WAY = 0, 1, 2, 75


class Session:
    """The options that come before the command."""

    def __init__(self, workspace: Path, *, json_form: bool, at: datetime | None) -> None:
        self.workspace = workspace
        self.json_form = json_form
        stream = sys.stderr if json_form else sys.stdout
        self.screen = Screen(_width(stream), _coloured(stream))
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

    def _end(self, *_: object) -> None:
        self.ending = True

    def keep_going(self, every: timedelta) -> int:
        """Make rounds until somebody ends the program; how many were begun."""
        from workflows.core.workflow import Scope
        from workflows.engine.report import round_line
        from workflows.engine.ticker import keep_going

        signal.signal(signal.SIGINT, self._end)

        def make_round() -> None:
            office = self.office()
            account = office.run(_request(office, ROUND, Scope()))
            say(self, round_line(account))

        return keep_going(make_round, _warn, every, lambda: self.ending)

    def _clock(self, general: Any) -> Callable[[], datetime]:
        if self.at is None:
            return lambda: datetime.now(general.zone)
        fixed = self.at.astimezone(general.zone) if self.at.tzinfo else self.at.replace(tzinfo=general.zone)
        return lambda: fixed


def _width(stream: TextIO) -> int:
    """The columns to fit; 0 in a pipe, unless COLUMNS asks for less than the 80 that it holds by habit."""
    columns = shutil.get_terminal_size((0, 0)).columns
    return columns if stream.isatty() or columns < _USUAL_WIDTH else 0


def _coloured(stream: TextIO) -> bool:
    """Whether colours may be shown there (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _progress(done: int, total: int) -> None:
    line = progress(done, total, shutil.get_terminal_size().columns)
    click.echo(line, err=True, nl=done == total)


def say(session: Session, text: str = "") -> None:
    """A line for a person: on standard output, or on standard error beside a JSON value."""
    click.echo(text, err=session.json_form)


def print_json(value: Any) -> None:
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


class French(click.Group):
    """Every error of the program ends as one French message and the right exit status."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        words = list(args[0]) if args and args[0] is not None else sys.argv[1:]
        try:
            sys.exit(super().main(*args, **kwargs) or OK)
        except click.exceptions.Exit as error:
            sys.exit(error.exit_code)
        except click.Abort:
            self._fail(words, "Interrompu.", "", COULD_NOT_RUN)
        except click.ClickException as error:
            hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "run.py"
            self._fail(words, error.format_message(), f"L'aide : {hint} --help", COULD_NOT_RUN)
        except Exception as error:
            if "--debug" in words:
                raise
            from workflows.office import RoundUnderWay

            what, remedy = _told(error)
            self._fail(words, what, remedy, UNDER_WAY if isinstance(error, RoundUnderWay) else COULD_NOT_RUN)

    @staticmethod
    def _fail(words: list[str], what: str, remedy: str, status: int) -> None:
        from workflows.core.french import typography
        from workflows.engine.report import error_json

        if _wants_json(words):
            print_json(error_json(_command_words(words), TourneeError(what, remedy)))
        click.echo(typography(f"{what} {remedy}".strip()), err=True)
        sys.exit(status)


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
    from workflows.core.french import typography

    click.echo(typography("Un passage n'a pas pu se faire : " + " ".join(_told(error)).strip()), err=True)
    if "--debug" in sys.argv:
        sys.excepthook(type(error), error, error.__traceback__)


def _wants_json(words: list[str]) -> bool:
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def _command_words(words: list[str]) -> str:
    """« appel lancer », out of all that was typed."""
    found: list[str] = []
    group: click.Command | None = cli
    for word in words:
        if isinstance(group, click.Group) and word in group.commands:
            found.append(word)
            group = group.commands[word]
    return " ".join(found)


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


@click.group(cls=French, options_metavar="[OPTIONS]", subcommand_metavar="COMMANDE [ARGUMENTS]…")
@click.option(
    "--espace",
    type=click.Path(path_type=Path),
    envvar="TOURNEE_ESPACE",
    default=Path(__file__).resolve().parent,
    metavar="DOSSIER",
    help="L'espace de travail (ou la variable TOURNEE_ESPACE).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["texte", "json"]),
    default="texte",
    help="La forme du compte rendu.",
)
@click.option(
    "--le", "at", callback=_moment, metavar="MOMENT", help="Fait comme s'il était 2027-03-01T09:00."
)
@click.option("--debug", is_flag=True, help="Montre le détail technique d'une erreur.")
@click.pass_context
def cli(ctx: click.Context, /, espace: Path, form: str, at: datetime | None, **_debug: bool) -> None:
    """Tournée fait la tournée de courrier de la coordination, depuis son classeur.

    \b
    Pour commencer :
      python run.py demo                      une démonstration, dans un dossier à part
      python run.py creer MON-DOSSIER         un espace de travail
      python run.py --espace MON-DOSSIER verifier
    """
    ctx.obj = Session(espace, json_form=form == "json", at=at)


def sending(command: F) -> F:
    """The options of every command that may send."""
    for option in (
        click.option(
            "--confirmer",
            is_flag=True,
            help="Accepte un onglet qui a perdu la moitié de ses lignes, ou des fichiers plus anciens.",
        ),
        click.option("--seulement", default="", metavar="ADRESSE", help="N'écrit qu'à cette adresse."),
        click.option("--limite", type=click.IntRange(min=0), metavar="N", help="N'envoie que N messages."),
        click.option("--reel", is_flag=True, help="Envoie pour de bon."),
        click.option("--essai", is_flag=True, help="Envoie à l'adresse d'essai seulement."),
    ):
        command = option(command)
    return command


def asking(command: F) -> F:
    """… and of those that ask first."""
    return click.option("--oui", "yes", is_flag=True, help="Ne demande pas de confirmation.")(
        sending(command)
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
    from workflows.engine import report

    if session.json_form:
        print_json(report.as_json(account))
    else:
        for line in report.summary(account, session.screen):
            click.echo(line)
    return account.exit_status


def _agreed(question: str) -> bool:
    return click.prompt(question, default="n", show_default=False).strip().lower() in ("o", "oui")


def _send(session: Session, office: Office, request: Request, *, yes: bool) -> int:
    """Show the plan, ask, send. Without a terminal and without --oui, nothing leaves."""
    from workflows.engine import report

    if not yes:
        account = office.preview(request)
        say(session, report.plan_line(account))
        if not sys.stdin.isatty():
            raise TourneeError(
                "Rien n'est parti : il faut une confirmation.", "Ajoutez --oui pour confirmer sans terminal."
            )
        if account.planned and not _agreed("Envoyer ? [o/N]"):
            say(session, "Rien n'est parti.")
            return OK
    return _show(session, office.run(request))


@cli.command()
@click.argument("dossier", type=click.Path(path_type=Path), default=Path("demo"), metavar="[DOSSIER]")
@click.pass_obj
def demo(session: Session, dossier: Path) -> int:
    """Fait une tournée de démonstration, dans un dossier à part."""
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
        for line in demo_round_lines(session.at, account, session.screen):
            say(session, line)
    for line in demo_lines(dossier):
        say(session, line)
    if session.json_form:
        print_json({"command": "demo", "workspace": str(dossier), "sent": sent})
    return ended


@cli.command()
@click.argument("dossier", type=click.Path(path_type=Path), metavar="DOSSIER")
@click.pass_obj
def creer(session: Session, dossier: Path) -> int:
    """Crée un espace de travail prêt à servir."""
    from workflows.office import create_workspace

    create_workspace(dossier)
    say(session, f"L'espace de travail est prêt : {dossier}")
    say(session, f"Le classeur à remplir : {dossier / 'donnees' / 'coordination.xlsx'}")
    say(session, f"Les réglages : {dossier / 'config' / 'general.toml'}")
    say(session, f"Ensuite : python run.py --espace {dossier} verifier")
    if session.json_form:
        print_json({"command": "creer", "workspace": str(dossier)})
    return OK


@cli.command()
@click.argument("workflow", type=click.Choice([CALLS, TRAINING, PRESENCE]), metavar="WORKFLOW")
@click.argument("ref", required=False, default="", metavar="[RÉF]")
@click.option(
    "--html", "folder", type=click.Path(path_type=Path), metavar="DOSSIER", help="Écrit une page à regarder."
)
@click.pass_obj
def apercu(session: Session, workflow: str, ref: str, folder: Path | None) -> int:
    """Montre ce qui partirait maintenant, sans rien envoyer.

    \b
    Exemples :
      python run.py apercu appel-a-candidatures 2027-1
      python run.py apercu appel-a-candidatures --html apercu
    """
    from workflows.core.messages import Mode
    from workflows.core.workflow import Scope, Step
    from workflows.engine import report
    from workflows.engine.prepare import Request

    office = session.office()
    step = Step.FIRST if ref else Step.ANY
    account = office.preview(Request("apercu", Scope(workflow, step, ref), Mode.LIVE))
    if folder:
        from workflows.engine.preview_page import write_page

        say(session, f"La page à ouvrir dans un navigateur : {write_page(folder, account, office.general)}")
    if session.json_form:
        print_json(report.as_json(account))
    else:
        for line in report.preview_lines(account, session.screen):
            click.echo(line)
    return account.exit_status


@cli.command()
@click.pass_obj
def verifier(session: Session) -> int:
    """Vérifie les réglages, les modèles, le classeur et le courrier, sans rien envoyer."""
    from workflows.engine.report import check_json, check_lines

    checks = session.office().check_up()
    if session.json_form:
        print_json({"command": "verifier", "checks": [check_json(check) for check in checks]})
    else:
        for line in check_lines(checks, session.screen):
            click.echo(line)
    marks = {check.mark.value for check in checks}
    return COULD_NOT_RUN if "✗" in marks else NEEDS_A_PERSON if "!" in marks else OK


@cli.group(options_metavar="", subcommand_metavar="COMMANDE [ARGUMENTS]…")
def appel() -> None:
    """L'appel à candidatures."""


@appel.command()
@click.argument("ref", metavar="RÉF")
@asking
@click.pass_obj
def lancer(session: Session, /, ref: str, yes: bool, **narrowing: Any) -> int:
    """Envoie l'annonce d'un appel ; ses relances suivront."""
    from workflows.core.workflow import Scope, Step

    office = session.office()
    request = _request(office, "appel lancer", Scope(CALLS, Step.FIRST, ref), **narrowing)
    return _send(session, office, request, yes=yes)


@appel.command()
@click.argument("ref", required=False, default="", metavar="[RÉF]")
@asking
@click.pass_obj
def relancer(session: Session, /, ref: str, yes: bool, **narrowing: Any) -> int:
    """Envoie les relances qui sont dues."""
    from workflows.core.workflow import Scope, Step

    office = session.office()
    request = _request(office, "appel relancer", Scope(CALLS, Step.FOLLOW_UP, ref), **narrowing)
    return _send(session, office, request, yes=yes)


@cli.group(options_metavar="", subcommand_metavar="COMMANDE [ARGUMENTS]…")
def formation() -> None:
    """Les formations et les autres rencontres."""


@formation.command()
@click.argument("ref", metavar="RÉF")
@asking
@click.pass_obj
def inviter(session: Session, /, ref: str, yes: bool, **narrowing: Any) -> int:
    """Envoie les invitations d'une session ; ses rappels suivront."""
    from workflows.core.workflow import Scope, Step

    office = session.office()
    request = _request(office, "formation inviter", Scope(TRAINING, Step.FIRST, ref), **narrowing)
    return _send(session, office, request, yes=yes)


@formation.command("rappeler")
@asking
@click.pass_obj
def rappeler_les_sessions(session: Session, /, yes: bool, **narrowing: Any) -> int:
    """Envoie les rappels de session qui sont dus."""
    from workflows.core.workflow import Scope, Step

    office = session.office()
    request = _request(office, "formation rappeler", Scope(TRAINING, Step.FOLLOW_UP), **narrowing)
    return _send(session, office, request, yes=yes)


@cli.group(options_metavar="", subcommand_metavar="COMMANDE [ARGUMENTS]…")
def presence() -> None:
    """La présence hebdomadaire des Promeneurs."""


@presence.command()
@click.option("--semaine", default="", metavar="SEMAINE", help="La semaine, comme 2027-S09 (celle en cours).")
@asking
@click.pass_obj
def rappeler(session: Session, /, semaine: str, yes: bool, **narrowing: Any) -> int:
    """Envoie le rappel d'une semaine à ceux à qui il manque des heures."""
    from workflows.core.workflow import Scope, Step

    office = session.office()
    request = _request(office, "presence rappeler", Scope(PRESENCE, Step.FIRST, semaine), **narrowing)
    return _send(session, office, request, yes=yes)


@cli.group(options_metavar="", subcommand_metavar="COMMANDE [ARGUMENTS]…")
def reponses() -> None:
    """Les réponses reçues."""


@reponses.command()
@click.option("--confirmer", is_flag=True, help="Accepte qu'un onglet ait perdu la moitié de ses lignes.")
@click.option("--essai", is_flag=True, help="N'écrit pas dans le classeur.")
@click.option("--reel", is_flag=True, help="Écrit dans le classeur, même en mode essai.")
@click.pass_obj
def relever(session: Session, /, **narrowing: Any) -> int:
    """Lit la boîte aux lettres et note les réponses dans le classeur."""
    from workflows.core.workflow import Scope

    office = session.office()
    return _show(session, office.run(_request(office, READING, Scope(), **narrowing)))


@reponses.command()
@click.argument("fichiers", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FICHIER…")
@click.pass_obj
def lire(session: Session, fichiers: tuple[Path, ...]) -> int:
    """Dit comment ces messages (.eml) sont compris, sans rien changer."""
    from workflows.engine.report import recognised_json, recognised_lines

    found = session.office().read_mails(fichiers)
    if session.json_form:
        print_json([recognised_json(each) for each in found])
    else:
        for line in recognised_lines(found):
            click.echo(line)
    return OK


@cli.command()
@sending
@click.pass_obj
def passage(session: Session, /, **narrowing: Any) -> int:
    """Fait tout ce qui est dû maintenant, sans rien demander (pour cron)."""
    from workflows.core.workflow import Scope

    office = session.office()
    return _show(session, office.run(_request(office, ROUND, Scope(), **narrowing)))


@cli.command()
@click.option("--crontab", is_flag=True, help="Écrit les lignes à donner à cron, sans rien faire d'autre.")
@click.option(
    "--minutes",
    type=click.IntRange(1, 59),
    default=15,
    metavar="N",
    help="Fait un passage toutes les N minutes (15).",
)
@click.pass_obj
def planifier(session: Session, crontab: bool, minutes: int) -> int:
    """Reste en marche et fait les passages à l'heure."""
    from datetime import timedelta

    office = session.office()  # a configuration that cannot be read is told now, not every quarter of an hour
    every = timedelta(minutes=minutes)
    if crontab:
        lines = office.crontab(sys.executable, Path(__file__).resolve(), every)
        for line in () if session.json_form else lines:
            click.echo(line)
        if session.json_form:
            print_json({"command": "planifier", "crontab": lines})
        return OK
    say(session, f"Un passage toutes les {minutes} minutes. Ctrl+C pour finir.")
    begun = session.keep_going(every)
    if session.json_form:
        print_json({"command": "planifier", "rounds": begun})
    return OK


@cli.command()
@click.pass_obj
def etat(session: Session) -> int:
    """Dit où tout en est."""
    from workflows.engine import report

    office = session.office()
    facts, campaigns, uncertain = office.facts(), office.standing(), office.uncertain()
    if session.json_form:
        standing = [{"campaign": name, "state": state} for name, state in campaigns]
        print_json({"command": "etat", **facts, "campaigns": standing, "uncertain": list(uncertain)})
    else:
        for line in report.state_lines(facts, campaigns, uncertain, session.screen):
            click.echo(line)
    return NEEDS_A_PERSON if uncertain else OK


@cli.command()
@click.argument("qui", metavar="QUI")
@click.pass_obj
def expliquer(session: Session, qui: str) -> int:
    """Raconte ce que quelqu'un a reçu, et pourquoi le reste n'est pas parti.

    \b
    QUI est une Réf., une adresse ou une partie du nom :
      python run.py expliquer STR-007
      python run.py expliquer "centre social"
    """
    from workflows.engine import report

    stories = session.office().stories(qui)
    if not stories:
        raise TourneeError(
            f"Personne ne correspond à « {qui} ».", "Donnez une Réf., une adresse ou une partie du nom."
        )
    if session.json_form:
        print_json({"command": "expliquer", "stories": [report.story_json(story) for story in stories]})
    else:
        for line in report.story_lines(stories, session.screen):
            click.echo(line)
    return OK


@cli.command()
@click.argument("adresse", metavar="ADRESSE")
@click.option("--oui", "yes", is_flag=True, help="Ne demande pas de confirmation.")
@click.pass_obj
def effacer(session: Session, adresse: str, yes: bool) -> int:
    """Montre, exporte (--format json) et efface ce qui est gardé d'une adresse.

    Il n'en reste qu'une empreinte, pour ne plus jamais lui écrire d'appel.
    """
    from workflows.engine import report

    office = session.office()
    held = office.held(adresse)
    for line in report.held_lines(held):
        say(session, line)
    sure = yes or (sys.stdin.isatty() and _agreed("Effacer ? [o/N]"))
    if sure:
        say(session, report.erased_line(office.erase(adresse)))
    if session.json_form:
        print_json({"command": "effacer", "export": held, "erased": sure})
    if not sure:
        say(session, "Rien n'a été effacé (--oui confirme sans terminal).")
    return OK if sure else COULD_NOT_RUN


@cli.command()
@click.argument("cle", metavar="CLÉ")
@click.argument("verdict", type=click.Choice(["envoye", "non-envoye"]), metavar="envoye|non-envoye")
@click.pass_obj
def trancher(session: Session, cle: str, verdict: str) -> int:
    """Dit si un message « À vérifier » est parti ou non."""
    sent = verdict == "envoye"
    session.office().settle(cle, sent=sent)
    say(session, f"{cle} : noté comme {'envoyé' if sent else 'non envoyé ; le prochain passage l’enverra'}.")
    if session.json_form:
        print_json({"command": "trancher", "key": cle, "sent": sent})
    return OK


if __name__ == "__main__":
    cli()
