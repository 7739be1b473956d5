"""templates/LISEZMOI.md says what the code does: made again, it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workspace import OTHERS, Workspace
from workflows.core.workflow import Workflow
from workflows.engine.templates_doc import COMMON
from workflows.office import templates_readme
from workflows.parts import CHECKOUT, WORKFLOWS

README = CHECKOUT / "templates" / "LISEZMOI.md"


def test_it_is_what_the_code_makes() -> None:
    assert README.read_text("utf-8") == templates_readme(), "make docs writes it again"


def test_the_common_words_are_those_that_every_message_gets(tmp_path: Path) -> None:
    assert Workspace(tmp_path, OTHERS).office().common_words().keys() == COMMON.keys()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.NAME)
def test_every_shipped_template_has_its_section(workflow: Workflow) -> None:
    name = workflow.NAME
    shipped = {f"{name}/{path.stem}" for path in (CHECKOUT / "templates" / name).glob("*.txt")}
    assert shipped
    for template in shipped:
        assert f"## `{template}.txt`" in README.read_text("utf-8")


def test_a_new_workspace_has_it_beside_her_templates(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "autre")
    ran = workspace.run("creer", str(tmp_path / "espace"), form="texte")
    assert ran.status == 0, ran.err
    assert (tmp_path / "espace" / "templates" / "LISEZMOI.md").read_text("utf-8") == templates_readme()
