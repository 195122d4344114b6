"""A box of a world: the real one, on a card of its own, behind a wire that may fail; and the learners before it."""

import itertools
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import httpx
from flask.testing import FlaskClient

from catalog.db import Connection
from catalog.fault import Fault
from catalog.manifest import parsed
from edge.app import create_app
from edge.box import Box
from edge.config import Config
from edge.nights.night import Night
from edge.people.people import Person, Secret
from edge.works import enrol
from sync.budget.due import Lanes
from sync.enrolment import Token
from sync.events import Event
from sync.links.http import HttpLink
from tests.stories.clock import BoxClock, TrueTime
from tests.stories.disk import Card, Manner, copied
from tests.wire import ADDRESS, Ask, Body, Crash, Misfortune, Wire

CONFIG = Config(name="Hill school", window="01:00-05:00")


class Learner:
    """Somebody at the box; what the box has acknowledged to them is noted in the world's ledger."""

    def __init__(self, box: "CampusBox", person: str, ledger: "Ledger") -> None:
        self.box, self.id, self._ledger = box, person, ledger

    def answers(self, course: str = "water") -> None:
        item = self._ledger.next_item()
        self.box.box.learning.answered(self.id, course, "quiz", item, "42", key=item)
        self._ledger.acknowledged(self.box.id, self.id, item)


class Ledger:
    """What boxes have acknowledged to learners, in order; every item's name is said once in a world."""

    def __init__(self) -> None:
        self._items = itertools.count()
        self.lines: list[tuple[str, str, str]] = []

    def next_item(self) -> str:
        return f"item-{next(self._items)}"

    def acknowledged(self, box_id: str, learner: str, item: str) -> None:
        self.lines.append((box_id, learner, item))


def items_in(events: list[Event]) -> set[str]:
    """The items that these events say were answered."""
    return set(answered_in(events))


def answered_in(events: list[Event]) -> list[str]:
    """The same, in their order, and as often as they are said."""
    return [parsed(event.payload, dict)["item"] for event in events if event.kind == "answered" and event.payload]


