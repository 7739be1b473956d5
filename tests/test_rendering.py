"""Templates: what they may say, and what values from cells can never do in them."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workflows.call_for_applications import VARIABLES
from workflows.engine import markup
from workflows.engine.rendering import MAX_SUBJECT, Rendered, Renderer
from workflows.engine.template_files import TemplateProblem

SHIPPED = Path(__file__).parent.parent / "templates"
COMMON = {
    "nom_coordination": "Camille Martin",
    "telephone": "02 00 00 00 00",
    "courriel_coordination": "coordination@asso.example",
    "expediteur": "Coordination",
}
HOSTILE = (
    "{{ 7*7 }}",
    "{% for x in range(9) %}{{ x }}{% endfor %}",
    "</td><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](https://evil.example)",
    "**b**",
    "- point",
    '=IMPORTXML("https://evil.example"; "//a")',
    "&lt;b&gt; & \" '",
    "Objet : autre",
    'https://x.example/"onmouseover=alert(1)',
)


def renderer(folder: Path, **more: str) -> Renderer:
    return Renderer([folder, SHIPPED], {**COMMON, **more}, "#123abc")


def write(folder: Path, text: str, name: str = "modele.txt") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def render(folder: Path, body: str, subject: str = "Bonjour", **variables: str) -> Rendered:
    write(folder, f"Objet : {subject}\n\n{body}")
    return renderer(folder).render("modele", variables, variables)


def inside(html: str) -> str:
    """The body without the layout around it."""
    found = re.search(r"<div lang=.*?>\n(.*)\n</div>\n</div>", html, re.DOTALL)
    assert found
    return found[1]


class _Reader(HTMLParser):
    """Tags and shown text of a page, as a mail program reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def refusals(folder: Path, text: str, *allowed: str) -> list[str]:
    write(folder, text)
    found = [str(problem) for problem in renderer(folder).check("modele", allowed)]
    with pytest.raises(TemplateProblem) as caught:
        renderer(folder).render("modele", dict.fromkeys(allowed, "x"), allowed)
    assert [str(problem) for problem in caught.value.problems] == found
    return found


def test_subject_text_and_html_of_one_template(tmp_path: Path) -> None:
    body = (
        "Bonjour {{ prenom }},\n\nDeux lignes\nd'un paragraphe :\n- un **point** ;\n- [le site](https://x.example/a)\n"
        "\nVoir https://x.example/b?c=1&d=2.\n"
    )
    mail = render(tmp_path, body, "Rappel : {{ prenom }}", prenom="Élise")
    assert mail.subject == "Rappel\u00a0: Élise"
    assert mail.text == (
        "Bonjour Élise,\n\nDeux lignes\nd'un paragraphe\u00a0:\n- un point\u00a0;\n"
        "- le site\u00a0: https://x.example/a\n\nVoir https://x.example/b?c=1&d=2.\n"
    )
    page = inside(mail.html)
    assert "<li>un <strong>point</strong>\u00a0;</li>" in page
    assert '<a href="https://x.example/a" style="color:#123abc">le site</a>' in page
    assert '<a href="https://x.example/b?c=1&amp;d=2"' in page
    assert "Deux lignes<br>\nd'un paragraphe\u00a0:</p>\n<ul" in page
    assert [tag for tag, _ in _Reader(page).tags] == [
        "p",
        "p",
        "br",
        "ul",
        "li",
        "strong",
        "li",
        "a",
        "p",
        "a",
    ]


def test_conditions_leave_no_empty_lines(tmp_path: Path) -> None:
    body = "A\n{% if lien %}\nLien : {{ lien }}\n{% endif %}\nB\n"
    body += "{% if lien == 'x' %}\nC\n{% else %}\nD\n{% endif %}\n"
    assert render(tmp_path, body, lien="").text == "A\nB\nD\n"
    assert render(tmp_path, body, lien="x").text == "A\nLien\u00a0: x\nB\nC\n"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_shown_as_it_is_and_never_interpreted(tmp_path: Path, value: str) -> None:
    mail = render(tmp_path, "Avant {{ valeur }} après\n\n**{{ valeur }}**\n", "{{ valeur }}", valeur=value)
    assert mail.subject == value
    assert mail.text == f"Avant {value} après\n\n{value}\n"
    page = _Reader(inside(mail.html))
    assert [tag for tag, _ in page.tags] == ["p", "p", "strong"]
    assert page.words == f"Avant {value} après\n{value}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=st.text(max_size=80))
