"""Rewriting a page's links: a page that moves to another folder still finds what it shows.

* A page stays as it was written, but for its addresses: nothing is parsed and put together again.
* What a link means, whoever asks decides (`Meaning`); a link that means nothing here stays as it is.
* Whatever a page was stored in, it leaves as UTF-8 and says so.
"""

import codecs
import html
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

PAGE_BYTES_MAX = 8 << 20

Meaning = Callable[[str], "str | None"]
"""The new address of a link, given as it was written without its escapes; None: it stays as it is."""
DROPPED = ""
"""The meaning of a link that leads nowhere here: its words stay, it does not."""

_ATTRIBUTE = re.compile(
    r"""(?P<before>\s)(?P<name>src|href|poster|data|background|longdesc)(?P<equal>\s*=\s*)"""
    r"""(?:"(?P<double>[^"<>]{0,4000})"|'(?P<single>[^'<>]{0,4000})'|(?P<bare>[^\s"'<>=`]{1,2000}))""",
    re.IGNORECASE,
)
_SET = re.compile(r"""(?P<before>\ssrcset\s*=\s*["'])(?P<value>[^"'<>]{0,4000})(?P<after>["'])""", re.IGNORECASE)
_URL = re.compile(
    r"""\burl\(\s*(?:(?P<quote>["'])(?P<value>[^"'()<>]{1,2000})(?P=quote)|(?P<bare>[^"'()<>\s]{1,2000}))\s*\)""",
    re.IGNORECASE,
)
_CHARSET = re.compile(rb"""charset\s{0,8}=\s{0,8}["']?([A-Za-z0-9_-]{1,40})""", re.IGNORECASE)
_SAYS_CHARSET = re.compile(r"""(charset\s{0,8}=\s{0,8}["']?)[A-Za-z0-9_-]{1,40}""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:|//|#)", re.IGNORECASE)


def rewritten(text: str, meaning: Meaning) -> str:
    """A page or style sheet with each of its links as `meaning` has it."""

    def attribute(found: re.Match[str]) -> str:
        written = found["double"] if found["double"] is not None else found["single"] or found["bare"] or ""
        new = meaning(html.unescape(written).strip())
        if new is None:
            return found[0]
        if new == DROPPED:
            return found["before"]
        return f'{found["before"]}{found["name"]}{found["equal"]}"{html.escape(new)}"'

    def one_of_a_set(found: re.Match[str]) -> str:
        parts = [part.strip().partition(" ") for part in found["value"].split(",")]
        meant = [meaning(html.unescape(address)) for address, _, _ in parts]
        if not any(meant):
            return found[0]
        told = [f"{new or old}{space}{size}" for new, (old, space, size) in zip(meant, parts, strict=True)]
        return f"{found['before']}{', '.join(html.escape(one) for one in told)}{found['after']}"

    def url(found: re.Match[str]) -> str:
        new = meaning(html.unescape(found["value"] or found["bare"]).strip())
        quoted = found["quote"] or ""
        return found[0] if not new else f"url({quoted}{new}{quoted})"

    return _URL.sub(url, _SET.sub(one_of_a_set, _ATTRIBUTE.sub(attribute, text)))


def is_elsewhere(address: str) -> bool:
    """Tell whether a link leads out of the package, or nowhere but within its own page."""
    return _ELSEWHERE.match(address) is not None


def page_text(data: bytes) -> str:
    """The text of a page: as it says it was stored, UTF-8 where it is."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _CHARSET.search(data[:4096])
        try:
            name = codecs.lookup(declared[1].decode()).name if declared else "cp1252"
            text = data.decode("cp1252" if name in ("ascii", "iso8859-1", "utf-8") else name, "replace")
        except (LookupError, UnicodeError):
            text = data.decode("cp1252", "replace")
        return _SAYS_CHARSET.sub(r"\1utf-8", text, count=1)


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of a package, however a link spells them."""

    known: frozenset[str]
    _folded: Mapping[str, str]

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Paths":
        known = frozenset(paths)
        return cls(known, {path.casefold(): path for path in sorted(known, reverse=True)})

    def find(self, path: str) -> str | None:
        """The file that a path means: as it is written, without its escapes, or with other capitals."""
        for one in (path, unquote(path), unquote(path).replace("+", " "), unquote(path).replace("\\", "/")):
            plain = posixpath.normpath(one).lstrip("/")
            if plain in self.known:
                return plain
            if plain.casefold() in self._folded:
                return self._folded[plain.casefold()]
        return None

    def only(self, path: str) -> str | None:
        """The one file whose path ends as this does, wherever a program put it; None where there are several."""
        plain = posixpath.normpath(unquote(path.partition("?")[0])).lstrip("./").casefold()
        ends = [known for known in self.known if plain and f"/{known.casefold()}".endswith(f"/{plain}")]
        return ends[0] if len(ends) == 1 else None


def joined(page: str, address: str) -> str:
    """The path that a link in the page at `page` leads to; never above the package."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(page), address)).lstrip("/")


def relative(path: str, page: str) -> str:
    """How the page at `page` says the file at `path`."""
    return quote(posixpath.relpath(path, posixpath.dirname(page) or "."), safe="/~!$&'()*+,;=@-._")
