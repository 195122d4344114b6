"""The card that a box started from: its slots, its first partition, and how they are written.

* What runs is never written to. A change of the first partition is one file at a time, each synced before the next.
* The first partition is mounted to be read; it is opened for writing only while something is changed.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from catalog.durable import sync_folder, write_file
from catalog.fault import BoxFault
from provisioning.first_boot.machine import Machine
from provisioning.slots import loader

SLOT_OF_PARTITION = {"2": "a", "3": "b"}
PI = "sys/firmware/devicetree/base/model"


class Card:
    """The card of a running appliance."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.files = machine.firmware

    @property
    def running(self) -> str:
        """The slot that runs: `a` or `b`."""
        return SLOT_OF_PARTITION[self._machine.started()["slot"]]

    @property
    def other(self) -> str:
        return loader.other(self.running)

    def device(self, slot: str) -> Path:
        """The partition of a slot."""
        return self._machine.devices / f"root-{1 if slot == 'a' else 2}"

    @property
    def is_pi(self) -> bool:
        """Whether a Raspberry Pi's own loader starts this board."""
        model = self._machine.root / PI
        return model.exists() and b"Raspberry Pi" in model.read_bytes()

    @property
    def is_on_trial(self) -> bool:
        """Whether what runs is not confirmed yet."""
        if self.is_pi:
            return f"os_prefix={self.running}/".encode() not in (self.files / loader.CONFIG).read_bytes()
        return any(entry.is_on_trial for entry in self._entries().values() if entry.slot == self.running)

    def confirm(self) -> None:
        """What runs is well: it is what starts from now on. Harmless to repeat."""
        slot = self.running
        with self._writable():
            config = self.files / loader.CONFIG
            if config.exists() and f"os_prefix={slot}/".encode() not in config.read_bytes():
                write_file(
                    config,
                    config.read_bytes().replace(
                        f"os_prefix={loader.other(slot)}/".encode(), f"os_prefix={slot}/".encode()
                    ),
                )
            names = loader.of_slot(self._entries(), slot)
            good = loader.good_name(slot)
            if good not in names and names:
                (self.files / loader.ENTRIES / names[0]).rename(self.files / loader.ENTRIES / good)
            for name in names:
                if name != good:
                    (self.files / loader.ENTRIES / name).unlink(missing_ok=True)
            sync_folder(self.files / loader.ENTRIES)

    def put(self, name: str, data: bytes) -> None:
        """Write a file of the first partition; it is there as a whole, or not at all."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data)

    @contextlib.contextmanager
    def changing(self) -> Iterator["Card"]:
        """Open the first partition for writing."""
        with self._writable():
            yield self

    def _entries(self) -> dict[str, loader.Entry]:
        folder = self.files / loader.ENTRIES
        if not folder.is_dir():
            raise BoxFault(
                "The first partition of this card is not mounted, or has no start files.",
                "Start the box again; if it stays so, burn the card anew.",
            )
        return loader.entries(path.name for path in folder.iterdir())

    @contextlib.contextmanager
    def _writable(self) -> Iterator[None]:
        where = str(self.files)
        self._machine.run(["/usr/bin/mount", "-o", "remount,rw", where])
        try:
            yield
        finally:
            with contextlib.suppress(BoxFault):  # it is still in use: it stays open, and the next start mounts it anew
                self._machine.run(["/usr/bin/mount", "-o", "remount,ro", where])
