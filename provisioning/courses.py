"""Courses for the demo: real ones where they are at hand, small ones of our own elsewhere.

* Real: a built lesson site at two moments of its history, an HTML5 zip with a film, a PDF in Arabic.
* Ours: the same kinds, in `samples/`.
"""

import io
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from catalog.manifest import is_safe_path

SAMPLES = Path(__file__).parent / "samples"
WINDOW_BYTES_MAX = 1 << 27
FIRST, SECOND = "v1", "v2"


@dataclass(frozen=True, slots=True)
class Course:
    """What is published as one course."""

    course: str
    title: str
    language: str
    sources: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Courses:
    """Three courses, and the second version of the first."""

    lesson: Course
    lesson_again: Course
    film: Course
    book: Course

    @property
    def first_night(self) -> tuple[Course, Course, Course]:
        return self.lesson, self.film, self.book


def courses_at_hand(shared: Path, work: Path) -> Courses:
    """Real courses from `shared` (a folder beside the project), or our samples; unpacked into `work`."""
    history = shared / "datasets/swc.tar.zst"
    media = shared / "fixtures/media"
    book = shared / "fixtures/pdf/habibi-arabic.pdf"
    app, film, words = (media / name for name in ("sample_html5app.zip", "high_res_sample.mp4", "basic.vtt"))
    if all(path.exists() for path in (history, book, app, film, words)):
        _unpack(history, work)
        captions = work / f"{film.stem}.ar.vtt"  # a film's captions bear its name
        shutil.copy(words, captions)
        lesson = Course("python-lesson", "Programming with Python", "en", (work / FIRST,))
        again = Course(lesson.course, lesson.title, lesson.language, (work / SECOND,))
        return Courses(
            lesson,
            again,
            # That film lasts one second: our own beside it has places to go back to.
            Course("film-and-app", "A film and an app", "en", (app, film, captions, *_film())),
            Course("habibi", "حبيبي", "ar", (book,)),
        )
    return _samples(work)


def _samples(work: Path) -> Courses:
    first, second, app = work / FIRST, work / SECOND, work / "siphon.zip"
    shutil.copytree(SAMPLES / "lesson", first)
    shutil.copytree(first, second)
    shutil.copytree(SAMPLES / "lesson-2", second, dirs_exist_ok=True)
    with zipfile.ZipFile(app, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((SAMPLES / "siphon").iterdir()):
            archive.write(path, path.name)
    lesson = Course("water", "Water that walks by itself", "en", (first,))
    return Courses(
        lesson,
        Course(lesson.course, lesson.title, lesson.language, (second,)),
        Course("siphon", "The siphon and the cistern", "en", (app, *_film())),
        Course("qanat-ar", "القناة: ماء يمشي وحده", "ar", (SAMPLES / "reader/reader-ar.pdf",)),
    )


def _film() -> tuple[Path, ...]:
    return SAMPLES / "film/film.mp4", *sorted((SAMPLES / "film").glob("*.vtt"))


def _unpack(archive: Path, work: Path) -> None:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
    with (
        archive.open("rb") as packed,
        unpacker.stream_reader(packed) as stream,
        tarfile.open(fileobj=io.BufferedReader(stream), mode="r|") as files,
    ):
        for member in files:
            if member.isfile() and is_safe_path(member.name):
                target = work / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                packed_file = files.extractfile(member)
                assert packed_file is not None, "a file has bytes"
                with target.open("wb") as file:
                    shutil.copyfileobj(packed_file, file)
