"""Every day at a box: learners answer, nights come, power, clock and disk are not what they should be."""

import contextlib
import errno
import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import pytest

from catalog.durable import disk_fault
from catalog.fault import DiskFull
from tests.simulation import sizes, troubles
from tests.simulation.box import SimulatedBox, files_in
from tests.simulation.registry import EVERY_DAY, happens
from tests.simulation.script import Step
from tests.simulation.templates import COURSES
from tests.simulation.world import SimulatedWorld
from tests.stories.stick import flip
from tests.wire import noise

ANSWERS = (1, 4)
BOOKS = 9
NEWS = 0.5
FILM_CHANCE = 0.4
PAGES = (1, 4)
FINISHES = 0.3
ELSEWHERE = 0.7
"""How often somebody who is erased has just answered at one of the boxes, not always the same one."""
FULL_PAGES_MAX = 3
PACKS_MAX = 60
"""More than any night asks for: further packs come well, and a report's trouble is none of a pack's."""
APART_SECONDS = (3_600, 86_400)
AHEAD_SECONDS = (3_600, 3 * 86_400, 40 * 86_400)
FULL_DISK = ("catalog.batch.StagedFile.write", "catalog.batch.sync_disk", "sync.receiving.spool.reserve_ahead")
"""Where a disk may be found to be full in a session."""


# ---- every day ---------------------------------------------------------------------------------------------------


@happens("answers", EVERY_DAY, 5)
def answers(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    count = lot.randint(*ANSWERS)
    for _ in range(count):
        box.somebody(lot.choice(world.people)).answers()
    world.tells(f"{count} answers at {box.name}")


@happens("lessons", EVERY_DAY, 3)
def lessons(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    # Few learners in one course: so that the same one is met at two boxes, and before and after a loss.
    learner, course = lot.choice(world.people[:2]), lot.choice((COURSES[0], COURSES[0], COURSES[1]))
    # Who comes back looks at any page again: what comes last is not always the furthest.
    for page in lot.sample(range(PAGES[1]), lot.randint(*PAGES)):
        box.box.learning.reached_page(learner, course, 1, "lesson", f"page-{page}", PAGES[1])
    if lot.random() < FINISHES:
        box.box.learning.completed(learner, course, 1, "lesson")
    world.tells(f"{learner} reads {course} at {box.name}")


@happens("a learner joins", "people", 2)
def join(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    name = f"Learner {step.seed}"
    classes = box.called()
    learner = box.learner(name).id
    for fact, called in box.called().items():
        if fact not in classes:
            world.decides(box.id, fact, None, called)
    world.people[lot.randrange(len(world.people))] = learner
    world.names[learner] = name
    world.tells(f"{learner} joins a class at {box.name}")


@happens("night", EVERY_DAY, 10)
def night(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    world.time.wait(lot.choice(APART_SECONDS))
    world.nights += 1
    world.tells(f"night {world.nights}: {box.name} talks to its hub")
    reports: dict[int, Any] = {}
    packs: dict[int, Any] = {}
    for trouble in step.troubles:
        if trouble.at == "commit":
            box.moments_until_dark = trouble.number
        else:
            line = reports if trouble.at == "report" else packs
            line[trouble.number] = troubles.misfortune(world, box, trouble)
    box.wire.misfortunes[:] = [reports.get(number) for number in range(max(reports, default=-1) + 1)]
    box.wire.when_packs_are_asked[:] = [packs.get(number) for number in range(PACKS_MAX)]
    cuts = box.power_cuts
    went = box.night()
    box.wire.misfortunes.clear()
    box.wire.when_packs_are_asked.clear()
    if box.power_cuts > cuts:
        world.tells(f"    the power is gone; {box.name} comes up again")
    moved = f"{went.events_up} events up, {', '.join(went.courses) or 'nothing'} down"
    world.tells(f"    it goes {went.outcome}: {moved}. {went.sentence}".rstrip())


def good_day(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    """Something is learnt, at times published, and all of it travels: there is something to fall back from."""
    answers(world, box, lot, step)
    if lot.random() < NEWS:
        publish(world, box, lot, step)
    night(world, box, lot, replace(step, troubles=()))


@happens("a course is published", EVERY_DAY, 2)
def publish(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    course = lot.choice(COURSES)
    page = f"<h1>{course} {lot.random()}</h1>".encode()
    layers = {"core": {"index.html": page, "book.bin": noise(sizes.BOOK_BYTES, lot.randrange(BOOKS))}}
    if lot.random() < FILM_CHANCE:
        layers["video"] = {"film.mp4": noise(sizes.FILM_BYTES, lot.randrange(BOOKS))}
    release = world.hub.publishes(course, **layers)
    world.tells(f"the hub publishes {course} {release.version}: {', '.join(layers)}")


@happens("a learner is erased", "people", 4)
def erase(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    learner = lot.choice(world.people)
    if lot.random() < ELSEWHERE:
        other = lot.choice(world.boxes)
        other.somebody(learner).answers()
        world.tells(f"{learner} answers at {other.name}")
    world.forgets_learner(box, learner)
    world.tells(f"{learner} is erased at {box.name}")


# ---- power, clock, disk ------------------------------------------------------------------------------------------


@happens("the power goes", "power", 2)
def power(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    box.is_without_power()
    world.tells(f"{box.name} is without power for a moment")


@happens("the clock is wrong", "clocks", 3)
def clock(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if lot.random() < 0.5:
        box.has_battery = not box.has_battery
        box.restarts()
        world.tells(f"{box.name} starts {'with its battery' if box.has_battery else 'in 1970'}")
    else:
        seconds = lot.choice(AHEAD_SECONDS)
        box.clock.jumps(seconds)
        world.tells(f"the clock of {box.name} jumps {seconds} seconds ahead")


@happens("a session on a full disk", "full disks", 2)
def full_disk(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    where = lot.choice(FULL_DISK)
    with pytest.MonkeyPatch.context() as full:
        full.setattr(where, _no_room)
        went = box.night()
    box.excused |= world.hub.pack_sizes().keys()  # what cannot be unpacked is dropped, and comes again
    world.tells(f"the disk of {box.name} is full at {where}; its night goes {went.outcome}. {went.sentence}")


@happens("answers on a full disk", "full disks", 1)
def full_database(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    writer = box.box.database._writer
    pages = writer.execute("pragma page_count").fetchone()[0] + lot.randrange(FULL_PAGES_MAX)
    before = len(world.ledger.lines)
    writer.execute(f"pragma max_page_count = {pages}")
    with contextlib.suppress(DiskFull):
        for _ in range(lot.randint(*ANSWERS)):
            box.somebody(lot.choice(world.people)).answers()
    writer.execute("pragma max_page_count = 4294967294")
    world.tells(f"the disk of {box.name} is full; it takes {len(world.ledger.lines) - before} answers")


@happens("a card rots", "rot", 4)
def rot(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    files = files_in(box.data / "store")
    if files and box.id not in world.revoked:
        world.rotten.add(box.id)
        file = lot.choice(files)
        flip(file, lot.randrange(file.stat().st_size))
        box.excused |= world.hub.pack_sizes().keys()  # a patch may find its base rotten, and come in full
        world.tells(f"a bit of {file.name} in the store of {box.name} is not what it was")


def _no_room(*_: Any) -> NoReturn:
    raise disk_fault(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Path("file"))
