"""Untidy workbooks from a seed, each with what a call must do with it.

The expectation is computed from what each row was meant to say before it was written untidily; nothing
of the program is used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

OPENING, DEADLINE = date(2027, 2, 1), date(2027, 3, 26)
YES = ("oui", "Oui", " OUI ", "o", "x", "X", "✓", "✔", "vrai", "true", True, 1, "1", "oui.")
NO = (None, None, None, None, "non", "Non", "n", "NON ", "faux", False, 0, "-")
NEITHER = ("?", "peut-être", "oui ?", "depuis 2025", 2, "voir Camille")
IN = (None, None, "Intéressée", "interessée", "Dans le réseau", " dans le  réseau", "DANS LE RÉSEAU")
OUT = ("Sortie du réseau", "sortie du réseau ", "SORTIE DU RÉSEAU")
UNKNOWN = ("en discussion", "?", "Oui")
WRONG = (
    "sans-arobase.example", "deux@@structures.example", "nom(at)structures.example", "seul@",
    "accent-é@structures.example", "Nom <n@structures.example>", "mailto:n@structures.example",
    "point@structures", "a@b@structures.example", "à compléter", ".debut@structures.example",
)  # fmt: skip
NAMES = {
    "Nom": ("Nom", "NOM", " nom ", "Nom\u00a0"),
    "Courriel": ("Courriel", "courriel", "COURRIEL ", "  Courriel"),
    "Réf.": ("Réf.", "réf.", "REF.", "Ref", unicodedata.normalize("NFD", "Réf.")),
    "Statut réseau": ("Statut réseau", "STATUT RÉSEAU", "Statut  reseau"),
    "Ne plus solliciter": ("Ne plus solliciter", "ne plus SOLLICITER", "Ne plus\nsolliciter"),
}
HERS = ("Code postal", "Couleur", "Référent BIJ", "Dernier appel", "Site")
"""Columns of hers that nobody reads."""


@dataclass
class Structure:
    """What one row means, and what has to become of it."""

    name: str
    addresses: list[str]
    ref: str = ""
    fate: str = "send"
    """« send », « fix », or why it waits: « stop », « left », « twin »."""
    to: list[str] = field(default_factory=list)


@dataclass
class Untidy:
    """A workbook on disk, the configuration that goes with it, and what must happen."""

    structures: list[Structure]
    tabs: dict[str, str]
    headings: dict[str, str]
    """Her names for those of Structures that are renamed."""

    def toml(self) -> str:
        lines = [
            "relances = [10, 20]",
            "[onglets]",
            *(f'{ours} = "{hers}"' for ours, hers in self.tabs.items()),
        ]
        lines += ["[colonnes.Structures]", *(f'"{ours}" = "{hers}"' for ours, hers in self.headings.items())]
        return "\n".join(lines)

    def by_fate(self, *fates: str) -> dict[str, list[str]]:
        return {s.name: sorted(s.to) for s in self.structures if s.fate in fates}


def untidy(path: Path, seed: int) -> Untidy:
    """Write the workbook of this seed."""
    chance = Random(seed)
    made = Untidy([], {}, {})
    book = xlsxwriter.Workbook(path)
    optional = [
        h for h in ("Réf.", "Statut réseau", "Ne plus solliciter", "Contact") if chance.random() < 0.75
    ]
    made.structures = _structures(chance, optional)
    for ours in ("Structures", "Appels"):
        if chance.random() < 0.4:
            made.tabs[ours] = chance.choice((f"{ours} 2027", f"Mes {ours.lower()}", f"{ours} (à jour)"))
    if chance.random() < 0.4:
        made.headings["Courriel"] = "Adresse de contact"
    if "Réf." in optional and chance.random() < 0.3:
        made.headings["Réf."] = "N° de structure"
    _write_structures(book, chance, made, optional)
    _write_calls(book, chance, made)
    for title, headings in (
        ("Promeneurs", ("Réf.", "Nom", "Courriel")),
        ("Sessions", ("Réf.", "Date", "Début")),
    ):
        book.add_worksheet(title).write_row(0, 0, headings)
    notes = book.add_worksheet("Notes de réunion")
    notes.write_row(0, 0, ["Nom", "Courriel"])
    notes.write_row(1, 0, ["Ne rien envoyer ici", "personne@ailleurs.example"])
    book.close()
    _settle(made.structures)
    return made


def _structures(chance: Random, optional: list[str]) -> list[Structure]:
    found: list[Structure] = []
    for number in range(1, chance.randint(15, 45)):
        name = chance.choice(("Centre social", "Mission locale", "MJC", "Club « L’Étoile »", "Espace d'été"))
        addresses = [f"s{number}@structures.example"]
        if chance.random() < 0.2:
            addresses.append(f"accueil-{number}@structures.example")
        if found and chance.random() < 0.2:
            addresses[0] = chance.choice(chance.choice(found).addresses)
        ref = f"STR-{number:03}" if "Réf." in optional and chance.random() < 0.8 else ""
        found.append(Structure(f"{name} {number}", addresses, ref))
    chance.shuffle(found)
    return found


def _settle(structures: list[Structure]) -> None:
    """In sheet order, each address goes to the first structure that may be written to."""
    taken: set[str] = set()
    for structure in structures:
        if structure.fate != "send":
            continue
        structure.to = [a for a in dict.fromkeys(structure.addresses) if a not in taken]
        taken.update(structure.to)
        if not structure.to:
            structure.fate = "twin"


def _write_structures(book: Any, chance: Random, made: Untidy, optional: list[str]) -> None:
    sheet = book.add_worksheet(made.tabs.get("Structures", "Structures"))
    row = _titles(sheet, chance, "Structures du département")
    headings = ["Nom", "Courriel", *optional, *chance.sample(HERS, chance.randint(0, 4))]
    chance.shuffle(headings)
    first = chance.choice((0, 0, 1, 2))
    columns = {heading: first + at for at, heading in enumerate(headings)}
    for heading, column in columns.items():
        shown = made.headings.get(heading) or chance.choice(NAMES.get(heading, (heading,)))
        sheet.write_string(row, column, shown)
    for structure in made.structures:
        row += 1 if chance.random() < 0.85 else chance.randint(2, 4)
        if chance.random() < 0.1:
            sheet.set_row(row, options={"hidden": True})
        sheet.write_string(row, columns["Nom"], _spaced(chance, structure.name))
        _write_address(sheet, chance, structure, row, columns["Courriel"])
        if structure.ref:
            sheet.write_string(row, columns["Réf."], structure.ref)
        _write_word(sheet, chance, structure, row, columns.get("Statut réseau"), IN, OUT, UNKNOWN, "left")
        _write_word(
            sheet, chance, structure, row, columns.get("Ne plus solliciter"), NO, YES, NEITHER, "stop"
        )
        for heading in set(HERS) & columns.keys():
            sheet.write_formula(row, columns[heading], f"=ROW()+{row}", None, 2 * row + 1)
    sheet.autofilter(0, first, row, max(columns.values()))


def _write_address(sheet: Any, chance: Random, structure: Structure, row: int, column: int) -> None:
    kind = chance.random()
    if kind < 0.08:
        structure.fate = "fix"
        return
    written = [chance.choice((a, a, a.upper(), a.title())) for a in structure.addresses]
    if chance.random() < 0.1:
        written.append(structure.addresses[0].upper())
    if kind < 0.2:
        structure.fate = "fix"
        written.insert(chance.randint(0, len(written)), chance.choice(WRONG))
    text = chance.choice(("; ", ";", ",", " ", " ;\n")).join(written)
    if kind > 0.9:
        sheet.write_formula(row, column, f'=CONCATENATE("{text[:5]}","…")', None, text)
    else:
        sheet.write_string(row, column, _spaced(chance, text))


def _write_word(
    sheet: Any,
    chance: Random,
    structure: Structure,
    row: int,
    column: int | None,
    fine: tuple[Any, ...],
    held: tuple[Any, ...],
    unclear: tuple[Any, ...],
    fate: str,
) -> None:
    """A word that lets the row through, holds it, or cannot be understood.

    An objection is looked at before everything else, so a row that has one is not to be corrected.
    """
    if column is None:
        return
    drawn = chance.random()
    if drawn < 0.12:
        value, become = chance.choice(held), fate
    elif drawn < 0.18:
        value, become = chance.choice(unclear), "fix"
    else:
        value, become = chance.choice(fine), ""
    if value is not None:
        sheet.write(row, column, value)
    if become == "stop" or (become and structure.fate == "send"):
        structure.fate = become
    elif become == "left" and structure.fate == "fix":
        structure.fate = "left"
    elif become == "fix":
        structure.fate = "fix"


def _write_calls(book: Any, chance: Random, made: Untidy) -> None:
    sheet = book.add_worksheet(made.tabs.get("Appels", "Appels"))
    row = _titles(sheet, chance, "Appels à candidatures")
    headings = ["Réf.", "Titre", "Ouverture", "Date limite", "Commande"]
    chance.shuffle(headings)
    sheet.write_row(row, 0, headings)
    day = book.add_format({"num_format": chance.choice(("dd/mm/yyyy", "yyyy-mm-dd", "d mmm yy"))})
    values = {"Réf.": "2027-1", "Titre": "Appel de printemps"}
    for column, heading in enumerate(headings):
        if heading in values:
            sheet.write_string(row + 1, column, values[heading])
        elif heading != "Commande":
            _write_date(sheet, chance, row + 1, column, OPENING if heading == "Ouverture" else DEADLINE, day)


def _write_date(sheet: Any, chance: Random, row: int, column: int, value: date, format_: Any) -> None:
    months = {2: "février", 3: "mars"}
    weekdays = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
    day = "1er" if value.day == 1 else str(value.day)
    written: list[Callable[[], str]] = [
        lambda: f"{value:%d/%m/%Y}",
        lambda: f"{value:%Y-%m-%d}",
        lambda: f"{day} {months[value.month]} {value.year}",
        lambda: f"{weekdays[value.weekday()].title()} {day} {months[value.month]} {value.year}",
        lambda: f"\u00a0{value.day}/{value.month}/{value.year} ",
    ]
    form = chance.randint(0, len(written))
    if form == len(written):
        sheet.write_datetime(row, column, value, format_)
    else:
        sheet.write_string(row, column, written[form]())


def _titles(sheet: Any, chance: Random, title: str) -> int:
    """Lines of title above the headings; the number of the heading row, from 0."""
    lines = chance.randint(0, 5)
    for line in range(lines):
        if chance.random() < 0.7:
            sheet.write_string(
                line, chance.randint(0, 2), chance.choice((title, "mise à jour : janvier", "Nom"))
            )
    return lines


def _spaced(chance: Random, text: str) -> str:
    form = chance.choice(("{}", "{}", "{} ", "\u00a0{}", " {}\u202f", "\ufeff{}"))
    return form.format(text if chance.random() < 0.7 else unicodedata.normalize("NFD", text))
