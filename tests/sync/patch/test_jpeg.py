"""JPEG XL: the same picture comes back, and a stranger's picture takes no more than it may."""

import base64
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from sync.patch.jpeg import JPEG_BYTES_MAX, JpegRefused, JpegXl, dimensions

needs_programs = pytest.mark.system
BOMB = "c-s5V_3I}i<Iz?QCPoGY2AqJ!VHAy`Q8bE1(MUwzLQ9=mRb&{LN5Lo<1tS&!07r?MeE"
"""8,000 x 8,000 black pixels as cjxl packs them, and once more by zlib."""
NOWHERE = JpegXl(Path("/nowhere/djxl"), Path("/nowhere/prlimit"), Path("/nowhere/nice"), Path("/nowhere/cjxl"))


def bitmap(width, height):
    """A picture as a PPM: hills of colour, and a little noise that no two pixels share."""
    rows = bytearray(b"P6 %d %d 255\n" % (width, height))
    for y in range(height):
        for x in range(width):
            grain = (x * 7919 + y * 104729) * 2654435761 >> 24 & 7
            rows += bytes(((x * 255 // width) & 0xF8 | grain, (y * 255 // height), ((x ^ y) & 0xFF) // 2 + grain))
    return bytes(rows)


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory):
    """A photograph-like JPEG, written by djxl's own JPEG encoder."""
    folder = tmp_path_factory.mktemp("picture")
    (folder / "picture.ppm").write_bytes(bitmap(320, 240))
    for command in (
        ["cjxl", "picture.ppm", "picture.jxl", "--quiet"],
        ["djxl", "picture.jxl", "picture.jpg", "--jpeg_quality=90", "--quiet"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "picture.jpg").read_bytes()


@pytest.fixture
def programs():
    found = JpegXl.find()
    assert found is not None
    return found


@pytest.fixture
def with_decoder(programs, tmp_path):
    """The programs with another decoder in place of djxl: a shell script."""

    def made(script):
        place = tmp_path / "decoder"
        place.write_text(f"#!/bin/sh\n{script}\n")
        place.chmod(0o755)
        return replace(programs, unpacker=place)

    return made


def frame(width, height, before=b""):
    return b"\xff\xd8" + before + b"\xff\xc0\x00\x11\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")


@needs_programs
@pytest.mark.slow
def test_a_jpeg_gets_smaller_and_comes_back_to_the_byte(programs, jpeg):
    packed = programs.pack(jpeg)

    assert packed is not None
    assert len(packed) < len(jpeg) * 0.95
    assert jpeg == programs.unpack(packed, len(jpeg))


@needs_programs
@pytest.mark.slow
def test_a_jpeg_with_something_behind_its_end_comes_back_or_stays_as_it_is(programs, jpeg):
    """Cameras put a second picture behind the first; not every version of libjxl brings it back."""
    longer = jpeg + b"a maker's note" * 40

    packed = programs.pack(longer)

    assert packed is None or longer == programs.unpack(packed, len(longer))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", b"\x89PNG" + bytes(4000), bytes(5000), frame(60_000, 60_000) + bytes(5000)],
    ids=["nothing", "only a start", "a PNG", "noughts", "3,600 megapixels"],
)
def test_what_is_no_picture_for_us_stays_as_it_is_and_no_program_sees_it(data):
    assert NOWHERE.pack(data) is None


def test_a_picture_too_large_for_the_boxs_memory_stays_as_it_is():
    assert NOWHERE.pack(frame(100, 100) + bytes(JPEG_BYTES_MAX)) is None


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (frame(640, 480), (640, 480)),
        (frame(640, 480, b"\xff\xe1\x00\x04ab\xff\xff\xc4\x00\x02"), (640, 480)),
        (frame(640, 480).replace(b"\xff\xc0", b"\xff\xc2"), (640, 480)),
        (frame(640, 480)[:8], None),
        (b"\xff\xd8\xff\xda\x00\x02", None),
        (b"\xff\xd8\xff\xe1\x00\x00" * 3, None),
        (b"", None),
    ],
    ids=["plain", "behind other parts", "progressive", "cut", "a scan without a frame", "parts of nothing", "empty"],
)
def test_a_pictures_size_is_read_without_opening_it(data, size):
    assert size == dimensions(data)


@needs_programs
@pytest.mark.slow
def test_damage_is_refused_wherever_it_is(programs, jpeg):
    packed = programs.pack(jpeg)
    assert packed is not None

    for damaged in (packed[:-1], packed[: len(packed) // 2], b"", packed[:40] + bytes(40) + packed[80:]):
        with pytest.raises(JpegRefused):
            programs.unpack(damaged, len(jpeg))


@needs_programs
@pytest.mark.slow
@pytest.mark.parametrize("more_bytes", [-1, 1])
def test_a_picture_of_another_length_is_refused(programs, jpeg, more_bytes):
    packed = programs.pack(jpeg)

    with pytest.raises(JpegRefused):
        programs.unpack(packed, len(jpeg) + more_bytes)


@needs_programs
@pytest.mark.slow
def test_a_small_file_that_unpacks_to_a_huge_picture_is_stopped(programs):
    """2,607 bytes that stand for 64 megapixels: the child meets its limit, not the box."""
    bomb = zlib.decompress(base64.b85decode(BOMB))

    with pytest.raises(JpegRefused):
        programs.unpack(bomb, 100_000)


@needs_programs
@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "exit 0",
        "head -c 5000 /dev/zero > picture.jpg",
        "ln -s /etc/hostname picture.jpg",
        "mkdir picture.jpg",
        "head -c 100 /dev/zero > picture.jpg; kill -9 $$",
    ],
    ids=["gives up", "writes nothing", "writes too much", "leaves a link", "leaves a folder", "is killed"],
)
def test_a_decoder_that_misbehaves_is_refused(with_decoder, script):
    with pytest.raises(JpegRefused):
        with_decoder(script).unpack(b"packed", 100)


@needs_programs
def test_a_decoder_works_within_limits_in_a_folder_of_its_own_and_without_our_environment(with_decoder, monkeypatch):
    monkeypatch.setenv("SECRET", "told")
    limits = "ulimit -v; ulimit -t; ulimit -f; ulimit -n; ulimit -c; nice; ls; echo ${SECRET:-kept}"
    decoder = with_decoder(
        f"PATH=/usr/bin:/bin; ({limits}) > words; head -c 100 words > picture.jpg; exec truncate -s 100 picture.jpg"
    )

    came = decoder.unpack(b"packed", 100).rstrip(b"\0").decode().split()

    assert ["524288", "60", "0", "32", "0", "19", "picture.jxl", "words", "kept"] == came


@needs_programs
def test_nothing_is_left_behind(with_decoder, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    with pytest.raises(JpegRefused):
        with_decoder("echo more > beside; exit 1").unpack(b"packed", 100)

    assert [] == list(folder.iterdir())


def test_a_machine_without_the_programs_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert JpegXl.find() is None


@needs_programs
def test_a_box_needs_only_the_decoder(monkeypatch, tmp_path):
    for name in ("djxl", "prlimit", "nice"):
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))

    found = JpegXl.find()

    assert found is not None
    assert not found.can_pack
    assert found.pack(frame(100, 100) + bytes(5000)) is None
