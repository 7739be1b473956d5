"""The tabs, headings and words that people meet in the sheet (design §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workflows.core.ports import Column

# Standing orders, on Appels and Sessions.
DRAFT = "Brouillon"
TRIAL = "Essai"
LAUNCH = "À lancer"
NOTIFY = "Prévenir"
PAUSED = "En pause"
CLOSED = "Clos"
CANCELLED = "Annulée"
CAMPAIGN_ORDERS = (DRAFT, TRIAL, LAUNCH, PAUSED, CLOSED, CANCELLED)
SESSION_ORDERS = (DRAFT, TRIAL, LAUNCH, NOTIFY, PAUSED, CLOSED, CANCELLED)

# Orders on one row.
DO_NOT_SEND = "Ne pas envoyer"
SEND_AGAIN = "À renvoyer"
ROW_ORDERS = (DO_NOT_SEND, SEND_AGAIN)

# Where a message stands.
TO_SEND = "À envoyer"
WAITING = "En attente"
SENDING = "Envoi en cours"
SENT = "Envoyé"
REFUSED = "Refusé"
UNCERTAIN = "À vérifier"
TO_FIX = "À corriger"
STATES = (TO_SEND, WAITING, SENDING, SENT, REFUSED, UNCERTAIN, TO_FIX)

# What a reply says.
YES, NO, MAYBE, QUESTION = "Oui", "Non", "Peut-être", "Question"
ABSENCE, BOUNCED, OBJECTION, TO_READ = "Absence", "Rejet", "Opposition", "À lire"
ANSWERS = (YES, NO, MAYBE, QUESTION, ABSENCE, BOUNCED, OBJECTION, TO_READ)

NETWORK = ("Intéressée", "Dans le réseau", "Sortie du réseau")

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        SENT: "D9EAD3",
        WAITING: "FFF2CC",
        SENDING: "CFE2F3",
        REFUSED: "F4CCCC",
        UNCERTAIN: "FCE5CD",
        TO_FIX: "FCE5CD",
    }
)
"""Background of a status cell, as RRGGBB."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the workbook as the design names it."""

    title: str
    columns: tuple[Column, ...]
    required: tuple[str, ...] = ()
    """Her headings without which no workflow that needs the tab can run."""
    holding: tuple[str, ...] = ()
    """Headings under which words keep messages back: misspelled, they would let them through."""
    prefix: str = ""
    """Of the `Réf.` that the program gives to rows without one; empty: it gives none."""
    subject: tuple[str, ...] = ()
    """Headings that say what a row is about; a line with none of them filled in is no entry."""
    own: bool = False
    """The program creates this tab when it is missing."""
    optional: tuple[str, ...] = ()
    """Headings of hers that are read where she adds them, and never created."""

    @property
    def headings(self) -> tuple[str, ...]:
        return (*(column.heading for column in self.columns), *self.optional)

    @property
    def tool_columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.tool)


def _hers(*headings: str) -> tuple[Column, ...]:
    return tuple(Column(heading) for heading in headings)


def _tools(*headings: str) -> tuple[Column, ...]:
    return tuple(Column(heading, tool=True) for heading in headings)


def _choice(heading: str, words: tuple[str, ...], *, tool: bool = False) -> Column:
    return Column(heading, tool=tool, choices=words)


