"""The delta: new documents of a catalogue, packed on those that the reader has.

* What a reader holds is one string of bytes, its documents in order; new ones are compressed on it. A catalogue of
  thousands of releases in which one changed costs a kilobyte.
* A part says which string it builds on. A reader that has another one says so, and is sent all.
* Nothing is believed here, only unpacked, within bounds: what comes out goes to the client.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import zstandard

from catalog.digest import sha256
from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed
from catalog.trust.document import Document, Trusted
from catalog.trust.roles import refused

LEVEL = 19
WINDOW_LOG_MAX = 26
"""Base and documents together lie within one window: zstd finds nothing that is farther back."""
UNPACKED_BYTES_MAX = 32 << 20
PARTS_MAX = 16
CHECK_BYTES = 8
NO_BASE = ""


class BaseDiffers(ContentFault):
    """The catalogue's news build on documents that this box does not have so; the hub sends all of it next time."""


@dataclass(frozen=True, slots=True)
class Part:
    """News of one catalogue, on their way."""

    catalogue: str
    base: str
    """The check of what it builds on; "" where it builds on nothing."""
    packed: bytes


def part_of(catalogue: str, documents: Iterable[Document], base: Trusted | None = None) -> Part:
    """Pack these documents for a reader that has `base`."""
    rows = list(documents)
    head = canonical([[one.role, one.version, len(one.body)] for one in rows])
    raw = head + b"\n" + b"".join(one.body for one in rows)
    prefix = _string(base)
    compressor = zstandard.ZstdCompressor(dict_data=_dictionary(prefix), compression_params=_parameters(raw, prefix))
    return Part(catalogue, _check(prefix) if prefix else NO_BASE, compressor.compress(raw))


def documents_in(part: Part, base: Trusted | None) -> list[Document]:
    """What a part brings.

    Raises BaseDiffers where it builds on something else, MetadataRefused where it cannot be unpacked.
    """
    prefix = _string(base) if part.base else b""
    if part.base and part.base != _check(prefix):
        raise BaseDiffers(
            "The hub's news of the signed catalogue build on documents that this box does not have.",
            "Nothing to do: the hub sends the whole of it with its next answer.",
        )
    try:
        size_bytes = zstandard.get_frame_parameters(part.packed).content_size
        if not 0 < size_bytes <= UNPACKED_BYTES_MAX:
            raise refused("it is too long")
        decoder = zstandard.ZstdDecompressor(dict_data=_dictionary(prefix), max_window_size=1 << WINDOW_LOG_MAX)
        raw = decoder.decompress(part.packed, max_output_size=UNPACKED_BYTES_MAX)
        head, _, bodies = raw.partition(b"\n")
        return _split(parsed(head, list), bodies)
    except (zstandard.ZstdError, ValueError, TypeError, ContentFault) as error:
        raise refused("it cannot be unpacked") from error


def to_bytes(parts: Sequence[Part]) -> bytes:
    """Parts as they travel: a line that says what comes, and the parts; nothing where there are none."""
    if not parts:
        return b""
    head = canonical([[one.catalogue, one.base, len(one.packed)] for one in parts])
    return head + b"\n" + b"".join(one.packed for one in parts)


def from_bytes(data: bytes) -> list[Part]:
    """Raises MetadataRefused."""
    head, _, rest = data.partition(b"\n")
    try:
        rows = parsed(head, list)
        if len(rows) > PARTS_MAX:
            raise refused(f"it has more than {PARTS_MAX} parts")
        parts = []
        for catalogue, base, length in rows:
            if not (isinstance(catalogue, str) and isinstance(base, str) and _is_length(length, rest)):
                raise refused("it is not as long as it says")
            parts.append(Part(catalogue, base, rest[:length]))
            rest = rest[length:]
    except (ValueError, TypeError, ContentFault) as error:
        raise refused("it cannot be read") from error
    if rest:
        raise refused("it is not as long as it says")
    return parts


def _split(rows: Sequence[object], bodies: bytes) -> list[Document]:
    documents = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:
            raise refused("it cannot be read")
        role, version, length = row
        if not (isinstance(role, str) and isinstance(version, int) and _is_length(length, bodies)):
            raise refused("it is not as long as it says")
        documents.append(Document(role, version, bodies[:length]))
        bodies = bodies[length:]
    return documents


def _is_length(value: object, rest: bytes) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= len(rest)


def _string(trusted: Trusted | None) -> bytes:
    """What a reader has, as one string: the same at both ends."""
    if trusted is None:
        return b""
    return b"".join(trusted.documents[role].body for role in sorted(trusted.documents))


def _check(prefix: bytes) -> str:
    return sha256(prefix).hex()[: 2 * CHECK_BYTES]


def _dictionary(prefix: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(prefix, zstandard.DICT_TYPE_RAWCONTENT) if prefix else None


def _parameters(raw: bytes, prefix: bytes) -> zstandard.ZstdCompressionParameters:
    assert len(raw) + len(prefix) <= 1 << WINDOW_LOG_MAX, "zstd finds nothing in so large a base"
    window_log = max(10, (len(raw) + len(prefix)).bit_length())
    return zstandard.ZstdCompressionParameters.from_level(
        LEVEL, source_size=len(raw), dict_size=len(prefix), window_log=window_log
    )
