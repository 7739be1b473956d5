"""The journal alone: what is claimed once, what a crash leaves, what is believed, what it refuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workflows.core.messages import Belief, Order, Record, State
from workflows.engine.journal import Journal, JournalError, Message, Outcome

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
CAMPAIGN = "appel:2027-1"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite3")
    yield opened
    opened.close()


def message(ref: str = "STR-001", *addresses: str, step: str = "annonce") -> Message:
    key = f"{CAMPAIGN}:{ref}:{step}"
    recipients = addresses or (f"{ref.lower()}@structures.example",)
    return Message(
        key, CAMPAIGN, step, ref, recipients, f"<{ref}-{step}@x.example>", b"bytes", exclusive=True
    )


def plan(journal: Journal, *messages: Message, number: int = 1) -> None:
    journal.plan(messages, (), (), number)


def record(journal: Journal, key: str) -> Record:
    found = journal.record(key)
    assert found is not None
    return found


def test_a_message_is_claimed_once(journal: Journal) -> None:
    one = message()
    plan(journal, one)
    assert journal.claim(one.key, None) == one
    assert journal.claim(one.key, None) is None
    assert record(journal, one.key).state is State.SENDING


def test_a_second_process_cannot_claim_what_the_first_did(journal: Journal, tmp_path: Path) -> None:
    one = message()
    plan(journal, one)
    other = Journal(tmp_path / "journal.sqlite3")
    assert other.claim(one.key, None) is not None
    assert journal.claim(one.key, None) is None
    other.close()


def test_the_claim_is_on_disk_before_the_transport_is_called(journal: Journal, tmp_path: Path) -> None:
    one = message()
    plan(journal, one)
    journal.claim(one.key, None)
    with sqlite3.connect(tmp_path / "journal.sqlite3") as reader:
        row = reader.execute("SELECT state, bytes, message_id FROM messages").fetchone()
    reader.close()
    assert row == ("sending", b"bytes", one.message_id)


def test_only_what_was_begun_becomes_uncertain(journal: Journal) -> None:
    begun, waiting = message("STR-001"), message("STR-002")
    plan(journal, begun, waiting)
    journal.claim(begun.key, None)
    assert journal.recover() == [begun.key]
    assert record(journal, begun.key).state is State.UNCERTAIN
    assert record(journal, waiting.key).state is State.PLANNED
    assert [*journal.uncertain()] == [begun.key]


def test_the_outcome_of_one_is_committed_with_the_claim_of_the_next(journal: Journal) -> None:
    first, second = message("STR-001"), message("STR-002")
    plan(journal, first, second)
    journal.claim(first.key, None)
    journal.claim(second.key, Outcome(first.key, State.SENT, NOW, first.recipients))
    assert record(journal, first.key).state is State.SENT
    assert record(journal, first.key).sent_at == NOW


def test_one_address_gets_one_step_once_whatever_row_carries_it(journal: Journal) -> None:
    first = message("STR-001", "commune@structures.example")
    twin = message("STR-002", "seule@structures.example", "commune@structures.example")
    later = message("STR-002", "commune@structures.example", step="relance-1")
    plan(journal, first, twin, later)
    assert journal.claim(first.key, None) is not None
    assert journal.claim(twin.key, Outcome(first.key, State.SENT, NOW, first.recipients)) is None
    assert record(journal, first.key).state is State.SENT
    assert record(journal, twin.key).state is State.PLANNED
    assert journal.claim(later.key, None) is not None


def test_an_address_that_was_not_reached_is_free_again(journal: Journal) -> None:
    first, twin = message("STR-001", "a@structures.example"), message("STR-002", "a@structures.example")
    plan(journal, first, twin)
    journal.claim(first.key, None)
    journal.settle(Outcome(first.key, State.REFUSED, NOW, (), {"a@structures.example": "550 inconnue"}))
    assert journal.claim(twin.key, None) is not None


def test_who_got_it_never_gets_it_again(journal: Journal) -> None:
    one = message("STR-001", "a@structures.example", "b@structures.example")
    plan(journal, one)
    journal.claim(one.key, None)
    later = NOW + timedelta(minutes=15)
    journal.settle(
        Outcome(one.key, State.PLANNED, NOW, ("a@structures.example",), {}, "451 plus tard", later)
    )
    held = record(journal, one.key)
    assert (held.state, held.reached, held.next_attempt) == (State.PLANNED, ("a@structures.example",), later)
    plan(journal, message("STR-001", "a@structures.example", "b@structures.example"), number=2)
    again = journal.claim(one.key, None)
    assert again is not None
    assert again.recipients == ("b@structures.example",)


def test_what_somebody_has_received_keeps_its_wording(journal: Journal) -> None:
    one = message("STR-001", "a@structures.example", "b@structures.example")
    plan(journal, one)
    journal.claim(one.key, None)
    journal.settle(Outcome(one.key, State.PLANNED, NOW, ("a@structures.example",)))
    other = Message(
        one.key, CAMPAIGN, "annonce", "STR-001", one.recipients, "<other@x.example>", b"other", True
    )
    plan(journal, other)
    again = journal.claim(one.key, None)
    assert again is not None
    assert (again.content, again.message_id) == (one.content, one.message_id)


def test_words_that_were_erased_are_written_anew_and_never_handed_over(journal: Journal) -> None:
    one = message("STR-001", "a@structures.example", "b@structures.example")
    plan(journal, one)
    journal.claim(one.key, None)
    journal.settle(Outcome(one.key, State.PLANNED, NOW, ("a@structures.example",)))
    journal.erase("a@structures.example", NOW)
    assert journal.claim(one.key, None) is None
    plan(journal, message("STR-001", "b@structures.example"))
    again = journal.claim(one.key, None)
    assert again is not None
    assert (again.content, again.recipients) == (one.content, ("b@structures.example",))


@pytest.mark.parametrize(("sent", "state"), [(True, State.SENT), (False, State.PLANNED)])
def test_a_person_settles_what_is_uncertain(journal: Journal, sent: bool, state: State) -> None:
    one = message()
    plan(journal, one)
    assert journal.decide(one.key, sent=sent, at=NOW) is False
    journal.claim(one.key, None)
    journal.recover()
    assert journal.decide(one.key, sent=sent, at=NOW) is True
    assert record(journal, one.key).state is state
    assert (journal.claim(one.key, None) is not None) is not sent


def test_what_was_sent_always_has_a_moment(journal: Journal) -> None:
    plan(journal, message("STR-001", "a@x.fr", "b@x.fr"))
    key = message().key
    journal.claim(key, None)
    journal.settle(Outcome(key, State.PLANNED, NOW, ("a@x.fr",), next_attempt=NOW))
    journal.claim(key, None)
    journal.settle(Outcome(key, State.UNCERTAIN, NOW + timedelta(hours=1)))
    journal.decide(key, sent=False, at=NOW + timedelta(hours=2))
    assert record(journal, key).sent_at == NOW
    journal.claim(key, None)
    journal.settle(Outcome(key, State.REFUSED, NOW + timedelta(hours=3), refused={"b@x.fr": "550"}))
    with journal._transaction() as db:  # as a journal may hold it already
        db.execute("UPDATE messages SET sent_at = NULL")
    assert (record(journal, key).state, record(journal, key).sent_at) == (State.SENT, NOW)


def test_the_sheet_is_believed_and_its_addresses_are_taken(journal: Journal) -> None:
    known = Record(
        f"{CAMPAIGN}:STR-001:annonce", CAMPAIGN, "annonce", "STR-001", State.SENT,
        ("a@structures.example",), sent_at=NOW,
    )  # fmt: skip
    order = Order(known.key, known.key)
    journal.believe([Belief(known, order)])
    history = journal.history([CAMPAIGN], "appel-a-candidatures")
    assert history.records[known.key].state is State.SENT
    assert history.orders == {known.key: order}
    twin = message("STR-002", "a@structures.example")
    plan(journal, twin)
    assert journal.claim(twin.key, None) is None


def test_served_counts_recipients_but_not_trials(journal: Journal) -> None:
    real = message("STR-001", "a@structures.example", "b@structures.example")
    trial = Message("essai:1:x", "essai:x", "annonce", "x", ("c@x.example",), "<t@x.example>", b"", False)
    plan(journal, real, trial)
    for one in (real, trial):
        journal.claim(one.key, None)
        journal.settle(Outcome(one.key, State.SENT, NOW, one.recipients))
    assert journal.served_since(NOW - timedelta(hours=24)) == [NOW, NOW]
    assert journal.served_since(NOW) == []


def test_an_address_refused_and_then_served_is_good_again(journal: Journal) -> None:
    first, second = message("STR-001", "a@structures.example"), message("STR-002", "a@structures.example")
    plan(journal, first, second)
    journal.claim(first.key, None)
    journal.settle(Outcome(first.key, State.REFUSED, NOW, (), {"a@structures.example": "550 pleine"}))
    assert journal.history([], "").refused == {"a@structures.example": "550 pleine"}
    journal.claim(second.key, None)
    journal.settle(Outcome(second.key, State.SENT, NOW + timedelta(days=1), second.recipients))
    assert journal.history([], "").refused == {}


def test_a_launch_keeps_its_first_moment_until_it_is_taken_back(journal: Journal) -> None:
    journal.see([CAMPAIGN], [], NOW)
    journal.see([CAMPAIGN], [], NOW + timedelta(hours=1))
    assert journal.history([], "").launches[CAMPAIGN].seen_at == NOW
    journal.see([], [CAMPAIGN], NOW)
    journal.see([CAMPAIGN], [], NOW + timedelta(hours=2))
    assert journal.history([], "").launches[CAMPAIGN].seen_at == NOW + timedelta(hours=2)


def test_a_missing_journal_is_made_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    (tmp_path / "journal.sqlite3-wal").write_bytes(b"left over from another journal" * 40)
    fresh = Journal(path)
    assert fresh.fresh
    assert path.stat().st_mode & 0o077 == 0
    fresh.close()
    known = Journal(path)
    assert not known.fresh
    known.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all, " * 60, b"SQLite format 3\0" + b"x" * 900])
def test_a_damaged_journal_is_refused_with_a_way_out_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(content)
    with pytest.raises(JournalError) as caught:
        Journal(path)
    assert "sauvegarde" in caught.value.remedy
    assert path.read_bytes() == content


def test_a_log_that_belongs_to_another_copy_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    first = Journal(path)
    older = path.read_bytes()
    plan(first, *(message(f"STR-{n:03}") for n in range(300)))
    first.remember(**{f"fact-{n}": "x" * 400 for n in range(300)})
    log = (tmp_path / "journal.sqlite3-wal").read_bytes()
    first.close()
    path.write_bytes(older[: len(older) // 2] + b"\0" * (len(older) - len(older) // 2))
    (tmp_path / "journal.sqlite3-wal").write_bytes(log[: len(log) // 2])
    with pytest.raises(JournalError):
        Journal(path).known_rows("Structures")


def test_looking_creates_nothing(tmp_path: Path) -> None:
    looked = Journal(tmp_path / "journal.sqlite3", create=False)
    assert looked.uncertain() == {}
    assert looked.round_number == 0
    looked.close()
    assert list(tmp_path.iterdir()) == []