def test_any_value_comes_out_as_it_went_in(tmp_path: Path, value: str) -> None:
    mail = render(tmp_path, "<{{ valeur }}>\n", "A {{ valeur }} b", valeur=value)
    shown = markup.clean(value)
    assert mail.text == f"<{shown}>\n"
    page = inside(mail.html)
    assert unescape(page.partition(">")[2].rpartition("</p>")[0].replace("<br>\n", "\n")) == f"<{shown}>"
    assert mail.subject.split() == ["A", *shown.split(), "b"]
    assert "\n" not in mail.subject


def test_what_cannot_be_seen_in_a_value_is_taken_out(tmp_path: Path) -> None:
    value = "a\ue000b\ue101\ue001c\u202ed\x00e\ud800f\tg\r\nh\u2028i\U000f0000"
    assert render(tmp_path, "{{ valeur }}\n", valeur=value).text == "abcdef g\nh\ni\n"


def test_line_breaks_of_a_value_show_in_the_body_and_not_in_the_subject(tmp_path: Path) -> None:
    mail = render(tmp_path, "{{ valeur }}\n", "Sur {{ valeur }}", valeur="un\r\n\r\nBcc: x@y.example")
    assert mail.subject == "Sur un Bcc: x@y.example"
    assert mail.text == "un\n\nBcc: x@y.example\n"
    assert "un<br>\n<br>\nBcc: x@y.example" in inside(mail.html)


def test_a_value_that_is_a_web_address_becomes_a_link(tmp_path: Path) -> None:
    mail = render(
        tmp_path,
        "{{ valeur }}\n[ici]({{ valeur }})\n[{{ valeur }}]({{ valeur }})\n",
        valeur="https://x.example/?a=1&b",
    )
    links = [attributes["href"] for tag, attributes in _Reader(inside(mail.html)).tags if tag == "a"]
    assert links == ["https://x.example/?a=1&b"] * 3
    assert mail.text.splitlines()[1:] == ["ici\u00a0: https://x.example/?a=1&b", "https://x.example/?a=1&b"]


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "data:text/html,x", "/etc/passwd", "", "https://x.example/a b", "file:///x"],
)
def test_a_link_that_leads_elsewhere_than_to_the_web_or_mail_keeps_its_text_only(
    tmp_path: Path, target: str
) -> None:
    mail = render(tmp_path, "Voir [la page]({{ cible }}) ici\n", cible=target)
    assert mail.text == "Voir la page ici\n"
    assert inside(mail.html).endswith(">Voir la page ici</p>")


def test_a_mail_link_keeps_its_prefilled_subject(tmp_path: Path) -> None:
    target = "mailto:c@asso.example?subject=Oui%20%5B2027-1%5D"
    assert f'<a href="{target}"' in render(tmp_path, "[Oui]({{ oui }})\n", oui=target).html


def test_a_long_subject_is_cut(tmp_path: Path) -> None:
    subject = render(tmp_path, "x\n", "{{ valeur }}", valeur="mot " * 200).subject
    assert len(subject) <= MAX_SUBJECT
    assert subject.endswith("mot…")


def test_a_subject_that_its_values_leave_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateProblem, match="objet est vide"):
        render(tmp_path, "x\n", "{{ valeur }}", valeur=" \n")


def test_a_value_of_unreasonable_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateProblem, match="«\u00a0valeur\u00a0» dépasse 20000 caractères"):
        render(tmp_path, "{{ valeur }}\n", valeur="x" * 20_001)


def test_a_promised_value_that_is_not_given_is_our_error(tmp_path: Path) -> None:
    write(tmp_path, "Objet : x\n\n{{ a }}\n")
    with pytest.raises(ValueError, match="no value for a"):
        renderer(tmp_path).render("modele", {}, ["a"])


