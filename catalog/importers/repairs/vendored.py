"""Vendored copies: well-known libraries that a page loads from a public server, put into the course instead.

* An address is replaced only where it names one version of a library whose very bytes lie here (`static/vendored.json`:
  the npm package, its version, the file's SHA-256); nothing is ever fetched for it.
* The copy lies in the course's own folder, once however many pages ask for it; the report says what was replaced.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalog.importers.intake import Intake

FOLDER = Path(__file__).parent / "static"
PLACE = "vendored"
_ADDRESS = re.compile(r"(?:https?:)?//([^?#\s]{3,300})(?:[?#].*)?", re.IGNORECASE)


@dataclass(slots=True)
class Vendored:
    """The copies that one package needs; `taken` are the paths that are the package's own, `place` is their folder."""

    taken: frozenset[str] = frozenset()
    place: str = PLACE
    needed: dict[str, str] = field(default_factory=dict)

    def instead_of(self, address: str) -> str | None:
        """The path of the copy that stands for an address; None where there is none."""
        found = _ADDRESS.fullmatch(address)
        name = addresses().get(found[1].lower()) if found else None
        path = f"{self.place}/{name}"
        if name is None or path in self.taken:
            return None
        self.needed.setdefault(name, address)
        return path

    def add(self, prefix: str, intake: Intake) -> None:
        """Take in the copies that were needed; `prefix` is the package's own."""
        for name, address in sorted(self.needed.items()):
            intake.add(f"{prefix}{self.place}/{name}", [copy_of(name)], is_counted=False)
            intake.report.repaired.append(f"{address}: loaded from the internet; a copy of it is in the course now.")


def copy_of(name: str) -> bytes:
    """The library's bytes, as they were published."""
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


@lru_cache(maxsize=1)
def table() -> Mapping[str, Mapping[str, Any]]:
    """What lies here, by name: package, licence, SHA-256 and the addresses that name the same bytes."""
    told: dict[str, dict[str, Any]] = json.loads((FOLDER / "vendored.json").read_text("ascii"))
    return told


@lru_cache(maxsize=1)
def addresses() -> Mapping[str, str]:
    return {address.lower(): name for name, one in table().items() for address in one["addresses"]}
