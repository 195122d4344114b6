"""The bench itself: a bad figure is called bad, whatever else is good; and the lot is the same in every run."""

import os
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.bench import progress, progress_bars, progress_lot
from tests.bench.progress_bars import LARGE, SMALL
from tests.bench.progress_intake import Pace, pace
from tests.bench.progress_night import AGAIN_BYTES_MAX, Killed, Night, Went, killed, went
from tests.bench.table import Row

GOOD = Went(LARGE, 1_500_000, 1_000, 5, 2.0, 1.0, 0.8, is_whole=True)


def verdicts(rows: list[Row]) -> list[bool | None]:
    return [row.holds for row in rows]


# ---- what a figure is called -------------------------------------------------------------------------------------


def test_a_night_within_its_bars_holds_them_all() -> None:
    assert [True, True, True] == verdicts(progress_bars.night_rows(GOOD, LARGE))


@pytest.mark.parametrize(
    ("worse", "called"),
    [
        ({"bytes_up": 1_599_001}, [False, True, True]),
        ({"requests": 13}, [True, False, True]),
        ({"hub_cpu_seconds": 2.1}, [True, True, False]),
        ({"is_whole": False}, [False, False, False]),
        ({"events": LARGE - 1}, [False, False, False]),
    ],
)
def test_a_night_above_a_bar_or_not_whole_is_called_so(worse: dict[str, Any], called: list[bool]) -> None:
    assert called == verdicts(progress_bars.night_rows(replace(GOOD, **worse), LARGE))


def test_a_night_that_lost_an_event_says_so() -> None:
    rows = progress_bars.night_rows(replace(GOOD, is_whole=False), LARGE)

    assert "NOT the same" in rows[0].ours


def test_the_small_night_has_no_bar_for_its_cpu() -> None:
    small = Went(SMALL, 12_000, 500, 2, 1.0, 0.1, 0.8, is_whole=True)

    assert [True, True, None] == verdicts(progress_bars.night_rows(small, SMALL))


def test_a_slow_hub_is_called_slow() -> None:
    assert [True, True] == verdicts(progress_bars.pace_rows(Pace(1, 20_000, 5_000, 30_000)))
    assert [False, False] == verdicts(progress_bars.pace_rows(Pace(1, 19_999, 4_999, 30_000)))


def test_the_disk_is_judged_by_what_an_event_adds() -> None:
    assert [True] == verdicts(progress_bars.disk_rows(100_000, 150_000, 100))
    assert [False] == verdicts(progress_bars.disk_rows(100_000, 150_001, 100))


@pytest.mark.parametrize(
    "worse", [{"lost": 1}, {"doubled": 1}, {"residue": 1}, {"again_bytes_max": AGAIN_BYTES_MAX + 1}]
)
def test_a_killed_hub_that_costs_more_than_a_batch_is_called_so(worse: dict[str, int]) -> None:
    good = Killed(5, 0, 0, 0, 0)

    assert [True] * 4 == verdicts(progress_bars.killed_rows(good))
    assert 1 == verdicts(progress_bars.killed_rows(replace(good, **worse))).count(False)


# ---- the lot -----------------------------------------------------------------------------------------------------


def test_the_lot_is_the_same_in_every_run() -> None:
    first, again = ([*islice(progress_lot.deeds(), 500)] for _ in range(2))

    assert first == again
    assert 500 == len({deed.payload["id"] for deed in first})
    assert {"answered", "progressed", "completed"} == {deed.kind for deed in first}


# ---- the real programs -------------------------------------------------------------------------------------------


def test_the_hub_takes_and_reads_out_all_that_was_timed(tmp_path: Path) -> None:
    found = pace(tmp_path, 50)

    assert 50 == found.events
    assert found.taken_per_second > 0


@pytest.mark.system
def test_a_small_night_goes_up_whole_and_a_lie_about_it_is_noticed(tmp_path: Path) -> None:
    night = Night.prepared(tmp_path / "night", 50)
    clean = went(night.copied(tmp_path / "clean"), 50)
    assert (50, True) == (clean.events, clean.is_whole)

    lie = went(night.copied(tmp_path / "lie"), 51)

    assert not lie.is_whole


@pytest.mark.system
def test_a_hub_killed_in_the_middle_costs_at_most_a_batch(tmp_path: Path) -> None:
    night = Night.prepared(tmp_path / "night", 200)
    clean = went(night.copied(tmp_path / "clean"), 200)

    found = killed(night, tmp_path, clean, 1)

    assert [True] * 4 == verdicts(progress_bars.killed_rows(found))


def test_there_is_no_part_of_an_unknown_name() -> None:
    with pytest.raises(AssertionError, match="there is no part all"):
        progress.main(["all"])


def test_a_missed_bar_ends_with_one_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    missed = Row("a measure", "-", "2", "1", False)
    monkeypatch.setattr(progress, "PARTS", {"one": ("A part", lambda bench: [missed])})
    assert 0 == progress.main([])

    monkeypatch.setitem(os.environ, "STRICT", "1")

    assert 1 == progress.main([])
