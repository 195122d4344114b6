"""What the channel is measured on: courses at two moments of their history, and what is made of them.

* A course is a pair of folders, the older version and the newer one. `DATASETS=name=OLD:NEW,...` names any pairs.
* Without it, the archives `NAME.tar.zst` in the folder `QANAT_DATASETS` are taken, which hold `v1/` and `v2/` (by
  itself that is shared/datasets beside the checkout); where there are none, a small course is written here, so that
  the bench always runs.
* The film and the photographs are made here, by ffmpeg, and so are the zips and the many small files.
"""

import io
import os
import random
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path

import zstandard

from catalog.digest import Digest, digest_of
from catalog.manifest import is_safe_path
from tests.bench.processes import ROOT

DATASETS = ROOT.parent / "shared" / "datasets"
WINDOW_BYTES_MAX = 1 << 27

SMALL_BYTES_MAX = 24_000
"""No file of the many small ones is larger; longer texts are cut into pages of a third of it."""
TEXT = frozenset({".md", ".html", ".htm", ".txt", ".py", ".css", ".js", ".json", ".xml", ".svg", ".ipynb", ".csv"})

FILM_SECONDS = 60
CUT_SECONDS = 2
PHOTOGRAPHS = 12
CAPTIONS = "\n".join(
    f"{number}\n00:00:{second:02},000 --> 00:00:{second + 4:02},000\nCaption {number}: the water rises here.\n"
    for number, second in enumerate(range(0, FILM_SECONDS - 5, 5), 1)
)


@dataclass(frozen=True, slots=True)
class Course:
    """A course before and after: two folders."""

    name: str
    old: Path
    new: Path

    def changed_bytes(self) -> int:
        """Bytes of the new version's files that the old version does not have, equal ones once."""
        held = {digest for _, digest in contents(self.old)}
        coming = {digest: size_bytes for size_bytes, digest in contents(self.new) if digest not in held}
        return sum(coming.values())


def contents(folder: Path) -> Iterator[tuple[int, Digest]]:
    """Length and digest of every file."""
    for path in files(folder):
        data = path.read_bytes()
        yield len(data), digest_of(data)


def files(folder: Path) -> list[Path]:
    """Every file below a folder, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def courses(folder: Path) -> list[Course]:
    """The courses to measure on; what must be unpacked or written for them lies in `folder` afterwards."""
    if named := os.environ.get("DATASETS"):
        return [_named(words) for words in named.split(",")]
    archives = sorted(Path(os.environ.get("QANAT_DATASETS", DATASETS)).glob("*.tar.zst"))
    return [_unpacked(archive, folder) for archive in archives] or [written(folder)]


def _named(words: str) -> Course:
    name, _, pair = words.partition("=")
    old, _, new = pair.partition(":")
    for folder in (old, new):
        assert Path(folder).is_dir(), f"{words!r} should be NAME=OLD:NEW, two folders"
    return Course(name, Path(old), Path(new))


def _unpacked(archive: Path, folder: Path) -> Course:
    name = archive.name.removesuffix(".tar.zst")
    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
    with (
        archive.open("rb") as packed,
        unpacker.stream_reader(packed) as stream,
        tarfile.open(fileobj=stream, mode="r|") as members,
    ):
        for member in members:
            if member.isfile() and is_safe_path(member.name):
                _unpack(members, member, folder / name / member.name)
    # Some archives have the two versions one folder below.
    old = next(path for path in sorted((folder / name).rglob("v1")) if path.is_dir())
    return Course(name, old, old.with_name("v2"))


def _unpack(members: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """A member with its time: rsync passes over files whose length and time are the same, as it should."""
    data = members.extractfile(member)
    assert data is not None, "a file has bytes"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(data, file)
    os.utime(path, (member.mtime, member.mtime))


# ---- written here ------------------------------------------------------------------------------------------------


def written(folder: Path, lessons: int = 120, seed: int = 2026) -> Course:
    """A course of pages, of which the new version corrects some, renames one, drops one and adds a few."""
    chance = random.Random(seed)
    words = _vocabulary(chance)
    old, new = folder / "written" / "v1", folder / "written" / "v2"
    for number in range(lessons):
        page = _page(number, words, chance)
        _write(old / f"unit-{number % 8}/lesson-{number:03}.html", page)
        if number == 1:
            continue
        if number % 5 == 0:
            page = page.replace("<p>", f"<p>{' '.join(_sentence(words, chance))} ", 2)
        name = "welcome" if number == 2 else f"lesson-{number:03}"
        _write(new / f"unit-{number % 8}/{name}.html", page)
    for number in range(lessons, lessons + lessons // 10 + 1):
        _write(new / f"unit-{number % 8}/lesson-{number:03}.html", _page(number, words, chance))
    for version in (old, new):
        (version / "picture.jpg").write_bytes(random.Random(seed).randbytes(40_000))
    return Course("written here", old, new)


def small_files(sources: list[Path], folder: Path, count: int, seed: int = 2026) -> Path:
    """So many small text files: those of the sources, long ones cut into pages, then pages written here."""
    chance = random.Random(seed)
    words = _vocabulary(chance)
    real = list(islice(_small_texts(sources), count))
    pages = real + [_page(number, words, chance).encode() for number in range(count - len(real))]
    for number, page in enumerate(pages):
        path = folder / f"part-{number % 40:02}" / f"page-{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    return folder


def _small_texts(sources: list[Path]) -> Iterator[bytes]:
    seen: set[Digest] = set()
    for source in sources:
        for path in files(source):
            if path.suffix.lower() not in TEXT:
                continue
            for page in _pages(path.read_bytes()):
                if (digest := digest_of(page)) not in seen:
                    seen.add(digest)
                    yield page


def _pages(text: bytes) -> Iterator[bytes]:
    if len(text) <= SMALL_BYTES_MAX:
        if text:
            yield text
        return
    page = bytearray()
    for line in io.BytesIO(text):
        page += line[:SMALL_BYTES_MAX]
        if len(page) >= SMALL_BYTES_MAX // 3:
            yield bytes(page[:SMALL_BYTES_MAX])
            page.clear()
    if page:
        yield bytes(page)


def _vocabulary(chance: random.Random, count: int = 4_000) -> tuple[list[str], list[float]]:
    """Words of a language of its own, the first ones used most, as in any language."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "el", "ir", "os")]
    words = sorted({"".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(count)})
    chance.shuffle(words)
    return words, list(accumulate(1 / (rank + 3) for rank in range(len(words))))


