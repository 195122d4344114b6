"""The model of a disk keeps its own promises: what is flushed stays, and nothing else has to."""

from collections.abc import Sequence

import pytest

from tests.power.disk import MANNERS, SECTOR_BYTES, Act, Flushed, Manner, Removed, Resized, Written, cuts, drawn

PAGE = bytes(range(256)) * 16


def left(acts: Sequence[Act], *manners: Manner, seed: int = 1) -> dict[str, bytes]:
    """What is found after all of these acts."""
    (cut,) = cuts(acts, [len(acts)], seed, manners=manners)
    return cut.files


@pytest.mark.parametrize("manner", MANNERS)
def test_what_was_flushed_stays(manner: Manner) -> None:
    assert {"a": PAGE} == left([Written("a", 0, PAGE), Flushed("a")], manner)


def test_what_was_not_flushed_is_there_after_a_kill_and_gone_after_the_power() -> None:
    acts: list[Act] = [Written("a", 0, b"old"), Flushed("a"), Written("a", 0, b"new")]

    assert ({"a": b"new"}, {"a": b"old"}) == (left(acts, "killed"), left(acts, "lost"))


def test_a_torn_write_leaves_whole_sectors_of_old_and_new() -> None:
    old, new = bytes(8 * SECTOR_BYTES), b"\1" * 8 * SECTOR_BYTES
    found = left([Written("a", 0, old), Flushed("a"), Written("a", 0, new)], "torn")["a"]
    sectors = [found[start : start + SECTOR_BYTES] for start in range(0, len(found), SECTOR_BYTES)]

    assert {old[:SECTOR_BYTES], new[:SECTOR_BYTES]} == set(sectors)


def test_a_file_that_was_never_flushed_has_no_name() -> None:
    assert {} == left([Written("a", 0, PAGE)], "lost")


def test_a_removed_log_comes_back_until_the_next_one_is_flushed() -> None:
    """SQLite removes its logs without flushing the folder, and flushes it with the first flush of a new one."""
    removed: list[Act] = [Written("log", 0, PAGE), Flushed("log"), Removed("log", is_lasting=False)]
    renewed: list[Act] = [*removed, Written("log", 0, b"new"), Flushed("log")]

    assert ({"log": PAGE}, {}) == (left(removed, "lost"), left(removed, "killed"))
    assert {"log": b"new"} == left(renewed, "lost")


def test_a_flushed_removal_is_for_ever() -> None:
    assert {} == left([Written("a", 0, PAGE), Flushed("a"), Removed("a", is_lasting=True)], "lost")


def test_a_file_is_shortened_for_good_once_that_is_flushed() -> None:
    acts: list[Act] = [Written("a", 0, PAGE), Flushed("a"), Resized("a", 3)]

    assert ({"a": PAGE}, {"a": PAGE[:3]}) == (left(acts, "lost"), left([*acts, Flushed("a")], "lost"))


def test_what_lay_there_before_is_there_after_the_power() -> None:
    (cut,) = cuts([Written("a", 0, b"new")], [1], 1, {"a": b"old", "b": b"else"}, ["lost"])

    assert {"a": b"old", "b": b"else"} == cut.files


def test_the_same_seed_gives_the_same_cuts() -> None:
    acts: list[Act] = [Written("a", 512 * number, PAGE) for number in range(20)]
    places = drawn(30, 1, len(acts), 7)

    assert list(cuts(acts, places, 7)) == list(cuts(acts, places, 7))
    assert places[-1] == len(acts)
