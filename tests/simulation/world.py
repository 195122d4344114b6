"""A simulated world: the stories' world, told step by step, in which more can happen and everything is counted.

* What happens comes from the script alone, and what is drawn from its seed. Nothing asks the machine it runs on.
* What truly can be lost is known: what lay on one card alone is lost with that card, and nothing else ever is.
* The story says what happened in plain words, in the order in which it happened.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from catalog.digest import Digest
from catalog.trust.roles import ROOT_KEYS
from sync.hub.keeping.alarms import Kind
from sync.hub.trust.ceremony import Sticks
from tests.simulation.box import SimulatedBox
from tests.simulation.hub import SimulatedHub
from tests.simulation.script import Script
from tests.simulation.templates import CAMPUS, Templates
from tests.stories.box import Ledger, items_in
from tests.stories.clock import TrueTime
from tests.stories.disk import Card, copied
from tests.stories.stick import CampusStick
from tests.stories.world import World

LEARNERS = 3
HUB = "hub"
PASSPHRASE = "four words that belong together"
Fact = tuple[str, str]
"""A class or a learner, by id."""
RESTORING_SECONDS = 3_600


class SimulatedWorld(World):
    """One hub, its boxes, sticks that go between them, and the learners of the campus."""

    boxes: list[SimulatedBox]  # type: ignore[assignment]
    hub: SimulatedHub

    def __init__(self, folder: Path, card: Card, templates: Templates, script: Script) -> None:
        self.seed = seed = script.seed
        self.chance = Random(seed)
        self.time = TrueTime()
        self.ledger = Ledger()
        self.story: list[str] = []
        self.nights = 0
        self.people = [f"learner-{number}" for number in range(LEARNERS)]
        """Who learns now; whoever is erased makes room for somebody new."""
        self.erased: set[str] = set()
        self.forgotten: set[str] = set()
        """The erased of whom somebody still knows that they were: of them nothing may be left anywhere."""
        self.listed: set[str] = set()
        """Whom the hub's staff erased: no backup brings them back, whoever else has forgotten it."""
        self.revoked: dict[str, dict[str, int]] = {}
        """Boxes out of service, and how far the hub had them then."""
        self.branched: set[str] = set()
        """Boxes of which a copied card was ever used: the only ones that may be called restored or cloned."""
        self.doubled: set[str] = set()
        """Those of them of which a second card wrote on where another had been left: in a clone, or put back twice."""
        self.rotten: set[str] = set()
        """Boxes on whose cards something rotted: they need their hub to be whole again."""
        self.names: dict[str, str] = {}
        """What learners are called who were enrolled by name."""
        self.looked_at: list[tuple[str, str | None]] = []
        """What was shown beside each proposal that somebody looked at, and what was there at that moment."""
        self.gave_way: list[tuple[str, str | None]] = []
        """What whoever accepted a proposal had been shown, and what gave way to it."""
        self.decided: dict[Fact, tuple[str, str]] = {}
        """What classes and learners are called by the last word of their owner, and who that is: a box, or the hub."""
        self.excused: set[Fact] = set()
        """Of these the last word was lost with a card or a hub, or two cards have said two."""
        self.card_copies: list[tuple[SimulatedBox, Path]] = []
        self.backups: list[Path] = []
        self.restores = 0
        """How often the hub was put back from a backup."""
        self.root_sticks = Sticks()
        """Where the newest root keys lie, sealed; no folders while they are at the hub."""
        self.sticks: list[CampusStick] = []
        self._root_sets = itertools.count()
        self.boxes = []
        self._has_heard_of_keys = False
        self._enrolled_again: list[SimulatedBox] = []
        self._only_at_hub: set[str] = set()
        """What lay on cards that are gone: a hub that loses it loses it for good."""
        self._is_new, self._is_metered = script.is_new, script.is_metered
        self._folder = folder
        self._card = card
        self._templates = templates
        self.hub = SimulatedHub(folder, self.time, Random(f"{seed} hub"), templates, is_new=script.is_new)

    @property
    def campus(self) -> str:
        """The campus by its id."""
        return next(one.id for one in self.hub.hub.fleet.campuses() if one.name == CAMPUS)

    def tells(self, line: str) -> None:
        """Something happened."""
        self.story.append(line)

    def box(self, name: str = "school 0") -> SimulatedBox:
        """One of the boxes that belong to this hub from the first morning on."""
        return self._box(name, lambda to: self._templates.box(name, to, is_new=self._is_new))

    def box_at(self, place: int) -> SimulatedBox:
        """One of the boxes that there are by now."""
        return self.boxes[place % len(self.boxes)]

    def stick(self) -> CampusStick:
        """A new, empty stick."""
        stick = CampusStick(self._folder / f"stick-{len(self.sticks)}")
        self.sticks.append(stick)
        return stick

    def copy_of(self, stick: CampusStick) -> CampusStick:
        """Somebody copies a stick; the copy lies in a drawer from now on."""
        copy = stick.copied(self._folder / f"stick-{len(self.sticks)}")
        self.sticks.append(copy)
        return copy

    def copies_card(self, box: SimulatedBox) -> None:
        """Somebody copies the card of a box while it runs."""
        copy = box.data.with_name(f"{box.data.name}-copy-{len(self.card_copies)}")
        copied(box.data, copy)
        self.card_copies.append((box, copy))

    def decides(self, owner: str, fact: Fact, was: str | None, name: str) -> None:
        """The owner of a fact has said what it is called, or accepted what the other side would call it."""
        before = self.decided.get(fact)
        has_forgotten = before is not None and before != (owner, was)
        if has_forgotten:
            has_lost = owner in self.branched or self.restores or before[0] != owner
            assert has_lost, f"the owner of {fact} said {before[1]} last, and its pages say {was}"
        if has_forgotten or owner in self.doubled:
            # It counts on from an older word: which of the two stands is for nobody to promise.
            self._excuse_fact(fact)
        if fact not in self.excused:
            self.decided[fact] = (owner, name)

    def _excuse_fact(self, fact: Fact) -> None:
        self.excused.add(fact)
        self.decided.pop(fact, None)

    def puts_back(self, box: SimulatedBox, copy: Path) -> None:
        """The card breaks, and an older copy of it is put in."""
        before = items_in(box.events())
        with self._only_on_cards():
            box.runs_from(copy)
        if box.id in self.branched:
            self.doubled.add(box.id)
        self.branched.add(box.id)
        at_hub = self.hub.called()
        for fact, (owner, name) in list(self.decided.items()):
            if owner == box.id and name not in (box.called().get(fact), at_hub.get(fact)):
                self._excuse_fact(fact)
        self._only_at_hub |= before - items_in(box.events())

    def copies_into_second_machine(self, box: SimulatedBox, copy: Path) -> SimulatedBox:
        """A copy of the card runs in a second machine, beside the first."""
        clone = self._box(f"{box.name}, second machine {len(self.boxes)}", lambda to: copied(copy, to))
        self.branched.add(box.id)
        self.doubled.add(box.id)
        return clone

    def restores_hub(self, backup: Path) -> None:
        """The hub's machine is lost, and a backup takes its place. Its staff put right what they know of."""
        self.restores += 1
        self.time.wait(RESTORING_SECONDS)
        self.hub.is_put_back(backup)
        at_hub = {item for box in self.boxes for item in items_in(self.hub.events(box.id))}
        on_cards = {item for box in self.boxes for item in items_in(box.events())}
        self._excuse(self._only_at_hub - at_hub - on_cards)
        heard = [self.hub.called(), *(box.called() for box in self.boxes if box.id not in self.revoked)]
        for fact, (_, name) in list(self.decided.items()):
            if not any(called.get(fact) == name for called in heard):
                self._excuse_fact(fact)
        self._keep_what_somebody_knows()
        for box_id in self.revoked:
            self.revokes(box_id)

    def rotates_keys(self, *, has_root: bool) -> int:
        """The hub's staff bring the newest sticks and replace its keys; with the root's own, there are new sticks."""
        fresh = Sticks(self._root_folders(), PASSPHRASE) if has_root else None
        version = self.hub.rotates_keys(self.root_sticks, fresh)
        self.root_sticks = fresh or self.root_sticks
        return version

    def staff_look_at_alarms(self) -> bool:
        """Where boxes do not believe what the hub signs, its staff do what the alarm says, and what it says last.

        Each is done once. Returns whether they did something.
        """
        refused = [box for box in self.boxes if Kind.LIST_REFUSED in self.hub.alarms(box.id)]
        if not refused and Kind.KEYS_FORGOTTEN not in self.hub.alarms(""):
            return False
        if not self._has_heard_of_keys:
            self._has_heard_of_keys = True
            version = self.rotates_keys(has_root=False)
            self.tells(f"the hub's staff are told of its keys, and replace them: root {version}")
            return True
        refused = [box for box in refused if box not in self._enrolled_again]
        self._enrolled_again += refused
        for box in refused:
            box.enrols(self.hub.token(CAMPUS))
            self.tells(f"{box.name} does not believe them all the same, and is enrolled again")
        return bool(refused)

    def is_lost(self, box: SimulatedBox, digest: Digest) -> bool:
        """Tell whether a file rotted on a box's card, and was lost with the hub as well: then nobody has it."""
        return box.id in self.rotten and not box.box.store.has(digest) and not self.hub.hub.catalog.store.has(digest)

    def revokes(self, box_id: str) -> None:
        """The hub's staff take a box out of service."""
        self.hub.hub.fleet.revoke(box_id)
        self.revoked[box_id] = {epoch: taken for epoch, (taken, _) in self.hub.marks(box_id).items()}
        self._keep_what_somebody_knows()

    def forgets_learner(self, box: SimulatedBox, learner: str) -> None:
        """A learner is erased at a box; somebody new takes the place."""
        self.erases(box, learner)
        if box.id not in self.revoked:
            self.forgotten.add(learner)
        self.people = [f"learner-{self.ledger.next_item()}" if one == learner else one for one in self.people]

    def _root_folders(self) -> list[Path]:
        number = next(self._root_sets)
        folders = [self._folder / f"root-{number}-{place}" for place in range(ROOT_KEYS)]
        for folder in folders:
            folder.mkdir()
        return folders

    def hub_forgets_learner(self, learner: str) -> None:
        """The hub's staff erase a learner; somebody new takes the place."""
        self.hub.hub.keeping.erasing.erase(self.campus, learner, "staff")
        self.erased.add(learner)
        self.forgotten.add(learner)
        self.listed.add(learner)
        self.people = [f"learner-{self.ledger.next_item()}" if one == learner else one for one in self.people]

    @contextmanager
    def _only_on_cards(self) -> Iterator[None]:
        """Around the loss of a card: what was nowhere else is lost with it, and only that."""
        before = self._known()
        yield
        self._excuse(before - self._known())
        self._keep_what_somebody_knows()

    def _known(self) -> set[str]:
        at_hub = {item for box in self.boxes for item in items_in(self.hub.events(box.id))}
        return at_hub.union(*(items_in(box.events()) for box in self.boxes))

    def _excuse(self, items: set[str]) -> None:
        self.ledger.lines = [line for line in self.ledger.lines if line[2] not in items]

    def _keep_what_somebody_knows(self) -> None:
        at_hub = self.hub.erased()
        in_service = [box for box in self.boxes if box.id not in self.revoked]
        self.forgotten = {
            learner
            for learner in self.forgotten
            if learner in at_hub or any(box.box.journal.has_erased(learner) for box in in_service)
        }

    def _box(self, name: str, card: Callable[[Path], None]) -> SimulatedBox:
        chance = Random(f"{self.seed} {name}")
        box = SimulatedBox(
            name, self._folder, self.time, chance, self.hub, self._card, self.ledger,
            card=card, is_metered=self._is_metered,
        )  # fmt: skip
        self.boxes.append(box)
        return box