def test_the_signature_is_filled_in_from_its_own_file(tmp_path: Path) -> None:
    write(tmp_path, "Bien à vous,\n{{ nom_coordination }} : **ici**\n", "_signature.txt")
    mail = render(tmp_path, "Bonjour\n\n{{ signature }}\n\nFin\n")
    assert mail.text == "Bonjour\n\nBien à vous,\nCamille Martin\u00a0: ici\n\nFin\n"
    assert "<strong>ici</strong>" in mail.html


def test_unknown_names_are_all_found_with_line_and_nearest(tmp_path: Path) -> None:
    text = "Objet : {{ titr }}\n\nBonjour {{ prenon }},\n\n{% if xyz %}a{% endif %}{{ nom_cordination }}\n"
    found = refusals(tmp_path, text, "titre", "prenom")
    assert [line.split("\u00a0: ")[0] for line in found] == [
        "templates/modele.txt, ligne 1",
        "templates/modele.txt, ligne 3",
        "templates/modele.txt, ligne 5",
        "templates/modele.txt, ligne 5",
    ]
    assert "{{ titre }}" in found[0]
    assert "{{ prenom }}" in found[1]
    assert "Mots possibles" in found[2]
    assert "{{ nom_coordination }}" in found[3]


@pytest.mark.parametrize(
    "source",
    [
        "{{ a.__class__ }}",
        "{{ a['x'] }}",
        "{{ a() }}",
        "{{ a.upper() }}",
        "{{ a|attr('x') }}",
        "{{ a|majuscules(1) }}",
        "{{ 7*7 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 3 in a }}",
        "{% if a < 'b' %}x{% endif %}",
        "{% for x in a %}x{% endfor %}",
        "{% set b = a %}",
        "{% include '_signature.txt' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro m() %}x{% endmacro %}",
        "{% if a is defined %}x{% endif %}",
        "{{ 'x' if a }}",
        "{{ [a] }}",
        "{{ a ~ a }}",
        "{% if signature %}x{% endif %}",
        "{{ signature|majuscules }}",
    ],
)
def test_a_template_can_show_and_choose_and_nothing_else(tmp_path: Path, source: str) -> None:
    found = refusals(tmp_path, f"Objet : x\n\nBonjour\n{source}\n", "a")
    assert found
    assert all(line.startswith("templates/modele.txt, ligne 4\u00a0: ") for line in found)


@pytest.mark.parametrize(
    "source", ["{{ a", "{{ a }", "{% if a %}x", "{% endif %}", "{% sinon %}", "{{ }}", "{{ a b }}"]
)
def test_a_slip_between_braces_is_located_and_said_in_french(tmp_path: Path, source: str) -> None:
    (found,) = refusals(tmp_path, f"Objet : x\n\nBonjour\n{source}", "a")
    assert re.match(r"templates/modele\.txt, ligne [45]\u00a0: (Une accolade|L'écriture)", found)


@pytest.mark.parametrize("source", ["{a}", "{{ a }}}", "a }", "{% if a %}{ a}{% endif %}"])
def test_a_brace_that_is_alone_would_be_read_by_everybody(tmp_path: Path, source: str) -> None:
    (found,) = refusals(tmp_path, f"Objet : x\n\n{{# deux\nlignes #}}\n{source}", "a")
    assert found.startswith("templates/modele.txt, ligne 5\u00a0: Une accolade est seule.")
    write(tmp_path, f"Objet : {source}\n\nBonjour\n")
    assert "ligne 1" in str(renderer(tmp_path).check("modele", ["a"])[0])


def test_cases_of_letters(tmp_path: Path) -> None:
    assert render(tmp_path, "{{ a|majuscules }} {{ a|minuscules }}\n", a="Été").text == "ÉTÉ été\n"


@pytest.mark.parametrize(
    "first", ["Objet : Bonjour", "Objet: Bonjour", "objet\u00a0: Bonjour", "\ufeffObjet :Bonjour\r"]
)
def test_ways_to_write_the_subject_line(tmp_path: Path, first: str) -> None:
    (tmp_path / "modele.txt").write_bytes(f"{first}\n\nTexte\n".encode())
    assert renderer(tmp_path).render("modele", {}, []).subject == "Bonjour"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bonjour\n\nTexte\n", "ligne 1\u00a0: La première ligne ne donne pas l'objet"),
        ("", "ligne 1"),
        ("Objet :\n\nTexte\n", "ligne 1"),
        ("Objet : x\nTexte\n", "ligne 2\u00a0: Il n'y a pas de ligne vide"),
        ("Objet : x\n\n \n", "vide"),
        ("Objet : x\n\n" + "x" * 100_001, "dépasse 100"),
    ],
)
def test_a_template_without_its_parts_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (found,) = refusals(tmp_path, text)
    assert words in found


