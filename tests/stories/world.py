"""A world: one hub, some boxes, one true time; nights pass when they are told to, and every chance has a seed."""

from pathlib import Path
from random import Random

from tests.stories.box import CampusBox, Ledger, items_in
from tests.stories.clock import TrueTime
from tests.stories.disk import Card
from tests.stories.hub import CampusHub


class World:
    """Everything in one process: no socket, no thread, no sleep."""

    def __init__(self, folder: Path, card: Card, seed: int = 2026) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.time = TrueTime()
        self.ledger = Ledger()
        self.erased: set[str] = set()
        """Learners of whom nothing was to stay, on any box of the campus."""
        self.boxes: list[CampusBox] = []
        self._folder = folder
        self._card = card
        self.hub = CampusHub(folder, self.time, Random(f"{seed} hub"))

    def stranger(self, name: str) -> CampusBox:
        """A new box that belongs to no hub yet."""
        chance = Random(f"{self.seed} {name} {len(self.boxes)}")
        box = CampusBox(name, self._folder, self.time, chance, self.hub, self._card, self.ledger)
        self.boxes.append(box)
        return box

    def box(self, name: str = "hill school") -> CampusBox:
        """A box of this hub."""
        box = self.stranger(name)
        box.enrols(self.hub.token())
        return box

    def clone_of(self, box: CampusBox) -> CampusBox:
        """A second machine that runs from a copy of a box's card."""
        clone = self.stranger(f"{box.name} clone")
        clone.runs_from(box.card_copy())
        return clone

    def loses_the_card_of(self, box: CampusBox, copy: Path) -> None:
        """The card breaks, and an older copy is put in: what had never left the card is lost with it, and only that."""
        only_there = items_in(box.events()) - items_in(self.hub.events(box.id))
        self.ledger.lines = [line for line in self.ledger.lines if line[2] not in only_there]
        box.runs_from(copy)

    def erases(self, box: CampusBox, learner: str) -> None:
        """A learner is erased at the box: as a teacher would where the box knows them by name."""
        if box.box.people.person(learner) is not None:
            box.box.people.erase(learner)
        else:
            box.forgets(learner)
        self.erased.add(learner)

    def quiet_nights(self, count: int = 2) -> None:
        """Nights in which nothing goes wrong."""
        for _ in range(count):
            self.time.wait(86_400)
            for box in self.boxes:
                box.wire.misfortunes.clear()
                box.wire.when_packs_are_asked.clear()
                box.night()

    def closes(self) -> None:
        for box in self.boxes:
            box.goes_down()
        self.hub.closes()
