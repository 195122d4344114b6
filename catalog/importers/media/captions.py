"""Captions: WebVTT or SRT, in whatever encoding, given to the film whose name they bear.

* Players get WebVTT in UTF-8 and nothing else; an encoding that had to be guessed is said.
* Captions go with the film whose name they bear, or with the only film there is.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, first_bytes, safe_name
from catalog.importers.repairs.names import TEXT_ALPHABETS, alphabet_of
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.manifest import Activity

CAPTIONS_BYTES_MAX = 8 << 20
HEAD_BYTES = 512

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TIMES = r"(\d{1,3}:\d\d:\d\d)[,.](\d{3})\s{1,8}-->\s{1,8}(\d{1,3}:\d\d:\d\d)[,.](\d{3})"
_SRT = re.compile(rb"\s{0,40}\d{1,6}[ \t]{0,8}\r{0,2}\n" + _TIMES.encode())
_TIMING = re.compile(_TIMES + r"[^\n]{0,80}")
_STYLING = re.compile(r"\{\\[^}]{0,40}\}|</?font[^>]{0,200}>", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff][\x40-\xff]*")


def is_captions(source: Path) -> bool:
    """Tell whether a source is WebVTT or SRT captions, in whatever encoding."""
    if not source.is_file():
        return False
    head = _without_mark(first_bytes(source, HEAD_BYTES))
    return head.startswith(b"WEBVTT") or _SRT.match(head) is not None


def with_captions(
    films: Sequence[Activity], sources: Sequence[Path], captions: Sequence[Path], intake: Intake
) -> list[Activity]:
    """Take in `captions` and give each to its film; `sources` are the films' files, one for one.

    Raises ContentFault where one is not readable text.
    """
    tracks: dict[str, list[dict[str, str]]] = {film.id: list(film.attributes.get("captions", [])) for film in films}
    for one in captions:
        film = _film_of(one, films, sources)
        if film is None:
            intake.report.left_out.append(f"{one.name}: no film has this name; call it like its film.")
            intake.advance(one.stat().st_size)
            continue
        path = f"{film.id}/{safe_name(one.with_suffix('.vtt'))}"
        intake.advance(one.stat().st_size)
        intake.add(path, [_text(one, intake)], role="captions", media_type="text/vtt", is_counted=False)
        language = _language_of(one) or intake.language
        tracks[film.id].append({"label": language, "language": language, "path": path})
    return [_with(film, {"captions": tracks[film.id]}) if tracks[film.id] else film for film in films]


def webvtt(text: str) -> str:
    """SRT as WebVTT; WebVTT as it is.

    >>> webvtt("1\\n00:00:01,000 --> 00:00:02,500\\nWater\\n")
    'WEBVTT\\n\\n1\\n00:00:01.000 --> 00:00:02.500\\nWater\\n'
    """
    if text.startswith("WEBVTT"):
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n").lstrip()
    timed = _TIMING.sub(lambda found: f"{_hours(found[1])}.{found[2]} --> {_hours(found[3])}.{found[4]}", plain)
    return "WEBVTT\n\n" + _STYLING.sub("", timed)


def _hours(clock: str) -> str:
    return clock.zfill(8)


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


def _text(captions: Path, intake: Intake) -> bytes:
    if captions.stat().st_size > CAPTIONS_BYTES_MAX:
        raise ContentFault(f"The captions {captions.name} are too long.", "Choose the captions of this one film.")
    data = captions.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return unicode_of(webvtt(data.decode(encoding))).encode()
    except UnicodeDecodeError as error:
        alphabet = alphabet_of(_NOT_ASCII.findall(data), TEXT_ALPHABETS) if encoding != "utf-16" else None
        if alphabet is None:
            raise ContentFault(
                f"The captions {captions.name} are not UTF-8 text.",
                "Save them again with the encoding UTF-8, and import again.",
            ) from error
    intake.report.repaired.append(f"{captions.name}: not UTF-8; read as {alphabet.called}. Look whether it is right.")
    return webvtt(data.decode(alphabet.encoding, "replace")).encode()


def _without_mark(head: bytes) -> bytes:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").encode("utf-8", "replace")
    return head.removeprefix(codecs.BOM_UTF8)
