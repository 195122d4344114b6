"""A phone goes from the box to the hub and back: no app, no cable, and no link at the campus."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edge.app import create_app
from sync.carry.carrier import up_name
from sync.carry.single import SingleFile
from sync.hub.app import create_app as create_hub_app
from sync.hub.gifts import GIFTS_MAX
from tests.signing_in import talk
from tests.stories.box import CampusBox
from tests.stories.world import World
from tests.wire import noise

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}
ORIGIN = {"Origin": "http://localhost"}


@dataclass
class Phone:
    """A browser at one end; it sends the forms of the page it shows."""

    client: FlaskClient

    def opens(self, path: str) -> str:
        return self.client.get(path, follow_redirects=True).text

    def sends(self, path: str, page: str, **fields: object) -> TestResponse:
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.opens(page))
        assert csrf is not None
        return self.client.post(path, data={"csrf": csrf[1], **fields}, headers=ORIGIN)

    def signs_in(self, name: str, password: str) -> TestResponse:
        """Prove a password, as the script of the page does."""
        page = "/sign-in/password"
        prover = talk(lambda path, said: self.sends(path, page, **said).get_json(), "/sign-in/talk", name)
        return self.sends(page, page, name=name, **prover.says(password))

    def takes(self, link: str) -> bytes:
        """What a download brings; the front would send the file that is named."""
        answer = self.client.get(link)
        return Path(answer.headers["X-Sendfile"]).read_bytes()


@pytest.fixture
def box(world: World) -> CampusBox:
    """A claimed box with progress to send."""
    box = world.box()
    box.box.setup.claim(str(box.box.setup.label_code()), "a long password", "Grade 8 B")
    box.learner("Amina").answers()
    return box


@pytest.fixture
def at_box(box: CampusBox) -> Phone:
    phone = Phone(create_app(box.box).test_client())
    phone.signs_in("staff", "a long password")
    return phone


@pytest.fixture
def at_hub(world: World) -> Phone:
    return Phone(create_hub_app(world.hub.hub).test_client())


def give(phone: Phone, data: bytes, name: str = "qanat.qanat", room: str = "500") -> TestResponse:
    return phone.sends("/carry", "/carry", file=(io.BytesIO(data), name), room=room)


def link_in(answer: TestResponse) -> str:
    found = re.search(r'href="(/carry/[^"]+\.qanat)"', answer.text)
    assert found is not None, answer.text
    return found[1]


def test_a_phone_carries_progress_out_and_courses_in(
    world: World, box: CampusBox, at_box: Phone, at_hub: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box.box.sticks, "begin", box.box.sticks.look)  # in this thread, before the answer
    world.hub.publishes("water", core=SITE, video_360={"flow.mp4": noise(300_000)})

    answer = give(at_hub, at_box.takes("/staff/carry/letter.qanat"))
    at_box.sends(
        "/staff/carry", "/staff/carry", file=(io.BytesIO(at_hub.takes(link_in(answer))), "qanat-courses.qanat")
    )

    assert {"water": ["core", "video-360"]} == box.shelf()
    assert "New on the shelf: water." in at_box.opens("/staff/carry")
    assert 0 < len(world.hub.events(box.id))
    assert [] == box.wire.asked
    assert not box.box.sticks.is_waiting


def test_the_letter_is_the_same_while_there_is_nothing_new(box: CampusBox, at_box: Phone) -> None:
    """A download that broke off goes on at the byte, and sealing the same twice would give other bytes."""
    first = at_box.takes("/staff/carry/letter.qanat")
    again = at_box.takes("/staff/carry/letter.qanat")
    box.learner("Idris").answers()

    assert first == again
    assert first != at_box.takes("/staff/carry/letter.qanat")


def test_nobody_but_staff_sees_the_page(box: CampusBox) -> None:
    stranger = create_app(box.box).test_client()

    assert [303, 303] == [stranger.get(path).status_code for path in ("/staff/carry", "/staff/carry/letter.qanat")]


def test_nothing_in_the_file_tells_who_learns_what(box: CampusBox, at_box: Phone) -> None:
    data = at_box.takes("/staff/carry/letter.qanat")

    assert [up_name(box.id)] == list(SingleFile(io.BytesIO(data)).files())
    assert not [word for word in (b"Amina", b"Hill school", b"item-0", b"Wadi") if word in data]


def test_the_hub_gives_what_fits_the_phone(
    world: World, at_box: Phone, at_hub: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most urgent goes first, and what had no room is said."""
    monkeypatch.setattr("sync.hub.pages.carrying.MEGABYTE_BYTES", 1_000)
    world.hub.publishes("water", core=SITE, video_360={"flow.mp4": noise(300_000)})

    answer = give(at_hub, at_box.takes("/staff/carry/letter.qanat"), room="100")

    gift = SingleFile(io.BytesIO(at_hub.takes(link_in(answer))))
    assert 1 == sum(name.startswith("pack-") for name in gift.files())
    assert "had no room" in answer.text


def test_the_same_phone_gets_the_same_file_again(world: World, at_box: Phone, at_hub: Phone) -> None:
    world.hub.publishes("water", core=SITE)
    letter = at_box.takes("/staff/carry/letter.qanat")
    give(at_hub, letter)

    links = [link_in(give(at_hub, letter)) for _ in range(2)]

    assert 1 == len(set(links))


def test_the_hub_keeps_only_so_many_files(world: World, at_box: Phone, at_hub: Phone) -> None:
    letter = at_box.takes("/staff/carry/letter.qanat")
    links = []
    for number in range(GIFTS_MAX + 2):
        world.time.wait(60)
        world.hub.publishes(f"course-{number}", core=SITE)
        links.append(link_in(give(at_hub, letter)))

    assert [404, 404, 200] == [at_hub.client.get(links[place]).status_code for place in (0, 1, -1)]


def test_what_is_no_letter_is_said_at_the_field(at_hub: Phone) -> None:
    answers = [give(at_hub, data) for data in (b"holiday picture", b"")]

    assert [422, 422] == [answer.status_code for answer in answers]
    assert "This is not a whole .qanat file" in answers[0].text


def test_the_letter_of_a_box_of_another_hub_is_refused(world: World, at_box: Phone, at_hub: Phone) -> None:
    stranger = world.stranger("lost")
    letter = at_box.takes("/staff/carry/letter.qanat")
    flipped = bytearray(letter)
    flipped[1_000] ^= 1

    answer = give(at_hub, bytes(flipped))

    assert 422 == answer.status_code
    assert stranger.id not in answer.text


def test_a_file_that_cannot_be_guessed_is_all_that_is_asked_for(at_hub: Phone) -> None:
    assert [404, 404] == [at_hub.client.get(f"/carry/{name}.qanat").status_code for name in ("..", "A" * 24)]
