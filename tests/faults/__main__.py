"""`python -m tests.faults`: everything, with its counts in docs/reliability.md; about half an hour.

With names of modules (`python -m tests.faults crashes sheets`), only these, and nothing is written. Each
module runs in a process of its own, with its own servers, a few at a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.faults import crashes, files, machine, people, sending, sheets, storage, together
from tests.faults.tally import Tally, table
from tests.faults.world import Book, servers
from tests.faults.zygote import CHECKOUT

KINDS = {
    module.__name__.rpartition(".")[2]: module
    for module in (crashes, people, machine, storage, sheets, sending, together, files)
}
AT_ONCE = 3
BOOKS: tuple[Book, ...] = ("google", "xlsx")
PAGE = CHECKOUT / "docs" / "reliability.md"
BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS])
    parser.add_argument("--json", action="store_true", help="one module, its counts as JSON")
    options = parser.parse_args()
    if options.json:
        tallies = one_kind(options.kinds[0])
        print(json.dumps([asdict(tally) for tally in tallies]))
        return 0
    start = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [tally for some in pool.map(in_a_process, options.kinds or KINDS) for tally in some]
    lines = table(found)
    print("\n".join(lines))
    for tally in found:
        print("".join(f"{detail}\n" for detail in tally.details[:20]), end="")
    if not options.kinds:
        _write(lines, time.monotonic() - start)
    return int(any(tally.failed for tally in found))


def one_kind(kind: str) -> list[Tally]:
    """Everything that one module tries, told as it goes on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        tallies: list[Tally] = []
        with servers(folder) as all_servers:
            for tally in KINDS[kind].tallies(all_servers):
                tallies.append(tally)
                print(f"{tally.what}: {len(tally.details)} failures", file=sys.stderr, flush=True)
        return tallies


def in_a_process(kind: str) -> list[Tally]:
    command = [sys.executable, "-m", "tests.faults", "--json", kind]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return [Tally(kind, details=[f"{kind}: the harness itself failed"])]
    return [Tally(**counts) for counts in json.loads(done.stdout)]


def gaps() -> list[str]:
    """How long people have between the second read and the end of the last write."""
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as all_servers:
        return [f"{people.gap(all_servers, book) * 1000:.0f} ms ({book})" for book in BOOKS]


def _write(lines: list[str], took: float) -> None:
    """Put the counts between the marks of the page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True
    ).stdout.strip()
    gap = (
        f"The gap between the second read and the end of the last write: {', '.join(gaps())}, 60 structures."
    )
    said = [
        f"Written by `make faults` at commit {commit or 'unknown'}, in {took / 60:.0f} min.",
        "",
        *lines,
        "",
        gap,
    ]
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(said) + f"\n{END}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
