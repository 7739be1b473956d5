"""`config/reponses.toml`: how replies are marked, trusted and understood (design §2)."""

from __future__ import annotations

import re

from workflows.core import words
from workflows.core.french import quoted
from workflows.core.parsers import one_of, text
from workflows.core.renaming import renaming
from workflows.core.replies.vocabulary import DEFAULTS, KEYS, Words
from workflows.core.schema import Key, Refused, Rule, Section, Values

FILE = "reponses.toml"
KEYWORD, FOLDER, NOTHING = "mot-cle", "dossier", "rien"
_LONGEST = 400
_KEYWORD = re.compile(r"[A-Za-z0-9$_.-]{1,60}")


def _phrases(value: object) -> tuple[str, ...]:
    """A list of phrases; brackets and braces come in pairs, or a phrase would silently mean nothing."""
    if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
        raise Refused("Une liste de textes est attendue.", 'Écrivez par exemple ["oui", "volontiers"].')
    for phrase in value:
        if not phrase.strip() or len(phrase) > _LONGEST:
            raise Refused("Une expression est vide ou trop longue.", "Supprimez-la, ou raccourcissez-la.")
        if not _balanced(phrase):
            raise Refused(
                f"Une parenthèse ou une accolade n'est pas refermée dans {quoted(phrase)}.", "Refermez-la."
            )
    return tuple(value)


def _balanced(phrase: str) -> bool:
    depth = 0
    for sign in re.sub(r"\{[^(){}|]*\}", "", phrase):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0 or sign in "{}":
            return False
    return depth == 0


def _keyword(value: object) -> str:
    read = text(value)
    if not _KEYWORD.fullmatch(read):
        raise Refused("Ce mot-clé n'est pas possible.", 'Écrivez un seul mot, sans accent, comme "Tournee".')
    return read


def _folder_when_moved(values: Values) -> None:
    if values["marquer"] == FOLDER and not values["dossier"]:
        raise Refused("Le nom du dossier manque.", 'Écrivez par exemple dossier = "Traites".')


SECTION = Section(
    "",
    (
        *renaming((words.UNMATCHED, words.STATUS)),
        Key("marquer", KEYWORD, one_of(KEYWORD, FOLDER, NOTHING)),
        Key("mot_cle", "Tournee", _keyword),
        Key("dossier", "Traites", text),
        Key("serveur_de_confiance", "", text),
        Section("mots", tuple(Key(name, list(DEFAULTS[name]), _phrases) for name in KEYS)),
    ),
    (Rule(("dossier", "marquer"), _folder_when_moved),),
)


def words_of(values: Values) -> Words:
    """The words by which replies are understood."""
    return Words(**{field: values["mots"][name] for name, field in KEYS.items()})
