"""The nightly backup: made by itself once a day while the hub serves, where a place for it was given.

* Whether one is due is a pure decision over when the last one was made and when one failed.
* One that fails is said as an alarm, and tried again an hour later; the hub serves on meanwhile.
* Whom boxes erased meanwhile is written beside the backups as soon as it is heard.
* It is steppable (`tick`); the thread only ticks.
"""

import threading
from contextlib import suppress
from pathlib import Path

from catalog.fault import Fault
from sync.clock import Clock
from sync.hub.keeping.backup import Backups, Made

EVERY_SECONDS = 86_400
AGAIN_SECONDS = 3_600
TICK_SECONDS = 60.0


class Nightly:
    """Makes a backup each day."""

    def __init__(self, backups: Backups, place: Path, clock: Clock) -> None:
        self._backups = backups
        self._place = place
        self._clock = clock
        self._failed_seconds: int | None = None

    def tick(self) -> Made | None:
        """Make a backup if one is due. None where none is, or where it could not be made: an alarm says that."""
        now_seconds = self._clock.now().wall_seconds
        self._backups.tell_of_erased()
        if not is_due(now_seconds, self._backups.last_seconds(), self._failed_seconds):
            return None
        try:
            made = self._backups.make(self._place)
        except Fault:
            self._failed_seconds = now_seconds
            self._backups.failed()
            return None
        self._failed_seconds = None
        return made

    def start(self) -> None:
        """Tick each minute, for as long as the process lives: a backup that it ends in is begun anew by the next."""
        threading.Thread(target=self._run, name="backup", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._clock.wait(TICK_SECONDS)
            # A database that refuses has said so wherever somebody asked; the next tick tries again.
            with suppress(Fault):
                self.tick()


def is_due(now_seconds: int, last_seconds: int | None, failed_seconds: int | None) -> bool:
    """Tell whether a backup should be made now. A clock that went back counts as a day gone."""
    if failed_seconds is not None and 0 <= now_seconds - failed_seconds < AGAIN_SECONDS:
        return False
    return last_seconds is None or not 0 <= now_seconds - last_seconds < EVERY_SECONDS
