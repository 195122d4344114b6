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


FORMATS: Mapping[str, Row] = {
    "folder": Row(
        "pages and what they show; names, links and kinds mended; packages, films and documents in it, each as what "
        "it is",
        "in a frame of its own origin",
        "pages seen, each once; the place is the last of them",
        "what a program puts together itself is not mended; what is missing is listed",
    ),
    "html-zip": Row(
        "the same from a zip, however deep in it; names in GBK, Shift-JIS, Windows 1256, DOS 437 and 866",
        "in a frame of its own origin",
        "pages seen, each once; the place is the last of them",
        "what a program puts together itself is not mended; what is missing is listed",
    ),
    "page": Row(
        "one HTML file",
        "in a frame of its own origin",
        "pages seen, each once; the place is the last of them",
        "what it shows from beside it",
    ),
    "picture": Row(
        "PNG, JPEG, GIF, WebP",
        "on a page of its own",
        "opened",
        "-",
    ),
    "pdf": Row(
        "whole documents",
        "in the phone's own viewer, or page by page here, with a search",
        "the page, where it is read here",
        "forms, sound and film inside",
    ),
    "epub": Row(
        "EPUB 2 and 3, packed or not; broken chapters forgiven",
        "chapter by chapter, with contents, size of letters and search, without a script",
        "chapters seen; the place is the last of them",
        "locked books (refused), scrambled fonts, media overlays",
    ),
    "video": Row(
        "MP4, MOV, 3GP, WebM, MKV, AVI, FLV, MPEG, TS, WMV, OGV; captions as WebVTT and SRT, beside or inside; "
        "chapters",
        "H.264 and AAC in 480p, 360p, sound alone, and the original where browsers play it",
        "the second, each twentieth; nine tenths finish it",
        "captions that are pictures; without ffmpeg: smaller versions, and all that browsers do not play",
    ),
    "audio": Row(
        "M4A, MP3, OGG, Opus, FLAC, WAV, AAC, AMR; captions and chapters as with films",
        "as it came where browsers play it, and in AAC",
        "the second, each twentieth; nine tenths finish it",
        "without ffmpeg: the smaller version, and all that browsers do not play",
    ),
    "office": Row(
        "Word, PowerPoint, Excel, OpenDocument, RTF, told by their content",
        "as PDF where LibreOffice is at the hub, with the file beside it; else kept to be saved",
        "opened, finished",
        "macros, linked files, movement between slides",
    ),
    "scorm": Row(
        "SCORM 1.2, 2004 (2nd to 4th edition) and plain IMS packages, zip or folder; an activity for each "
        "organisation; links in the manifest mended",
        "one part and several, list of parts, prerequisites (1.2), order by the package's rules (2004)",
        "suspend data to 64,000 letters, place, entry, time, score, completion, success, answers",
        "what lies on the internet or is missing, by name; time limits are told to the part, not enforced",
    ),
    "xapi": Row(
        "tincan.xml, zip or folder; an activity for each thing that is launched",
        "launched with endpoint, auth, actor, registration",
        "statements and state in the box's store; completion, score, success, progress, answers",
        "what lies on the internet; what a package sends while the Wi-Fi is away is its own affair",
    ),
    "cmi5": Row(
        "cmi5.xml judged by its specification; an activity for each unit, blocks as headings",
        "fetch, launch data, sessions; always in the frame",
        "the session's rules, moveOn, mastery score, satisfied blocks and course, abandoned sessions",
        "units on the internet, by name; waived; Browse and Review",
    ),
    "h5p": Row(
        ".h5p with its libraries; refused without them, by name",
        "h5p-standalone; scripts of the exercise itself",
        "result, completion, answers, statements; what was begun is there again",
        "libraries and forms that only authors need; mathematics that a library draws from the internet",
    ),
    "common-cartridge": Row(
        "1.0 to 1.3 and Thin, zip or folder: pages, files, links, topics, assignments as pages, QTI 1.2 "
        "quizzes and banks, sections, hidden parts; Canvas's tokens, modules, settings",
        "pages on their own origin, quizzes as ours, files as what they are",
        "places, completion, answers, results",
        "LTI tools, hidden or unpublished parts, files that nothing leads to, missing files, by name",
    ),
    "moodle-backup": Row(
        "Moodle 2.0 to 4.x, zip and tar.gz: sections, pages, books, labels, folders, files, links, "
        "glossaries, lessons, tasks of assignments, SCORM, H5P and other packages inside, quizzes with their bank",
        "pages on their own origin, quizzes as ours, packages as what they are",
        "places, completion, answers, results",
        "what is handed in, forums, workshops, wikis, databases, questions inside lessons, LTI, hidden parts, all that "
        "learners did; Moodle 1.x",
    ),
    "kolibri": Row(
        "a channel's folder or a zip of it, each file proven by its checksum",
        "topics as sections; films with captions, sound, PDF, EPUB, HTML5 apps; plain exercises as quizzes",
        "as each of these does",
        "slideshows, exercises of other kinds, files that are missing or damaged: each is listed",
    ),
    "zim": Row(
        "articles, pictures, films, redirects",
        "as one site",
        "pages seen, each once; the place is the last of them",
        "its own search index; names that no disk keeps",
    ),
    "qti-1.2": Row(
        "tests and banks, alone and in cartridges; pools, pictures, feedback; Canvas's own kinds",
        "as a quiz",
        "answers, result, essays by a teacher",
        "files handed in, drawn numbers, answers on pictures, by name",
    ),
    "qti-2": Row(
        "items, tests and packages of QTI 2.1, 2.2 and 3.0; pools, weights, pictures, shared texts",
        "as a quiz",
        "answers, result, essays by a teacher",
        "answers on pictures, uploads, drawings and custom interactions, drawn numbers, by name",
    ),
    "moodle-xml": Row(
        "one quiz for each category; pictures inside the file",
        "as a quiz",
        "answers, result, essays by a teacher",
        "calculated questions, dragging onto pictures, gaps with several answers, by name",
    ),
    "gift": Row(
        "one quiz; names, weights, feedback, ranges of numbers",
        "as a quiz",
        "answers, result, essays by a teacher",
        "what cannot be read, by name",
    ),
    "aiken": Row(
        "one quiz of choices",
        "as a quiz",
        "answers, result",
        "questions without a line that names the answer",
    ),
}


def table() -> str:
    """The rows as a table of Markdown."""
    lines = ["| format | import | play | track | left out |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {row.takes} | {row.plays} | {row.tracks} | {row.leaves_out} |" for name, row in FORMATS.items()
    ]
    return "\n".join(lines) + "\n"
