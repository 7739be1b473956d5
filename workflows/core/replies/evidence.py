"""What each sentence of a reply gives to its answer, and what it takes back.

Three strengths of evidence are told apart. A whole phrase in the first person (« nous participerons »)
speaks for itself. A short one (« oui », « avec plaisir ») counts where a sentence begins with it and says
little else. What others will do is never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from workflows.core.replies.phrases import SMALL, Hit, Lexicon, Sentence, bag, tokens


class Sign(Enum):
    """What one sentence gives to the answer."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"
    DOUBT = "doubt"
    """Takes back any answer: a condition, a double negation, short words lost among others."""
    PARTIAL = "partial"
    """A part of the time, another time: takes back an answer beside it, or when it stands alone."""
    ELSEWHERE = "elsewhere"
    """Another time or place: as PARTIAL, for a yes only."""
    BUT = "but"
    """« mais »: takes back a yes, and a no that it follows."""
    REGRET = "regret"
    """Takes back a yes."""
    OTHERS = "others"
    """What somebody else will do: takes back any answer."""
    QUESTION = "question"
    OPPOSITION = "opposition"


@dataclass(frozen=True, slots=True)
class Weighed:
    """One sentence and its signs."""

    sentence: Sentence
    signs: frozenset[Sign]
    strong: bool
    absence: int
    unknown: int
    """Words that no phrase and no list of small words knows."""


_GREETINGS = bag("bonjour bonsoir salut coucou hello hi dear chere cher madame monsieur re")
_FILLERS = (
    SMALL
    | _GREETINGS
    | bag(
        "alors eh ben bah et pour ma reponse notre est cest ce sera je vous confirme que nous confirmons mme "
        "m desole desolee desoles merci beaucoup chers collegues mesdames messieurs ok d accord dac "
        "cela ca serait mon de part cote yes suite votre mail message invitation appel proposition "
        "malheureusement"
    )
)
"""Words that may stand before a short answer at the head of a clause."""
_NEAR = _FILLERS | bag(
    "courage accompagne accompagnee accompagnes "
    "sur un une avec nos notre mes son sa ses leur qui par dans au que se on il elle ils tres deux trois "
    "quatre cinq personnes personne places place formation session reunion journee rencontre regroupement "
    "visio date dates appel candidature candidatures dossier dossiers reseau projet projets structure "
    "association equipe centre social commune mairie service an annee saison edition semaine jour matin "
    "soir midi heure heures janvier fevrier mars avril mai juin juillet aout septembre octobre novembre "
    "decembre lundi mardi mercredi jeudi vendredi samedi dimanche prochain prochaine demain bientot "
    "agenda rendez moi nous serai serons suis sommes serez participation presence venue inscription "
    "engagement convention charte promeneurs net promeneur organisation invitation proposition relance "
    "retour rappel bonne bon belle fin excellente continuation cordialement collegue collegues hate ravi "
    "ravie ravis heureux heureuse entendu parfait super genial top absolument tout fait evidemment "
    "interesse interesses interessee interessees partant partants partante confirme confirmons inscrire "
    "inscrit inscrits compte comptez note notee notes presents presente present participer participe "
    "participons participerons participerai venir viens viendrai viendrons candidater envoie envoyons "
    "transmets transmettons ci joint jointe piece pieces jointes veuillez trouver trouverez desole "
    "desolee desoles regret effectif effectifs temps moyens budget raison raisons manque faute retenu "
    "retenue pris prise conge conges vacances deplacement possible impossible disponible disponibles "
    "dispo the for to with this will be there we i are am thanks thank you much looking forward it great"
)
"""Words that may stand beside a short answer without making it doubtful."""
_PAST = frozenset(
    {"avait", "avaient", "etait", "etaient", "etions", "etais", "avions", "avais", "ai", "avons"}
)
_ASKING = bag(
    "quel quelle quels quelles quand ou combien comment pouvez pourriez pouvons faut doit dois est peut peux"
)
_ALONE = 6
"""Words of a sentence that may be an afterthought to the answer before it."""
_SIMPLE = {
    "maybe": Sign.MAYBE,
    "reserve": Sign.DOUBT,
    "partial": Sign.PARTIAL,
    "elsewhere": Sign.ELSEWHERE,
    "wish": Sign.DOUBT,
    "regret": Sign.REGRET,
    "others": Sign.OTHERS,
    "question": Sign.QUESTION,
}
_NEUTRAL = ("neutral", "receipt", "courtesy", "later", "absence")


