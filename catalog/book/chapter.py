"""A chapter: an HTML page as the well-formed XHTML that a book demands.

* Only elements of text stay, with the attributes that they need: no script, style, form, frame or handler.
* Every element that is opened is closed, whatever the page did; nothing is deeper than readers bear.
* A picture stays where its file is in the book, else its words; a link where its page is, or where it leads out.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from catalog.search.texts.page import decoded

DEPTH_MAX = 60
HREF_LETTERS_MAX = 1000

_KEPT = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dfn", "div", "dl",
     "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
     "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strong", "sub", "sup", "table", "tbody",
     "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"}
)  # fmt: skip
_BLOCKS = _KEPT & {
    "blockquote", "dl", "div", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "section", "table",
    "ul",
}  # fmt: skip
_ENDS = {
    "li": ({"li"}, {"ul", "ol"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr"}, {"table"}),
    "td": ({"td", "th"}, {"tr", "table"}),
    "th": ({"td", "th"}, {"tr", "table"}),
    **{block: ({"p"}, {"td", "th", "li", "dd", "div", "blockquote", "section", "figure"}) for block in _BLOCKS},
}
"""What ends where another begins, unless one of the second stands between: HTML need not say so, XHTML must."""
_VOID = frozenset({"br", "hr", "img"})
_SILENT = frozenset(
    {"audio", "button", "head", "iframe", "math", "nav", "noscript", "object", "script", "select", "style", "svg",
     "template", "textarea", "video"}
)  # fmt: skip
_ATTRIBUTES = {"td": ("colspan", "rowspan"), "th": ("colspan", "rowspan", "scope"), "ol": ("start",)}
_EVERYWHERE = ("dir", "lang")
_PLAIN = re.compile(r"[A-Za-z0-9 _-]{0,40}")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Chapter:
    """One page of the book. `pictures` and `links` are paths in the course."""

    title: str = ""
    body: str = ""
    letters: int = 0
    pictures: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def chapter(
    data: bytes, path: str, picture_of: Callable[[str], str | None], page_of: Callable[[str], str | None]
) -> Chapter:
    """The page at `path` as a chapter; the two tell what a path of the course is called in the book."""
    writer = _Writer(path, picture_of, page_of)
    try:
        writer.feed(decoded(data))
        writer.close()
    except (AssertionError, ValueError, RecursionError):
        pass  # as far as it could be read
    return writer.done()


class _Writer(HTMLParser):
    def __init__(
        self, path: str, picture_of: Callable[[str], str | None], page_of: Callable[[str], str | None]
    ) -> None:
        super().__init__(convert_charrefs=True)
        self._path = path
        self._picture_of = picture_of
        self._page_of = page_of
        self._out: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []
        self._titles: dict[str, list[str]] = {}
        self._into: list[str] | None = None
        self._chapter = Chapter()

    def done(self) -> Chapter:
        while self._open:
            self._out.append(f"</{self._open.pop()}>")
        titles = [" ".join("".join(self._titles.get(tag, ())).split()) for tag in ("h1", "title")]
        self._chapter.title = next((title for title in titles if title), "")[:200]
        self._chapter.body = "".join(self._out)
        return self._chapter

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._silent.clear()
        if tag in ("title", "h1") and tag not in self._titles:
            self._into = self._titles.setdefault(tag, [])
        if tag in _SILENT:
            self._silent.append(tag)
        if self._silent or tag not in _KEPT or len(self._open) >= DEPTH_MAX:
            return
        self._end_before(tag)
        said = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._show(said)
            return
        kept = [(name, said[name]) for name in (*_EVERYWHERE, *_ATTRIBUTES.get(tag, ())) if name in said]
        written = "".join(f' {name}="{value}"' for name, value in kept if _PLAIN.fullmatch(value))
        if tag == "a" and (href := self._link(said.get("href", ""))):
            written += f' href="{escape(href)}"'
        self._out.append(f"<{tag}{written}{'/' if tag in _VOID else ''}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "h1"):
            self._into = None
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif not self._silent and tag in self._open:
            while (closed := self._open.pop()) != tag:
                self._out.append(f"</{closed}>")
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)
        if not self._silent:
            plain = _NOT_XML.sub("", data)
            self._chapter.letters += len(plain.strip())
            self._out.append(escape(plain, quote=False))

    def _end_before(self, tag: str) -> None:
        """Close what cannot hold this element."""
        ended, between = _ENDS.get(tag, (set(), set()))
        inner = next((one for one in reversed(self._open) if one in ended | between), "")
        if inner in ended:
            while (closed := self._open.pop()) != inner:
                self._out.append(f"</{closed}>")
            self._out.append(f"</{inner}>")

    def _show(self, said: dict[str, str]) -> None:
        words = escape(_NOT_XML.sub("", said.get("alt", ""))[:HREF_LETTERS_MAX])
        path = self._inside(said.get("src", ""))
        name = self._picture_of(path) if path else None
        if name is None:
            self._out.append(words)
            return
        self._chapter.pictures.append(path)
        self._out.append(f'<img src="{escape(name)}" alt="{words}"/>')

    def _link(self, href: str) -> str:
        if href[:HREF_LETTERS_MAX] != href:
            return ""
        if href.startswith(("http://", "https://")):
            return _NOT_XML.sub("", href)
        path = self._inside(href)
        name = self._page_of(path) if path else None
        if name is not None:
            self._chapter.links.append(path)
        return name or ""

    def _inside(self, href: str) -> str:
        """A path of the course that an address means; "" where it means something else."""
        try:
            parts = urlsplit(href)
        except ValueError:
            return ""
        if parts.scheme or parts.netloc or not parts.path:
            return ""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self._path), unquote(parts.path)))
