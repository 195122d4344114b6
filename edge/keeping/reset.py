"""Resetting a box: the courses stay, everything of people goes, and what remains is a new box.

* A new box to everybody: another key, another code on its label, no hub. With its former key the hub would send home
  what its people did, as to a card that was put back: so a reset box never speaks under the former name again.
* It is asked for by one file, which lasts; from then on it happens at the next opening, whatever cuts it. Each step may
  be done again, and begins from what the former one left: in the end it is the old box, not yet asked, or the new one.
* The new database is made beside the old one, of what is about courses alone, and takes its place in one rename.
* What lies in the data folder and is not named here goes: a list of what to remove would forget something.
* Erased is not shredded: a card that is taken to a laboratory may still tell. Such a card is to be destroyed.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from catalog import durable, releases, shelf, store
from catalog.db import Connection, Database
from catalog.fault import CallerFault, Fault
from edge.box import RESET_FILE as FILE
from edge.config import FILE as SETTINGS
from edge.config import changed
from edge.keeping import acts

if TYPE_CHECKING:
    from edge.box import Box

DATABASE = "box.db"
BESIDE = "box.db.reset"
ABOUT_COURSES: tuple[Migrations, ...] = (store.migrations, releases.migrations, shelf.migrations)
"""Whose tables stay."""
KEPT = frozenset({FILE, DATABASE, BESIDE, SETTINGS, "box.lock", "control.sock", "store", "trees", "books"})
FOUND = "search.db"
"""What stays of the data folder, and what begins with FOUND: courses, what was made of them, settings, the lock."""
OTHER_HUB = {"hub": ""}


class WouldLose(CallerFault):
    """Learners' steps would be lost that no hub has: whoever resets the box has to say so twice."""


def send_first(box: "Box", who: str) -> int:
    """Write down who resets the box, and send all that is not sent yet, if the hub can be reached.

    Returns how many steps of learners are not sent.
    """
    box.database.write(lambda connection: acts.note_reset(box, connection, who))
    if box.hub is not None:
        # Without a way there, or with a session under way, what is not sent is counted below.
        with contextlib.suppress(Fault):
            box.nightly.run()
    return unsent_of_learners(box)


def unsent_of_learners(box: "Box") -> int:
    """How many steps of learners the hub does not have."""
    row = box.database.read().execute(
        """
        select count(*) as steps from epoch join event on event.place = epoch.place and sequence > taken
        where learner <> ''
        """
    )
    return int(row.fetchone()["steps"])


def ask(box: "Box", lost: int) -> None:
    """Let the box be reset when it is opened next; `lost` is how many unsent steps whoever asks knows to be lost.

    Raises WouldLose where there are more.
    """
    unsent = unsent_of_learners(box)
    if unsent > lost:
        raise WouldLose(
            f"{unsent} steps of learners are not at the hub, and would be lost.",
            "Let the box sync or carry them on a stick first; or say with --lose how many may be lost.",
        )
    durable.write_file(box.data / FILE, b"")


def is_asked(data: Path) -> bool:
    return (data / FILE).exists()


def finish(data: Path) -> None:
    """Make a new box of the one in `data`, whose lock is held and which nobody has open."""
    for step in steps(data):
        step()


def steps(data: Path) -> Iterator[Callable[[], None]]:
    """Each lasts before the next begins, and may be done again."""
    yield lambda: _make_beside(data)
    yield lambda: durable.move_into_place(data / BESIDE, data / DATABASE)
    yield lambda: durable.sync_folder(data)
    yield lambda: _clear(data)
    yield lambda: _forget_hub(data)
    yield lambda: durable.sync_disk(data)
    yield lambda: (data / FILE).unlink(missing_ok=True)
    yield lambda: durable.sync_folder(data)


def _make_beside(data: Path) -> None:
    # Loaded here: the box is put together of more than this file may know.
    from edge.box import MIGRATIONS

    for left in data.glob(f"{BESIDE}*"):
        left.unlink()
    old = Database(data / DATABASE, MIGRATIONS)
    new = Database(data / BESIDE, MIGRATIONS)
    try:
        for name in _tables(data):
            new.write(partial(_put, name=name, rows=old.read().table(name).rows))
    finally:
        # The last to leave empties the log into the file, so that the file alone is the database.
        new.close()
        old.close()
    # Gone for good before the rename: a log of the old one would be read into the new one.
    for log in (*data.glob(f"{DATABASE}-*"), *data.glob(f"{BESIDE}-*")):
        log.unlink()
    durable.sync_disk(data)


def _put(connection: Connection, *, name: str, rows: Iterator[dict[str, object]]) -> None:
    connection.table(name).insert_all(rows, replace=True)


def _tables(data: Path) -> list[str]:
    """The tables that are about courses, in the order in which they name each other."""
    place = data / f"{BESIDE}.form"
    form = Database(place, ABOUT_COURSES)
    try:
        rows = form.read().execute("select name from sqlite_master where type = 'table' order by rowid").fetchall()
        return [row["name"] for row in rows if not row["name"].startswith("_")]
    finally:
        form.close()
        for left in data.glob(f"{place.name}*"):
            left.unlink()


def _clear(data: Path) -> None:
    for path in data.iterdir():
        if path.name in KEPT or path.name.startswith(FOUND):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _forget_hub(data: Path) -> None:
    path = data / SETTINGS
    if path.exists():
        durable.write_file(path, changed(path.read_text(encoding="utf-8"), OTHER_HUB).encode())
