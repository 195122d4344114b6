"""The judge: brings one case after another to a door, in a process of its own, and says what was wrong with each.

* A case ends in a Fault with a sentence and a hint, or it is taken and the door has proven what it means. Anything else
  that is raised is our mistake.
* Memory is what the kernel says that the process held at its highest; time is what the processor worked, so that a
  busy machine accuses nobody. Address space and processor time are fenced by the kernel too: a case that breaks
  through ends the process, and whoever started it says so.
* Nothing is written outside the case's room and the door's home, nothing of what was refused stays, no file stays open
  and no thread runs on.
"""

import os
import resource
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from catalog.fault import Fault
from tests.hostile.cases import case_of
from tests.hostile.doors import Case, Door, Room, Wrong

CPU_SECONDS_MAX = 8
"""Of one case; most need a thousandth of it."""
FENCE_CPU_SECONDS = 30
"""After so much the kernel ends the process: no Python ran in between to notice."""
FENCE_WALL_SECONDS = 300
"""A case that waits for something that never comes works nothing; and a busy machine is slow."""
FENCE_BYTES = 1 << 30
FORBIDDEN = ("/etc/passwd", "/secret")
"""Where the tricks among the names lead to: no door has any business there."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGING = {"os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate", "os.chmod"}
_DATABASE = (".db", ".db-wal", ".db-shm")


class TooLong(Exception):
    """A case takes longer than any honest thing of its size."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a case must leave as it found it."""

    open_files: int
    threads: int
    files: frozenset[str]
    """At the door's home."""


class Judge:
    """Judges cases at one door; `room` is a folder of its own."""

    def __init__(self, door: Door, room: Path) -> None:
        self.is_taken = False
        """Whether the last case was taken."""
        self._door = door
        self._room = Room(room / "came", room / "kept")
        self._watch = Watch.only()
        room.mkdir(parents=True)
        (room / "secret").write_text("beside the room of every case, and none of its business")
        self._fence_bytes()
        self._before = self._standing()
        self._held_bytes = _resident_bytes()

    def complaint(self, number: int) -> str:
        """What is wrong with how this case ends; "" where nothing is."""
        case = case_of(self._door, number)
        found = self.complaint_of(case)
        return f"{found} ({self._door.name}, {case.kind}: {case.story})" if found else ""

    def complaint_of(self, case: Case) -> str:
        for folder in (self._room.came, self._room.kept):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        _forget_peak()
        with self._watch.over(self._room.came, self._room.kept, self._door.home):
            found = self._entered(case)
        return found or self._watch.complaint() or self._aftermath()

    def _entered(self, case: Case) -> str:
        self.is_taken = False
        try:
            with _limited_time():
                self._door.enter(case.kind, case.data, self._room)
        except Fault as fault:
            return "" if fault.sentence and fault.hint else f"refused without words: {fault!r}"
        except Wrong as wrong:
            return str(wrong)
        except TooLong:
            return f"more than {CPU_SECONDS_MAX} s of work"
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding; a library's panic is no Exception
            return f"{type(error).__name__}: {str(error)[:200]}"
        # What was taken may stay where it belongs; the next case finds an empty room all the same.
        shutil.rmtree(self._room.kept)
        self.is_taken = True
        return ""

    def _aftermath(self) -> str:
        if self._room.kept.exists() and (left := next(self._room.kept.rglob("*"), None)):
            return f"{left.relative_to(self._room.kept)} stayed of what was refused"
        raised_bytes = _peak_bytes() - self._held_bytes
        if raised_bytes > self._door.memory_bytes_max:
            return f"{raised_bytes >> 20} MiB of memory"
        now, before = self._standing(), self._before
        self._before = now
        if now.files != before.files:
            return f"at home there is now {sorted(now.files ^ before.files)}"
        if now.open_files > before.open_files or now.threads > before.threads:
            return f"{now.open_files} open files and {now.threads} threads, of {before.open_files} and {before.threads}"
        return ""

    def _standing(self) -> "Standing":
        home = self._door.home
        files = (str(path.relative_to(home)) for path in home.rglob("*") if not path.name.endswith(_DATABASE))
        return Standing(len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), frozenset(files))

    def _fence_bytes(self) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit_bytes = pages * resource.getpagesize() + self._door.memory_bytes_max + FENCE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Watch:
    """Hears of every file that this process opens or changes. Python keeps a hook for ever, so there is one watch."""

    _only: "Watch | None" = None

    def __init__(self) -> None:
        self._allowed: tuple[str, ...] = ()
        self._is_on = False
        self._found = ""
        sys.addaudithook(self._hear)

    @classmethod
    def only(cls) -> "Watch":
        cls._only = cls._only or cls()
        return cls._only

    @contextmanager
    def over(self, *folders: Path) -> Iterator[None]:
        """Listen for what lies outside these folders."""
        self._allowed = tuple(os.path.realpath(folder) + "/" for folder in folders)
        self._is_on, self._found = True, ""
        try:
            yield
        finally:
            self._is_on = False

    def complaint(self) -> str:
        return self._found

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event == "open":
            path, _, flags = args
            if isinstance(path, str | bytes | os.PathLike):
                self._judge(path, is_written=bool(flags & _WRITING))
        elif event in _CHANGING:
            # A name beside an open folder is one that rmtree works on: it opened the folder under its own name.
            beside = args[-1] if event in ("os.mkdir", "os.remove", "os.rmdir") else -1
            for path in args[:2] if event in ("os.rename", "os.link", "os.symlink") else args[:1]:
                if isinstance(path, str | bytes | os.PathLike) and beside in (-1, None):
                    self._judge(path, is_written=True)

    def _judge(self, path: "str | bytes | os.PathLike[Any]", *, is_written: bool) -> None:
        name = os.fsdecode(path)
        place = os.path.realpath(os.path.dirname(os.path.abspath(name))) + "/" + os.path.basename(name)  # noqa: PTH100, PTH119, PTH120
        is_inside = place.startswith((*self._allowed, "/proc/self/")) or place == "/dev/null"
        if place.endswith(FORBIDDEN) and not is_inside:
            self._found = self._found or f"{name} was opened"
        elif is_written and not is_inside and f"{place}/" not in self._allowed:
            self._found = self._found or f"{name} was written"


@contextmanager
def _limited_time() -> Iterator[None]:
    """Raises TooLong where the work takes too long; the kernel ends the process where that is not heard."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    fence_seconds = int(used.ru_utime + used.ru_stime) + FENCE_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (fence_seconds, resource.RLIM_INFINITY))
    before = [signal.signal(one, _too_long) for one in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS_MAX)
    signal.setitimer(signal.ITIMER_REAL, FENCE_WALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for one, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(one, handler)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    return _status_bytes("VmHWM:")


def _resident_bytes() -> int:
    return _status_bytes("VmRSS:")


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))
