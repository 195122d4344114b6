"""The desk's page in a real browser: on a phone and a laptop, from both sides, and while cards are being burned."""

import random
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.birth.seed import Seed, Wifi
from provisioning.batch.book import Batch, Book, Card, keep_seed
from provisioning.desk.app import Desk, create_app
from provisioning.desk.burning import Burning, Reader
from provisioning.desk.sessions import DeskSessions
from sync.clock import SystemClock
from sync.web.front import Front, Site
from sync.web.wsgi import Application
from tests.phones import Phones, assert_welcoming, until

pytestmark = pytest.mark.system

LAPTOP = {"width": 1280, "height": 800}
KEY = secrets.token_urlsafe(16)


@dataclass
class Opened:
    """A desk that is served, and cards that are burned when the test lets them."""

    address: str
    book: Book
    may_end: threading.Event


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Opened]:
    clock, may_end = SystemClock(), threading.Event()
    batch = Batch("b" * 16, "wadiwadi", "مدرسة وادي حلفا", "https://hub.example", 1, 1 << 40)
    cards = [Card(number, f"{number + 1}" * 16, f"وادي {number:02}") for number in (1, 2, 3)]
    for card in cards:
        wifi = Wifi(card.short_name, "kmtr-dxwp-cfgh", "KE", 6)
        keep_seed(tmp_path, Seed(card.seed_id, batch.id, card.number, "Wadi", batch.hub, "t", "KMTRD-XWPCF", wifi))
    book = Book.begin(tmp_path, batch, cards, clock)
    book.note_failed(3, "The card holds less than it says: 7.3 of 31.9 GB.", "/dev/sdd")

    def burn(book: Book, image: Path, disks: Sequence[Any], listener: Callable[[Mapping[str, Any]], None]) -> set[str]:
        for slot in (1, 2):
            about = {"slot": slot, "port": f"USB 1-4.{slot}", "name": f"وادي {slot:02}", "doing": "writing"}
            listener({**about, "done_bytes": 25 * slot, "total_bytes": 100})
        assert may_end.wait(60)
        book.note_burned(1, "/dev/sdb", "", "a" * 64)
        listener({"slot": 1, "doing": "good"})
        listener({"slot": 2, "doing": "failed", "why": "It was pulled out."})
        return set()

    disks = [Reader("/dev/sdb (USB 1-4.1)", "", ""), Reader("/dev/sda", "it holds /.", "")]
    burning = Burning(burn)
    opened = Desk(book, tmp_path / "box.img", burning, clock, KEY, lambda image, burned: disks)
    app = create_app(opened, DeskSessions(random.Random(7).randbytes))
    front = Front([Site("127.0.0.1", 0, Application(app, []))], clock)
    (port,) = front.bind()
    is_ready = threading.Event()
    serving = threading.Thread(target=front.run, args=(is_ready.set,))
    serving.start()
    assert is_ready.wait(60)
    yield Opened(f"http://127.0.0.1:{port}", book, may_end)
    may_end.set()
    burning.wait()
    front.stop()
    serving.join()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("viewport", [None, LAPTOP])
def test_the_page_is_welcoming_on_a_phone_and_a_laptop(
    desk: Opened, phones: Phones, language: str, viewport: dict[str, int] | None
) -> None:
    page = phones.phone(language, **({"viewport": viewport} if viewport else {}))

    page.goto(f"{desk.address}/?key={KEY}")

    page.get_by_text("وادي 01").wait_for()
    assert {"en": "ltr", "ar": "rtl"}[language] == page.evaluate("document.documentElement.dir")
    assert_welcoming(page)


def test_the_slots_get_on_before_the_readers_eyes_and_the_page_ends_with_them(desk: Opened, phones: Phones) -> None:
    page = phones.phone("en")
    page.goto(f"{desk.address}/?key={KEY}")
    page.locator("summary", has_text="Burn these cards").click()
    page.get_by_role("button", name="Write over them").click()
    bars = until(page, "Array.from(document.querySelectorAll('#slots progress')).map(bar => bar.value).join()")

    desk.may_end.set()

    assert "250,500" == bars
    page.get_by_text("good: take it out").wait_for()
    page.get_by_text("It was pulled out.").wait_for()
    page.locator("[data-follow=no]").wait_for(state="attached")
    assert "burned" == desk.book.card(1).state.value


def test_without_scripts_the_page_loads_itself_anew_while_cards_are_burned(desk: Opened, phones: Phones) -> None:
    page = phones.phone("en", scripts=False)
    page.goto(f"{desk.address}/?key={KEY}")
    page.locator("summary", has_text="Burn these cards").click()
    page.get_by_role("button", name="Write over them").click()
    page.locator("#slots progress").first.wait_for()

    desk.may_end.set()

    page.get_by_text("good: take it out").wait_for()


def test_the_sheet_of_labels_is_handed_out(desk: Opened, phones: Phones) -> None:
    page = phones.phone("en")
    page.goto(f"{desk.address}/?key={KEY}")

    with page.expect_download() as coming:
        page.get_by_role("button", name="Make the sheet").click()

    assert coming.value.path().read_bytes().startswith(b"%PDF")
