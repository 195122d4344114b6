"""A disk that fails at one call: the n-th write or flush of a story gets EIO or ENOSPC, by strace's fault injection.

* The story is told by the real code in a process of its own. strace takes hold of it before it begins, and the kernel's
  answer to one system call is replaced; the call itself is not made.
* Asked afterwards, on a disk that works: was every failure a sentence, is everything there that was acknowledged, and
  does the next start find a whole box and hub.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from catalog.fault import Fault
from edge.box import Box
from sync.continuation import NONE_TAKEN
from sync.hub.hub import Hub
from tests.bench.processes import ROOT
from tests.system.injected_stories import prepare, reopened_box, reopened_hub

CALLS = ("pwrite64", "write", "fsync", "fdatasync", "syncfs")
ERRORS = ("EIO", "ENOSPC")
HOLD_SECONDS_MAX = 20
LOOK_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Failure:
    """Which call of which story fails, and how."""

    story: str
    call: str
    error: str
    number: int

    def __str__(self) -> str:
        return f"{self.story} story, {self.error} at {self.call} number {self.number}"


class Storyteller:
    """A process that has loaded the real code, and forks a child for each telling; it may have a mistake planted."""

    def __init__(self, folder: Path, mistake: str = "") -> None:
        self._folder = folder
        self._mistake = mistake
        self._tellings = 0
        self._calls: dict[str, dict[str, int]] = {}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.system.injected_stories", self._mistake]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks, self._hears = self._process.stdin, self._process.stdout
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._asks.close()
        self._hears.close()
        self._process.wait()

    def complaints(self, failure: Failure) -> list[str]:
        """Tell the story with this failure, and say what is wrong afterwards."""
        with self._told(failure.story, f"inject={failure.call}:error={failure.error}:when={failure.number}") as told:
            data, code, _ = told
            return [f"{failure}: {wrong}" for wrong in _complaints(failure.story, data, code)]

    def calls(self, story: str) -> dict[str, int]:
        """How many calls of each kind the story makes when nothing fails."""
        if story not in self._calls:
            with self._told(story, "") as (_, code, log):
                assert code == 0, f"the {story} story fails by itself"
                names = re.findall(r"^(?:\d+ +)?(\w+)\(", log.read_text(), re.MULTILINE)
            self._calls[story] = {call: names.count(call) for call in CALLS}
        return self._calls[story]

    @contextmanager
    def _told(self, story: str, inject: str) -> Iterator[tuple[Path, int, Path]]:
        self._tellings += 1
        data, log = self._folder / f"{story}-{self._tellings}", self._folder / "calls"
        prepare(story, data)
        try:
            yield data, self._tell(story, data, inject, log), log
        finally:
            shutil.rmtree(data)

    def _tell(self, story: str, data: Path, inject: str, log: Path) -> int:
        print(story, data, file=self._asks)
        child = int(self._hears.readline())
        _wait(lambda: _status(child, "State").startswith("T"))
        words = ["strace", "-f", "-qq", "-o", str(log), "-s", "0", "-e", f"trace={','.join(CALLS)}"]
        words += ["-e", inject] if inject else []
        with subprocess.Popen([*words, "-p", str(child)], stderr=subprocess.DEVNULL) as strace:
            _wait(lambda: _status(child, "TracerPid") not in ("", "0"))
            time.sleep(LOOK_SECONDS)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGCONT)
            code = int(self._hears.readline())
            strace.wait(HOLD_SECONDS_MAX)
        return code


def _complaints(story: str, data: Path, code: int) -> Iterator[str]:
    if code != 0:
        left = data / "traceback"
        words = left.read_text() if left.exists() else f"ended with {code}"
        yield f"not a sentence: {words.strip()}"
    said = [json.loads(line) for line in (data / "said").read_text().splitlines()]
    try:
        if story == "box":
            yield from _at_box(data / "box", said)
        else:
            yield from _at_night(data, said)
    except Fault as fault:
        yield f"the next start fails: {fault.sentence}"


def _at_box(data: Path, said: list[dict[str, Any]]) -> Iterator[str]:
    box = reopened_box(data)
    try:
        yield from _whole(box)
        erased = {line["erased"] for line in said if "erased" in line}
        read = box.database.read()
        kept = {tuple(row) for row in read.execute("select learner, item from answer")}
        for line in said:
            if "item" in line and line["learner"] not in erased and (line["learner"], line["item"]) not in kept:
                yield f"acknowledged, and lost: {line}"
            if "shelf" in line and box.shelf.release("water").version < line["shelf"]:  # type: ignore[union-attr]
                yield f"the shelf went back: {line}"
        yield from (f"erased, and there: {learner}" for learner in erased if box.people.person(learner) is not None)
        names = [line["name"] for line in said if "name" in line]
        if names and box.config.name not in (names[-1], f"School {len(names)}"):
            yield f"the name is {box.config.name}, and {names[-1]} was acknowledged"
    finally:
        box.close()


def _whole(box: Box) -> Iterator[str]:
    integrity = box.database.read().execute("pragma integrity_check").fetchone()[0]
    if integrity != "ok":
        yield f"the database: {integrity}"
    box.journal.verify()
    yield from (f"indexed file is not its bytes: {digest[:8]}" for digest in box.store.verify())
    for release in box.shelf.courses():
        for layer in box.releases.layers(release.root):
            for entry in layer.entries:
                if layer.name in release.layers and not (box.shelf.tree(release.course) / entry.path).exists():
                    yield f"{release.course} {release.version}: {entry.path} is missing"


def _at_night(data: Path, said: list[dict[str, Any]]) -> Iterator[str]:
    """The box first, then that the hub has what the box was told that it has."""
    for folder in data.glob("box-*"):
        yield from _at_box(folder, [line for line in said if "item" in line])
    hub = reopened_hub(data / "hub-0")
    try:
        marks = _marks(hub)
        for line in said:
            if "taken" in line and marks.get(line["epoch"], NONE_TAKEN) < line["taken"]:
                yield f"the hub said that it has {line}, and has {marks}"
        hub.intake.rebuild()
        yield from (f"indexed file is not its bytes: {digest[:8]}" for digest in hub.catalog.store.verify())
    finally:
        hub.close()


def _marks(hub: Hub) -> dict[str, int]:
    with hub.engine.connect() as connection:
        return dict(connection.exec_driver_sql("select epoch, taken from epoch").fetchall())


def _wait(is_so: Any) -> None:
    ends = time.monotonic() + HOLD_SECONDS_MAX
    while not is_so():
        assert time.monotonic() < ends, "the story did not begin"
        time.sleep(LOOK_SECONDS)


def _status(process: int, name: str) -> str:
    """A line of what the kernel says of a process; "" where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.partition(":")[2].strip()
    return ""
