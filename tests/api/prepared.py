"""A box and its hub with everything in them that pages speak of, made once; each turn of a test has copies of its own.

* They are real, and have talked through real sessions; what they do from then on touches no network.
* Copies begin alike: what one turn destroys, no other misses.
"""

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from flask import Flask
from pyotp import TOTP

from catalog.about import About
from edge.app import create_app as create_box_app
from edge.box import Box
from edge.campus.wording import seen_of
from edge.learning.lrs.actor import learner_agent
from edge.learning.lrs.documents import Conditions, Folder
from edge.learning.lrs.rights import Rights
from edge.people.people import Secret
from provisioning.previews import Drafts
from sync.campus.ownership import Side
from sync.hub.app import create_app as create_hub_app
from sync.hub.hub import Hub
from sync.hub.pages.second_factor import HAS_NONE, WAITING
from sync.keys import KeyPair
from sync.web.sessions import Sessions
from tests.edge.conftest import Compiled, WoundClock, no_way
from tests.stories.box import CONFIG, CampusBox
from tests.stories.disk import Card
from tests.stories.world import World

SAMPLES = Path(__file__).parents[2] / "provisioning" / "samples"
PASSWORD = "six goats and a well"
SECOND_FACTOR = "JBSWY3DPEHPK3PXP JBSWY3DPEHPK3PXP"
Values = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Somebody:
    """One kind of visitor: what their session says. `has_session` is false for who has never been here."""

    person: str = ""
    kind: str = ""
    data: tuple[tuple[str, str], ...] = ()
    has_session: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    """What a program sends that proves itself by a key."""


STRANGER = Somebody(has_session=False)


@dataclass(frozen=True, slots=True)
class End:
    """A box or a hub as it is visited: its application, who comes, and what is really there, by the name of a field."""

    name: str
    app: Flask
    sessions: Sessions
    visitors: Mapping[str, Somebody]
    there: Values
    key: KeyPair
    """Of a box that the hub knows."""

    def visit(self, somebody: Somebody) -> tuple[dict[str, str], dict[str, str]]:
        """The cookies and headers of a request by somebody whose page is open, under a session just begun."""
        if not somebody.has_session:
            return {}, dict(somebody.headers)
        cookie, session = self.sessions.begin(somebody.person, somebody.kind, dict(somebody.data))
        return {f"qanat-{self.name}": cookie}, {"Origin": "http://localhost", "X-Csrf": session.csrf}


