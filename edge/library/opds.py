"""OPDS 1.2: the catalogue that e-readers understand, as Atom.

* Navigation leads to lists; lists have books with their size, each a file that opens without the box.
* A list comes in pages of fifty, each with the way to the next; no page looks at more files than it shows.
* Only what a learner may keep is listed. Letters that XML cannot hold are left out.
* Values in, bytes out: what is on the shelf is for the pages to look up.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

ATOM = "http://www.w3.org/2005/Atom"
TERMS = "http://purl.org/dc/terms/"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
NAVIGATION = "application/atom+xml;profile=opds-catalog;kind=navigation"
ACQUISITION = "application/atom+xml;profile=opds-catalog;kind=acquisition"
SEARCH = "application/opensearchdescription+xml"
OPEN_ACCESS = "http://opds-spec.org/acquisition/open-access"
ENTRIES_MAX = 50

_BEGINNING = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a feed or an entry."""

    rel: str
    href: str
    type: str
    length: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A list to go to, or a book to fetch."""

    id: str
    title: str
    updated_seconds: int
    links: Sequence[Link]
    content: str = ""
    language: str = ""
    rights: str = ""
    subjects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of the catalogue."""

    id: str
    title: str
    author: str
    links: Sequence[Link]
    entries: Sequence[Entry]


def feed_bytes(feed: Feed) -> bytes:
    """The feed as Atom."""
    updated_seconds = max((entry.updated_seconds for entry in feed.entries), default=0)
    inside = [
        _element("id", feed.id),
        _element("title", feed.title),
        _element("updated", _time(updated_seconds)),
        f"<author>{_element('name', feed.author)}</author>",
        *map(_link, feed.links),
        *map(_entry, feed.entries),
    ]
    return f'{_BEGINNING}<feed xmlns="{ATOM}" xmlns:dcterms="{TERMS}">{"".join(inside)}</feed>'.encode()


def description_bytes(title: str, template: str) -> bytes:
    """How an e-reader searches here; `template` has {searchTerms} in it."""
    inside = [
        _element("ShortName", title[:16]),
        _element("Description", title),
        _element("InputEncoding", "UTF-8"),
        _element("Url", None, type=ACQUISITION, template=template),
    ]
    return f'{_BEGINNING}<OpenSearchDescription xmlns="{OPENSEARCH}">{"".join(inside)}</OpenSearchDescription>'.encode()


def _entry(entry: Entry) -> str:
    inside = [
        _element("id", entry.id),
        _element("title", entry.title),
        _element("updated", _time(entry.updated_seconds)),
        *([_element("dcterms:language", entry.language)] if entry.language else []),
        *([_element("rights", entry.rights)] if entry.rights else []),
        *(_element("category", None, term=subject, label=subject) for subject in entry.subjects),
        _element("content", entry.content, type="text"),
        *map(_link, entry.links),
    ]
    return f"<entry>{''.join(inside)}</entry>"


def _link(link: Link) -> str:
    length = {"length": str(link.length)} if link.length else {}
    return _element("link", None, rel=link.rel, href=link.href, type=link.type, **length)


def _element(name: str, words: str | None, **attributes: str) -> str:
    said = "".join(f' {key}="{_plain(value)}"' for key, value in attributes.items())
    return f"<{name}{said}/>" if words is None else f"<{name}{said}>{_plain(words)}</{name}>"


def _plain(words: str) -> str:
    return escape(_NOT_XML.sub("", words))


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(max(0, seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
