"""The desk's page: for whoever has its key alone, and it does what the commands do."""

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.fault import BoxFault
from catalog.manifest import canonical
from provisioning.batch.book import Book, State
from provisioning.desk.app import OPEN_ENDPOINTS, Desk, create_app
from provisioning.desk.burning import Burning, Reader
from provisioning.desk.sessions import SESSIONS_MAX, DeskSessions
from tests.provisioning.conftest import StandingClock

HOME = "http://127.0.0.1:8090"
KEY = "the-key-that-was-printed"
DISKS = [Reader("/dev/sdb (USB 1-4.2)", "", "disk b"), Reader("/dev/sda", "it holds /.", "disk a")]


class Burner:
    """Stands where cards are burned: tells what it is told to, and goes on when it may."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.has_told = threading.Event()
        self.disks: list[Any] = []
        self.fault: BoxFault | None = None

    def __call__(
        self, book: Book, image: Path, disks: Sequence[Any], listener: Callable[[Mapping[str, Any]], None]
    ) -> set[str]:
        self.disks.extend(disks)
        about = {"slot": 1, "device": "/dev/sdb", "port": "USB 1-4.2", "card": 1, "name": "Wadi 1"}
        listener({**about, "doing": "writing", "done_bytes": 250, "total_bytes": 1000})
        self.has_told.set()
        assert self.may_end.wait(20)
        if self.fault is not None:
            raise self.fault
        book.note_burned(1, "/dev/sdb", "0x1b", "a" * 64)
        listener({"slot": 1, "doing": "good", "why": ""})
        return {"b-burned"}


def in_readers(burned: Collection[str]) -> list[Reader]:
    """One card that may be burned, until it was; and the machine's own disk."""
    return [replace(DISKS[0], why="burned just now"), DISKS[1]] if "b-burned" in burned else DISKS


@pytest.fixture
def burner() -> Iterator[Burner]:
    burner = Burner()
    yield burner
    burner.may_end.set()


@pytest.fixture
def app(
    book: Book, clock: StandingClock, random_bytes: Callable[[int], bytes], burner: Burner, tmp_path: Path
) -> Iterator[Flask]:
    burning = Burning(burner)
    said = {
        "box": "b" * 16, "seed": "3" * 16, "software": "0.2.0", "wifi_country": "00", "courses": [],
        "rotten_files": 0, "is_all_read": True, "is_token_spent": True, "is_enrolled": True,
        "is_on_own_partition": True,
    }  # fmt: skip

    def client() -> httpx.Client:
        stream = httpx.ByteStream(canonical(said))
        return httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, stream=stream)))

    desk = Desk(book, tmp_path / "box.img", burning, clock, KEY, lambda image, burned: in_readers(burned), client)
    yield create_app(desk, DeskSessions(random_bytes))
    burner.may_end.set()
    burning.wait()


@pytest.fixture
def maker(app: Flask) -> FlaskClient:
    """Somebody who opened the address that the command printed."""
    client = app.test_client()
    assert 303 == client.get(f"/?key={KEY}", base_url=HOME).status_code
    return client


def reads(client: FlaskClient, path: str = "/") -> str:
    return client.get(path, base_url=HOME).text


