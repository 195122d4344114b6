"""Multipart: statements and their attachments in one body, as multipart/mixed has it (RFC 2046).

* The first part holds the statements, each further part the bytes of an attachment, under the hash that a statement
  names; a part that nothing names is refused.
* Parts are found by their boundary and by nothing else; bytes between two boundaries are kept as they came.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from edge.learning.lrs.refusal import malformed

PARTS_MAX = 200
HEAD_BYTES_MAX = 8 << 10
MIXED = "multipart/mixed"
HASH_HEADER = "x-experience-api-hash"
ENCODING_HEADER = "content-transfer-encoding"
_BOUNDARY = re.compile(r";\s*boundary=(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers in small letters, and its bytes."""

    headers: Mapping[str, str]
    data: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """Every part of a body. Raises NotTaken."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise malformed("The content type names no boundary.")
    mark = b"--" + (found[1] or found[2]).encode()
    data = body if body.startswith(mark) else body[body.find(b"\r\n" + mark) + 2 :]
    if not data.startswith(mark):
        raise malformed("The boundary that the content type names is not in the body.")
    pieces = data[len(mark) :].split(b"\r\n" + mark, PARTS_MAX + 1)
    if len(pieces) > PARTS_MAX + 1:
        raise malformed(f"The body has more than {PARTS_MAX} parts.")
    if not pieces[-1].startswith(b"--"):
        raise malformed("The body ends before its last boundary.")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    line_end = piece.find(b"\r\n")
    if line_end < 0 or piece[:line_end].strip(b" \t"):
        raise malformed("A boundary is not a line of its own.")
    rest = piece[line_end:]
    head, gap, data = rest.partition(b"\r\n\r\n")
    if not gap or len(head) > HEAD_BYTES_MAX:
        raise malformed("A part has no headers, or none that end.")
    headers = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise malformed("A header of a part cannot be read.")
        headers[name.strip().lower()] = value.strip()
    return Part(headers, data)


def written(boundary: str, first: bytes, attachments: Iterable[tuple[str, str, Iterator[bytes]]]) -> Iterator[bytes]:
    """Statements and attachments (media type, hash, bytes) as one body, a little at a time."""
    yield f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode() + first
    for media_type, sha2, data in attachments:
        yield (
            f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"X-Experience-API-Hash: {sha2}\r\n\r\n"
        ).encode()
        yield from data
    yield f"\r\n--{boundary}--\r\n".encode()
