"""Click's own messages in French: Click asks `gettext` for them when it is imported."""

from __future__ import annotations

import gettext

_FRENCH = {
    "Aborted!": "Interrompu.",
    "Argument {name!r} takes {nargs} values.": "L'argument {name!r} prend {nargs} valeurs.",
    "Choose from:\n\t{choices}": "Choix possibles :\n\t{choices}",
    "Commands": "Commandes",
    "Did you mean {possibility}?": "Vouliez-vous dire {possibility} ?",
    "(Did you mean one of: {possibilities}?)": "(Vouliez-vous dire : {possibilities} ?)",
    "(Possible options: {possibilities})": "(Options proches : {possibilities})",
    "Error: {message}": "Erreur : {message}",
    "Got unexpected extra argument ({args})": "Argument en trop ({args})",
    "Got unexpected extra arguments ({args})": "Arguments en trop ({args})",
    "Invalid value for {param_hint}: {message}": "Valeur refusée pour {param_hint} : {message}",
    "Invalid value: {message}": "Valeur refusée : {message}",
    "Missing argument": "Il manque l'argument",
    "Missing command.": "Il manque la commande.",
    "Missing option": "Il manque l'option",
    "Missing parameter": "Il manque",
    "Missing parameter: {param_name}": "Il manque : {param_name}",
    "Missing {param_type}": "Il manque : {param_type}",
    "No such command {name!r}.": "La commande {name!r} n'existe pas.",
    "No such option {name!r}.": "L'option {name!r} n'existe pas.",
    "No such option: {name}": "L'option {name} n'existe pas.",
    "Option {name!r} does not take a value.": "L'option {name!r} ne prend pas de valeur.",
    "Option {name!r} requires an argument.": "L'option {name!r} demande une valeur.",
    "Option {name!r} requires {nargs} arguments.": "L'option {name!r} demande {nargs} valeurs.",
    "Options": "Options",
    "Positional arguments": "Arguments",
    "Show this message and exit.": "Montre cette aide.",
    "Try '{command} {option}' for help.": "L'aide : {command} {option}",
    "Usage:": "Emploi :",
    "default: {default}": "valeur prévue : {default}",
    "directory": "dossier",
    "env var: {var}": "variable : {var}",
    "file": "fichier",
    "path": "chemin",
    "required": "obligatoire",
    "{name} {filename!r} does not exist.": "{name} {filename!r} n'existe pas.",
    "{name} {filename!r} is a directory.": "{name} {filename!r} est un dossier.",
    "{name} {filename!r} is a file.": "{name} {filename!r} est un fichier.",
    "{name} {filename!r} is not readable.": "{name} {filename!r} ne peut pas être lu.",
    "{name} {filename!r} is not writable.": "{name} {filename!r} ne peut pas être écrit.",
    "{value!r} is not a valid {number_type}.": "{value!r} n'est pas un nombre attendu ici.",
    "{value!r} is not {choice}.": "{value!r} n'est pas {choice}.",
    "{value!r} is not one of {choices}.": "{value!r} n'est pas parmi {choices}.",
    "{value} is not in the range {range}.": "{value} n'est pas dans les limites {range}.",
}


def _one(message: str) -> str:
    return _FRENCH.get(message, message)


def _many(msgid1: str, msgid2: str, n: int) -> str:
    return _one(msgid1 if abs(n) < 2 else msgid2)


def install() -> None:
    """Make Click speak French; to be called before it is imported."""
    gettext.gettext = _one
    gettext.ngettext = _many
