"""Click's own messages in French: Click asks `gettext` for them when it is imported."""

from __future__ import annotations

import gettext

_FRENCH = {
    "%(prog)s, version %(version)s": "%(prog)s, version %(version)s",
    "(Did you mean one of: {possibilities}?)": "(Vouliez-vous dire : {possibilities} ?)",
    "(dynamic)": "(selon le cas)",
    "Aborted!": "Interrompu.",
    "Argument {name!r} takes {nargs} values.": "L'argument {name!r} prend {nargs} valeurs.",
    "Choice({choices})": "Choix ({choices})",
    "Choose from:\n\t{choices}": "Choix possibles :\n\t{choices}",
    "Commands": "Commandes",
    "Confirm the action without prompting.": "Ne demande pas de confirmation.",
    "Could not open file {filename!r}: {message}": "Le fichier {filename!r} ne s'ouvre pas : {message}",
    "default: {default}": "valeur prévue : {default}",
    "deprecated": "abandonné",
    "Did you mean {possibility}?": "Vouliez-vous dire {possibility} ?",
    "directory": "dossier",
    "Do you want to continue?": "Continuer ?",
    "env var: {var}": "variable : {var}",
    "Error: invalid input": "Réponse non comprise.",
    "Error: The two entered values do not match.": "Les deux valeurs ne sont pas les mêmes.",
    "Error: {message}": "Erreur : {message}",
    "file": "fichier",
    "Got unexpected extra argument ({args})": "Argument en trop ({args})",
    "Got unexpected extra arguments ({args})": "Arguments en trop ({args})",
    "Invalid start character for option ({option})": "Une option ne commence pas ainsi ({option})",
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
    "Option {name!r} does not take a value.": "L'option {name!r} ne prend pas de valeur.",
    "Option {name!r} requires an argument.": "L'option {name!r} demande une valeur.",
    "Option {name!r} requires {nargs} arguments.": "L'option {name!r} demande {nargs} valeurs.",
    "Options": "Options",
    "path": "chemin",
    "Positional arguments": "Arguments",
    "Press any key to continue...": "Appuyez sur une touche pour continuer…",
    "Repeat for confirmation": "Une seconde fois, pour confirmer",
    "required": "obligatoire",
    "Show the version and exit.": "Montre la version.",
    "Show this message and exit.": "Montre cette aide.",
    "Takes {nargs} values but 1 was given.": "{nargs} valeurs sont attendues, il y en a une.",
    "Takes {nargs} values but {len} were given.": "{nargs} valeurs sont attendues, il y en a {len}.",
    "Try '{command} {option}' for help.": "L'aide : {command} {option}",
    "unknown error": "cause inconnue",
    "Usage:": "Emploi :",
    "Value must be an iterable.": "Une liste de valeurs est attendue.",
    "{editor}: Editing failed": "{editor} : la correction a échoué",
    "{editor}: Editing failed: {e}": "{editor} : la correction a échoué : {e}",
    "{len_type} values are required, but {len_value} was given.": (
        "{len_type} valeurs sont attendues, il y en a {len_value}."
    ),
    "{len_type} values are required, but {len_value} were given.": (
        "{len_type} valeurs sont attendues, il y en a {len_value}."
    ),
    "{name} {filename!r} does not exist.": "{name} {filename!r} n'existe pas.",
    "{name} {filename!r} is a directory.": "{name} {filename!r} est un dossier.",
    "{name} {filename!r} is a file.": "{name} {filename!r} est un fichier.",
    "{name} {filename!r} is not executable.": "{name} {filename!r} ne peut pas être exécuté.",
    "{name} {filename!r} is not readable.": "{name} {filename!r} ne peut pas être lu.",
    "{name} {filename!r} is not writable.": "{name} {filename!r} ne peut pas être écrit.",
    "{value!r} does not match the format {format}.": "{value!r} n'est pas de la forme {format}.",
    "{value!r} does not match the formats {formats}.": "{value!r} n'est d'aucune des formes {formats}.",
    "{value!r} is not a valid boolean. Recognized values: {states}": (
        "{value!r} n'est ni oui ni non. Valeurs reconnues : {states}"
    ),
    "{value!r} is not a valid UUID.": "{value!r} n'est pas un identifiant.",
    "{value!r} is not a valid {number_type}.": "{value!r} n'est pas un nombre attendu ici.",
    "{value!r} is not one of {choices}.": "{value!r} n'est pas parmi {choices}.",
    "{value!r} is not {choice}.": "{value!r} n'est pas {choice}.",
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
