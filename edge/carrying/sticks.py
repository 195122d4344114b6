"""Sticks: what is put in, or brought by a phone, is taken in by itself.

* Nobody signs in for a stick, so that it does the one thing that cannot harm: content that the hub signed comes down,
  sealed progress goes up. A stick without a letter that our hub signed is left alone: nothing is written to it.
* More only where the hub has signed it for this very box (`edge/carrying/obeying.py`).
* Each stick is taken in once while it stays in; taken out and put in again it is looked at anew.
* A file that a phone brought waits in the data folder until it is taken in: a power cut in between loses none of it.
* Where a session is under way everything waits for the next look.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.durable import disk_fault, move_into_place, sync_folder
from catalog.fault import Fault
from edge.carrying.letters import FOLDER
from edge.nights.nightly import STOP_SECONDS_MAX
from sync.web.uploads import UPLOAD_PREFIX

if TYPE_CHECKING:
    from edge.box import Box
    from edge.carrying.carrying import Visit

BROUGHT = "brought"
DEPTH_MAX = 2
"""/media/stick, or /media/someone/stick."""
DISKS_MAX = 64

Listener = Callable[[Mapping[str, Any]], None]


def _hear_nothing(progress: Mapping[str, Any]) -> None:
    """For a stick that nobody watches."""


class Sticks:
    """Watches the folder under which sticks appear, and for files that were brought."""

    def __init__(self, box: "Box", is_disk: Callable[[Path], bool] = os.path.ismount) -> None:
        self._box = box
        self._is_disk = is_disk
        self._seen: set[tuple[Path, int]] = set()
        self._looking = threading.Lock()
        self.said: Visit | Fault | None = None
        """How the last one went, for the staff page."""
        self._sweep()

    @property
    def is_waiting(self) -> bool:
        """Tell whether something that was brought is not taken in yet."""
        return self._brought.exists()

    def bring(self, file: Path) -> None:
        """Keep a file that a phone brought until it is taken in; the former one, if it still waits, is let go.

        Raises BoxFault.
        """
        beside = self._brought.with_suffix(".part")
        try:
            beside.unlink(missing_ok=True)
            # A link, since the bytes are on this disk already.
            beside.hardlink_to(file)
            move_into_place(beside, self._brought)
            sync_folder(self._brought.parent)
        except OSError as error:
            raise disk_fault(error, file) from error
        self.said = None

    def begin(self) -> None:
        """Look now, in a thread of its own: whoever brought something waits beside the box."""
        threading.Thread(target=self.look, name="stick", daemon=True).start()

    def wait(self) -> None:
        """Wait a little until a look that is under way has ended; the box was told to stop."""
        if self._looking.acquire(timeout=STOP_SECONDS_MAX):
            self._looking.release()

    def look(self, listener: Listener = _hear_nothing) -> None:
        """Take in what was put in or brought since the last look. Never raises: what went wrong is in `said`."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            if self._box.nightly.is_stopping:
                return
            if self._is_free and self._brought.exists():
                self._take_in_brought(listener)
            here = {(path, _number(path)) for path in self._disks()}
            self._seen &= here
            for one in sorted(here - self._seen):
                if not self._is_free:
                    return
                self._seen.add(one)
                self._take_in(one[0], listener)
        finally:
            self._looking.release()

    def _sweep(self) -> None:
        """Remove what a power cut left of uploads: a box that opens has none under way."""
        for leftover in (self._box.data / FOLDER).glob(f"{UPLOAD_PREFIX}*"):
            leftover.unlink(missing_ok=True)

    @property
    def _brought(self) -> Path:
        return self._box.data / FOLDER / BROUGHT

    @property
    def _is_free(self) -> bool:
        return self._box.hub is not None and not self._box.nightly.is_running

    def _take_in(self, path: Path, listener: Listener) -> None:
        # Loaded when there is a stick: the pages need none of it.
        from edge.carrying.carrying import Carrying
        from edge.carrying.obeying import obey
        from sync.carry.stick import Stick

        carrying, stick = Carrying(self._box), Stick(path)
        try:
            if carrying.is_from_our_hub(stick):
                self.said = carrying.visit(stick, listener, stick)
            obey(self._box, stick)
        except Fault as fault:
            self.said = fault

    def _take_in_brought(self, listener: Listener) -> None:
        from edge.carrying.carrying import Carrying
        from edge.nights.nightly import AtWork, Stopped
        from sync.carry.single import SingleFile, opened_single

        try:
            with opened_single(self._brought) as file:
                self.said = Carrying(self._box).visit(SingleFile(file), listener)
        except (AtWork, Stopped):
            return  # it waits for the next look
        except Fault as fault:
            self.said = fault
        with contextlib.suppress(OSError):
            self._brought.unlink()

    def _disks(self) -> list[Path]:
        """The disks with a folder of ours on them."""
        folder = self._box.config.sticks
        if not folder:
            return []
        from sync.carry.stick import Stick

        found: list[Path] = []
        level = [Path(folder)]
        for _ in range(DEPTH_MAX):
            level = [below for above in level for below in _folders(above)][:DISKS_MAX]
            found += [path for path in level if self._is_disk(path) and Stick(path).is_ours]
        return found


def _folders(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _number(path: Path) -> int:
    """What tells one stick in the same place from the next: the disk's number."""
    try:
        return path.stat().st_dev
    except OSError:
        return 0
