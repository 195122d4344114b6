"""Fields: what one message says, read with every limit checked.

* A message from outside is read field by field, each taken once; what is left over is a newer peer's, and kept.
* Whatever is not as it should be is refused with a sentence; nothing else is ever raised.
* Lists of rows may grow at their end: a reader takes the columns it knows.
"""

import re
from typing import Any

from catalog.fault import Fault, LinkFault
from catalog.manifest import canonical, parsed

MESSAGE_BYTES_MAX = 1 << 20
TEXT_CHARACTERS_MAX = 4096
WHOLE_MAX = (1 << 53) - 1
"""What every JSON reader can hold exactly."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


class MessageRefused(LinkFault):
    """What came is not a message that we understand: not JSON, a field missing, a limit passed."""


class Fields:
    """The fields of one message. Every method raises MessageRefused."""

    def __init__(self, line: bytes) -> None:
        demand(len(line) <= MESSAGE_BYTES_MAX, f"it has {len(line)} bytes, of {MESSAGE_BYTES_MAX} at most")
        try:
            self._fields: dict[str, Any] = parsed(line, dict)
            canonical(self._fields)  # what cannot be written again (half a letter, endless nesting) is not taken
        except (Fault, ValueError, RecursionError) as error:
            raise MessageRefused(
                "What came is not a message of a Qanat hub or box.",
                "Check the hub's address; a sign-in page of the network may be in between.",
            ) from error
        self.version = self.count("v")

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, default: str | None = None) -> str:
        value = self._fields.pop(name, default)
        demand(isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX, f"{name} is not a text of decent length")
        return str(value)

    def name(self, name: str) -> str:
        return name_in(self._fields.pop(name, None), name)

    def count(self, name: str, default: int | None = None) -> int:
        return whole_in(self._fields.pop(name, default), name)

    def rows(self, name: str, most: int) -> list[Any]:
        value = self._fields.pop(name, [])
        demand(isinstance(value, list) and len(value) <= most, f"{name} is not a list of at most {most}")
        return list(value)

    def table(self, name: str) -> dict[str, Any]:
        value = self._fields.pop(name, {})
        demand(isinstance(value, dict), f"{name} is not a table")
        return dict(value)

    def rest(self) -> dict[str, Any]:
        """The fields that nobody asked for."""
        return self._fields


def is_name(text: str) -> bool:
    """Tell whether this may name a box, a nonce, a token, an epoch: base64url letters, 128 at most."""
    return _NAME.fullmatch(text) is not None


def name_in(value: Any, what: str) -> str:
    """Raises MessageRefused where `value` is no name."""
    demand(isinstance(value, str) and is_name(value), f"{what} is not a name")
    return str(value)


def whole_in(value: Any, what: str, least: int = 0) -> int:
    """Raises MessageRefused where `value` is no whole number, or below `least`."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    demand(is_whole and least <= value <= WHOLE_MAX, f"{what} is not a whole number")
    return int(value)


def row_in(value: Any, columns: int, what: str) -> list[Any]:
    """The columns that we know of a row. Raises MessageRefused where it has fewer."""
    demand(isinstance(value, list) and len(value) >= columns, f"{what} is not as it should be")
    return list(value[:columns])


def demand(holds: bool, what: str) -> None:
    """Raises MessageRefused where `holds` is not so."""
    if not holds:
        raise MessageRefused(f"A message cannot be used: {what}.", "Update the older side; if both are new, tell us.")
