"""The tab À rattacher: mails that no row shows, and the row that a person gives them.

A row is known by when the mail came, from whom, and its subject line; `Rattacher à` is hers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workflows.core import french, matching, words
from workflows.core.book import Book, Identified
from workflows.core.cells import fold, label
from workflows.core.ports import Anchor, Append, Put, Value
from workflows.core.problems import Problem
from workflows.core.received import Received
from workflows.core.reply_rows import reply_rows
from workflows.core.tables import Row
from workflows.engine.intake import OPEN_FOR, Desk, objectors
from workflows.engine.write_back import WriteBack, plain, shown

PAGE = words.UNMATCHED
_IDENTITY = ("Reçu le", "De", "Objet")
_LONGEST = 200
"""Characters of a sender or a subject line in its cell."""
_ATTACHED = "Rattaché à"
_HOW = "Écrivez la Réf. de sa ligne (comme CAN-012), ou celle de la structure ou de la personne."

Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A mail with what its row should say."""

    mail: Received
    listed: bool
    """It has its row already, or had it: a person who deleted it wants it no more."""
    reason: str
    settled: bool = True
    """What stands in `Raison` is to be written anew."""
    not_to: frozenset[str] = frozenset()
    """Folded `Réf.` of rows that it belongs to and that are followed no more."""


@dataclass(slots=True)
class Attached:
    """What her cells in `Rattacher à` led to."""

    count: int = 0
    problems: list[Problem] = field(default_factory=list)


def carry_out(desk: Desk, book: Book) -> Attached:
    """Attach the mails whose row she gave."""
    attached = Attached()
    page = book[PAGE]
    mails = {kept.mail.number: kept for kept in desk.journal.mails.to_list()}
    on_page = [kept.mail for kept in mails.values() if kept.listed or not kept.by_itself]
    for mail, row in _pairs(page, on_page, desk.now):
        asked = label(row.cell("Rattacher à"))
        done = mail.attached and not mails[mail.number].by_itself
        if not asked or (done and fold(asked) == fold(mail.subject)):
            continue  # carried out: that the row is now answered is no mistake of hers
        found = _row_asked(desk, book, asked)
        if isinstance(found, str):
            attached.problems.append(Problem(page.where(row, "Rattacher à"), found, _HOW))
        elif (mail.campaign, mail.subject) == found:
            continue
        elif not done:
            _attach(desk, mail, found)
            attached.count += 1
        else:
            what = "Ce message est déjà rattaché à une autre ligne."
            remedy = "Écrivez vous-même la réponse dans la colonne Réponse de la bonne ligne."
            attached.problems.append(Problem(page.where(row, "Rattacher à"), what, remedy))
    return attached


def _attach(desk: Desk, mail: Received, about: tuple[str, str]) -> None:
    outbox = desk.journal.mails.outbox(desk.now)
    found = matching.attach_by_hand(mail, about, outbox.last_to(*about), desk.now.tzinfo)
    desk.journal.mails.attach(found, objectors(desk, found))


def _row_asked(desk: Desk, book: Book, asked: str) -> tuple[str, str] | str:
    """The row that she means, or why none is meant."""
    rows = {fold(row.ref): row.about for row in reply_rows(book, desk.now.date())}
    if about := rows.get(fold(asked)):
        return about
    outbox = desk.journal.mails.outbox(desk.now - OPEN_FOR, desk.closed)
    subjects = [ref for ref in desk.addresses if fold(ref) == fold(asked)]
    if not subjects:
        return f"{french.quoted(asked)} n'est pas une Réf. de ce classeur."
    among = [(sent.campaign, sent.subject) for sent in outbox.open_of(subjects[0])]
    if len(among) == 1:
        return among[0]
    if among:
        return f"Plusieurs lignes de {subjects[0]} attendent une réponse."
    return f"Aucune ligne de {subjects[0]} n'attend de réponse."