def weigh(sentence: Sentence, known: Lexicon) -> Weighed:
    hits = known.find(sentence.words)
    signs: set[Sign] = set()
    strong = False
    for hit in hits:
        new = _sign(hit, hits, sentence)
        strong = strong or (hit.name in {"yes", "no"} and bool(new & {Sign.YES, Sign.NO}))
        signs |= new
    absence = sum(hit.name == "absence" for hit in hits)
    beside = bool(signs & {Sign.YES, Sign.NO}) or len(sentence.words) <= _ALONE
    if beside and Sign.PARTIAL in signs:
        signs.add(Sign.DOUBT)
    if beside and Sign.ELSEWHERE in signs:
        signs.add(Sign.REGRET)
    if sentence.asks and not any(hit.name == "courtesy" for hit in hits):
        signs.add(Sign.QUESTION)
    return Weighed(sentence, frozenset(signs), strong, absence, _unknown(sentence, hits))


def _sign(hit: Hit, hits: list[Hit], sentence: Sentence) -> set[Sign]:
    """What one phrase gives, where it stands."""
    if hit.name in _NEUTRAL:
        return set()
    if hit.name in {"opposition", "opposition_alone"}:
        return _objects(hit, hits, sentence)
    if hit.name == "reserve" and hit.phrase[0] in {
        "mais",
        "cependant",
        "toutefois",
        "neanmoins",
        "but",
        "however",
    }:
        return _but(hit, hits, sentence)
    if hit.name in _SIMPLE:
        if hit.name == "wish" and hit.negated:
            return {Sign.NO}
        return {_SIMPLE[hit.name]} if not (sentence.asks and hit.name == "maybe") else set()
    if _asked_about(hit, sentence):
        return set()
    if hit.restricted:
        return {Sign.DOUBT}
    if hit.name in {"yes_short", "no_short"}:
        return _short(hit, hits, sentence)
    return _whole(hit, hits, sentence)


def _whole(hit: Hit, hits: list[Hit], sentence: Sentence) -> set[Sign]:
    """A whole phrase: its contrary when negated; a maybe beside it makes it a maybe."""
    if _next_time(hit, hits, sentence) and not hit.negated and hit.name == "yes":
        return set()
    if hit.name == "yes":
        if any(other.name == "maybe" for other in hits):
            return set()
        if _told_by_others(hit, sentence) or (hit.negated and _confirms(hit)):
            return {Sign.DOUBT}
        return {Sign.NO if hit.negated else Sign.YES}
    return {Sign.DOUBT if hit.negated else Sign.NO}


def _confirms(hit: Hit) -> bool:
    return any(word.startswith("confirm") for word in hit.phrase)


def _told_by_others(hit: Hit, sentence: Sentence) -> bool:
    """« … que je participe »: said only where the writer says, announces or is glad that."""
    before = sentence.words[max(0, hit.start - 5) : hit.start]
    return before[-1:] == ("que",) and not any(w.startswith(_SAYING) or w in _SAYS for w in before)


_SAYING = ("confirm", "inform", "annonc", "precis", "signal", "plaisir", "joie")
_SAYS = bag("dire dis disons noter notez sache sachez ecris rappelle")


def _short(hit: Hit, hits: list[Hit], sentence: Sentence) -> set[Sign]:
    """A short answer: at the head of its clause, in a sentence that says little else."""
    if hit.negated:
        return {Sign.DOUBT}
    if any(other.name == "maybe" for other in hits) or (
        _next_time(hit, hits, sentence) and hit.name == "yes_short"
    ):
        return set()
    plain = hit.phrase in _CERTAIN or hit.phrase[-1:] in (("oui",), ("non",))
    alone = hit.start == 0 and sentence.raw.rstrip().endswith(("...", "…")) and len(sentence.words) <= 2
    if alone or not _leads(hit, hits, sentence):
        return {Sign.DOUBT} if plain else set()
    if _confirms(hit) and any(other is not hit and other.name in _SIDES for other in hits):
        return set()
    if any(other.name == "receipt" for other in hits) or _past(hit, sentence):
        return {Sign.DOUBT}
    side = Sign.YES if hit.name == "yes_short" else Sign.NO
    beside = any(other.name in {"yes", "no"} and not other.restricted for other in hits)
    if _unknown(sentence, hits) and not beside:
        return {Sign.DOUBT}
    return {side}


_SIDES = frozenset({"yes", "no", "yes_short", "no_short", "wish"})
_CERTAIN = (("yes",), ("no",))


