"""Worlds drawn by lot: learners answer, nights come with random misfortunes, machines die, courses change.

The same seed gives the same world, so one that failed can be seen again.
"""

from random import Random

from sync.keys import KeyPair
from sync.wire import Answer, Mark, Report
from tests.stories import invariants
from tests.stories.box import CampusBox
from tests.stories.disk import Manner
from tests.stories.world import World
from tests.wire import (
    Ask,
    Misfortune,
    arrives_twice,
    cut_at,
    loses_the_reply,
    never_gets_there,
    noise,
    says,
    signed_by,
)

CHECKPOINT_BYTES = 16 << 10
"""Worlds of this kind are small: a thirty-second of the real step, for packs of some hundred kB."""
PIECE_BYTES = 5_000
PACK_BYTES = 90_000
STEPS = (4, 9)
REQUESTS = 6
PACKS_MAX = 60
"""More than any night asks for."""
MANNERS: tuple[Manner, ...] = ("kept", "torn", "lost")


def lived(world: World) -> None:
    """Live one world to its end; every promise is asked there, the boldest one after each step."""
    lot = world.chance
    people = [f"learner-{number}" for number in range(3)]
    cards: dict[str, list] = {}
    for course in ("soil", "water"):
        published(world, course)
    for number in range(lot.choice((1, 1, 2))):
        box = world.box(f"school {number}")
        cards[box.name] = []
    for _ in range(lot.randint(*STEPS)):
        step(world, lot.choice(world.boxes), people, cards)
        invariants.no_box_believes_more_than_the_hub_has(world)
    world.quiet_nights(1)
    invariants.hold(world)
    invariants.every_box_has_what_it_wants(world)


def step(world: World, box: CampusBox, people: list[str], cards: dict) -> None:
    """One thing happens."""
    lot = world.chance
    match lot.choices(
        ["answers", "night", "publish", "power", "hub", "erase", "copy", "restore"], [6, 8, 1, 1, 1, 1, 1, 1]
    )[0]:
        case "answers":
            for _ in range(lot.randint(1, 4)):
                box.somebody(lot.choice(people)).answers()
        case "night":
            bad_night(world, box)
        case "publish":
            published(world, lot.choice(("soil", "water")))
        case "power":
            box.is_without_power()
        case "hub":
            world.hub.is_killed_and_started_again()
        case "erase":
            world.erases(box, people[0])
            people[0] = f"learner-{world.ledger.next_item()}"
        case "copy":
            cards[box.name].append(box.card_copy())
        case "restore" if cards[box.name]:
            world.loses_the_card_of(box, cards[box.name][-1])


def bad_night(world: World, box: CampusBox) -> None:
    """A session in which any request may meet its misfortune, and the box may die at any commit."""
    lot = world.chance
    box.wire.misfortunes[:] = [lot.choice(reports(world, box)) for _ in range(REQUESTS)]
    bad_packs = [lot.choice(packs(world, box)) for _ in range(REQUESTS)]
    # Further packs come well: a report's misfortune is none of a pack's.
    box.wire.when_packs_are_asked[:] = [*bad_packs, *[None] * PACKS_MAX]
    if lot.random() < 0.2:
        box.commits_until_dark = lot.randint(1, 16)
    box.night()
    box.wire.misfortunes.clear()
    box.wire.when_packs_are_asked.clear()


def reports(world: World, box: CampusBox) -> list[Misfortune | None]:
    return [
        None, None, None, None, loses_the_reply, arrives_twice, never_gets_there, forged, hub_dies(world),
        box.loses_power_before, box.loses_power_after, says(503, b""), says(200, b"\0rubbish"),
    ]  # fmt: skip


def packs(world: World, box: CampusBox) -> list[Misfortune | None]:
    place = world.chance.randrange(PACK_BYTES)
    return [
        None, None, None, cut_at(place), cut_at(place), box.loses_power_at(place, world.chance.choice(MANNERS)),
        box.loses_power_before, never_gets_there, hub_dies(world), says(500, b"oops"),
    ]  # fmt: skip


def hub_dies(world: World) -> Misfortune:
    def dies(request, answer: Ask):  # type: ignore[no-untyped-def]
        world.hub.is_killed_and_started_again()
        return loses_the_reply(request, answer) if world.chance.random() < 0.5 else answer(request)

    return dies


def published(world: World, course: str) -> None:
    """A new release: a page that compresses, a book that does not, and at times a film."""
    lot = Random(world.chance.random())
    page = f"<h1>{course} {lot.random()}</h1>".encode()
    layers = {"core": {"index.html": page, "book.bin": noise(lot.randrange(1_000, 30_000), lot.randrange(9))}}
    if lot.random() < 0.6:
        layers["video"] = {"film.mp4": noise(PACK_BYTES, lot.randrange(9))}
    world.hub.publishes(course, **layers)


def _generous(report: Report) -> Answer:
    return Answer(report.request, "forged", [Mark(head.epoch, 999, 999) for head in report.heads])


forged = signed_by(KeyPair.from_seed(bytes(32)), 200, _generous)
"""Somebody in between praises the box for everything, and signs it with a key of their own."""
