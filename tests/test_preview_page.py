"""The page of `apercu --html`: complete, inert, usable without a mouse, and readable on a telephone."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.workspace import APPEALS, CALLS, OTHERS, SAMPLE, STRUCTURES, TUESDAY, Rows, Workspace
from workflows.core.messages import Mode
from workflows.core.workflow import Scope, Step
from workflows.engine.account import Account
from workflows.engine.prepare import Request
from workflows.engine.preview_page import page
from workflows.engine.rendering import Rendered
from workflows.office import Office

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LAUNCH = Request("apercu", Scope(CALLS, Step.FIRST, "2027-1"), Mode.LIVE)


class Elements(HTMLParser):
    """Every element of a page in order, with its attributes, and the text of all."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Account]:
    """What launching the sample's call would do."""
    office = Workspace(tmp_path_factory.mktemp("sample"), SAMPLE).office(TUESDAY)
    return office, office.preview(LAUNCH)


@pytest.fixture(scope="module")
def source(sample: tuple[Office, Account]) -> str:
    office, account = sample
    return page(account, office.general)


def hostile(folder: Path) -> tuple[Office, Account]:
    """A call, a structure and a file whose names are markup."""
    words = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }} & <b>'
    sheet: dict[str, Rows] = {
        "Structures": [STRUCTURES, ("STR-001", words, "un@structures.example", None, None)],
        "Appels": [(*APPEALS, "Pièce jointe"), ("2027-1", words, None, None, None, "un & deux <b>.pdf")],
        **OTHERS,
    }
    workspace = Workspace(folder, sheet)
    (folder / "pieces-jointes").mkdir()
    (folder / "pieces-jointes" / "un & deux <b>.pdf").write_bytes(b"%PDF" * 300)
    office = workspace.office()
    return office, office.preview(LAUNCH)


def test_every_mail_is_there_as_it_would_leave(sample: tuple[Office, Account], source: str) -> None:
    _, account = sample
    elements = Elements(source)
    assert len(account.mails) == 45
    assert [frame["srcdoc"] for frame in elements.all("iframe")] == [m.rendered.html for m in account.mails]
    for mail in account.mails:
        assert mail.rendered.text.strip() in elements.text


def test_who_gets_nothing_and_why_is_there(sample: tuple[Office, Account], source: str) -> None:
    _, account = sample
    text = " ".join(Elements(source).text.split())
    assert len(account.waiting) == 8
    assert len(account.problems) == 7
    for key, _ in account.waiting:
        assert " ".join(account.who(key).split()) in text
    for problem in account.problems:
        assert problem.where in text
    assert "45 partiront, 8 en attente, 7 à corriger." in text


def test_nothing_in_the_page_runs_or_fetches(source: str) -> None:
    elements = Elements(source)
    (policy,) = [m for m in elements.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert {tag for tag, _ in elements.found}.isdisjoint({"script", "img", "link", "object", "embed", "form"})
    assert not [a for _, attributes in elements.found for a in attributes if a == "src" or a.startswith("on")]
    assert all(frame["sandbox"] == "" for frame in elements.all("iframe"))
    assert all(link["href"].startswith("#") for link in elements.all("a"))


def test_markup_in_a_cell_stays_words(tmp_path: Path) -> None:
    office, account = hostile(tmp_path)
    source = page(account, office.general)
    elements = Elements(source)
    (frame,) = elements.all("iframe")
    assert "script" not in {tag for tag, _ in [*elements.found, *Elements(frame["srcdoc"]).found]}
    assert "{{ 7*7 }}" in elements.text
    assert "un & deux <b>.pdf (2\u00a0ko)" in elements.text


def test_it_is_a_french_page_with_landmarks_headings_and_a_way_around(source: str) -> None:
    elements = Elements(source)
    assert elements.all("html") == [{"lang": "fr"}]
    assert [len(elements.all(tag)) for tag in ("header", "nav", "main", "footer", "h1", "title")] == [1] * 6
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))
    ids = Counter(a["id"] for _, a in elements.found if "id" in a)
    assert max(ids.values()) == 1
    targets = [link["href"][1:] for link in elements.all("a")]
    assert targets[0] == "messages", "the first stop of the keyboard skips the lists"
    assert set(targets) <= ids.keys()
    assert all(a["aria-labelledby"] in ids for _, a in elements.found if "aria-labelledby" in a)
    assert all(frame["title"] for frame in elements.all("iframe"))
    assert all(cell.get("scope") for cell in elements.all("th"))


