"""Scripts are drawn before anything happens, and shrink without changing what is left."""

import pytest

from tests.simulation import registry
from tests.simulation.living import script_of
from tests.simulation.script import BOXES, STEPS, Lots, Script, Step, Trouble, drawn
from tests.simulation.shrinking import shrunk

SEEDS = range(300)
LOTS = Lots(
    {"a": 1},
    {"one": {"b": 1}, "two": {"c": 1}, "three": {"d": 1}},
    frozenset({"a"}),
    {"report": {"": 1, "x": 1}, "pack": {"": 1}},
)


def test_the_same_seed_draws_the_same_script() -> None:
    assert [drawn(seed, LOTS) for seed in SEEDS] == [drawn(seed, LOTS) for seed in SEEDS]


def test_other_seeds_draw_other_scripts() -> None:
    assert len(SEEDS) == len({repr(script_of(seed)) for seed in SEEDS})


def test_every_step_and_every_trouble_is_drawn_by_some_seed() -> None:
    scripts = [script_of(seed) for seed in SEEDS]
    lots = registry.lots()
    kinds = {step.kind for script in scripts for step in script.steps}
    troubles = {(one.at, one.kind) for script in scripts for step in script.steps for one in step.troubles}

    assert registry.KINDS.keys() == kinds
    assert {(at, kind) for at, those in lots.troubles.items() for kind in those if kind} <= troubles


def test_a_script_keeps_within_its_bounds() -> None:
    for script in map(script_of, SEEDS):
        assert STEPS[0] <= len(script.steps) <= STEPS[1]
        assert script.boxes in BOXES
        assert all(not step.troubles or step.kind in registry.WITH_SESSIONS for step in script.steps)


def test_a_script_shrinks_to_the_step_that_matters() -> None:
    script = script_of(3)
    wanted = script.steps[-1]

    smallest = shrunk(script, lambda one: any(step.seed == wanted.seed for step in one.steps))

    assert [wanted.seed] == [step.seed for step in smallest.steps]
    assert (1, False, False) == (smallest.boxes, smallest.is_new, smallest.is_metered)


def test_of_a_night_only_the_trouble_that_matters_is_left() -> None:
    troubles = tuple(Trouble("report", number, f"trouble {number}", 0) for number in range(4))
    script = Script(1, 2, True, True, (Step("answers", 0, 1), Step("night", 0, 2, troubles), Step("night", 1, 3)))

    smallest = shrunk(script, lambda one: any(troubles[2] in step.troubles for step in one.steps))

    assert (Step("night", 0, 2, (troubles[2],)),) == smallest.steps


def test_a_script_that_fails_whatever_happens_shrinks_to_nothing() -> None:
    assert () == shrunk(script_of(5), lambda one: True).steps


def test_a_script_that_cannot_shrink_stays() -> None:
    script = script_of(7)

    assert script == shrunk(script, lambda one: False)


@pytest.mark.parametrize("kind", sorted(registry.KINDS))
def test_a_step_is_told_in_plain_words(kind: str) -> None:
    assert kind == kind.lower()
    assert kind.replace(" ", "").isalpha()
