"""The content of an H5P exercise: what it shows from beside it, and what it shows from the internet.

* It is what the exercise's own libraries make of it: nothing in it is changed here, and what it asks for is told.
"""

import json
from collections.abc import Iterator
from typing import Any

from catalog.fault import ContentFault
from catalog.importers.intake import Intake
from catalog.importers.links import external_links
from catalog.importers.packages.layout import Package, is_external, needs_internet
from catalog.importers.report import ExternalLink

CONTENT = "content/content.json"
CONTENT_BYTES_MAX = 4 << 20
"""What is longer is taken unread: as objects it would take many times its bytes."""
LINKS_MAX = 100
TMP = "#tmp"
"""What an editor leaves behind the path of a file that it had just taken."""


class Content:
    """The exercise itself. Raises ContentFault where it is not readable."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._said: Any = {}
        if package.tree.size_bytes(package.files[CONTENT]) > CONTENT_BYTES_MAX:
            return
        try:
            self._said = json.loads(package.read(CONTENT, CONTENT_BYTES_MAX).decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise ContentFault(f"{CONTENT} is not readable JSON.", "Download the exercise again.") from error

    def report(self, intake: Intake) -> None:
        """Tell of files that it shows and does not bring, and of what it needs from the internet."""
        links: dict[str, ExternalLink] = {}
        missing: dict[str, None] = {}
        for path, text in _texts(self._said):
            if path and not is_external(text):
                name = f"content/{text.removesuffix(TMP)}"
                if name not in self._package.files and not text.startswith("../"):
                    missing[name[:200]] = None
            elif path:
                links.setdefault(text, needs_internet(CONTENT, text))
            elif "//" in text:
                for link in external_links(CONTENT, text.encode("utf-8", "replace")):
                    links.setdefault(link.address, link)
        intake.report.external_links += list(links.values())[:LINKS_MAX]
        intake.report.left_out += [f"{name}: not in the package, though {CONTENT} asks for it." for name in missing]


def _texts(said: Any) -> Iterator[tuple[bool, str]]:
    """Every text in it, and whether it is where a file lies."""
    waiting = [said]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for name, value in one.items():
                if isinstance(value, str):
                    yield name == "path" and "mime" in one, value
                else:
                    waiting.append(value)
        elif isinstance(one, list):
            for value in one:
                if isinstance(value, str):
                    yield False, value
                else:
                    waiting.append(value)
