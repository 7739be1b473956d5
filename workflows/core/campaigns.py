"""What calls and sessions share: standing orders, the launch, the one a command names (design §3, §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from workflows.core import french, words
from workflows.core.book import Book, Identified
from workflows.core.cells import Unreadable, fold, is_blank, label, text
from workflows.core.messages import Plan
from workflows.core.problems import Problem, TourneeError
from workflows.core.schema import nearest
from workflows.core.tables import Row
from workflows.core.words import Tab
from workflows.core.workflow import Desk, Scope, Step


class Campaign(Protocol):
    """A row with a standing order."""

    @property
    def ref(self) -> str: ...
    @property
    def row(self) -> Row: ...
    @property
    def order(self) -> str: ...
    @property
    def campaign(self) -> str: ...


C = TypeVar("C", bound=Campaign)


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of campaign is spoken of."""

    tab: Tab
    the: str
    """« L'appel »."""
    launch: str
    """The command that launches it: « appel lancer »."""
    launched: str
    """« lancé »."""
    orders: tuple[str, ...]
    """The standing orders under which it runs."""


def standing_order(row: Row, orders: tuple[str, ...]) -> str:
    """The standing order in `Commande`. Raises Unreadable for a word that is none."""
    said = text(row.cell("Commande"))
    for order in orders:
        if fold(order) == fold(said) and "?" not in said:
            return order
    raise Unreadable(f"« {said[:60]} » n'est pas une commande.", f"Écrivez {french.join(orders, 'ou')}.")


def launched(campaign: Campaign, desk: Desk, kind: Kind) -> bool:
    """By the sheet, or in the terminal."""
    launch = desk.history.launches.get(campaign.campaign)
    return campaign.order in kind.orders or bool(launch and launch.authorised_at)


def concerned(campaign: Campaign, scope: Scope, desk: Desk, kind: Kind) -> bool:
    """Whether this round has anything to decide about it."""
    if scope.step is Step.FIRST:
        return True
    if campaign.order in (words.CLOSED, words.CANCELLED, words.TRIAL):
        return False
    return campaign.order == words.PAUSED or launched(campaign, desk, kind)


def speaks(campaign: Campaign) -> bool:
    """Whether `Commande` holds something that is no order."""
    return not (campaign.order or is_blank(campaign.row.cell("Commande")))


def asked(campaigns: Sequence[C], scope: Scope, desk: Desk, kind: Kind) -> list[C]:
    """Those that a command is about. Raises TourneeError when the one it names cannot be."""
    if not scope.ref:
        return list(campaigns)
    found = {fold(c.ref): c for c in campaigns}.get(fold(scope.ref))
    if found is None:
        raise _unknown(scope.ref, [c.ref for c in campaigns], desk.book[kind.tab], kind)
    if scope.step is Step.FIRST and found.order in (words.PAUSED, words.CLOSED, words.CANCELLED):
        raise TourneeError(
            f"{kind.the} {found.ref} est à « {found.order} » dans la feuille.",
            f"Mettez sa Commande à « {words.LAUNCH} », ou videz-la, puis relancez.",
        )
    if scope.step is Step.FOLLOW_UP and not launched(found, desk, kind):
        what = f"{kind.the} {found.ref} n'est pas {kind.launched}."
        raise TourneeError(what, f"Commencez par : {kind.launch} {found.ref}.")
    return [found]


def _unknown(ref: str, known: Sequence[str], tab: Identified, kind: Kind) -> TourneeError:
    """Why a command's campaign is not there: unknown, or held because its `Réf.` is borne twice."""
    for row in tab.rows:
        if row.number in tab.held and fold(label(row.cell("Réf."))) == fold(ref):
            return TourneeError(tab.held[row.number].what, tab.held[row.number].remedy)
    near = nearest(ref, known)
    return TourneeError(
        f"{kind.the} « {ref} » n'est pas dans l'onglet {tab.title}.",
        f"Vouliez-vous dire « {near} » ?" if near else "Vérifiez sa Réf. dans la feuille.",
    )


def unusable(book: Book, tabs: Sequence[Tab], scope: Scope) -> Plan | None:
    """The empty plan of a workflow whose tabs cannot be read. Raises TourneeError for a command."""
    if not any(book[tab].unusable for tab in tabs):
        return None
    problems = tab_problems(book, tabs)
    if scope.step is not Step.ANY:
        raise TourneeError(problems[0].what, problems[0].remedy)
    return Plan(problems=tuple(problems))


def tab_problems(book: Book, tabs: Sequence[Tab]) -> list[Problem]:
    """What is wrong with the tabs as a whole."""
    return [problem for tab in tabs for problem in book[tab].problems]


def nameless(tab: Identified) -> list[Problem]:
    """Rows with an order and no `Réf.`: a campaign without a name cannot be carried out."""
    return [
        Problem(tab.where(row, "Réf."), "La Réf. manque.", "Écrivez-en une que rien d'autre ne porte.")
        for row in tab.rows
        if row.number not in tab.refs and row.number not in tab.held and not is_blank(row.cell("Commande"))
    ]


def shown_in_its_row(campaign: Campaign, desk: Desk, subjects: Sequence[str]) -> bool:
    """Whether `État` says where it stands: for somebody, or for an order that was seen or is none."""
    seen = campaign.order == words.TRIAL or campaign.campaign in desk.history.launches
    return bool(subjects) or seen or speaks(campaign)


def outlived(campaign: Campaign) -> bool:
    """Whether its row still speaks of an order that was carried out, or mended."""
    return bool(label(campaign.row.cell("Commande faite"))) or label(campaign.row.cell("État")).startswith(
        words.TO_FIX
    )


def sights(campaigns: Sequence[Campaign], kind: Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`seen` and `unseen` of a Plan."""
    seen = tuple(c.campaign for c in campaigns if c.order in kind.orders)
    return seen, tuple(c.campaign for c in campaigns if c.order not in kind.orders)
