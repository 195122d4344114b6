"""Real sticks: a file system in an image, mounted as a stick would be, filled to the brim and past it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.digest import digest_of
from catalog.fault import DiskFull
from sync.carry.carrier import Listed, pieces_of
from sync.carry.stick import Stick
from tests.wire import noise

pytestmark = pytest.mark.system

SIZE_BYTES = 24 << 20
MAKERS = {"vfat": ["mkfs.vfat"], "exfat": ["mkfs.exfat"], "ext4": ["mkfs.ext4", "-q"]}
SMALL = noise(2_000_000)
LARGE = noise(SIZE_BYTES)


@pytest.fixture(params=MAKERS)
def stick(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stick]:
    image, place = tmp_path / "image", tmp_path / "stick"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    subprocess.run([*MAKERS[request.param], str(image)], check=True, capture_output=True)
    mounting = subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=False, capture_output=True)
    if mounting.returncode != 0:
        pytest.skip(f"this kernel does not mount {request.param} for us: {mounting.stderr.decode().strip()}")
    yield Stick(place)
    subprocess.run(["umount", str(place)], check=True)


def listed(name: str, data: bytes) -> Listed:
    return Listed(name, len(data), digest_of(data))


def test_a_real_stick_is_filled_and_read_again(stick: Stick, tmp_path: Path) -> None:
    """Names stay as they are, a full stick keeps what is whole, and nothing half-written is left on it."""
    for name, data in (("small", SMALL), ("large", LARGE)):
        (tmp_path / name).write_bytes(data)
    stick.write("down-abcdefghijklmnop.letter", b"letter")
    stick.add(listed("small", SMALL), tmp_path / "small", lambda size_bytes: None)
    before = stick.files()

    with pytest.raises(DiskFull, match="The stick is full"):
        stick.add(listed("large", LARGE), tmp_path / "large", lambda size_bytes: None)

    assert before == stick.files()
    assert sorted(before) == sorted(path.name for path in stick.folder.iterdir())
    assert SMALL == b"".join(pieces_of(stick, listed("small", SMALL)))


def test_a_real_stick_that_is_locked_is_said(stick: Stick) -> None:
    """The switch on its side: the kernel mounts it for reading only."""
    stick.write("down-abcdefghijklmnop.letter", b"letter")
    subprocess.run(["mount", "-o", "remount,ro", str(stick.disk)], check=True)

    with pytest.raises(Exception, match="Read-only") as refused:
        stick.write("up-abcdefghijklmnop.age", b"letter")

    assert "StickBroken" == type(refused.value).__name__
    assert ["down-abcdefghijklmnop.letter"] == list(stick.files())
