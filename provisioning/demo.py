"""`qanat demo`: one night, end to end, on this machine, with the real programs.

* A hub and a box run as processes of their own; people walk their pages as a browser without scripts does.
* What is promised is looked at, not believed: each step fails with a sentence where the page does not show it.
* Words go to the terminal while it works; `--json` keeps them on standard error and prints the summary alone.
"""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from catalog.fault import BoxFault, Fault
from sync.clock import SystemClock

SHARED = Path(__file__).parent.parent.parent / "shared"
HUB_PORT, BOX_PORT, CONTENT_PORT, CONTENT_PORTS = 8300, 8400, 8410, 16
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
PASSWORD = "four words by the well"  # noqa: S105 - a demo's password, printed on the screen
CLASS, LEARNER, PIN, CAMPUS, STAFF = "Grade 8 B", "Amina Warsame", "2468", "Hill school", "Kadra"
TOTALS = ("bytes_down", "bytes_up", "requests", "events_up", "seconds")


@click.command()
@click.option("--once", is_flag=True, help="End after the night instead of serving on.")
@click.option("--lan", is_flag=True, help="Open the box to the phones in the room, with a QR code.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keep everything here.")
def demo(*, once: bool, lan: bool, as_json: bool, data: Path | None) -> None:
    """One night, end to end: courses travel, a learner studies with the hub gone, progress arrives."""
    with contextlib.ExitStack() as leaving:
        # Ctrl-C and a polite kill both leave by the stack, so that no process stays behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        folder = data or Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="qanat-demo-")))
        night = Night(folder, leaving, lan, lambda words: click.echo(words, err=as_json))
        summary = night.live()
        if as_json:
            click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
        night.say_goodbye(summary)
        if not once:
            night.serve_on()


