"""The insert: what lies in the envelope beside a letter of the hub, sealed for its box alone.

* It holds what an answer over a link brings beside its plan: signed batches of journals that the box follows (they tell
  of learners, so they are sealed), and the whole chain of the signed catalogue.
* The letter names it by the digest of what is inside: an insert of another letter is not used.
* It proves nothing by itself: each batch and each document in it bears its own signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from catalog.digest import Digest, digest_of
from catalog.manifest import canonical
from sync.fields import MESSAGE_BYTES_MAX, Fields, demand, whole_in
from sync.wire import METADATA_BYTES_MAX, SIGNED_BATCH_BYTES_MAX

VERSION = 1
BATCHES_MAX = 32
"""Eight MiB of events: a year of a large campus. What does not fit comes with the next stick."""
INSERT_BYTES_MAX = MESSAGE_BYTES_MAX + 1 + BATCHES_MAX * SIGNED_BATCH_BYTES_MAX + METADATA_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Insert:
    """What is enclosed with one letter."""

    batches: tuple[bytes, ...]
    metadata: bytes
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.batches and not self.metadata

    @property
    def digest(self) -> Digest:
        """What the letter calls it."""
        return digest_of(self.to_bytes())

    def to_bytes(self) -> bytes:
        own = {"batches": [len(batch) for batch in self.batches], "metadata": len(self.metadata)}
        line = canonical({**self.extra, **own, "v": self.version})
        return line + b"\n" + b"".join(self.batches) + self.metadata

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        line, _, rest = data.partition(b"\n")
        fields = Fields(line)
        sizes = [whole_in(size, "a batch") for size in fields.rows("batches", BATCHES_MAX)]
        metadata_bytes = fields.count("metadata")
        demand(sum(sizes) + metadata_bytes == len(rest), "what is enclosed is not as long as it says")
        batches = []
        for size in sizes:
            demand(0 < size <= SIGNED_BATCH_BYTES_MAX, "a batch is too long")
            batches.append(rest[:size])
            rest = rest[size:]
        return cls(tuple(batches), rest, fields.version, fields.rest())