def sends(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    csrf = re.search(r'name="csrf" value="([^"]+)"', reads(client))
    assert csrf is not None
    data = {**fields, "csrf": csrf[1]}
    return client.post(path, data=data, base_url=HOME, headers={"Origin": HOME})


def test_without_the_key_nothing_is_shown_or_done(app: Flask, book: Book, burner: Burner) -> None:
    client = app.test_client()
    asked = [client.get(path, base_url=HOME) for path in ("/", "/?key=guess", "/styleguide")]
    asked += [client.post(path, base_url=HOME, headers={"Origin": HOME}) for path in ("/burn", "/labels", "/check")]

    assert {403} == {answer.status_code for answer in asked}
    assert [] == [one for one in asked if "Wadi 1" in one.text]
    assert [] == burner.disks


def test_every_route_of_the_desk_asks_for_the_key_or_says_why_not(app: Flask) -> None:
    """A new page is locked until somebody has decided otherwise."""
    named = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert {"desk.home", "desk.burn", "desk.labels", "desk.check"} == {one for one in named if one.startswith("desk.")}
    assert OPEN_ENDPOINTS - {None} <= named
    assert {"desk.home"} == {one for one in OPEN_ENDPOINTS if one and one.startswith("desk.")}


def test_another_page_of_the_browser_cannot_have_cards_burned(maker: FlaskClient, burner: Burner) -> None:
    csrf = re.search(r'name="csrf" value="([^"]+)"', reads(maker))
    assert csrf is not None

    answer = maker.post("/burn", data={"csrf": csrf[1]}, base_url=HOME, headers={"Origin": "https://evil.example"})
    renamed = maker.get("/", base_url="http://evil.example:8090")

    assert (403, 400) == (answer.status_code, renamed.status_code)
    assert [] == burner.disks


def test_the_cards_are_shown_with_their_state(maker: FlaskClient, book: Book) -> None:
    book.note_failed(2, "The card holds less than it says.", "/dev/sdc")

    page = reads(maker)

    assert "The card holds less than it says." in page
    assert re.search(r"Wadi 2.*?badge bad", page, re.DOTALL)
    assert "sesame" not in page


def test_only_cards_that_may_be_burned_are_and_their_progress_is_shown(maker: FlaskClient, burner: Burner) -> None:
    assert 303 == sends(maker, "/burn").status_code
    assert burner.has_told.wait(20)

    page = reads(maker)

    assert ["disk b"] == burner.disks
    assert '<progress value="250" max="1000" aria-label="Wadi 1">' in page
    assert 'data-follow="yes"' in page
    assert "desk.js" in page


def test_a_second_run_does_not_begin_beside_the_first(maker: FlaskClient, burner: Burner) -> None:
    sends(maker, "/burn")
    assert burner.has_told.wait(20)
    sends(maker, "/check", address="10.0.0.7")
    sends(maker, "/burn")

    assert ["disk b"] == burner.disks


def test_what_became_of_a_card_stays_on_the_page(app: Flask, maker: FlaskClient, burner: Burner, book: Book) -> None:
    sends(maker, "/burn")
    burner.may_end.set()
    while 'data-follow="yes"' in reads(maker):
        pass

    assert "good: take it out" in reads(maker)
    assert State.BURNED is book.card(1).state


def test_a_card_that_was_left_in_its_reader_is_not_burned_again(maker: FlaskClient, burner: Burner) -> None:
    sends(maker, "/burn")
    burner.may_end.set()
    while 'data-follow="yes"' in reads(maker):
        pass

    assert 400 == sends(maker, "/burn").status_code
    assert ["disk b"] == burner.disks


def test_a_run_that_breaks_says_its_sentence(maker: FlaskClient, burner: Burner) -> None:
    burner.fault = BoxFault("The image is damaged.", "Copy it again.")
    sends(maker, "/burn")
    burner.may_end.set()
    while 'data-follow="yes"' in reads(maker):
        pass

    assert "The image is damaged." in reads(maker)


def test_a_box_is_checked_and_noted(maker: FlaskClient, book: Book) -> None:
    page = sends(maker, "/check", address="10.0.0.7").text

    assert "This box is as it should be." in page
    assert (State.CHECKED, "b" * 16) == (book.card(2).state, book.card(2).box)


def test_the_labels_come_as_a_file_that_nothing_keeps(maker: FlaskClient) -> None:
    answer = sends(maker, "/labels", language="ar")

    assert (200, "application/pdf", b"%PDF") == (answer.status_code, answer.mimetype, answer.data[:4])
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_the_page_speaks_the_readers_language(maker: FlaskClient, language: str) -> None:
    page = reads(maker, f"/?lang={language}")

    assert f'lang="{language}"' in page


def test_a_desk_without_an_image_still_prints_and_checks(
    book: Book, clock: StandingClock, random_bytes: Callable[[int], bytes]
) -> None:
    client = create_app(Desk(book, None, Burning(), clock, KEY), DeskSessions(random_bytes)).test_client()
    client.get(f"/?key={KEY}", base_url=HOME)

    assert "without an image" in reads(client)
    assert 400 == sends(client, "/burn").status_code


def test_strangers_do_not_crowd_out_the_one_with_the_key(maker: FlaskClient, app: Flask) -> None:
    sessions: DeskSessions = app.extensions["qanat.sessions"]
    for _ in range(3 * SESSIONS_MAX):
        sessions.begin("", "", {})

    assert "The cards" in reads(maker)
