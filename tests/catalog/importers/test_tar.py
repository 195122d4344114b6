"""Tar archives, packed with gzip: the good ones, and tricks in every disguise."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers import tar
from catalog.importers.tar import TarTree, first_names, is_gzip

Packed = Callable[..., Path]


@pytest.fixture
def packed(tmp_path: Path) -> Packed:
    """`packed(("a/b.txt", b"..."), format=tarfile.GNU_FORMAT)`; an entry may be a TarInfo of its own."""

    def make(*entries: tuple[str, bytes] | tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> Path:
        path = tmp_path / "course.tar.gz"
        with tarfile.open(path, "w:gz", format=format) as archive:
            for entry in entries:
                if isinstance(entry, tarfile.TarInfo):
                    archive.addfile(entry, io.BytesIO(bytes(entry.size)))
                else:
                    info = tarfile.TarInfo(entry[0])
                    info.size = len(entry[1])
                    archive.addfile(info, io.BytesIO(entry[1]))
        return path

    return make


def unpacked(path: Path, folder: Path) -> TarTree:
    folder.mkdir(exist_ok=True)
    return TarTree(path, folder, lambda source_bytes: None)


def special(name: str, kind: bytes, **more: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info


LONG = "/".join(["folder " * 4 + "د"] * 12) + "/file.txt"


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_come_out_under_their_names(packed: Packed, tmp_path: Path, format: int) -> None:
    names = ["a.txt", "./b/c.txt"] if format == tarfile.USTAR_FORMAT else ["a.txt", "./b/c.txt", LONG]
    tree = unpacked(packed(*((name, name.encode()) for name in names), format=format), tmp_path / "out")

    paths = [name.removeprefix("./") for name in names]
    assert paths == list(tree.paths)
    assert [name.encode() for name in names] == [b"".join(tree.pieces(path)) for path in paths]
    assert {"0", "1", "2"} >= {one.name for one in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("../evil.txt", b"x"), "outside its folder"),
        (("a/../../evil.txt", b"x"), "outside its folder"),
        (("/etc/passwd", b"x"), "outside its folder"),
        (("..\\evil.txt", b"x"), "outside its folder"),
        (("C:evil.txt", b"x"), "outside its folder"),
        (("a\x01b", b"x"), "cannot be used"),
        (("/".join("a" * 60), b"x"), "cannot be used"),
        (special("link", tarfile.SYMTYPE, linkname="/etc/passwd"), "a link to another file"),
        (special("link", tarfile.LNKTYPE, linkname="a.txt"), "a link to another file"),
        (special("pipe", tarfile.FIFOTYPE), "a device"),
        (special("disk", tarfile.BLKTYPE), "a device"),
        (special("tty", tarfile.CHRTYPE), "a device"),
        (special("holes", tarfile.GNUTYPE_SPARSE), "a device"),
        (special("holes", tarfile.REGTYPE, pax_headers={"GNU.sparse.major": "1"}), "has holes"),
        (special("a.txt", tarfile.REGTYPE, pax_headers={"path": "../../evil.txt"}), "outside its folder"),
        (special("a.txt", tarfile.REGTYPE, pax_headers={"comment": "x" * 100_000}), "far longer than names"),
    ],
)
def test_tricks_are_refused_and_nothing_is_written_outside(
    packed: Packed, tmp_path: Path, entry: tuple[str, bytes] | tarfile.TarInfo, words: str
) -> None:
    path = packed(("first.txt", b"1"), entry)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(ContentFault, match=words):
        unpacked(path, tmp_path / "out")

    assert before == [one for one in sorted(tmp_path.rglob("*")) if "out" not in one.parts]


def test_a_file_that_is_there_again_as_a_link_to_itself_is_one_file(packed: Packed, tmp_path: Path) -> None:
    again = special("a.txt", tarfile.LNKTYPE)
    again.linkname = "./a.txt"

    tree = unpacked(packed(("a.txt", b"1"), again), tmp_path / "out")

    assert {"a.txt": b"1"} == {path: b"".join(tree.pieces(path)) for path in tree.paths}


def test_two_files_of_one_name_are_refused(packed: Packed, tmp_path: Path) -> None:
    with pytest.raises(ContentFault, match="one name"):
        unpacked(packed(("a.txt", b"1"), ("./a.txt", b"2")), tmp_path / "out")


def test_a_bomb_is_refused_while_it_unpacks(packed: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "RATIO_FREE_BYTES", 1 << 20)

    with pytest.raises(ContentFault, match="far more than its size promises"):
        unpacked(packed(special("zeros", tarfile.REGTYPE, size=8 << 20)), tmp_path / "out")

    assert (4 << 20) > sum(one.stat().st_size for one in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9])
def test_an_archive_cut_short_is_refused(packed: Packed, tmp_path: Path, left: float) -> None:
    path = packed(("a.bin", bytes(range(256)) * 400), ("b.bin", b"b" * 5000))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * left)])

    with pytest.raises(ContentFault, match="damaged"):
        unpacked(path, tmp_path / "out")


@pytest.mark.parametrize("data", [b"not a tar at all " * 100, b"\xff" * 1024])
def test_what_is_no_tar_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(data))

    with pytest.raises(ContentFault, match="damaged"):
        unpacked(path, tmp_path / "out")
    assert [] == first_names(path)


def test_a_look_at_the_first_names_reads_no_more_than_it_may(packed: Packed, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(("one", b"1"), special("large", tarfile.REGTYPE, size=4000), ("two", b"2"))
    assert ["one", "large", "two"] == first_names(path)

    monkeypatch.setattr(tar, "PEEK_BYTES_MAX", 2000)

    assert ["one", "large"] == first_names(path)


def test_gzip_is_known_by_its_first_bytes() -> None:
    assert [True, False] == [is_gzip(one) for one in (gzip.compress(b""), b"PK\x03\x04")]
