"""Roles: who signs what of a catalogue, what a listed thing is called, and for how long a word counts.

* The roles are those of TUF: `root` says whose keys count, `targets` who publishes, `snapshot` which documents belong
  together, `timestamp` that this is the newest. Each publisher has a role of its own, bound to its own paths.
* A catalogue is named by the hash of its first root: whoever has the name needs nobody to vouch for that root.
* A key is named by its fingerprint, so that no key can count twice under two names.
* Nothing here loads the library that reads the documents: a box judges without it.
"""

import base64
import re
from dataclasses import dataclass
from enum import Enum

from catalog.digest import Digest, sha256
from catalog.fault import ContentFault
from catalog.manifest import is_course

ROOT = "root"
TARGETS = "targets"
SNAPSHOT = "snapshot"
TIMESTAMP = "timestamp"
TOP_ROLES = (ROOT, TIMESTAMP, SNAPSHOT, TARGETS)

OWN_PUBLISHER = "own"
"""The publisher that a hub is by itself."""
SOFTWARE = "software"
"""Who publishes the boxes' own software."""

COURSES_FOLDER = "courses"
ROOTS_FOLDER = "roots"
ANY = "*"

ROOT_KEYS = 3
ROOT_THRESHOLD = 2
DAY_SECONDS = 86_400
LIFE_SECONDS = {ROOT: 5 * 365 * DAY_SECONDS, TARGETS: 365 * DAY_SECONDS, SNAPSHOT: 365 * DAY_SECONDS,
                TIMESTAMP: 90 * DAY_SECONDS}  # fmt: skip
"""How long a signed document counts. A timestamp outlives a term without a link; a root waits for people."""
PUBLISHER_LIFE_SECONDS = 365 * DAY_SECONDS
RENEWED_PART = 3
"""A document is signed anew when one of so many parts of its life is gone: not nightly, so that nights stay small."""
GRACE_DAYS = 180
"""So long after its expiry a catalogue still lets new content in."""

FINGERPRINT_BYTES = 10
KEY_BYTES = 32
PUBLISHER_LETTERS_MAX = 32
_PUBLISHER = re.compile(r"[a-z][a-z0-9-]{0,31}")
_COURSES = re.compile(r"[a-z0-9*?-]{1,63}")
_LETTERS = re.compile(r"[a-z2-7]{16}")
_COURSE_PATH = re.compile(r"courses/([^/]+)/([^/]+)/([0-9]{1,15})")


class MetadataRefused(ContentFault):
    """A catalogue's documents are not what its keys would have signed; what was believed before stays."""


class NotListed(ContentFault):
    """No catalogue that this box trusts lists this release."""


class CatalogueExpired(ContentFault):
    """The catalogue's word has run out, and the grace too: what is here is served, nothing new is taken."""


class Freshness(Enum):
    """How much a catalogue's word still counts."""

    CURRENT = "current"
    EXPIRED = "expired"
    """Run out, within the grace: a warning."""
    STALE = "stale"
    """Run out, and the grace too: nothing new."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One thing that a catalogue lists: a release by its root, another catalogue by its first root, a file."""

    path: str
    digest: Digest
    size_bytes: int

    @property
    def course(self) -> tuple[str, int] | None:
        """The course and version that this lists; None where it is something else."""
        match = _COURSE_PATH.fullmatch(self.path)
        return (match[2], int(match[3])) if match and is_course(match[2]) else None


def course_path(publisher: str, course: str, version: int) -> str:
    """Where a publisher lists a release."""
    return f"{COURSES_FOLDER}/{publisher}/{course}/{version}"


def root_path(catalogue: str) -> str:
    """Where a catalogue lists another one whose releases its boxes may shelve too."""
    return f"{ROOTS_FOLDER}/{catalogue}"


def paths_of(publisher: str, courses: str = ANY) -> list[str]:
    """What a publisher may list: releases of its own courses, or the boxes' software."""
    return [f"{SOFTWARE}/*"] if publisher == SOFTWARE else [f"{COURSES_FOLDER}/{publisher}/{courses}/*"]


def is_publisher(name: str) -> bool:
    """Tell whether a publisher may be called so: small letters, digits and hyphens, no role's name."""
    return _PUBLISHER.fullmatch(name) is not None and name not in TOP_ROLES


def is_course_pattern(text: str) -> bool:
    """Tell whether this may say which courses are meant, such as `biology-*`."""
    return _COURSES.fullmatch(text) is not None


def catalogue_id(first_root: bytes) -> str:
    """A catalogue's name: 80 bits of its first root's hash, in 16 letters that people can compare."""
    return _letters(first_root)


def is_catalogue(text: str) -> bool:
    """Tell whether a catalogue could be called so."""
    return _LETTERS.fullmatch(text) is not None


def key_id(public: str) -> str:
    """A key's name: its fingerprint. Raises ValueError where `public` is no key."""
    return _letters(raw_key(public))


def raw_key(public: str) -> bytes:
    """The 32 bytes of a public key in base64url. Raises ValueError."""
    raw = base64.b64decode(public.encode() + b"=" * (-len(public) % 4), altchars=b"-_", validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return raw


def freshness(expires_seconds: int, now_seconds: int, grace_seconds: int) -> Freshness:
    """How much a word that ends then still counts now."""
    if now_seconds < expires_seconds:
        return Freshness.CURRENT
    return Freshness.EXPIRED if now_seconds < expires_seconds + grace_seconds else Freshness.STALE


def life_seconds(role: str) -> int:
    """How long a role's document counts from its signing on."""
    return LIFE_SECONDS.get(role, PUBLISHER_LIFE_SECONDS)


def is_due(role: str, expires_seconds: int, now_seconds: int) -> bool:
    """Whether a document should be signed anew: a third of its life is gone."""
    return now_seconds >= expires_seconds - life_seconds(role) * (RENEWED_PART - 1) // RENEWED_PART


def refused(what: str) -> MetadataRefused:
    """The fault of documents that cannot be believed."""
    return MetadataRefused(
        f"The signed catalogue that came cannot be believed: {what}.",
        "Nothing of it was taken; what was believed before stays. If it stays so, tell the hub's staff.",
    )


def _letters(data: bytes) -> str:
    return base64.b32encode(sha256(data)[:FINGERPRINT_BYTES]).decode().lower()