def _leads(hit: Hit, hits: list[Hit], sentence: Sentence) -> bool:
    """Whether only a greeting, small words or other phrases stand before it in its clause."""
    start = hit.start
    while start and sentence.words[start - 1] not in {",", ":"}:
        start -= 1
    covered = _covered(hits)
    before = [w for at, w in enumerate(sentence.words[start : hit.start], start) if at not in covered]
    greeted = bool(before) and before[0] in _GREETINGS and len(before) <= 4
    return greeted or all(word in _FILLERS for word in before)


def _past(hit: Hit, sentence: Sentence) -> bool:
    return not _PAST.isdisjoint(sentence.words[hit.end :])


def _covered(hits: Iterable[Hit]) -> set[int]:
    return {at for hit in hits for at in range(hit.start, hit.end)}


def _unknown(sentence: Sentence, hits: list[Hit]) -> int:
    """Words, names aside, that no phrase and no list of harmless words holds."""
    covered = _covered(hits)
    names = (
        frozenset() if sentence.raw.isupper() else frozenset(tokens(" ".join(_NAME.findall(sentence.raw))))
    )
    return sum(
        at not in covered and word not in _NEAR and word not in names and not word.isdigit() and len(word) > 1
        for at, word in enumerate(sentence.words)
    )


_NAME = re.compile(r"(?<=[\w,] )[A-ZÀ-Ý][\w’'-]+")


def _clause(hit: Hit, sentence: Sentence) -> range:
    """Positions from the comma or « mais » before a phrase to the one after it."""
    stops = {",", ":", "mais", "but", "(", ")"}
    start, end = hit.start, hit.end
    while start and sentence.words[start - 1] not in stops:
        start -= 1
    while end < len(sentence.words) and sentence.words[end] not in stops:
        end += 1
    return range(start, end)


def _next_time(hit: Hit, hits: list[Hit], sentence: Sentence) -> bool:
    clause = _clause(hit, sentence)
    return any(other.name == "later" and other.start in clause for other in hits)


def _but(hit: Hit, hits: list[Hit], sentence: Sentence) -> set[Sign]:
    """« mais » after which comes thanks, another year, or the no itself takes no no back."""
    after = [other for other in hits if other.start > hit.start]
    if any(other.name == "later" for other in after):
        return {Sign.REGRET}
    refused = any(
        (other.name in {"no", "no_short"} and not other.negated)
        or (other.name in {"yes", "wish"} and other.negated)
        for other in after
    )
    before = [other for other in hits if other.end <= hit.start]
    agreed = any(other.name in {"yes", "yes_short"} and not other.negated for other in before)
    following = sentence.words[hit.end : hit.end + 1]
    if (refused and not agreed) or following in (("merci",), ("restons",), ("reste",), ("bravo",)):
        return {Sign.REGRET}
    return {Sign.BUT}


def _asked_about(hit: Hit, sentence: Sentence) -> bool:
    """In a question, only what stands before its last clause is said rather than asked."""
    if not sentence.asks:
        return False
    if sentence.words[:1] in (("si",), ("quand",)):
        return True
    commas = [at for at, word in enumerate(sentence.words) if word in {",", ":"}]
    if not commas or hit.end > commas[-1]:
        return True
    asking = [
        w for w in sentence.words[commas[-1] + 1 :] if w not in {"et", "a", "mais", "de", "par", "pour"}
    ]
    return not asking or asking[0] not in _ASKING or asking[:2] == ["est", "ce"]


_NARROWED = re.compile(
    r"\b(?:a (?:cette|mon|le|notre|ce) (?:ancienne )?(?:adresse|mail)|session|formation|reunion|journee"
    r"|rencontre|annee)\b"
)


def _objects(hit: Hit, hits: list[Hit], sentence: Sentence) -> set[Sign]:
    """An objection to being written to; one that is limited to a session or an address is to be read."""
    if hit.name == "opposition_alone":
        others = [w for at, w in enumerate(sentence.words) if at not in _covered(hits) and w not in _FILLERS]
        return {Sign.OPPOSITION} if not [w for w in others if w not in {"svp", "stp"}] else set()
    before = sentence.words[max(0, hit.start - 3) : hit.start]
    if "pour" in before or (hit.negated and "plus" not in hit.phrase):
        return {Sign.DOUBT}
    if _NARROWED.search(" ".join(sentence.words[hit.end : hit.end + 8])):
        return {Sign.DOUBT}
    return {Sign.OPPOSITION}
