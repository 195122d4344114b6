"""Nouns of the packages' tests: a box that is served, a learner who signed in, a phone that shows what they open."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Response

from catalog.manifest import Release
from edge.box import Box
from edge.config import Config
from edge.people.people import Person, Secret
from edge.serve import sites
from sync.web.front import Front
from tests.edge.conftest import Boxes, Shelves, WoundClock, boxes, clock, shelve
from tests.phones import Phones
from tests.ports import HOST, free_ports

__all__ = ["boxes", "clock", "shelve"]

SHARED = Path(__file__).parents[4] / "shared" / "fixtures"
"""Packages of others, where they lie beside the checkout."""


@dataclass
class Campus:
    """A served box with one learner, and phones before it."""

    box: Box
    phones: Phones
    put: Shelves
    amina: Person
    clock: WoundClock
    wifi: "Wifi"

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.box.config.port}"

    def shelves(self, course: str, package: Path, **words: object) -> Release:
        return self.put(self.box, course, [package], **words)

    def phone(self, kind: str = "learner", language: str = "en", person: str | None = None) -> Page:
        """A phone on which somebody is signed in, with an empty memory."""
        return self.signs_in(self.phones.context(language), kind, language, person)

    def signs_in(
        self, context: BrowserContext, kind: str = "learner", language: str = "en", person: str | None = None
    ) -> Page:
        who = self.amina.id if kind == "learner" and person is None else person or ""
        cookie, _ = self.box.sessions.begin(who, kind, {})
        name = f"qanat-box-{self.box.config.port}"
        context.add_cookies(
            [
                {"name": name, "value": cookie, "url": self.address, "httpOnly": True, "sameSite": "Lax"},
                {"name": "language", "value": language, "url": self.address},
            ]
        )
        return context.new_page()

    def opens(self, page: Page, release: Release, number: int = 0) -> FrameLocator:
        """Open an activity; returns the stage around the package."""
        activity = release.activities[number]
        page.goto(f"{self.address}/library/{release.course}/{activity.id}")
        return page.frame_locator("iframe.stage")

    def settled(self) -> None:
        """What was sent before is on the disk once a write that was lined up later is done."""
        self.box.database.write(lambda connection: None)

    def count(self, table: str) -> int:
        return int(self.box.database.read().execute(f"select count(*) from {table}").fetchone()[0])

    def events(self, kind: str) -> list[str]:
        rows = self.box.database.read().execute(
            "select payload from event where kind = ? order by place, sequence", [kind]
        )
        return [row["payload"].decode() for row in rows]


@pytest.fixture
def campus(boxes: Boxes, shelve: Shelves, clock: WoundClock, phones: Phones) -> Iterator[Campus]:
    first, *_ = free_ports(4)
    config = Config(host=HOST, port=first, content_port=first + 1, content_ports=3, languages=("en", "fr", "ar"))
    box = boxes("campus", config=config)
    box.start()
    classroom = box.people.add_classroom("8 B")
    amina = box.people.enrol_learner(classroom.id, "Amina", Secret("pin", "4071"))
    wifi = Wifi(box)
    wifi.back()
    yield Campus(box, phones, shelve, amina, clock, wifi)
    phones.put_away()
    wifi.cut()


@dataclass
class Wifi:
    """The way from all phones to the box, which can be cut: the box's ports close, and open again."""

    box: Box
    _open: ExitStack = field(default_factory=ExitStack)

    def cut(self) -> None:
        self._open.close()

    def back(self) -> None:
        self._open.enter_context(Front(sites(self.box), self.box.clock).serving())


@contextmanager
def kept(page: Page, words: str) -> Iterator[None]:
    """What is done here makes the page send a state with these words, and the box keeps it. Others may go before."""

    def is_it(answer: Response) -> bool:
        return answer.url.endswith("/~state") and words in (answer.request.post_data or "")

    with page.expect_response(is_it) as answer:
        yield
    assert answer.value.status == 204


def eventually(holds: Callable[[], bool], campus: Campus) -> None:
    """Wait until what a phone sent has come to the box, longer than a phone waits before it asks again."""
    for _ in range(800):
        campus.settled()
        if holds():
            return
        threading.Event().wait(0.05)
    said = campus.box.database.read().execute("select part, sitting, number, is_completed from package_part")
    raise AssertionError(f"it did not come to the box, which has {[tuple(row) for row in said.fetchall()]}")
