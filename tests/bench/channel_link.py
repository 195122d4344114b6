"""Many small files over a slow link with a long way: rsync and ours, side by side, each on an emulated link of its own.

* Ours is the real hub process and the real `qanat box sync`, run again until the course is there; rsync is its daemon
  and `rsync -az --partial`, run again until it ends well. Both start when their links come up; seconds are wall time,
  with each program's own start and all that it does to the disk.
* Links of one kind lose packets by the same lots for both. Where there is loss, there are three pairs, and the one of
  middling ratio is told: one early loss more or less decides a good part of a single run.
* Outages come on a link that also loses packets, as outages do, and once more on one that loses none.
"""

import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.channel_nights import enrol, publish
from tests.bench.channel_relay import Line, LinkKind, Relay, inside, is_listening, linked
from tests.bench.processes import ROOT, START_SECONDS_MAX, qanat, running

HUB_PORT = 8080
RSYNC_PORT = 8873
LOSS_PERMILLE = 10
OUTAGE_SECONDS = 10.0
SILENCE_SECONDS_MAX = 20
"""When rsync gives a silent link up: longer than an outage, so that most are sat out."""
TOTAL_SECONDS_MAX = 900
APART_SECONDS = 5.0
"""Between the starts of one pair and the next: the links are each their own, the cores are not."""

CLEAN = LinkKind("clean")
LOSS = LinkKind("1 % loss", loss_permille=LOSS_PERMILLE)
OUTAGES = LinkKind("1 % loss, 10 s outage a minute", loss_permille=LOSS_PERMILLE, outage_seconds=OUTAGE_SECONDS)
ONLY_OUTAGES = LinkKind("10 s outage a minute, no loss", outage_seconds=OUTAGE_SECONDS)
PAIRS = (CLEAN, LOSS, LOSS, LOSS, OUTAGES, OUTAGES, OUTAGES, ONLY_OUTAGES)


@dataclass(frozen=True, slots=True)
class Trip:
    """One transfer: how long it took, what the link carried as IP packets, and how often it was begun again."""

    seconds: float
    bytes: int
    again: int
    outages: int
    is_done: bool


@dataclass(frozen=True, slots=True)
class Race:
    """rsync and ours over one kind of link."""

    kind: LinkKind
    rsync: Trip
    ours: Trip

    @property
    def ratio(self) -> float:
        return self.ours.seconds / self.rsync.seconds


def races(few: Path, many: Path, folder: Path, say: Callable[[str], None] = lambda words: None) -> list[Race]:
    """A race over each of `PAIRS`: the folder `few` where the link stays up, `many` where there are outages.

    Raises NoTunnels where this machine does not let us.
    """
    sizes = {False: few, True: many}
    hubs = {is_long: folder / f"hub-{is_long}" for is_long in sizes}
    with linked([kind for kind in PAIRS for _ in ("rsync", "ours")]) as relay, ExitStack() as ends:
        for is_long, files in sizes.items():
            say("packing what will travel")
            publish(hubs[is_long], files)
            _serve(ends, relay.lines[0].hub_namespace, hubs[is_long], HUB_PORT + is_long, folder)
        _serve_rsync(ends, relay.lines[0].hub_namespace, sizes, folder)
        pairs = list(zip(relay.lines[::2], relay.lines[1::2], strict=True))
        commands: list[tuple[Line, Sequence[str], Path]] = []
        for number, (theirs, ours) in enumerate(pairs):
            is_long = bool(theirs.kind.outage_seconds)
            commands.append(_rsync_command(theirs, is_long, folder / f"rsync-{number}"))
            commands.append(_our_command(ours, hubs[is_long], HUB_PORT + is_long, folder / f"box-{number}"))
        trips = _all_trips(relay, commands, say)
    return [Race(pair[0].kind, *trips[2 * number : 2 * number + 2]) for number, pair in enumerate(pairs)]


def middling(found: Sequence[Race]) -> list[Race]:
    """Of each kind of link the race whose ratio is the median."""
    kinds = list(dict.fromkeys(race.kind for race in found))
    groups = [[race for race in found if race.kind == kind] for kind in kinds]
    medians = [statistics.median_low(race.ratio for race in group) for group in groups]
    return [next(race for race in group if race.ratio == ratio) for group, ratio in zip(groups, medians, strict=True)]


