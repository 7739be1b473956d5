"""What `--help` says of each command: one sentence, then examples to copy."""

from __future__ import annotations

PROGRAM = "python run.py"

MAIN = """Tournée fait la tournée de courrier de la coordination, depuis son classeur.

\b
Pour commencer :
  python run.py demo                           une démonstration, à part
  python run.py creer MON-DOSSIER              un espace de travail
  python run.py --espace MON-DOSSIER verifier  ce qui reste à régler

L'aide d'une commande : python run.py appel lancer --help
"""

_SENTENCES = {
    "demo": "Fait une tournée de démonstration, dans un dossier à part.",
    "creer": "Crée un espace de travail, ou complète le classeur de celui qui est là.",
    "apercu": "Montre ce qui partirait maintenant, sans rien envoyer.",
    "verifier": "Vérifie les réglages, les modèles, le classeur et le courrier, sans rien envoyer.",
    "appel": "L'appel à candidatures.",
    "appel lancer": "Envoie l'annonce d'un appel ; ses relances suivront.",
    "appel relancer": "Envoie les relances qui sont dues.",
    "formation": "Les formations et les autres rencontres.",
    "formation inviter": "Envoie les invitations d'une session ; ses rappels suivront.",
    "formation rappeler": "Envoie les rappels de session qui sont dus.",
    "presence": "La présence hebdomadaire des Promeneurs.",
    "presence rappeler": "Envoie le rappel d'une semaine à ceux à qui il manque des heures.",
    "ambassadeurs": "Les Ambassadeurs Référents.",
    "ambassadeurs ecrire": "Envoie la charte à qui ne l'a pas signée ; ses relances suivront.",
    "reponses": "Les réponses reçues.",
    "reponses relever": "Lit la boîte aux lettres et note les réponses dans le classeur.",
    "reponses lire": "Dit comment ces messages (.eml) sont compris, sans rien changer.",
    "passage": "Fait tout ce qui est dû maintenant, sans rien demander (pour cron).",
    "planifier": "Reste en marche et fait les passages à l'heure.",
    "etat": "Dit où tout en est.",
    "expliquer": "Raconte ce que quelqu'un a reçu, et pourquoi le reste n'est pas parti.",
    "trancher": "Dit si un message « À vérifier » est parti ou non.",
    "effacer": "Montre, exporte (--format json) et efface ce qui est gardé d'une adresse.",
}

_MORE = {
    "expliquer": "QUI est une Réf. (aussi celle d'une ligne : CAN-001), une adresse ou une partie du nom.",
    "effacer": "Il n'en reste qu'une empreinte, pour ne plus jamais lui écrire d'appel.",
}

_EXAMPLES = {
    "demo": ("demo", "demo essai-de-mars"),
    "creer": ("creer coordination-41",),
    "apercu": (
        "apercu appel-a-candidatures 2027-1",
        "apercu formation --html apercu",
        "--le 2027-03-16T09:00 apercu presence",
    ),
    "verifier": ("verifier", "--espace coordination-41 verifier"),
    "appel lancer": (
        "appel lancer 2027-1 --essai",
        "appel lancer 2027-1 --limite 5",
        "appel lancer 2027-1",
    ),
    "appel relancer": ("appel relancer", "appel relancer 2027-1"),
    "formation inviter": ("formation inviter SES-2 --essai", "formation inviter SES-2"),
    "formation rappeler": ("formation rappeler",),
    "presence rappeler": ("presence rappeler", "presence rappeler --semaine 2027-S09"),
    "ambassadeurs ecrire": ("ambassadeurs ecrire --essai", "ambassadeurs ecrire"),
    "reponses relever": ("reponses relever",),
    "reponses lire": ("reponses lire message.eml",),
    "passage": ("passage", "--format json passage --reel"),
    "planifier": ("planifier", "planifier --crontab"),
    "etat": ("etat",),
    "expliquer": ("expliquer STR-007", 'expliquer "centre social"'),
    "trancher": ("trancher appel:2027-1:STR-007:annonce envoye",),
    "effacer": ("effacer accueil@structure.example", "--format json effacer accueil@structure.example"),
}


def sentence(command: str) -> str:
    """What the list of commands says of it."""
    return _SENTENCES[command]


def help_of(command: str) -> str:
    """The help of « appel lancer »; a group has no example of its own. Raises KeyError."""
    parts = [_SENTENCES[command], _MORE.get(command, "")]
    examples = _EXAMPLES.get(command, ())
    if examples:
        title = "Exemples :" if len(examples) > 1 else "Exemple :"
        # \b keeps Click from joining the lines.
        parts.append("\n".join(["\b", title, *(f"  {PROGRAM} {example}" for example in examples)]))
    return "\n\n".join(filter(None, parts))