STRUCTURES = Tab(
    "Structures",
    (
        Column("Réf.", width=10),
        Column("Nom", width=34),
        *_hers("Type", "Commune", "Contact"),
        Column("Courriel", width=34),
        *_hers("Téléphone"),
        _choice("Statut réseau", NETWORK),
        _choice("Ne plus solliciter", ("oui",)),
        Column("Notes", width=30),
        *_tools("Opposition"),
    ),
    required=("Nom", "Courriel"),
    holding=("Statut réseau", "Ne plus solliciter", "Opposition"),
    prefix="STR",
    subject=("Nom", "Courriel"),
    optional=("Pièce jointe",),
)
CALLS = Tab(
    "Appels",
    (
        Column("Réf.", width=10),
        Column("Titre", width=40),
        *_hers("Ouverture", "Date limite", "Lien", "Pièce jointe", "Destinataires"),
        _choice("Commande", CAMPAIGN_ORDERS),
        *_tools("Commande faite"),
        Column("État", tool=True, width=48),
        *_tools("Envoyés", "Réponses", "Problèmes"),
    ),
    required=("Réf.", "Titre"),
    holding=("Ouverture", "Date limite", "Destinataires", "Commande"),
    subject=("Titre",),
)
APPLICATIONS = Tab(
    "Candidatures",
    (
        Column("Réf.", tool=True, width=10),
        *_tools("Appel", "Structure"),
        Column("Nom", tool=True, width=34),
        Column("Courriel", tool=True, width=34),
        _choice("Envoi", STATES, tool=True),
        *_tools("Envoyé le", "Relances"),
        Column("Motif", tool=True, width=48),
        _choice("Réponse", ANSWERS, tool=True),
        *_tools("Reçue le"),
        Column("Extrait", tool=True, width=40),
        *_tools("Commande faite"),
        _choice("Commande", ROW_ORDERS),
        *_hers("Décision"),
        Column("Notes", width=30),
    ),
    holding=("Réponse", "Commande", "Décision"),
    prefix="CAN",
    subject=("Appel", "Structure"),
    own=True,
)
PEOPLE = Tab(
    "Promeneurs",
    (
        Column("Réf.", width=10),
        *_hers("Prénom", "Nom", "Structure", "Fonction"),
        Column("Courriel", width=34),
        *_hers("Téléphone", "Public"),
        _choice("Mode de présence", ("Fil de l'eau", "Permanence")),
        Column("Permanences", width=30),
        *_hers("Minimum hebdo", "Entrée", "Sortie", "Absent du", "Absent au", "Charte signée le"),
        *_hers("Formation initiale le", "Thèmes", "Annuaire"),
        *_tools("Alerte"),
    ),
    required=("Réf.", "Nom", "Courriel"),
    holding=("Entrée", "Sortie", "Absent du", "Absent au", "Alerte"),
    prefix="PRO",
    subject=("Prénom", "Nom", "Courriel"),
)
SESSIONS = Tab(
    "Sessions",
    (
        Column("Réf.", width=10),
        *_hers("Type"),
        Column("Intitulé", width=40),
        *_hers("Date", "Début", "Fin", "Lieu", "Lien visio", "Programme", "Public", "Répondre avant"),
        *_hers("Places"),
        _choice("Commande", SESSION_ORDERS),
        *_tools("Commande faite"),
        Column("État", tool=True, width=48),
        *_tools("Invités", "Oui", "Non", "Sans réponse"),
    ),
    required=("Réf.", "Date", "Début"),
    holding=("Public", "Commande"),
    subject=("Intitulé", "Date"),
)
REGISTRATIONS = Tab(
    "Inscriptions",
    (
        Column("Réf.", tool=True, width=10),
        *_tools("Session", "Promeneur"),
        Column("Nom", tool=True, width=24),
        Column("Courriel", tool=True, width=34),
        _choice("Invitation", STATES, tool=True),
        *_tools("Envoyée le", "Rappel"),
        Column("Motif", tool=True, width=48),
        _choice("Réponse", ANSWERS, tool=True),
        *_tools("Reçue le"),
        Column("Extrait", tool=True, width=40),
        *_tools("Commande faite"),
        _choice("Commande", ROW_ORDERS),
        *_hers("Présence"),
    ),
    holding=("Réponse", "Commande"),
    prefix="INS",
    subject=("Session", "Promeneur"),
    own=True,
)
PRESENCE = Tab(
    "Présence",
    (
        Column("Réf.", width=10),
        *_hers("Semaine", "Promeneur"),
        Column("Nom", width=24),
        *_hers("Heures", "Commentaire"),
        *_tools("Heures reçues"),
        _choice("Rappel", STATES, tool=True),
        *_tools("Rappelé le"),
        _choice("Bilan", STATES, tool=True),
        Column("Motif", tool=True, width=48),
        _choice("Réponse", ANSWERS, tool=True),
        *_tools("Reçue le"),
    ),
    required=("Semaine", "Promeneur", "Heures"),
    holding=("Heures",),
    prefix="PRE",
    subject=("Semaine", "Promeneur"),
    own=True,
)
AMBASSADORS = Tab(
    "Ambassadeurs",
    (
        Column("Réf.", width=10),
        Column("Nom", width=24),
        *_hers("Structure"),
        Column("Courriel", width=34),
        Column("Thèmes", width=30),
        *_hers("Charte signée le"),
        _choice("Envoi", STATES, tool=True),
        *_tools("Envoyé le", "Relances"),
        Column("Motif", tool=True, width=48),
        _choice("Réponse", ANSWERS, tool=True),
        *_tools("Reçue le"),
    ),
    required=("Nom", "Courriel"),
    holding=("Charte signée le", "Réponse"),
    prefix="AMB",
    subject=("Nom", "Courriel"),
)
UNMATCHED = Tab(
    "À rattacher",
    (
        *_tools("Reçu le", "De", "Objet"),
        Column("Extrait", tool=True, width=48),
        Column("Raison", tool=True, width=40),
        *_hers("Rattacher à"),
    ),
    own=True,
)
STATUS = Tab(
    "Suivi",
    (
        Column("Dernier passage", tool=True, width=18),
        Column("Prochain passage", tool=True, width=18),
        Column("Boîte lue le", tool=True, width=18),
        *_tools("Envoyés aujourd'hui", "Reste du plafond", "En attente", "Problèmes", "Passage n°"),
        _choice("Tout arrêter", ("oui",)),
        Column("Onglet", tool=True, width=14),
        *_tools("Ligne"),
        Column("Problème", tool=True, width=50),
        Column("Que faire", tool=True, width=50),
    ),
    holding=("Tout arrêter",),
    own=True,
)

TABS: Mapping[str, Tab] = MappingProxyType(
    {
        tab.title: tab
        for tab in (
            STRUCTURES,
            CALLS,
            APPLICATIONS,
            PEOPLE,
            SESSIONS,
            REGISTRATIONS,
            PRESENCE,
            AMBASSADORS,
            UNMATCHED,
            STATUS,
        )
    }
)
