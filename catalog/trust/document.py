"""The document: one signed sentence of a catalogue, as bytes, and a catalogue as far as it is believed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One signed document of a role."""

    role: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Trusted:
    """A catalogue as far as it is believed: its newest document of each role."""

    catalogue: str
    documents: Mapping[str, Document]

    def version(self, role: str) -> int:
        """0 where there is no document of this role."""
        document = self.documents.get(role)
        return document.version if document else 0
