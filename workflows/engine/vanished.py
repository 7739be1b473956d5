"""What stood in the workbook at the last round and is gone: read as empty, it would let mail leave.

Of each tab the journal keeps how many rows it had, under which headings people write, with something
there or not yet, and which other headings there were; and the names of all other tabs. Nothing leaves
until what a person renamed or deleted is back under its name, or `--confirmer` says that it was meant.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from workflows.core import words
from workflows.core.book import Book, Identified, Names
from workflows.core.cells import fold, label
from workflows.core.french import join, quoted
from workflows.core.ports import AddColumn, AddSheet, Edit, Kind, Sheet, Snapshot
from workflows.core.problems import TourneeError
from workflows.core.tables import Row, parse_table, says
from workflows.engine.journal import Journal
from workflows.engine.write_back import Noted, shown

_OTHER_TABS = "other_tabs"
"""Under this name, the tabs that are not the program's: one that is not new is no tab renamed."""
_SHRUNK_FROM = 10
"""A tab of more rows than this that loses over half of them stops the round."""
_SHARED = ("Opposition", "Réponse", "Alerte")
"""Columns that show what the journal holds, beside what people type."""

_COUNTED = (
    (words.CALLS, "Envoyés", words.APPLICATIONS, "Appel"),
    (words.SESSIONS, "Invités", words.REGISTRATIONS, "Session"),
)
"""Where it is counted how many messages of a campaign left, and where it is told to whom."""

_Kept = Mapping[str, Sequence[str]]
"""Of a tab: headings with something under them (`filled`), those without (`empty`), others, folded."""


def remembered(
    book: Book, snapshot: Snapshot, names: Names, edits: Sequence[Edit], noted: Noted
) -> dict[str, str]:
    """What the journal is to keep of these tabs once the edits are made; of an unusable one nothing new.

    `noted` says whether a value of the program's columns is its own.
    """
    facts = {f"rows:{title}": str(len(tab.rows)) for title, tab in book.tabs.items() if tab.table}
    made = {edit.title for edit in edits if isinstance(edit, AddSheet)}
    added = {(edit.sheet, edit.spec.heading) for edit in edits if isinstance(edit, AddColumn)}
    for title, tab in book.tabs.items():
        if tab.table or tab.title in made:
            new = {h for h, c in tab.columns.items() if tab.title in made or (tab.title, c.heading) in added}
            facts[f"headings:{title}"] = json.dumps(_kept(tab, snapshot, new, noted), ensure_ascii=False)
        elif not tab.unusable:
            facts[f"headings:{title}"] = ""
    if book.tabs.keys() >= words.TABS.keys():  # else another workflow's tab may just have got another name
        facts[_OTHER_TABS] = json.dumps([*_other_tabs(snapshot, names)], ensure_ascii=False)
    return facts


def refuse_shrinking(journal: Journal, book: Book) -> None:
    """Half a tab gone is an accident until a person says otherwise. Raises TourneeError."""
    for title, tab in book.tabs.items():
        before, now = int(journal.meta(f"rows:{title}") or 0), len(tab.rows)
        if not tab.tab.own and tab.table and before > _SHRUNK_FROM and now * 2 < before:
            raise TourneeError(
                f"L'onglet {tab.title} n'a plus que {now} lignes sur {before} : rien n'est parti.",
                "Rétablissez-les (annuler, ou l'historique du classeur) ;"
                " si c'est voulu, relancez un envoi avec --confirmer.",
            )


def refuse_forgetting(book: Book) -> None:
    """Without the journal, only rows tell to whom a campaign went. Raises TourneeError where none does."""
    for campaigns, count, rows, campaign in _COUNTED:
        if campaigns.title not in book.tabs:
            continue
        told = {fold(label(row.cell(campaign))) for row in book[rows].rows}
        for ref, row in book[campaigns].by_ref().items():
            if _number(label(row.cell(count))) and fold(ref) not in told:
                raise TourneeError(
                    f"Le journal manque ou est trop ancien, et {book[rows].title} ne dit plus à qui les"
                    f" messages de {ref} sont partis ({book[campaigns].where(row, count)}) :"
                    " rien n'est parti, pour ne rien envoyer deux fois.",
                    f"Rétablissez l'onglet {book[rows].title} (historique du classeur) ou le journal"
                    " (donnees/journal.sqlite3) ; si tout est à reprendre, relancez un envoi avec"
                    " --confirmer.",
                )


def refuse_vanishing(journal: Journal, book: Book, snapshot: Snapshot, names: Names, *, older: bool) -> None:
    """So is a tab or a column in which people had written. Raises TourneeError.

    An `older` workbook that was put back may have had neither yet: it is written again.
    """
    before = json.loads(journal.meta(_OTHER_TABS) or "[]")
    others = {key: other for key, other in _other_tabs(snapshot, names).items() if key not in before}
    for title, tab in book.tabs.items():
        kept = journal.meta(f"headings:{title}")
        if kept and not tab.unusable:
            alike = (other for other in others.values() if _is_like(tab, snapshot.sheets[other], names))
            like = next(alike, "") if tab.absent else ""
            _refuse_without(tab, json.loads(kept), snapshot, like, older=older)


