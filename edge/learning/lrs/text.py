"""Text: JSON as it comes in, within limits, and as it is kept.

* What is nested too deep, says one thing twice, or holds what no number or text is, is refused.
* What is kept has one form: names in order, no spaces; so equal statements are equal texts.
"""

import json
from collections.abc import Sequence
from typing import Any

from edge.learning.lrs.refusal import NotTaken, malformed, shown

DEPTH_MAX = 32
JSON_BYTES_MAX = 2 << 20
"""Of the statements of one request, or of a document that is merged into another."""
NUMBER_LETTERS_MAX = 64
"""Longer ones are no measure of anything, and cost much to read."""


def parsed(data: bytes | str) -> Any:
    """Read JSON that came from outside. Raises NotTaken."""
    if len(data) > JSON_BYTES_MAX:
        raise NotTaken(413, f"This JSON has more than {JSON_BYTES_MAX} bytes.", "Send it in smaller pieces.")
    try:
        text = data.decode() if isinstance(data, bytes) else data
        document = _DECODER.decode(text.removeprefix("\ufeff"))
        if "\\u" in text:
            canonical_text(document).encode()  # half a letter can be escaped in, and never written out again
    except UnicodeError as error:
        raise malformed("The text is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise malformed("The content is not JSON that can be read.") from error
    _demand_shallow(document)
    return document


def canonical_text(document: Any) -> str:
    """The one way in which a statement is written down."""
    return _ENCODER.encode(document)


def _demand_shallow(document: Any) -> None:
    level: Sequence[Any] = [document]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise malformed(f"This JSON is nested deeper than {DEPTH_MAX} levels.")


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{shown(twice)} is said twice")
    return fields


def _whole(digits: str) -> int:
    if len(digits) > NUMBER_LETTERS_MAX:
        raise ValueError("this number is too long")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if len(digits) > NUMBER_LETTERS_MAX or number in (float("inf"), float("-inf")):
        raise ValueError("this number is too long or too large")
    return number


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole, parse_float=_fraction, parse_constant=_no_number)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
