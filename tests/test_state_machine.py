"""Rounds, crashes, people, replies and restores in any order: one message per key, no reply lost.

In this process, on a workbook file and Maildirs. A crash keeps every file as it is at that very moment,
as SIGKILL would; `tests/faults` kills real processes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.faults.killer import Killer, Point, install
from tests.faults.places import HERS, Edit, FilePlace
from tests.faults.world import ANNOUNCEMENT, FOLLOW_UP, START, step_with
from tests.support.workspace import Workspace, small
from workflows.core.messages import Mode
from workflows.core.workflow import Scope
from workflows.engine.account import Account
from workflows.engine.prepare import Request

COUNT = 4
STEPS = 300
"""At least as many as a round has."""
REFS = [f"STR-{n:03}" for n in range(1, COUNT + 1)]
SENDING = (
    "after Journal.claim",
    "after os.rename",
    "after MaildirTransport.send",
    "before XlsxWorkbook.write",
)
"""Where a message is, or will be, in doubt."""
WEEK = timedelta(days=7)
refs = st.sampled_from(REFS)


class Crash(BaseException):
    """The process ended here."""


class Crashing(Killer):
    """Keeps the files as they are at its point, then ends the round."""

    def __init__(self, point: Point, data: Path, kept: Path) -> None:
        super().__init__(point)
        self._data, self._kept = data, kept

    def strike(self, point: Point) -> None:
        self.point = None
        shutil.copytree(self._data, self._kept)
        raise Crash


class Tournee(RuleBasedStateMachine):
    """One workspace, with one call at « À lancer »."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.workspace = Workspace(self.folder / "espace", small(COUNT, "À lancer"), delai_de_grace='"0"')
        self.data = self.workspace.folder / "donnees"
        self.place = FilePlace(self.workspace.book)
        self.now = START
        self.ordered: Counter[str] = Counter()
        self.replied: set[str] = set()
        self.hers = self.people()
        self.journal_kept: Path | None = None
        self.workbook_kept: Path | None = None
        self.restored = False

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            try:
                self.rest()
            finally:
                shutil.rmtree(self.folder)

    # The program

    def passage(self) -> Account:
        office = self.workspace.office(self.now.isoformat(timespec="minutes"))
        self.now += timedelta(minutes=20)
        if self.now.hour > 17:
            self.tomorrow()
        account = office.run(Request("passage", Scope(), Mode.LIVE, reads_replies=True))
        assert account.error is None
        self.restored = False
        return account

    def tomorrow(self) -> None:
        self.now = self.now.replace(hour=9, minute=0) + timedelta(days=1)
        while self.now.weekday() > 4:
            self.now += timedelta(days=1)

    @rule()
    def a_round(self) -> None:
        self.passage()

    @rule(nth=st.integers(1, STEPS))
    def a_round_that_crashes(self, nth: int) -> None:
        self.crash(Point(nth))

    @rule(nth=st.integers(1, COUNT), name=st.sampled_from(SENDING))
    def a_round_that_crashes_while_sending(self, nth: int, name: str) -> None:
        self.crash(Point(nth, name))

    def crash(self, point: Point) -> None:
        kept = self.folder / "tel quel"
        undo = install(Crashing(point, self.data, kept))
        try:
            self.passage()
        except Crash:
            shutil.rmtree(self.data)
            kept.rename(self.data)
        finally:
            undo()

    @rule()
    def a_week_goes_by(self) -> None:
        if self.now < START + 3 * WEEK:
            self.now += WEEK

    # People

    def type(self, tab: str, ref: str, heading: str, value: Any) -> bool:
        """Into the row of this structure, where there is one."""
        own = "Réf." if tab == "Structures" else "Structure"
        rows = [n for n, row in enumerate(self.rows(tab), 1) if row.get(own) == ref]
        if rows:
            self.place.edit(*(Edit("set", tab, heading, n, value) for n in rows))
        return bool(rows)

    def rows(self, tab: str) -> list[dict[str, Any]]:
        return self.place.rows(tab)

    @rule(tab=st.sampled_from(["Structures", "Candidatures"]), descending=st.booleans())
    def sort(self, tab: str, descending: bool) -> None:
        self.place.edit(Edit("sort", tab, "Nom", to=descending))

    @rule(tab=st.sampled_from(["Structures", "Candidatures"]), heading=st.sampled_from(["Nom", "Courriel"]))
    def move_a_column(self, tab: str, heading: str) -> None:
        self.place.edit(Edit("move_column", tab, heading, to="Réf."))

    @rule(ref=refs)
    def empty_a_ref(self, ref: str) -> None:
        self.type("Structures", ref, "Réf.", None)

    @rule(ref=refs)
    def send_again(self, ref: str) -> None:
        rows = [row for row in self.rows("Candidatures") if row["Structure"] == ref]
        if (
            rows
            and rows[0].get("Commande") is None
            and self.type("Candidatures", ref, "Commande", "À renvoyer")
        ):
            self.ordered[ref] += 1

    @rule(ref=refs)
    def take_the_order_back(self, ref: str) -> None:
        self.type("Candidatures", ref, "Commande", None)

    @rule(ref=refs)
    def reply(self, ref: str) -> None:
        mine = [mail for mail in self.workspace.mails() if self.address(ref) == mail["To"]]
        if mine and ref not in self.replied:
            self.replied.add(ref)
            inbox = self.data / "reponses" / "new"
            inbox.mkdir(parents=True, exist_ok=True)
            (inbox / f"{ref}.eml").write_text(
                f"From: {self.address(ref)}\nTo: {mine[0]['From']}\nSubject: Re: appel\n"
                f"Date: {self.now:%a, %d %b %Y %H:%M:00 +0100}\nMessage-ID: <r-{ref}@structures.example>\n"
                f"In-Reply-To: {mine[0]['Message-ID']}\n\nOui, nous participons.\n"
            )

    # Files

    @rule()
    def keep_the_journal(self) -> None:
        self.journal_kept = self.copied("journal", *self.data.glob("journal.sqlite3*"))

    @rule()
    def keep_the_workbook(self) -> None:
        self.workbook_kept = self.copied("classeur", self.workspace.book)

    def copied(self, name: str, *paths: Path) -> Path | None:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path in paths:
            shutil.copy2(path, folder)
        return folder if paths else None

    @precondition(lambda self: self.journal_kept and not self.restored)
    @rule()
    def put_the_journal_back(self) -> None:
        assert self.journal_kept
        self.take_the_journal_away()
        for path in self.journal_kept.iterdir():
            shutil.copy2(path, self.data)

    @precondition(lambda self: not self.restored)
    @rule()
    def take_the_journal_away(self) -> None:
        self.restored = True
        for path in self.data.glob("journal.sqlite3*"):
            path.unlink()

    @precondition(lambda self: self.workbook_kept and not self.restored)
    @rule()
    def put_the_workbook_back(self) -> None:
        assert self.workbook_kept
        self.restored = True
        shutil.copy2(self.workbook_kept / self.workspace.book.name, self.workspace.book)
        for row in self.rows("Candidatures"):
            if row.get("Commande") is not None:  # an order that stands again, as if it were a new one
                self.ordered[str(row["Structure"])] += 1

    # What must hold

    def address(self, ref: str) -> str:
        return f"s{int(ref[-3:])}@structures.example"

    def people(self) -> list[tuple[Any, ...]]:
        """Every cell of hers but `Réf.` and its order, row by row, in one order."""
        return sorted(
            tuple(str(row.get(h)) for h in HERS["Structures"][1:]) for row in self.rows("Structures")
        )

    def sent(self) -> Counter[tuple[str, str]]:
        return Counter(
            (mail["To"], step_with(mail["Subject"]))
            for mail in self.workspace.mails()
            if mail["To"].endswith("@structures.example")
        )

    @invariant()
    def one_message_per_key(self) -> None:
        if hasattr(self, "data"):
            sent = self.sent()
            for ref in REFS:
                assert sent[self.address(ref), ANNOUNCEMENT] <= 1 + self.ordered[ref], ref
                assert sent[self.address(ref), FOLLOW_UP] <= 2, ref

    @invariant()
    def no_cell_of_hers_changes(self) -> None:
        if hasattr(self, "data"):
            assert self.people() == self.hers

    def rest(self) -> None:
        """Peace: what is due has left or is shown as doubtful, and every reply stands in its row."""
        for _ in range(3):
            account = self.passage()
        sent = self.sent()
        rows = self.rows("Candidatures")
        held = {problem.where for problem in account.problems}
        names = [row["Nom"] for row in self.rows("Structures")]
        for ref in REFS:  # a `Réf.` that was emptied when nobody knew it is another one by now
            line = names.index(f"Structure {int(ref[-3:])}") + 2
            if f"Structures, ligne {line}, Réf." in held:  # and its first one, put back, waits for her
                continue
            mine = [row for row in rows if row["Nom"] == f"Structure {int(ref[-3:])}"]
            states = {row["Envoi"] for row in mine}
            assert states & {"Envoyé", "À vérifier"}, (ref, mine)
            assert "Envoyé" not in states or sent[self.address(ref), ANNOUNCEMENT], (ref, mine)
            assert ref not in self.replied or any(row["Réponse"] for row in mine), (ref, mine)


TestTournee = Tournee.TestCase
TestTournee.settings = settings(
    max_examples=20, stateful_step_count=16, deadline=None, derandomize=True, database=None
)  # the same at each run; `tests/faults` searches on


def test_the_moments_of_a_crash_are_within_a_round(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(COUNT, "À lancer"), delai_de_grace='"0"')
    killer = Killer(None)
    undo = install(killer)
    try:
        at = START.isoformat(timespec="minutes")
        workspace.office(at).run(Request("passage", Scope(), Mode.LIVE, reads_replies=True))
    finally:
        undo()
    assert STEPS / 3 < len(killer.events) <= STEPS
