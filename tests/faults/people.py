"""People at work in the sheet while a round runs: whatever they move, statuses land on the right rows.

Rows differ in what becomes of them (sent, refused in the server's words, waiting, to be corrected), so
that a status on a wrong row shows; notes that a person typed beside the program's cells show rows that
came apart. What people renamed, emptied or doubled they mend afterwards, as they are told.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.killer import Point
from tests.faults.places import HERS, Edit, FilePlace, Place, SpreadsheetPlace, hers
from tests.faults.sending import Faulty
from tests.faults.tally import Tally
from tests.faults.world import ANNOUNCEMENT, Book, Servers, World
from tests.support.smtp_server import SmtpServer
from tests.support.smtp_session import Fault

STRUCTURES = 12
REFUSED = ("STR-003", "STR-007")
ODD = {"STR-005": (None, "Sortie du réseau"), "STR-009": ("pas une adresse", None)}
STATES = dict.fromkeys(REFUSED, "Refusé") | {"STR-005": "En attente", "STR-009": "À corriger"}
"""What `Envoi` must say in the end; of all others, « Envoyé »."""
FILE_POINTS = (
    "after XlsxWorkbook.read", "before XlsxWorkbook.write", "before xlsx_workbook.replace_file",
    "before xlsx_files.swap", "before YagmailTransport.send", "after Journal.plan",
)  # fmt: skip
SHEET_POINTS = (
    "after GoogleSheet.read", "before GoogleSheet.write", "before YagmailTransport.send",
    "after Journal.plan",
)  # fmt: skip


@dataclass(frozen=True)
class Doing:
    """What a person does, and how it is mended afterwards."""

    edits: tuple[Edit, ...]
    undo: tuple[Edit, ...] = ()
    gone: str = ""
    """The `Réf.` of the structure that this takes away, or gives another for a while."""
    doubt: bool = False
    """A word of hers where a state stands: what had not left by then is in doubt."""


def doing(generator: random.Random) -> Doing:
    """Anything that people do; every second time they reorder the rows or columns that the round writes."""
    if generator.random() < 0.5:
        return _reordered(generator)
    tab = generator.choice(("Structures", "Candidatures", "Candidatures", "Appels"))
    row = generator.randint(1, STRUCTURES)
    heading = {"Structures": "Nom", "Candidatures": "Structure", "Appels": "Titre"}[tab]
    number = generator.randint(1, STRUCTURES)
    ref = f"STR-{number:03}"
    choices: tuple[Doing, ...] = (
        Doing((Edit("sort", tab, heading, to=True),)),
        Doing((Edit("sort", tab, "Courriel" if tab != "Appels" else "Titre", to=generator.random() < 0.5),)),
        Doing((Edit("insert_row", tab, row=generator.choice((0, 1, row))),)),
        Doing((Edit("insert_column", tab, heading),)),
        Doing((Edit("move_column", tab, heading, to="Réf."),)),
        Doing((Edit("delete_row", "Candidatures", row=row),)),
        Doing((Edit("delete_row", "Structures", row=number),), gone=ref),
        _renamed(Edit("rename_heading", "Structures", "Courriel", to="Mél")),
        Doing((Edit("rename_heading", "Candidatures", "Envoi", to="Parti"),)),
        Doing(
            (Edit("rename_tab", "Structures", to="Structures 2027"),),
            (Edit("rename_tab", "Structures 2027", to="Structures"),),
        ),
        Doing((Edit("set", "Structures", "Réf.", number, None),)),
        Doing(
            (Edit("set", "Structures", "Réf.", number, "STR-900"),),
            (Edit("set", "Structures", "Réf.", number, ref),),
            gone=ref,
        ),
        Doing(
            (Edit("set", "Structures", "Réf.", number, "STR-001"),),
            (Edit("set", "Structures", "Réf.", number, ref),),
        ),
        Doing(
            (Edit("set", "Candidatures", "Envoi", row, "fait par moi"),),
            (Edit("set", "Candidatures", "Envoi", row, None),),
            doubt=True,
        ),
        Doing(
            tuple(Edit("set", "Structures", h, n, None) for n in range(6, 13) for h in HERS["Structures"]),
            tuple(_again(n, h) for n in range(6, 13) for h in HERS["Structures"]),
        ),
    )
    return generator.choice(choices)


def _reordered(generator: random.Random) -> Doing:
    row = generator.randint(1, STRUCTURES)
    heading = generator.choice(("Structure", "Envoi", "Courriel", "Motif"))
    edits = (
        Edit("sort", "Candidatures", "Structure", to=True),
        Edit("sort", "Candidatures", heading, to=generator.random() < 0.5),
        Edit("insert_row", "Candidatures", row=generator.choice((0, row))),
        Edit("delete_row", "Candidatures", row=row),
        Edit("insert_column", "Candidatures", heading),
        Edit("move_column", "Candidatures", heading, to="Réf."),
    )
    return Doing((generator.choice(edits),))


def several(generator: random.Random) -> list[Doing]:
    """One thing, or two where neither has to be mended."""
    first, second = doing(generator), doing(generator)
    lasting = any(each.undo or each.gone for each in (first, second))
    return [first] if lasting or generator.random() < 0.5 else [first, second]


def _renamed(edit: Edit) -> Doing:
    return Doing((edit,), (Edit("rename_heading", edit.tab, edit.to, to=edit.heading),))


def _again(number: int, heading: str) -> Edit:
    """What undoing puts back into an emptied cell; the address is filled in by the world."""
    return Edit("set", "Structures", heading, number, f"{heading} {number}")


@dataclass
class Desk:
    """A world in which one round is made while people work."""

    world: World
    start: dict[tuple[str, int], Any]
    """What stood in each cell of Structures, by heading and row."""
    twin: Place
    """The same workbook, in which people do the same and no program runs."""

    def restored(self, edit: Edit) -> Edit:
        value = self.start.get((edit.heading, edit.row), edit.to)
        return Edit("set", edit.tab, edit.heading, edit.row, value) if edit.kind == "set" else edit


def desk(servers: Servers, server: SmtpServer, book: Book, *, begun: bool) -> Desk:
    """A world whose server refuses two addresses; `begun`: four messages have left, and notes are typed."""
    world = servers.world(STRUCTURES, book, server=Faulty(server), odd=ODD)
    for ref in REFUSED:
        address = world.addresses[ref][0]
        server.faults.append(Fault("RCPT", "reply", reply=f"550 5.1.1 no {address}", address=address))
    start = {
        (heading, n): row[heading]
        for n, row in enumerate(world.tab("Structures"), 1)
        for heading in HERS["Structures"]
    }
    if book == "google":
        content = _exported(world)
        twin: Place = SpreadsheetPlace(servers.sheets, servers.sheets.load_xlsx(content))
    else:
        twin = FilePlace(world.folder / "jumeau.xlsx")
        (world.folder / "jumeau.xlsx").write_bytes(world.workspace.book.read_bytes())
    if begun:
        world.run("passage", "--limite", "4")
        rows = enumerate(world.tab("Candidatures"), 1)
        notes = [Edit("set", "Candidatures", "Notes", n, f"suivi {row['Structure']}") for n, row in rows]
        world.place.edit(*notes)
    return Desk(world, start, twin)


def _exported(world: World) -> bytes:
    """The workbook that the world's spreadsheet was loaded from."""
    from tests.support.workspace import write_book

    path = world.folder / "depart.xlsx"
    write_book(path, {title: world.place.grid(title) for title in (*HERS, "Promeneurs", "Sessions")})
    return path.read_bytes()


