"""Nouns of the box's tests: a clock that we wind, a box in a folder of its own, courses on its shelf."""

import html
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from catalog.manifest import Release
from catalog.publish import Catalog, publish
from edge.app import create_app
from edge.box import Box
from edge.config import Config
from edge.people.people import Classroom, Person, Secret
from sync.clock import TRUSTED_SINCE_SECONDS, Moment, Source, heard
from sync.link import Link, Unreachable
from sync.web import passwords
from sync.web.challenge import sheet, verifier
from sync.web.challenge.prover import Prover
from tests.signing_in import talk

SAMPLES = Path(__file__).parents[2] / "provisioning" / "samples"
MORNING_SECONDS = TRUSTED_SINCE_SECONDS + 100 * 86_400 + 9 * 3_600
"""Nine in the morning, UTC, of a day in 2026."""


class WoundClock:
    """A clock that goes only when it is wound."""

    def __init__(self, wall_seconds: int = MORNING_SECONDS) -> None:
        self.wall_seconds = wall_seconds
        self.monotonic_seconds = 0.0
        self.source = Source.MACHINE

    def now(self) -> Moment:
        is_trusted = self.wall_seconds >= TRUSTED_SINCE_SECONDS and self.source is not Source.PERSON
        return Moment(self.wall_seconds, self.monotonic_seconds, is_trusted, source=self.source)

    def wait(self, seconds: float) -> None:
        self.wind(seconds)

    def wind(self, seconds: float) -> None:
        self.wall_seconds += int(seconds)
        self.monotonic_seconds += seconds

    def correct(self, wall_seconds: int) -> None:
        self.wall_seconds, self.source = wall_seconds, Source.HUB

    def hear(self, wall_seconds: int) -> None:
        if heard(self.now(), wall_seconds) is not None:
            self.wall_seconds, self.source = wall_seconds, Source.PERSON

    def not_before(self, wall_seconds: int) -> None:
        """Whatever a test winds it to, it stays at."""


def no_way(address: str) -> Link:
    """The link of a box that nothing connects."""
    raise Unreachable(f"Nobody answers at {address}.", "Look whether the cable is in.")


Boxes = Callable[..., Box]
Shelves = Callable[..., Release]


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def boxes(tmp_path: Path, clock: WoundClock) -> Iterator[Boxes]:
    """Opens boxes; those that are still open are closed at the end."""
    opened: list[Box] = []

    def open_box(name: str = "box", **changes: Any) -> Box:
        draws = random.Random(f"{name} {len(opened)}")
        usual: dict[str, Any] = {"clock": clock, "random_bytes": draws.randbytes, "open_link": no_way}
        box = Box.open(tmp_path / name, changes.pop("config", Config()), **usual, **changes)
        opened.append(box)
        return box

    yield open_box
    for box in opened:
        if not box.is_closed:
            box.close()


@pytest.fixture
def box(boxes: Boxes) -> Box:
    return boxes()


@pytest.fixture
def shelve() -> Shelves:
    """Puts a course on a box's shelf as a session would: published, recorded, switched to."""

    def put(box: Box, course: str, sources: Sequence[Path], **words: Any) -> Release:
        at = Catalog(box.data, box.database, box.store, box.releases)
        release = publish(sources, at, course=course, now_seconds=0, **words).release
        box.database.write(lambda connection: box.shelf.switch(connection, release, list(release.layers)))
        box.shelf.ensure_trees()
        return release

    return put


# ---- people at the box's pages -----------------------------------------------------------------------------------


