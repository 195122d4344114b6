"""The story that is filmed, told once; and a folder in memory for the disks that cuts leave."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.power.databases import in_memory
from tests.power.dictation import Dictation
from tests.power.replay import Film, replayed
from tests.power.story import told

Filmed = Callable[..., Film]


@pytest.fixture(scope="session")
def told_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("story")


@pytest.fixture(scope="session")
def said(told_in: Path) -> Dictation:
    return told(told_in)


@pytest.fixture
def filmed(said: Dictation, memory: Path) -> Filmed:
    """Films a database of the story: `filmed("box.db")`, or with a mistake planted."""

    def film(name: str, mistake: Mapping[str, str] | None = None) -> Film:
        (path,) = (path for path in said.paths() if path.name == name)
        folder = Path(tempfile.mkdtemp(prefix="film-", dir=memory))
        return replayed(said.to(path), folder, mistake)

    return film


@pytest.fixture
def memory() -> Iterator[Path]:
    folder = in_memory("power-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def disks(memory: Path) -> Path:
    """Where the disk of each cut is laid out."""
    (memory / "disks").mkdir()
    return memory / "disks"
