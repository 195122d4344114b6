"""Serving a box: its pages, its courses, its commands and its nights, in one process.

* The lock is taken first and the ports next: a second process, or a taken port, ends before anything has begun.
* The front's loop has the main thread; the writer, the minute's tick, a stick that is put in and the control socket
  have a thread each.
* Where the box must have a partition of its own and has none, a plain page that says so is all there is, until it has.
* When it ends, a session under way is told to stop, and what waits to be written is written.
"""

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.app import BoxApplication
from edge.birth.hardware import parts_of
from edge.box import RESET_FILE, Box, SettableClock, read_config
from edge.carrying.letters import FOLDER as CARRIED
from edge.carrying.pages import BROUGHT_BYTES_MAX, CARRY_PATH
from edge.control import Control
from edge.keeping import upkeep
from edge.keeping.since import machine_clock
from edge.learning.lrs.attachments import BYTES_MAX as STATED_BYTES_MAX
from edge.learning.lrs.pages import PREFIX as STATEMENTS_PATH
from edge.library.books import FOLDER as BOOKS
from edge.library.stage.app import BODY_BYTES_MAX, StageApplication
from edge.nights.ledger import OTHER_STEP_BYTES
from edge.nights.nightly import TICK_SECONDS
from edge.works import works
from sync.clock import Moment
from sync.web.content import Content
from sync.web.front import Front, Site
from sync.web.wsgi import Accel, Application

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

    from sync.links.http import HttpLink

PAGES_FIRST_SECONDS = 2.0
LOOK_SECONDS = 10
"""How often is looked for a stick: whoever puts one in waits beside it."""

ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on
NOWHERE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737): asking for the way there says which of our own addresses is used."""


def serve(
    data: Path, options: Mapping[str, Any], say: Callable[[str], None], *, needs_own_partition: bool = False
) -> None:
    """Serve the box in `data` until SIGTERM or SIGINT.

    Raises BoxFault where another process holds the box or a port, CallerFault where a setting cannot be.
    """
    clock = machine_clock()
    if needs_own_partition and not _has_ground(data, options, clock, say):
        return
    # Pages name files by their whole path, wherever the box was started from.
    while _served(data.resolve(), options, clock, say):
        say("The box is opened anew.")


def _served(data: Path, options: Mapping[str, Any], clock: SettableClock, say: Callable[[str], None]) -> bool:
    """Serve the box until it is told to stop, or has to be opened again: then that is what it tells."""
    with opened(data, clock, options) as box:
        front = Front(sites(box), clock, spool=data / CARRIED)
        front.bind()
        box.renewal.when_done = front.stop
        control = Control(data, works(box))
        minutes = Minutes(box)
        box.open_again = front.stop
        box.start()
        control.start()
        minutes.start()
        try:
            front.run(lambda: _greet(box, say))
        finally:
            control.close()
            minutes.close()
        return box.renewal.is_done or (data / RESET_FILE).exists()


def _has_ground(data: Path, options: Mapping[str, Any], clock: SettableClock, say: Callable[[str], None]) -> bool:
    """Wait until the data folder is on a partition of its own; False where the box was told to stop before."""
    from edge.birth import ground

    if ground.look(data) is None:
        return True
    # Loaded where something is wrong.
    from edge.birth.groundless import wait_for_ground

    config = read_config(data).with_changes(options)
    return wait_for_ground(data, config, clock, lambda: ground.look(data), say)


@contextlib.contextmanager
def opened(data: Path, clock: SettableClock, options: Mapping[str, Any] | None = None) -> Iterator[Box]:
    """The box in `data` with this machine's randomness and network; `options` stand above its box.toml."""
    config = read_config(data).with_changes(options or {})

    def open_link(address: str) -> "HttpLink":
        # Loaded when a session first needs it, not before the first page; proxy and rate are those that are set then.
        from sync.links.http import HttpLink
        from sync.links.metered import receive_bytes

        set_now = box.config
        ahead_bytes = receive_bytes(set_now.budget.rate_bytes)
        return HttpLink(address, clock=clock, proxy=set_now.proxy, receive_bytes=ahead_bytes)

    box = Box.open(
        data, config, clock=clock, random_bytes=secrets.token_bytes, open_link=open_link, parts=parts_of(data)
    )
    try:
        yield box
    finally:
        box.close()


def sites(box: Box) -> list[Site]:
    """Where the box listens: its pages, and each content port."""
    config = box.config
    trees = box.data / "trees"
    accel = Accel(config.accel, trees) if config.accel else None
    pages = Application(
        BoxApplication(box),
        [trees, box.data / "store", box.data / CARRIED, box.data / BOOKS],
        body_bytes_max={CARRY_PATH: BROUGHT_BYTES_MAX, STATEMENTS_PATH: STATED_BYTES_MAX},
        asked_first=[CARRY_PATH],
        accel=accel,
        is_behind_proxy=config.is_behind_proxy,
    )
    stage = Application(
        StageApplication(box), [], body_bytes_max={"/": BODY_BYTES_MAX}, is_behind_proxy=config.is_behind_proxy
    )
    content = Content(box.content, config.port_seen or config.port, config.address, stage, config.secure_port)
    return [
        Site(config.host, config.port, pages),
        *(Site(config.host, port, content) for port in config.ports_for_content),
    ]


class Minutes:
    """Steps the night each minute, and looks for sticks in between.

    Its library is loaded once the box has been open for a moment: pages come first.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._scheduler: BackgroundScheduler | None = None
        self._look: threading.Thread | None = None
        self._timer = threading.Timer(PAGES_FIRST_SECONDS, self._begin)
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()

    def close(self) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    def _begin(self) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._every(TICK_SECONDS, lambda: _tick(self._box))
        self._every(LOOK_SECONDS, self._look_for_sticks)
        self._scheduler.start()

    def _every(self, seconds: int, work: Callable[[], None]) -> None:
        assert self._scheduler is not None, "jobs are given to a scheduler"
        self._scheduler.add_job(
            work, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    def _look_for_sticks(self) -> None:
        """A stick may take an hour: it gets a thread of its own, which does not keep the process from ending."""
        if self._look is None or not self._look.is_alive():
            self._look = threading.Thread(target=self._box.sticks.look, name="stick", daemon=True)
            self._look.start()


def _tick(box: Box) -> None:
    """A session may take all night: it gets a thread of its own, which does not keep the process from ending."""
    threading.Thread(target=_night, args=[box, box.clock.now()], name="session", daemon=True).start()
    box.launches.sweep()
    box.ledger.observe(OTHER_STEP_BYTES)
    if box.config.neighbours:
        box.neighbours.keep_up()


def _night(box: Box, moment: Moment) -> None:
    box.enrolling.tick(moment)
    box.nightly.tick(moment)
    if box.renewal.tick(moment):
        return
    upkeep.each_minute(box, moment)


def _greet(box: Box, say: Callable[[str], None]) -> None:
    say(f"{box.config.name} is open at {address(box)}")
    if code := box.setup.label_code():
        say(f"Staff code, to claim the box once: {code}")


def address(box: Box) -> str:
    """Where to point a browser."""
    config = box.config
    if config.address:
        return f"{config.address}/"
    host = _own_address() if config.host in ANYWHERE else config.host
    return f"http://{f'[{host}]' if ':' in host else host}:{config.port}/"


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(NOWHERE)  # sends nothing
        except OSError:
            return "localhost"
        return str(probe.getsockname()[0])
