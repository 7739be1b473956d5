"""What a reply adds: its text without quotation, signature, footers; answers between quoted lines stay.

Where a mail program's mark of quotation is met, all that follows is old, unless the quoted lines bear
« > »: then only those are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workflows.core.replies.mail_html import ORIGINAL
from workflows.core.replies.phrases import normalise

MAX_NEW = 20_000
"""Characters of new text looked at."""
_MAX_LINES = 4_000


@dataclass(frozen=True, slots=True)
class NewText:
    """The text that the writer added; `forwarded` when what follows it is a message passed on."""

    text: str
    forwarded: bool = False


_QUOTED = re.compile(r"[ \t]{0,3}(?:>|\||&gt;)(?!\w)")
_WRITTEN = re.compile(
    r"(?:le|on|em|el|en date du|am|il|op|message du|>? ?message du)\b.{4,380}?"
    r"\b(?:a ecrit|ont ecrit|wrote|ecrivait|schrieb|escreveu|escribio|ha scritto|a envoye"
    r"|writes)\b.{0,90}?:\s*"
)
_NAMED = re.compile(
    r".{0,120}(?:<[^<>]{3,120}>|@[a-z0-9.-]+).{0,60}\b(?:a ecrit|wrote)\b.{0,90}:\s*"
    r"|.{2,80} a ecrit (?:sur |le ).{4,60}:?\s*"
)
_START = re.compile(r"(?:le|on|em|en date du|am|il|el)\s|.{0,80}<?[\w.+-]{1,64}@|.{2,60} a ecrit")
_RULED = re.compile(
    r"[-_*=\s>]{0,60}\b(?:message d'origine|message original|mail original|mail d'origine"
    r"|courriel original|original message"
    r"|message initial|original appointment|rendez,?\s?vous d'origine|reply message|e,?mail original"
    r"|message precedent)\b"
    r"[-_*=\s:]{0,60}"
)
_FORWARDED = re.compile(
    r"[-_*=\s>]{0,60}\b(?:forwarded message|message transfere|mail transfere|courriel transfere"
    r"|debut du message transfere"
    r"|debut du message reexpedie|begin forwarded message|message reexpedie|message forwarded"
    r"|transfert)\b.{0,80}[-_*=\s:]{0,60}"
)
_HEADER = re.compile(
    r"[\s*>]{0,6}(de|from|von|envoye|envoye le|date|sent|a|to|an|objet|subject|betreff|cc|pour|gesendet"
    r"|expediteur|destinataire|repondre a|reply,?to|envoye par)\s{0,2}\*?\s{0,12}:\*?(?:\s|$)"
)
_FIRST_HEADER = frozenset({"de", "from", "von", "expediteur"})
_SUBJECT_HEADER = frozenset(
    {"objet", "subject", "betreff", "a", "to", "an", "envoye", "envoye le", "date", "sent"}
)
_RULER = re.compile(r"[\s>]{0,4}[_=*~\u2500\u2501-]{5,}\s*")
_ORANGE = re.compile(r"[\s>]{0,4}message du \d{1,2}/\d{1,2}/\d{2,4}.{0,60}")


def new_text(body: str) -> NewText:
    """Separate new from old in a body whose quoted lines begin with « > »."""
    lines = body.split("\n")[:_MAX_LINES]
    kept: list[str | None] = []
    """The lines that are new; None where something old was."""
    forwarded = False
    at = 0
    while at < len(lines):
        length, passed_on = _mark(lines, at)
        if length:
            forwarded = forwarded or (passed_on and not _any_answer(kept))
            kept.append(None)
            at += length
            if not _quoted_next(lines, at):
                break
        else:
            kept.append(None if _is_old(lines, at) else lines[at])
            at += 1
    if not any(kept) and forwarded:
        return NewText("", forwarded=True)
    return NewText(_without_signatures(kept)[:MAX_NEW].strip(), forwarded)


def _any_answer(kept: list[str | None]) -> bool:
    """Whether an older quotation was met before: what is passed on is then part of it."""
    return any(line is None for line in kept)


def _is_old(lines: list[str], at: int) -> bool:
    return bool(_QUOTED.match(lines[at])) or _wrapped_quote(lines, at)


def _wrapped_quote(lines: list[str], at: int) -> bool:
    """The end of a quoted line that a careless program wrapped without repeating its « > »."""
    if not 0 < at < len(lines) - 1 or not _QUOTED.match(lines[at - 1]) or not _QUOTED.match(lines[at + 1]):
        return False
    before, bare = lines[at - 1].rstrip(), lines[at].strip()
    return len(before) >= 60 and before[-1] not in ".?!:;" and bare[:1].islower()


def _quoted_next(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 6] if line.strip()), "")
    return bool(_QUOTED.match(following))


def _mark(lines: list[str], at: int) -> tuple[int, bool]:
    """How many lines a mark of quotation takes here (0: there is none); whether it is of a passed-on mail."""
    if not lines[at].strip():
        return 0, False
    if lines[at] == ORIGINAL:
        return 1, False
    flat = normalise(lines[at][:400]).strip()
    if _RULED.fullmatch(flat) or _ORANGE.fullmatch(flat):
        return 1, False
    if len(flat) < 120 and _FORWARDED.fullmatch(flat):
        return 1, True
    if length := _attribution(lines, at, flat):
        return length, False
    return _header_block(lines, at), False


def _attribution(lines: list[str], at: int, flat: str) -> int:
    """« Le … a écrit : » over at most four lines."""
    if not _START.match(flat):
        return 0
    joined = ""
    for length in range(1, 5):
        if at + length > len(lines):
            return 0
        joined = f"{joined} {normalise(lines[at + length - 1][:300]).strip()}".strip()
        if _WRITTEN.fullmatch(joined) or _NAMED.fullmatch(joined):
            return length
    return 0


def _header_block(lines: list[str], at: int) -> int:
    """« De : … Envoyé : … À : … Objet : … », after a ruler or not."""
    start = at
    while (
        start < len(lines) and start - at < 3 and (_RULER.fullmatch(lines[start]) or not lines[start].strip())
    ):
        start += 1
    first = _header_name(lines[start]) if start < len(lines) else ""
    if first not in _FIRST_HEADER and not (first in {"envoye", "sent"} and start > at):
        return 0
    names = [_header_name(line) for line in lines[start : start + 9]]
    if len({name for name in names if name in _SUBJECT_HEADER}) < 2:
        return 0
    last = max(at for at, name in enumerate(names) if name)
    return start + last + 1 - at


def _header_name(line: str) -> str:
    found = _HEADER.match(normalise(line[:200]))
    return found[1] if found else ""


_CLOSING = re.compile(
    r"(?:(?:bien |tres |meilleures? |sinceres? |avec mes |mes |nos )*(?:cordialement|salutations"
    r"|sincerement|respectueusement"
    r"|amicalement|chaleureusement|cdlt|cdt|cordialement votre|sentiments|bien a (?:vous|toi)|a bientot"
    r"|bonne (?:journee|soiree|reception|semaine|fin de|continuation)|belle (?:journee|soiree|semaine|fin de)"
    r"|excellente (?:journee|semaine)|best regards|kind regards|regards|best|sincerely|bon week,?\s?end"
    r"|bises|bien cdt"
    r"|musicalement|solidairement|associativement|bien cordialement))\b[a-z ,.!]{0,50}"
)
_DELIMITER = re.compile(r"-- ?|--\xa0|\u2014|\u2013|[_=*~-]{4,}")
_FORMULA = re.compile(
    r"(?:(?:je|nous) (?:vous )?(?:prie|prions|souhaite|souhaitons)|veuillez|recevez|dans l'attente"
    r"|vous souhaitant|en vous souhaitant)"
    r"\b.{0,160}(?:salutations|sentiments|consideration|journee|soiree|respectueu|cordial|distingue).{0,60}"
)
_SENT_FROM = re.compile(
    r"(?:envoye (?:de|depuis|a partir de|par|via|avec)|sent (?:from|with|via)|get outlook"
    r"|obtenez outlook|telecharge[rz] outlook"
    r"|provenance|via l'appli|transmis par|yahoo mail|recu via|envoyee? (?:de|depuis))\b.{0,90}"
)
_LEGAL = re.compile(
    r"(?:avis de confidentialite|confidentialite|disclaimer|avertissement|attention|caution"
    r"|important)?[\s:*\[\].-]{0,5}"
    r"(?:ce (?:message|mail|courriel|courrier|e,?\s?mail)(?: electronique)?[ ,](?:et |ainsi |est |peut "
    r"|s'adresse|contient|a ete|provient|emane|,|ne )"
    r"|ces? (?:message|courriel)s? electronique|les informations (?:contenues|figurant)"
    r"|the information contained|cet e ?mail"
    r"|this (?:e,?\s?mail|message|communication)\b|if you (?:are not|have received)"
    r"|si vous (?:n'etes pas|avez recu)"
    r"|pensez? a l'environnement|penser a l'environnement|pensons (?:a l')?environnement"
    r"|avant d'imprimer|n'imprimez|afin de contribuer|please consider"
    r"|garanti sans virus|sans virus|l'absence de virus|virus,?free|\[?externe?\b|\[?external"
    r"|expediteur externe"
    r"|toute (?:utilisation|diffusion|publication)|conformement (?:au|a la)|(?:vos|les) donnees personnelles"
    r"|protegeons|soyons eco|eco,?\s?geste|adoptez l'eco|economisons|imprimer (?:ce|cet)|n'imprim)"
)
_PERSONAL = re.compile(r"\b(?:je|j'|nous|on|oui|non|ps|p\.s|finalement|en fait)\b")


def _without_signatures(kept: list[str | None]) -> str:
    """Drop signatures and footers from each stretch of new lines between old ones."""
    stretches: list[list[str]] = [[]]
    for line in kept:
        if line is None:
            stretches.append([])
        else:
            stretches[-1].append(line)
    return "\n\n".join(filter(None, ("\n".join(_unsigned(stretch)).strip() for stretch in stretches)))


def _unsigned(lines: list[str]) -> list[str]:
    """The lines without signature; below a closing, only sentences in the first person stay."""
    result: list[str] = []
    signed = legal = False
    for line in lines:
        flat = normalise(line[:500]).strip(" \t*_|")
        if _DELIMITER.fullmatch(line.strip(" \t\xa0")) and line.strip():
            signed = signed or not _RULER.fullmatch(line) or bool(result)
            continue
        legal = bool(flat) and (legal or bool(_LEGAL.match(flat)))
        if legal or _SENT_FROM.fullmatch(flat):
            continue
        if _CLOSING.fullmatch(flat) or _FORMULA.fullmatch(flat):
            signed = True
        elif not signed or _still_speaks(line.strip(), flat):
            result.append(line)
    return result


def _still_speaks(line: str, flat: str) -> bool:
    """A sentence in the first person below « Cordialement » is the writer's afterthought."""
    return bool(_PERSONAL.search(flat)) and (line.endswith((".", "!", "?")) or flat.startswith(("ps", "p.s")))
