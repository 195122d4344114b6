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
    line = b"\r\n" + mark
    begin = 0 if body.startswith(mark) else body.find(line) + len(b"\r\n")
    if begin == 1 or not body.startswith(mark, begin):
        raise malformed("The boundary that the content type names is not in the body.")
    parts: list[Part] = []
    at = begin + len(mark)
    while not body.startswith(b"--", at):
        end = body.find(line, at)
        if end < 0:
            raise malformed("The body ends before its last boundary.")
        if len(parts) == PARTS_MAX:
            raise malformed(f"The body has more than {PARTS_MAX} parts.")
        parts.append(_part(body, at, end))
        at = end + len(line)
    return parts


def _part(body: bytes, at: int, end: int) -> Part:
    """What lies between two boundaries; its bytes are copied once."""
    head_end = body.find(b"\r\n\r\n", at, min(end, at + HEAD_BYTES_MAX))
    if head_end < 0:
        raise malformed("A part has no headers, or none that end.")
    rest, *lines = body[at:head_end].decode("latin-1").split("\r\n")
    if rest.strip(" \t"):
        raise malformed("A boundary is not a line of its own.")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise malformed("A header of a part cannot be read.")
        headers[name.strip().lower()] = value.strip()
    return Part(headers, body[head_end + len(b"\r\n\r\n") : end])


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
