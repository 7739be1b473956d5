"""One template → subject, text and HTML (design §5, Mail); the only importer of jinja2.

A template may show variables and choose by `{% if %}`, nothing else. Unknown names are found
before anything is filled in. `{{ signature }}` stands for `_signature.txt`, filled in by itself;
`_mise_en_page.html` goes around the body. What a message looks like in a mail program is here and
in `markup`; how it travels is in `composing`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from workflows.core.french import quoted, typography
from workflows.core.problems import Problem
from workflows.core.schema import nearest
from workflows.core.signing import Button
from workflows.engine import markup
from workflows.engine.template_files import TemplateFile, TemplateFiles, TemplateProblem, split

if TYPE_CHECKING:
    from jinja2 import Template, nodes
    from jinja2.sandbox import SandboxedEnvironment

SIGNATURE, LAYOUT = "_signature.txt", "_mise_en_page.html"
MAX_SUBJECT = 200
"""Characters; what is beyond is cut with an ellipsis."""
MAX_VALUE = 20_000
"""Characters of one variable; no cell of a careful sheet comes near."""

_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
"""What jinja2 takes out of a template, or fills in."""
_LAYOUT_NAMES = frozenset({"corps", "objet", "couleur"})
_FETCHES = re.compile(
    r"<\s*(?:script|img|link|iframe|object|embed|video|audio|source|form|base)\b|\bsrc(?:set)?\s*="
    r"|\bon[a-z]+\s*=|@import|url\s*\(|http-equiv\s*=\s*[\"']?refresh|\bbackground\s*=",
    re.IGNORECASE,
)
"""What would run, or fetch something when the mail is read: a way to watch the reader."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a mail says: a subject of one line, and the same body twice."""

    subject: str
    text: str
    html: str


class _Source(str):
    """Markup or HTML of our own making: put in as it is, where a value would be hidden."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Compiled:
    subject: Template
    body: Template
    signature: Template
    layout: Template


class Renderer:
    """Templates of one round, each read and compiled once.

    `template_folders`: hers first, the shipped ones last. `common`: variables of every template,
    the only ones that `_signature.txt` and `_mise_en_page.html` may use. `colour`: #RRGGBB.
    """

    def __init__(self, template_folders: Sequence[Path], common: Mapping[str, str], colour: str) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{3,6}", colour):
            raise ValueError("colour must be like #1f5c7a")
        self._files = TemplateFiles(template_folders)
        self._common = dict(common)
        self._colour = colour
        self._compiled: dict[tuple[str, frozenset[str]], _Compiled] = {}

    def check(self, template: str, allowed: Collection[str]) -> list[Problem]:
        """All that is wrong with a template, its signature and its layout; nothing is filled in."""
        problems: list[Problem] = []
        for part in (lambda: self._letter(template, allowed), self._signature, self._layout):
            try:
                part()
            except TemplateProblem as found:
                problems += found.problems
        return problems

    def render(
        self,
        template: str,
        variables: Mapping[str, str],
        allowed: Collection[str],
        buttons: Sequence[Button] = (),
    ) -> Rendered:
        """Fill in « appel-a-candidatures/annonce ».

        `allowed` names the workflow's variables; `variables` has a value for each. `buttons` stand
        above the signature, at the end of a mail without one. Raises
        TemplateProblem for what she can mend, ValueError for a variable that was promised and
        not given.
        """
        compiled = self._compile(template, frozenset(allowed))
        missing = set(allowed) - {*variables, *self._common}
        if missing:
            raise ValueError(f"no value for {', '.join(sorted(missing))}")
        values = {name: _value(template, name, raw) for name, raw in {**self._common, **variables}.items()}
        common = {name: values[name] for name in self._common}
        signature = _Source(markup.tidy(compiled.signature.render(common)))
        subject = _subject(compiled.subject.render(values))
        if not subject:
            raise _unusable(template, "L'objet est vide une fois rempli.", "Ajoutez-y quelques mots.")
        asked = _Source(_prepared(buttons))
        body = compiled.body.render(values, signature=_Source(f"{asked}\n\n{signature}"))
        if asked not in body:
            body = f"{body}\n\n{asked}"
        body = typography(markup.tidy(body))
        html = compiled.layout.render(
            common, corps=_Source(markup.to_html(body, self._colour)), objet=subject, couleur=self._colour
        )
        return Rendered(subject, markup.to_text(body), markup.reveal(html, escape))

    def _compile(self, template: str, allowed: frozenset[str]) -> _Compiled:
        if (template, allowed) not in self._compiled:
            compiled = _Compiled(*self._letter(template, allowed), self._signature(), self._layout())
            self._compiled[template, allowed] = compiled
        return self._compiled[template, allowed]

    def _letter(self, template: str, allowed: Collection[str]) -> tuple[Template, Template]:
        file = self._files.read(f"{template}.txt")
        letter = split(file)
        names = {*allowed, *self._common}
        problems = [
            *_text_problems(file, letter.subject, names),
            *_text_problems(file, letter.body, {*names, "signature"}),
        ]
        if problems:
            raise TemplateProblem(problems)
        return _environment().from_string(letter.subject), _environment().from_string(letter.body)

    def _signature(self) -> Template:
        file = self._files.read(SIGNATURE)
        if problems := _text_problems(file, file.text, set(self._common)):
            raise TemplateProblem(problems)
        return _environment().from_string(file.text)

    def _layout(self) -> Template:
        file = self._files.read(LAYOUT)
        problems = _problems(file, file.text, {*self._common, *_LAYOUT_NAMES})
        if not problems and not re.search(r"\{\{-?\s*corps\s*-?\}\}", file.text):
            problems = [Problem(file.where, "Le message n'y a pas de place.", "Écrivez-y {{ corps }}.")]
        for found in _FETCHES.finditer(file.text):
            line = file.text.count("\n", 0, found.start()) + 1
            what = f"{quoted(found[0])} chargerait ou exécuterait quelque chose à la lecture du message."
            problems.append(Problem(file.at(line), what, "Supprimez-le\u00a0: texte et couleurs seulement."))
        if problems:
            raise TemplateProblem(problems)
        return _environment().from_string(file.text)


def _prepared(buttons: Sequence[Button]) -> str:
    """The prepared replies, one a line: a mail program without HTML shows their addresses."""
    if not buttons:
        return ""
    lines = (f"[[{button.label}]]({button.link})" for button in buttons)
    return "\n".join(["Pour répondre en un clic\u00a0:", *lines])


def _unusable(template: str, what: str, remedy: str) -> TemplateProblem:
    return TemplateProblem([Problem(f"templates/{template}.txt", what, remedy)])


def _value(template: str, name: str, raw: str) -> str:
    if len(raw) > MAX_VALUE:
        what = f"La valeur de {quoted(name)} dépasse {MAX_VALUE} caractères."
        raise _unusable(template, what, "Raccourcissez-la dans le classeur.")
    return markup.clean(raw)


def _subject(source: str) -> str:
    """The subject on one line, cut to MAX_SUBJECT characters."""
    subject = markup.one_line(markup.reveal(typography(source), str))
    return subject if len(subject) <= MAX_SUBJECT else subject[: MAX_SUBJECT - 1].rstrip() + "…"


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = dict(_FILTERS)
    return environment


def fill_page(source: str, values: Mapping[str, object]) -> str:
    """A page of the program's own, every value escaped; never for what a person wrote."""
    from jinja2 import Environment, StrictUndefined

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.from_string(source).render(values)


