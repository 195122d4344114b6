"""Containers: which kind of film or sound a file is, by its first bytes.

* The reader that opens it is chosen here and by nothing else: a text that calls itself a film (a playlist, a list of
  files) is never opened as one.
* `is_playable` says that browsers of the last ten years open such a container; what is in it is another question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog.importers.media import mp4, webm

TS_BYTES = 188
_MP3_KBIT = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_LOW_KBIT = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_HERTZ = (44_100, 48_000, 32_000)


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file: how ffmpeg calls its reader, what a browser is told, whether one opens it."""

    reader: str
    suffix: str
    media_type: str
    is_sound: bool
    is_playable: bool


MP4 = Container("mov", ".mp4", "video/mp4", is_sound=False, is_playable=True)
M4A = Container("mov", ".m4a", "audio/mp4", is_sound=True, is_playable=True)
WEBM = Container("matroska", ".webm", "video/webm", is_sound=False, is_playable=True)
OGG = Container("ogg", ".ogg", "audio/ogg", is_sound=True, is_playable=True)


def container_of(head: bytes) -> Container | None:
    """The container of a file that begins so; None where it is none of those we know.

    >>> container_of(b"fLaC" + bytes(40)).media_type
    'audio/flac'
    """
    return next((kind for recognises, kind in _KINDS if recognises(head)), None)


def _is_m4a(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:11] in (b"M4A", b"M4B")


def _is_ts(head: bytes) -> bool:
    return any(
        len(head) > start + 3 * step and all(head[start + number * step] == 0x47 for number in range(4))
        for start, step in ((0, TS_BYTES), (4, TS_BYTES + 4))
    )


def _is_mp3(head: bytes) -> bool:
    """A tag, or a frame that another frame follows where the first one says that it ends."""
    return head.startswith(b"ID3") or (
        0 < (length := _mp3_frame(head)) < len(head) - 4 and _mp3_frame(head[length:]) > 0
    )


def _mp3_frame(head: bytes) -> int:
    """The length of the frame of MPEG sound, layer III, that begins here; 0 where none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, kbit, hertz, padding = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or not 0 < kbit < 15 or hertz == 3:
        return 0
    if version == 3:
        return 144_000 * _MP3_KBIT[kbit] // _MP3_HERTZ[hertz] + padding
    slower = 2 if version == 2 else 4
    return 72_000 * _MP3_LOW_KBIT[kbit] * slower // _MP3_HERTZ[hertz] + padding


def _is_adts(head: bytes) -> bool:
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return 7 < length < len(head) - 2 and head[length] == 0xFF and head[length + 1] & 0xF6 == 0xF0


def _is_riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(starts)


def _is_film_in_ogg(head: bytes) -> bool:
    return head.startswith(b"OggS") and b"\x80theora" in head[:512]


_KINDS: Sequence[tuple[Callable[[bytes], bool], Container]] = (
    (_is_m4a, M4A),
    (mp4.is_mp4, MP4),
    (webm.is_webm, WEBM),
    (_begins(webm.MAGIC), Container("matroska", ".mkv", "video/x-matroska", is_sound=False, is_playable=False)),
    (_is_riff(b"AVI "), Container("avi", ".avi", "video/x-msvideo", is_sound=False, is_playable=False)),
    (_is_riff(b"WAVE"), Container("wav", ".wav", "audio/wav", is_sound=True, is_playable=True)),
    (_begins(b"FLV\x01"), Container("flv", ".flv", "video/x-flv", is_sound=False, is_playable=False)),
    (_begins(b"\0\0\x01\xba", b"\0\0\x01\xb3"),
     Container("mpeg", ".mpg", "video/mpeg", is_sound=False, is_playable=False)),
    (_begins(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
     Container("asf", ".wmv", "video/x-ms-asf", is_sound=False, is_playable=False)),
    (_is_film_in_ogg, Container("ogg", ".ogv", "video/ogg", is_sound=False, is_playable=False)),
    (_begins(b"OggS"), OGG),
    (_begins(b"fLaC"), Container("flac", ".flac", "audio/flac", is_sound=True, is_playable=True)),
    (_is_adts, Container("aac", ".aac", "audio/aac", is_sound=True, is_playable=True)),
    (_is_mp3, Container("mp3", ".mp3", "audio/mpeg", is_sound=True, is_playable=True)),
    (_begins(b"#!AMR"), Container("amr", ".amr", "audio/amr", is_sound=True, is_playable=False)),
    (_is_ts, Container("mpegts", ".ts", "video/mp2t", is_sound=False, is_playable=False)),
)  # fmt: skip
