"""References: where the pages and styles of a package point inside of it, mended where the target is there after all.

* A link is changed only where it leads nowhere as it is and one file is plainly meant: other capital letters, another
  spelling of the same letters, a slash at its front that means the package, a page that got its suffix.
* What leads nowhere is said with the page that asks for it; what a program puts together cannot be known.
* Pages stream through; what is held of one never grows beyond a few kilobytes and one piece.
"""

import codecs
import html
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import chain
from urllib.parse import quote, unquote

from catalog.importers.repairs.folding import folded
from catalog.importers.report import Report

REFERENCE_BYTES_MAX = 1_500
HELD_BYTES = 4_096
"""More than any reference with its attribute, so that none is cut between two pieces."""
TAG_BYTES_MAX = 600
MISSING_MAX = 1_000
MENDED = {"text/html", "application/xhtml+xml", "text/css", "image/svg+xml"}

_VALUE = rb"[^\"'<>\r\n]{1,%d}" % REFERENCE_BYTES_MAX
_POINTS = re.compile(
    rb"(?<![\w:.-])(?P<lazy>data-(?=src|href|poster))?(?:xlink:)?(?P<attribute>src|href|poster|data|background)"
    rb"\s{0,20}=\s{0,20}"
    rb"(?:\"(?P<double>" + _VALUE + rb")\"|'(?P<single>" + _VALUE + rb")'|(?P<bare>[^\s\"'<>=`]{1,500})(?=[\s>]))"
    rb"|\burl\(\s{0,20}[\"']?(?P<url>[^\"'()<>\r\n]{1,1500})[\"']?\s{0,20}\)"
    rb"|@import\s{1,20}[\"'](?P<imported>" + _VALUE + rb")[\"']",
    re.IGNORECASE,
)
_DOUBTFUL = {b"data", b"background"}
"""Attributes that other elements have for other ends; there only what looks like a file is missed."""
_FILE = re.compile(r"\.[A-Za-z0-9]{1,5}(?:[?#].*)?$", re.DOTALL)
_IN_A_NAME = re.compile(rb"[\w:.-]$")
_BASE = re.compile(rb"""<base\s[^>]{0,200}href\s{0,20}=\s{0,20}["']?(?P<place>[^"'\s>]{0,500})""", re.IGNORECASE)
_HERE = {b"", b".", b"./"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_PLACEHOLDERS = ("{{", "${", "<%", "{%", "[[")
OLD_ALPHABETS = ("gb18030", "cp932", "cp1256", "cp1252")
_MARKS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Elsewhere = Callable[[str], str | None]
"""Says which file of the package stands for an address on the internet; None where none does."""


@dataclass(slots=True)
class References:
    """The links of one package. `files` holds the path of each file as it will lie; `renamed` what it was called."""

    files: Set[str]
    report: Report
    renamed: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Elsewhere = lambda address: None
    has_own_links: bool = False
    """Whether the links inside the package are led already, so that only those out of it are looked at."""
    _folded: dict[str, str | None] = field(default_factory=dict)
    """What is not written in small letters alone, by its small letters; None where several are meant."""
    _missing: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for old, path in chain(((path, path) for path in self.files), self.renamed.items()):
            small = folded(old)
            if small != path and self._folded.setdefault(small, path) != path:
                self._folded[small] = None

    def mended(self, page: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The bytes of `page` with its links mended; reports what was mended once it is read."""
        mends: list[tuple[str, str]] = []
        held, before, at = b"", b"", page
        pieces = iter(pieces)
        first = next(pieces, b"")
        base = _BASE.search(first)
        if base is not None and base["place"] == b"/":  # the top of a server, which is the package's top here
            at = posixpath.basename(page)
            top = "../" * page.count("/") or "./"
            first = first[: base.start("place")] + top.encode() + first[base.end("place") :]
            mends.append(("/", top))
        elif first.startswith(_MARKS_16) or (base is not None and base["place"] not in _HERE):
            yield first  # letters of two bytes; or all is relative to some other place
            yield from pieces
            return
        for piece in chain((first,), pieces):
            held += piece
            done, held = self._pass(at, before, held, mends, is_last=False)
            before = (before + done)[-TAG_BYTES_MAX:]
            yield done
        done, _ = self._pass(at, before, held, mends, is_last=True)
        yield done
        if mends:
            old, new = mends[0]
            count = "a link" if len(mends) == 1 else f"{len(mends)} links"
            such = "" if len(mends) == 1 else "such as "
            self.report.repaired.append(f"{page}: {count} mended ({such}{old} -> {new}).")

    def finish(self) -> None:
        """Report what is missing."""
        for target, pages in sorted(self._missing.items()):
            others = f" and {len(pages) - 1} more" if len(pages) > 1 else ""
            self.report.left_out.append(f"{target}: not in the package, though {pages[0]}{others} asks for it.")

    def _pass(
        self, page: str, before: bytes, data: bytes, mends: list[tuple[str, str]], *, is_last: bool
    ) -> tuple[bytes, bytes]:
        """Mend what is surely whole; the rest waits for the next piece."""
        sure = len(data) if is_last else max(0, len(data) - HELD_BYTES)
        done, position = bytearray(), 0
        for found in _POINTS.finditer(data):
            if found.start() >= sure:
                break
            name = found.lastgroup or ""
            name = next(one for one in ("double", "single", "bare", "url", "imported") if found[one] is not None)
            if name in ("double", "single", "bare") and not _is_in_tag(before, data, found.start()):
                continue
            if found.start() == 0 and _IN_A_NAME.search(before):  # the end of a longer attribute, cut here
                continue
            is_doubtful = found["lazy"] is not None or (found["attribute"] or b"").lower() in _DOUBTFUL
            new = self._new(page, found[name], mends, is_doubtful=is_doubtful)
            if new is not None:
                done += data[position : found.start(name)] + new
                position = found.end(name)
        end = max(position, sure)
        done += data[position:end]
        return bytes(done), data[end:]

    def _new(self, page: str, value: bytes, mends: list[tuple[str, str]], *, is_doubtful: bool) -> bytes | None:
        """The bytes to put in place of a reference; None where it may stay."""
        texts = list(_texts(value))
        for text in texts:
            shown = html.unescape(text).strip()
            if not shown or shown[0] in "#?" or any(mark in shown for mark in _PLACEHOLDERS):
                return None
            if _SCHEME.match(shown):
                target = self.elsewhere(shown) if shown.lower().startswith(("http:", "https:", "//")) else None
                new = _relative(page, target) if target else None
            elif self.has_own_links:
                return None
            else:
                new = self._reference(page, shown)
                if new == "":
                    continue
            if new is None:
                return None
            if not self._is_renaming(page, shown):
                mends.append((shown[:100], new[:100]))
            return html.escape(new).encode()
        missed = html.unescape(texts[0]).strip()
        if not is_doubtful or _FILE.search(missed):
            self._miss(page, missed)
        return None

    def _reference(self, page: str, shown: str) -> str | None:
        """A better reference; None where it is well as it is; "" where nothing is meant that is here."""
        path, rest = re.fullmatch(r"([^?#]*)(.*)", shown, re.DOTALL).groups()  # type: ignore[union-attr]
        wanted = _joined(page, unquote(path))
        is_at_root = path.startswith(("/", "\\"))
        if wanted is None:
            return ""
        if self._is_there(wanted) and not is_at_root and wanted not in self.renamed:
            return None
        target = self._meant(wanted) or self._meant(_joined(page, path) or "")
        if target is None and self._meant(_joined("", unquote(path)) or "") is not None:
            return None  # a page that others put into the page at the top: what it says is said from there
        return _relative(page, target) + rest if target else ""

    def _is_renaming(self, page: str, shown: str) -> bool:
        """Whether the link was right, and its target is what we call otherwise: that is no mistake to speak of."""
        return (_joined(page, unquote(re.split("[?#]", shown)[0])) or "") in self.renamed

    def _is_there(self, wanted: str) -> bool:
        return any(one in self.files or one in self.renamed for one in _pages(wanted))

    def _meant(self, wanted: str) -> str | None:
        pages = _pages(wanted)
        exact = next((found for one in pages if (found := self._exactly(one))), None)
        return exact or next((found for one in pages if (found := self._nearly(folded(one)))), None)

    def _exactly(self, wanted: str) -> str | None:
        return self.renamed.get(wanted) or (wanted if wanted in self.files else None)

    def _nearly(self, small: str) -> str | None:
        """What is meant, whatever its capitals; None where nothing is, or several are."""
        if small not in self.files:
            return self._folded.get(small)
        return None if small in self._folded else small

    def _miss(self, page: str, shown: str) -> None:
        self.miss(page, _joined(page, unquote(re.split("[?#]", shown)[0])) or shown)

    def miss(self, page: str, target: str) -> None:
        """`page` asks for the file at `target`, which is not there."""
        if target in self._missing or len(self._missing) < MISSING_MAX:
            pages = self._missing.setdefault(target[:200], [])
            if page not in pages:
                pages.append(page)


def _texts(value: bytes) -> Iterator[str]:
    """What a reference may say: UTF-8, or what it says in the alphabets that names are found in."""
    try:
        yield value.decode("utf-8")
    except UnicodeDecodeError:
        for encoding in OLD_ALPHABETS:
            yield value.decode(encoding, "replace")


def _joined(page: str, path: str) -> str | None:
    """The path in the package that a reference of this page means; None where it leads out of it."""
    path = path.replace("\\", "/")
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(posixpath.dirname(page), path)
    normal = posixpath.normpath(joined) if joined else "."
    return None if normal == ".." or normal.startswith("../") else unicodedata.normalize("NFC", normal)


def _pages(wanted: str) -> list[str]:
    """What a link to a file or a folder may mean."""
    return [wanted, _in_folder(wanted, "index.html"), _in_folder(wanted, "index.htm")]


def _in_folder(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _relative(page: str, target: str) -> str:
    return quote(posixpath.relpath(target, posixpath.dirname(page) or "."), safe="/-_.~!*+,;=@()")


def _is_in_tag(before: bytes, data: bytes, position: int) -> bool:
    """Whether this is an attribute: the last sharp bracket before it opens a tag."""
    look = data[max(0, position - TAG_BYTES_MAX) : position]
    if len(look) < TAG_BYTES_MAX:
        look = before[len(look) - TAG_BYTES_MAX :] + look
    return look.rfind(b"<") > look.rfind(b">")
