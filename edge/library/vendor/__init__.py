"""Vendored players: what others made, which runs stranger's packages in a learner's browser.

* Each is one pinned package of npm: its lock says which version, by which hash, and which of its files are here.
* Files are as they were published, byte for byte, with a compressed copy beside each; a test holds them to the lock.
* They are public and the same for everybody: an address has the version in it, and what it gives never changes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
LOCK = FOLDER / "lock.json"


@dataclass(frozen=True, slots=True)
class Vendored:
    """One package of somebody else's, and the files of it that are here (path and SHA-256)."""

    name: str
    version: str
    integrity: str
    licence: str
    licence_file: str
    files: Mapping[str, str]

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"


@lru_cache(maxsize=1)
def vendored() -> Mapping[str, Vendored]:
    """What the lock names, by name."""
    told = json.loads(LOCK.read_text(encoding="utf-8"))
    return {
        name: Vendored(name, one["version"], one["integrity"], one["licence"], one["licence_file"], one["files"])
        for name, one in told.items()
    }


def addresses() -> Iterator[tuple[str, Path]]:
    """Each file by the address it is served under, without its compressed copy."""
    for one in vendored().values():
        for path in one.files:
            if not path.endswith(".gz"):
                yield f"{one.folder}/{path}", FOLDER / one.name / path
