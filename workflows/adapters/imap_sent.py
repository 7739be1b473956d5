"""The folder of sent messages on an IMAP server, read and added to, never changed otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.adapters.imap_mailbox import ImapMailbox


class ImapSentBox(ImapMailbox):
    """The port `SentBox` on one folder; its connection and log-in are those of any mailbox."""

    def find(self, message_ids: Sequence[str]) -> set[str]:
        """See ports.SentBox: one SEARCH for each (RFC 3501, 6.4.4)."""
        with self._errors():
            self._select()
            return {found for found in message_ids if self._search(f'HEADER Message-ID "{found}"')}

    def keep(self, message: bytes) -> None:
        """See ports.SentBox: APPEND, marked as read."""
        with self._errors():
            self._connected().append(message, self._folder, flag_set=[r"\Seen"])