def test_with_nothing_to_send_it_says_so(tmp_path: Path) -> None:
    office = Workspace(tmp_path, {"Structures": [STRUCTURES], "Appels": [APPEALS], **OTHERS}).office()
    text = Elements(page(office.preview(Request("apercu", Scope(CALLS))), office.general)).text
    assert "aucun message ne partirait maintenant" in text


def test_the_command_writes_it_where_nobody_else_reads_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "espace", SAMPLE)
    ran = workspace.run("apercu", CALLS, "2027-1", "--html", str(tmp_path / "page"), form="texte")
    written = tmp_path / "page" / "apercu.html"
    assert str(written) in ran.out
    assert (written.parent.stat().st_mode & 0o777, written.stat().st_mode & 0o777) == (0o700, 0o600)
    assert [path.name for path in written.parent.iterdir()] == ["apercu.html"]
    assert "Madame, Monsieur," in written.read_text("utf-8")


def test_a_folder_that_cannot_be_made_is_said_in_french(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "espace", SAMPLE)
    (tmp_path / "fichier").touch()
    ran = workspace.run("apercu", CALLS, "--html", str(tmp_path / "fichier"), form="texte")
    assert ran.status == 2
    assert ran.err.startswith("La page ne peut pas être écrite dans ")
    assert "un fichier porte" in ran.err
    assert "Donnez un autre dossier." in ran.err


# In a browser

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


def browse(folder: Path, source: str, width: int, *more: str) -> str:
    """Open a page in Chromium, from a file; what it wrote on standard output."""
    (folder / "page.html").write_text(source, "utf-8")
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900", *more,
        (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server that counts what is asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}", asked
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@needs_chromium
def test_a_browser_fetches_nothing_for_it(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    """Even a mail full of what the renderer refuses stays inert in the page; opened alone it is not."""
    url, asked = server
    bad = (
        f"<img src='{url}/image'><link rel=stylesheet href='{url}/style'><iframe src='{url}/frame'></iframe>"
        f"<div style='background:url({url}/background)'>x</div><script>fetch('{url}/script')</script>"
        f"<meta http-equiv=refresh content='0;url={url}/refresh'>"
    )
    office, account = hostile(tmp_path)
    account.mails = [replace(account.mails[0], rendered=Rendered("Objet", "texte", bad))]
    browse(tmp_path, page(account, office.general), 1200, f"--screenshot={tmp_path / 'page.png'}")
    assert asked == []
    assert (tmp_path / "page.png").stat().st_size > 1000
    browse(tmp_path, bad, 1200, f"--screenshot={tmp_path / 'page.png'}")
    assert asked


@needs_chromium
@pytest.mark.parametrize("width", [400, 1200])
def test_it_fits_the_screen(tmp_path: Path, source: str, width: int) -> None:
    """Nothing sticks out on the right; what measures it is put into a copy without the policy.

    A frame is as narrow as a telephone, the browser's own window is not.
    """
    measure = (
        "<script>parent.document.documentElement.dataset.seen ="
        " document.documentElement.scrollWidth + '/' + innerWidth</script></body>"
    )
    copy = re.sub(r"<meta http-equiv.*?>", "", source).replace("</body>", measure)
    around = f'<body><iframe style="width:{width}px;border:0" srcdoc="{escape(copy)}"></iframe></body>'
    found = re.search(r'data-seen="(\d+)/(\d+)"', browse(tmp_path, around, 1300, "--dump-dom"))
    assert found
    assert int(found[1]) <= int(found[2]) == width