def one(servers: Servers, server: SmtpServer, tally: Tally, book: Book, seed: int) -> None:
    """One round with one or two things done in it, then what people mend, then rounds in peace."""
    generator = random.Random(f"{book} {seed}")
    at = desk(servers, server, book, begun=generator.random() < 0.7)
    world = at.world
    done = several(generator)
    in_gap = book == "google" and generator.random() < 0.5
    nth = generator.choice((1, 2, 2))
    point = None if in_gap else Point(nth, generator.choice(SHEET_POINTS if world.id else FILE_POINTS), False)
    if in_gap and isinstance(world.place, SpreadsheetPlace):
        world.place.edit_before_write(nth, *(edit for each in done for edit in each.edits))
    ended = world.run("passage", point=point)
    tally.interrupted += bool(ended.stopped) or in_gap
    if ended.stopped:
        for each in done:
            world.place.edit(*each.edits)
        ended = servers.zygote.resume(ended)
    elif in_gap:
        servers.sheets.edit_now(world.id)
    else:
        world.place.edit(*(edit for each in done for edit in each.edits))
    tally.tried += 1
    label = f"{book} {seed} {f'before write {nth}' if in_gap else point} {[e.edits[0] for e in done]}"
    tally.expect(ended.status in (0, 1, 2) and "Traceback" not in ended.err, f"{label}: {ended.err[-800:]}")
    for each in done:
        at.twin.edit(*each.edits)
    world.run("passage")
    for each in reversed(done):
        undo = [at.restored(edit) for edit in each.undo]
        world.place.edit(*undo)
        at.twin.edit(*undo)
    ended = world.settle(5)[-1]
    tally.expect(ended.status in (0, 1), f"{label}: does not come to rest: {ended.status} {ended.err[-300:]}")
    tally.expect(not (ended.status < 2 and ended.json["written"]), f"{label}: still writing")
    judge(at, tally, label, {each.gone for each in done}, doubt=any(each.doubt for each in done))
    world.close()