def _sentence(words: tuple[list[str], list[float]], chance: random.Random) -> list[str]:
    return chance.choices(words[0], cum_weights=words[1], k=chance.randint(6, 18))


def _page(number: int, words: tuple[list[str], list[float]], chance: random.Random) -> str:
    head = f"<!doctype html><meta charset=utf-8><title>Lesson {number}</title><link rel=stylesheet href=../style.css>\n"
    nav = f"<nav><a href=../index.html>Home</a> <a href=lesson-{number + 1:03}.html>Next</a></nav>\n"
    paragraphs = [
        f"<p>{'. '.join(' '.join(_sentence(words, chance)).capitalize() for _ in range(5))}.</p>\n"
        for _ in range(chance.randint(4, 12))
    ]
    return head + nav + f"<h1>Lesson {number}</h1>\n" + "".join(paragraphs)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# ---- as teachers upload them -------------------------------------------------------------------------------------


def zipped(folder: Path, out: Path) -> Path:
    """The folder as a zip, made by Python."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files(folder):
            archive.write(path, path.relative_to(folder))
    return out


def zipped_by_another_tool(folder: Path, out: Path) -> Path:
    """The same by Info-ZIP's `zip`: another compressor, another order, other headers.

    Raises FileNotFoundError where it is not installed.
    """
    subprocess.run(["zip", "-q", "-9", "-r", str(out), "."], cwd=folder, check=True, capture_output=True)
    return out


def films(folder: Path) -> tuple[Course, Course]:
    """A minute of 720p before and after: with captions and a title put in, and without its first two seconds.

    The encoder keeps to no buffer model: with one its threads' timing would show in the bytes.

    Raises FileNotFoundError where ffmpeg is not installed.
    """
    old, captioned, trimmed = (folder / name for name in ("film", "captioned", "trimmed"))
    for one in (old, captioned, trimmed):
        one.mkdir(parents=True, exist_ok=True)
    source, captions = old / "film.mp4", folder / "captions.srt"
    captions.write_text(CAPTIONS)
    picture = f"testsrc2=size=1280x720:rate=25:duration={FILM_SECONDS},noise=alls=12:allf=t"
    sound = f"sine=frequency=220:beep_factor=4:duration={FILM_SECONDS}"
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "5M", "-g", "50"]
    _ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *encode, "-c:a", "aac", str(source))
    subtitled = ["-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text", "-metadata", "title=The canal"]
    _ffmpeg("-i", str(source), "-i", str(captions), *subtitled, "-movflags", "+faststart", str(captioned / "film.mp4"))
    _ffmpeg("-ss", str(CUT_SECONDS), "-i", str(source), "-map", "0", "-c", "copy", str(trimmed / "film.mp4"))
    return Course("film re-muxed with captions", old, captioned), Course("film trimmed by 2 s", old, trimmed)


def photographs(folder: Path) -> Course:
    """A course whose weight is its JPEGs, and the same with one more page.

    Each is a still of a fractal, with some grain: detail at every scale, as in a photograph; written with tables of its
    own, so that a general compressor finds little in it.

    Raises FileNotFoundError where ffmpeg is not installed.
    """
    old, new = folder / "photographs" / "v1", folder / "photographs" / "v2"
    (old / "pictures").mkdir(parents=True)
    zoom = f"mandelbrot=size=1280x960:rate=1:start_scale=0.4:end_scale=0.01:end_pts={PHOTOGRAPHS}"
    views = f"{zoom},gblur=sigma=2,noise=alls=2"
    stills = ["-frames:v", str(PHOTOGRAPHS), "-pix_fmt", "yuvj420p", "-q:v", "6", "-huffman", "optimal"]
    _ffmpeg("-f", "lavfi", "-i", views, *stills, str(old / "pictures" / "%02d.jpg"))
    for number in range(1, PHOTOGRAPHS + 1):
        _write(
            old / f"page-{number:02}.html", f"<!doctype html><title>{number}</title><img src=pictures/{number:02}.jpg>"
        )
    shutil.copytree(old, new)
    _write(new / "index.html", "<!doctype html><title>All</title>")
    return Course("photographs", old, new)


def _ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-y", "-nostdin", "-v", "error", *words], check=True, capture_output=True)
