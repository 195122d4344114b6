"""Progress going up, beside Kolibri's figures: `make bench-progress`, or `python -m tests.bench.progress [PART...]`.

    events      20,000 new events, and 200: bytes on the wire, requests, CPU of both sides
    intake      events a second that one hub process makes lasting and acknowledges, and that it reads out
    disk        what an event takes on the box's disk
    killed      the hub is killed at five moments of a night: what is sent again, lost, doubled, left over
    answers     300 learners answer at once, each flush 10 ms: p99, and beside one commit each

* The programs are the real ones; bytes are counted by a relay between them, header lines included.
* The events are the same in every run, drawn from one seed; each carries a random UUID.
* The machine is shared: bytes, requests and counts are exact, seconds are this machine's. No test asserts any of these.
* `JSON=1` prints one line of JSON last; `STRICT=1` ends with 1 where a bar does not hold.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.bench import answers, progress_bars
from tests.bench.progress_bars import LARGE, SMALL
from tests.bench.progress_intake import pace
from tests.bench.progress_night import Killed, Night, Went, killed, went
from tests.bench.table import Row, show

INTAKE_EVENTS = 20_000
KILLS = 5


@dataclass
class Bench:
    """One run: everything that it makes lies in `folder`, everything that it found in `figures`."""

    folder: Path
    large: int = LARGE
    figures: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def night(self) -> Night:
        """The large night, before it has begun; each part that runs it makes a copy."""
        return Night.prepared(self.folder / "large", self.large)

    @cached_property
    def went(self) -> tuple[Went, Night]:
        """The large night as it should be, and where it went."""
        night = self.night.copied(self.folder / "went")
        return went(night, self.large), night

    def events(self) -> list[Row]:
        large, _ = self.went
        small = went(Night.prepared(self.folder / "small", SMALL), SMALL)
        self.figures[f"events_{LARGE}"] = _told(large)
        self.figures[f"events_{SMALL}"] = _told(small)
        return [*progress_bars.night_rows(large, LARGE), *progress_bars.night_rows(small, SMALL)]

    def intake(self) -> list[Row]:
        found = pace(self.folder / "intake", INTAKE_EVENTS)
        self.figures["intake"] = asdict(found)
        return progress_bars.pace_rows(found)

    def disk(self) -> list[Row]:
        empty, (_, full) = Night.prepared(self.folder / "empty", 0), self.went
        before, after = _database_bytes(empty), _database_bytes(full)
        self.figures["disk"] = {"bytes": (after - before) / self.large}
        return progress_bars.disk_rows(before, after, self.large)

    def killed(self) -> list[Row]:
        found: Killed = killed(self.night, self.folder, self.went[0], KILLS)
        self.figures["killed"] = asdict(found)
        return progress_bars.killed_rows(found)

    def answers(self) -> list[Row]:
        folder = self.folder / "answers"
        folder.mkdir()
        found = list(answers.rows(folder))
        self.figures["answers"] = {row.measure: row.value for row in found}
        return found


PARTS: Mapping[str, tuple[str, Callable[[Bench], list[Row]]]] = {
    "events": ("Progress going up (peer: Kolibri 0.19.5, measured)", Bench.events),
    "intake": ("The hub's intake (peer: Kolibri 0.19.5, measured)", Bench.intake),
    "disk": ("Progress on the box's disk (peer: Kolibri 0.19.5, measured)", Bench.disk),
    "killed": ("The hub dies in the middle (peer: Kolibri 0.19.5, killed once)", Bench.killed),
    "answers": ("Answers (peer: the same box with one commit each)", Bench.answers),
}


def _told(night: Went) -> dict[str, Any]:
    return {**asdict(night), "bytes": night.bytes, "cpu_seconds": round(night.cpu_seconds, 3)}


def _database_bytes(night: Night) -> int:
    return (night.folder / "box" / "box.db").stat().st_size


def main(parts: list[str]) -> int:
    """Run these parts, or all. Returns 1 where a bar does not hold and STRICT=1 asks for it, else 0."""
    unknown = set(parts) - PARTS.keys()
    assert not unknown, f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}"
    wants_json = os.environ.pop("JSON", "")  # the last line is ours
    told: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="qanat-progress-") as folder:
        bench = Bench(Path(folder))
        for name in parts or PARTS:
            title, rows = PARTS[name]
            found = rows(bench)
            show(title, found)
            told += found
    if wants_json:
        print(json.dumps({**bench.figures, "rows": [asdict(row) for row in told]}), flush=True)
    is_missed = any(row.holds is False for row in told)
    return int(is_missed and bool(os.environ.get("STRICT")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
