"""Reading a bank's document field by field: each is of its kind and within its limit, or the bank is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.fault import ContentFault

TEXT_LETTERS_MAX = 64 << 10
NAME_LETTERS_MAX = 60
SHARE_MAX = 1000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class Fields:
    """One table of the document. Every question raises ContentFault where the answer is not as it should be."""

    items: Mapping[str, Any]

    def __post_init__(self) -> None:
        demand(isinstance(self.items, dict), "one of its parts is not a table")

    def text(self, name: str) -> str:
        value = self.items.get(name, "")
        demand(isinstance(value, str) and len(value) <= TEXT_LETTERS_MAX, f"{name} is not text, or too long")
        return str(value)

    def name(self, name: str) -> str:
        """An id: what may stand in an address or a form."""
        value = self.items.get(name)
        demand(is_name(value), f"{name} cannot be {value!r}")
        return str(value)

    def one_of(self, name: str, known: Sequence[str]) -> str:
        value = self.items.get(name)
        demand(value in known, f"{name} cannot be {value!r}")
        return str(value)

    def truth(self, name: str) -> bool:
        value = self.items.get(name, False)
        demand(isinstance(value, bool), f"{name} is neither true nor false")
        return bool(value)

    def count(self, name: str, most: int) -> int:
        value = self.items.get(name, 0)
        is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
        demand(is_count, f"{name} is not a whole number up to {most}")
        return int(value)

    def share(self, name: str) -> int:
        value = self.items.get(name, 0)
        is_share = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SHARE_MAX
        demand(is_share, f"{name} is not in thousandths")
        return int(value)

    def rows(self, name: str, most: int) -> list[Any]:
        value = self.items.get(name, [])
        demand(isinstance(value, list) and len(value) <= most, f"{name} is not a list of up to {most}")
        return list(value)

    def texts(self, name: str) -> dict[str, str]:
        value = self.items.get(name, {})
        is_table = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
        demand(is_table, f"{name} is not words by name")
        return dict(value)

    def counts(self, name: str, most: int) -> dict[str, int]:
        value = self.items.get(name, {})
        demand(isinstance(value, dict), f"{name} is not numbers by name")
        return {one: Fields(value).count(one, most) for one in value}

    def list_of_texts(self, name: str, most: int) -> list[str]:
        rows = self.rows(name, most)
        demand(all(isinstance(one, str) for one in rows), f"{name} is not a list of texts")
        return rows


def is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def demand(holds: bool, what: str) -> None:
    if not holds:
        raise ContentFault(f"A question bank cannot be used: {what}.", "Import the quiz again, and publish it again.")
