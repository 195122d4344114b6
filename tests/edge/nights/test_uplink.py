"""The kernel's counters of a metered interface, over restarts and pulled modems."""

from pathlib import Path

import pytest

from edge.nights.uplink import Reading, moved_bytes, read

NET_DEV = """\
Inter-|   Receive                    |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
 wwan0:7340032 5000 0 0 0 0 0 0 524288 4000 0 0 0 0 0 0
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/dev").write_text(NET_DEV)
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("0b5e\n")
    return tmp_path


def test_both_directions_are_read(proc: Path) -> None:
    assert Reading("wwan0", "0b5e", 7340032 + 524288) == read("wwan0", proc)


def test_an_interface_that_is_not_there_says_nothing(proc: Path) -> None:
    assert read("wwan1", proc) is None


def test_a_machine_that_counts_nothing_says_nothing(tmp_path: Path) -> None:
    assert read("wwan0", tmp_path) is None


def test_this_machine_counts_what_it_says_to_itself() -> None:
    assert read("lo") is not None


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (None, 0),
        (Reading("eth0", "a", 100), 0),
        (Reading("wwan0", "a", 100), 400),
        (Reading("wwan0", "a", 900), 500),
        (Reading("wwan0", "b", 100), 500),
    ],
    ids=["first look", "another interface", "went on", "plugged in again", "machine restarted"],
)
def test_what_crossed_between_two_looks(before: Reading | None, expected: int) -> None:
    assert expected == moved_bytes(before, Reading("wwan0", "a", 500))
