"""A site: an HTML course as a list of paths, and the page that opens it.

* It starts at `index.html` at the top, or in the one folder that holds everything, which is then left off.
* Where there is none at the top, it starts at the pages that lie highest: those called like a start, else all of them.
* What operating systems leave in folders is no part of a course.
"""

import codecs
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from catalog.fault import ContentFault

START_PAGES = ("index.html", "index.htm")
OTHER_STARTS = (
    "default", "start", "home", "story", "story_html5", "presentation", "multiscreen", "player", "launch", "main",
    "course", "lesson", "welcome", "menu", "contents", "toc",
)  # fmt: skip
PAGES = (".html", ".htm", ".xhtml")
STARTS_MAX = 50
TITLE_LETTERS_MAX = 200

_JUNK_FOLDERS = {"__MACOSX", ".git", ".svn", ".hg", "$RECYCLE.BIN", "System Volume Information", ".Trashes"}
_JUNK_FILES = {".DS_Store", "Thumbs.db", "desktop.ini", "ehthumbs.db"}
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,2000})</title", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s{0,8}=\s{0,8}["']?([A-Za-z0-9_-]{1,40})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Site:
    """Which source path becomes which course path, what opens, and what stays out."""

    files: Mapping[str, str]
    starts: tuple[str, ...]
    left_out: tuple[str, ...]


def arrange(name: str, paths: Iterable[str], *, is_deep: bool = False) -> Site | None:
    """Lay out the files of a source called `name`; None where no page at its top opens it, or, `is_deep`, no page.

    Raises ContentFault where there is nothing in it.
    """
    wanted: list[str] = []
    left_out: list[str] = []
    for path in paths:
        (left_out if is_junk(path) else wanted).append(path)
    if not wanted:
        raise ContentFault(f"{name} is empty.", "Choose the folder or archive that holds the pages of the course.")
    prefix = ""
    for prefix in tops(wanted):
        start = _start(path.removeprefix(prefix) for path in wanted)
        if start is not None:
            return Site({path: path.removeprefix(prefix) for path in wanted}, (start,), tuple(left_out))
    files = {path: path.removeprefix(prefix) for path in wanted}
    starts = _highest(files.values()) if is_deep else ()
    return Site(files, starts, tuple(left_out)) if starts else None


def no_start(name: str) -> ContentFault:
    return ContentFault(
        f"{name} has no page to start with.", "Put a page called index.html at its top, and import it again."
    )


def page_title(head: bytes) -> str:
    """The title in the first bytes of a page, or nothing."""
    found = _TITLE.search(head)
    if found is None:
        return ""
    text = html.unescape(_decoded(found[1], head))
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:TITLE_LETTERS_MAX]


def tops(paths: list[str]) -> Iterator[str]:
    """The folder that everything lies in, and the one folder in it that everything lies in, and so on."""
    prefix = ""
    yield prefix
    for part in (paths[0] if paths else "").split("/")[:-1]:
        prefix += f"{part}/"
        if not all(path.startswith(prefix) for path in paths):
            return
        yield prefix


def _start(paths: Iterable[str]) -> str | None:
    at_top = [path for path in paths if "/" not in path]
    named = {path.lower(): path for path in at_top}
    others = [f"{name}{suffix}" for name in OTHER_STARTS for suffix in (".html", ".htm")]
    found = next((named[page] for page in (*START_PAGES, *others) if page in named), None)
    pages = [path for path in at_top if path.lower().endswith(PAGES)]
    return found or (pages[0] if len(pages) == 1 else None)


def _highest(paths: Iterable[str]) -> tuple[str, ...]:
    """The pages that lie nearest to the top: those called like a start, where there are any."""
    pages = [path for path in paths if path.lower().endswith(PAGES)]
    starts = [path for path in pages if path.rpartition("/")[2].lower() in START_PAGES] or pages
    depth = min((path.count("/") for path in starts), default=0)
    return tuple(sorted((path for path in starts if path.count("/") == depth), key=natural)[:STARTS_MAX])


def natural(path: str) -> list[tuple[int, str]]:
    """An order in which the tenth comes after the second.

    >>> sorted(["Unit 10.html", "Unit 2.html"], key=natural)
    ['Unit 2.html', 'Unit 10.html']
    """
    parts = re.split(r"(\d{1,9})", path.casefold())
    return [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)]


def is_junk(path: str) -> bool:
    """Tell whether a computer left this file behind, rather than anybody who made a course."""
    parts = PurePosixPath(path).parts
    return parts[-1] in _JUNK_FILES or parts[-1].startswith("._") or not _JUNK_FOLDERS.isdisjoint(parts[:-1])


def _decoded(data: bytes, page: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = _CHARSET.search(page)
        try:
            encoding = codecs.lookup(declared[1].decode()).name if declared else "cp1252"
            return data.decode(encoding, "replace")
        except (LookupError, UnicodeError):
            return data.decode("cp1252", "replace")
