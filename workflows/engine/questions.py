"""The few questions of `creer`, and the general.toml that their answers make (design §2, §3).

No question is about a secret: the file only says where each one will be kept. Nothing here prints or
reads a key: the caller shows a question and gives back what was typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from workflows.core.french import quoted, typography
from workflows.core.parsers import text
from workflows.core.schema import Refused, Values, check
from workflows.engine.general import GENERAL

PASSWORD_FILE = "config/mot-de-passe.txt"  # noqa: S105 - where it is kept, not what it is
HERE, GOOGLE = "ici", "google"
GMAIL, OTHER, NOT_YET = "gmail", "autre", "pas encore"
_GMAIL_SERVERS = ("smtp.gmail.com", "imap.gmail.com")
_NONE = "-"
INTRODUCTION = typography(
    "Quelques questions, puis tout est prêt. Entrée garde la réponse entre crochets ; Ctrl+C abandonne tout."
)

Answers = Mapping[str, Any]
"""Keys of general.toml with their values; those of a section are a mapping of their own."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what to show, what an empty answer stands for, and what takes the answer."""

    words: str
    take: Callable[[str], Any]
    """Raises Refused, which says what to type instead."""
    default: str = ""
    options: tuple[str, ...] = ()
    """Answers by number, from 1."""

    @property
    def lines(self) -> list[str]:
        """What stands above the prompt: the question, where it offers a choice."""
        if not self.options:
            return []
        return [self.words, *(f"  {number}  {option}" for number, option in enumerate(self.options, 1))]

    @property
    def prompt(self) -> str:
        return "Votre choix" if self.options else self.words


Ask = Callable[[Question], Any]
"""Shows a question until its `take` accepts what is typed; returns what `take` made of it."""


def interview(ask: Ask) -> Answers:
    """Ask what matters; the answers satisfy the same checks as the file that they go into."""
    draft = _Draft()
    _ask_workbook(ask, draft)
    name = ask(Question("Nom de la coordination, qui signe les messages", _name))
    address = ask(
        Question("Son adresse électronique", lambda typed: draft.sender(name, _given(typed))),
    )
    _ask_mail(ask, draft, address)
    return draft.data


