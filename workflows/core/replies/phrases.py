"""Finding the configured words in what a person wrote: accents, capitals and small words do not matter.

A phrase is written as a coordinator would, with three conveniences: « intéressé(e)(s) » for endings,
« (je|nous) » for a choice, « {participer} » for a list of words named elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from workflows.core.french import NBSP

_TOKEN = re.compile(r"[^\W_]+'?|[,:()]")
_ELIDED = {"j": "je", "n": "ne", "d": "de", "l": "le", "c": "ce", "m": "me", "s": "se", "t": "te",
           "qu": "que", "jusqu": "jusque", "lorsqu": "lorsque", "puisqu": "puisque"}  # fmt: skip
_BROKEN_BEFORE = re.compile(r"(?<=[.!?…;])\s+|\s*\n\s*")
_SHORT_LINE = 55
"""A line this short was ended by its writer, not by the mail program's wrapping (at 65 to 80)."""


def bag(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


NEGATIONS = frozenset({"pas", "plus", "jamais", "not"})
SMALL = NEGATIONS | bag(
    "ne y en te vous nous le la les lui bien donc aussi egalement malheureusement helas toujours tres "
    "vraiment tous toutes tout deux evidemment naturellement volontiers encore a au aux de des du "
    "finalement cette annee fois comme chaque vivement fortement particulierement bel et moi meme ce jour "
    "pouvoir par mail courriel retour ici avec grand plaisir joie presente , so also really"
)
"""Words that may stand inside a phrase without changing what it speaks of."""
_MAX_GAP = 6
_MAX_VARIANTS = 1000


def normalise(text: str) -> str:
    """Lower case without accents, typographic apostrophes and dashes made plain (NFKD)."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return flat.translate(_PLAIN)


_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "´": "'",
        "`": "'",
        "œ": "oe",
        "æ": "ae",
        "‐": " ",
        "-": " ",
        "–": " , ",
        "—": " , ",
        NBSP: " ",
    }
)


def tokens(text: str) -> tuple[str, ...]:
    """Words with their elisions undone (« j'ai » is je, ai), and the signs `, : ( )`."""
    return tuple(_word(found) for found in _TOKEN.findall(normalise(text.replace(" - ", " , "))))


ANYTHING = "*"
"""In a phrase, up to four words of any kind: a proper name."""


def _phrase(variant: str) -> tuple[str, ...]:
    before, star, after = variant.partition(ANYTHING)
    return (*tokens(before), ANYTHING, *tokens(after)) if star else tokens(before)


def _word(found: str) -> str:
    bare = found.rstrip("'")
    return _ELIDED.get(bare, bare)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: as written, and as tokens; `asks` when it ends in a question mark."""

    raw: str
    words: tuple[str, ...]
    asks: bool


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text, a line that its writer ended being one too."""
    found = (piece.strip() for piece in _BROKEN_BEFORE.split(unwrapped(text)))
    return tuple(Sentence(piece, tokens(piece), "?" in piece[-4:]) for piece in found if piece)


def unwrapped(text: str) -> str:
    """Lines that a mail program wrapped put together again."""
    lines: list[str] = []
    joins = False
    for line in text.split("\n"):
        bare = line.strip()
        if joins and bare and (bare[0].islower() or len(lines[-1]) >= _SHORT_LINE):
            lines[-1] += " " + bare
        else:
            lines.append(bare)
        joins = bool(bare) and bare[-1] not in ".!?;:"
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found at tokens `start` to `end` (excluded), under the name of its list."""

    name: str
    phrase: tuple[str, ...]
    start: int
    end: int
    negated: bool = False
    restricted: bool = False
    """« ne … que », « pas tous »: neither what it says nor its contrary."""


@dataclass(slots=True)
class _Node:
    """Where the first words of some phrases lead; `name` when a phrase ends here."""

    name: str = ""
    next: dict[str, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Path:
    name: str
    phrase: tuple[str, ...]
    gaps: tuple[int, ...]
    end: int


class Lexicon:
    """Lists of phrases by name, found in the order of a sentence, the one that reaches furthest first.

    A phrase that stands in two lists belongs to the first.
    """

    def __init__(self, lists: Mapping[str, Iterable[str]], groups: Mapping[str, Iterable[str]]) -> None:
        self._root = _Node()
        for name, phrases in lists.items():
            for phrase in phrases:
                for variant in expand(phrase, groups):
                    self._add(name, _phrase(variant))

    def _add(self, name: str, words: tuple[str, ...]) -> None:
        node = self._root
        for word in words:
            node = node.next.setdefault(word, _Node())
        node.name = node.name or name

    def find(self, words: tuple[str, ...]) -> list[Hit]:
        """The phrases in these tokens; none overlaps another."""
        hits: list[Hit] = []
        at = 0
        while at < len(words):
            first = self._root.next.get(words[at])
            path = first and _longest(first, words, at + 1, (words[at],), ())
            if path:
                hits.append(_hit(path, words, at))
            at = path.end if path else at + 1
        return hits


def _stepping(
    node: _Node, words: tuple[str, ...], at: int, phrase: tuple[str, ...], gaps: tuple[int, ...]
) -> list[_Path]:
    """The phrases that go on after any words, up to four, of the same clause."""
    paths = []
    for end in range(at, min(at + 5, len(words))):
        if path := _longest(node, words, end, phrase, (*gaps, *range(at, end))):
            paths.append(path)
        if words[end] in _STOPS:
            break
    return paths


def _is_article(phrase: tuple[str, ...], words: tuple[str, ...], end: int) -> bool:
    """« je suis la bonne personne »: the article, not « là »."""
    return phrase[-1] == "la" and end < len(words) and words[end] not in _AFTER_THERE


_AFTER_THERE = bag(
    ", : ( ) le ce cette pour avec et des de du a aux au toute tout tous toutes demain aussi bien sans "
    "comme mais si"
    " malheureusement non plus merci pas en lundi mardi mercredi jeudi vendredi samedi dimanche ok oui "
    "jusque sauf"
    " vers avant apres matin"
)


def _longest(
    node: _Node, words: tuple[str, ...], at: int, phrase: tuple[str, ...], gaps: tuple[int, ...]
) -> _Path | None:
    """The phrase from here that reaches furthest, small words being stepped over."""
    paths = [_Path(node.name, phrase, gaps, at)] if node.name and not _is_article(phrase, words, at) else []
    if at < len(words):
        word = words[at]
        if (child := node.next.get(word)) and (path := _longest(child, words, at + 1, (*phrase, word), gaps)):
            paths.append(path)
        if anything := node.next.get(ANYTHING):
            paths += _stepping(anything, words, at, (*phrase, ANYTHING), gaps)
        if node.next and word in SMALL and len(gaps) < _MAX_GAP:
            path = _longest(node, words, at + 1, phrase, (*gaps, at))
            if path and len(path.phrase) > len(phrase):
                paths.append(path)
    return max(paths, key=lambda path: (path.end, len(path.phrase)), default=None)


def _hit(path: _Path, words: tuple[str, ...], start: int) -> Hit:
    """A negation stands between the words of the phrase, in the clause before it, or just after it."""
    inside = [words[at] for at in path.gaps]
    before = _before(words, start) if path.phrase[0] not in _SUBJECTS else ()
    after = _after(words, path.end) if path.phrase[-1] != "non" else ()
    ne = "ne" in inside or "ne" in before
    near = {*before[-2 if ne else -1 :], *inside, *after[:1]}
    negated = not near.isdisjoint(NEGATIONS if ne else _ALONE)
    negated = negated or (ne and _literary(path, words))
    bound = NEGATIONS.isdisjoint(path.phrase) and "ne" not in path.phrase
    partly = negated and any(_half(words, at) for at in (*path.gaps, path.end))
    restricted = partly or inside.count("ne") > 1 or (ne and not negated and bound)
    return Hit(path.name, path.phrase, start, path.end, negated, restricted)


def _literary(path: _Path, words: tuple[str, ...]) -> bool:
    """« je ne pourrai venir »: pouvoir is negated by « ne » alone, unless « que » follows."""
    return not _CAN.isdisjoint(path.phrase) and "que" not in words[path.end : path.end + 6]


def _before(words: tuple[str, ...], start: int) -> tuple[str, ...]:
    """Up to six words before a phrase, in its own clause."""
    first = start
    while first and start - first < 6 and words[first - 1] not in _STOPS:
        first -= 1
    return words[first:start]


def _half(words: tuple[str, ...], at: int) -> bool:
    """« pas tous », « pas seule »: the negation at this place is of a part."""
    return len(words) > at + 1 and words[at] in NEGATIONS and words[at + 1] in _NOT_ALL


_CAN = bag("peux peut pouvons pourrai pourra pourrons pouvoir")
_STOPS = frozenset({",", ":", "(", ")", "mais"})
_ALONE = frozenset({"pas", "not"})
"""Negations that need no « ne »."""
_SUBJECTS = bag("je nous on notre ma i we")
"""A negation before one of these belongs to another verb."""
_NOT_ALL = bag(
    "tous toutes tout toute que seulement uniquement forcement encore entierement mal tres"
    " seul seule seuls seules les sans"
)


def _after(words: tuple[str, ...], end: int) -> tuple[str, ...]:
    """What follows a phrase, adverbs left out, up to three words; « pas de souci » negates nothing."""
    following = [w for w in words[end : end + 5] if w not in _ADVERBS]
    if following[:1] == ["pas"] and following[1:2] == ["de"] and following[2:3] in (["probleme"], ["souci"]):
        return ()
    return tuple(following[:3])


_ADVERBS = bag("malheureusement helas donc vraiment finalement evidemment bien y")
_GROUP = re.compile(r"\{([^{}]*)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")


def expand(phrase: str, groups: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The plain phrases that one with endings, choices and named lists stands for, 1000 at most."""
    whole = _GROUP.sub(lambda found: f"({'|'.join(_flat(groups.get(found[1], ())))})", phrase)
    return tuple(dict.fromkeys(islice(_choices(whole), _MAX_VARIANTS)))


def _flat(words: Iterable[str]) -> list[str]:
    return [variant for word in words for variant in _choices(word)]


def _choices(phrase: str) -> Iterable[str]:
    found = _CHOICE.search(phrase)
    if not found:
        yield phrase
        return
    inside = found[1].split("|")
    for chosen in inside if len(inside) > 1 else ("", inside[0]):
        yield from _choices(phrase[: found.start()] + chosen + phrase[found.end() :])
