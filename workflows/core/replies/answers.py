"""What the new text of a reply answers: Oui, Non, Peut-être, Question, or À lire.

A wrong Oui or Non is worse than many À lire: an answer needs its evidence on one side only, and
nothing that takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from workflows.core.replies.evidence import Sign, Weighed, weigh
from workflows.core.replies.phrases import sentences
from workflows.core.replies.vocabulary import Words, lexicon


class Answer(Enum):
    """The word that the sheet shows."""

    YES = "Oui"
    NO = "Non"
    MAYBE = "Peut-être"
    QUESTION = "Question"
    UNCLEAR = "À lire"


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer, and what else the text says."""

    answer: Answer
    question: bool = False
    opposition: bool = False
    absence: int = 0
    """How many times it speaks of being away, as automatic replies do."""
    asked: str = ""
    """The first question, as written."""
    takes_part: bool = False
    """The answer rests on a phrase about taking part, not on a short word."""
    silent: bool = False
    """It says next to nothing: a greeting, thanks."""


_SILENCE = 4
"""Unknown words allowed in a text that says nothing."""
_TEXT_ROOM = 30
"""Unknown words allowed in a text whose answer is a short one."""


def read(text: str, words: Words) -> Reading:
    """What a text answers; `text` is what the writer added, without quotation or signature."""
    found = [weigh(sentence, lexicon(words)) for sentence in sentences(text)]
    signs = {sign for piece in found for sign in piece.signs}
    asked = next((piece.sentence.raw for piece in found if Sign.QUESTION in piece.signs), "")
    if Sign.OPPOSITION in signs and not signs & {Sign.YES, Sign.DOUBT, Sign.MAYBE}:
        return Reading(Answer.UNCLEAR, bool(asked), opposition=True, asked=asked)
    answer = _verdict(found, signs)
    if Sign.OPPOSITION in signs:
        answer = Answer.UNCLEAR
    absence = sum(piece.absence for piece in found)
    strong = any(piece.strong for piece in found)
    silent = not signs and sum(piece.unknown for piece in found) <= _SILENCE
    return Reading(answer, bool(asked), False, absence, asked, strong, silent)


def _verdict(found: list[Weighed], signs: set[Sign]) -> Answer:
    yes, no = Sign.YES in signs, Sign.NO in signs
    if yes and no:
        return Answer.UNCLEAR
    if yes:
        spoiled = bool(signs & {Sign.DOUBT, Sign.BUT, Sign.REGRET, Sign.OTHERS, Sign.MAYBE})
        return Answer.UNCLEAR if spoiled or _drowned(found) else Answer.YES
    if no:
        said = {sign for piece in found if not piece.sentence.asks for sign in piece.signs}
        spoiled = bool(said & {Sign.DOUBT, Sign.OTHERS, Sign.MAYBE}) or _but_after_no(found)
        return Answer.UNCLEAR if spoiled or _drowned(found) else Answer.NO
    if Sign.MAYBE in signs and Sign.OTHERS not in signs:
        return Answer.MAYBE
    return Answer.QUESTION if Sign.QUESTION in signs else Answer.UNCLEAR


def _drowned(found: list[Weighed]) -> bool:
    """A short answer in a long text: the text may well say more than it."""
    return not any(piece.strong for piece in found) and sum(piece.unknown for piece in found) > _TEXT_ROOM


def _but_after_no(found: list[Weighed]) -> bool:
    """« Non, mais … » may take the no back; « c'est loin, mais … non » does not."""
    seen = False
    for piece in found:
        seen = seen or Sign.NO in piece.signs
        if seen and Sign.BUT in piece.signs:
            return True
    return False
