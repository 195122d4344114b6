"""Progress on its way, by the real programs: `qanat hub serve`, `qanat box sync`, and a relay between that counts.

* A night is prepared once (a hub, a box that belongs to it, events that wait) and copied for each run.
* Bytes are all of the TCP streams, header lines included; CPU is both processes' own, start of `box sync` and reading
  out at the hub included.
* A night counts only if hub and box hold the same afterwards: as many events, each once, none waiting.
"""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from sync.clock import SystemClock
from sync.hub import schema
from sync.hub.engine import open_engine, reading, sqlite_url
from sync.hub.hub import Hub
from sync.wire import BATCH_BYTES_MAX
from tests.bench import progress_lot
from tests.bench.processes import ROOT, cpu_seconds, first_page, qanat, running
from tests.bench.quiet import Relay, said
from tests.ports import free_ports

READ_OUT_SECONDS_MAX = 120.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Went:
    """What a night with so many new events cost, and whether both sides hold the same after it."""

    events: int
    bytes_up: int
    bytes_down: int
    requests: int
    box_cpu_seconds: float
    hub_cpu_seconds: float
    quiet_cpu_seconds: float
    """What both need for a session with nothing new, most of it the start of `qanat box sync`."""
    is_whole: bool

    @property
    def bytes(self) -> int:
        return self.bytes_up + self.bytes_down

    @property
    def cpu_seconds(self) -> float:
        return self.box_cpu_seconds + self.hub_cpu_seconds


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of a hub that was killed in the middle of it, and started again."""

    kills: int
    again_bytes_max: int
    """The most that one of the kills cost: what went up above a night without it."""
    lost: int
    doubled: int
    residue: int
    """Rows and files that a night without a kill does not leave."""


class Night:
    """One hub and one box of it in a folder of their own."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.folder = folder
        self.hub_port, self.relay_port = ports[:2]

    @classmethod
    def prepared(cls, folder: Path, events: int) -> "Night":
        """A hub, and a box that has told it all but these events."""
        night = cls(folder, free_ports(20))
        hub = Hub.open(folder / "hub", SystemClock(), secrets.token_bytes)
        token = str(hub.fleet.make_token(hub.fleet.campus_called("Bench school")))
        hub.close()
        with night.served():
            said("box", "enrol", *night.box, "--hub", f"http://127.0.0.1:{night.relay_port}", "--token", token)
            said("box", "sync", *night.box)
        progress_lot.write(folder / "box", events, os.urandom)
        return night

    @property
    def box(self) -> list[str]:
        return ["--data", str(self.folder / "box")]

    def copied(self, folder: Path) -> "Night":
        """The same night once more."""
        shutil.copytree(self.folder, folder)
        return Night(folder, [self.hub_port, self.relay_port])

    @contextmanager
    def served(self) -> Iterator[tuple[subprocess.Popen[bytes], Relay]]:
        """The hub, and the relay before it, until the block ends."""
        command = qanat("hub", "serve", "--data", str(self.folder / "hub"), "--port", str(self.hub_port))
        with (
            running(command, self.folder / "hub.log") as hub,
            Relay(self.relay_port, self.hub_port).listening() as relay,
        ):
            first_page(f"http://127.0.0.1:{self.hub_port}/", hub)
            yield hub, relay

    def sync(self) -> subprocess.Popen[bytes]:
        """The box's session, begun."""
        command = [*qanat("box", "sync", *self.box), "--json"]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def held(self) -> "Held":
        """What the hub holds now."""
        engine = open_engine(sqlite_url(self.folder / "hub" / "hub.db"))
        try:
            with reading(engine) as connection:
                epoch = schema.epoch
                rows = connection.execute(select(epoch.c.epoch, epoch.c.taken)).all()
                counts = [
                    int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                    for table in (schema.unread, schema.fork)
                ]
        finally:
            engine.dispose()
        return Held({row.epoch: row.taken for row in rows}, *counts)

    def read_out(self) -> "Held":
        """What the hub holds once it has read all of it out."""
        begun = time.monotonic()
        while (held := self.held()).unread and time.monotonic() - begun < READ_OUT_SECONDS_MAX:
            time.sleep(LOOK_SECONDS)
        return held


@dataclass(frozen=True, slots=True)
class Held:
    """What a hub holds of a box: how far it has each epoch, what waits to be read out, what looks like two cards."""

    taken: dict[str, int]
    unread: int
    forks: int

    @property
    def events(self) -> int:
        return sum(taken + 1 for taken in self.taken.values())


def went(night: Night, events: int) -> Went:
    """One session that brings so many events up; and one behind it that finds nothing new, for its CPU."""
    before = night.held().events
    with night.served() as (hub, relay):
        told, box_cpu_seconds, hub_cpu_seconds = _synced(night, hub)
        bytes_up, bytes_down, requests = relay.bytes_up, relay.bytes_down, relay.requests
        held = night.held()
        came = held.events - before
        # The epoch's own first event comes with the others.
        is_whole = came == told == events + 1 and not held.unread and not held.forks
        quiet = _synced(night, hub)
        return Went(
            came - 1, bytes_up, bytes_down, requests, box_cpu_seconds, hub_cpu_seconds, quiet[1] + quiet[2], is_whole
        )


def _synced(night: Night, hub: subprocess.Popen[bytes]) -> tuple[int, float, float]:
    """A session until the hub has read it out: events that the box says went up, its CPU seconds, the hub's."""
    before = cpu_seconds(hub.pid)
    process = night.sync()
    assert process.stdout is not None
    with process.stdout as said_by_box:
        told = said_by_box.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the session did not end well"
    night.read_out()
    return json.loads(told)["events_up"], usage.ru_utime + usage.ru_stime, cpu_seconds(hub.pid) - before


def killed(prepared: Night, folder: Path, clean: Went, moments: int) -> Killed:
    """Kill the hub at so many moments of the night, each time a night of its own, and let it go on after each."""
    again, lost, doubled, residue = [0], 0, 0, 0
    files = _files(prepared.folder / "hub")
    for moment in range(1, moments + 1):
        night = prepared.copied(folder / f"killed-{moment}")
        before = night.held().events
        bytes_up = _killed_at(night, clean.bytes_up * moment // (moments + 1))
        with night.served() as (_hub, relay):
            process = night.sync()
            process.communicate()
            assert process.returncode == 0, "the box cannot go on after the hub was killed"
            held = night.read_out()
            bytes_up += relay.bytes_up
        again.append(bytes_up - clean.bytes_up)
        came = held.events - before - 1
        lost += max(0, clean.events - came)
        doubled += max(0, came - clean.events)
        residue += held.unread + held.forks + len(_files(night.folder / "hub") - files)
        shutil.rmtree(night.folder)
    return Killed(moments, max(again), lost, doubled, residue)


def _killed_at(night: Night, bytes_up: int) -> int:
    """A session during which the hub is killed once so much went up. Returns what went up in all."""
    with night.served() as (hub, relay):
        process = night.sync()
        while relay.bytes_up < bytes_up and process.poll() is None:
            time.sleep(0)
        hub.kill()
        process.communicate()
        return relay.bytes_up


def _files(folder: Path) -> set[str]:
    # A database's log is there for as long as the process lives, and after its death until the next opening.
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.endswith(("-wal", "-shm"))}


AGAIN_BYTES_MAX = BATCH_BYTES_MAX + (16 << 10)
"""One batch again, and the few lines around it: the report, the headers, the session that was begun anew."""
