"""What the channel has to hold: each measure's bar, and the row that says whether it does.

* Everything here is a function of figures: it runs nothing, so that a test can ask what a bad figure would be called.
* A figure that is not true (a patch that does not make the newer version) holds no bar, however small it is.
"""

from collections.abc import Mapping, Sequence

from tests.bench.channel_courses import Course
from tests.bench.channel_cuts import Cut
from tests.bench.channel_link import Race
from tests.bench.channel_nights import History, Night
from tests.bench.channel_patches import MEGABYTE, Patch
from tests.bench.channel_peers import RSYNC, XDELTA3, ZSTD_TAR
from tests.bench.table import Row

NIGHT_BYTES_MAX: Mapping[str, tuple[int, int]] = {"swc": (365_000, 360_000), "iot": (370_000, 350_000)}
"""For these two courses the whole night's bytes: the bar, and what we would like."""

BEST_MAX = 1.05
RSYNC_MAX = 0.95
TAR_MAX = 1.03
JPEG_XL_MAX = 0.80
CPU_SECONDS_PER_MEGABYTE_MAX = 1.5
CPU_BYTES_MIN = MEGABYTE
"""Below this much change the command's own start is most of its CPU."""
PATCH_GROWTH_BYTES_MAX = 48 << 20
FULL_GROWTH_BYTES_MAX = 96 << 20
WASTE_BYTES_MAX = 1 << 20
LINK_MAX = {"clean": 0.60}
"""Of rsync's wall time; links that lose something have half of it."""
BAD_LINK_MAX = 0.50

Figures = Mapping[str, int]
"""Bytes by the name of the peer."""


def night_row(name: str, peers: Figures, night: Night, *, is_exact: bool) -> Row:
    """The bytes of a whole night in which a course changed, by what crossed the wire."""
    if name not in NIGHT_BYTES_MAX:
        return _byte_row(f"{name}: update, whole night over HTTP", peers, night.bytes, None, is_true=is_exact)
    bar, wish = NIGHT_BYTES_MAX[name]
    row = _byte_row(f"{name}: update, whole night over HTTP", peers, night.bytes, bar, is_true=is_exact)
    wished = "reached" if night.bytes <= wish else "not reached"
    return Row(row.measure, row.peer, row.ours, f"{row.bar}; wish {wish:,}: {wished}", row.holds, row.value)


def update_rows(name: str, peers: Figures, patch: Patch) -> list[Row]:
    """A patch beside the best peer and beside rsync."""
    rows = []
    if peers:
        measure = f"{name}: patch beside the best peer"
        rows.append(_share_row(measure, *_best(peers), patch.size_bytes, BEST_MAX, is_true=patch.is_exact))
    if RSYNC in peers:
        measure = f"{name}: patch beside rsync"
        rows.append(_share_row(measure, RSYNC, peers[RSYNC], patch.size_bytes, RSYNC_MAX, is_true=patch.is_exact))
    return rows


def download_rows(name: str, peers: Figures, pack: Patch) -> list[Row]:
    """A first download beside rsync, and beside one stream of everything."""
    bars = [(RSYNC, RSYNC_MAX), (ZSTD_TAR, TAR_MAX)]
    return [
        _share_row(f"{name}: first download", peer, peers[peer], pack.size_bytes, bar, is_true=pack.is_exact)
        for peer, bar in bars
        if peer in peers
    ]


def zip_row(name: str, how: str, folders: Patch, zips: Patch | None) -> Row:
    """Zips instead of folders: the same bytes. Without `zips` the tool that makes them is missing."""
    measure = f"{name}: update as zips, {how}"
    bar = f"{folders.size_bytes:,} B, as folders"
    if zips is None:
        return Row(measure, "-", "not installed", bar, None)
    holds = zips.is_exact and zips.size_bytes == folders.size_bytes
    return Row(measure, "-", f"{zips.size_bytes:,} B", bar, holds, zips.size_bytes)


def film_row(name: str, peers: Figures, patch: Patch) -> Row:
    """A film that was changed a little, beside xdelta3."""
    if XDELTA3 not in peers:
        return Row(name, "not installed", f"{patch.size_bytes:,} B", f"<= {XDELTA3}", None, patch.size_bytes)
    return _share_row(name, XDELTA3, peers[XDELTA3], patch.size_bytes, 1.0, is_true=patch.is_exact)


def photograph_row(peers: Figures, pack: Patch, *, has_jpeg_xl: bool) -> Row:
    """A first download that is nearly all JPEG."""
    measure = "JPEG-rich course: first download"
    if not has_jpeg_xl:
        return Row(f"{measure} (no cjxl and djxl here)", _told(peers), f"{pack.size_bytes:,} B", "-", None)
    return _share_row(measure, *_best(peers), pack.size_bytes, JPEG_XL_MAX, is_true=pack.is_exact)


