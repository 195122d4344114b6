"""The text of a PDF, page by page.

* pypdf reads it: pure Python, so the worst that a document does is take time and memory, and those have limits.
* A page that cannot be read is left out; the others are read.
* Pages are given as they are read: whoever stops in the middle has the ones before.
"""

import logging
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from catalog.search.texts.piece import Piece, cut

PAGES_MAX = 2000
PAGE_LETTERS_MAX = 50_000


def document_pieces(path: Path) -> Iterator[Piece]:
    """The pages' texts, each with its number as its place, counted from one."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with path.open("rb") as file:
        reader = PdfReader(file, strict=False)
        if reader.is_encrypted:
            reader.decrypt("")
        for index in range(min(len(reader.pages), PAGES_MAX)):
            try:
                text = reader.pages[index].extract_text()[:PAGE_LETTERS_MAX]
            except Exception:  # noqa: BLE001, S112 - a stranger's document fails in ways that nobody can list
                continue
            # Letters come as they are drawn: Arabic ones in their four shapes, "fi" as one.
            yield from cut(str(index + 1), "", unicodedata.normalize("NFKC", text))
