"""Bad nights with real processes: killed at any point, lied to, sent away; then started again, and all is well."""

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.fault import CallerFault, LinkFault
from sync.clock import SystemClock
from sync.hub.hub import Hub
from tests.bench.processes import ROOT, qanat
from tests.system.machines import Machine, command
from tests.system.road import Road
from tests.wire import release_at

pytestmark = pytest.mark.system

BOOK_BYTES = 6_000_000
NIGHT_BYTES_MAX = 1500
COURSES = 100
TICK_SECONDS_MAX = 100


Machines = Callable[[str, Path], Machine]


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    """Makes machines, which stop at the end."""
    made: list[Machine] = []

    def make(kind: str, data: Path) -> Machine:
        made.append(Machine(kind, data))
        return made[-1]

    yield make
    for machine in made:
        machine.stops()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose pack takes a moment."""
    folder = tmp_path_factory.mktemp("sources") / "book"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>The book</title><p>Read it.</p>")
    (folder / "book.bin").write_bytes(random.Random(1).randbytes(BOOK_BYTES))
    return folder


@pytest.fixture(scope="module")
def hub(machines: Machines, tmp_path_factory: pytest.TempPathFactory, book: Path) -> Machine:
    hub = machines("hub", tmp_path_factory.mktemp("far") / "hub")
    hub.says("publish", str(book), "--course", "book")
    hub.starts()
    return hub


@pytest.fixture
def road(hub: Machine) -> Iterator[Road]:
    road = Road(hub.port)
    yield road
    road.close()


@pytest.fixture
def new_box(machines: Machines, tmp_path: Path) -> Callable[[], Machine]:
    def make() -> Machine:
        data = tmp_path / f"box-{len(list(tmp_path.iterdir()))}"
        box = machines("box", data)
        (data / "box.toml").write_text('content_ports = 1\nwindow = "00:00-00:00"\n')
        return box

    return make


@pytest.fixture
def box(new_box: Callable[[], Machine], hub: Machine, road: Road) -> Machine:
    """A box of the hub that has fetched nothing yet."""
    box = new_box()
    token = hub.says("token", "--campus", "Wadi")["token"]
    box.says("enrol", "--hub", road.address, "--token", token)
    return box


@pytest.mark.parametrize("place", [0, 100, 100_000, 3_000_000, BOOK_BYTES])
def test_a_box_killed_in_a_session_goes_on_at_the_next_start(box: Machine, road: Road, place: int) -> None:
    """Before the first word, in the answer, in the pack, at its last bytes: the next start knows where it was."""
    box.starts()
    road.calls(place, box.is_killed)

    cut = box.told("sync")
    # What waits in this machine's own buffers never came to the box; on a real road it would not have been sent.
    spooled_bytes = sum(path.stat().st_size for path in (box.data / "spool").glob("core-*"))
    box.starts()
    night = box.says("sync")

    assert 4 == cut.returncode, cut.stderr
    assert "The box stopped before it had answered." in cut.stderr
    assert ("well", ["book"], ["book"]) == (night["outcome"], night["courses"], box.courses())
    assert spooled_bytes + night["bytes_down"] <= BOOK_BYTES + (1 << 20) + 20_000
    assert [] == list((box.data / "spool").iterdir()) + list((box.data / "store" / "staging").iterdir())


def test_a_killed_box_needs_nobody_to_go_on(box: Machine, road: Road) -> None:
    """Nobody types anything: power is back, the minute's tick comes, and the course is there."""
    box.starts()
    road.calls(2_000_000, box.is_killed)
    box.told("sync")

    box.starts()
    begun = time.monotonic()
    while box.courses() != ["book"] and time.monotonic() - begun < TICK_SECONDS_MAX:
        time.sleep(3)

    assert ["book"] == box.courses()
    assert ["cut", "well"] == [night["outcome"] for night in reversed(box.says("status")["nights"])]


