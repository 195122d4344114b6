"""300 learners answer at once, and each answer is on the disk before it is acknowledged.

* The box is the real process with its real front; each learner is signed in and sends POST /learn/answer on a
  connection of their own, again as soon as the last answer is acknowledged.
* Beside it, in the same run and over the same data: the same box with one commit each, once by threads with their own
  connections (what a plain web app does with SQLite, and what the bar is against), once through our writer's queue.
* Every flush is made to take as long as on an SD card: a library of six lines, compiled here and loaded before the C
  library, lets each fsync and fdatasync end 10 ms later. Where there is no C compiler, the disk's own flush stands, and
  the table says so.
* At the end the box is killed, not stopped: whatever was acknowledged must be in its database.
"""

import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from catalog.publish import Catalog, publish
from edge.box import Box
from edge.people.people import Secret
from sync.clock import SystemClock
from sync.web import passwords
from tests.bench.processes import ROOT, first_page
from tests.bench.table import Row, show
from tests.ports import free_ports

LEARNERS = 300
FLUSH_MICROSECONDS = 10_000
RATIO_MIN = 10.0
P99_SECONDS_MAX = 1.2
RUN_SECONDS_MAX = 60.0
ROUNDS = {"group": 4, "queue": 2, "direct": 1}
"""How often each learner answers: the slow ones get fewer, so that the bench ends in the same night."""

SLOW_FLUSHES = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
#define SLOW(name) int name(int file) { int done = ((int (*)(int))dlsym(RTLD_NEXT, #name))(file); \\
    usleep(MICROSECONDS); return done; }
