import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.fault import ContentFault
from catalog.importers import archive
from catalog.importers.archive import Archive
from catalog.importers.course import Imported
from catalog.importers.report import Report
from catalog.store import Store

Read = Callable[..., Imported]
PAGE = "<title>Water</title>"


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[..., Path]:
    """A zip with a good page and one strange member, whose `ZipInfo` fields may be set."""

    def make(name: str, data: bytes = b"evil", **fields: object) -> Path:
        path = tmp_path / "course.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("index.html", PAGE)
            member = zipfile.ZipInfo("placeholder")
            member.filename = name
            for field, value in fields.items():
                setattr(member, field, value)
            packed.writestr(member, data)
        return path

    return make


def paths(imported: Imported) -> list[str]:
    return [entry.path for layer in imported.layers for entry in layer.entries]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt", "../../../../etc/cron.d/evil", "a/../../evil", "a/../b.txt", "..", "/etc/passwd", "//server/x",
        "C:/Windows/evil.dll", "c:evil", "..\\evil.txt", "a\\..\\..\\evil", "\\\\server\\share", "C:\\evil",
        "a\\../evil", "./../evil", "a/./../../evil",
    ],
)  # fmt: skip
def test_a_name_that_leaves_its_folder_is_refused_in_every_disguise(
    reading: Read, hostile: Callable[..., Path], files: Store, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ContentFault, match="outside its folder"):
        reading(hostile(name))

    assert 0 == files.count()
    assert ["box.db", "box.db-shm", "box.db-wal", "course.zip", "store/.lock"] == sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("name", ["a\nb.txt", "a\x1b[31m.txt", "x" * 300, "d/" * 60 + "a", "a\x7f"])
def test_a_name_that_cannot_be_used_is_refused(reading: Read, hostile: Callable[..., Path], name: str) -> None:
    with pytest.raises(ContentFault, match="cannot be used"):
        reading(hostile(name))


def test_a_name_cut_short_by_a_nul_is_refused(reading: Read, hostile: Callable[..., Path]) -> None:
    """Some programs would write `evil.php`, others see `evil.php\\0.png`."""
    path = hostile("evil.phpX.png")
    path.write_bytes(path.read_bytes().replace(b"evil.phpX.png", b"evil.php\0.png"))

    with pytest.raises(ContentFault, match="cannot be used"):
        reading(path)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(stat.S_IFLNK, "a link to another file"), (stat.S_IFIFO, "a device"), (stat.S_IFCHR, "a device")],
)
def test_links_and_devices_are_refused(reading: Read, hostile: Callable[..., Path], kind: int, words: str) -> None:
    with pytest.raises(ContentFault, match=words):
        reading(hostile("innocent.html", b"/etc/passwd", external_attr=(kind | 0o777) << 16))


def test_two_members_of_one_name_are_refused(reading: Read, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "twice.zip", "w") as packed:
        packed.writestr("index.html", PAGE)
        packed.writestr("index.html", "another")

    with pytest.raises(ContentFault, match="have one name"):
        reading(tmp_path / "twice.zip")


def test_a_member_that_was_packed_twice_over_is_taken_once(reading: Read, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "twice.zip", "w") as packed:
        for name in ("index.html", "a.png", "a.png", "a.png"):
            packed.writestr(name, PAGE)

    imported = reading(tmp_path / "twice.zip")

    assert ["site/a.png", "site/index.html"] == sorted(paths(imported))
    assert ["a.png: packed 3 times over; taken once."] == imported.report.repaired


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("A.html", "a.html", "capital letters"),
        ("img/a.png", "IMG/a.png", "capital letters"),
        ("caf\u00e9.html", "cafe\u0301.html", "have one name"),
        ("a\\b.html", "a/b.html", "have one name"),
        ("a", "a/b.html", "a file and a folder of one name"),
    ],
)
def test_names_that_clash_on_some_disk_are_refused(
    reading: Read, zipped: Callable[..., Path], one: str, other: str, words: str
) -> None:
    with pytest.raises(ContentFault, match=words):
        reading(zipped("clash.zip", {"index.html": PAGE, one: "1", other: "2"}))


def test_backslashes_are_mended_and_said(reading: Read, zipped: Callable[..., Path]) -> None:
    imported = reading(zipped("windows.zip", {"index.html": PAGE, "img\\a.png": b"png", "img\\b.png": b"png"}))

    assert ["site/img/a.png", "site/img/b.png", "site/index.html"] == sorted(paths(imported))
    assert ["img/a.png and 1 more: folders were written with backslashes."] == imported.report.repaired


def test_utf8_names_without_their_mark_are_read(reading: Read, zipped: Callable[..., Path]) -> None:
    path = zipped("macos.zip", {"index.html": PAGE, "XXXX.html": "water"})
    path.write_bytes(path.read_bytes().replace(b"XXXX", "ما".encode()))

    assert ["site/index.html", "site/ما.html"] == paths(reading(path))


def test_names_in_an_unknown_alphabet_are_kept_and_said(reading: Read, zipped: Callable[..., Path]) -> None:
    path = zipped("gbk.zip", {"index.html": PAGE, "XXXX.html": "water"})
    path.write_bytes(path.read_bytes().replace(b"XXXX", b"\xb0\xff\xb1\xdb"))
    imported = reading(path)

    assert 2 == len(paths(imported))
    assert ["unknown alphabet"] == [line[line.find("unknown") :][:16] for line in imported.report.repaired]


