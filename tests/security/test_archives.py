"""Rows 16 to 18, 20 and 21 of docs/security.md: what strangers hand in is taken whole and harmless, or not at all."""

import re
import stat
import struct
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault, Fault
from catalog.importers import archive, intake
from catalog.manifest import Release
from catalog.publish import Catalog, publish
from sync.batch import VERSION, BatchRefused, decode
from sync.hub.pages.drafts import safe_name
from sync.patch.format import GroupCodec, PackRefused
from tests.sync.patch.strangers import forged, group, plain
from tests.sync.patch.trees import Box as PackBox

FLOORS = ("catalog", "sync", "edge", "provisioning")
ROOT = Path(__file__).parents[2]
PAGE = "<title>Water</title>"
Packs = Callable[..., Path]


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(tmp_path / "catalog")
    yield opened
    opened.close()


@pytest.fixture
def publishes(catalog: Catalog) -> Callable[..., Release]:
    """Publish a source as a hub does."""
    return lambda *sources: publish(sources, catalog, now_seconds=0, course="water").release


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    """A zip with a good page and one strange member."""

    def make(name: str, data: bytes = b"evil", **fields: object) -> Path:
        path = tmp_path / "course.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("index.html", PAGE)
            member = zipfile.ZipInfo("placeholder")
            member.filename = name
            member.compress_type = zipfile.ZIP_DEFLATED
            for field, value in fields.items():
                setattr(member, field, value)
            packed.writestr(member, data)
        return path

    return make


def assert_nothing_came(tmp_path: Path, catalog: Catalog) -> None:
    outside = [path.name for path in tmp_path.rglob("*") if catalog.data not in (path, *path.parents)]
    assert (0, ["course.zip"]) == (catalog.store.count(), outside)


# ---- 16: names that lead elsewhere ----


@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/evil", "../evil", "a/../../evil", "..\\evil", "a\\..\\..\\evil", "\\\\server\\share\\evil",
        "C:\\Windows\\evil.dll", "c:evil", "a\x1bb", "a\nb",
    ],
)  # fmt: skip
def test_row_16_zip_slip_in_every_disguise_is_refused(
    publishes: Callable[..., Release], packs: Packs, catalog: Catalog, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ContentFault):
        publishes(packs(name))

    assert_nothing_came(tmp_path, catalog)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_row_16_links_and_devices_are_refused(
    publishes: Callable[..., Release], packs: Packs, catalog: Catalog, tmp_path: Path, kind: int
) -> None:
    with pytest.raises(ContentFault, match=r"link|device"):
        publishes(packs("page.html", b"/etc/passwd", create_system=3, external_attr=(kind | 0o777) << 16))

    assert_nothing_came(tmp_path, catalog)


def test_row_16_a_name_cut_short_by_a_nul_is_refused(
    publishes: Callable[..., Release], packs: Packs, catalog: Catalog, tmp_path: Path
) -> None:
    path = packs("page.html#.jpg")
    path.write_bytes(path.read_bytes().replace(b"page.html#.jpg", b"page.html\0.jpg"))

    with pytest.raises(ContentFault):
        publishes(path)

    assert_nothing_came(tmp_path, catalog)


@pytest.mark.parametrize("name", ["INDEX.html", "index.HTML", "index.html"])
def test_row_16_two_names_that_one_disk_would_take_for_one_are_refused(
    publishes: Callable[..., Release], packs: Packs, catalog: Catalog, tmp_path: Path, name: str
) -> None:
    with pytest.warns(UserWarning, match="Duplicate") if name == "index.html" else nullcontext():
        path = packs(name)

    with pytest.raises(ContentFault, match=r"capital letters|one name"):
        publishes(path)

    assert_nothing_came(tmp_path, catalog)


def test_row_16_a_tar_with_a_hard_link_is_no_format_of_ours(publishes: Callable[..., Release], tmp_path: Path) -> None:
    path = tmp_path / "course.tar"
    with tarfile.open(path, "w") as packed:
        member = tarfile.TarInfo("index.html")
        member.type, member.linkname = tarfile.LNKTYPE, "/etc/passwd"
        packed.addfile(member)

    with pytest.raises(ContentFault):
        publishes(path)


