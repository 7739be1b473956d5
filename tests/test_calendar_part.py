"""Sessions as calendar programs read them: RFC 5545 by the letter, and the same moment on their clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.mailbox import Mailbox
from workflows.core.messages import Event, Method
from workflows.engine.calendar_part import calendar_part

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 3, 2, 10, tzinfo=PARIS)
ORGANISER = Mailbox("Coordination du 41", "coordination@reseau.example")


def event(start: datetime, **more: Any) -> Event:
    values: dict[str, Any] = {"uid": "formation:SES-2:PRO-007", "sequence": 0, "method": Method.REQUEST}
    return Event(
        **{**values, "start": start, "end": start + timedelta(hours=2), "summary": "Atelier", **more}
    )


def made(what: Event, *attendees: str, organiser: Mailbox = ORGANISER) -> bytes:
    return calendar_part(what, organiser, attendees or ("zoe@reseau.example",), NOW).content


def parsed(content: bytes) -> tuple[Any, Any]:
    """The calendar and its one event."""
    calendar = icalendar.Calendar.from_ical(content)
    assert isinstance(calendar, icalendar.Calendar)
    (found,) = calendar.walk("VEVENT")
    return calendar, found


@pytest.mark.parametrize(
    ("start", "utc_hour"),
    [
        ((2026, 3, 28, 14, 0), 13), ((2026, 3, 29, 14, 0), 12), ((2026, 3, 30, 14, 0), 12),
        ((2027, 3, 27, 14, 0), 13), ((2027, 3, 28, 14, 0), 12), ((2027, 4, 1, 14, 0), 12),
        ((2027, 10, 30, 14, 0), 12), ((2027, 10, 31, 14, 0), 13), ((2027, 11, 2, 14, 0), 13),
        ((2027, 1, 5, 14, 0), 13), ((2027, 12, 31, 14, 0), 13), ((2028, 7, 3, 14, 0), 12),
    ],
)  # fmt: skip
def test_the_zone_in_the_part_gives_the_right_moment_on_both_sides_of_the_changes(
    start: tuple[int, int, int, int, int], utc_hour: int
) -> None:
    content = made(event(datetime(*start, tzinfo=PARIS)))
    assert f"DTSTART;TZID=Europe/Paris:{datetime(*start):%Y%m%dT%H%M%S}" in content.decode()  # noqa: DTZ001
    zone = own_zone(content, "Europe/Paris")
    assert datetime(*start, tzinfo=zone).astimezone(UTC) == datetime(*start[:3], utc_hour, tzinfo=UTC)


def own_zone(content: bytes, name: str) -> tzinfo:
    """The zone as the part's own VTIMEZONE gives it, as Outlook reads it, without the machine's zones."""
    (rules,) = parsed(content)[0].walk("VTIMEZONE")
    assert rules["TZID"] == name
    zone = rules.to_tz(lookup_tzid=False)
    assert isinstance(zone, tzinfo)
    return zone


@pytest.mark.parametrize("name", ["Indian/Reunion", "America/Cayenne", "America/Miquelon", "Pacific/Noumea"])
@pytest.mark.parametrize("month", [1, 7])
def test_other_zones_are_written_too(name: str, month: int) -> None:
    start = datetime(2027, month, 5, 14, tzinfo=ZoneInfo(name))
    zone = own_zone(made(event(start)), name)
    assert datetime(2027, month, 5, 14, tzinfo=zone).astimezone(UTC) == start.astimezone(UTC)


def test_an_invitation_asks_its_attendee_to_answer_the_organiser() -> None:
    calendar, found = parsed(made(event(datetime(2027, 4, 1, 14, tzinfo=PARIS)), "zoe@reseau.example"))
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert found["ORGANIZER"] == "mailto:coordination@reseau.example"
    attendee = found["ATTENDEE"]
    assert attendee == "mailto:zoe@reseau.example"
    assert (attendee.params["RSVP"], attendee.params["PARTSTAT"]) == ("TRUE", "NEEDS-ACTION")
    assert found["DTSTAMP"].dt == NOW.astimezone(UTC)
    assert (found["STATUS"], found["SEQUENCE"]) == ("CONFIRMED", 0)
    assert found["UID"] == "formation:SES-2:PRO-007@reseau.example"


def test_a_cancellation_names_the_same_event() -> None:
    start = datetime(2027, 4, 1, 14, tzinfo=PARIS)
    first = parsed(made(event(start)))[1]
    calendar, found = parsed(made(event(start, method=Method.CANCEL, sequence=2)))
    assert (calendar["METHOD"], found["STATUS"], found["SEQUENCE"]) == ("CANCEL", "CANCELLED", 2)
    assert found["UID"] == first["UID"]
    assert found["ATTENDEE"] == first["ATTENDEE"]
    assert "RSVP" not in found["ATTENDEE"].params


def test_a_reference_with_any_sign_gives_an_identifier_in_ascii() -> None:
    start = datetime(2027, 4, 1, 14, tzinfo=PARIS)
    found = parsed(made(event(start, uid="formation:Été 2/3:PRO-007")))[1]
    assert str(found["UID"]).isascii()
    assert " " not in found["UID"]


hostile = st.text() | st.lists(
    st.sampled_from(["\r\nATTENDEE:mailto:x@y.example\r\n", "\n", ";", ",", "\\", "\\n", '"', ":", "é" * 40,
                     "😀" * 30, "<script>", "\x00", "END:VEVENT", " "]), max_size=12,
).map("".join)  # fmt: skip


@given(summary=hostile, place=hostile, programme=hostile, name=hostile)
def test_no_text_breaks_the_format_or_adds_to_it(summary: str, place: str, programme: str, name: str) -> None:
    start = datetime(2027, 4, 1, 14, tzinfo=PARIS)
    what = event(start, summary=summary, location=place, description=programme)
    content = made(what, organiser=Mailbox(name, "coordination@reseau.example"))
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    content.decode()
    unfolded = content.replace(b"\r\n ", b"").split(b"\r\n")
    assert sum(line.startswith(b"ATTENDEE") for line in unfolded) == 1
    assert sum(line == b"END:VEVENT" for line in unfolded) == 1
    parsed(content)


def test_what_was_typed_is_read_back() -> None:
    start = datetime(2027, 4, 1, 14, tzinfo=PARIS)
    typed = "14 h : accueil ; café, thé\n16 h \\ « bilan » " + "é" * 100
    found = parsed(made(event(start, description=typed, summary="A, b; c \\n")))[1]
    assert found["DESCRIPTION"] == typed
    assert found["SUMMARY"] == "A, b; c \\n"