@dataclass
class Night:
    """One night between a hub and a box, told as it goes."""

    folder: Path
    leaving: contextlib.ExitStack
    lan: bool
    say: Callable[[str], None]
    hub_port: int = HUB_PORT
    box_port: int = BOX_PORT
    """Where to look for free ports, upwards."""
    sessions: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        work = self.leaving.enter_context(tempfile.TemporaryDirectory(prefix="qanat-courses-"))
        first = _free_ports(self.box_port, CONTENT_PORTS + CONTENT_PORT - BOX_PORT)
        hub_port = _free_ports(self.hub_port, 1)
        host = "0.0.0.0" if self.lan else "127.0.0.1"  # noqa: S104 - asked for by --lan
        box_ports = ["--port", str(first), "--content-port", str(first + CONTENT_PORT - BOX_PORT)]
        self.work = Path(work)
        self.hub = Serving("hub", self.folder / "hub", hub_port, ["--port", str(hub_port), "--host", host])
        self.box = Serving("box", self.folder / "box", first, [*box_ports, "--host", host])
        self.address = _lan_address() if self.lan else "127.0.0.1"
        self.class_code = ""
        self.courses: dict[str, str] = {}

    def live(self) -> dict[str, Any]:
        """The night. Returns the summary; raises a Fault where something is not as promised."""
        from provisioning.courses import courses_at_hand

        courses = courses_at_hand(SHARED, self.work)
        self.courses = {"lesson": courses.lesson.course, "film": courses.film.course, "book": courses.book.course}
        self.say("The hub starts, and three courses are published.")
        self.leaving.callback(self.hub.stop)
        self.hub.start()
        hub_staff = self.claim_hub()
        for course in courses.first_night:
            self.publish(course)

        self.say("A box is enrolled with a one-time token, and fetches its courses.")
        token = qanat_json("hub", "token", "--data", str(self.hub.data), "--campus", CAMPUS)["token"]
        hub = ["--hub", self.hub.address, "--token", token, "--name", CAMPUS]
        qanat_json("box", "enrol", "--data", str(self.box.data), *hub)
        self.leaving.callback(self.box.stop)
        self.box.start()
        self.class_code = self.claim_box()
        self.sync()
        on_shelf = [row["course"] for row in qanat_json("box", "courses", "--data", str(self.box.data))["courses"]]
        _demand(len(on_shelf) == len(courses.first_night), f"the shelf holds {on_shelf}")

        self.say("The hub is stopped. A learner joins the class, and studies.")
        self.hub.stop()
        learner = self.learner()
        place = self.study(learner, courses.lesson.course, courses.film.course, courses.book.course)

        self.say("The hub comes back; the progress reaches it.")
        self.hub.start()
        self.sync()
        self.see_progress(hub_staff)

        self.say("A new version of the lesson is published, and arrives. The learner's place is kept.")
        self.publish(courses.lesson_again)
        self.sync()
        self.see_place(learner, courses.lesson.course, place)

        totals = {name: round(sum(session[name] for session in self.sessions), 3) for name in TOTALS}
        return {"courses": on_shelf, **totals, "student_page": self.student_page, "hub_page": self.hub_page}

    @property
    def student_page(self) -> str:
        return f"http://{self.address}:{self.box.port}/"

    @property
    def hub_page(self) -> str:
        return f"http://{self.address}:{self.hub.port}/"

    def claim_hub(self) -> Any:
        """The hub's staff type the code that the hub printed."""
        from provisioning.visitor import Visitor

        staff = Visitor(self.hub.address)
        page = staff.open("/claim")
        code = (self.hub.data / "claim-code.txt").read_text().strip()
        staff.choose_password(page, page.form("code"), {"code": code, "name": STAFF}, PASSWORD)
        return staff

    def claim_box(self) -> str:
        """The campus's staff answer the five questions; returns the first class's code."""
        from provisioning.visitor import Visitor

        staff = Visitor(self.box.address)
        page = staff.open("/claim")
        code = (self.box.data / "label.txt").read_text().strip()
        self.say(f"  the box's label says: staff code {code}")
        answers = {"code": code, "language": "en", "classroom": CLASS}
        staff.choose_password(page, page.form("code", "classroom"), answers, PASSWORD)
        links = " ".join(address for address, _ in staff.open("/classes").links)
        classroom = re.search(r"/classes/[\w-]+", links)
        _demand(classroom is not None, "the staff's page shows no class")
        assert classroom is not None, "just demanded"
        code = staff.open(f"{classroom.group()}/code").text.partition("The code of this class is")[2].split()[0]
        _demand(len(code) >= 4, "the class has no code on its page")
        return code

    def publish(self, course: Any) -> None:
        """Publish by the command, with its progress bar on this terminal."""
        words = ["--course", course.course, "--title", course.title, "--language", course.language]
        sources = [str(path) for path in course.sources]
        published = qanat_json("hub", "publish", *sources, "--data", str(self.hub.data), *words)
        self.say(f"  {course.title}: version {published['version']}")

    def sync(self) -> None:
        """One session, with its progress bar on this terminal."""
        session = qanat_json("box", "sync", "--data", str(self.box.data))
        _demand(not session.get("sentence"), f"the session did not end well: {session.get('sentence')}")
        self.sessions.append(session)
        self.say(
            f"  {session['bytes_down']:,} bytes down, {session['bytes_up']:,} up, {session['requests']} requests, "
            f"{session['events_up']} events, {session['seconds']:.1f} s"
        )

    def learner(self) -> Any:
        """A learner joins with the code on the wall, a name and a PIN."""
        from provisioning.visitor import Visitor

        learner = Visitor(self.box.address)
        page = learner.open("/join")
        page = learner.send(page, page.form("code"), {"code": self.class_code})
        page = page if page.has_form("name", "by") else learner.open("/join")
        page = learner.send(page, page.form("name", "by"), {"name": LEARNER, "by": "pin"})
        page = learner.send(page, page.form("pin"), {"pin": PIN})
        _demand(LEARNER in page.text, "the box does not greet the new learner")
        return learner

    def study(self, learner: Any, lesson: str, film: str, book: str) -> str:
        """Read two pages, watch and seek, read the book. Returns the page of the lesson that was reached."""
        start = self.open_activity(learner, lesson, "site")
        content = learner.open(start.sources[0])
        follow = next(
            address for address, _ in content.links if address.endswith(".html") and "://" not in address
            and not address.endswith("index.html")
        )  # fmt: skip
        reached = learner.open(_join(content.url, follow))
        self.say(f"  {LEARNER} reads {reached.url.rpartition('/')[2]}")

        watching = self.open_activity(learner, film, "film")
        source = watching.sources[0].partition("#")[0]
        piece = learner.piece(source, 1000, 1999)
        _demand(piece.status_code == 206 and len(piece.content) == 1000, "the film cannot be sought")
        captions = learner.piece(next(one for one in watching.sources if "captions" in one), 0, 5)
        _demand(captions.content.startswith(b"WEBVTT"), "the film's captions do not come")
        learner.keep_place(watching, seconds=7)
        again = self.open_activity(learner, film, "film")
        _demand("#t=7" in again.sources[0], "the film's place is not remembered")
        self.say(f"  {LEARNER} watches, seeks, leaves at 0:07; the place is remembered")

        shown = learner.open(f"/library/{book}")
        reading = learner.open(next(link for link, _ in shown.links if link.startswith(f"/library/{book}/")))
        page = learner.piece(next(address for address, _ in reading.links if address.endswith("/file")), 0, 3)
        _demand(page.content == b"%PDF", "the book does not open")
        for form in reading.forms:
            if form.action.endswith("/learn/completed"):
                learner.send(reading, form, {})
        self.say(f"  {LEARNER} reads the book and says so")
        return _place(reached.url)

    def see_progress(self, hub_staff: Any) -> None:
        """The hub's page of the campus shows the learner's name."""
        fleet = hub_staff.open("/")
        campus = next(address for address, words in fleet.links if CAMPUS in words and "campus" in address)
        _demand(LEARNER in hub_staff.open(campus).text, "the hub's page does not show the learner")
        self.say(f"  the hub shows {LEARNER} of {CAMPUS}")

    def see_place(self, learner: Any, lesson: str, place: str) -> None:
        """Opening the lesson again goes on where the learner was, in the new version."""
        release = next(
            row for row in qanat_json("box", "courses", "--data", str(self.box.data))["courses"]
            if row["course"] == lesson
        )  # fmt: skip
        _demand(release["version"] > 1, "the new version is not on the shelf")
        kept = _place(self.open_activity(learner, lesson, "site").sources[0])
        _demand(kept == place, f"the learner was at {place} and would go on at {kept}")
        self.say(f"  {LEARNER} goes on at {place.rpartition('/')[2]}, in version {release['version']}")

    def open_activity(self, learner: Any, course: str, activity: str) -> Any:
        return learner.open(f"/library/{course}/{activity}")

    def say_goodbye(self, summary: Mapping[str, Any]) -> None:
        """The two addresses and what moved."""
        self.say("")
        self.say(f"Student page: {self.student_page}   (class code {self.class_code}, {LEARNER}, PIN {PIN})")
        self.say(f"Staff page:   {self.student_page}staff   (password: {PASSWORD})")
        self.say(f"Hub page:     {self.hub_page}   (name {STAFF}, password: {PASSWORD})")
        self.say(
            f"Moved: {summary['bytes_down']:,} bytes down and {summary['bytes_up']:,} up, headers counted, in "
            f"{summary['requests']} requests and {summary['seconds']:.1f} s; {summary['events_up']} events went up."
        )
        if self.lan:
            import segno

            segno.make(self.student_page).terminal(out=sys.stderr, compact=True)

    def serve_on(self) -> None:
        """Keep serving until somebody presses Ctrl-C."""
        self.say("Both keep serving. Ctrl-C ends them.")
        with contextlib.suppress(KeyboardInterrupt):
            while self.hub.is_alive and self.box.is_alive:
                SystemClock().wait(1)