def test_names_wrongly_marked_as_utf8_are_refused(reading: Read, zipped: Callable[..., Path]) -> None:
    path = zipped("marked.zip", {"index.html": PAGE, "ééé.html": "water"})
    path.write_bytes(path.read_bytes().replace("ééé".encode(), b"\xe9\xe9\xe9\xe9\xe9\xe9"))

    with pytest.raises(ContentFault, match="marked as UTF-8"):
        reading(path)


def test_a_bomb_is_refused_by_its_ratio_while_it_unpacks(
    reading: Read, files: Store, zipped: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "RATIO_FREE_BYTES", 1 << 20)
    bomb = zipped("bomb.zip", {"index.html": PAGE, "zeros": bytes(40 << 20)})
    tracemalloc.start()

    with pytest.raises(ContentFault, match="unpacks to more than"):
        reading(bomb)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (0, []) == (files.count(), list((files.folder / "staging").iterdir()))
    assert peak_bytes < 16 << 20


def test_a_small_archive_may_pack_well(reading: Read, zipped: Callable[..., Path]) -> None:
    assert 2 == len(paths(reading(zipped("sparse.zip", {"index.html": PAGE, "table.csv": b"0," * 1_000_000}))))


def test_an_archive_that_lies_about_sizes_is_refused(reading: Read, zipped: Callable[..., Path]) -> None:
    path = zipped("liar.zip", {"index.html": PAGE, "a.txt": b"x" * 5000})
    real, lie = struct.pack("<L", 5000), struct.pack("<L", 50)
    path.write_bytes(path.read_bytes().replace(real, lie))

    with pytest.raises(ContentFault, match="damaged"):
        reading(path)


def test_too_many_entries_are_refused(
    reading: Read, zipped: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ENTRIES_MAX", 10)
    many = zipped("many.zip", {"index.html": PAGE, **{f"{number}.txt": "x" for number in range(10)}})

    with pytest.raises(ContentFault, match="lists more than 10 files"):
        reading(many)


def test_a_directory_that_would_fill_the_memory_is_refused_unread(reading: Read, tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFF0, 0, 0)
    (tmp_path / "list.zip").write_bytes(b"PK\3\4" + bytes(100) + end)

    with pytest.raises(ContentFault):
        reading(tmp_path / "list.zip")


def test_an_archive_inside_is_a_file_like_any_other(reading: Read, zipped: Callable[..., Path]) -> None:
    inner = zipped("inner.zip", {"../evil": "evil"}).read_bytes()

    assert ["site/extra.zip", "site/index.html"] == paths(
        reading(zipped("outer.zip", {"index.html": PAGE, "extra.zip": inner}))
    )


def test_a_locked_archive_is_refused(reading: Read, zipped: Callable[..., Path]) -> None:
    path = zipped("locked.zip", {"index.html": PAGE})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.find(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)

    with pytest.raises(ContentFault, match="password"):
        reading(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_unusual_packing_is_refused(reading: Read, tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w", method) as packed:
        packed.writestr("index.html", PAGE)

    with pytest.raises(ContentFault, match="unusual way"):
        reading(tmp_path / "odd.zip")


@pytest.mark.parametrize("kept_bytes", [4, 30, 200, 2000])
def test_an_archive_cut_while_downloading_is_refused(
    reading: Read, zipped: Callable[..., Path], kept_bytes: int
) -> None:
    path = zipped("cut.zip", {"index.html": PAGE * 40, "a.bin": bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes()[:kept_bytes][:-1])

    with pytest.raises(ContentFault, match=r"cut\.zip"):
        reading(path)


def test_one_flipped_bit_is_noticed(reading: Read, tmp_path: Path, files: Store) -> None:
    with zipfile.ZipFile(tmp_path / "flipped.zip", "w") as packed:
        packed.writestr("index.html", PAGE)
    data = (tmp_path / "flipped.zip").read_bytes()
    (tmp_path / "flipped.zip").write_bytes(data.replace(b"Water", b"Wader", 1))

    with pytest.raises(ContentFault, match="damaged"):
        reading(tmp_path / "flipped.zip")
    assert 0 == files.count()


def test_the_title_and_the_top_folder_are_found(reading: Read, zipped: Callable[..., Path]) -> None:
    imported = reading(zipped("export.zip", {"course/": b"", "course/index.html": PAGE, "__MACOSX/._a": b"junk"}))

    assert ("Water", ["site/index.html"], "html-zip") == (imported.title, paths(imported), imported.report.format)
    assert ["__MACOSX/._a: left behind by the computer that made it."] == imported.report.left_out


def test_an_archive_without_a_page_is_refused(reading: Read, zipped: Callable[..., Path]) -> None:
    with pytest.raises(ContentFault, match="no page to start with"):
        reading(zipped("sheets.zip", {"a.txt": "x", "b.txt": "y"}))


def test_an_empty_archive_is_refused(reading: Read, zipped: Callable[..., Path]) -> None:
    with pytest.raises(ContentFault, match="is empty"):
        reading(zipped("nothing.zip", {}))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_mutation_of_an_archive_does_more_than_be_refused(
    zipped: Callable[..., Path], files: Store, data: st.DataObject
) -> None:
    path = zipped("mutant.zip", {"index.html": PAGE * 20, "a/b.txt": "soil", "é.css": "p{}"})
    mutant = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        mutant[data.draw(st.integers(0, len(mutant) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(mutant)

    try:
        with Archive(path, Report()) as opened:
            read = [b"".join(opened.pieces(member)) for member in opened.members]
    except ContentFault:
        read = []

    assert len(read) <= 3
