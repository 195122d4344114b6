"""Ranges and conditions: which part of a file an answer carries, if any.

* The rules are those of RFC 9110, sections 13 and 14. This module decides with values and touches nothing.
* Only a single byte range of a GET is served as a part. Another unit, several ranges at once, or a range on HEAD
  is answered with the whole file, as the standard allows; a range beyond the end is refused with 416.
* A range is given only for the file the client already has a piece of (`If-Range`).
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Range")
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)
_TAG = re.compile(r'(?:W/)?"[^"]*"')
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Verdict(enum.Enum):
    """What is to be answered: the status without its number."""

    WHOLE = 200
    PART = 206
    NOT_MODIFIED = 304
    PRECONDITION_FAILED = 412
    UNSATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class Selection:
    """The verdict, and the bytes that go with it."""

    verdict: Verdict
    first_byte: int
    size_bytes: int


def select(method: str, headers: Mapping[str, str], size_bytes: int, etag: str, modified_seconds: int) -> Selection:
    """Choose what to send of a file of `size_bytes` with this (strong, quoted) etag.

    >>> select("GET", {"Range": "bytes=2-"}, 10, '"a"', 0)
    Selection(verdict=<Verdict.PART: 206>, first_byte=2, size_bytes=8)
    """
    verdict = _condition(headers, etag, modified_seconds)
    if verdict is not Verdict.WHOLE:
        return Selection(verdict, 0, 0)
    wanted = headers.get("Range")
    if wanted is None or method != "GET" or not _is_range_still_good(headers.get("If-Range"), etag, modified_seconds):
        return Selection(Verdict.WHOLE, 0, size_bytes)
    return part(wanted, size_bytes)


def part(wanted: str, size_bytes: int) -> Selection:
    """Read one Range header against a file's size.

    >>> part("bytes=-3", 10).first_byte, part("bytes=10-", 10).verdict.name, part("lines=1-2", 10).verdict.name
    (7, 'UNSATISFIABLE', 'WHOLE')
    """
    whole = Selection(Verdict.WHOLE, 0, size_bytes)
    refused = Selection(Verdict.UNSATISFIABLE, 0, 0)
    found = _RANGE.fullmatch(wanted)
    if found is None or found.groups() == ("", ""):
        return whole
    first, last = found.groups()
    if first == "":
        length = min(int(last), size_bytes)
        return Selection(Verdict.PART, size_bytes - length, length) if length else refused
    start = int(first)
    end = min(int(last), size_bytes - 1) if last else size_bytes - 1
    if start >= size_bytes or (last and int(last) < start):
        return refused
    return Selection(Verdict.PART, start, end - start + 1)


def http_date(seconds: int) -> str:
    """Write a moment as HTTP does.

    >>> http_date(784111777)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    import time

    year, month, day, hour, minute, second, weekday, *_ = time.gmtime(seconds)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def _condition(headers: Mapping[str, str], etag: str, modified_seconds: int) -> Verdict:
    """Weigh the preconditions in the order of RFC 9110, section 13.2.2."""
    if (tags := headers.get("If-Match")) is not None:
        if tags.strip() != "*" and etag not in _TAG.findall(tags):
            return Verdict.PRECONDITION_FAILED
    elif (text := headers.get("If-Unmodified-Since")) is not None:
        since = _seconds(text)
        if since is not None and modified_seconds > since:
            return Verdict.PRECONDITION_FAILED
    if (tags := headers.get("If-None-Match")) is not None:
        if tags.strip() == "*" or etag in (tag.removeprefix("W/") for tag in _TAG.findall(tags)):
            return Verdict.NOT_MODIFIED
    elif (text := headers.get("If-Modified-Since")) is not None:
        since = _seconds(text)
        if since is not None and modified_seconds <= since:
            return Verdict.NOT_MODIFIED
    return Verdict.WHOLE


def _is_range_still_good(condition: str | None, etag: str, modified_seconds: int) -> bool:
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == etag
    return _seconds(condition) == modified_seconds


def _seconds(date: str) -> int | None:
    """The seconds since 1970 of an HTTP date; None when it is none, and then the condition counts as not asked."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, IndexError, OverflowError):
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
