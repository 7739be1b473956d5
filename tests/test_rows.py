"""What each reader takes, and that it takes nothing else: every form here is one that a person writes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cells import NBSP, TODAY, any_text, refusal, typed
from workflows.core import rows
from workflows.core.french import typography
from workflows.core.ports import EMPTY, Cell, Kind
from workflows.core.rows import Unreadable

READERS: dict[str, Callable[[Cell], object]] = {
    "text": rows.text,
    "long_text": rows.long_text,
    "addresses": rows.addresses,
    "yes_no": rows.yes_no,
    "date_": lambda cell: rows.date_(cell, TODAY),
    "optional_date": lambda cell: rows.optional_date(cell, TODAY),
    "time_": rows.time_,
    "optional_time": rows.optional_time,
    "hours": rows.hours,
    "minimum": rows.minimum,
    "iso_week": lambda cell: rows.iso_week(cell, TODAY),
    "slots": rows.slots,
    "row_ref": rows.row_ref,
    "url": rows.url,
    "count": rows.count,
}


@pytest.mark.parametrize("name", READERS)
@given(cell=st.one_of(
    st.builds(Cell, any_text, st.sampled_from([Kind.TEXT, Kind.ERROR])),
    st.builds(Cell, st.floats(), st.sampled_from([Kind.NUMBER, Kind.DATE, Kind.TIME])),
    st.builds(Cell, st.booleans(), st.just(Kind.BOOLEAN)),
    st.just(EMPTY),
))  # fmt: skip
def test_a_reader_gives_a_value_or_says_why_not(name: str, cell: Cell) -> None:
    try:
        READERS[name](cell)
    except Unreadable as error:
        said = error.at("Onglet, ligne 2")
    else:
        return
    assert said.where == "Onglet, ligne 2"
    assert said.what.endswith(".")
    assert said.remedy.endswith((".", "/"))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("shown", ["#REF!", "", None])
def test_an_error_is_never_a_value(name: str, shown: str | None) -> None:
    assert (shown or "formule") in refusal(READERS[name], Cell(shown, Kind.ERROR))


@given(any_text)
def test_normalise_and_fold_leave_nothing_hidden(raw: str) -> None:
    line = rows.normalise(raw)
    assert line == rows.normalise(line) == unicodedata.normalize("NFC", line)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in line)
    assert "  " not in line
    assert line == line.strip()
    folded = rows.fold(raw)
    assert folded == rows.fold(folded)
    assert all(c.isalnum() for c in folded.replace(" ", ""))


def test_text_shows_what_the_sheet_shows() -> None:
    assert rows.text(typed("\ufeff\u202dE\u0301cole\u200b" + NBSP + "\n de  Blois\u202f")) == "École de Blois"
    assert rows.text(typed("a\ud800b")) == "a b"  # half a character, which no file could hold
    assert rows.text(typed("0612345678")) == "0612345678"
    numbers = {612345678.0: "612345678", 12.5: "12,5", -0.0: "0", 0.1 + 0.2: "0,3"}
    assert {value: rows.text(Cell(value, Kind.NUMBER)) for value in numbers} == numbers
    assert rows.text(Cell(46279.0, Kind.DATE)) == "14/09/2026"
    assert rows.text(Cell(46279 + 14.5 / 24, Kind.DATE)) == "14/09/2026 14:30"
    assert rows.text(Cell(26.5 / 24, Kind.TIME)) == "26:30"
    assert rows.long_text(typed(f"\n14h{NBSP} accueil\r\n\r\n17h bilan \u2028")) == "14h accueil\n\n17h bilan"
    assert rows.fold("  TÉLÉPHONE\n(fixe) ") == rows.fold("te\u0301le\u0301phone fixe")
    assert rows.fold("Fil de l’eau") == rows.fold("fil de l'eau")


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
good_addresses = st.builds(
    lambda local, domain: f"{'.'.join(local)}@{'.'.join(domain)}.example",
    st.lists(st.from_regex(r"[A-Za-z0-9_+-]{1,12}", fullmatch=True), min_size=1, max_size=3),
    st.lists(labels, min_size=1, max_size=3),
)


@given(
    st.lists(
        st.tuples(good_addresses, st.sampled_from([";", ",", " ; ", "\n", NBSP, ";;\u202f"])), min_size=1
    )
)
def test_addresses_read_back_each_once_in_order(pairs: list[tuple[str, str]]) -> None:
    written = "".join(address + separator for address, separator in pairs)
    assert rows.addresses(typed(written)) == tuple(dict.fromkeys(a.lower() for a, _ in pairs))


@given(st.one_of(any_text, st.from_regex(r"[^ ]{0,9}@[^ ]{0,9}\.example", fullmatch=True)))
def test_an_address_that_passes_could_be_sent_to(written: str) -> None:
    try:
        read = rows.addresses(typed(written))
    except Unreadable:
        return
    for address in read:
        local, _, domain = address.partition("@")
        assert address.isascii()
        assert not set(address) & set('()<>[]:;\\," \t\r\n')
        assert 0 < len(local) <= 64
        assert "." in domain
        assert "@" not in domain
        assert ".." not in f".{local}.@.{domain}.".replace("@.", "@")[1:-1]


@pytest.mark.parametrize(("written", "said"), [
    ("", "manque"), (" ;\n", "manque"), ("à compléter", f"«{NBSP}à compléter{NBSP}»"),
    ("a@b.example ; c@@d.example ; e", "c@@d.example"), ("service(at)b.example", "service(at)b.example"),
    ("Jean <a@b.example>", f"«{NBSP}Jean{NBSP}»"), ("mailto:a@b.example", "mailto"),
    ("@b.example", "avant"), ("a@", "après"), ("a@localhost", "localhost"), ("a@b.example.", "point"),
    (".a@b.example", "point"), ("a..b@c.example", "point"), ("a@-b.example", "-b"),
    ("a@b_c.example", "b_c"), ("a@b.e1", "b.e1"), ("a@[192.0.2.1]", "["),
    ("renée@b.example", f"«{NBSP}é{NBSP}»"), ("a@b\uff0eexample", "permis"),
    ("x" * 65 + "@b.example", "longue"), ("a@" + "b." * 126 + "example", "longue"), ("'a@b.example'", "'"),
    ("a@b.example/c@d.example", "plusieurs"), (f"a@{'b' * 64}.example", "domaine"),
])  # fmt: skip
def test_the_first_bad_address_is_named(written: str, said: str) -> None:
    assert said in refusal(rows.addresses, written)


def test_the_longest_address_is_of_254_characters() -> None:
    too_long = f"{'x' * 64}@{'.'.join(['b' * 60] * 3)}.example"
    assert len(too_long) == 255
    assert "longue" in refusal(rows.addresses, too_long)
    assert rows.addresses(typed(too_long.replace("bb", "b", 1))) == (too_long.replace("bb", "b", 1),)


def test_yes_and_no() -> None:
    yes = ["oui", "OUI ", "Oui.", "o", "x", "X", "✓", "✔️", "☑", "vrai", "TRUE", "1", "ok", f"{NBSP}oui"]
    no = ["", "  ", "non", "N", "0", "Faux", "FALSE", "-", "–", "\u200b"]
    assert {word: rows.yes_no(typed(word)) for word in yes + no} == dict.fromkeys(yes, True) | dict.fromkeys(
        no, False
    )
    assert rows.yes_no(Cell(True, Kind.BOOLEAN))
    assert rows.yes_no(Cell(1.0, Kind.NUMBER))
    assert not rows.yes_no(Cell(False, Kind.BOOLEAN))
    assert not rows.yes_no(EMPTY)
    for word in ("peut-être", "oui ?", "oui mais non", "?", ".", "2", "à voir", "✗"):
        assert "ni oui ni non" in refusal(rows.yes_no, word)


def test_a_ref_is_short_and_plain_and_no_date() -> None:
    written = ["STR-001", "2027-1", "a/b_c.d É", ""]
    assert [rows.row_ref(typed(ref)) for ref in written] == written
    assert rows.row_ref(Cell(7.0, Kind.NUMBER)) == "7"
    assert "format texte" in refusal(rows.row_ref, Cell(46279.0, Kind.DATE))
    assert "format texte" in refusal(rows.row_ref, Cell(0.5, Kind.TIME))
    for ref in (
        Cell(7.5, Kind.NUMBER),
        Cell(-7.0, Kind.NUMBER),
        Cell(True, Kind.BOOLEAN),
        "a:b",
        "a;b",
        "x" * 41,
        "--",
    ):
        refusal(rows.row_ref, ref)


def test_web_addresses_and_counts() -> None:
    link = "https://formulaire.example/pdn?session=2027-1&source=courriel#début"
    assert rows.url(typed(f" {link}{NBSP}")) == link
    assert rows.url(EMPTY) == ""
    for bad in ("www.a.example", "javascript:alert(1)", "ftp://a.example", "https://",
                "https://a.example b", "http://[::1",
                "https://moi:secret@a.example", "https://a.example:99999",
                'https://a.example/"><b>', "https://.", "12"):  # fmt: skip
        assert "adresse web" in refusal(rows.url, bad)
    assert [rows.count(cell) for cell in (typed("12"), Cell(12.0, Kind.NUMBER), typed("0"), EMPTY)] == [
        12,
        12,
        0,
        None,
    ]
    for bad in ("-1", "12,5", "douze", "illimité", "1234567", "²", "12 places"):
        assert "nombre entier" in refusal(rows.count, bad)
    refusal(rows.count, Cell(46279.0, Kind.DATE))


def test_what_she_reads_is_well_set() -> None:
    for name, words in (("addresses", "x"), ("date_", "mardi 14/09/2026"), ("hours", "90"), ("hours",
                            "2,30"), ("iso_week", "S99"),
                        ("slots", "mardi 19h-17h"), ("time_", "25h"), ("yes_no", "bof"), ("url", "x"),
                        ("row_ref", "é:")):  # fmt: skip
        said = refusal(READERS[name], words)
        assert said == typography(said)
