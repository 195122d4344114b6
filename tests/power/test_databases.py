"""Power cuts under every database of ours: what was acknowledged is there, and it is all of one commit."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.power.conftest import Filmed
from tests.power.databases import FOR_ONE_COMMAND, STARTS
from tests.power.dictation import LASTING, Dictation
from tests.power.disk import drawn
from tests.power.judging import judged
from tests.power.replay import contents_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
FLOORS = ("catalog", "sync", "edge", "provisioning")
CUTS = 1_500
CUTS_FOR_A_MISTAKE = 300
SEED = 2026

NOT_OURS = {"ehthumbs.db"}
"""What other systems leave in folders."""
MADE_AGAIN = {"search.db"}
"""What needs not last: all that is in it is read out of the courses again."""
OPENED_IN = {
    "sqlite3.connect(": {"catalog/db.py"},
    "create_engine(": {"sync/hub/engine.py"},
    "bare_engine(": {
        "sync/hub/engine.py",
        # Copies: what these write is no hub's database yet, and is made lasting as a whole folder.
        "sync/hub/keeping/copies.py",
        "sync/hub/keeping/databases.py",
        "sync/hub/keeping/restore.py",
    },
}
"""Who alone may open SQLite, and how: everything else goes through them."""


@pytest.mark.parametrize("name", STARTS)
def test_no_power_cut_takes_what_was_acknowledged(filmed: Filmed, disks: Path, name: str) -> None:
    film = filmed(name)

    complaints = judged(film, drawn(CUTS, 1, len(film.acts), SEED), SEED, disks, STARTS[name])

    assert [] == [str(complaint) for complaint in complaints]


@pytest.mark.parametrize(("setting", "share"), [("normal", 0.03), ("off", 0.3)])
@pytest.mark.parametrize("name", STARTS)
def test_the_cuts_find_a_database_that_does_not_wait_for_its_disk(
    filmed: Filmed, disks: Path, name: str, setting: str, share: float
) -> None:
    """The film is worth nothing if a database that flushes less than ours comes through."""
    film = filmed(name, {"pragma synchronous = full": f"pragma synchronous = {setting}"})

    places = drawn(CUTS_FOR_A_MISTAKE, 1, len(film.acts), SEED)

    found = Counter(complaint.kind for complaint in judged(film, places, SEED, disks))

    assert found["lost"] + found["damaged"] > share * CUTS_FOR_A_MISTAKE, found


@pytest.mark.parametrize("name", STARTS)
def test_the_replay_is_the_database_that_the_real_code_wrote(said: Dictation, filmed: Filmed, name: str) -> None:
    film = filmed(name)
    (path,) = (path for path in said.paths() if path.name == name)

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:  # noqa: TID251 - as a stranger would
        assert film.commits[-1].contents == contents_of(connection.execute)


def test_every_connection_of_ours_has_wal_and_full(said: Dictation) -> None:
    """Each says it of itself as it is closed, readers too."""
    assert {path.name: {LASTING} for path in said.paths()} == {
        path.name: settings for path, settings in said.settings().items()
    }


def test_every_database_that_must_last_is_filmed(said: Dictation) -> None:
    """A new one, wherever it is made, has to be named in tests/power/databases.py."""
    named = {name for _, line in _lines() for name in re.findall(r"""["']([a-z_]+\.db)["']""", line)}

    assert named - NOT_OURS - MADE_AGAIN == set(STARTS) | set(FOR_ONE_COMMAND)
    assert set(STARTS) == {path.name for path in said.paths()}


@pytest.mark.parametrize(("opening", "places"), OPENED_IN.items())
def test_nobody_opens_sqlite_elsewhere(opening: str, places: set[str]) -> None:
    assert places == {str(path.relative_to(ROOT)) for path, line in _lines() if opening in line}


def _lines() -> Iterator[tuple[Path, str]]:
    """Every line of the code."""
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            yield from ((path, line) for line in path.read_text().splitlines())
