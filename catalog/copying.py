"""Copying: whether a learner may keep a copy of what a release holds.

* What the release says of itself (`keep`) counts before its licence: a publisher may allow more, or less.
* Creative Commons in every form, the public domain and the free licences of documents and programs permit a copy for
  oneself; what is not in the table does not.
* Nothing said is not a permission.
"""

import re
from enum import Enum

from catalog.manifest import Release

FREE = (
    (
        "Creative Commons (every form: BY, SA, NC, ND)",
        r"\bcc by\b|\bcreative commons\b|creativecommons\.org/licen[cs]es/",
    ),
    ("Public domain, CC0", r"\bcc ?0\b|\bcc zero\b|\bpublic domain\b|creativecommons\.org/publicdomain/"),
    ("MIT, Apache", r"^mit( licen[cs]e)?$|^apache( licen[cs]e)?,?( v(ersion)?)? ?2(\.0)?$"),
    ("GNU Free Documentation License", r"\bgfdl\b|\bgnu free documentation\b"),
)
"""What we call it, and how it is written; docs/finding.md has the same rows."""

_FREE = re.compile("|".join(pattern for _, pattern in FREE))
_NOT = re.compile(r"\bnot\b|\bno\b|\bexcept\b|\ball rights reserved\b")


class Copying(Enum):
    """Whether a learner may keep a copy, and why."""

    ALLOWED = "its publisher allows it"
    FREE = "its licence allows it"
    FORBIDDEN = "its publisher does not allow it"
    RESERVED = "its licence does not allow it"
    UNSAID = "it has no licence"

    @property
    def is_allowed(self) -> bool:
        return self in (Copying.ALLOWED, Copying.FREE)


def copying(release: Release) -> Copying:
    """Tell whether a learner may keep a copy of what this release holds."""
    if release.may_be_kept is not None:
        return Copying.ALLOWED if release.may_be_kept else Copying.FORBIDDEN
    if not release.licence.strip():
        return Copying.UNSAID
    return Copying.FREE if is_free(release.licence) else Copying.RESERVED


def is_free(licence: str) -> bool:
    """Tell whether a licence, as people write it, is one of those in the table.

    >>> is_free("CC-BY-NC-SA 4.0"), is_free("Public Domain"), is_free("All rights reserved")
    (True, True, False)
    """
    plain = re.sub(r"[\s_-]+", " ", licence.casefold().strip())
    return _FREE.search(plain) is not None and _NOT.search(plain) is None
