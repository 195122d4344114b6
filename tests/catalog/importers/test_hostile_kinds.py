"""Hostile packages leave nothing behind: each kind is refused in a sentence, or taken under safe names."""

import unicodedata
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.publish import Catalog, publish
from tests.hostile.kinds import KINDS

KINDS_MIN = 200


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def lying(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def beside(hub: Path) -> set[str]:
    """What lies beside the hub's own folder."""
    return {path for path in lying(hub) if not path.startswith("data/")}


def imported(source: Path, data: Path) -> tuple[ContentFault | None, list[str]]:
    """Why it was refused, or the names under which its files were taken."""
    opened = Catalog.open(data)
    try:
        release = publish([source], opened, now_seconds=1, course="water").release
        return None, [entry.path for layer in opened.releases.layers(release.root) for entry in layer.entries]
    except ContentFault as fault:
        return fault, []
    finally:
        opened.close()


def test_there_are_two_hundred_kinds() -> None:
    assert KINDS_MIN <= len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_package_leaves_nothing_behind(hub: Path, kind: str) -> None:
    data, source = hub / "data", hub / "came" / "course.zip"
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(KINDS[kind]())
    stored, outside = lying(data / "store"), beside(hub)
    fault, taken = imported(source, data)

    assert outside == beside(hub)
    assert [] == list((data / "store" / "staging").iterdir())
    assert taken or lying(data / "store") == stored | {".lock"}
    assert all(is_plain(path) for path in taken)
    assert fault is None or fault.hint


def is_plain(path: str) -> bool:
    """Said in other words than the code under test has: no name leads out of a folder on any system."""
    parts = path.replace("\\", "/").split("/")
    is_inside = all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in parts)
    has_no_control = not any(unicodedata.category(letter) == "Cc" for letter in path)
    return is_inside and has_no_control and path[1:2] != ":" and len(parts) <= 45
