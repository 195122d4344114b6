"""The single file: written the same each time, read with care."""

import io
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.fault import Fault
from sync.carry.carrier import Listed, parts_of, pieces_of, read_whole
from sync.carry.letter import LetterRefused
from sync.carry.single import BLOCK_BYTES, Enclosed, SingleFile, single_bytes, write_single
from tests.wire import noise

PACK = noise(5_000)
LISTED = Listed("core-1", len(PACK), digest_of(PACK))
LETTER = b"a letter"


def hear(size_bytes: int) -> None:
    """Nobody watches."""


@pytest.fixture
def single(tmp_path: Path) -> Path:
    """A letter and a pack in one file."""
    (tmp_path / "pack").write_bytes(PACK)
    (part,) = parts_of(LISTED)
    files = [
        Enclosed("down-a.letter", len(LETTER), data=LETTER),
        Enclosed(part.name, part.size_bytes, source=tmp_path / "pack"),
    ]
    write_single(tmp_path / "a.qanat", files, hear)
    assert (tmp_path / "a.qanat").stat().st_size == single_bytes([(one.name, one.size_bytes) for one in files])
    return tmp_path / "a.qanat"


def tarred(*members: tarfile.TarInfo, form: int = tarfile.USTAR_FORMAT) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return file


def named(name: str, size_bytes: int = 3) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size_bytes
    return info


def test_what_was_put_in_comes_out(single: Path) -> None:
    with single.open("rb") as file:
        carrier = SingleFile(file)

        assert LETTER == read_whole(carrier, "down-a.letter", 100)
        assert [PACK, PACK[4_000:]] == [b"".join(pieces_of(carrier, LISTED, at)) for at in (0, 4_000)]


def test_any_tar_can_read_it(single: Path) -> None:
    with tarfile.open(single) as tar:
        assert ["down-a.letter", parts_of(LISTED)[0].name] == tar.getnames()


def test_the_same_files_give_the_same_bytes(single: Path, tmp_path: Path) -> None:
    """A download that broke off goes on at the byte, whenever the file was made."""
    with single.open("rb") as file:
        carrier = SingleFile(file)
        files = [
            Enclosed(name, size_bytes, data=read_whole(carrier, name, size_bytes))
            for name, size_bytes in carrier.files().items()
        ]
    write_single(tmp_path / "b.qanat", files, hear)

    assert single.read_bytes() == (tmp_path / "b.qanat").read_bytes()


def test_a_file_that_ends_too_early_is_used_as_far_as_it_goes(single: Path) -> None:
    carrier = SingleFile(io.BytesIO(single.read_bytes()[: 2 * BLOCK_BYTES + 700]))

    assert ["down-a.letter"] == list(carrier.files())


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(tarred(named("../../etc/passwd")), id="a way out"),
        pytest.param(tarred(named("/etc/passwd")), id="an absolute name"),
        pytest.param(tarred(named("Down-A.letter")), id="capitals"),
        pytest.param(tarred(named("a" * 120), form=tarfile.PAX_FORMAT), id="a name in an extension"),
        pytest.param(tarred(named("a" * 120), form=tarfile.GNU_FORMAT), id="a name in GNU's extension"),
        pytest.param(tarred(named("a"), named("a")), id="a name twice"),
        pytest.param(io.BytesIO(b""), id="nothing"),
        pytest.param(io.BytesIO(bytes(10_240)), id="zeros"),
        pytest.param(io.BytesIO(noise(4_096)), id="noise"),
        pytest.param(io.BytesIO(b"PK\x03\x04" + bytes(2_000)), id="a zip"),
    ],
)
def test_what_no_box_and_no_hub_writes_is_refused(file: io.BytesIO) -> None:
    with pytest.raises(LetterRefused):
        SingleFile(file)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_devices_and_folders_are_refused(kind: bytes) -> None:
    info = named("down-a.letter", 0)
    info.type, info.linkname = kind, "/etc/passwd"

    with pytest.raises(LetterRefused):
        SingleFile(tarred(info))


def test_a_size_beyond_the_file_takes_no_memory(single: Path) -> None:
    info = named("down-a.letter")
    info.size = 8 << 40
    data = info.tobuf(tarfile.GNU_FORMAT) + single.read_bytes()

    with pytest.raises(LetterRefused):
        SingleFile(io.BytesIO(data))


@given(st.integers(), st.integers(1, 30))
def test_a_damaged_file_is_refused_or_read_within_its_bounds(seed: int, flips: int) -> None:
    info = named("down-a.letter", 700)
    data = bytearray(tarred(info, named("up-b.age", 30)).getvalue())
    chance = random.Random(seed)
    for _ in range(flips):
        data[chance.randrange(1536)] = chance.randrange(256)

    try:
        carrier = SingleFile(io.BytesIO(bytes(data)))
        sizes = [len(read_whole(carrier, name, 1 << 20)) for name in carrier.files()]
    except Fault:
        return
    assert sizes == list(carrier.files().values())
