"""The loader's files, as an update changes them: which slot starts, which is tried once, which is good.

* Pure: from what lies on the first partition to what is to lie there. Each change is one file at a time, in an order in
  which a cut between two of them leaves a card that starts.
* UEFI boards: systemd-boot takes the good entry with the highest number, then what is left of tries. An entry on trial
  becomes good by losing its counter. https://uapi-group.org/specifications/specs/boot_loader_specification/
* A Raspberry Pi: config.txt is what starts; tryboot.txt is read once when the kernel is restarted for it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

ENTRIES = "loader/entries"
CONFIG = "config.txt"
TRIAL = "tryboot.txt"

_ENTRY = re.compile(r"qanat-([ab])(?:\+(\d+)(?:-(\d+))?)?\.conf")


@dataclass(frozen=True, slots=True)
class Entry:
    """A slot's entry as its file's name says."""

    slot: str
    left: int | None
    """Tries left; None: it is good."""

    @property
    def is_on_trial(self) -> bool:
        return self.left is not None

    @property
    def is_bad(self) -> bool:
        """Tried as often as it may be, and never confirmed."""
        return self.left == 0


def entries(names: Iterable[str]) -> dict[str, Entry]:
    """Our entries among the files of `loader/entries`, by their file's name."""
    found = {name: _ENTRY.fullmatch(name) for name in names}
    return {
        name: Entry(match.group(1), int(match.group(2)) if match.group(2) else None)
        for name, match in found.items()
        if match is not None
    }


def of_slot(names: Iterable[str], slot: str) -> list[str]:
    """The files that are entries of a slot."""
    return sorted(name for name, entry in entries(names).items() if entry.slot == slot)


def good_name(slot: str) -> str:
    return f"qanat-{slot}.conf"


def trial_name(slot: str) -> str:
    """Of an entry that is to be tried once."""
    return f"qanat-{slot}+1.conf"


def other(slot: str) -> str:
    return "b" if slot == "a" else "a"
