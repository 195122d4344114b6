"""The parts of the soak that cut the power, kill, spoil calls and send anything: they go on where they are told to."""

import importlib

import pytest

from tests.soak.parts import Part


@pytest.mark.parametrize(
    ("name", "start"),
    [
        pytest.param("power", 4_001, marks=pytest.mark.slow),
        pytest.param("kills", 99, marks=pytest.mark.system),
        pytest.param("faults", 40, marks=pytest.mark.system),
        pytest.param("api", 23, marks=pytest.mark.slow),
    ],
)
def test_a_part_does_run_after_run_from_the_number_it_is_given(name: str, start: int) -> None:
    part: Part = importlib.import_module(f"tests.soak.{name}").PART
    reported: list[tuple[int, str]] = []

    end = part.run(start, lambda: len(reported) >= 2, lambda number, failure: reported.append((number, failure)))

    assert (end, [(start, ""), (start + 1, "")]) == (start + 2, reported)
    assert name == part.name
