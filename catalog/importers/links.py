"""Links to the internet in a course's pages, styles and scripts.

* Found by shape, not by running anything; the time is limited, whatever is in the file.
* A link that the page loads by itself (`src`, a style sheet, `url(...)`) is needed; an `<a href>` is an offer.
"""

import html
import re
from collections.abc import Iterator

from catalog.importers.report import ExternalLink

SCAN_BYTES_MAX = 4 << 20
LINKS_PER_FILE_MAX = 100
LOOKS_PER_FILE_MAX = 20_000
TAG_LOOK_BACK = 400

SCANNED = {"text/html", "text/css", "text/javascript", "application/xhtml+xml", "image/svg+xml"}

_ADDRESS = re.compile(r"""(?:https?:)?//[^\s"'<>()\\]{3,500}""", re.IGNORECASE)
_BEFORE = re.compile(r"""(?:\b(?P<attribute>src|href|poster|data)\s*=\s*|\burl\(\s*|@import\s*)["']?$""", re.IGNORECASE)
_BEFORE_LETTERS = 24
_MAY_STAND_BEFORE = frozenset("\"'=( \t\r\n")
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9:-]{0,20})\b")


def external_links(file: str, data: bytes) -> list[ExternalLink]:
    """The distinct links of one file, in their order.

    >>> external_links("a.html", b'<img src="https://example.org/a.png">')
    [ExternalLink(file='a.html', address='https://example.org/a.png', is_needed=True)]
    """
    text = data[:SCAN_BYTES_MAX].decode("utf-8", "replace")
    found: dict[str, bool] = {}
    for written, is_needed in _addresses(text):
        address = html.unescape(written)
        found[address] = found.get(address, False) or is_needed
        if len(found) == LINKS_PER_FILE_MAX:
            break
    return [ExternalLink(file, address, is_needed) for address, is_needed in found.items()]


def _addresses(text: str) -> Iterator[tuple[str, bool]]:
    """Every address that something points to. A look back from the rare `//` beats a search ahead."""
    position = -2
    for _ in range(LOOKS_PER_FILE_MAX):
        position = text.find("//", position + 2)
        if position < 0:
            return
        start = _scheme_start(text, position)
        address = _ADDRESS.match(text, start) if start and text[start - 1] in _MAY_STAND_BEFORE else None
        before = _BEFORE.search(text[max(0, start - _BEFORE_LETTERS) : start]) if address else None
        if address and before:
            is_link = (before["attribute"] or "").lower() == "href"
            yield address[0], not (is_link and _tag_before(text, start) in ("a", "area"))


def _scheme_start(text: str, position: int) -> int:
    for scheme in ("https:", "http:"):
        if text[max(0, position - len(scheme)) : position].lower() == scheme:
            return position - len(scheme)
    return position


def _tag_before(text: str, position: int) -> str:
    start = text.rfind("<", max(0, position - TAG_LOOK_BACK), position)
    tag = _TAG.match(text, start) if start >= 0 else None
    return tag[1].lower() if tag else ""
