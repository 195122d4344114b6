"""What a student's pages weigh, as a browser counts them on the wire: pages, styles, script and all that they load.

* A demo's night is lived first. The first page is the first that a phone with an empty cache ever sees, and then home;
  later pages are those of a student who goes on, with the cache that they have by then.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from provisioning.demo import LEARNER, PIN, Night
from tests.bench.table import Row
from tests.nights import a_night
from tests.phones import phones_at_hand

FIRST_BYTES_MAX = 30_000
LATER_BYTES_MAX = 12_000
KOLIBRI_FIRST_BYTES = 706_000
"""Of scripts alone."""


def rows(folder: Path) -> Iterator[Row]:
    """The first page, and each later one."""
    with phones_at_hand() as phones, ExitStack() as leaving:
        data = Path(leaving.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        night = a_night(data, leaving)
        night.live()
        page = phones.phone()
        wire = Wire(page.context.new_cdp_session(page))
        first = wire.of(page, f"{night.box.address}/sign-in")
        yield page_verdict("first page (sign in)", f"{KOLIBRI_FIRST_BYTES:,}", first, FIRST_BYTES_MAX)
        _sign_in(page, night.class_code)
        for name, path in _later(night):
            yield page_verdict(
                f"later page ({name})", "-", wire.of(page, f"{night.box.address}{path}"), LATER_BYTES_MAX
            )


class Wire:
    """Counts what a page brings, head lines included."""

    def __init__(self, session: CDPSession) -> None:
        self._bytes = 0
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)

    def of(self, page: Page, address: str) -> int:
        """Bytes on the wire until nothing more is loaded."""
        self._bytes = 0
        page.goto(address, wait_until="networkidle")
        return self._bytes

    def _finished(self, said: dict[str, float]) -> None:
        self._bytes += int(said["encodedDataLength"])


def _later(night: Night) -> list[tuple[str, str]]:
    lesson, film, book = (night.courses[kind] for kind in ("lesson", "film", "book"))
    return [
        ("home", "/"),
        ("library", "/library"),
        ("course", f"/library/{lesson}"),
        ("film's course", f"/library/{film}"),
        ("book's course", f"/library/{book}"),
        ("me", "/me"),
    ]


def _sign_in(page: Page, code: str) -> None:
    page.fill("[name=code]", code)
    page.click("main form button")
    page.get_by_role("link", name=LEARNER).click()
    page.fill("[name=pin]", PIN)
    page.click("main form button")
    page.wait_for_load_state("networkidle")


def page_verdict(name: str, peer: str, weight_bytes: int, most: int) -> Row:
    """What this weight is called."""
    return Row(name, peer, f"{weight_bytes:,} bytes", f"<= {most:,}", weight_bytes <= most, weight_bytes)
