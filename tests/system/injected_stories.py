"""Small stories of the real box and hub, told by a process whose disk will fail: see injected.py.

`python -m tests.system.injected_stories [MISTAKE]` waits for a line `STORY DATA` for each telling, forks, and says the
child's number; the child waits until it is sent on its way, so that whoever spoils its disk can take hold of it first.

* What was acknowledged is written to DATA/said by `writev`, which nobody spoils, one line each.
* A failure is a sentence: whatever fails must be a Fault. Anything else ends the child with a traceback and 1.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from catalog.db import Connection, Database
from catalog.fault import BoxFault, Fault
from catalog.publish import Catalog, publish
from edge.box import Box
from edge.people.people import Secret
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.link import Unreachable
from sync.web import passwords
from tests.stories.box import CampusBox, Ledger
from tests.stories.clock import BoxClock, TrueTime
from tests.stories.disk import Card
from tests.stories.hub import CampusHub

Thing = TypeVar("Thing")

ANSWERS = 8
DEAF = "deaf"
PAGES = {"index.html": "<!doctype html><title>Water</title><p>Which one?", "style.css": "p { margin: 0 }" * 40}


class Telling:
    """One telling: what was acknowledged goes to its file, what failed was a sentence."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._said = os.open(data / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def made(self, act: Callable[[], Thing]) -> Thing | None:
        """What comes of something that may fail, in words; None where it did."""
        try:
            return act()
        except Fault as fault:
            self._say({"fault": f"{fault.sentence} {fault.hint}"})
            return None

    def goes_well(self, act: Callable[[], object]) -> bool:
        """Do something that may fail, in words; tell whether it went well."""
        return self.made(lambda: (act(),)) is not None

    def acknowledges(self, **what: Any) -> None:
        self._say(what)

    def _say(self, line: Mapping[str, Any]) -> None:
        os.writev(self._said, [json.dumps(line).encode() + b"\n"])


def box_story(telling: Telling) -> None:
    """A class day at a box that nothing connects: twice started, a course, learners, settings, one erased."""
    for day in range(2):
        box = telling.made(lambda: reopened_box(telling.data / "box"))
        if box is None:
            continue
        try:
            _class_day(telling, box, day)
        finally:
            telling.goes_well(box.close)


def _class_day(telling: Telling, box: Box, day: int) -> None:
    telling.goes_well(lambda: _shelve(telling, box, day))
    classroom = telling.made(lambda: box.people.add_classroom(f"Grade {day}"))
    if classroom is None:
        return
    for name in ("Amina", "Yusuf"):
        person = telling.made(partial(box.people.enrol_learner, classroom.id, name, Secret("pin", "4719")))
        if person is None:
            continue
        for number in range(ANSWERS // 2):
            _answers(telling, box, person.id, f"{day}-{number}")
        if name == "Yusuf" and telling.goes_well(partial(box.people.erase, person.id)):
            telling.acknowledges(erased=person.id)
    if telling.goes_well(lambda: box.change_config({"name": f"School {day}"})):
        telling.acknowledges(name=f"School {day}")


def _shelve(telling: Telling, box: Box, day: int) -> None:
    at = Catalog(box.data, box.database, box.store, box.releases)
    release = publish([telling.data / "source" / f"v{day}"], at, course="water", now_seconds=day).release
    box.database.write(lambda connection: box.shelf.switch(connection, release, list(release.layers)))
    telling.acknowledges(shelf=release.version)
    box.shelf.ensure_trees()


def _answers(telling: Telling, box: Box, person: str, item: str) -> None:
    if telling.goes_well(partial(box.learning.answered, person, "water", "site", item, "The third one", key=item)):
        telling.acknowledges(learner=person, item=item)


def night_story(telling: Telling) -> None:
    """A hub publishes, a box joins it, learners answer and nights pass; both on the disk that fails."""
    time = TrueTime()
    hub = telling.made(lambda: CampusHub(telling.data, time, Random(1)))
    if hub is None:
        return
    try:
        box = telling.made(lambda: CampusBox("box", telling.data, time, Random(2), hub, Card(), Ledger()))
        if box is None:
            return
        try:
            _nights(telling, hub, box)
        finally:
            telling.goes_well(box.goes_down)
    finally:
        telling.goes_well(hub.closes)


def _nights(telling: Telling, hub: CampusHub, box: CampusBox) -> None:
    is_member = telling.goes_well(lambda: box.enrols(hub.token()))
    for night in range(2):
        pages = {name: f"{text} {night}".encode() for name, text in PAGES.items()}
        telling.goes_well(partial(hub.publishes, "water", core=pages))
        for number in range(ANSWERS // 2):
            _answers(telling, box.box, "amina", f"{night}-{number}")
        if is_member:
            telling.goes_well(box.night)
            for epoch, taken in box.marks().items():
                telling.acknowledges(epoch=epoch, taken=taken, box=box.id)


STORIES: Mapping[str, Callable[[Telling], None]] = {"box": box_story, "night": night_story}


def prepare(story: str, data: Path) -> None:
    """What lies there before the disk begins to fail."""
    data.mkdir()
    if story == "box":
        for day in range(2):
            folder = data / "source" / f"v{day}"
            folder.mkdir(parents=True)
            for name, text in PAGES.items():
                (folder / name).write_text(f"{text} {day}")


def reopened_box(data: Path) -> Box:
    """A box that nothing connects, from what is on its disk."""
    return Box.open(data, clock=BoxClock(TrueTime()), random_bytes=os.urandom, open_link=_no_way)


def _no_way(address: str) -> Any:
    raise Unreachable(f"Nobody answers at {address}.", "Look whether the cable is in.")


def reopened_hub(data: Path) -> Hub:
    """A hub, its pages too, from what is on its disk."""
    hub = Hub.open(data, TrueTime(), os.urandom)
    create_app(hub)
    return hub


def plant(mistake: str) -> None:
    """The mistake that failing calls must find: a writer that hears nothing of a commit that failed."""
    if mistake != DEAF:
        return
    honest = Database.write

    def deaf(database: Database, work: Callable[[Connection], Any]) -> Any:
        with suppress(BoxFault):
            return honest(database, work)

    Database.write = deaf  # type: ignore[method-assign,assignment]


def main() -> None:
    plant(sys.argv[1] if len(sys.argv) > 1 else "")
    passwords.hash_secret = lambda secret: "not asked for here"  # argon2 would take most of the time
    for line in sys.stdin:
        story, data = line.split()
        child = os.fork()
        if child:
            os.writev(1, [f"{child}\n".encode()])
            _, status = os.waitpid(child, 0)
            os.writev(1, [f"{os.waitstatus_to_exitcode(status)}\n".encode()])
            continue
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            STORIES[story](Telling(Path(data)))
        except BaseException:  # noqa: BLE001 - what is no sentence is what this is about
            Path(data, "traceback").write_text(traceback.format_exc())
            os._exit(1)
        os._exit(0)


if __name__ == "__main__":
    main()