def refuse_twins(book: Book, snapshot: Snapshot) -> None:
    """Two tabs of one name but for accents or case: nobody knows which one counts. Raises TourneeError."""
    for tab in book.tabs.values():
        titles = [title for title in snapshot.sheets if fold(title) == fold(tab.title)]
        if len(titles) > 1:
            raise TourneeError(
                f"Plusieurs onglets portent le même nom : {join([quoted(t) for t in titles])}."
                " Rien n'est parti.",
                "Gardez ce nom à un seul et donnez à l'autre un nom plus différent.",
            )


def _refuse_without(tab: Identified, kept: _Kept, snapshot: Snapshot, like: str, *, older: bool) -> None:
    """Raises TourneeError where the tab, or a column of it, is gone; `like`: it may be this one, renamed."""
    if tab.absent:
        if like or (kept["filled"] and not older):
            raise _tab_gone(tab.title, like)
        return
    if older:
        return
    there = tab.table.columns if tab.table else {}
    strangers = _strangers(tab, snapshot)
    new = [heading for key, heading in strangers.items() if key not in kept["others"]]
    before = [*kept["filled"], *(kept["empty"] if new else ())]
    lost = [heading for heading in before if heading in tab.tab.holding and heading not in there]
    if lost:
        raise _headings_gone(tab, lost, new)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _kept(tab: Identified, snapshot: Snapshot, new: Collection[str], noted: Noted) -> _Kept:
    watched = tab.tab.holding
    there = {*new, *(tab.table.columns if tab.table else ())}
    filled = [heading for heading in watched if any(_is_typed(tab, row, heading, noted) for row in tab.rows)]
    return {
        "filled": filled,
        "empty": [heading for heading in watched if heading in there and heading not in filled],
        "others": [*_strangers(tab, snapshot)],
    }


def _is_typed(tab: Identified, row: Row, heading: str, noted: Noted) -> bool:
    """Whether a cell holds what nobody but a person knows."""
    cell, ref = row.cell(heading), tab.refs.get(row.number, "")
    return says(cell) and not (heading in _SHARED and noted(tab.tab.title, ref, heading, shown(cell)))


def _strangers(tab: Identified, snapshot: Snapshot) -> dict[str, str]:
    """The headings that the program does not know, over something: folded → as written."""
    table = tab.table
    if table is None:
        return {}
    sheet, ours = snapshot.sheets[tab.title], {*map(fold, table.names.values())}
    found: dict[str, str] = {}
    for column in range(1, table.next_free_column):
        cell = sheet.cell(table.heading_row, column)
        if cell.kind is Kind.TEXT and fold(str(cell.value)) not in ours:
            below = range(table.heading_row + 1, table.last_row + 1)
            if any(says(sheet.cell(row, column)) for row in below):
                found[fold(str(cell.value))] = str(cell.value)
    return found


def _other_tabs(snapshot: Snapshot, names: Names) -> dict[str, str]:
    """The tabs that are not the program's: folded → as written."""
    known = {fold(names.tab(title)) for title in words.TABS}
    return {fold(title): title for title in snapshot.sheets if fold(title) not in known}


def _is_like(tab: Identified, sheet: Sheet, names: Names) -> bool:
    """Whether it has most of the tab's headings: it may be this one, renamed."""
    table, _ = parse_table(sheet, tab.tab.headings, (), names.headings.get(tab.tab.title, {}))
    if not table or any(heading not in table.columns for heading in tab.tab.subject):
        return False
    return len(table.columns) * 2 > len(tab.tab.headings)


def _tab_gone(title: str, like: str) -> TourneeError:
    remedy = (
        f"Si c'est {quoted(like)}, rendez-lui son nom, ou écrivez le nouveau sous [onglets], dans le fichier"
        " du dossier config où l'ancien est écrit"
        if like
        else "Rétablissez-le (annuler, ou l'historique du classeur)"
    )
    return TourneeError(
        f"L'onglet {quoted(title)} a disparu : rien n'est parti, pour ne pas oublier ce qui y était écrit.",
        f"{remedy} ; si c'est voulu, relancez un envoi avec --confirmer.",
    )


def _headings_gone(tab: Identified, lost: Iterable[str], new: Sequence[str]) -> TourneeError:
    gone = [quoted(tab.columns[h].heading if h in tab.columns else h) for h in lost]
    remedy = (
        f"Si c'est {join([quoted(heading) for heading in new], 'ou')}, rendez-lui son titre, ou écrivez le"
        " nouveau sous [colonnes], dans le fichier du dossier config qui nomme cet onglet"
        if new
        else "Rétablissez-la (annuler, ou l'historique du classeur)"
    )
    return TourneeError(
        f"L'onglet {quoted(tab.title)} n'a plus de colonne {join(gone, 'ni')} : rien n'est parti, pour ne pas"
        " oublier ce qui y était écrit.",
        f"{remedy} ; si c'est voulu, relancez un envoi avec --confirmer.",
    )
