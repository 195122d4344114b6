"""Shrinking: from a script that fails to the smallest one that still does.

* Only what was drawn is taken out, never changed: what is left happens as it did.
* First whole runs of steps, large before small; then single troubles. Round after round, until nothing more can go.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.script import Script

Fails = Callable[[Script], bool]


def shrunk(script: Script, fails: Fails) -> Script:
    """The smallest script found that fails as this one does.

    >>> from tests.simulation.script import Step
    >>> world = Script(1, 1, False, False, tuple(Step(kind, 0, 0) for kind in "abcdefgh"))
    >>> [step.kind for step in shrunk(world, lambda one: {"b", "g"} <= {step.kind for step in one.steps}).steps]
    ['b', 'g']
    """
    while True:
        smaller = next((one for one in _smaller(script) if fails(one)), None)
        if smaller is None:
            return script
        script = smaller


def _smaller(script: Script) -> Iterator[Script]:
    """Scripts with something taken out, the most first."""
    steps = script.steps
    length = len(steps)
    while length:
        for start in range(0, len(steps), length):
            yield script.with_steps(steps[:start] + steps[start + length :])
        length //= 2
    for place, step in enumerate(steps):
        if len(step.troubles) > 1:
            yield script.with_steps((*steps[:place], replace(step, troubles=()), *steps[place + 1 :]))
        for number in range(len(step.troubles)):
            rest = step.troubles[:number] + step.troubles[number + 1 :]
            yield script.with_steps((*steps[:place], replace(step, troubles=rest), *steps[place + 1 :]))
    if script.is_new:
        yield replace(script, is_new=False)
    if script.is_metered:
        yield replace(script, is_metered=False)
    if script.boxes > 1:
        yield replace(script, boxes=1)