_FILTERS: Mapping[str, Callable[[str], str]] = {
    "majuscules": str.upper,
    "minuscules": str.lower,
}


def _finalize(value: object) -> str:
    return value if isinstance(value, _Source) else markup.hide(str(value))


def _problems(file: TemplateFile, source: str, names: set[str]) -> list[Problem]:
    """Every mistake in one part of a template, found without filling it in."""
    from jinja2 import TemplateSyntaxError

    try:
        tree = _environment().parse(source)
    except TemplateSyntaxError as error:
        return [Problem(file.at(error.lineno), *_syntax(error.message or ""))]
    except RecursionError:
        return [Problem(file.where, *_syntax(""))]
    return [Problem(file.at(line), what, remedy) for line, what, remedy in _faults(tree, names)]


def _text_problems(file: TemplateFile, source: str, names: set[str]) -> list[Problem]:
    """The same for what becomes text, where a brace that is alone would be read by everybody."""
    if problems := _problems(file, source, names):
        return problems
    lines = _CODE.sub(lambda code: "\n" * code[0].count("\n"), source).split("\n")
    what, remedy = "Une accolade est seule.", "Un mot à remplacer s'écrit entre deux accolades : {{ mot }}."
    return [
        Problem(file.at(number), what, typography(remedy))
        for number, line in enumerate(lines, 1)
        if re.search("[{}]", line)
    ]


_ONLY = "Seuls {{ mot }} et {% if mot %}… {% else %}… {% endif %} ont un sens dans un modèle."


def _syntax(message: str) -> tuple[str, str]:
    """jinja2's English message in French."""
    if "end of template" in message:
        return "Une accolade ou une condition n'est pas refermée.", "Terminez par }} ou par {% endif %}."
    return "L'écriture entre accolades n'est pas comprise.", _ONLY


def _faults(node: nodes.Node, names: set[str]) -> Iterator[tuple[int, str, str]]:
    """What a template may not say, below this node: line, what and remedy."""
    from jinja2 import nodes

    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Name):
            if child.name not in names:
                yield child.lineno, *_unknown(child.name, names)
            elif child.name == "signature" and not isinstance(node, nodes.Output):
                yield (
                    child.lineno,
                    "La signature ne sert pas de condition.",
                    "Écrivez {{ signature }}, seule.",
                )
        elif not _permitted(child):
            # An operand of a comparison has no line of its own.
            yield child.lineno or node.lineno, "Cette tournure n'est pas permise dans un modèle.", _ONLY
        else:
            yield from _faults(child, names)


def _permitted(node: nodes.Node) -> bool:
    """Whether this kind of node cannot fail, loop, call or look inside a value."""
    from jinja2 import nodes

    if isinstance(node, nodes.Filter):
        return node.name in _FILTERS and not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs)
    if isinstance(node, nodes.Operand):
        return node.op in ("eq", "ne", "in", "notin")
    if isinstance(node, nodes.Const):
        return isinstance(node.value, str)
    plain = (nodes.Output, nodes.TemplateData, nodes.If, nodes.Compare, nodes.And, nodes.Or, nodes.Not)
    return isinstance(node, plain)


def _unknown(name: str, names: set[str]) -> tuple[str, str]:
    near = nearest(name, sorted(names))
    listed = ", ".join(sorted(names))
    remedy = f"Vouliez-vous écrire {{{{ {near} }}}}\u00a0?" if near else f"Mots possibles\u00a0: {listed}."
    return f"Le mot {quoted(name)} n'est pas connu ici.", remedy