def write(writer: WriteBack, lines: Sequence[Line], now: datetime) -> list[int]:
    """Add the rows that are missing and say what became of the others; numbers of the mails listed."""
    page = writer.tab(PAGE.title)
    if page.table is None and not page.absent:
        return []
    writer.add_missing_columns([PAGE.title])
    by_number = {mail.number: row for mail, row in _pairs(page, [line.mail for line in lines], now)}
    for line in lines:
        if row := by_number.get(line.mail.number):
            _update(writer, page, row, line)
        elif not line.listed:
            _append(writer, page, line, now)
    return [line.mail.number for line in lines]


def _update(writer: WriteBack, page: Identified, row: Row, line: Line) -> None:
    """Only the reason changes, and only where it still is the program's."""
    if fold(label(row.cell("Rattacher à"))) in line.not_to:
        what = "Tournée ne suit plus cette ligne : la réponse n'y est pas notée."
        remedy = "Notez-la vous-même dans sa colonne Réponse, puis supprimez la ligne d'ici."
        writer.writing.problems.append(Problem(page.where(row, "Rattacher à"), what, remedy))
    if not line.settled:
        return
    cell, want = row.cell("Raison"), line.reason
    note = (PAGE.title, str(line.mail.number), "Raison")
    ours = shown(cell) == "" or writer.adopt or writer.noted(*note, shown(cell))
    if shown(cell) == want or not ours or cell.formula or cell.spilled or page.table is None:
        return
    columns = page.table.columns
    writer.writing.notes.append((*note, want))
    anchor = Anchor(columns["De"], label(row.cell("De"))) if "De" in columns else None
    writer.writing.edits.append(Put(page.title, row.number, writer.column(page, "Raison"), want, anchor))
    writer.writing.rows += 1


def _append(writer: WriteBack, page: Identified, line: Line, now: datetime) -> None:
    mail = line.mail
    values: dict[str, Value] = {
        **_identity_values(mail, now),
        "Extrait": mail.extract or None,
        "Raison": line.reason,
    }
    writer.writing.notes.append((PAGE.title, str(mail.number), "Raison", line.reason))
    cells = {writer.column(page, heading): value for heading, value in values.items() if value is not None}
    writer.writing.edits.append(Append(page.title, cells))
    writer.writing.rows += 1


def waiting(writer: WriteBack) -> int:
    """How many rows wait for a person to say whose they are, with those that are about to be added."""
    page = writer.book[PAGE]
    new = sum(isinstance(edit, Append) and edit.sheet == page.title for edit in writer.writing.edits)
    return new + sum(
        any(label(row.cell(heading)) for heading in _IDENTITY)
        and not label(row.cell("Rattacher à"))
        and not label(row.cell("Raison")).startswith(_ATTACHED)
        for row in page.rows
    )


def reason(mail: Received, lost: str = "") -> str:
    """What `Raison` says of a mail; `lost`: why the row that it belongs to does not show it."""
    about = f"{mail.campaign.partition(':')[2] or mail.campaign}, {mail.subject}"
    if mail.attached and not lost:
        return french.typography(f"{_ATTACHED} {about}.")
    files = french.plural(mail.attachments, "pièce jointe", "pièces jointes") if mail.attachments else ""
    said = (f"réponse à {about} : {lost}" if lost else "", mail.doubt, files)
    return french.typography(" ; ".join(filter(None, said)))


def _identity_values(mail: Received, now: datetime) -> dict[str, Value]:
    moment = mail.received_at.astimezone(now.tzinfo)
    return {"Reçu le": moment, "De": mail.sender[:_LONGEST], "Objet": mail.title[:_LONGEST]}


def _pairs(page: Identified, mails: Iterable[Received], now: datetime) -> list[tuple[Received, Row]]:
    """Each mail with its row; twins (the same minute, sender and subject line) are taken in order."""
    rows: dict[Identity, list[Row]] = {}
    for row in page.rows:
        rows.setdefault(tuple(shown(row.cell(heading)) for heading in _IDENTITY), []).append(row)
    found = []
    for mail in mails:
        identity = tuple(plain(value) for value in _identity_values(mail, now).values())
        if waiting := rows.get(identity):
            found.append((mail, waiting.pop(0)))
    return found
