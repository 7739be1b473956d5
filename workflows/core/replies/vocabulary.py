"""The words by which a reply is understood: the defaults of `config/reponses.toml`, which explains each.

`core/replies/phrases.py` says how a phrase may be written. Negation is understood by the program: a phrase of
`yes` that is negated is a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from workflows.core.replies.doubts import (
    ABSENCE,
    COURTESY,
    ELSEWHERE,
    LATER,
    MAYBE,
    NEUTRAL,
    OPPOSITION,
    OPPOSITION_ALONE,
    OTHERS,
    PARTIAL,
    QUESTION,
    RECEIPT,
    REGRET,
    RESERVE,
    WISH,
)
from workflows.core.replies.groups import (
    BUSY,
    ORGANISATION,
    READY,
    TAKE_PART,
    THERE,
)
from workflows.core.replies.phrases import Lexicon
from workflows.core.replies.yes_no import (
    NO,
    NO_SHORT,
    YES,
    YES_SHORT,
)


@dataclass(frozen=True, slots=True)
class Words:
    """Lists of phrases; `KEYS` names the key of `[mots]` that each comes from."""

    take_part: tuple[str, ...] = TAKE_PART
    there: tuple[str, ...] = THERE
    ready: tuple[str, ...] = READY
    organisation: tuple[str, ...] = ORGANISATION
    busy: tuple[str, ...] = BUSY
    yes: tuple[str, ...] = YES
    yes_short: tuple[str, ...] = YES_SHORT
    no: tuple[str, ...] = NO
    no_short: tuple[str, ...] = NO_SHORT
    wish: tuple[str, ...] = WISH
    maybe: tuple[str, ...] = MAYBE
    reserve: tuple[str, ...] = RESERVE
    partial: tuple[str, ...] = PARTIAL
    elsewhere: tuple[str, ...] = ELSEWHERE
    regret: tuple[str, ...] = REGRET
    later: tuple[str, ...] = LATER
    others: tuple[str, ...] = OTHERS
    neutral: tuple[str, ...] = NEUTRAL
    receipt: tuple[str, ...] = RECEIPT
    question: tuple[str, ...] = QUESTION
    courtesy: tuple[str, ...] = COURTESY
    opposition: tuple[str, ...] = OPPOSITION
    opposition_alone: tuple[str, ...] = OPPOSITION_ALONE
    absence: tuple[str, ...] = ABSENCE


KEYS: Mapping[str, str] = MappingProxyType(
    {
        "participer": "take_part",
        "present": "there",
        "partant": "ready",
        "organisme": "organisation",
        "empeche": "busy",
        "oui": "yes",
        "oui_bref": "yes_short",
        "non": "no",
        "non_bref": "no_short",
        "conditionnel": "wish",
        "peut_etre": "maybe",
        "reserve": "reserve",
        "limite": "partial",
        "ailleurs": "elsewhere",
        "regret": "regret",
        "une_autre_fois": "later",
        "autrui": "others",
        "sans_effet": "neutral",
        "accuse_de_reception": "receipt",
        "question": "question",
        "politesse": "courtesy",
        "opposition": "opposition",
        "opposition_seule": "opposition_alone",
        "absence": "absence",
    }
)
"""Key of `[mots]` in `config/reponses.toml` → field of `Words`."""

GROUPS = ("participer", "present", "partant", "organisme", "empeche")
"""Keys whose lists other phrases use between braces, and that mean nothing by themselves."""

DEFAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {key: getattr(Words(), name) for key, name in KEYS.items()}
)
"""The default of each key of `[mots]`."""


@lru_cache(maxsize=8)
def lexicon(words: Words) -> Lexicon:
    """The phrases ready to be found; building takes a tenth of a second, once."""
    groups = {key: getattr(words, KEYS[key]) for key in GROUPS}
    first = ("courtesy", "opposition", "neutral", "no", "wish", "yes")
    names = [name for key, name in KEYS.items() if key not in GROUPS and name not in first]
    return Lexicon({name: getattr(words, name) for name in (*first, *names)}, groups)