def http(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


PAGE = b"<!doctype html><title>Sign in</title><p>Welcome to the free Wi-Fi."
MISFORTUNES = {
    "garbage": b"\x00\xff\x13 not HTTP at all\r\n\r\n",
    "a hub's shape without its signature": http("200 OK", b'{"v":1,"request":"x","nonce":"y"}\n'),
    "rubbish for an answer": http("200 OK", b"\x00\x01\x02"),
    "a server that fails": http("500 Internal Server Error", b"oops"),
    "a gateway that finds nobody": http("502 Bad Gateway", b"<html>", "Content-Type: text/html"),
    "a busy hub": http("503 Service Unavailable", b"", "Retry-After: 600"),
    "a redirect": http("302 Found", b"", "Location: http://portal.example/"),
    "a page to sign in": http("200 OK", PAGE, "Content-Type: text/html"),
    "no such place": http("404 Not Found", b"nothing here"),
    "an end in the middle": http("200 OK", b'{"v":1,', length=5_000),
}


def test_whatever_answers_for_the_hub_is_said_and_harms_nothing(box: Machine, road: Road) -> None:
    """Each gets a sentence and a next step, and the exit code of the link; pages go on; then the hub is back."""
    box.starts()
    met: dict[str, tuple[int, bool, bool, int]] = {}
    for name, answers in MISFORTUNES.items():
        road.answers = answers
        ended = box.told("sync")
        sentence, hint, *rest = [*ended.stderr.strip().splitlines(), ""]
        is_said = sentence.endswith(".") and "Traceback" not in ended.stderr and rest == [""]
        met[name] = (ended.returncode, is_said, hint.startswith("Hint: "), box.shows())
    road.answers = None

    night = box.says("sync")

    assert dict.fromkeys(MISFORTUNES, (LinkFault.exit_code, True, True, 200)) == met
    assert ("well", ["book"]) == (night["outcome"], night["courses"])


def test_a_hub_that_is_not_there_is_said(box: Machine, road: Road) -> None:
    road.close()

    ended = box.told("sync")

    assert LinkFault.exit_code == ended.returncode
    assert f"Nobody answers at {road.address}." in ended.stderr
    assert "Hint: " in ended.stderr


def test_a_token_is_used_once_and_a_wrong_one_never(hub: Machine, road: Road, new_box: Callable[[], Machine]) -> None:
    """The label of another box, a letter misread, half a token: each is refused with what to do next."""
    token = hub.says("token", "--campus", "Wadi")["token"]
    first, second = new_box(), new_box()
    first.says("enrol", "--hub", road.address, "--token", token)
    letters = token.replace("-", "")
    wrong = ("b" if letters[0] == "a" else "a") + letters[1:]

    used = second.told("enrol", "--hub", road.address, "--token", token)
    unknown = second.told("enrol", "--hub", road.address, "--token", wrong)
    half = second.told("enrol", "--hub", road.address, "--token", token[:20])
    again = first.told("enrol", "--hub", road.address, "--token", token)

    assert [CallerFault.exit_code] * 3 == [ended.returncode for ended in (used, unknown, half)]
    assert "Another box has used this token." in used.stderr
    assert "This hub has made no such token." in unknown.stderr
    assert "40 letters and digits" in half.stderr
    assert all("Hint: " in ended.stderr for ended in (used, unknown, half))
    assert 0 == again.returncode
    assert 0 == second.told("status").returncode


@pytest.mark.parametrize("milliseconds", [250, 400, 550, 700, 900])
def test_an_import_killed_at_any_moment_can_be_done_again(tmp_path: Path, book: Path, milliseconds: int) -> None:
    """`hub publish` dies somewhere in reading, storing or packing; the same command again has everything whole."""
    data = tmp_path / "hub"
    words = ["hub", "publish", str(book), "--data", str(data), "--course", "book", "--json"]
    with subprocess.Popen(qanat(*words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as publishing:
        try:
            publishing.communicate(timeout=milliseconds / 1000)
        except subprocess.TimeoutExpired:
            publishing.kill()
            publishing.communicate()

    published = command(*words)
    verified = command("catalog", "verify", "--data", str(data))

    assert (0, 0) == (published.returncode, verified.returncode), published.stderr + verified.stderr
    assert 1 == json.loads(published.stdout)["version"]
    assert [] == list((data / "store" / "staging").iterdir())
    assert 1 == len(list((data / "packs").glob("core-*")))


def test_nothing_new_with_a_hundred_courses_counted_on_the_socket(
    machines: Machines, tmp_path: Path, new_box: Callable[[], Machine]
) -> None:
    """Every byte that the real front and the real client put on the wire, headers and all, both ways."""
    hub = machines("hub", tmp_path / "hub")
    opened = Hub.open(hub.data, SystemClock(), os.urandom)
    for number in range(COURSES):
        release_at(opened, f"course-{number:03}", 1, {"core": {"index.html": b"<p>%d</p>" % number}})
    opened.close()
    hub.starts()
    road = Road(hub.port)
    box = new_box()
    token = hub.says("token", "--campus", "Wadi")["token"]
    box.says("enrol", "--hub", road.address, "--token", token)
    assert COURSES == len(box.says("sync")["courses"])
    before = road.up_bytes, road.down_bytes, road.connections

    night = box.says("sync")

    up_bytes, down_bytes = road.up_bytes - before[0], road.down_bytes - before[1]
    road.close()
    assert (1, 1) == (night["requests"], road.connections - before[2])
    assert (up_bytes, down_bytes) == (night["bytes_up"], night["bytes_down"])
    assert up_bytes + down_bytes <= NIGHT_BYTES_MAX


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real ext4 file system of 128 MB."""
    image, folder = tmp_path / "disk.img", tmp_path / "small"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(128 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_card_that_fills_up_in_a_session(machines: Machines, small_disk: Path, hub: Machine, road: Road) -> None:
    """Something else eats the card while a pack comes: it is said, pages go on, and the next session brings it."""
    box = machines("box", small_disk / "box")
    (box.data / "box.toml").write_text("content_ports = 1\n")
    token = hub.says("token", "--campus", "Wadi")["token"]
    box.says("enrol", "--hub", road.address, "--token", token)
    box.starts()
    ballast = small_disk / "ballast"
    road.calls(3_000_000, lambda: _fill(ballast))

    full = box.says("sync")
    pages = box.shows()
    ballast.unlink()
    night = box.says("sync")
    box.stops()

    assert "short" == full["outcome"]
    assert "The disk is full" in full["sentence"]
    assert "Free some space" in full["hint"]
    assert 200 == pages
    assert ("well", ["book"]) == (night["outcome"], night["courses"])
    assert [] == list((box.data / "store" / "staging").iterdir())


def _fill(ballast: Path) -> None:
    """Leave a MiB, for the database."""
    room = shutil.disk_usage(ballast.parent).free - (1 << 20)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room)
