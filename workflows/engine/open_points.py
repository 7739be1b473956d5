"""The list in Suivi: what this round found, and what it leaves of the lines that stand there.

A command that is about one workflow knows nothing of the others: their lines stay until a round looks
at them again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from workflows.core import words
from workflows.core.book import Identified
from workflows.core.cells import fold, label
from workflows.core.french import plural, typography
from workflows.core.ports import Value
from workflows.core.problems import Problem
from workflows.core.workflow import Workflow
from workflows.engine import unmatched_page
from workflows.engine.account import Account
from workflows.engine.prepare import Prepared, Tools
from workflows.engine.status_page import LISTED
from workflows.engine.write_back import ANSWER, WriteBack, shown

_FOR_HER = {words.TO_READ: "à lire", words.QUESTION: "question"}
"""Answers that wait for a person: the word in `Réponse`, and what Suivi says of it."""
_REPLIES = re.compile(r", (\d+) (?:réponse|message)s?$")
_WAITS = re.compile(rf"{words.WAITING}, (\d+)")


def listed(tools: Tools, prepared: Prepared, account: Account, writer: WriteBack) -> list[Problem]:
    """The lines of Suivi: this round's, then those of the workflows that it was not about.

    `writer` holds the book with what this round is about to write into it.
    """
    found = [Problem(p.where, typography(p.what), typography(p.remedy)) for p in account.open_points]
    replies = [*_to_read(writer), *_to_attach(writer)]
    return list(dict.fromkeys([*found, *replies, *_of_others(tools, prepared)]))


def counts(lines: Iterable[Problem]) -> dict[str, Value]:
    """How many messages are held back, and how many cells or files are to be mended, in these lines."""
    lines = list(lines)
    waits = [_WAITS.match(line.where) for line in lines]
    return {"En attente": sum(int(found[1]) for found in waits if found), "Problèmes": to_mend(lines)}


def to_mend(lines: Iterable[Problem]) -> int:
    """How many cells or files are to be mended, in these lines."""
    return sum(_is_problem(line.where) for line in lines)


def replies(lines: Iterable[Problem]) -> int:
    """How many replies and mails wait for a person, in these lines."""
    found = [_REPLIES.search(line.where) for line in lines]
    return sum(int(each[1]) for each in found if each)


def tabs(tools: Tools, prepared: Prepared) -> dict[str, str]:
    """Each message's key → the tab that says why it waits."""
    return {
        verdict.key: tab_of(prepared, workflow)
        for workflow in tools.workflows
        if (plan := prepared.plans.get(workflow.NAME))
        for verdict in plan.verdicts
    }


def tab_of(prepared: Prepared, workflow: Workflow) -> str:
    """Her title of this workflow's tab with `Motif`."""
    return next(prepared.book[tab].title for tab in workflow.TABS if "Motif" in tab.headings)


def _is_problem(where: str) -> bool:
    return not (where.startswith(tuple(f"{state}, " for state in _STATES)) or _REPLIES.search(where))


def _to_read(writer: WriteBack) -> Iterator[Problem]:
    """A line for each tab where replies wait for a person, as it will stand after this round."""
    for title, tab in writer.book.tabs.items():
        answers = {ref: label(row.cell(ANSWER)) for ref, row in tab.by_ref().items()}
        answers |= {ref: word for (of, ref), word in writer.writing.answers.items() if of == title}
        said = Counter(map(fold, answers.values()))
        for word, what in _FOR_HER.items():
            if count := said[fold(word)]:
                yield Problem(f"{tab.title}, {plural(count, 'réponse')}", what, _once_read(tab, word))


def _once_read(tab: Identified, word: str) -> str:
    """What she does about such a reply: the word in `Réponse` stands until she writes another."""
    hours = "Heures" in tab.columns
    extract = "l'extrait" if "Extrait" in tab.columns else "Motif" if hours else "le message dans votre boîte"
    first = f"Lisez {extract}" if word == words.TO_READ else "Répondez-lui par courriel"
    then = "notez les heures et écrivez Oui" if hours else "écrivez Oui, Non ou Peut-être"
    return f"{first}, puis {then} dans Réponse."


def _to_attach(writer: WriteBack) -> Iterator[Problem]:
    """One line for the mails that nobody's row was found for."""
    if count := unmatched_page.waiting(writer):
        where = f"{writer.book[unmatched_page.PAGE].title}, {plural(count, 'message')}"
        remedy = (
            "Écrivez la Réf. de sa ligne dans Rattacher à, ou supprimez la ligne s'il n'y a rien à en faire."
        )
        yield Problem(where, "sans ligne connue", remedy)


_STATES = (words.WAITING, words.UNCERTAIN, words.REFUSED)
"""What a line says first when it is about messages."""


def _of_others(tools: Tools, prepared: Prepared) -> Sequence[Problem]:
    """The lines that stand in Suivi about what this round did not look at."""
    mine = [workflow for workflow in tools.workflows if workflow.NAME in prepared.desks]
    if len(mine) == len(tools.workflows):
        return ()
    places, waits = _places(prepared, mine), tuple(f"({tab_of(prepared, w)})" for w in mine)
    return [
        line
        for line in _standing(prepared)
        if not any(f"{line.where}, ".startswith(f"{place}, ") for place in places)
        and not (_WAITS.match(line.where) and line.where.endswith(waits))
    ]


def _places(prepared: Prepared, mine: Sequence[Workflow]) -> set[str]:
    """How the lines begin that this round has to say anew: its tabs, settings and messages."""
    book = prepared.book
    titles = {book[tab].title for workflow in mine for tab in workflow.TABS}
    return {
        book[words.STATUS].title,
        *titles,
        *(f"Classeur, onglet {title}" for title in titles),
        *(line.where for line in _standing(prepared) if _is_to_attach(prepared, line)),
        *(f"config/{workflow.NAME}.toml" for workflow in mine),
        *(f"{state}, {verdict.key}" for state in _STATES for verdict in prepared.verdicts),
    }


def _is_to_attach(prepared: Prepared, line: Problem) -> bool:
    title = prepared.book[unmatched_page.PAGE].title
    return line.where.startswith(f"{title}, ") and bool(_REPLIES.search(line.where))


def _standing(prepared: Prepared) -> list[Problem]:
    """What the list says now."""
    rows = [[shown(row.cell(heading)) for heading in LISTED] for row in prepared.book[words.STATUS].rows]
    return [Problem(", ".join(filter(None, (tab, place))), *said) for tab, place, *said in rows if tab]
