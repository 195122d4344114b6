"""Our channel beside the installed peers: `make bench-channel`, or `python -m tests.bench.channel [PART...]`.

    updates      a course that changed: every peer's bytes, our patch's, our whole night's; CPU; requests; zips
    downloads    a course that is new
    film         a minute of 720p: re-muxed with captions, trimmed by two seconds
    photographs  a course that is nearly all JPEG
    memory       what applying costs the box
    link         2,000 small files over 512 kbit/s and 600 ms, clean, with loss, with outages; beside rsync
    cuts         200 cuts drawn by lot: bytes wasted, nights that failed

* Peers and we bring the same folders, in one run; each part prints its tables as soon as it has them.
* `DATASETS=name=OLD:NEW,...` measures any folders; tests/bench/channel_courses.py says what is taken otherwise.
* Bytes are exact. Seconds of the link are the link's; CPU is this machine's. No test asserts any of these figures.
* `JSON=1` adds a line of JSON after each table; `STRICT=1` ends with 1 where a bar does not hold.
* What is not installed, or not allowed here, is said in its row.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import channel_bars as bars
from tests.bench import channel_cuts, channel_link, channel_memory
from tests.bench.channel_courses import Course, small_files, zipped, zipped_by_another_tool
from tests.bench.channel_nights import history
from tests.bench.channel_patches import patch
from tests.bench.channel_peers import PEERS, RSYNC, XDELTA3, downloaded, updated
from tests.bench.channel_relay import NoTunnels
from tests.bench.channel_shared import Bench
from tests.bench.table import Row, show, show_grid

FEW_FILES = 2_000
MANY_FILES = 4_000
"""Enough for several outages to come while they travel."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a part has found: rows with bars, or a grid of bare figures."""

    title: str
    rows: Sequence[Row] = ()
    headings: Sequence[str] = ()
    cells: Sequence[Sequence[str]] = ()


# ---- the parts ---------------------------------------------------------------------------------------------------


def updates(bench: Bench) -> Iterator[Table]:
    peers, nights = [], []
    for course in bench.courses:
        bench.say(f"{course.name}: the peers' updates")
        peers.append(bench.by_peers(updated, course))
        bench.say(f"{course.name}: our patch")
        bench.patch(course)
        bench.say(f"{course.name}: our nights")
        nights.append(history(course, bench.scratch()))
    patches = [bench.patch(course) for course in bench.courses]
    names = [course.name for course in bench.courses]
    ours = {
        "our patch": [made.size_bytes for made in patches],
        "our night": [night.update.bytes for night in nights],
    }
    yield _grid("Update, bytes", names, peers, ours)
    rows: list[Row] = []
    for name, figures, made, night in zip(names, peers, patches, nights, strict=True):
        rows.append(bars.night_row(name, figures, night.update, is_exact=night.is_exact))
        rows += bars.update_rows(name, figures, made)
    yield Table("Update of a course", rows)
    requests = [row for found in zip(names, nights, strict=True) for row in bars.request_rows(*found)]
    yield Table("Requests in a night", requests)
    yield Table("CPU at the hub", [bars.cpu_row(course, bench.patch(course)) for course in bench.courses])
    yield Table("The same course as zips", [row for course in bench.courses for row in _zip_rows(bench, course)])


def downloads(bench: Bench) -> Iterator[Table]:
    peers, packs = [], []
    for course in bench.courses:
        bench.say(f"{course.name}: first downloads")
        peers.append(bench.by_peers(downloaded, course))
        packs.append(bench.full(course))
    names = [course.name for course in bench.courses]
    yield _grid("First download, bytes", names, peers, {"our full pack": [pack.size_bytes for pack in packs]})
    rows = [row for found in zip(names, peers, packs, strict=True) for row in bars.download_rows(*found)]
    yield Table("First download of a course", rows)


def film(bench: Bench) -> Iterator[Table]:
    try:
        courses = bench.films
    except FileNotFoundError:
        yield Table("Film", [Row("a minute of 720p", "-", "ffmpeg is not installed", f"<= {XDELTA3}", None)])
        return
    bench.say("the film's updates")
    wanted = [peer for peer in PEERS if peer.name in (RSYNC, XDELTA3)]
    peers = [updated(course, bench.scratch(), wanted) for course in courses]
    patches = [bench.patch(course) for course in courses]
    names = [course.name for course in courses]
    yield _grid("Film, bytes", names, peers, {"our patch": [one.size_bytes for one in patches]})
    yield Table("Film", [bars.film_row(*found) for found in zip(names, peers, patches, strict=True)])


def photographs(bench: Bench) -> Iterator[Table]:
    try:
        course = bench.photographs
    except FileNotFoundError:
        yield Table("JPEG", [Row("JPEG-rich course", "-", "ffmpeg is not installed", "<= 80%", None)])
        return
    bench.say("the photographs' first download")
    peers = downloaded(course, bench.scratch(), PEERS)
    has_jpeg_xl = bool(shutil.which("cjxl") and shutil.which("djxl"))
    pack = bench.full(course)
    yield _grid("JPEG-rich course, first download, bytes", [course.name], [peers], {"our full pack": [pack.size_bytes]})
    yield Table("JPEG", [bars.photograph_row(peers, pack, has_jpeg_xl=has_jpeg_xl)])