def test_a_template_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "modele.txt").write_bytes("Objet : été\n\nx\n".encode("latin-1"))
    (found,) = renderer(tmp_path).check("modele", [])
    assert "UTF-8" in found.what


def test_a_missing_template_and_one_outside_its_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    write(tmp_path, "Objet : x\n\nsecret\n", "dehors.txt")
    (folder / "lien.txt").symlink_to(tmp_path / "dehors.txt")
    for name, words in (
        ("absent", "n'existe pas"),
        ("lien", "hors du dossier"),
        ("../dehors", "hors du dossier"),
    ):
        (found,) = renderer(folder).check(name, [])
        assert words in found.what
    (found,) = renderer(folder).check(str(tmp_path / "dehors"), [])
    assert "hors du dossier" in found.what


def test_hers_comes_before_the_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, "Objet : x\n\nÀ vous\n", "modele.txt")
    write(tmp_path, "<p>{{ corps }}</p>", "_mise_en_page.html")
    assert renderer(tmp_path).render("modele", {}, []).html.startswith("<p><p style=")


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ('{{ corps }}\n<img alt="" src="https://x.example/p.gif">', "ligne 2"),
        ("<script>x()</script>{{ corps }}", "exécuterait"),
        ('<p style="background:url( https://x.example )">{{ corps }}</p>', "chargerait"),
        ('<body background="x">{{ corps }}</body>', "chargerait"),
        ('<p onclick="x()">{{ corps }}</p>', "exécuterait"),
        ("<style>@import 'x';</style>{{ corps }}", "chargerait"),
        ("<p>{{ corp }}</p>", "{{ corps }}"),
        ("<p>Bonjour</p>", "{{ corps }}"),
        ("<p>{{ corps.x }}</p>", "pas permise"),
    ],
)
def test_a_layout_that_would_fetch_run_or_lose_something_is_refused(
    tmp_path: Path, layout: str, words: str
) -> None:
    write(tmp_path, layout, "_mise_en_page.html")
    assert words in " ".join(refusals(tmp_path, "Objet : x\n\ny\n"))


def test_a_colour_must_be_one() -> None:
    with pytest.raises(ValueError, match="colour"):
        Renderer([SHIPPED], {}, "red;}")


@pytest.mark.parametrize("template", sorted(VARIABLES))
def test_the_shipped_call_templates_say_what_they_must(tmp_path: Path, template: str) -> None:
    examples = VARIABLES[template]
    mail = renderer(tmp_path).render(template, examples, examples)
    assert renderer(tmp_path).check(template, examples) == []
    for words in (examples["titre"], "Date limite\u00a0: vendredi 26 mars 2027", "par oui ou non"):
        assert words in mail.text
    for words in (
        "répondez «\u00a0stop\u00a0»",
        "adresse professionnelle",
        "Camille Martin",
        "02 00 00 00 00",
    ):
        assert words in mail.text
    assert examples["titre"] in mail.subject
    assert ("rappel" in mail.text) == template.endswith("relance")
    assert f'<a href="{examples["lien"]}"' in mail.html
    assert {tag for tag, _ in _Reader(mail.html).tags}.isdisjoint({"img", "script", "link", "table"})


@pytest.mark.parametrize("template", sorted(VARIABLES))
def test_the_shipped_call_templates_do_without_what_may_be_empty(tmp_path: Path, template: str) -> None:
    sparse = dict.fromkeys(VARIABLES[template], "") | {
        "titre": "Appel 2027",
        "date_annonce": "mardi 2 mars 2027",
    }
    mail = renderer(tmp_path, telephone="").render(template, sparse, VARIABLES[template])
    assert not re.search(r"\(\)|\n\n\n|Ouverture|Date limite|jusqu'au|savoir plus|Téléphone", mail.text)
    assert mail.subject in ("Appel 2027", "Rappel\u00a0: Appel 2027")
