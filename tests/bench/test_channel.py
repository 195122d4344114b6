"""The bench itself: a bad figure is called bad, a link is as slow as it says, and a planted lie makes a row say NO."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import channel, channel_bars, channel_link, channel_patches, channel_shared
from tests.bench.channel_courses import Course, files, small_files, written, zipped
from tests.bench.channel_cuts import Cut, cuts
from tests.bench.channel_link import CLEAN, OUTAGES, Race, Trip, middling
from tests.bench.channel_nights import History, Night
from tests.bench.channel_patches import Patch
from tests.bench.channel_peers import PEERS, RSYNC, ZSTD_PATCH, ZSTD_TAR, updated
from tests.bench.channel_relay import Direction, LinkKind, NoTunnels
from tests.bench.table import Row

PEER_BYTES = {RSYNC: 1_000, ZSTD_PATCH: 500}
TRIP = Trip(seconds=100.0, bytes=1_000, again=0, outages=0, is_done=True)


def a_patch(size_bytes: int, *, is_exact: bool = True) -> Patch:
    return Patch(Path("patch"), size_bytes, 1.0, is_exact)


def a_night(size_bytes: int = 1_000, requests: int = 3) -> Night:
    return Night(size_bytes, requests, fetches=1, batches=1, told_bytes=size_bytes)


def verdicts(rows: list[Row]) -> list[bool | None]:
    return [row.holds for row in rows]


# ---- what a figure is called -------------------------------------------------------------------------------------


def test_a_patch_within_its_bars_holds_both() -> None:
    assert [True, True] == verdicts(channel_bars.update_rows("swc", PEER_BYTES, a_patch(520)))


def test_a_patch_whose_bytes_are_counted_double_holds_neither() -> None:
    assert [False, False] == verdicts(channel_bars.update_rows("swc", PEER_BYTES, a_patch(2 * 520)))


def test_a_small_patch_that_does_not_bring_the_newer_version_holds_nothing() -> None:
    rows = channel_bars.update_rows("swc", PEER_BYTES, a_patch(1, is_exact=False))

    assert [False, False] == verdicts(rows)
    assert "NOT the newer version" in rows[0].ours


def test_a_night_is_judged_by_the_bytes_that_crossed() -> None:
    at_the_bar, above = a_night(365_000), a_night(365_001)

    assert channel_bars.night_row("swc", PEER_BYTES, at_the_bar, is_exact=True).holds
    assert channel_bars.night_row("swc", PEER_BYTES, above, is_exact=True).holds is False
    assert channel_bars.night_row("swc", PEER_BYTES, at_the_bar, is_exact=False).holds is False


def test_a_first_download_has_a_bar_for_each_peer() -> None:
    peers = {RSYNC: 1_000, ZSTD_TAR: 900}

    assert [True, False] == verdicts(channel_bars.download_rows("swc", peers, a_patch(949)))


def test_zips_must_cost_what_folders_cost_to_the_byte() -> None:
    rows = [channel_bars.zip_row("swc", "", a_patch(500), made) for made in (a_patch(500), a_patch(499), None)]

    assert [True, False, None] == verdicts(rows)


def test_a_request_too_many_is_told() -> None:
    rows = channel_bars.request_rows("swc", History(a_night(requests=3), a_night(requests=4), is_exact=True))

    assert [True, False] == verdicts(rows)


def test_memory_has_another_bar_for_full_packs() -> None:
    growth_bytes = 50 << 20

    assert channel_bars.memory_row("swc", growth_bytes, is_full=True).holds
    assert channel_bars.memory_row("swc", growth_bytes, is_full=False).holds is False


def test_a_byte_over_a_mebibyte_and_a_lost_night_are_told() -> None:
    well = Cut("link", 1, 1 << 20, is_mended=True)

    assert [True, True] == verdicts(channel_bars.cut_rows([well]))
    assert [False, True] == verdicts(channel_bars.cut_rows([well, replace(well, wasted_bytes=(1 << 20) + 1)]))
    assert [True, False] == verdicts(channel_bars.cut_rows([well, replace(well, is_mended=False)]))


def test_a_bad_link_asks_for_half_of_the_time_and_a_clean_one_for_less() -> None:
    ours = replace(TRIP, seconds=55.0)

    assert [True, False] == verdicts(channel_bars.link_rows([Race(CLEAN, TRIP, ours), Race(OUTAGES, TRIP, ours)]))


def test_a_transfer_that_never_arrived_holds_no_bar() -> None:
    given_up = replace(TRIP, seconds=1.0, is_done=False)

    assert [False] == verdicts(channel_bars.link_rows([Race(CLEAN, TRIP, given_up)]))


def test_of_three_runs_the_middling_one_is_told() -> None:
    runs = [Race(OUTAGES, TRIP, replace(TRIP, seconds=seconds)) for seconds in (90.0, 20.0, 40.0)]

    assert [40.0] == [race.ours.seconds for race in middling(runs)]


# ---- the emulated link -------------------------------------------------------------------------------------------


def test_a_link_passes_what_its_rate_allows_after_its_delay() -> None:
    way = Direction(LinkKind("clean", rate_bits=8_000, delay_seconds=0.3), random.Random(1))

    arrivals = [way.arrival_seconds(500, 0.0) for _ in range(3)]

    assert arrivals == pytest.approx([0.8, 1.3, 1.8])
    assert 1_500 == way.bytes


def test_what_does_not_fit_the_queue_is_dropped() -> None:
    way = Direction(LinkKind("clean", rate_bits=8_000, queue_bytes=1_000), random.Random(1))

    arrivals = [way.arrival_seconds(600, 0.0) is not None for _ in range(4)]

    assert [True, True, False, False] == arrivals
    assert 2 == way.dropped


def test_a_link_loses_by_lot_and_the_same_lots_lose_the_same_packets() -> None:
    ways = [Direction(LinkKind("loss", loss_permille=100), random.Random(7)) for _ in range(2)]

    lost = [[way.arrival_seconds(100, float(at)) is None for at in range(1_000)] for way in ways]

    assert lost[0] == lost[1]
    assert 60 < sum(lost[0]) < 140


def test_nothing_passes_in_an_outage_and_its_minute_begins_when_the_link_comes_up() -> None:
    way = Direction(LinkKind("outages", outage_seconds=10.0, outage_first_seconds=10.0), random.Random(1))
    way.begun_seconds = 100.0

    passes = [at for at in range(100, 190) if way.arrival_seconds(100, float(at)) is not None]

    assert [*range(100, 110), *range(120, 170), *range(180, 190)] == passes
    assert [0, 1, 2] == [way.kind.outages(seconds) for seconds in (10.0, 11.0, 71.0)]


# ---- what it is measured on --------------------------------------------------------------------------------------


def test_the_course_that_is_written_here_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a", lessons=9), written(tmp_path / "b", lessons=9)

    assert [path.read_bytes() for path in files(first.new)] == [path.read_bytes() for path in files(second.new)]
    assert 0 < first.changed_bytes() < sum(path.stat().st_size for path in files(first.new))


def test_small_files_are_as_many_as_asked_for_and_small(tmp_path: Path) -> None:
    course = written(tmp_path, lessons=9)

    made = files(small_files([course.new], tmp_path / "small", 40))

    assert 40 == len(made)
    assert max(path.stat().st_size for path in made) <= 24_000


def test_folders_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = written(tmp_path, lessons=3)
    monkeypatch.setenv("DATASETS", f"water={course.old}:{course.new}")

    assert [Course("water", course.old, course.new)] == list(channel_shared.Bench(tmp_path).courses)


def test_a_peer_that_is_not_installed_is_left_out(tmp_path: Path) -> None:
    absent = replace(PEERS[0], program="a-tool-that-nobody-has")

    assert {} == updated(written(tmp_path, lessons=3), tmp_path / "scratch", [absent])


# ---- whole parts, small ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cuts_of_the_link_and_of_the_power_hold_their_bars(tmp_path: Path) -> None:
    found = cuts(tmp_path, count=8)

    assert 8 == len(found)
    assert [True, True] == verdicts(channel_bars.cut_rows(found))


@pytest.mark.system
def test_a_planted_lie_makes_the_rows_say_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The peers and the nights are real; our own patch is counted five times over."""
    honest = channel_patches.patch

    def counted_five_times(course: Course, out: Path) -> Patch:
        made = honest(course, out)
        return replace(made, size_bytes=5 * made.size_bytes)

    monkeypatch.setattr(channel_shared, "patch", counted_five_times)
    course = written(tmp_path, lessons=40)

    holds = channel.run(["updates"], channel_shared.Bench(tmp_path, [course]))

    lines = capsys.readouterr().out.splitlines()
    assert not holds
    assert 1 == sum("patch beside the best peer" in line and line.endswith("| NO    |") for line in lines)
    assert 1 == sum("patch beside rsync" in line and line.endswith("| NO    |") for line in lines)
    assert 2 == sum(": requests, " in line and line.endswith("| yes   |") for line in lines)


@pytest.mark.system
def test_a_zip_of_the_older_version_is_as_good_as_its_folder(tmp_path: Path) -> None:
    course = written(tmp_path, lessons=20)

    folders = channel_patches.patch(course, tmp_path / "folders")
    zips = channel_patches.patch(course, tmp_path / "zips", old=zipped(course.old, tmp_path / "old.zip"))

    assert (folders.size_bytes, True) == (zips.size_bytes, zips.is_exact)


@pytest.mark.system
def test_rsync_and_ours_arrive_over_a_link_between_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this machine has no TUN devices the bench says so, and so does this test."""
    monkeypatch.setattr(channel_link, "PAIRS", [CLEAN])
    small = small_files([], tmp_path / "small", 20)

    try:
        (race,) = channel_link.races(small, small, tmp_path)
    except NoTunnels as missing:
        pytest.skip(str(missing))

    packed_bytes = sum(path.stat().st_size for path in files(small)) // 10
    assert race.rsync.is_done
    assert race.ours.is_done
    assert min(race.rsync.bytes, race.ours.bytes) > packed_bytes
    assert min(race.rsync.seconds, race.ours.seconds) > 4 * CLEAN.delay_seconds