def memory(bench: Bench) -> Iterator[Table]:
    rows = []
    for course in bench.courses:
        bench.say(f"{course.name}: memory of applying")
        growth = channel_memory.growth_bytes(bench.patch(course).path, course.old)
        rows.append(bars.memory_row(course.name, growth, is_full=False))
        rows.append(bars.memory_row(course.name, channel_memory.growth_bytes(bench.full(course).path), is_full=True))
    try:
        for course in bench.films:
            growth = channel_memory.growth_bytes(bench.patch(course).path, course.old)
            rows.append(bars.memory_row(course.name, growth, is_full=False))
        growth = channel_memory.growth_bytes(bench.full(bench.photographs).path)
        rows.append(bars.memory_row("photographs", growth, is_full=True))
    except FileNotFoundError:
        bench.say("ffmpeg is not installed: no film, no photographs")
    yield Table("Memory of the box while it applies (djxl apart)", rows)


def link(bench: Bench) -> Iterator[Table]:
    sources = [course.new for course in bench.courses]
    few = small_files(sources, bench.folder / "few", FEW_FILES)
    many = small_files(sources, bench.folder / "many", MANY_FILES)
    title = f"{FEW_FILES:,} small files ({MANY_FILES:,} where there are outages), 512 kbit/s, 600 ms"
    try:
        found = channel_link.races(few, many, bench.folder, bench.say)
    except NoTunnels as missing:
        yield Table(title, [Row("small files over a slow link", "-", f"not measured: {missing}", "<= 60%", None)])
        return
    cells = [
        [race.kind.name, who, f"{trip.seconds:.0f}", f"{trip.bytes:,}", str(trip.again), str(trip.outages)]
        for race in found
        for who, trip in ((RSYNC, race.rsync), ("ours", race.ours))
    ]
    headings = ("link", "who", "seconds", "IP bytes", "begun again", "outages met")
    yield Table(f"{title}: every run", headings=headings, cells=cells)
    yield Table(title, bars.link_rows(channel_link.middling(found)))


def cuts(bench: Bench) -> Iterator[Table]:
    yield Table("Cuts", bars.cut_rows(channel_cuts.cuts(bench.scratch(), say=bench.say)))


PARTS: dict[str, Callable[[Bench], Iterator[Table]]] = {
    "updates": updates,
    "downloads": downloads,
    "film": film,
    "photographs": photographs,
    "memory": memory,
    "link": link,
    "cuts": cuts,
}


def run(parts: Sequence[str], bench: Bench) -> bool:
    """Print the tables of these parts. Returns whether every bar holds that could be asked."""
    holds = True
    for name in parts:
        for table in PARTS[name](bench):
            if sys.stderr.isatty():
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            if table.rows:
                show(table.title, table.rows)
            else:
                show_grid(table.title, table.headings, table.cells)
            holds = holds and all(row.holds is not False for row in table.rows)
    return holds


# ---- what they lean on -------------------------------------------------------------------------------------------


def _zip_rows(bench: Bench, course: Course) -> Iterator[Row]:
    """The older version zipped by Python; the newer one by Python, and by another tool."""
    bench.say(f"{course.name}: as zips")
    folder = bench.scratch()
    folder.mkdir()
    old, again = zipped(course.old, folder / "old.zip"), zipped(course.new, folder / "new.zip")
    yield bars.zip_row(
        course.name, "both by Python", bench.patch(course), patch(course, folder / "a", old=old, new=again)
    )
    try:
        other = zipped_by_another_tool(course.new, folder / "other.zip")
    except FileNotFoundError:
        yield bars.zip_row(course.name, "the newer by Info-ZIP", bench.patch(course), None)
        return
    made = patch(course, folder / "b", old=old, new=other)
    yield bars.zip_row(course.name, "the newer by Info-ZIP", bench.patch(course), made)


def _grid(
    title: str, names: Sequence[str], peers: Sequence[Mapping[str, int]], ours: Mapping[str, Sequence[int]]
) -> Table:
    """A line for each course, a column for each tool."""
    tools = list(dict.fromkeys(tool for figures in peers for tool in figures))
    cells = [
        [name, *(f"{figures[tool]:,}" for tool in tools), *(f"{column[place]:,}" for column in ours.values())]
        for place, (name, figures) in enumerate(zip(names, peers, strict=True))
    ]
    return Table(title, headings=("course", *tools, *ours), cells=cells)


def main(parts: Sequence[str]) -> int:
    unknown = set(parts) - PARTS.keys()
    assert not unknown, f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}"
    with tempfile.TemporaryDirectory(prefix="qanat-channel-") as folder:
        holds = run(parts or list(PARTS), Bench(Path(folder)))
    return int(bool(os.environ.get("STRICT")) and not holds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
