"""`python -m tests.faults`: everything, with its counts in docs/reliability.md; about half an hour.

With names of modules (`python -m tests.faults crashes sheets`), only these, and nothing is written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import crashes, files, people, sending, sheets, storage, together
from tests.faults.tally import Tally, table
from tests.faults.world import Book, servers
from tests.faults.zygote import CHECKOUT

KINDS = {
    module.__name__.rpartition(".")[2]: module
    for module in (crashes, storage, sending, sheets, people, together, files)
}
BOOKS: tuple[Book, ...] = ("google", "xlsx")
PAGE = CHECKOUT / "docs" / "reliability.md"
BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"


def main() -> int:
    wanted = sys.argv[1:] or list(KINDS)
    start = time.monotonic()
    tallies: list[Tally] = []
    gaps: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with servers(folder) as all_servers:
            for kind in wanted:
                for tally in KINDS[kind].tallies(all_servers):
                    tallies.append(tally)
                    print(
                        f"{time.monotonic() - start:6.0f} s  {tally.what}: {len(tally.details)}", flush=True
                    )
            if "people" in wanted:
                gaps += [f"{people.gap(all_servers, book) * 1000:.0f} ms ({book})" for book in BOOKS]
    lines = table(tallies)
    print("\n".join(lines))
    for tally in tallies:
        print("\n".join(tally.details[:20]))
    if not sys.argv[1:]:
        _write(lines, gaps, time.monotonic() - start)
    return int(any(tally.failed for tally in tallies))


def _write(lines: list[str], gaps: list[str], took: float) -> None:
    """Put the counts between the marks of the page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True
    ).stdout.strip()
    said = [
        f"Written by `make faults` at commit {commit or 'unknown'}, in {took / 60:.0f} min.",
        "",
        *lines,
        "",
        f"The gap between the second read and the end of the last write: {', '.join(gaps)}, 60 structures.",
    ]
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(said) + f"\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
