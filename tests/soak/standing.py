"""Standing: how far each part of the soak is, kept in one small file.

* The file is replaced whole, so that a soak that is killed finds it as it was a few seconds before.
* A file that cannot be read is no reason to begin anew unseen: that is said.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from catalog.durable import write_file
from catalog.fault import CallerFault


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one part is: the run to go on with, and how many failed so far."""

    next: int = 0
    failures: int = 0


class Standings:
    """The file, and what it says."""

    def __init__(self, path: Path) -> None:
        """Raises CallerFault where the file is none of ours."""
        self._path = path
        try:
            kept = json.loads(path.read_text()) if path.exists() else {}
            self._standings = {name: Standing(**one) for name, one in kept.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise CallerFault(f"{path} does not say how far the soak is.", "Name another with --state.") from error

    def of(self, name: str) -> Standing:
        return self._standings.get(name, Standing())

    def begin(self, name: str, number: int) -> None:
        """Begin a part of which nothing is known here at this run."""
        self._standings.setdefault(name, Standing(number))

    def keep(self, name: str, standing: Standing) -> None:
        """Write down how far a part is."""
        self._standings[name] = standing
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: asdict(one) for name, one in sorted(self._standings.items())}, indent=1)
        write_file(self._path, f"{text}\n".encode())
