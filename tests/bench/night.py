"""Our numbers of one night beside the peer's: `make bench`, or `python -m tests.bench.night [PART...]`.

    footprint   what an installation weighs; start to the first page, its CPU; idle memory and threads
    quiet       a night with nothing new, 100 courses on the shelf: requests and bytes on the wire
    answers     300 learners answer at once, durable, beside one commit each; none lost after a kill
    serving     a course's asset, pages beside 300 video readers, the same with a cold cache and a slow disk

* Each part is a module of this folder with a door of its own (`python -m tests.bench.quiet`), and prints its table as
  soon as it has it; `JSON=1` prints one line of JSON last, with all rows.
* The peer is Kolibri 0.19.5, measured by us on a machine of the same kind (2 shared x86 cores, Python 3.11) with the
  method of each row; nginx and nginx with gunicorn run here, in the same run.
* The machine is shared: counts, bytes and ratios of one run are what to read, seconds are not. So no test asserts any
  of these, and `make bench` ends well whatever they are; docs/performance.md says what was missed.
* It needs what `make engines` installs, and a C compiler for the slow flushes of `answers`; a row whose engine is
  missing says so instead of a figure.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from tests.bench import answers, footprint, quiet, serving
from tests.bench.table import Row, show

PEER = "Kolibri 0.19.5, measured"

PARTS: dict[str, tuple[str, Callable[[Path], Iterable[Row]]]] = {
    "footprint": (f"Footprint (peer: {PEER})", lambda folder: footprint.rows()),
    "quiet": (f"A night with nothing new (peer: {PEER})", quiet.rows),
    "answers": ("Answers (peer: the same box with one commit each)", answers.rows),
    "serving": ("Serving (peer: nginx, or nginx with gunicorn; one core for servers, one for load)", serving.rows),
}


def main(parts: list[str]) -> None:
    unknown = set(parts) - PARTS.keys()
    assert not unknown, f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}"
    wants_json = os.environ.pop("JSON", "")  # the last line is ours
    told = []
    for name in parts or PARTS:
        title, rows = PARTS[name]
        with tempfile.TemporaryDirectory(prefix=f"qanat-{name}-") as folder:
            Path(folder).chmod(0o755)  # nginx's workers read there
            found = list(rows(Path(folder)))
        show(title, found)
        told += [{"part": name, **asdict(row)} for row in found]
    if wants_json:
        print(json.dumps({"peer": PEER, "rows": told}))


if __name__ == "__main__":
    main(sys.argv[1:])
