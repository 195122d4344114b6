"""Literals: the texts that xAPI gives a form: addresses, moments, lengths of time, languages, names of things.

* Each is judged by its form alone; nothing is looked up, and no pattern takes longer than the text is long.
"""

import re
from datetime import UTC, datetime
from typing import Any

LETTERS_MAX = 2_000
"""Of an address; browsers and other stores bear no more."""

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+")
_MBOX = re.compile(r"mailto:[^\s@<>\"]+@[^\s@<>\"]+")
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_SHA2 = re.compile(r"(?:[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128})")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_DURATION = re.compile(
    r"P(?!$)(?:\d+(?:\.\d+)?W|(?:\d+(?:\.\d+)?Y)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?D)?"
    r"(?:T(?!$)(?:\d+(?:\.\d+)?H)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?S)?)?)",
    re.ASCII,
)
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+|i-[a-z]{2,8}|sgn-[a-z]{2}-[a-z]{2}|art-lojban|zh-min-nan|zh-[a-z]{3,8})",
    re.ASCII | re.IGNORECASE,
)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}(?:\s*;[\x20-\x7e]{1,255})?", re.ASCII)
LANGUAGE_LETTERS_MAX = 64
_NOWHERE = ("-00", "-0000", "-00:00")
"""Offsets that ISO 8601 does not know."""


def is_iri(value: Any) -> bool:
    """Tell whether this is an absolute address, of any scheme."""
    return isinstance(value, str) and len(value) <= LETTERS_MAX and _IRI.fullmatch(value) is not None


def is_mbox(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LETTERS_MAX and _MBOX.fullmatch(value) is not None


def is_sha1(value: Any) -> bool:
    return isinstance(value, str) and _SHA1.fullmatch(value) is not None


def is_sha2(value: Any) -> bool:
    """Tell whether this may be a hash of the SHA-2 family, in hex."""
    return isinstance(value, str) and _SHA2.fullmatch(value) is not None


def is_uuid(value: Any) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and microseconds_of(value) is not None


def is_moment_of_rfc_3339(value: Any) -> bool:
    """Tell whether a moment also says its offset, and its fractions behind a dot."""
    found = _MOMENT.fullmatch(value) if is_moment(value) else None
    return found is not None and found[4] is not None and len(found[4]) in (1, 6) and "," not in value


def is_duration(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LANGUAGE_LETTERS_MAX and _DURATION.fullmatch(value) is not None


def is_language(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LANGUAGE_LETTERS_MAX and _LANGUAGE.fullmatch(value) is not None


def is_media_type(value: Any) -> bool:
    return isinstance(value, str) and _MEDIA_TYPE.fullmatch(value) is not None


def microseconds_of(text: str) -> int | None:
    """A moment as microseconds since 1970; None where it is none. Without an offset it is UTC.

    >>> microseconds_of("1970-01-01T00:00:01.5Z"), microseconds_of("1970-01-01T00:00:00-00:00")
    (1500000, None)
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, time, fraction, offset = found.groups()
    if offset in _NOWHERE:
        return None
    zone = "+00:00" if offset in (None, "Z", "z") else offset
    zone = zone if len(zone) > 3 else f"{zone}:00"
    zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{zone}")
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + int(f"{fraction or 0:0<6}"[:6])


def moment_of(microseconds: int) -> str:
    """A moment as statements say it.

    >>> moment_of(1500000)
    '1970-01-01T00:00:01.500000Z'
    """
    whole, part = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part:06}Z"