def test_row_16_a_folder_that_is_published_follows_no_link_out_of_itself(
    publishes: Callable[..., Release], catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "lesson"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    (tmp_path / "secret.html").write_text("the hub's own")
    (folder / "more.html").symlink_to(tmp_path / "secret.html")

    try:
        publishes(folder)
    except ContentFault:
        return
    assert all(b"the hub's own" not in path.read_bytes() for path in catalog.data.rglob("12*") if path.is_file())


# ---- 17: more than one's share ----


def test_row_17_more_files_than_a_course_has_are_refused_before_the_list_is_read(
    monkeypatch: pytest.MonkeyPatch, publishes: Callable[..., Release], packs: Packs
) -> None:
    monkeypatch.setattr(archive, "ENTRIES_MAX", 1)

    with pytest.raises(ContentFault, match="lists more than"):
        publishes(packs("second.html"))


def test_row_17_a_bomb_is_counted_while_it_unfolds(
    monkeypatch: pytest.MonkeyPatch, publishes: Callable[..., Release], packs: Packs, catalog: Catalog, tmp_path: Path
) -> None:
    monkeypatch.setattr(archive, "RATIO_FREE_BYTES", 1 << 20)

    with pytest.raises(ContentFault, match="far more than its size"):
        publishes(packs("zeros.bin", bytes(4 << 20)))

    assert_nothing_came(tmp_path, catalog)


def test_row_17_all_files_of_a_course_together_have_a_limit(
    monkeypatch: pytest.MonkeyPatch, publishes: Callable[..., Release], packs: Packs
) -> None:
    monkeypatch.setattr(intake, "COURSE_BYTES_MAX", 1_000)

    with pytest.raises(ContentFault, match="unpacks to more than"):
        publishes(packs("more.bin", bytes(2_000)))


def test_row_17_folders_deeper_than_any_course_has_are_refused(publishes: Callable[..., Release], packs: Packs) -> None:
    with pytest.raises(ContentFault, match="cannot be used"):
        publishes(packs("d/" * archive.DEPTH_MAX + "page.html"))


def test_row_17_an_archive_in_an_archive_is_a_file_like_any_other(
    publishes: Callable[..., Release], packs: Packs
) -> None:
    release = publishes(packs("inner.zip", b"PK\x05\x06" + bytes(18)))

    assert 2 == release.layers["core"].files


# ---- 18: windows ----


PACK_LOG, BATCH_LOG = 25, 23
"""The largest windows that a box or hub opens: 32 MiB for a group of a pack, 8 MiB for a batch. What the code says of
them is not believed here."""
ABOVE = [(0, 1), (1, 0), (2, 0), (3, 0), (6, 0)]
"""Just above such a window, by its logarithm and eighths; and far above."""
GROWTH_KIB_MAX = 8 << 10
CHILD = """
import sys
from pathlib import Path
from catalog.digest import Digest
from catalog.fault import Fault
from sync.batch import decode
from tests.sync.patch.trees import Box

folder, root = Path(sys.argv[1]), sys.argv[2]

class Wanted:
    def __init__(self, root):
        self.release = self
        self.root = Digest(root)

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

def offer(work):
    try:
        work()
    except Fault:
        pass

box = Box(folder / "box")
before = peak()
for batch in sorted(folder.glob("batch-*")):
    offer(lambda: decode(batch.read_bytes()))
for pack in sorted(folder.glob("pack-*")):
    offer(lambda: box.rebuilds(pack, Wanted(root)))
print(peak() - before)
"""


def window_of(log: int, size_bytes: int, eighths: int = 0) -> bytes:
    """A zstd frame of noughts that says its true size, and wants a window of 2**log bytes, and some eighths of it."""
    wanted = (log - 10) << 3 | eighths
    head = b"\x28\xb5\x2f\xfd" + bytes([0b10_0_0_0_0_00, wanted]) + struct.pack("<I", size_bytes)
    repeated = ((size_bytes << 3) | 0b011).to_bytes(3, "little") + b"\0"
    return head + repeated


def pack_of(log: int, eighths: int) -> tuple[bytes, Any]:
    """A pack whose only group wants such a window, and the release that it says it is of."""
    wire = window_of(log, 100, eighths)
    return forged([plain("a.bin", 100)], groups=[group(GroupCodec.ZSTD, wire, 100)], body=wire)


@pytest.mark.parametrize(("more", "eighths"), ABOVE)
def test_row_18_a_batch_that_wants_a_larger_window_than_ours_is_refused(more: int, eighths: int) -> None:
    with pytest.raises(BatchRefused, match="unfolds to more"):
        decode(bytes([VERSION]) + window_of(BATCH_LOG + more, 100, eighths))


@pytest.mark.parametrize(("more", "eighths"), ABOVE)
def test_row_18_a_pack_that_wants_a_larger_window_than_ours_is_refused(tmp_path: Path, more: int, eighths: int) -> None:
    data, version = pack_of(PACK_LOG + more, eighths)
    (tmp_path / "pack").write_bytes(data)

    with pytest.raises(PackRefused, match="does not hold what it should"):
        PackBox(tmp_path / "box").rebuilds(tmp_path / "pack", version)


def test_row_18_a_pack_that_wants_our_largest_window_is_unpacked(tmp_path: Path) -> None:
    """So it is the window that the others are refused for; what is in this one is looked at."""
    data, version = pack_of(PACK_LOG, 0)
    (tmp_path / "pack").write_bytes(data)

    with pytest.raises(PackRefused, match="its files are not those of the layer"):
        PackBox(tmp_path / "box").rebuilds(tmp_path / "pack", version)


@pytest.mark.slow
def test_row_18_no_window_is_made_for_a_frame_that_is_refused(tmp_path: Path) -> None:
    """Asked of a process of its own, whose highest use of memory is looked at."""
    for place, (more, eighths) in enumerate(ABOVE):
        (tmp_path / f"batch-{place}").write_bytes(bytes([VERSION]) + window_of(BATCH_LOG + more, 100, eighths))
        data, version = pack_of(PACK_LOG + more, eighths)
        (tmp_path / f"pack-{place}").write_bytes(data)
    (tmp_path / "box").mkdir()

    done = subprocess.run(
        [sys.executable, "-c", CHILD, tmp_path, version.release.root],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= GROWTH_KIB_MAX


# ---- 20: XML ----


def test_row_20_xml_comes_in_through_one_door() -> None:
    """What that door refuses, `tests/catalog/importers/test_xml.py` asks it."""
    readers = re.compile(r"^\s*(?:import|from)\s+(?:xml|lxml|defusedxml|html5lib|bs4|xmltodict)\b", re.MULTILINE)
    found = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
        if readers.search(path.read_text())
    ]

    assert ["catalog/importers/xml.py"] == found


def test_row_20_entities_are_bytes_to_us(publishes: Callable[..., Release], catalog: Catalog, tmp_path: Path) -> None:
    """A billion laughs and a look at /etc/passwd: kept as they came, unfolded by nobody here."""
    folder = tmp_path / "lesson"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY p SYSTEM "file:///etc/passwd">]>'
    evil = f'{laughs}<svg xmlns="http://www.w3.org/2000/svg"><text>&b;&p;</text></svg>'.encode()
    (folder / "picture.svg").write_bytes(evil)

    release = publishes(folder)

    (entry,) = [
        one
        for layer in catalog.releases.layers(release.root)
        for one in layer.entries
        if one.path.endswith("picture.svg")
    ]
    assert len(evil) == entry.size_bytes


# ---- 21: names ----


def test_row_21_one_name_in_two_spellings_of_unicode_is_one_name(
    publishes: Callable[..., Release], packs: Packs, catalog: Catalog
) -> None:
    release = publishes(packs(unicodedata.normalize("NFD", "leçon.html")))

    paths = [one.path for layer in catalog.releases.layers(release.root) for one in layer.entries]
    assert any(path.endswith(unicodedata.normalize("NFC", "leçon.html")) for path in paths)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("..\\..\\evil.zip", "evil.zip"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nb\0.zip", "ab.zip"),
        ("é" * 300 + ".zip", "é" * 98 + ".zip"),
    ],
)
def test_row_21_the_name_of_an_upload_is_its_last_part_and_fits_any_disk(sent: str, kept: str) -> None:
    assert kept == safe_name(sent)


def test_row_21_every_refusal_is_a_sentence_with_a_hint(publishes: Callable[..., Release], packs: Packs) -> None:
    with pytest.raises(Fault) as refused:
        publishes(packs("../evil"))

    assert refused.value.sentence.endswith(".")
    assert refused.value.hint
