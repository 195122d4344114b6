"""The import report: what was found, mended and left out, in words that a teacher can read.

* Nothing is repaired, dropped or left pointing at the internet silently: it has a line here.
* Long lists end in a count, so that a report is always short enough to read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class ExternalLink:
    """An address on the internet in a file of the course. `is_needed`: the page loads it, rather than offers it."""

    file: str
    address: str
    is_needed: bool

    def document(self) -> dict[str, Any]:
        return {"address": self.address, "file": self.file, "is_needed": self.is_needed}


@dataclass(slots=True)
class Report:
    """Grows while sources are read."""

    formats: list[str] = field(default_factory=list)
    title: str = ""
    activities: list[Mapping[str, str]] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    """What was taken as it is, and may not do what its maker wanted."""
    external_links: list[ExternalLink] = field(default_factory=list)

    @property
    def format(self) -> str:
        """What the sources were, such as "html-zip" or "folder+video"."""
        return "+".join(dict.fromkeys(self.formats))

    def to_document(self) -> dict[str, Any]:
        """The report as fields, for `--json` and for the hub's page."""
        return {
            "format": self.format,
            "title": self.title,
            "activities": [dict(activity) for activity in self.activities],
            "repaired": _short(self.repaired),
            "left_out": _short(self.left_out),
            "noted": _short(self.noted),
            "external_links": [link.document() for link in self._links()[:LINES_MAX]],
            "external_links_count": len(self.external_links),
        }

    def lines(self) -> Iterator[str]:
        """The report as a teacher reads it."""
        yield f"{self.title} ({self.format})"
        for activity in self.activities:
            yield f"  {activity['kind']}: {activity['title']}"
        yield from _paragraph("Mended:", _short(self.repaired))
        yield from _paragraph("Left out:", _short(self.left_out))
        yield from _paragraph("Look at:", _short(self.noted))
        links = [f"{link.file}: {link.address}" for link in self._links() if link.is_needed]
        yield from _paragraph("Needs the internet, and will be missing without it:", _short(links))
        offered = len(self.external_links) - len(links)
        if offered:
            yield f"Offers {offered} links to the internet that will not open without it."

    def _links(self) -> list[ExternalLink]:
        return sorted(self.external_links, key=lambda link: (not link.is_needed, link.file, link.address))


def _short(lines: list[str]) -> list[str]:
    if len(lines) <= LINES_MAX:
        return list(lines)
    return [*lines[:LINES_MAX], f"... and {len(lines) - LINES_MAX} more"]


def _paragraph(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield heading
        yield from (f"  {line}" for line in lines)
