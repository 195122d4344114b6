"""Names: how the hub shows an authority that the zone is its own, by a text record that comes and goes (DNS-01).

* A record is there, for all to see, when `add` returns; `remove` takes it away, and not finding it is no fault.
* Who knows how to change the zone is a program of the hub's staff; it is given the name and the value, no secret.
"""

import subprocess
from pathlib import Path
from typing import Protocol

from catalog.fault import LinkFault

HOOK_SECONDS_MAX = 600
"""A zone may take minutes to tell all its servers."""
SAID_LETTERS_MAX = 200


class RecordRefused(LinkFault):
    """The zone could not be changed."""


class Names(Protocol):
    """Changes the text records of a zone. An implementation may not touch any other."""

    def add(self, name: str, value: str) -> None:
        """Raises RecordRefused."""
        ...

    def remove(self, name: str, value: str) -> None:
        """Raises RecordRefused."""
        ...


class Hook:
    """A program, called with `add` or `remove`, the record's name and its value."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def add(self, name: str, value: str) -> None:
        self._run("add", name, value)

    def remove(self, name: str, value: str) -> None:
        self._run("remove", name, value)

    def _run(self, word: str, name: str, value: str) -> None:
        try:
            done = subprocess.run(
                [self._program, word, name, value], stdin=subprocess.DEVNULL, capture_output=True,
                timeout=HOOK_SECONDS_MAX, check=False,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise RecordRefused(
                f"The program {self._program} could not be run: {type(error).__name__}.",
                "Look whether it is there, may be run and comes to an end.",
            ) from error
        if done.returncode:
            lines = (done.stderr or done.stdout).decode(errors="replace").split("\n")
            said = next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {done.returncode}")
            raise RecordRefused(
                f"The program {self._program} could not {word} the record {name}: {said[:SAID_LETTERS_MAX]}",
                "Run it by hand with these words, and see what it says.",
            )