def cpu_row(course: Course, patch: Patch) -> Row:
    """What the hub spends on a patch, for each MB that changed."""
    changed_bytes = course.changed_bytes()
    ratio = patch.cpu_seconds / (changed_bytes / MEGABYTE) if changed_bytes else 0.0
    measure = f"{course.name}: CPU to build, {changed_bytes / MEGABYTE:.1f} MB changed"
    ours = f"{patch.cpu_seconds:.1f} s, {ratio:.2f} s/MB"
    if changed_bytes < CPU_BYTES_MIN:
        return Row(measure, "-", ours, "- (mostly the command's start)", None, ratio)
    bar = CPU_SECONDS_PER_MEGABYTE_MAX
    return Row(measure, "-", ours, f"<= {bar} s/MB", ratio <= bar, ratio)


def memory_row(name: str, growth_bytes: int, *, is_full: bool) -> Row:
    """How far the box's memory grows while it applies."""
    bar_bytes = FULL_GROWTH_BYTES_MAX if is_full else PATCH_GROWTH_BYTES_MAX
    what = "full pack" if is_full else "patch"
    growth = f"{growth_bytes / (1 << 20):.1f} MiB"
    holds = growth_bytes <= bar_bytes
    return Row(f"memory growth, {what}: {name}", "-", growth, f"<= {bar_bytes >> 20} MiB", holds, growth_bytes)


def request_rows(name: str, history: History) -> list[Row]:
    """How often the box asked in its nights."""
    rows = []
    for what, night in (("update", history.update), ("first download", history.download)):
        made = f"{night.requests} ({night.batches} batches, {night.fetches} patches)"
        holds = night.requests <= night.requests_max
        bar = f"<= 1 + batches + patches = {night.requests_max}"
        rows.append(Row(f"{name}: requests, {what}", "-", made, bar, holds, night.requests))
    return rows


def link_rows(found: Sequence[Race]) -> list[Row]:
    """Wall time over each kind of link, of rsync's on the same kind."""
    return [_link_row(race) for race in found]


def cut_rows(found: Sequence[Cut]) -> list[Row]:
    """What cuts cost."""
    worst = max(found, key=lambda cut: cut.wasted_bytes)
    failed = sum(not cut.is_mended for cut in found)
    wasted = f"{worst.wasted_bytes:,} B ({worst.what})"
    bar = f"<= {WASTE_BYTES_MAX:,} B"
    holds = worst.wasted_bytes <= WASTE_BYTES_MAX
    return [
        Row(f"{len(found)} cuts: the most that one wasted", "-", wasted, bar, holds, worst.wasted_bytes),
        Row(f"{len(found)} cuts: nights that failed", "-", str(failed), "0", failed == 0, failed),
    ]


def _link_row(race: Race) -> Row:
    rsync, ours = race.rsync, race.ours
    bar = LINK_MAX.get(race.kind.name, BAD_LINK_MAX)
    met = f", {ours.outages} outages" if race.kind.outage_seconds else ""
    told = [
        f"{trip.seconds:.0f} s, {trip.bytes:,} B" + (f", begun {trip.again + 1} times" if trip.again else "")
        for trip in (rsync, ours)
    ]
    holds = ours.is_done and race.ratio <= bar
    measure = f"many small files, {race.kind.name}{met}"
    return Row(measure, f"{RSYNC}: {told[0]}", f"{told[1]} = {race.ratio:.0%}", f"<= {bar:.0%}", holds, race.ratio)


def _byte_row(measure: str, peers: Figures, ours: int, bar: int | None, *, is_true: bool) -> Row:
    bar_words = f"<= {bar:,} B" if bar is not None else "-"
    holds = None if bar is None and is_true else is_true and bar is not None and ours <= bar
    return Row(measure, _told(peers), f"{ours:,} B{_lie(is_true)}", bar_words, holds, ours)


def _share_row(measure: str, peer: str, peer_bytes: int, ours: int, bar: float, *, is_true: bool) -> Row:
    share = ours / peer_bytes
    told = f"{ours:,} B = {share:.1%}{_lie(is_true)}"
    return Row(measure, f"{peer}: {peer_bytes:,} B", told, f"<= {bar:.0%}", is_true and share <= bar, share)


def _best(peers: Figures) -> tuple[str, int]:
    return min(peers.items(), key=lambda item: item[1])


def _told(peers: Figures) -> str:
    if not peers:
        return "-"
    name, count = _best(peers)
    return f"{name}: {count:,} B"


def _lie(is_true: bool) -> str:
    return "" if is_true else ", and it is NOT the newer version"
