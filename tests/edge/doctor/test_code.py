"""The code that is read out on the phone: it comes through whole, or its misheard group is named."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from edge.doctor.code import CHECKS_MAX, LETTERS_ALL, STEPS, CodeMisheard, Said, code_of, days_step, read, room_step
from sync.web.challenge.sheet import LETTERS

CHECKS = some.frozensets(some.integers(0, CHECKS_MAX - 1))
STEP = some.integers(0, STEPS - 1)


@given(CHECKS, STEP, STEP)
def test_what_a_box_says_is_what_is_understood(checks: frozenset[int], room: int, days: int) -> None:
    code = code_of(checks, room, days)

    assert Said(checks, room, days) == read(code)
    assert [4, 4, 4] == [len(group) for group in code.split("-")]
    assert set(code) <= set(LETTERS + "-")


@given(CHECKS, STEP, STEP, some.integers(0, LETTERS_ALL - 1), some.integers(1, len(LETTERS) - 1))
def test_one_letter_misheard_is_noticed_and_its_group_is_named(
    checks: frozenset[int], room: int, days: int, place: int, by: int
) -> None:
    letters = list(code_of(checks, room, days).replace("-", ""))
    letters[place] = LETTERS[(LETTERS.index(letters[place]) + by) % len(LETTERS)]

    with pytest.raises(CodeMisheard) as misheard:
        read("".join(letters))

    assert misheard.value.sentence.startswith(f"Group {place // 4 + 1} of the code")


@given(CHECKS, STEP, STEP, some.integers(0, LETTERS_ALL - 2))
def test_two_neighbours_that_changed_places_are_noticed(
    checks: frozenset[int], room: int, days: int, place: int
) -> None:
    letters = list(code_of(checks, room, days).replace("-", ""))
    swapped = [*letters[:place], letters[place + 1], letters[place], *letters[place + 2 :]]

    if swapped != letters:
        with pytest.raises(CodeMisheard):
            read("".join(swapped))


def test_no_two_wrong_letters_pass() -> None:
    letters = list(code_of({1, 5}, 3, 2).replace("-", ""))
    passed = []
    for (first, second), (one, other) in product([(0, 1), (2, 9), (10, 11), (3, 7)], product(LETTERS, LETTERS)):
        harmed = list(letters)
        harmed[first], harmed[second] = one, other
        try:
            read("".join(harmed))
        except CodeMisheard:
            continue
        passed.append("".join(harmed))

    assert {"".join(letters)} == set(passed)


@pytest.mark.parametrize(("typed", "group"), [("ACCC-CCCC-CCCC", 1), ("CCCC-CCC5-CCCC", 2), ("CCCC-CCCC-CECC", 3)])
def test_a_letter_that_no_code_has_names_its_group(typed: str, group: int) -> None:
    with pytest.raises(CodeMisheard, match=f"Group {group}"):
        read(typed)


def test_a_letter_that_is_missing_is_said() -> None:
    with pytest.raises(CodeMisheard, match="these are 11"):
        read(code_of({3}, 1, 1)[:-1])


def test_it_is_understood_however_it_is_typed() -> None:
    code = code_of({0, 31}, 7, 6)

    assert read(code) == read(code.lower().replace("-", " ")) == read(f"  {code.replace('-', '')} ")


def test_a_healthy_box_does_not_say_one_letter_over_and_over() -> None:
    code = code_of((), 7, 1).replace("-", "")

    assert all(len(set(code[start : start + 4])) >= 3 for start in (0, 4, 8))


def test_a_code_of_another_form_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.doctor.code.VERSION", 2)
    newer = code_of({4}, 1, 1)
    monkeypatch.undo()

    with pytest.raises(CodeMisheard, match="another form"):
        read(newer)


def test_figures_come_in_steps() -> None:
    assert [0, 1, 4, 7] == [room_step(size) for size in (0, 100_000_000, 2_000_000_000, 10**12)]
    assert [0, 1, 2, 4, 7] == [days_step(days) for days in (None, 0, 1, 7, 400)]