class _Draft:
    """What is answered so far; nothing gets in that the configuration would refuse."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def put(self, section: str = "", **values: Any) -> Values:
        """Set keys of a section; returns it as it will be read. Raises Refused."""
        data = deepcopy(self.data)
        place = data.setdefault(section, {}) if section else data
        place.update(values)
        read, problems = check(data, GENERAL, "")
        if problems:
            raise Refused(problems[0].what, problems[0].remedy)
        self.data = data
        return read[section] if section else read

    def sender(self, name: str, address: str) -> str:
        """Set who writes; the address alone, as it will be read."""
        read: str = self.put(expediteur=f"{name} <{address}>")["expediteur"].address
        return read

    def spreadsheet(self, typed: str) -> None:
        """Set the spreadsheet, from its identifier or its address in a browser."""
        read = self.put("classeur", type=GOOGLE, identifiant=typed)
        self.put("classeur", identifiant=read["identifiant"])


def _ask_workbook(ask: Ask, draft: _Draft) -> None:
    where = _choice(
        "Où est votre classeur\u00a0?",
        {
            HERE: "ici, dans un fichier Excel ou LibreOffice (il sera créé)",
            GOOGLE: "dans une feuille Google Sheets",
        },
        HERE,
    )
    if ask(where) == GOOGLE:
        sheet = Question(
            "L'adresse de la feuille, copiée depuis le navigateur",
            lambda typed: draft.spreadsheet(_given(typed)),
        )
        ask(sheet)


def _ask_mail(ask: Ask, draft: _Draft, address: str) -> None:
    how = _choice(
        "Par où part le courrier\u00a0?",
        {
            GMAIL: "par Gmail",
            OTHER: "par un autre serveur de courrier",
            NOT_YET: "pas encore\u00a0: les messages restent de simples fichiers, à regarder ici",
        },
        GMAIL if address.endswith("@gmail.com") else NOT_YET,
    )
    server = ask(how)
    if server == NOT_YET:
        return
    if server == GMAIL:
        smtp, imap = _GMAIL_SERVERS
        draft.put("courrier", type="smtp", hote=smtp, utilisateur=address, **_PASSWORD)
        draft.put("reponses", type="imap", hote=imap, utilisateur=address, **_PASSWORD)
    else:
        _ask_servers(ask, draft, address)
    trial = Question(
        "Adresse qui reçoit les essais", lambda typed: draft.put(adresse_essai=_given(typed)), address
    )
    ask(trial)


_PASSWORD = {"mot_de_passe": f"fichier:{PASSWORD_FILE}"}


def _ask_servers(ask: Ask, draft: _Draft, address: str) -> None:
    """A host of her own: how mail leaves, then how replies are read."""

    def user(typed: str) -> str:
        return "" if typed == _NONE else text(typed)

    host = Question(
        "Serveur d'envoi (SMTP)", lambda typed: draft.put("courrier", type="smtp", hote=_given(typed))
    )
    ask(host)
    _ask_endpoint(ask, draft, "courrier", {"starttls": 587, "tls": 465, "aucun": 25})
    login = ask(Question(f"Nom de connexion ({quoted(_NONE)}\u00a0: aucun)", user, address))
    if login:
        draft.put("courrier", utilisateur=login, **_PASSWORD)
    inbox = Question(
        f"Serveur de réception (IMAP\u00a0; «\u00a0{_NONE}\u00a0»\u00a0: pas encore)", user, _NONE
    )
    if login and (received := ask(inbox)):
        draft.put("reponses", type="imap", hote=received, utilisateur=login, **_PASSWORD)
        _ask_endpoint(ask, draft, "reponses", {"tls": 993, "starttls": 143, "aucun": 143})


def _ask_endpoint(ask: Ask, draft: _Draft, section: str, usual: Mapping[str, int]) -> None:
    """Encryption, then the port, which follows from it unless she says otherwise."""
    words = {
        "starttls": "STARTTLS",
        "tls": "TLS (ou SSL)",
        "aucun": "aucun (seulement sur cette machine même)",
    }

    def encryption(picked: str) -> str:
        draft.put(section, chiffrement=picked)
        return picked

    choice = _choice("Chiffrement", {word: words[word] for word in usual}, next(iter(usual)), encryption)
    chosen = ask(choice)
    port = Question("Port", lambda typed: draft.put(section, port=_number(typed)), str(usual[chosen]))
    ask(port)


def _choice(
    words: str, options: Mapping[str, str], default: str, take: Callable[[str], Any] = str
) -> Question:
    """A question answered by a number, or by the word itself."""
    values = list(options)

    def pick(typed: str) -> Any:
        given = typed.strip().casefold()
        number = int(given) if given.isdecimal() else 0
        if not 1 <= number <= len(values) and given not in values:
            raise Refused("Cette réponse n'est pas proposée.", f"Tapez un numéro, de 1 à {len(values)}.")
        return take(given if given in values else values[number - 1])

    return Question(words, pick, str(values.index(default) + 1), tuple(options.values()))


def _given(typed: str) -> str:
    if not text(typed):
        raise Refused("Il faut une réponse.", "Tapez-la, puis appuyez sur Entrée.")
    return typed


def _name(typed: str) -> str:
    if set(typed) & set('<>"'):
        raise Refused(
            "Un nom ne contient ni guillemet droit, ni «\u00a0<\u00a0», ni «\u00a0>\u00a0».", "Retapez-le."
        )
    return _given(typed)


def _number(typed: str) -> int:
    if not typed.strip().isdecimal():
        raise Refused("Un nombre est attendu.", "Tapez des chiffres seulement.")
    return int(typed)


def with_answers(shipped: str, answers: Answers) -> str:
    """The shipped general.toml with these values put in; every comment stays where it is.

    Raises ValueError for a key that the file does not show.
    """
    head, *sections = re.split(r"^(?=\[)", shipped, flags=re.MULTILINE)
    parts = {"": head, **{part[1 : part.index("]")]: part for part in sections}}
    for key, value in answers.items():
        section, values = (key, value) if isinstance(value, Mapping) else ("", {key: value})
        for name, wanted in values.items():
            parts[section] = _with_value(parts[section], name, wanted)
    return "".join(parts.values())


def _with_value(part: str, name: str, value: str | int) -> str:
    # JSON writes text and whole numbers as TOML does.
    written = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    changed, count = re.subn(rf"^{name} = .*$", lambda _: written, part, count=1, flags=re.MULTILINE)
    if not count:
        raise ValueError(f"the shipped file does not show {name}")
    return changed