class CampusBox:
    """A box that can lose its power at any point: what was on its card is what the next start finds."""

    def __init__(
        self, name: str, folder: Path, time: TrueTime, chance: Random, hub: Any, card: Card, ledger: Ledger
    ) -> None:
        self.name = name
        self.wire = Wire(hub)
        self.has_battery = True
        self.power_cuts = 0
        self.parts: dict[str, str] = {}
        """What the machine and its card show of themselves (`edge.birth.hardware`); by default nothing."""
        self.excused: set[str] = set()
        """Packs that had to be dropped for another reason than a cut, and so may come twice."""
        self.moments_until_dark: int | None = None
        """The power goes at the so-manieth moment from now: each commit has one before it is written, and one after."""
        self._folder, self._time, self._chance, self._card, self._ledger = folder, time, chance, card, ledger
        self._disks = itertools.count()
        self._next_disk: Path | None = None
        self.data = self._new_disk()
        self.comes_up()

    # ---- power ----

    def comes_up(self) -> None:
        """Start from what is on the card."""
        self.clock = BoxClock(self._time, has_battery=self.has_battery)
        self.box = Box.open(
            self.data,
            CONFIG,
            clock=self.clock,
            random_bytes=self._chance.randbytes,
            open_link=lambda address: HttpLink(address, self.wire),
            parts=self.parts,
        )
        self.id = self.box.id
        self._commit = self.box.database.commit_pending
        self.box.database.commit_pending = self._counted_commit  # type: ignore[method-assign]
        self._client: FlaskClient | None = None

    def goes_down(self) -> None:
        """Switched off as one should."""
        self.moments_until_dark = None
        if not self.box.is_closed:
            self.box.close()

    def restarts(self) -> None:
        self.goes_down()
        self.comes_up()

    def lights_out(self, manner: Manner = "kept") -> NoReturn:
        """The power goes: the card stays as it is now, whatever the dying process still tidies up."""
        if self._next_disk is None:
            self._next_disk = self._new_disk()
            self._card.saved(self.data, self._next_disk, manner)
            self.power_cuts += 1
        raise Crash

    def is_without_power(self) -> None:
        """The power is gone between two things."""
        try:
            self.lights_out()
        except Crash:
            self.comes_up_after_the_cut()

    def card_copy(self) -> Path:
        """A copy of the card, made while the box was off."""
        self.goes_down()
        copy = self._new_disk()
        copied(self.data, copy)
        self.comes_up()
        return copy

    def runs_from(self, card: Path) -> None:
        """Start from another card; what came over the wire before is not on it."""
        self.goes_down()
        self.data = self._new_disk()
        copied(card, self.data)
        self._card.put_in(self.data)
        self.wire.delivered.clear()
        self.comes_up()

    def comes_up_after_the_cut(self) -> None:
        assert self._next_disk is not None
        self.goes_down()
        self.data, self._next_disk = self._next_disk, None
        self.comes_up()

    def _new_disk(self) -> Path:
        return self._folder / f"{self.name.replace(' ', '-')}-{next(self._disks)}"

    def _counted_commit(self) -> int:
        """Commit, unless this is the one at which the power goes: before it is written, or before that is heard."""
        self._passes_moment()
        done = self._commit()
        self._passes_moment()
        return done

    def _passes_moment(self) -> None:
        if self.moments_until_dark is not None:
            self.moments_until_dark -= 1
            if self.moments_until_dark <= 0:
                self.lights_out()

    # ---- the way to the hub ----

    def enrols(self, token: Token) -> None:
        enrol(self.box, {"token": str(token), "hub": ADDRESS, "name": self.name})
        self.wire.asked.clear()

    def night(self, lanes: Lanes = Lanes.ALL) -> Night:
        """One session, as it went; after a power cut the box is up again."""
        try:
            with suppress(Fault):
                return self.box.nightly.run(lanes)
        except Crash:
            self.comes_up_after_the_cut()
        finally:
            self.moments_until_dark = None
        # The power may go, or the disk refuse, before the very first night has its row.
        return next(iter(self.box.nights.last(1)), Night(0, False, lanes.value, outcome="cut"))

    def lives(self, minutes: int) -> list[Night]:
        """Let minutes pass, each with the clockwork's tick. Returns the sessions that came of it."""
        before = self._last_number()
        for _ in range(minutes):
            self._time.wait(60)
            self.box.nightly.tick(self.clock.now())
        return [night for night in reversed(self.box.nights.last(50)) if night.number > before]

    def loses_power_at(self, place: int, manner: Manner = "kept") -> Misfortune:
        """The power goes when so much of this answer's body has come."""

        def goes_dark(request: httpx.Request, answer: Ask) -> httpx.Response:
            reply = answer(request)
            assert isinstance(reply.stream, Body)
            return httpx.Response(
                reply.status_code, headers=reply.headers, stream=Dying(reply.stream.data, place, self, manner)
            )

        return goes_dark

    def loses_power_before(self, request: httpx.Request, answer: Ask) -> httpx.Response:
        self.lights_out()

    def loses_power_after(self, request: httpx.Request, answer: Ask) -> httpx.Response:
        answer(request)
        self.lights_out()

    # ---- who stands before it ----

    def learner(self, name: str) -> Learner:
        """A new learner of the first class, with their name in an event."""
        classes = self.box.people.classrooms()
        classroom = classes[0] if classes else self.box.people.add_classroom("Grade 8 B")
        person: Person = self.box.people.enrol_learner(classroom.id, name, Secret("pin", "4719"))
        return Learner(self, person.id, self._ledger)

    def somebody(self, learner: str) -> Learner:
        """A learner of whom the box knows nothing but the random id."""
        return Learner(self, learner, self._ledger)

    def forgets(self, learner: str) -> None:
        """Erase somebody of whom there is only the random id."""

        def work(connection: Connection) -> None:
            self.box.journal.erase(connection, learner)
            self.box.people.forget(connection, learner)

        self.box.database.write(work)

    def shows(self, path: str) -> int:
        """The status of a page, as any phone in the room would see it."""
        if self._client is None:
            self._client = create_app(self.box).test_client()
        return self._client.get(path).status_code

    # ---- what is here ----

    def shelf(self) -> dict[str, list[str]]:
        return {course: sorted(layers) for course, _, layers in self.box.shelf.holdings()}

    def roots(self) -> dict[str, str]:
        return {course: root for course, root, _ in self.box.shelf.holdings()}

    def reads(self, course: str, path: str) -> bytes:
        return (self.box.shelf.tree(course) / path).read_bytes()

    def events(self) -> list[Event]:
        """The journal, in order."""
        rows = self.box.database.read().execute(
            """
            select epoch, sequence, kind, learner, payload, payload_hash, wall_seconds, monotonic_ms, is_trusted
            from event join epoch on epoch.place = event.place order by epoch.place, sequence
            """
        )
        return [Event(*row[:8], bool(row[8])) for row in rows]

    def marks(self) -> dict[str, int]:
        return dict(self.box.database.read().execute("select epoch, taken from epoch").fetchall())

    def names(self) -> set[str]:
        """The name of this box, and those under which it wrote before."""
        rows = self.box.database.read().execute("select distinct writer from epoch where writer <> ''").fetchall()
        return {self.id, *(row["writer"] for row in rows)}

    def staged(self) -> list[Path]:
        return list((self.data / "store" / "staging").iterdir())

    def _last_number(self) -> int:
        return max((night.number for night in self.box.nights.last(1)), default=0)


class Dying(Body):
    """What comes down the wire, until the power goes."""

    def __init__(self, data: bytes, place: int, box: CampusBox, manner: Manner) -> None:
        super().__init__(data[:place])
        self._box, self._manner = box, manner

    def __iter__(self) -> Any:
        yield from super().__iter__()
        self._box.lights_out(self._manner)