class Prepared:
    """The folders that copies are made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compiled = Compiled()
        world = World(folder / "world", Card())
        box, other = world.box(), world.box("sea school")
        self._box_there, self._visitors = _inhabit_box(box)
        self._hub_there, classroom = _inhabit_hub(world, box, other)
        self._box_there = _heard(box, self._box_there, classroom)
        self.wall_seconds = world.time.wall_seconds
        self.box_key, self.other_key = box.box.keys, other.box.keys
        world.closes()
        shutil.copytree(box.data, folder / "box")
        shutil.copytree(world.hub.data, folder / "hub")

    @contextmanager
    def box(self, to: Path) -> Iterator[End]:
        """A copy of the box in a folder that is not there yet, open for as long as the block lasts."""
        shutil.copytree(self._folder / "box", to)
        draws = Random(11).randbytes
        box = Box.open(to, CONFIG, clock=WoundClock(self.wall_seconds), random_bytes=draws, open_link=no_way)
        try:
            app = create_box_app(box)
            app.jinja_env.bytecode_cache = self._compiled
            yield End("box", app, box.sessions, self._visitors, self._box_there, self.box_key)
        finally:
            box.close()

    @contextmanager
    def hub(self, to: Path) -> Iterator[End]:
        """The same of the hub."""
        shutil.copytree(self._folder / "hub", to)
        hub = Hub.open(to, WoundClock(self.wall_seconds), Random(12).randbytes)
        try:
            app = create_hub_app(hub, looks=Drafts(hub).pages())
            app.jinja_env.bytecode_cache = self._compiled
            yield End("hub", app, hub.sessions, HUB_VISITORS, self._hub_there, self.box_key)
        finally:
            hub.close()


HUB_VISITORS = {
    "stranger": STRANGER,
    "nobody": Somebody(),
    "waiting for a code": Somebody(data=((WAITING, "Rana"),)),
    "staff without a second factor": Somebody("Omar", "staff", tuple(HAS_NONE.items())),
    "staff": Somebody("Rana", "staff"),
}


def _inhabit_box(box: CampusBox) -> tuple[Values, Mapping[str, Somebody]]:
    """Staff, teachers, classes, learners, nights and alarms."""
    one = box.box
    code = one.setup.label_code()
    assert code is not None
    claimed = one.setup.claim(code, PASSWORD, "Grade 8 B")
    other = one.people.add_classroom("Grade 9 A")
    teachers = [one.people.add_teacher(name) for name in ("Kadra Ismail", "Omar Daher")]
    amina = one.people.enrol_learner(claimed.classroom.id, "Amina Warsame", Secret("pin", "4719"), "D-1042")
    hodan = one.people.enrol_learner(other.id, "Hodan Said", Secret("pictures", "goat goat well"))
    one.alarms.raise_("clock-replaced")
    there = {
        "classroom": (claimed.classroom.id, other.id),
        "learner": (amina.id, hodan.id),
        "person": (amina.id, hodan.id),
        "teacher": tuple(teacher.id for teacher in teachers),
        "to": (claimed.classroom.id, other.id),
        "kind": ("clock-replaced", "journal-damaged"),
        "number": ("D-1042",),
        "pin": ("4719",),
        "code": (claimed.classroom.code,),
        "next": ("/", "/me"),
        "accept": ("1",),
        "mb": ("5",),
        "language": ("en", "fr", "ar"),
        "tag": ("en", "fr", "ar"),
        "window": ("01:00-05:00",),
        "value": ("dark", "larger"),
        "name": ("theme", "text", "look.css", "Kadra Ismail", "staff"),
    }
    visitors = {
        "stranger": STRANGER,
        "nobody": Somebody(),
        "guest": Somebody("", "guest"),
        "learner": Somebody(amina.id, "learner"),
        "teacher": Somebody(teachers[0].id, "teacher"),
        "staff": Somebody(claimed.staff.id, "staff"),
        "tool": _tool(one, "1.0.3"),
        "newer tool": _tool(one, "2.0.0"),
    }
    return there | _stated(one, amina.id), visitors


def _tool(box: Box, version: str) -> Somebody:
    """A program with a key of its own, which speaks this version of xAPI."""
    key, secret = box.lrs.credentials.make()
    proof = b64encode(f"{key}:{secret}".encode()).decode()
    headers = (("Authorization", f"Basic {proof}"), ("X-Experience-API-Version", version))
    return Somebody(has_session=False, headers=headers)


def _stated(box: Box, learner: str) -> Values:
    """A statement and a document, and what they are asked for by."""
    agent = learner_agent(learner)
    said = {"actor": agent, "verb": {"id": "http://example.org/read"}, "object": {"id": "http://example.org/well"}}
    name = box.lrs.new_uuid()
    box.lrs.store([{**said, "id": name}], Rights("tests", agent))
    folder = Folder("state", "", agent, "http://example.org/well")
    put = box.lrs.documents.putting(folder, "", "bookmark", "application/json", b"{}", Conditions())
    box.database.write(put)
    return {
        "agent": (json.dumps(agent),),
        "verb": ("http://example.org/read",),
        "activity": ("http://example.org/well",),
        "activityId": ("http://example.org/well",),
        "stateId": ("bookmark",),
        "profileId": ("taste",),
        "statementId": (name,),
        "since": ("2026-01-01T00:00:00Z",),
        "until": ("2036-01-01T00:00:00Z",),
        "limit": ("0", "2"),
        "attachments": ("true", "false"),
        "ascending": ("true", "false"),
        "format": ("ids", "exact", "canonical"),
    }


def _inhabit_hub(world: World, box: CampusBox, other: CampusBox) -> tuple[Values, str]:
    """Staff, courses, classes, learners, announcements, assignments, proposals, and a file to carry."""
    hub = world.hub.hub
    pinned = box.box.hub
    assert pinned is not None
    campus, coast = pinned.campus, hub.fleet.campus_called("Coast").id
    _staff(hub, world.time.wall_seconds)
    sources = [SAMPLES / "lesson", SAMPLES / "reader" / "reader-ar.pdf", SAMPLES / "film" / "film.mp4"]
    release = world.hub.publishes_source(*sources, course="water", title="Water", language="en")
    box.night()
    classroom = hub.roster.add_class(campus, "Grade 7 C")
    badr = hub.roster.add_learner(campus, classroom, "Badr Omar", "1007")
    far_class = hub.roster.add_class(coast, "Grade 7 D")
    far_learner = hub.roster.add_learner(coast, far_class, "Sahra Ali")
    announcement = hub.notices.announce(campus, "The well is open again.", 3)
    assignment = hub.notices.assign(campus, classroom, release.course, 5)
    hub.notices.propose_budget(campus, {"night_mb": 40})
    theirs = next(group for group in hub.roster.classes(campus) if group.name == "Grade 8 B")
    hub.roster.change(campus, "class", theirs.id, {"name": "Grade 8 C"})
    box.box.campus.change("learner", box.box.people.learners(theirs.id)[0].id, {"name": "Amina W."})
    box.night()
    box.box.campus.change("class", classroom, {"name": "Grade 7 E"})
    box.night()
    other.night()
    draft = hub.drafts.make(About.written(languages=("en",)), "sand", "Rana")
    hub.drafts.add(draft, [("sand.pdf", SAMPLES / "reader" / "reader-ar.pdf")])
    hub.drafts.begin(draft)
    hub.jobs.do_waiting()
    coming = hub.drafts.make(About.written(languages=("en",)), "stone", "Rana")
    hub.drafts.announce(coming, [("stone.zip", 5)])
    there = {
        "draft": (draft, coming),
        "activity": tuple(one.id for one in hub.drafts.find(draft).said.activities),
        "number": ("0",),
        "chunk": ("0", "1"),
        "size": ("5", "0"),
        "who": ("all", "chosen"),
        "campus": (campus, coast),
        "of": (campus, coast),
        "hold": ("2027-03-01", ""),
        "day": ("2027-03-01", ""),
        "time": ("02:30", ""),
        "version": ("1", "2"),
        "then": ("look", ""),
        "campus_id": (campus, coast),
        "box_id": (box.id, other.id),
        "box": (box.id, other.id),
        "new": (box.id, other.id),
        "classroom": (classroom, theirs.id, far_class),
        "class": (classroom, theirs.id, far_class),
        "learner": (badr, far_learner, theirs.learners[0].id),
        "announcement": (announcement,),
        "assignment": (assignment,),
        "proposal": tuple(one.id for one in hub.roster.proposals(campus)),
        "seen": tuple(one.now for one in hub.roster.proposals(campus)),
        "place": (f"{coast}/{far_class}", f"{campus}/{classroom}"),
        "course": ("water", "sand"),
        "index": ("0",),
        "which": ("0",),
        "kind": ("forked", "late"),
        "days": ("3", "0"),
        "accept": ("1",),
        "room": ("100", "8000"),
        "language": ("en", "fr"),
        "next": ("/", "/courses"),
        "tag": ("en", "fr", "ar"),
        "value": ("dark", "larger"),
        "name": ("theme", "text", "look.css", "Rana", "Omar", *sorted(world.hub.pack_sizes())),
    }
    return there, classroom


def _staff(hub: Hub, wall_seconds: int) -> None:
    hub.staff.add("Rana", PASSWORD)
    hub.staff.add("Omar", PASSWORD)
    secret = SECOND_FACTOR.replace(" ", "")
    assert hub.second_factors.keep("Rana", SECOND_FACTOR, ["ABCD-EFGH"], TOTP(secret).at(wall_seconds))


def _heard(box: CampusBox, there: Values, classroom: str) -> Values:
    """What the box has by now of its courses and of what the hub said."""
    one = box.box
    release = next(iter(one.shelf.courses()))
    budget = one.campus.budget_proposed()
    proposals = [found for side in Side for found in one.campus.proposals(side)]
    return {
        **there,
        "classroom": (*there["classroom"], classroom),
        "course": (release.course,),
        "activity": tuple(activity.id for activity in release.activities),
        "proposal": (*(found.id for found in proposals), *([budget.id] if budget else [])),
        "seen": (*(found.now for found in proposals), *([seen_of(budget, one.config)] if budget else [])),
    }
