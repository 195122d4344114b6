"""Courses that others made, beside nginx and Kolibri's figures: `make bench-courses`, or `python -m
tests.bench.courses [PART...]`.

    assets      an asset out of a course, 32 clients, beside nginx
    import      20,000 small files become a release: seconds, and flushes of the disk
    memory      the highest memory of importing what is large, deep or many
    finding     recall, spelling and milliseconds at 50,000 items, beside SQLite's own tokenisers
    pages       bytes of a student's first page and of later ones, as a browser counts them

* The programs are the real ones: the `qanat` command in a process of its own, nginx, chromium.
* The sources are the same in every run, drawn from one seed.
* The machine is shared: bytes, flushes and memory are exact, seconds are this machine's. No test asserts any of these.
* `JSON=1` prints one line of JSON last; `STRICT=1` ends with 1 where a bar does not hold.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from tests.bench import courses_import, courses_pages, finding, serving
from tests.bench.table import Row, show

PEER = "Kolibri 0.19.5, measured"


def assets(folder: Path) -> Iterable[Row]:
    data = folder / "data"
    data.mkdir()
    serving.make_asset(data)
    yield from serving.asset_rows(folder, data)


PARTS: Mapping[str, tuple[str, Callable[[Path], Iterable[Row]]]] = {
    "assets": ("A course's asset (peer: nginx, in this run; Kolibri reaches 0.06 of it)", assets),
    "import": ("An import of 20,000 small files (peer: one flush for each file)", courses_import.import_rows),
    "memory": ("Memory of imports", courses_import.memory_rows),
    "finding": (finding.TITLE, finding.rows),
    "pages": (f"A student's pages (peer: {PEER})", courses_pages.rows),
}


def main(parts: list[str]) -> int:
    """Run these parts, or all. Returns 1 where a bar does not hold and STRICT=1 asks for it, else 0."""
    unknown = set(parts) - PARTS.keys()
    assert not unknown, f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}"
    wants_json = os.environ.pop("JSON", "")  # the last line is ours
    told: list[dict[str, object]] = []
    is_missed = False
    for name in parts or PARTS:
        title, rows = PARTS[name]
        with tempfile.TemporaryDirectory(prefix=f"qanat-{name}-") as folder:
            Path(folder).chmod(0o755)  # nginx's workers read there
            found = list(rows(Path(folder)))
        show(title, found)
        told += [{"part": name, **asdict(row)} for row in found]
        is_missed = is_missed or any(row.holds is False for row in found)
    if wants_json:
        print(json.dumps({"rows": told}), flush=True)
    return int(is_missed and bool(os.environ.get("STRICT")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
