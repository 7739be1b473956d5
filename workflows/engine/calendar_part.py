"""A session as a calendar part (RFC 5545, RFC 5546), for Outlook, Gmail, Thunderbird and Apple's calendar.

Its time zone is written with the yearly rules that stood around the event: Outlook reads no list of dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from workflows.core.hours import clock_changes
from workflows.core.mailbox import Mailbox
from workflows.core.messages import Event, Method
from workflows.engine.composing import CalendarPart
from workflows.engine.markup import clean, one_line

if TYPE_CHECKING:
    import icalendar

_PRODUCT = "-//Tournée//Formations//FR"
_LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 - an observance begins by the wall clock


def calendar_part(event: Event, organiser: Mailbox, attendees: Sequence[str], now: datetime) -> CalendarPart:
    """The invitation, its change or its cancellation, addressed to these attendees.

    `now` is aware. The part's UID is the event's own, percent-encoded, at the organiser's domain.
    """
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", event.method.value)
    zone = event.start.tzinfo
    assert zone is not None
    calendar.add_component(_timezone(str(zone), zone, event.start.year))
    calendar.add_component(_event(event, organiser, attendees, now))
    return CalendarPart(calendar.to_ical(), event.method.value)


def uid(event: Event, organiser: Mailbox) -> str:
    """`formation:SES-2:PRO-007@reseau.example`."""
    return f"{quote(event.uid, safe=':')}@{organiser.domain}"


def _event(event: Event, organiser: Mailbox, attendees: Sequence[str], now: datetime) -> icalendar.Event:
    import icalendar

    part = icalendar.Event()
    part.add("uid", uid(event, organiser))
    part.add("sequence", event.sequence)
    part.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    part.add("dtstart", event.start)
    part.add("dtend", event.end)
    part.add("summary", one_line(event.summary))
    if event.location:
        part.add("location", one_line(event.location))
    if event.description:
        part.add("description", clean(event.description))
    if event.url:
        part.add("url", event.url)
    cancelled = event.method is Method.CANCEL
    part.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    part.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    part.add("organizer", _person(organiser.address, {"CN": organiser.name or organiser.address}))
    for address in attendees:
        answer = {} if cancelled else {"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
        role = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", **answer, "CN": address}
        part.add("attendee", _person(address, role))
    return part


def _person(address: str, parameters: dict[str, str]) -> icalendar.vCalAddress:
    import icalendar

    # A parameter cannot hold a double quote, however it is written (RFC 5545, 3.1).
    plain = {name: one_line(value).replace('"', "'") for name, value in parameters.items()}
    return icalendar.vCalAddress(f"mailto:{address}", params=plain)


@lru_cache(maxsize=16)
def _timezone(name: str, zone: tzinfo, year: int) -> icalendar.Timezone:
    """The zone as it was from the year before this one on."""
    import icalendar

    part = icalendar.Timezone()
    part.add("tzid", name)
    changes = list(_changes(zone, year))
    if not changes:
        moment = datetime(year, 1, 1, tzinfo=zone)
        part.add_component(_observance(moment, _LONG_AGO, moment.utcoffset(), rule=False))
    seen: set[tuple[int, timedelta | None]] = set()
    for change in changes:
        before = (change - timedelta(minutes=1)).astimezone(zone).utcoffset()
        yearly = _on_last_sunday(change.astimezone(UTC).date())
        kind = (change.month, change.astimezone(zone).utcoffset())
        if not (yearly and kind in seen):
            wall = change.astimezone(UTC).replace(tzinfo=None) + (before or timedelta())
            part.add_component(_observance(change.astimezone(zone), wall, before, rule=yearly))
        seen.add(kind)
    return part


def _changes(zone: tzinfo, year: int) -> Iterator[datetime]:
    """The moments, in UTC, at which the clock changes in the year before and in this one."""
    day = date(year - 1, 1, 1)
    while day.year <= year:
        yield from (change.astimezone(UTC) for change in clock_changes(day, zone))
        day += timedelta(days=1)


def _on_last_sunday(day: date) -> bool:
    return day.weekday() == 6 and (day + timedelta(days=7)).month != day.month


def _observance(
    after: datetime, wall: datetime, before: timedelta | None, *, rule: bool
) -> icalendar.TimezoneStandard | icalendar.TimezoneDaylight:
    """The time that holds from `wall` on (read on the clock as it was); `after` is a moment within it."""
    import icalendar

    part = icalendar.TimezoneDaylight() if after.dst() else icalendar.TimezoneStandard()
    part.add("dtstart", wall)
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", after.utcoffset())
    part.add("tzname", after.tzname())
    if rule:
        part.add("rrule", {"freq": "yearly", "bymonth": wall.month, "byday": "-1su"})
    return part