class Phone:
    """A browser without scripts: it keeps cookies, follows redirects, and sends the forms of the page it shows."""

    def __init__(self, app: Flask, address: str = "10.0.0.7") -> None:
        self._client = app.test_client()
        self._from = {"REMOTE_ADDR": address}
        self._csrf = ""
        self.page = ""
        self.status = 0
        self.path = ""

    def opens(self, path: str) -> str:
        return self._show(self._client.get(path, follow_redirects=True, environ_base=self._from))

    def fetches(self, path: str) -> bytes:
        """A file that the page leads to."""
        return self._client.get(path, environ_base=self._from).get_data()

    def is_answered(self, path: str) -> int:
        """The status of an address, wherever it would lead."""
        return self._client.get(path, environ_base=self._from).status_code

    @property
    def application(self) -> Flask:
        return self._client.application

    def sends(self, path: str, **fields: str) -> str:
        """Send a form; the word of the session comes from the page before, as from its hidden field."""
        if not self._csrf:
            self.opens("/sign-in/class")
        answer = self._client.post(
            path,
            data={"csrf": self._csrf, **fields},
            headers={"Origin": "http://localhost"},
            follow_redirects=True,
            environ_base=self._from,
        )
        return self._show(answer)

    def signs_in(self, name: str, password: str, path: str = "/sign-in/password") -> str:
        """Prove a password at the page that asks for it, as its script does."""
        return self.proves(path, name, password, {"name": name})

    def proves(self, path: str, name: str, password: str, fields: Mapping[str, str], new_password: str = "") -> str:
        """Send the form of the page at `path` with a proof, and with the verifier of a new password."""
        self.opens(path.partition("?")[0])
        prover = self.talks("/sign-in/talk", name)
        return self.sends(path, **fields, **prover.says(password, new_password))

    def talks(self, path: str, name: str = "") -> Prover:
        """Begin a talk, as the script of the page does."""
        return talk(self._post, path, name)

    def _post(self, path: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        data, headers = {"csrf": self._csrf, **fields}, {"Origin": "http://localhost"}
        answer = self._client.post(path, data=data, headers=headers, environ_base=self._from)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        said: Mapping[str, str] = answer.get_json()
        return said

    @property
    def heading(self) -> str:
        """The first heading of the page, as it is read."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page, re.DOTALL)
        return html.unescape(re.sub(r"<[^>]+>", "", found.group(1))).strip() if found else ""

    def _show(self, answer: TestResponse) -> str:
        self.page = answer.get_data(as_text=True)
        self.status = answer.status_code
        self.path = answer.request.path
        found = re.search(r'name="csrf" value="([^"]+)"', self.page)
        self._csrf = found.group(1) if found else self._csrf
        return self.page


class Compiled(BytecodeCache):
    """Templates that an application of this run has compiled already; each test makes its own application."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


Phones = Callable[..., Phone]


@pytest.fixture(scope="session", autouse=True)
def hashes_made_once() -> Iterator[None]:
    """The real argon2 and scrypt, but no test waits for a hash that another test has made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hash_secret", lru_cache(maxsize=None)(passwords.hash_secret))
        patch.setattr(passwords, "verify_secret", lru_cache(maxsize=None)(passwords.verify_secret))
        patch.setattr(verifier, "stretch", lru_cache(maxsize=None)(verifier.stretch))
        patch.setattr(sheet, "stretch", lru_cache(maxsize=None)(sheet.stretch))
        yield


@pytest.fixture(scope="session")
def compiled() -> Compiled:
    return Compiled()


@pytest.fixture
def phones(box: Box, compiled: Compiled) -> Phones:
    """Hands out phones in front of the box: `phones()`, or `phones("10.0.0.8")` for another address."""
    app = create_app(box)
    app.jinja_env.bytecode_cache = compiled
    return lambda address="10.0.0.7": Phone(app, address)


@pytest.fixture
def phone(phones: Phones) -> Phone:
    return phones()


@pytest.fixture
def grade(box: Box) -> Classroom:
    """The first class, on a claimed box."""
    return box.setup.claim(str(box.setup.label_code()), "a long password", "Grade 8 B").classroom


@pytest.fixture
def staff(grade: Classroom, phones: Phones) -> Phone:
    """The phone of whoever looks after the claimed box, signed in."""
    at = phones("10.0.0.2")
    at.signs_in("staff", "a long password")
    return at


@pytest.fixture
def amina(box: Box, grade: Classroom) -> Person:
    """A learner with a PIN and a student number."""
    return box.people.enrol_learner(grade.id, "Amina Warsame", Secret("pin", "4719"), "D-1042")