SLOW(fsync) SLOW(fdatasync)
"""
COURSE, ACTIVITY = "quiz", "site"
READ_BYTES = 1 << 14


@dataclass
class Learner:
    """One learner at one tablet."""

    id: str
    cookie: str
    csrf: str
    wire: socket.socket = field(init=False)
    asked: int = 0
    begun_seconds: float = 0.0
    acknowledged: list[str] = field(default_factory=list)

    def answer(self, port: int) -> None:
        """Send the next answer."""
        said = {"course": COURSE, "activity": ACTIVITY, "item": f"question-{self.asked}", "answer": "The third one"}
        body = urlencode({**said, "key": f"{self.id}-{self.asked}"})
        head = (
            f"POST /learn/answer HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
            f"Cookie: qanat-box-{port}={self.cookie}\r\nX-Csrf: {self.csrf}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.begun_seconds = time.perf_counter()
        self.wire.sendall((head + body).encode())

    def hear(self) -> None:
        """Take the acknowledgement, which has no body."""
        head = self.wire.recv(READ_BYTES)
        assert head.startswith(b"HTTP/1.1 204"), head[:300]
        self.acknowledged.append(f"question-{self.asked}")
        self.asked += 1


@dataclass(frozen=True)
class Run:
    """What came of one mode."""

    answers: int
    per_second: float
    p95_seconds: float
    p99_seconds: float
    lost: int
    is_slowed: bool


def rows(folder: Path) -> Iterator[Row]:
    learners = _make_box(folder / "made")
    # Ours takes turns with the others: the machine's mood is shared out.
    runs = {name: _run(folder, name, learners) for name in ("group-1", "direct-1", "group-2", "direct-2", "queue-1")}
    ours, direct = _joined(runs["group-1"], runs["group-2"]), _joined(runs["direct-1"], runs["direct-2"])
    queue = runs["queue-1"]
    flush = f"each flush {FLUSH_MICROSECONDS // 1000} ms" if ours.is_slowed else "the disk's own flush"
    title = f"{LEARNERS} answers at once, durable"
    ratio = ours.per_second / direct.per_second
    yield Row(
        f"{title} ({flush}): beside one commit each", f"{direct.per_second:.0f}/s",
        f"{ours.per_second:.0f}/s, x {ratio:.1f}", f">= x {RATIO_MIN:.0f}", ratio >= RATIO_MIN, ratio,
    )  # fmt: skip
    ratio = ours.per_second / queue.per_second
    yield Row(
        f"{title}: beside our queue, one commit each", f"{queue.per_second:.0f}/s",
        f"{ours.per_second:.0f}/s, x {ratio:.1f}", "-", None, ratio,
    )  # fmt: skip
    p95 = [1000 * run.p95_seconds for run in (direct, ours)]
    yield Row(f"{title}: p95", f"{p95[0]:.0f} ms", f"{p95[1]:.0f} ms", "-", None, p95[1])
    p99 = [1000 * run.p99_seconds for run in (direct, ours)]
    yield Row(
        f"{title}: p99", f"{p99[0]:.0f} ms", f"{p99[1]:.0f} ms", f"< {1000 * P99_SECONDS_MAX:.0f} ms",
        ours.p99_seconds < P99_SECONDS_MAX, p99[1],
    )  # fmt: skip
    lost, acknowledged = sum(run.lost for run in runs.values()), sum(run.answers for run in runs.values())
    yield Row(f"{title}: lost after a kill", "-", f"{lost} of {acknowledged}", "0", lost == 0, lost)


def _make_box(data: Path) -> list[Learner]:
    """A box with one course and 300 learners, all signed in."""
    # 300 of them would take longer than the bench.
    passwords.hash_secret = lambda secret: "not asked for here"
    box = Box.open(data, clock=SystemClock(), random_bytes=os.urandom, open_link=_no_link)
    try:
        source = data / "source"
        source.mkdir()
        (source / "index.html").write_text("<!doctype html><title>Quiz</title><p>Which one?")
        at = Catalog(data, box.database, box.store, box.releases)
        release = publish([source], at, course=COURSE, title="Quiz", now_seconds=0).release
        box.database.write(lambda connection: box.shelf.switch(connection, release, list(release.layers)))
        classroom = box.people.add_classroom("Everybody")
        learners = []
        for number in range(LEARNERS):
            person = box.people.enrol_learner(classroom.id, f"Learner {number}", Secret("pin", "2468"))
            cookie, session = box.sessions.begin(person.id, "learner", {})
            learners.append(Learner(person.id, cookie, session.csrf))
        return learners
    finally:
        box.close()


def _joined(first: Run, second: Run) -> Run:
    """Two runs of one mode as one."""
    return Run(
        first.answers + second.answers,
        (first.per_second + second.per_second) / 2,
        max(first.p95_seconds, second.p95_seconds),
        max(first.p99_seconds, second.p99_seconds),
        first.lost + second.lost,
        first.is_slowed,
    )


def _run(folder: Path, name: str, signed_in: list[Learner]) -> Run:
    mode, data = name.partition("-")[0], folder / name
    shutil.copytree(folder / "made", data)
    learners = [Learner(one.id, one.cookie, one.csrf) for one in signed_in]
    with _served(data, mode, folder / f"{name}.log") as (port, is_slowed):
        seconds, latencies = _answered(port, learners, ROUNDS[mode])
    count = sum(len(one.acknowledged) for one in learners)
    ordered = sorted(latencies)
    p95, p99 = (ordered[int(len(ordered) * share)] for share in (0.95, 0.99))
    return Run(count, count / seconds, p95, p99, _lost(data, learners), is_slowed)


def _answered(port: int, learners: list[Learner], rounds: int) -> tuple[float, list[float]]:
    """Let all of them answer so often, and say how long it took."""
    selector, latencies = selectors.EpollSelector(), []
    for one in learners:
        one.wire = socket.create_connection(("127.0.0.1", port))
        selector.register(one.wire, selectors.EVENT_READ, one)
    begun = time.perf_counter()
    for one in learners:
        one.answer(port)
    waiting = len(learners)
    while waiting and time.perf_counter() - begun < RUN_SECONDS_MAX:
        for key, _ in selector.select(1.0):
            one = key.data
            one.hear()
            latencies.append(time.perf_counter() - one.begun_seconds)
            if one.asked < rounds:
                one.answer(port)
            else:
                waiting -= 1
    seconds = time.perf_counter() - begun
    latencies += [seconds] * waiting
    for one in learners:
        one.wire.close()
    return seconds, latencies


def _lost(data: Path, learners: list[Learner]) -> int:
    """How many acknowledged answers are not in the box's database, or have no event in its journal."""
    box = Box.open(data, clock=SystemClock(), random_bytes=os.urandom, open_link=_no_link)
    try:
        read = box.database.read()
        kept = {(row[0], row[1]) for row in read.execute("select learner, item from answer")}
        events = int(read.execute("select count(*) from event where kind = 'answered'").fetchone()[0])
    finally:
        box.close()
    acknowledged = {(one.id, item) for one in learners for item in one.acknowledged}
    return max(len(acknowledged - kept), len(acknowledged) - events)


@contextmanager
def _served(data: Path, mode: str, log: Path) -> Iterator[tuple[int, bool]]:
    """The box on one core, its flushes slowed where that can be; killed at the end."""
    port, content_port = free_ports(20)[:2]
    command = [sys.executable, "-m", "tests.bench.answers_box", str(data), str(port), str(content_port), mode]
    slow = _slow_flushes(data.parent)
    with log.open("wb") as file:
        words = ["taskset", "--cpu-list", "0", *command]
        process = subprocess.Popen(words, cwd=ROOT, stdout=file, stderr=file, env={**os.environ, **slow})
    try:
        first_page(f"http://127.0.0.1:{port}/", process)
        yield port, bool(slow)
    finally:
        process.kill()
        process.wait()


def _slow_flushes(folder: Path) -> dict[str, str]:
    """The environment that makes a command's flushes as slow as a card's; empty where nothing compiles it."""
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(SLOW_FLUSHES)
    command = [
        "cc",
        "-shared",
        "-fPIC",
        f"-DMICROSECONDS={FLUSH_MICROSECONDS}",
        "-o",
        str(library),
        str(source),
        "-ldl",
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return {}
    return {"LD_PRELOAD": str(library)}


def _no_link(address: str) -> Any:
    raise AssertionError(f"nobody asks for {address} here")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qanat-answers-") as folder:
        show("Answers (peer: the same box with one commit each)", list(rows(Path(folder))))


if __name__ == "__main__":
    main()
