"""Images as they come: packed, mapped, cut, damaged; made with the real tools."""

from pathlib import Path

import pytest
import zstandard

from catalog.digest import sha2_hex
from catalog.fault import CallerFault
from provisioning.burn.image import CardImage, ImageRefused
from tests.system.burning.made_image import MIB, SIZE_BYTES, map_of, pack

pytestmark = pytest.mark.system


def whole(image: Path) -> bytes:
    pieces = CardImage(image).pieces()
    return b"".join(bytes(piece.size_bytes) if piece.data is None else piece.data for piece in pieces)


@pytest.mark.parametrize("name", ["card.img.bmap", "card.bmap", "card.img.zst.bmap"])
def test_a_packed_image_is_read_with_the_map_beside_it(image: Path, name: str) -> None:
    (image.parent / name).write_bytes(map_of(image))
    packed = pack(image, size_is_said=False)

    read = CardImage(packed)

    assert image.read_bytes() == whole(packed)
    assert SIZE_BYTES == read.size_bytes
    assert read.map is not None


def test_an_image_without_a_map_makes_its_own(image: Path) -> None:
    read = CardImage(image)
    data = image.read_bytes()

    list(read.pieces())

    assert sha2_hex(data, 256) == read.sha256
    assert [sha2_hex(data[stretch.start : stretch.end], 256) for stretch in read.ranges] == [
        stretch.sha256 for stretch in read.ranges
    ]


@pytest.mark.parametrize("kept", [5, 17, 1000, -1, -200_000])
def test_a_packed_image_that_was_cut_is_refused(image: Path, kept: int) -> None:
    packed = pack(image)
    packed.write_bytes(packed.read_bytes()[:kept])

    with pytest.raises(ImageRefused):
        whole(packed)


def test_an_image_that_was_cut_is_refused_by_its_map(image: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.img"
    cut.write_bytes(image.read_bytes()[: 20 * MIB])
    (tmp_path / "cut.img.bmap").write_bytes(map_of(image))

    with pytest.raises(ImageRefused, match="is cut short"):
        whole(cut)


def test_an_image_that_is_not_its_maps_is_refused(image: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.img"
    data = bytearray(image.read_bytes())
    data[37 * MIB + 1] ^= 1
    other.write_bytes(data)
    (tmp_path / "other.img.bmap").write_bytes(map_of(image))

    with pytest.raises(ImageRefused, match="is not the one its map is of"):
        whole(other)


def test_what_the_map_leaves_out_may_hold_nothing(image: Path, tmp_path: Path) -> None:
    """Else it would be missing on the card, and nobody would know."""
    other = tmp_path / "other.img"
    data = bytearray(image.read_bytes())
    data[44 * MIB + 1] = 1
    other.write_bytes(data)
    (tmp_path / "other.img.bmap").write_bytes(map_of(image))

    with pytest.raises(ImageRefused, match="the map says that nothing is at byte"):
        whole(other)


@pytest.mark.parametrize("rest", [zstandard.compress(b"more"), b"rubbish"])
def test_an_image_with_something_behind_it_is_refused(image: Path, rest: bytes) -> None:
    packed = pack(image)
    packed.write_bytes(packed.read_bytes() + rest)

    with pytest.raises(ImageRefused):
        whole(packed)


def test_a_packed_image_of_unknown_size_is_refused(image: Path) -> None:
    with pytest.raises(ImageRefused, match="does not say how large it is"):
        CardImage(pack(image, size_is_said=False))


def test_an_image_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="There is no image"):
        CardImage(tmp_path / "none.img")