def judge(at: Desk, tally: Tally, label: str, gone: set[str], *, doubt: bool) -> None:
    """Each row of Candidatures against what became of that structure, and hers against the twin."""
    world = at.world
    accepted = world.accepted()
    tally.messages += accepted.total()
    for what, count in accepted.items():
        if count > 1:
            tally.double(f"{label}: {what} {count} times")
    rows = {str(row.get("Structure")): row for row in world.tab("Candidatures")}
    for ref, (address,) in world.addresses.items():
        if ref in gone and ref not in rows:
            continue
        if ref not in rows:
            tally.loss(f"{label}: {ref} has no row")
            continue
        got = bool(accepted[address, ANNOUNCEMENT])
        asked = doubt and not got and rows[ref]["Envoi"] == "À vérifier"
        tally.doubtful += asked
        doubt = doubt and not asked  # her word stood in one row
        state = None if ref in gone else "À vérifier" if asked else STATES.get(ref, "Envoyé")
        _judge_row(tally, f"{label}: {ref}", ref, address, rows[ref], got, state)
    found, expected = hers(world.place), hers(at.twin)
    for title, rows_ in expected.items():
        missing = [row for row in rows_ if not any(_same(row, other) for other in found[title])]
        if missing or len(rows_) != len(found[title]):
            tally.misplaced(f"{label}: hers in {title}: {missing[:2]}, {len(found[title])} rows")


def _judge_row(
    tally: Tally, label: str, ref: str, address: str, row: Mapping[str, Any], got: bool, expected: str | None
) -> None:
    said = row["Envoi"]
    if row["Notes"] not in (None, f"suivi {ref}") or row["Nom"] != f"Structure {ref[-3:]}":
        tally.misplaced(f"{label} stands beside {row['Notes']}, {row['Nom']}")
    if expected and said != expected:
        tally.loss(f"{label} shows {said}, {row['Motif']}")
    if (said == "Envoyé") != (row["Envoyé le"] is not None) or (said == "Envoyé" and not got):
        tally.misplaced(f"{label} shows {said}, {row['Envoyé le']}, accepted: {got}")
    if said == "Refusé" and address not in str(row["Motif"]):
        tally.misplaced(f"{label} shows another's words: {row['Motif']}")


def _same(wanted: Sequence[Any], found: Sequence[Any]) -> bool:
    """Hers, an emptied `Réf.` (the first) given back apart."""
    return tuple(wanted[1:]) == tuple(found[1:]) and wanted[0] in (None, found[0])


def gap(servers: Servers, book: Book) -> float:
    """Seconds from the end of the second read to the end of the last write, on the sample's size."""
    world = servers.world(60, book)
    events = world.run("passage").events
    name = "GoogleSheet" if book == "google" else "XlsxWorkbook"
    read = max(event.at for event in events if event.name == f"after {name}.read")
    return max(event.at for event in events if event.name == f"after {name}.write") - read


def tallies(servers: Servers, share: float = 1.0) -> Iterator[Tally]:
    """All of it, or a part."""
    with SmtpServer() as server:
        books: tuple[tuple[Book, int], ...] = (("google", 220), ("xlsx", 100))
        for book, runs in books:
            tally = Tally(f"people at work during a round, {book}")
            for seed in range(max(4, round(runs * share))):
                one(servers, server, tally, book, seed)
            yield tally
