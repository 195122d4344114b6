"""Rot: what the card did not keep of the courses on the shelf, until a session has brought it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.manifest import words
from sync.web.language import language_now

if TYPE_CHECKING:
    from edge.box import Box


@dataclass(frozen=True, slots=True)
class Rot:
    """Files that the card did not keep: how many are not back, and how many bytes of which courses."""

    files: int
    missing_bytes: Mapping[str, int]
    titles: tuple[str, ...] = ()


def rot_of(box: "Box") -> Rot:
    """What the scrub took off and no session has brought back."""
    rotten = {one.digest: one.size_bytes for one in box.scrubbing.scrub.rotten()}
    missing_bytes: dict[str, int] = {}
    titles = []
    for release in box.shelf.courses() if rotten else ():
        entries = {one.digest for layer in box.releases.layers(release.root) for one in layer.entries}
        if gone := entries & rotten.keys():
            missing_bytes[release.course] = sum(rotten[digest] for digest in gone)
            titles.append(words(release.title, language_now()))
    return Rot(len(rotten), missing_bytes, tuple(titles))