class Serving:
    """A hub or a box as a process of its own; its words go to a file beside its data."""

    def __init__(self, kind: str, data: Path, port: int, options: Sequence[str]) -> None:
        self.kind = kind
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "provisioning", kind, "serve", "--data", str(data), *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, and wait until it says itself that it is open: whoever else answers at this port is not ours."""
        self.data.mkdir(parents=True, exist_ok=True)
        log = self.data.with_suffix(".log")
        with log.open("ab") as file:
            before_bytes = file.tell()
            self._process = subprocess.Popen(self._command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        clock = SystemClock()
        begun = clock.now().monotonic_seconds
        while clock.now().monotonic_seconds - begun < START_SECONDS_MAX and self.is_alive:
            if f":{self.port}/".encode() in log.read_bytes()[before_bytes:]:
                return
            clock.wait(0.02)
        raise BoxFault(f"The {self.kind} did not start.", f"Read {log}: {log.read_text()[-500:]}")

    def stop(self) -> None:
        """Ask it to end, and wait; it finishes what it was doing."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def qanat_json(*words: str) -> Any:
    """Run a `qanat` command and read its JSON; its bars go to this terminal.

    Raises BoxFault with the command's own words where it fails.
    """
    command = [sys.executable, "-m", "provisioning", *words, "--json"]
    is_watched = sys.stderr.isatty()
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=None if is_watched else subprocess.PIPE, text=True, check=False
    )
    if ended.returncode != 0:
        raise BoxFault(f"`qanat {' '.join(words[:2])}` failed.", ended.stderr or "Its words stand above.")
    return json.loads(ended.stdout)


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Fault(f"The night is not as promised: {otherwise}.", "Please tell us, with what was printed above.")


def _place(address: str) -> str:
    """A page's path inside its course: what follows the launch's own prefix."""
    return address.partition("://")[2].split("/", 2)[2].partition("#")[0]


def _join(base: str, address: str) -> str:
    from urllib.parse import urljoin

    return urljoin(base, address)


def _free_ports(wished: int, count: int) -> int:
    """The first of `count` neighbouring ports that nobody listens on, at `wished` or above."""
    for first in range(wished, 60_000 - count, max(count, 10)):
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise BoxFault("There are no free ports on this machine.", "Close other servers and try again.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def _lan_address() -> str:
    """This machine's address on the local network, as its own routing table gives it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return "127.0.0.1"
