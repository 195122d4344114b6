"""Doors: where bytes of strangers come in. One interface for generated cases and for coverage-guided ones.

* A door has kinds: forms in which something comes, each with samples of its own. A kind that is sealed by sums or
  signatures is offered twice: as it travels, and as its contents, which the door seals itself, as a hostile sender
  would. So a case gets as far in as it can be led.
* `enter` ends in one of two ways: a Fault of ours, or the case was taken and its meaning is proven. Else it raises.
* What came lies in `Room.came`; nothing may be written but in `Room.kept`, and nothing may stay there of what was
  refused. What a door needs for its work, such as a store, lies in its home and is the same after each case.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

MEMORY_BYTES_MAX = 96 << 20
"""How far one case may raise what the process holds in memory, where the door does not say otherwise."""

HOMES: Mapping[str, str] = {
    "archives": "Archives",
    "films": "Films",
    "packs": "Packs",
    "batches": "Batches",
    "letters": "Letters",
    "files": "Files",
    "sealed": "Sealed",
    "metadata": "Metadatas",
    "messages": "Messages",
    "box-backups": "BoxBackups",
    "hub-backups": "HubBackups",
}
"""Every door by its name, and the class that is it. Doors of one neighbourhood share a module."""

_MODULES = {
    "films": "archives",
    "files": "letters",
    "sealed": "letters",
    "box-backups": "backups",
    "hub-backups": "backups",
}
NAMES: Sequence[str] = tuple(HOMES)


class Wrong(AssertionError):
    """A case was taken, and is not what it says; or it was refused without words."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where one case happens."""

    came: Path
    kept: Path


@dataclass(frozen=True, slots=True)
class Case:
    """What a stranger brings: in which form, which bytes, and how they were made."""

    kind: str
    data: bytes
    story: str


class Door(ABC):
    """A place where bytes of strangers come in."""

    name: str
    kinds: Sequence[str]
    memory_bytes_max = MEMORY_BYTES_MAX

    def __init__(self, home: Path) -> None:
        """Make what the door needs, in its home. What is made is the same each time."""
        self.home = home

    @abstractmethod
    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        """Bytes to begin with, and what they are: as an honest sender makes them, or with a trick."""

    @abstractmethod
    def enter(self, kind: str, data: bytes, room: Room) -> None:
        """Bring these bytes to the door. Raises a Fault where they are refused, Wrong where they should have been."""

    def close(self) -> None:  # noqa: B027 - most doors hold nothing open
        """Let go of what is open."""


def opened(name: str, home: Path) -> Door:
    """Open a door. Only its own code is loaded."""
    module = importlib.import_module(f"tests.hostile.{_MODULES.get(name, name).replace('-', '_')}")
    door: Door = getattr(module, HOMES[name])(home)
    return door


def name_of(number: int) -> str:
    """At which door case number n knocks."""
    return NAMES[number % len(NAMES)]


def demand(holds: bool, what: str) -> None:
    """Raises Wrong where `holds` is not so."""
    if not holds:
        raise Wrong(what)
