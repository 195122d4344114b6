"""The earliest that it can be: what an image, a seed and the last night say of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.birth.seed import Seed
from edge.box import Box
from edge.keeping.since import SEED, earliest_seconds, machine_clock
from tests.edge.conftest import WoundClock

CARD = Seed("a" * 16, "", 0, "Obock", "", "", "", None, made_seconds=1_790_000_000)


def test_the_later_of_image_and_seed_counts(tmp_path: Path) -> None:
    built = tmp_path / "built-seconds"
    built.write_text("1795000000\n")
    alone = earliest_seconds(tmp_path, built)
    (tmp_path / SEED).write_bytes(CARD.to_bytes())
    built.write_text("1780000000\n")

    assert (1_795_000_000, 1_790_000_000) == (alone, earliest_seconds(tmp_path, built))


@pytest.mark.parametrize("said", ["", "soon", "9" * 40])
def test_what_cannot_be_read_says_nothing(tmp_path: Path, said: str) -> None:
    (tmp_path / "built").write_text(said)
    (tmp_path / SEED).write_text(said)

    assert 0 == earliest_seconds(tmp_path, tmp_path / "built")


def test_a_seed_from_the_far_future_says_nothing(tmp_path: Path) -> None:
    (tmp_path / SEED).write_bytes(replace(CARD, made_seconds=1 << 52).to_bytes())

    assert 0 == earliest_seconds(tmp_path, tmp_path / "none")


def test_a_machine_that_had_to_be_told_the_time_is_not_believed(tmp_path: Path) -> None:
    lost = tmp_path / "clock-lost"
    before = machine_clock(lost).now().is_trusted
    lost.touch()

    assert (True, False) == (before, machine_clock(lost).now().is_trusted)


def test_a_box_is_never_before_what_it_last_saw(box: Box, clock: WoundClock) -> None:
    box.watch.look(clock.now())
    box.database.write(lambda connection: None)

    assert clock.wall_seconds == box.earliest_seconds