# ---- the ends ----------------------------------------------------------------------------------------------------


def _serve(ends: ExitStack, namespace: str, data: Path, port: int, folder: Path) -> None:
    words = qanat("hub", "serve", "--data", str(data), "--host", "0.0.0.0", "--port", str(port))
    process = ends.enter_context(running(inside(namespace, *words), folder / f"hub-{port}.log"))
    _wait_until_listening(process, port)


def _serve_rsync(ends: ExitStack, namespace: str, sizes: dict[bool, Path], folder: Path) -> None:
    settings = folder / "rsyncd.conf"
    modules = "".join(f"[{_module(is_long)}]\npath = {path}\nread only = yes\n" for is_long, path in sizes.items())
    settings.write_text(f"use chroot = no\nuid = root\ngid = root\nport = {RSYNC_PORT}\n{modules}")
    words = ["rsync", "--daemon", "--no-detach", f"--config={settings}"]
    process = ends.enter_context(running(inside(namespace, *words), folder / "rsync.log"))
    _wait_until_listening(process, RSYNC_PORT)


def _wait_until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    begun = time.monotonic()
    while not is_listening(process.pid, port):
        assert process.poll() is None, f"what should listen on port {port} ended"
        assert time.monotonic() - begun < START_SECONDS_MAX, f"nobody listens on port {port}"
        time.sleep(0.05)


def _module(is_long: bool) -> str:
    return "many" if is_long else "few"


def _rsync_command(line: Line, is_long: bool, target: Path) -> tuple[Line, Sequence[str], Path]:
    source = f"rsync://{line.hub_address}:{RSYNC_PORT}/{_module(is_long)}/"
    words = ["rsync", "-az", "--partial", f"--timeout={SILENCE_SECONDS_MAX}", source, f"{target}/"]
    return line, inside(line.box_namespace, *words), target


def _our_command(line: Line, hub: Path, port: int, box: Path) -> tuple[Line, Sequence[str], Path]:
    # The hub's address is the same from its own side, where the box joins it without crossing the link.
    enrol(box, hub, f"http://{line.hub_address}:{port}", lambda words: inside(line.hub_namespace, *words))
    words = qanat("box", "sync", "--data", str(box), "--json")
    return line, inside(line.box_namespace, *words), box


# ---- the trips ---------------------------------------------------------------------------------------------------


def _all_trips(
    relay: Relay, commands: Sequence[tuple[Line, Sequence[str], Path]], say: Callable[[str], None]
) -> list[Trip]:
    """Let them go, two by two, and wait for the last."""
    trips: dict[int, Trip] = {}

    def go(number: int) -> None:
        line, words, _ = commands[number]
        trips[number] = _trip(relay, line, words)

    relay.begin()
    threads = [threading.Thread(target=go, args=[number]) for number in range(len(commands))]
    for place, thread in enumerate(threads):
        if place and place % 2 == 0:
            time.sleep(APART_SECONDS)
        thread.start()
    while any(thread.is_alive() for thread in threads):
        say(f"on the links: {relay.seconds():.0f} s, {len(trips)} of {len(threads)} have arrived")
        time.sleep(1.0)
    for _, _, target in commands:
        shutil.rmtree(target, ignore_errors=True)
    return [trips[number] for number in range(len(commands))]


def _trip(relay: Relay, line: Line, words: Sequence[str]) -> Trip:
    again, is_done = -1, False
    relay.bring_up(line)
    while not is_done and relay.seconds(line) < TOTAL_SECONDS_MAX:
        again += 1
        is_done = _is_well(words, TOTAL_SECONDS_MAX - relay.seconds(line))
    seconds = relay.seconds(line)
    return Trip(seconds, line.bytes, again, line.kind.outages(seconds), is_done)


def _is_well(words: Sequence[str], seconds_max: float) -> bool:
    """Run it once; ours must have said besides that nothing had to wait."""
    try:
        done = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=max(seconds_max, 1.0)
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and ('"outcome"' not in done.stdout or '"outcome": "well"' in done.stdout)
