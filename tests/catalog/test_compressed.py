import gzip
import os
from pathlib import Path

import pytest

from catalog.compressed import compress, write_variant
from catalog.digest import digest_of
from catalog.fault import BoxFault, Damaged
from catalog.manifest import Entry
from catalog.store import NO_VARIANT, Store

PAGE = b"<p>Water flows down.</p>" * 100
NOISE = os.urandom(4000)


def keep(store: Store, data: bytes, path: str, media_type: str) -> Entry:
    with store.batch() as batch:
        digest, size_bytes = batch.add_bytes(data)
    return Entry(path, size_bytes, digest, media_type)


def test_text_gets_a_variant_that_unpacks_to_it(files: Store) -> None:
    page = keep(files, PAGE, "index.html", "text/html")

    assert 1 == compress(files, [page])
    variant = files.variant_path(page.digest)
    assert variant is not None
    assert PAGE == gzip.decompress(variant.read_bytes())


def test_a_variant_is_made_once(files: Store) -> None:
    page = keep(files, PAGE, "index.html", "text/html")

    assert [1, 0] == [compress(files, [page]), compress(files, [page])]


@pytest.mark.parametrize(("data", "kind"), [(NOISE, "text/plain"), (b"<p>Hi</p>", "text/html"), (PAGE, "image/png")])
def test_what_does_not_pay_is_left_as_it_is(files: Store, data: bytes, kind: str) -> None:
    entry = keep(files, data, "a", kind)

    assert 0 == compress(files, [entry])
    assert files.variant_path(entry.digest) is None


def test_equal_bytes_have_an_equal_variant(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(PAGE)
        os.utime(tmp_path / name, (len(name), len(name)))
        write_variant(tmp_path / name, tmp_path / f"{name}.gz")
    (tmp_path / "three").write_bytes(PAGE)
    os.utime(tmp_path / "three", (9, 9))
    write_variant(tmp_path / "three", tmp_path / "x")

    assert 1 == len({(tmp_path / name).read_bytes() for name in ("one.gz", "two.gz", "x")})


def test_a_variant_that_does_not_pay_is_not_left_lying(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(NOISE)

    assert NO_VARIANT == write_variant(tmp_path / "noise", tmp_path / "noise.gz")
    assert ["noise"] == os.listdir(tmp_path)


def test_a_variant_without_its_row_is_swept(files: Store) -> None:
    """A power cut after the rename leaves a variant that nobody knows whole."""
    page = keep(files, PAGE, "index.html", "text/html")
    files.variant_place_of(page.digest).write_bytes(b"\x1f\x8btorn")

    assert files.variant_path(page.digest) is None
    assert 1 == files.sweep()
    assert not files.variant_place_of(page.digest).exists()


def test_a_lost_file_is_said_as_one(files: Store) -> None:
    page = keep(files, PAGE, "index.html", "text/html")
    files.place_of(page.digest).unlink()

    with pytest.raises(BoxFault, match="lost the file"):
        compress(files, [page])


def test_a_pruned_file_takes_its_variant_along(files: Store) -> None:
    page = keep(files, PAGE, "index.html", "text/html")
    compress(files, [page])
    files.prune(lambda connection: [])

    assert not files.variant_place_of(page.digest).exists()
    with pytest.raises(Damaged):
        files.path(digest_of(PAGE))
