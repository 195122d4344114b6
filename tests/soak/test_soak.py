"""The soak goes on where it stopped, and says what it found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import CallerFault
from tests.soak.__main__ import soak
from tests.soak.log import HEADING, Line, added
from tests.soak.parts import NAMES, Part, Report, Until, parts
from tests.soak.standing import Standing, Standings

GOAL = 100


def counting(count: int, *, fails: Callable[[int], bool] = lambda number: False) -> Part:
    """A part that does so many runs and has had enough."""

    def run(start: int, until: Until, report: Report) -> int:
        for number in range(start, start + count):
            report(number, f"number {number} is wrong" if fails(number) else "")
        return start + count

    return Part("counting", GOAL, "numbers", run)


@pytest.fixture
def standings(tmp_path: Path) -> Standings:
    return Standings(tmp_path / "build" / "state.json")


def test_a_soak_goes_on_where_the_last_one_stopped(standings: Standings, tmp_path: Path) -> None:
    soak([counting(7)], 1, standings, tmp_path / "soak.md")

    soak([counting(5)], 1, standings, tmp_path / "soak.md")

    assert Standing(next=12) == Standings(tmp_path / "build" / "state.json").of("counting")


def test_a_clone_goes_on_where_the_log_ends(standings: Standings, tmp_path: Path) -> None:
    soak([counting(7)], 1, standings, tmp_path / "soak.md")
    elsewhere = Standings(tmp_path / "clone" / "state.json")

    soak([counting(5)], 1, elsewhere, tmp_path / "soak.md")

    assert Standing(next=12) == elsewhere.of("counting")


def test_each_time_adds_a_line_to_the_log(standings: Standings, tmp_path: Path) -> None:
    for count in (7, 5):
        soak([counting(count)], 1, standings, tmp_path / "soak.md")

    rows = (tmp_path / "soak.md").read_text().splitlines()[-2:]
    assert ["counting | 0 | 7 | 100 numbers | 0", "counting | 7 | 12 | 100 numbers | 0"] == [
        row.partition(" | ")[2].rpartition(" | ")[0] for row in rows
    ]


def test_a_failure_is_printed_and_counted(
    standings: Standings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = soak([counting(10, fails=lambda number: number % 4 == 3)], 1, standings, tmp_path / "soak.md")

    assert 2 == failures
    assert Standing(next=10, failures=2) == standings.of("counting")
    assert "counting 7 failed: number 7 is wrong" in capsys.readouterr().out


def test_a_soak_that_is_killed_keeps_its_place(standings: Standings, tmp_path: Path) -> None:
    def run(start: int, until: Until, report: Report) -> int:
        report(start, "")
        report(start + 1, "")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        soak([Part("counting", GOAL, "numbers", run)], 1, standings, tmp_path / "soak.md")

    assert Standing(next=2) == standings.of("counting")


def test_a_part_is_told_when_its_share_of_the_time_is_over(standings: Standings, tmp_path: Path) -> None:
    def run(start: int, until: Until, report: Report) -> int:
        while not until():
            report(start, "")
            start += 1
        return start

    assert 0 == soak(
        [Part("one", GOAL, "runs", run), Part("two", GOAL, "runs", run)], 0.02, standings, tmp_path / "log"
    )


def test_a_file_that_is_none_of_ours_is_said(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps(["something else"]))

    with pytest.raises(CallerFault, match="does not say how far"):
        Standings(tmp_path / "state.json")


def test_the_log_begins_with_its_heading() -> None:
    line = Line("2026-05-01", "worlds", 0, 2_000, 1_000_000, "worlds", 0, "abcdef0")

    assert f"{HEADING}| 2026-05-01 | worlds | 0 | 2,000 | 1,000,000 worlds | 0 | abcdef0 |\n" == added("", line)


def test_every_part_has_the_name_of_its_module() -> None:
    there = parts()

    assert "worlds" in there
    assert set(there) <= set(NAMES)
    assert all(name == part.name for name, part in there.items())
