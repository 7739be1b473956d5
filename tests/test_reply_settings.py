"""`config/reponses.toml`: its defaults, and what it refuses."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.answering import by_structure, deliver, read, reply
from tests.support.workspace import CHECKOUT, Workspace, small
from workflows.core.replies.settings import FILE, SECTION, words_of
from workflows.core.replies.vocabulary import Words
from workflows.core.schema import check

SHIPPED = (CHECKOUT / "config" / FILE).read_text("utf-8")


def problems(toml: str) -> list[str]:
    return [str(problem) for problem in check(tomllib.loads(toml), SECTION, f"config/{FILE}")[1]]


def test_the_shipped_file_says_the_defaults() -> None:
    by_default, _ = check({}, SECTION, FILE)
    shipped, found = check(tomllib.loads(SHIPPED), SECTION, FILE)
    assert found == []
    assert shipped == by_default
    assert words_of(shipped) == Words()


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('marquer = "étoile"', "marquer"),
        ('mot_cle = "deux mots"', "mot-clé"),
        ('marquer = "dossier"\ndossier = ""', "dossier manque"),
        ('[mots]\noui = "oui"', "liste de textes"),
        ('[mots]\noui = ["(oui"]', "n'est pas refermée"),
        ('[mots]\noui = ["{participer"]', "n'est pas refermée"),
        ('[mots]\nouii = ["oui"]', "Vouliez-vous écrire «\u00a0oui\u00a0»"),
    ],
)
def test_what_is_refused(toml: str, said: str) -> None:
    assert said in " ".join(problems(toml))


def test_her_words_are_understood(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1), delai_de_grace='"0"')
    path = workspace.folder / "config" / FILE
    path.write_text(SHIPPED.replace("\noui_bref = [", '\noui_bref = ["banco", ', 1), "utf-8")
    workspace.launch()
    deliver(workspace, reply(by_structure(workspace)["STR-001"], "Banco !"))
    read(workspace)
    assert workspace.row("Candidatures", Structure="STR-001")["Réponse"] == "Oui"


def test_her_names_for_the_tabs_are_used(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, small(1), delai_de_grace='"0"')
    path = workspace.folder / "config" / FILE
    renamed = SHIPPED.replace('"À rattacher" = "À rattacher"', '"À rattacher" = "À trier"', 1)
    path.write_text(
        renamed.replace("[colonnes]", '[colonnes."À rattacher"]\n"Raison" = "Pourquoi"', 1), "utf-8"
    )
    workspace.launch()
    deliver(workspace, b"From: x@ailleurs.example\r\nSubject: Bonjour\r\n\r\nBonjour\r\n")
    read(workspace)
    assert workspace.tab("À trier")[0]["Pourquoi"] == "aucun message envoyé ne correspond"
