"""Video: an MP4 or WebM film, and its captions.

* A film is checked as far as a player needs it: its index is there, and it does not end early.
* The film travels in the layer `video`, all else in the core: a course can be opened before its films have arrived.
* Captions go with the film whose name they bear, or with the only film there is.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.fault import ContentFault
from catalog.importers import mp4, webm
from catalog.importers.intake import Intake, first_bytes, pieces_of, safe_name, slug, title_of
from catalog.importers.source import Source
from catalog.manifest import Activity

LAYER = "video"
CAPTIONS_BYTES_MAX = 8 << 20

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Video:
    """A film in an MP4 or WebM file."""

    format = "video"

    def recognises(self, source: Source) -> bool:
        return mp4.is_mp4(source.head) or webm.is_webm(source.head)

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        source, is_mp4 = opened.path, mp4.is_mp4(opened.head)
        seconds = mp4.seconds_of(source) if is_mp4 else webm.seconds_of(source)
        name = intake.claim_id(slug(source.stem, "video"))
        path = f"{name}/{safe_name(source)}"
        intake.add(path, pieces_of(source), layer=LAYER, media_type="video/mp4" if is_mp4 else "video/webm")
        attributes = {"seconds": seconds} if seconds else {}
        return [Activity(name, "video", path, {intake.language: title_of(source)}, attributes)]


def is_captions(source: Path) -> bool:
    """Tell whether a source is WebVTT captions, in whatever encoding."""
    if not source.is_file():
        return False
    head = first_bytes(source, 32)
    return _without_mark(head).startswith(b"WEBVTT")


def with_captions(
    films: Sequence[Activity], sources: Sequence[Path], captions: Sequence[Path], intake: Intake
) -> list[Activity]:
    """Take in `captions` and give each to its film; `sources` are the films' files, one for one.

    Raises ContentFault where one is not readable text.
    """
    tracks: dict[str, list[dict[str, str]]] = {film.id: [] for film in films}
    for one in captions:
        film = _film_of(one, films, sources)
        if film is None:
            intake.report.left_out.append(f"{one.name}: no film has this name; call it like its film.")
            intake.advance(one.stat().st_size)
            continue
        path = f"{film.id}/{safe_name(one)}"
        intake.add(path, [_text(one)], role="captions", media_type="text/vtt")
        language = _language_of(one) or intake.language
        tracks[film.id].append({"label": language, "language": language, "path": path})
    return [_with(film, {"captions": tracks[film.id]}) if tracks[film.id] else film for film in films]


def _film_of(captions: Path, films: Sequence[Activity], sources: Sequence[Path]) -> Activity | None:
    stems = {captions.stem, captions.stem.rpartition(".")[0] or captions.stem}
    named = [film for film, source in zip(films, sources, strict=True) if source.stem in stems]
    if named:
        return named[0]
    return films[0] if len(films) == 1 else None


def _with(film: Activity, attributes: dict[str, Any]) -> Activity:
    return replace(film, attributes={**film.attributes, **attributes})


def _language_of(captions: Path) -> str:
    """`film.fr.vtt` is French; a plain `film.vtt` does not say."""
    tag = captions.stem.rpartition(".")[2] if "." in captions.stem else ""
    return tag if _LANGUAGE.fullmatch(tag) else ""


def _text(captions: Path) -> bytes:
    if captions.stat().st_size > CAPTIONS_BYTES_MAX:
        raise ContentFault(f"The captions {captions.name} are too long.", "Choose the captions of this one film.")
    data = captions.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise ContentFault(
            f"The captions {captions.name} are not UTF-8 text.",
            "Save them again with the encoding UTF-8, and import again.",
        ) from error


def _without_mark(head: bytes) -> bytes:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").encode("utf-8", "replace")
    return head.removeprefix(codecs.BOM_UTF8)
