"""Planted mistakes: ways in which a door could stand open. The cases must find each of them.

* A mistake is the real code with one care left out, the one that its name says.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

MISTAKES: dict[str, Plant] = {}
DOORS: dict[str, str] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The mistake is there while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        MISTAKES[name](patch)
        yield


def mistake(door: str, name: str) -> Callable[[Plant], Plant]:
    """Register a mistake under what the code does that makes it, and the door at which it shows."""
    DOORS[name] = door
    return lambda plant: MISTAKES.setdefault(name, plant)


@mistake("batches", "columns are read beyond their end")
def _short_columns(patch: Patch) -> None:
    from sync.columns import Reader

    def take(reader: Reader, size: int) -> bytes:
        piece = reader._data[reader._place : reader._place + size]
        reader._place += size
        return piece

    patch.setattr(Reader, "take", take)


@mistake("batches", "a batch is believed without its chain")
def _no_chain(patch: Patch) -> None:
    from sync.batch import Batch

    patch.setattr(Batch, "hash_at", lambda batch, sequence: batch.last_hash)


@mistake("messages", "a message may count anything")
def _any_count(patch: Patch) -> None:
    from sync import fields

    patch.setattr(fields, "whole_in", lambda value, what, least=0: value)


__all__ = ["DOORS", "MISTAKES", "Mapping", "planted"]
