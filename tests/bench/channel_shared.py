"""What the parts of the channel's bench share: a folder, the courses, and what was built of them already.

* A course is unpacked, a film made, a patch built when the first part asks for it, and not again.
* Who waits is told what is being done: in place on a terminal, now and then elsewhere; always on standard error.
"""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import count
from pathlib import Path

from tests.bench.channel_courses import Course, courses, films, photographs
from tests.bench.channel_patches import Patch, full, patch
from tests.bench.channel_peers import PEERS, Peer

WORKERS = 2
SAY_SECONDS = 20.0
"""How often progress is said where no terminal shows it in place."""


class Bench:
    """One run: everything that it makes lies in `folder`."""

    def __init__(self, folder: Path, courses: Sequence[Course] | None = None) -> None:
        self.folder = folder
        self._courses = courses
        self._patches: dict[str, Patch] = {}
        self._numbers = count()
        self._said_seconds = -SAY_SECONDS

    @cached_property
    def courses(self) -> Sequence[Course]:
        self.say("unpacking the courses")
        return self._courses or courses(self.folder)

    @cached_property
    def films(self) -> tuple[Course, Course]:
        self.say("making the film")
        return films(self.folder)

    @cached_property
    def photographs(self) -> Course:
        self.say("making the photographs")
        return photographs(self.folder)

    def patch(self, course: Course) -> Patch:
        """Our patch of the course; built once."""
        return self._once(f"patch-{course.name}", lambda out: patch(course, out))

    def full(self, course: Course) -> Patch:
        """Our full pack of the course's newer version; built once."""
        return self._once(f"full-{course.name}", lambda out: full(course, out))

    def scratch(self) -> Path:
        """A path that nobody has used yet."""
        return self.folder / f"scratch-{next(self._numbers)}"

    def by_peers(
        self, work: Callable[[Course, Path, Sequence[Peer]], dict[str, int]], course: Course
    ) -> dict[str, int]:
        """What each peer needs for the course, by its name; two of them beside each other."""
        with ThreadPoolExecutor(WORKERS) as workers:
            found = [workers.submit(work, course, self.scratch(), [peer]) for peer in PEERS]
            return {name: count for done in found for name, count in done.result().items()}

    def say(self, words: str) -> None:
        """Tell whoever waits what is being done."""
        now = time.monotonic()
        if sys.stderr.isatty():
            print(f"\r\033[K{words} ...", end="", file=sys.stderr, flush=True)
        elif now - self._said_seconds >= SAY_SECONDS:
            self._said_seconds = now
            print(f"{words} ...", file=sys.stderr, flush=True)

    def _once(self, name: str, build: Callable[[Path], Patch]) -> Patch:
        if name not in self._patches:
            self._patches[name] = build(self.scratch())
        return self._patches[name]
