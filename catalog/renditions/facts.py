"""Facts about a film or sound, as ffprobe tells them; what it does not tell is 0 or empty."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHAPTERS_MAX = 200
TITLE_LETTERS_MAX = 200
TRACKS_MAX = 40
TEXT_CAPTIONS = {"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"}
PLAYABLE_FILM = {("mov", "h264"), ("mov", "av1"), ("matroska", "vp8"), ("matroska", "vp9"), ("matroska", "av1")}
PLAYABLE_SOUND = {
    "mov": {"aac", "mp3"}, "matroska": {"vorbis", "opus"}, "ogg": {"vorbis", "opus", "flac"}, "mp3": {"mp3"},
    "aac": {"aac"}, "flac": {"flac"}, "wav": {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a film, from a second on."""

    seconds: int
    title: str


@dataclass(frozen=True, slots=True)
class Track:
    """Captions inside of a film: which of its caption tracks, in which language."""

    number: int
    language: str
    label: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in a file."""

    reader: str
    milliseconds: int = 0
    height: int = 0
    """Of the picture's shorter side; 0 where there is no picture that moves."""

    bits_per_second: int = 0
    film: str = ""
    sound: str = ""
    is_plain_picture: bool = True
    """8 bits and 4:2:0, as every phone decodes."""

    chapters: tuple[Chapter, ...] = ()
    captions: tuple[Track, ...] = ()
    title: str = ""

    @property
    def seconds(self) -> int:
        return -(-self.milliseconds // 1000)

    @property
    def is_playable(self) -> bool:
        """Tell whether a phone's browser plays it as it is."""
        is_sound_well = not self.sound or self.sound in PLAYABLE_SOUND.get(self.reader, ())
        is_film_well = not self.film or ((self.reader, self.film) in PLAYABLE_FILM and self.is_plain_picture)
        return is_sound_well and is_film_well


def facts_of(reader: str, said: bytes) -> Facts:
    """Read what ffprobe said (`-print_format json -show_format -show_streams -show_chapters`).

    >>> facts_of("mp3", b'{"streams": [{"codec_type": "audio", "codec_name": "mp3"}], "format": {"duration": "1.5"}}')
    Facts(reader='mp3', milliseconds=1500, height=0, bits_per_second=0, film='', sound='mp3', is_plain_picture=True, \
chapters=(), captions=(), title='')
    """
    try:
        document = json.loads(said)
    except ValueError:
        document = {}
    streams = [one for one in document.get("streams", []) if isinstance(one, dict)]
    whole = document.get("format", {})
    films = [one for one in streams if one.get("codec_type") == "video" and not _is_cover(one)]
    sounds = [one for one in streams if one.get("codec_type") == "audio"]
    film, sound = (films or [{}])[0], (sounds or [{}])[0]
    sides = [int(film.get(side) or 0) for side in ("width", "height")]
    return Facts(
        reader,
        _thousandths(whole.get("duration") or film.get("duration") or sound.get("duration")),
        min(sides),
        int(_number(whole.get("bit_rate"))),
        str(film.get("codec_name", "")),
        str(sound.get("codec_name", "")),
        str(film.get("pix_fmt", "yuv420p")) in ("yuv420p", "yuvj420p"),
        tuple(_chapters(document.get("chapters", []))),
        tuple(_captions([one for one in streams if one.get("codec_type") == "subtitle"])),
        _words(whole.get("tags", {}), "title"),
    )


def _is_cover(stream: Mapping[str, Any]) -> bool:
    disposition = stream.get("disposition", {})
    return bool(disposition.get("attached_pic") or disposition.get("still_image"))


def _chapters(rows: list[Any]) -> list[Chapter]:
    starts = [
        (int(_number(row.get("start_time"))), _words(row.get("tags", {}), "title")) for row in rows[:CHAPTERS_MAX]
    ]
    return [Chapter(seconds, title or str(number + 1)) for number, (seconds, title) in enumerate(starts)]


def _captions(streams: list[dict[str, Any]]) -> list[Track]:
    return [
        Track(number, _words(one.get("tags", {}), "language"), _words(one.get("tags", {}), "title"))
        for number, one in enumerate(streams[:TRACKS_MAX])
        if one.get("codec_name") in TEXT_CAPTIONS
    ]


def _words(tags: Any, name: str) -> str:
    text = str(tags.get(name, "")) if isinstance(tags, dict) else ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:TITLE_LETTERS_MAX]


def _thousandths(value: Any) -> int:
    return int(_number(value) * 1000)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if 0 < number < 1 << 40 else 0.0
