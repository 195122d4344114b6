"""The text of an HTML page: what a reader would see of it, and what the page is called.

* Any bytes give some text: broken markup, wrong or no encoding, letters that mean nothing.
* Scripts, styles and what is not shown have no text; a picture has the words that stand for it.
* Nothing is fetched, no entity but those of HTML is known.
"""

import codecs
import re
from html.parser import HTMLParser

PAGE_BYTES_MAX = 2 << 20
PICTURE_LETTERS_MAX = 300

_SILENT = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "object", "iframe", "select", "textarea"}
)
_INLINE = frozenset(
    {"abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "rp", "rt", "ruby", "s",
     "samp", "small", "span", "strong", "sub", "sup", "u", "var", "wbr"}
)  # fmt: skip
"""Elements that may stand in the middle of a word."""
_HEADINGS = frozenset({"title", "h1"})
_CHARSET = re.compile(rb"""(?:charset|encoding)\s{0,8}=\s{0,8}["']?([A-Za-z0-9_-]{1,40})""", re.IGNORECASE)
_HEAD_BYTES = 2048


def page_text(data: bytes) -> tuple[str, str]:
    """The title and the text of a page; a page that says no title is called by its first heading."""
    reader = _Reader()
    try:
        reader.feed(decoded(data[:PAGE_BYTES_MAX]))
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        pass  # as far as it could be read
    return "".join(reader.title or reader.heading), "".join(reader.text)


def decoded(data: bytes) -> str:
    """The letters of a page, by its mark, by what it says, or as UTF-8; wrong ones are left out of account."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3:
            return data.decode("utf-8", "ignore")  # cut in the middle of a letter
    said = _CHARSET.search(data[:_HEAD_BYTES])
    try:
        return data.decode(codecs.lookup(said[1].decode()).name if said else "cp1252", "replace")
    except (LookupError, UnicodeError):
        return data.decode("cp1252", "replace")


class _Reader(HTMLParser):
    """Collects what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.heading: list[str] = []
        self.text: list[str] = []
        self._silent: list[str] = []
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        if tag == "body":
            self._silent.clear()
        if tag == "title" and not self.title:
            self._into = self.title
        if tag == "h1" and not self.heading:
            self._into = self.heading
        if tag not in _INLINE:
            self._say(" ")
        if tag == "img":
            self._say(f" {dict(attrs).get('alt') or ''} "[:PICTURE_LETTERS_MAX])

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._into = None
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        if tag not in _INLINE:
            self._say(" ")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)
        if self._into is not self.title:
            self._say(data)

    def _say(self, text: str) -> None:
        if not self._silent:
            self.text.append(text)
