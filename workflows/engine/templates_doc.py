"""templates/LISEZMOI.md, made from the code: every template, its words and how it reads (design §2).

`make docs` writes it again; a test finds it out of date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from workflows.core.attachments import MAX_BYTES, TYPES, size
from workflows.core.french import join, typography
from workflows.core.workflow import Workflow
from workflows.engine import letters
from workflows.engine.rendering import LAYOUT, SIGNATURE, Renderer

COMMON: Mapping[str, str] = {
    "nom_coordination": "Coordination Promeneurs du Net 41",
    "telephone": "02 00 00 00 00",
    "courriel_coordination": "coordination@asso.example",
    "expediteur": "Coordination Promeneurs du Net 41",
}
"""The words of every template, each with an example: what `office` gives to every message."""

_HEAD = f"""# Les modèles de messages

Chaque message part d'un modèle : un fichier de texte simple, à ouvrir avec n'importe quel éditeur
(Bloc-notes, gedit, TextEdit en « texte brut »), enregistré en UTF-8.

Pour en changer un, copiez-le depuis le dossier `templates` du programme dans le dossier `templates` de
votre espace de travail, sous le même nom et dans le même sous-dossier, puis corrigez la copie. Ce que
vous n'avez pas copié reste celui du programme ; supprimez votre copie pour y revenir. Ensuite :

```
python run.py verifier                      dit ce qui ne va pas, à quelle ligne, et comment le corriger
python run.py apercu appel-a-candidatures   montre ce qui partirait ; --html DOSSIER en fait une page
```

## Comment un modèle s'écrit

La première ligne donne l'objet, la deuxième reste vide, le message commence à la troisième :

```
Objet : {{{{ titre }}}}

Bonjour,

Répondez **avant vendredi** :

- par oui,
- ou par non.

{{{{ signature }}}}
```

| vous écrivez | le message montre |
|---|---|
| une ligne vide | un nouveau paragraphe |
| `**important**` | **important** |
| une ligne qui commence par `- ` | un point d'une liste |
| `[le formulaire](https://formulaire.example)` | un lien ; une adresse seule en devient un aussi |
| `{{{{ titre }}}}` | la valeur du classeur, sans rien changer à ce qui y est écrit |
| `{{% if lien %}}En savoir plus : {{{{ lien }}}}{{% endif %}}` | la phrase, sauf si la valeur est vide |
| `{{% if lien %}}… {{% else %}}… {{% endif %}}` | l'une ou l'autre phrase |

`{{{{ titre|majuscules }}}}` et `{{{{ titre|minuscules }}}}` changent la taille des lettres d'une valeur.

Un modèle ne charge rien et ne joint rien : ni image, ni suivi de lecture, ni fichier. Une pièce jointe se
range dans le dossier `pieces-jointes` et se nomme, par son seul nom, dans une colonne « Pièce jointe » du
classeur ({size(MAX_BYTES)} par message ; {join(list(TYPES), "ou")}).

Chaque message est envoyé deux fois dans le même courrier : avec mise en forme, et en texte seul.

## Les mots de tous les modèles

"""

_SIGNATURE = f"""
`{{{{ signature }}}}` met à sa place le fichier `{SIGNATURE}`, qui ne connaît que les mots ci-dessus.
`{LAYOUT}` est la mise en page autour du message : les mots ci-dessus, `{{{{ corps }}}}` (obligatoire, le
message), `{{{{ objet }}}}` et `{{{{ couleur }}}}`. Le nom, le téléphone et la couleur se règlent sous
`[coordination]` dans `config/general.toml`.
"""


def readme(workflows: Sequence[Workflow], shipped: Path) -> str:
    """The whole page; `shipped` is the folder of the program's own templates."""
    renderer = Renderer([shipped], COMMON, "#1f5c7a")
    parts = [_HEAD + _table(COMMON), _SIGNATURE]
    for workflow in workflows:
        parts += [_template(renderer, name, words) for name, words in workflow.VARIABLES.items()]
    parts += [_template(renderer, name, words) for name, words in letters.VARIABLES.items()]
    return typography("".join(parts))


def _template(renderer: Renderer, name: str, words: Mapping[str, str]) -> str:
    rendered = renderer.render(name, words, list(words))
    shown = "\n".join(f"    {line}".rstrip() for line in rendered.text.strip().splitlines())
    return (
        f"\n## `{name}.txt`\n\n{_table(words)}\nAvec ces exemples, le modèle du programme donne :\n\n"
        f"    Objet : {rendered.subject}\n\n{shown}\n"
    )


def _table(words: Mapping[str, str]) -> str:
    rows = "".join(f"| `{{{{ {word} }}}}` | {_cell(example)} |\n" for word, example in words.items())
    return f"| mot | exemple |\n|---|---|\n{rows}"


def _cell(example: str) -> str:
    """On one line, with nothing that a table would read as its own."""
    return example.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>") or "(vide)"
