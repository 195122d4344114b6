import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.fault import BoxFault, CallerFault, ContentFault, DiskFull
from catalog.publish import Catalog, publish

NOW = 1_790_000_000


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "index.html").write_text("<title>Water</title>")
    return folder


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may pass 10,000 bytes: what a failing disk does in the middle of an import."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, former)


def staged(catalog: Catalog) -> list[str]:
    """Files in the store's folder, but for its lock."""
    return [path.name for path in catalog.store.folder.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_course_is_published_whole(catalog: Catalog, lessons: Path, film: Path) -> None:
    published = publish(
        [lessons, film], catalog, language="fr", licence="CC-BY-4.0", description="Eau", now_seconds=NOW
    )
    release = published.release

    assert ("water", 1, {"fr": "Water"}, {"fr": "Eau"}, ("fr",), "CC-BY-4.0") == (
        release.course, release.version, release.title, release.description, release.languages, release.licence,
    )  # fmt: skip
    assert {"format": "folder+video", "published": NOW, "sources": ["lessons", "The water.mp4"]} == release.provenance
    assert [release] == catalog.releases.all_latest()
    assert ("core", "video") == catalog.releases.layers_present(release.root)
    digests = [entry.digest for layer in catalog.releases.layers(release.root) for entry in layer.entries]
    assert (2, [], []) == (len(digests), catalog.store.missing(digests), list(catalog.store.verify()))


def test_the_same_again_makes_no_new_version(catalog: Catalog, lessons: Path) -> None:
    first = publish([lessons], catalog, now_seconds=NOW)
    second = publish([lessons], catalog, now_seconds=NOW + 9)

    assert (True, False, first.release) == (first.is_new, second.is_new, second.release)


@pytest.mark.parametrize("change", [{"title": "Deep water"}, {"licence": "CC0-1.0"}, {"description": "New"}])
def test_other_words_make_a_new_version(catalog: Catalog, lessons: Path, change: dict[str, str]) -> None:
    publish([lessons], catalog, course="water", now_seconds=NOW)
    release = publish([lessons], catalog, course="water", now_seconds=NOW, **change).release

    assert 2 == release.version


def test_other_files_make_a_new_version_with_the_same_ids(catalog: Catalog, lessons: Path) -> None:
    first = publish([lessons], catalog, now_seconds=NOW).release
    (lessons / "more.html").write_text("more")
    second = publish([lessons], catalog, now_seconds=NOW).release

    assert (2, first.activities) == (second.version, second.activities)


def test_going_back_is_a_new_and_higher_version(catalog: Catalog, lessons: Path) -> None:
    first = publish([lessons], catalog, now_seconds=NOW).release
    publish([lessons], catalog, course="water", title="A mistake", now_seconds=NOW)
    third = publish([lessons], catalog, now_seconds=NOW).release

    assert (3, first.layers) == (third.version, third.layers)


def test_a_course_without_latin_letters_is_called_like_its_file(catalog: Catalog, document: Path) -> None:
    release = publish([document], catalog, title="حبيبي", language="ar", now_seconds=NOW).release

    assert ("le-sol", {"ar": "حبيبي"}) == (release.course, release.title)


@pytest.mark.parametrize("words", [{"course": "../water"}, {"course": ""}, {"title": ""}, {"title": "x" * 201}])
def test_words_that_cannot_be_are_refused(catalog: Catalog, lessons: Path, words: dict[str, str]) -> None:
    with pytest.raises(CallerFault):
        publish([lessons], catalog, now_seconds=NOW, **words)


def test_a_source_that_is_refused_leaves_nothing_of_the_others(
    catalog: Catalog, lessons: Path, filmed: Callable[..., Path]
) -> None:
    with pytest.raises(ContentFault):
        publish([lessons, filmed("cut.mp4", cut_bytes=9)], catalog, now_seconds=NOW)

    assert ([], [], 0) == (catalog.releases.all_latest(), staged(catalog), catalog.store.count())


def test_a_disk_that_refuses_in_the_middle_leaves_nothing(catalog: Catalog, lessons: Path, small_files: None) -> None:
    (lessons / "a.bin").write_bytes(bytes(9_000))
    with pytest.raises(BoxFault):
        publish([lessons, _large(lessons.parent)], catalog, now_seconds=NOW)

    assert [] == staged(catalog)


def test_a_disk_that_fills_in_the_middle_is_said_and_freed_and_serves_on(
    catalog: Catalog, lessons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish([lessons], catalog, now_seconds=NOW).release
    (lessons / "more.html").write_text("more")

    def full(folder: Path) -> None:
        raise DiskFull("The disk is full.", "Free some space.")

    monkeypatch.setattr("catalog.batch.sync_disk", full)
    with pytest.raises(DiskFull):
        publish([lessons], catalog, now_seconds=NOW)

    assert ([first], 1, 1) == (catalog.releases.all_latest(), catalog.store.count(), len(staged(catalog)))
    assert [] == list(catalog.store.verify())


def test_an_import_that_was_killed_is_cleared_away_at_the_next_start(catalog: Catalog, tmp_path: Path) -> None:
    left = catalog.store.folder / "staging" / "killed"
    left.mkdir()
    (left / "1").write_bytes(b"half a film")
    catalog.close()
    again = Catalog.open(tmp_path / "hub")

    assert [] == staged(again)
    again.close()


@pytest.mark.system
def test_a_really_full_disk_is_said_and_freed(tmp_path: Path) -> None:
    """A real ext4 of 16 MiB, filled by the import itself."""
    image, mounted = tmp_path / "disk.img", tmp_path / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], check=True)
    try:
        _fill(tmp_path, mounted)
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def _fill(tmp_path: Path, mounted: Path) -> None:
    catalog = Catalog.open(mounted / "hub")
    small, packed = tmp_path / "small", tmp_path / "packed.zip"
    small.mkdir()
    (small / "index.html").write_text("<title>Water</title>")
    first = publish([small], catalog, now_seconds=NOW).release
    (small / "zeros.bin").write_bytes(bytes(40 << 20))
    shutil.make_archive(str(packed.with_suffix("")), "zip", small)
    free_before = shutil.disk_usage(mounted).free

    with pytest.raises(DiskFull, match="The disk is full"):
        publish([packed], catalog, course="water", now_seconds=NOW)

    assert ([first], 1) == (catalog.releases.all_latest(), len(staged(catalog)))
    assert shutil.disk_usage(mounted).free > free_before - (1 << 20)
    (small / "zeros.bin").write_bytes(b"fits")
    assert 2 == publish([small], catalog, course="water", now_seconds=NOW).release.version
    catalog.close()


def _large(folder: Path) -> Path:
    """A film of 20 kB, put together by a program that no limit holds."""
    path = folder / "large.mp4"
    parts = [b"\0\0\0\x0cftypisom", b"\0\0\0\x10moov\0\0\0\x08trak", b"\0\0\x4e\x28mdat" + bytes(20_000)]
    lift = ["prlimit", "--fsize=unlimited", "tee", str(path)]
    subprocess.run(lift, input=b"".join(parts), stdout=subprocess.DEVNULL, check=True)
    return path
