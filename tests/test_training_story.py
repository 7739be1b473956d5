"""Sessions under any sequence of orders, changes, rounds, interruptions and lost journals.

Whatever happens: nobody gets the same thing twice, SEQUENCE never goes back, and once `Prévenir` or
`Annulée` was carried out everyone invited knows the session as it is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.support.sessions import TRAINING, calendar, change, meeting, passage, person
from workflows.core.messages import Mode
from workflows.core.workflow import Scope
from workflows.core.working_days import is_working_day
from workflows.engine.account import Account
from workflows.engine.prepare import Request

DATES = ("10/06/2027", "17/06/2027", "24/06/2027")
PLACES = ("Salle bleue", "Salle rouge")
STANDING = ("À lancer", "Prévenir", "Annulée", "En pause")
Knows = tuple[str, int, datetime, str]
"""Method, SEQUENCE, start and place."""


class Pulled(Exception):
    """The plug, after one message."""


class Sessions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.home = TemporaryDirectory()
        self.order, self.day, self.place = "À lancer", DATES[0], PLACES[0]
        self.people, self.again, self.lost = 2, "", False
        self.today = date(2027, 3, 2)
        self.read = 0
        self.known: dict[str, list[Knows]] = {}

    def teardown(self) -> None:
        self.home.cleanup()

    @initialize()
    def open(self) -> None:
        self.workspace = meeting(Path(self.home.name), 2, Date=self.day, Lieu=self.place, Commande=self.order)
        self._passage()

    @rule(order=st.sampled_from(STANDING))
    def orders(self, order: str) -> None:
        self.order = order
        change(self.workspace, Commande=order)

    @rule(day=st.sampled_from(DATES), place=st.sampled_from(PLACES))
    def moves(self, day: str, place: str) -> None:
        self.day, self.place = day, place
        change(self.workspace, Date=day, Lieu=place)

    @precondition(lambda self: self.people < 4)
    @rule()
    def somebody_joins(self) -> None:
        self.people += 1
        self.workspace.edit(lambda book: book["Promeneurs"].append(person(self.people)))

    @precondition(lambda self: not self.again and self.order in ("À lancer", "Prévenir"))
    @rule()
    def asks_for_the_first_again(self) -> None:
        self.again = "p1@reseau.example"
        self.workspace.put("Inscriptions", {"Promeneur": "PRO-001"}, Commande="À renvoyer")

    @rule()
    def a_round(self) -> None:
        self._passage()
        assert self._passage(same_day=True).sent == []

    @rule()
    def a_round_that_is_interrupted(self) -> None:
        office = self.workspace.office(self._tomorrow())

        def pull(_done: int, _total: int) -> None:
            raise Pulled

        office.progress = pull
        try:
            office.run(Request("passage", Scope(TRAINING), Mode.LIVE))
        except Pulled:
            self._look()

    @precondition(lambda self: self._all_know())
    @rule()
    def the_journal_is_lost(self) -> None:
        self._passage()
        if not self._all_know():
            return
        self.lost = True
        for file in (Path(self.home.name) / "donnees").glob("journal.sqlite3*"):
            file.unlink()
        assert self._passage(same_day=True).sent == []

    def _tomorrow(self) -> str:
        self.today += timedelta(days=1)
        while not is_working_day(self.today):
            self.today += timedelta(days=1)
        return f"{self.today}T10:00"

    def _passage(self, *, same_day: bool = False) -> Account:
        at = f"{self.today}T10:30" if same_day else self._tomorrow()
        account = passage(self.workspace, at)
        assert account.error is None
        assert not account.uncertain
        assert not account.problems
        self._look()
        if self.order == "À lancer":
            assert all(":invitation" in key for key, _ in account.sent)
        if self.order in ("Prévenir", "Annulée"):
            assert self._all_know()
        if self.order == "En pause":
            assert account.sent == []
        return account

    def _look(self) -> None:
        """Each new mail, against what its reader knew."""
        mails = self.workspace.mails()
        for mail in mails[self.read :]:
            method, event = calendar(mail)
            now = (method, int(event["SEQUENCE"]), event["DTSTART"].dt, str(event["LOCATION"]))
            told = self.known.setdefault(str(mail["To"]), [])
            if told and self.again == mail["To"] and (now == told[-1] or now[1] > told[-1][1]):
                self.again = "done"
            elif told:
                # Of two with one number, the later DTSTAMP counts (RFC 5546, 2.1.5).
                assert now[1] > told[-1][1] or (self.lost and now[1] == told[-1][1]), (told, now)
                assert (now[0], *now[2:]) != (told[-1][0], *told[-1][2:]), (told, now)
            told.append(now)
        self.read = len(mails)

    def _all_know(self) -> bool:
        """Whether everyone who was invited knows the session as it stands in the sheet."""
        day = datetime.strptime(self.day, "%d/%m/%Y").date()  # noqa: DTZ007
        last = [told[-1] for told in self.known.values()]
        if self.order == "Annulée":
            return all(method == "CANCEL" for method, *_ in last)
        return all(
            method == "REQUEST" and start.date() == day and place == self.place
            for method, _, start, place in last
        )


Sessions.TestCase.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
test_sessions = Sessions.TestCase
