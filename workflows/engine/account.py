"""What a round did, for whoever prints it (design §3, the JSON form)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workflows.core.french import plural
from workflows.core.messages import Flag, Mode, Send, Unsure, Verdict, Wait
from workflows.core.problems import Problem, TourneeError
from workflows.engine.attachments import Attachment
from workflows.engine.intake import Intake
from workflows.engine.rendering import Rendered


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it will leave, or has left."""

    key: str
    recipients: tuple[str, ...]
    rendered: Rendered
    send: Send
    attachments: tuple[Attachment, ...] = ()

    @property
    def weight(self) -> int:
        """Bytes of its attachments."""
        return sum(len(attached.content) for attached in self.attachments)


@dataclass(slots=True)
class Account:
    """Everyone that the round could concern, in exactly one of the lists."""

    command: str
    mode: Mode
    at: datetime
    mails: list[Mail] = field(default_factory=list)
    """What this round found to send, sent or not."""
    planned: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    sent: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    tabs: Mapping[str, str] = field(default_factory=dict)
    """Each message's key → the tab that says why it waits."""
    held: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Of those that wait, the ones that are due, by tab, reason and remedy."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    written: int = 0
    """Rows whose program's cells changed."""
    pending_writes: int = 0
    """Rows that could not be written; the next round writes them."""
    names: Mapping[str, str] = field(default_factory=dict)
    """`Réf.` → name, to say whom a key is about."""
    replies: Intake = field(default_factory=Intake)
    """What the mailbox brought."""
    stopped: str = ""
    """That `Tout arrêter` holds everything back, as a sentence."""
    error: TourneeError | None = None
    """Why the round, or its sending, could not go on."""

    def settle(self, verdicts: Sequence[Verdict]) -> None:
        """Account for those that did not leave in this round."""
        for verdict in verdicts:
            match verdict:
                case Wait(key=key, reason=reason, due=due, remedy=remedy):
                    self.waiting.append((key, reason))
                    self.held.update([(self.tabs.get(key, ""), reason, remedy)] if due else [])
                case Send(key=key):
                    self.waiting.append((key, "à envoyer"))
                case Flag(problem=problem):
                    self.problems.append(problem)
                case Unsure(key=key):
                    self.uncertain.append(key)

    @property
    def to_mend(self) -> list[Problem]:
        """The problems, each once: one row may stand in the way of several messages."""
        return list(dict.fromkeys(self.problems))

    @property
    def open_points(self) -> list[Problem]:
        """All that a person should know of: what is wrong, then what waits, a line for each reason."""
        unsure = "Parti ou non ? Regardez dans les messages envoyés."
        remedy = "Écrivez « À renvoyer » sur sa ligne s'il n'y est pas."
        return [
            *self.to_mend,
            *(Problem(f"À vérifier, {key}", unsure, remedy) for key in self.uncertain),
            *(Problem(f"Refusé, {key}", words, "Corrigez l'adresse.") for key, words in self.refused),
            *(
                Problem(f"En attente, {plural(count, 'message')}{tab and f' ({tab})'}", reason, remedy)
                for (tab, reason, remedy), count in self.held.most_common()
            ),
        ]

    def who(self, key: str) -> str:
        """« STR-007 Centre social », for a message's key; the key itself where nobody is known by it."""
        ref = next((part for part in key.split(":") if part in self.names), "")
        return f"{ref} {self.names[ref]}" if ref else key

    def waiting_by_reason(self) -> list[tuple[str, list[str]]]:
        """The keys that wait under each reason, the most frequent reason first."""
        found: dict[str, list[str]] = {}
        for key, reason in self.waiting:
            found.setdefault(reason, []).append(key)
        return sorted(found.items(), key=lambda entry: -len(entry[1]))

    @property
    def exit_status(self) -> int:
        """0 all well, 1 some rows need a person, 2 could not run (design §3)."""
        if self.error:
            return 2
        return 1 if self.problems or self.refused or self.uncertain else 0
