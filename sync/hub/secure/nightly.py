"""The renewing: what is due of certificates is ordered by itself while the hub serves.

* An order may take minutes and wait for others' machines: it has a thread of its own.
* What fails is an alarm already; settings that cannot be read are said by `qanat hub certificates`.
"""

import threading
from contextlib import suppress

from catalog.fault import Fault
from sync.clock import Clock
from sync.hub.secure.certificates import Certificates

TICK_SECONDS = 300.0


class Renewing:
    """Orders what is due, every few minutes: turns are counted by `turns`."""

    def __init__(self, certificates: Certificates, clock: Clock) -> None:
        self._certificates = certificates
        self._clock = clock

    def start(self) -> None:
        """Go on for as long as the process lives."""
        threading.Thread(target=self._run, name="certificates", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._clock.wait(TICK_SECONDS)
            with suppress(Fault):
                self._certificates.renew()
