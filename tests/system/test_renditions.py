"""Films and sound through the real ffmpeg: what is made, what is kept, what is refused, what cannot be reached."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog import store as stores
from catalog.cli import catalog as command
from catalog.db import Database
from catalog.fault import ContentFault
from catalog.importers.course import Imported, read
from catalog.importers.media.containers import container_of
from catalog.renditions.facts import Facts
from catalog.renditions.ladder import Rung
from catalog.renditions.studio import Studio
from catalog.store import Store

pytestmark = pytest.mark.system

Read = Callable[..., Imported]
SECOND = "1"
PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=640x480:rate=10:duration={SECOND}"]
SOUND = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={SECOND}"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
FILMS = {
    "mkv": H264, "avi": ["-c:v", "mpeg4", "-c:a", "mp3"], "mov": H264,
    "flv": ["-c:v", "flv1", "-c:a", "mp3", "-ar", "44100"],
    "mpg": ["-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"], "ts": H264, "wmv": ["-c:v", "wmv2", "-c:a", "wmav2"],
    "ogv": ["-c:v", "libtheora", "-c:a", "libvorbis"], "3gp": ["-c:v", "mpeg4", "-c:a", "aac"],
    "webm": ["-c:v", "libvpx", "-c:a", "libopus"], "mp4": [*H264, "-movflags", "+faststart"],
}  # fmt: skip
SOUNDS = {
    "mp3": ["-c:a", "libmp3lame", "-b:a", "128k"], "m4a": ["-c:a", "aac"], "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"], "flac": [], "wav": [], "aac": ["-c:a", "aac", "-f", "adts"],
}  # fmt: skip


@pytest.fixture
def studio() -> Studio:
    return Studio.found() or pytest.fail("there is no ffmpeg")


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Store]:
    database = Database(tmp_path / "store.db", [stores.migrations])
    yield Store(tmp_path / "store", database)
    database.close()


@pytest.fixture
def reading(files: Store, studio: Studio) -> Read:
    def imported(*sources: Path, told: list[tuple[int, int]] | None = None) -> Imported:
        with files.batch() as batch:
            progress = (
                (lambda done, total: told.append((done, total))) if told is not None else (lambda done, total: None)
            )
            return read(sources, batch, "en", None, progress, studio)

    return imported


def made(path: Path, *arguments: str) -> Path:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, str(path)], check=True)
    return path


def versions(imported: Imported) -> list[str]:
    return [one["name"] for one in imported.activities[0].attributes["renditions"]]


def held(imported: Imported, files: Store) -> dict[str, Path]:
    return {entry.path: files.path(entry.digest) for layer in imported.layers for entry in layer.entries}


@pytest.mark.parametrize("suffix", FILMS)
def test_a_film_in_any_container_becomes_one_that_phones_play(
    reading: Read, files: Store, studio: Studio, tmp_path: Path, suffix: str
) -> None:
    source = made(tmp_path / f"film.{suffix}", *PICTURE, *SOUND, *FILMS[suffix])
    imported = reading(source)

    film = imported.activities[0]
    full = held(imported, files)[film.path]
    container = container_of(full.read_bytes()[:4096])
    assert container is not None
    facts = studio.facts(full, container.reader) or Facts("")
    assert ("video", True, True) == (film.kind, facts.is_playable, container.is_playable)
    assert "video" in [layer.name for layer in imported.layers]
    assert f"{film.id}/poster.jpg" == film.attributes["poster"]
    assert film.attributes["seconds"] in (1, 2)


@pytest.mark.parametrize("suffix", SOUNDS)
def test_sound_in_any_container_is_kept_with_a_smaller_version(
    reading: Read, files: Store, tmp_path: Path, suffix: str
) -> None:
    imported = reading(made(tmp_path / f"talk.{suffix}", *SOUND, *SOUNDS[suffix]))

    assert "audio" == imported.activities[0].kind
    assert "full" == versions(imported)[0]
    assert {"core", "audio", "audio-full"} >= {layer.name for layer in imported.layers}


def test_a_large_film_gets_two_smaller_versions_and_its_sound_each_in_its_layer(
    reading: Read, files: Store, studio: Studio, tmp_path: Path
) -> None:
    large = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=4"]
    noise = ["-f", "lavfi", "-i", "anoisesrc=duration=4"]
    told: list[tuple[int, int]] = []
    imported = reading(made(tmp_path / "film.mp4", *large, *noise, *H264, "-b:a", "192k"), told=told)

    film = imported.activities[0]
    assert ["full", "video-480", "video-360", "audio"] == versions(imported)
    assert ["audio", "core", "video", "video-360", "video-480"] == [layer.name for layer in imported.layers]
    heights = {
        one["name"]: (studio.facts(held(imported, files)[one["path"]], "mov") or Facts("")).height
        for one in film.attributes["renditions"]
    }
    assert {"full": 720, "video-480": 480, "video-360": 360, "audio": 0} == heights
    assert ["film.mp4: wrapped anew as .mp4, so that it starts at once."] == imported.report.repaired
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == 4 * (tmp_path / "film.mp4").stat().st_size


def test_an_upright_film_is_measured_by_its_shorter_side(
    reading: Read, files: Store, studio: Studio, tmp_path: Path
) -> None:
    upright = ["-f", "lavfi", "-i", "testsrc2=size=720x1280:rate=25:duration=2"]
    imported = reading(made(tmp_path / "film.mp4", *upright, *H264))

    path = held(imported, files)[f"{imported.activities[0].id}/video-360.mp4"]
    size = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", str(path)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "360,640" == size.strip()


def test_captions_and_chapters_inside_come_along(reading: Read, files: Store, tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:00,900\nالماء\n")
    (tmp_path / "chapters.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=The well\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=The slope\n"
    )
    inputs = [*PICTURE, "-i", str(tmp_path / "words.srt"), "-i", str(tmp_path / "chapters.txt")]
    tracks = ["-map", "0:v", "-map", "1:s", "-map_metadata", "2", "-metadata:s:s:0", "language=ara", "-c:s", "srt"]
    film = reading(made(tmp_path / "film.mkv", *inputs, *tracks, *H264)).activities[0]

    assert [{"seconds": 0, "title": "The well"}, {"seconds": 1, "title": "The slope"}] == film.attributes["chapters"]
    assert [{"label": "ar", "language": "ar", "path": "film/captions-1.vtt"}] == film.attributes["captions"]


PLAYLISTS = {
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://%s\n#EXT-X-ENDLIST\n",
    "a list of files": b"ffconcat version 1.0\nfile '%s'\n",
    "a list of films": b"[playlist]\nFile1=%s\n",
    "a picture by its number": b"%s",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_in_disguise_reads_no_other_file(reading: Read, studio: Studio, tmp_path: Path, kind: str) -> None:
    secret = made(tmp_path / "secret.mp4", *PICTURE, *H264)
    text = PLAYLISTS[kind] % os.fsencode(secret)
    for suffix in ("mp4", "mkv", "avi", "m3u8"):
        source = tmp_path / f"film.{suffix}"
        source.write_bytes(text)
        assert [None] * 4 == [studio.facts(source, reader) for reader in ("mov", "matroska", "avi", "mpegts")]
        with pytest.raises(ContentFault, match="not a kind of file"):
            reading(source)


def test_a_film_that_lies_in_its_first_bytes_is_refused(reading: Read, tmp_path: Path) -> None:
    source = tmp_path / "film.avi"
    source.write_bytes(b"RIFF\x10\0\0\0AVI " + b"#EXTM3U\nfile:///etc/passwd\n" * 40)

    with pytest.raises(ContentFault, match="cannot be read"):
        reading(source)


def test_what_takes_too_long_is_ended(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.renditions.studio.MAKE_SECONDS_MIN", 1)
    monkeypatch.setattr("catalog.renditions.studio.MAKE_SECONDS_PER_SECOND", 0)
    long = ["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25:duration=120"]
    source = made(tmp_path / "film.mp4", *long, *H264)
    facts = studio.facts(source, "mov") or Facts("")

    is_made = studio.make(
        source, facts, Rung("video-480", "video", 480, 24), tmp_path / "target", lambda permille: None
    )

    assert not is_made
    assert not (tmp_path / "target").exists()


def test_a_film_only_ffmpeg_reads_is_refused_where_there_is_none_with_what_to_do(files: Store, tmp_path: Path) -> None:
    source = made(tmp_path / "film.avi", *PICTURE, *FILMS["avi"])

    with pytest.raises(ContentFault, match="no ffmpeg") as refused, files.batch() as batch:
        read([source], batch, "en", None, lambda done, total: None)
    assert "apt install ffmpeg" in refused.value.hint


@pytest.mark.parametrize(("flag", "is_made"), [("--renditions", True), ("--no-renditions", False)])
def test_the_command_makes_them_unless_told_not_to(tmp_path: Path, flag: str, is_made: bool) -> None:
    from click.testing import CliRunner

    noise = ["-f", "lavfi", "-i", "testsrc2=size=640x480:rate=25:duration=2", "-vf", "noise=alls=60:allf=t"]
    source = made(tmp_path / "film.mp4", *noise, *H264, "-movflags", "+faststart")
    ended = CliRunner().invoke(command, ["import", str(source), "--data", str(tmp_path / "hub"), flag, "--json"])

    assert 0 == ended.exit_code, ended.output
    assert {"format": "video", "course": "film"}.items() <= json.loads(ended.stdout).items()
    shown = CliRunner().invoke(command, ["show", "film", "--data", str(tmp_path / "hub"), "--json"])
    assert is_made == (json.loads(shown.stdout)[0]["files"] > 1)
