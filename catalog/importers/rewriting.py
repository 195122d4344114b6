"""Rewriting a page's links: a page that moves to another folder still finds what it shows.

* A page stays as it was written, but for its addresses: nothing is parsed and put together again.
* What a link means, whoever asks decides (`Meaning`); a link that means nothing here stays as it is.
"""

import html
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from catalog.importers.repairs.folding import folded

PAGE_BYTES_MAX = 8 << 20
REMEMBERED_MAX = 10_000
START_PAGES = ("index.html", "index.htm")
OLD_ALPHABETS = ("gb18030", "cp932", "cp1256", "cp1252", "cp866", "cp437")

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
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:|//|#)", re.IGNORECASE)


def rewritten(text: str, meaning_of: Meaning) -> str:
    """A page or style sheet with each of its links as `meaning` has it; a link that is there again means the same."""
    known: dict[str, str | None] = {}

    def meaning(address: str) -> str | None:
        if address not in known:
            if len(known) >= REMEMBERED_MAX:
                known.clear()
            known[address] = meaning_of(address)
        return known[address]

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


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of a package, however a link spells them."""

    known: frozenset[str]
    _folded: Mapping[str, str]

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Paths":
        known = frozenset(paths)
        return cls(known, {folded(path): path for path in sorted(known, reverse=True)})

    def find(self, path: str) -> str | None:
        """The file that a path means: as it is written, without its escapes (of whatever alphabet), with other capitals
        or another spelling of the same letters, or the page that opens a folder."""
        for one in _readings(path):
            plain = posixpath.normpath(one).lstrip("/")
            for exact in (plain, *(f"{plain}/{name}" for name in START_PAGES)):
                if exact in self.known:
                    return exact
                if (found := self._folded.get(folded(exact))) is not None:
                    return found
        return None

    def only(self, path: str) -> str | None:
        """The one file whose path ends as this does, wherever a program put it; None where there are several."""
        plain = posixpath.normpath(unquote(path.partition("?")[0])).lstrip("./").casefold()
        ends = [known for known in self.known if plain and f"/{known.casefold()}".endswith(f"/{plain}")]
        return ends[0] if len(ends) == 1 else None


def _readings(path: str) -> Iterator[str]:
    plain = unquote(path)
    yield from (path, plain, plain.replace("+", " "), plain.replace("\\", "/"))
    if not plain.isascii():
        yield from (unquote(path, encoding, "replace") for encoding in OLD_ALPHABETS)


def joined(page: str, address: str) -> str:
    """The path that a link in the page at `page` leads to; never above the package."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(page), address)).lstrip("/")


def relative(path: str, page: str) -> str:
    """How the page at `page` says the file at `path`."""
    return quote(posixpath.relpath(path, posixpath.dirname(page) or "."), safe="/~!$&'()*+,;=@-._")
