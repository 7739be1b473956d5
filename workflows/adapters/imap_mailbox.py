"""A mailbox on an IMAP server, read beside the people who use it (RFC 3501, 4315, 6851).

Nothing is deleted, expunged or marked as read. Of imap-tools only what cannot expunge is used: its
`flag`, and its `move` on a server without MOVE, expunge what others have marked as deleted.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeVar

import imap_tools
from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox

from workflows.adapters import imap_failures as failures
from workflows.core.ports import Incoming, MailboxError, Seen

T = TypeVar("T")
Encryption = Literal["starttls", "tls", "aucun"]
SIZES_AT_ONCE = 200
"""UIDs in one FETCH of sizes or Message-IDs: keeps command lines short."""
BYTES_AT_ONCE = 4_000_000
"""Bytes in one FETCH of whole mails; a longer one comes alone."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_MESSAGE_ID = re.compile(rb"<[^\s<>]{1,400}>")


@dataclass(frozen=True, slots=True)
class Marking:
    """How mails that were dealt with are shown: by a keyword, in another folder, or (empty) not at all."""

    keyword: str = ""
    folder: str = ""


class ImapMailbox:
    """One folder of one account; connects at its first use.

    `timeout`: seconds for the connection and for each answer. `today`: by the computer's clock, which
    is the server's too. `context` defaults to the system's authorities.
    """

    def __init__(
        self,
        host: str,
        port: int,
        encryption: Encryption,
        user: str,
        password: str,
        folder: str,
        marking: Marking,
        timeout: float,
        today: date,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._encryption = host, port, encryption
        self._user, self._password = user, password
        self._folder, self._marking = folder, marking
        self._timeout, self._today, self._context = timeout, today, context
        self._box: BaseMailBox | None = None
        self._validity = 0
        self._reached = 0
        """The last UID that needs no reading any more."""

    @property
    def name(self) -> str:
        return f"imap:{self._user}@{self._host}/{self._folder}"

    def read(self, position: str, oldest: datetime, seen: Seen) -> Iterator[Incoming]:
        """See ports.Mailbox: a place is « UIDVALIDITY:UID », and UIDs only grow (RFC 3501, 2.3.1.1).

        Where the position does not hold, the bound is a day of the server's own calendar (SINCE), one
        earlier for time zones, and never later than yesterday.
        """
        with self._errors():
            next_uid = self._select()
            validity, _, last = position.partition(":")
            if validity == str(self._validity):
                self._reached = int(last)
                uids = self._after(self._reached, next_uid)
            else:
                self._reached = 0
                uids = self._since(oldest, seen if position else None)
        for group in self._groups(uids):
            for uid, content in self._fetched(group):
                self._reached = max(self._reached, uid)
                yield Incoming(f"{self._validity}:{uid}", content)
        self._reached = max(self._reached, next_uid - 1)

    def position(self) -> str:
        return f"{self._validity}:{self._reached}"

    def mark(self, places: Sequence[str]) -> Sequence[str]:
        """See ports.Mailbox; places of a mailbox that was made anew since are gone."""
        if not places or not (self._marking.keyword or self._marking.folder):
            return places
        with self._errors():
            self._select()
            split = [place.partition(":") for place in places]
            uids = [uid for validity, _, uid in split if validity == str(self._validity)]
            for some in _chunks(uids):
                self._mark(some)
        return places

    def check(self) -> None:
        with self._errors():
            self._select()

    def close(self) -> None:
        if self._box is not None:
            with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                self._box.logout()
        self._drop()  # which logout leaves undone on a line that broke

    # The connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except MailboxError:
            raise
        except (OSError, UnicodeError, ValueError, imaplib.IMAP4.error, ImapToolsError) as error:
            self._drop()
            # Without its cause: a codec's error quotes the password.
            raise failures.explained(error, f"{self._host}:{self._port}", self._folder) from None

    def _drop(self) -> None:
        """Close the socket without a word."""
        box, self._box = self._box, None
        if box is not None:
            with suppress(OSError):
                box.client.shutdown()

    def _select(self) -> int:
        """Open the folder; the UID that its next mail will have, at least."""
        box = self._connected()
        client = box.client
        box.folder.set(self._folder)
        self._validity = _number(client.response("UIDVALIDITY")[1])
        next_uid = _number(client.response("UIDNEXT")[1])
        if not self._validity:
            raise imaplib.IMAP4.error("no UIDVALIDITY")
        return next_uid

    def _connected(self) -> BaseMailBox:
        if self._box is None:
            self._box = self._opened()
            self._log_in(self._box)
        return self._box

    def _opened(self) -> BaseMailBox:
        context = self._context or ssl.create_default_context()
        if self._encryption == "tls":
            return imap_tools.MailBox(self._host, self._port, self._timeout, ssl_context=context)
        if self._encryption == "starttls":
            return imap_tools.MailBoxStartTls(self._host, self._port, self._timeout, ssl_context=context)
        return imap_tools.MailBoxUnencrypted(self._host, self._port, self._timeout)

    def _log_in(self, box: BaseMailBox) -> None:
        try:
            if self._password.isascii() and self._user.isascii():
                box.login(self._user, self._password, initial_folder=None)
            else:
                box.login_utf8(self._user, self._password, initial_folder=None)
        except (imaplib.IMAP4.abort, OSError):
            raise
        except (imaplib.IMAP4.error, ImapToolsError):
            self._drop()
            raise failures.log_in_refused(f"{self._host}:{self._port}") from None
        # What a server offers before log-in is not what it offers after it (MOVE, for one).
        _, answer = box.client.capability()
        box.client.capabilities = tuple(str(answer[-1], "ascii", "replace").upper().split())

    # Reading

    def _after(self, last: int, next_uid: int) -> list[int]:
        if next_uid and next_uid <= last + 1:
            return []
        # « n:* » always names the last mail too, however low its UID (RFC 3501, 6.4.8).
        return [uid for uid in self._search(f"UID {last + 1}:*") if uid > last]

    def _since(self, oldest: datetime, seen: Seen | None) -> list[int]:
        day = min(oldest.astimezone(UTC).date(), self._today) - timedelta(days=1)
        uids = self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")
        if seen is None:
            return uids
        fresh: list[int] = []
        for some in _chunks(uids):
            ids = self._ask(some, "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
            known = {
                uid
                for uid, text in ids.items()
                if (f := _MESSAGE_ID.search(text)) and seen.message_id(f[0].decode("ascii", "replace"))
            }
            fresh += [uid for uid in some if uid not in known]
        return fresh

    def _search(self, criteria: str) -> list[int]:
        return sorted(map(int, self._connected().uids(criteria, charset=None)))

    def _groups(self, uids: Sequence[int]) -> Iterator[list[int]]:
        """UIDs whose mails come in one answer."""
        for some in _chunks(uids):
            with self._errors():
                sizes = self._sizes(some)
            group: list[int] = []
            total = 0
            for uid in some:
                if group and total + sizes.get(uid, 0) > BYTES_AT_ONCE:
                    yield group
                    group, total = [], 0
                group.append(uid)
                total += sizes.get(uid, 0)
            yield group

    def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        _, data = self._connected().client.uid("FETCH", _listed(uids), "(RFC822.SIZE)")
        lines = [line for line in data if isinstance(line, bytes)]
        return {
            int(u[1]): int(s[1]) for line in lines if (u := _UID.search(line)) and (s := _SIZE.search(line))
        }

    def _fetched(self, group: Sequence[int]) -> list[tuple[int, bytes]]:
        """The mails of a group in order; one that is gone is left out, one that is refused is empty."""
        with self._errors():
            try:
                mails = self._ask(group, "(BODY.PEEK[])")
            except _Refused:
                if len(group) == 1:
                    return [(group[0], b"")]
                return [mail for uid in group for mail in self._fetched([uid])]
        return [(uid, mails[uid]) for uid in group if uid in mails]

    def _ask(self, uids: Sequence[int], parts: str) -> dict[int, bytes]:
        """One literal for each UID."""
        status, data = self._connected().client.uid("FETCH", _listed(uids), parts)
        if status != "OK":
            raise _Refused
        found: dict[int, bytes] = {}
        for number, item in enumerate(data):
            if isinstance(item, tuple):
                rest = data[number + 1] if number + 1 < len(data) else b""
                around = item[0] + (rest if isinstance(rest, bytes) else b"")
                if uid := _UID.search(around):
                    found[int(uid[1])] = item[1]
        return found

    # Marking

    def _mark(self, uids: Sequence[str]) -> None:
        box = self._connected()
        if self._marking.keyword:
            status, _ = box.client.uid("STORE", ",".join(uids), "+FLAGS.SILENT", f"({self._marking.keyword})")
            if status != "OK":
                raise failures.no_keyword(self._marking.keyword)
            return
        if "MOVE" not in box.client.capabilities:
            raise failures.no_move()
        with suppress(ImapToolsError):  # it is there already
            box.folder.create(self._marking.folder)
        box.move(list(uids), self._marking.folder)


class _Refused(imaplib.IMAP4.error):
    """The server answered NO to a FETCH."""


def _number(answer: Sequence[bytes | None]) -> int:
    """The number in an untagged response; 0 when the server gave none."""
    found = answer[-1] if answer else None
    return int(found) if found and found.isdigit() else 0


def _listed(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), SIZES_AT_ONCE):
        yield items[start : start + SIZES_AT_ONCE]
