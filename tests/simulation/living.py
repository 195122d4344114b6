"""Living: a script becomes a world, is lived to its end, and asked for every promise.

* A world that breaks a promise, or meets an error that is no fault of the world's, fails; its story says what happened.
* After the last step links heal: quiet nights, until every box has what it wants.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simulation import campus, cards, hub_steps, promises, registry, steps
from tests.simulation.script import Script, drawn
from tests.simulation.shrinking import shrunk
from tests.simulation.templates import Templates, worlds
from tests.simulation.world import SimulatedWorld
from tests.stories.disk import Card


@dataclass(frozen=True, slots=True)
class Lived:
    """A world that was lived: what was to happen, what happened, and what was wrong in it, if anything was."""

    script: Script
    story: tuple[str, ...]
    error: Exception | None

    @property
    def has_failed(self) -> bool:
        return self.error is not None

    @property
    def sentence(self) -> str:
        """What was wrong, in its first line."""
        return f"{type(self.error).__name__}: {str(self.error).partition(chr(10))[0]}"

    @property
    def kind(self) -> tuple[str, str]:
        """What is the same of one mistake in two worlds: the sort of error, and the promise or function that met it."""
        trace = self.error.__traceback__ if self.error else None
        names = []
        while trace is not None:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        asked = [name for name in names if name in _PROMISES]
        return type(self.error).__name__, (asked or names or [""])[-1]


class Simulation:
    """Lives worlds, one after the other, in one folder."""

    def __init__(self, folder: Path, card: Card, templates: Templates) -> None:
        self._folder = folder
        self._card = card
        self._templates = templates

    def lived(self, script: Script) -> Lived:
        """Live one world to its end, or to where something does not hold."""
        folder = self._folder / str(script.seed)
        folder.mkdir()
        self._card.forget()
        world = None
        try:
            world = SimulatedWorld(folder, self._card, self._templates, script)
            _live(world, script)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what this world has to tell
            return Lived(script, tuple(world.story if world else ()), error)
        finally:
            if world is not None:
                world.closes()
            shutil.rmtree(folder)
        return Lived(script, tuple(world.story), None)

    def smallest(self, failed: Lived) -> Lived:
        """The smallest world in which the same goes wrong."""
        found = failed

        def fails(script: Script) -> bool:
            nonlocal found
            again = self.lived(script)
            if not again.has_failed or again.kind != failed.kind:
                return False
            found = again
            return True

        shrunk(failed.script, fails)
        return found


@contextmanager
def simulation() -> Iterator[Simulation]:
    """A place to live worlds in; nothing of them stays."""
    with worlds() as (folder, card, templates):
        yield Simulation(folder, card, templates)


def script_of(seed: int) -> Script:
    """The script of a seed, of all that can happen."""
    return drawn(seed, registry.lots())


def _live(world: SimulatedWorld, script: Script) -> None:
    _begin(world, script)
    for step in script.steps:
        registry.take(world, step)
        for promise in promises.AT_ONCE:
            promise(world)
    for box in world.boxes:
        box.reads_its_card_again()
    nights_left = promises.NIGHTS_MAX
    while nights_left:
        nights_left -= 1
        world.quiet_nights(1)
        for box in world.boxes:
            night = box.box.nights.last(1)[0]
            world.tells(f"a quiet night at {box.name} goes {night.outcome}. {night.sentence}".rstrip())
        if promises.is_healed(world):
            break
        # What staff do about keys is heard in the night after it.
        nights_left += world.staff_look_at_alarms()
    with world.hub.looked_at():
        for promise in promises.IN_THE_END:
            promise(world)


def _begin(world: SimulatedWorld, script: Script) -> None:
    """What must have been done on the first day, so that there is something to go back to."""
    kinds = {step.kind for step in script.steps}
    for number in range(script.boxes):
        world.box(f"school {number}")
    if "the hub is restored" in kinds:
        world.backups.append(world.hub.backs_up())
    if kinds & {"a card is put back", "a card is cloned"}:
        for box in world.boxes:
            world.copies_card(box)


LOADED = (steps, cards, hub_steps, campus)
"""Where steps are registered."""

_PROMISES = {promise.__name__ for promise in (*promises.AT_ONCE, *promises.IN_THE_END)}
