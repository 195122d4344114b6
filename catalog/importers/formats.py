"""Formats: what of each is imported, how it plays, what is tracked, and what is left out.

* `docs/formats.md` is made of it. One row for each format that an importer names; a test asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What a teacher may expect of one format."""

    takes: str
    plays: str
    tracks: str
    leaves_out: str


_PAGES = "pages seen, each once; the place is the last of them"
_SITE = "what a program puts together itself is not mended; what is missing is listed"

FORMATS: Mapping[str, Row] = {
    "folder": Row(
        "pages and what they show; names, links and kinds mended", "in a frame of its own origin", _PAGES, _SITE
    ),
    "html-zip": Row(
        "the same from a zip; names in GBK, Shift-JIS, Windows 1256, DOS 437 and 866",
        "in a frame of its own origin",
        _PAGES,
        _SITE,
    ),
    "page": Row("one HTML file", "in a frame of its own origin", _PAGES, "what it shows from beside it"),
    "picture": Row("PNG, JPEG, GIF, WebP", "on a page of its own", "opened", "-"),
    "video": Row(
        "MP4, MOV, 3GP, WebM, MKV, AVI, FLV, MPEG, TS, WMV, OGV; M4A, MP3, OGG, Opus, FLAC, WAV, AAC, AMR; captions "
        "as WebVTT and SRT, beside or inside; chapters",
        "H.264 and AAC in 480p, 360p, sound alone, and the original where browsers play it",
        "the second, each twentieth; nine tenths finish it",
        "captions that are pictures; without ffmpeg: smaller versions, and all that browsers do not play",
    ),
    "epub": Row(
        "EPUB 2 and 3, packed or not; broken chapters forgiven",
        "chapter by chapter, with contents, size of letters and search, without a script",
        "chapters seen; the place is the last of them",
        "locked books (refused), scrambled fonts, media overlays",
    ),
    "pdf": Row(
        "whole documents",
        "in the phone's own viewer, or page by page here, with a search",
        "the page, where it is read here",
        "forms, sound and film inside",
    ),
    "office": Row(
        "Word, PowerPoint, Excel, OpenDocument, RTF, told by their content",
        "as PDF where LibreOffice is at the hub, with the file beside it; else kept to be saved",
        "opened, finished",
        "macros, linked files, movement between slides",
    ),
    "zim": Row(
        "articles, pictures, films, redirects", "as one site", _PAGES, "its own search index; names that no disk keeps"
    ),
    "kolibri": Row(
        "a channel's folder or a zip of it, each file proven by its checksum",
        "topics as sections; films with captions, sound, PDF, EPUB, HTML5 apps; plain exercises as quizzes",
        "as each of these does",
        "slideshows, exercises of other kinds, files that are missing or damaged: each is listed",
    ),
}
