"""Exporting: one call writes what learners of this hub did into a new folder.

* Without names by default; an export with names is written to the audit log before its first row.
* What is exported is one consistent view of the hub, and the hub serves on meanwhile.
* A folder holds a whole export or is not there.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from catalog import durable
from catalog.fault import CallerFault
from sync.clock import Clock
from sync.hub.engine import reading, writing
from sync.hub.exporting.files import check_parquet, write_csv, write_lines, write_parquet
from sync.hub.exporting.pseudonyms import Pseudonyms
from sync.hub.exporting.rows import Rows, Scope, check
from sync.hub.exporting.statements import statements
from sync.hub.keeping import audit
from sync.hub.readout import Readout
from sync.keys import KeyPair, fingerprint


class Format(Enum):
    """How an export is written."""

    CSV = "csv"
    PARQUET = "parquet"
    XAPI = "xapi"


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that is there whole."""

    place: Path
    counts: Mapping[str, int]
    """Rows, by table."""

    def document(self) -> dict[str, Any]:
        """As a command prints it for programs."""
        return {"export": str(self.place), "rows": dict(self.counts)}


class Exporting:
    """Writes exports of one hub."""

    def __init__(
        self, engine: Engine, data: Path, keys: KeyPair, readout: Readout, clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self._engine = engine
        self._data = data
        self._keys = keys
        self._readout = readout
        self._clock = clock
        self._random_bytes = random_bytes

    def export(
        self, place: Path, form: Format, scope: Scope, *, who: str, has_names: bool = False, home: str = ""
    ) -> Exported:
        """Write an export into the new folder `place`. `home` is the hub's address in the names of xAPI.

        Raises CallerFault where the folder is there already, the format is not installed, or the hub knows nothing of
        what it should be of; DiskFull or BoxFault.
        """
        if form is Format.PARQUET:
            check_parquet()
        if place.exists():
            raise CallerFault(
                f"{place.name} is there already.", "Name a new folder: an export is never mixed with another."
            )
        self._readout.catch_up()
        with reading(self._engine) as connection:
            check(connection, scope)
        if has_names:
            self._note(scope, who)
        keys = Pseudonyms.load_or_make(self._data, self._random_bytes)
        part = place.with_name(f".{place.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            part.mkdir(mode=0o700, parents=True)
            with reading(self._engine) as connection:
                rows = Rows(connection, scope, None if has_names else keys)
                counts = self._written(part, form, rows, keys, home)
            durable.move_into_place(part, place)
            durable.sync_folder(place.parent)
        except OSError as error:
            raise durable.disk_fault(error, place) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return Exported(place, counts)

    def _written(self, part: Path, form: Format, rows: Rows, keys: Pseudonyms, home: str) -> dict[str, int]:
        match form:
            case Format.CSV:
                return {table.name: write_csv(part, table, found) for table, found in rows.tables}
            case Format.PARQUET:
                return {table.name: write_parquet(part, table, found) for table, found in rows.tables}
            case Format.XAPI:
                base = f"{home.rstrip('/')}/" if home else self._no_home()
                return {"statements": write_lines(part / "statements.jsonl", statements(rows, keys, base))}

    def _no_home(self) -> str:
        # A hub does not know by which address others call it; `.invalid` is for names that nobody can look up.
        return f"https://{fingerprint(self._keys.public)}.qanat.invalid/"

    def _note(self, scope: Scope, who: str) -> None:
        chosen = {"campus": scope.campus, "course": scope.course, "learner": scope.learner}
        about = {name: value for name, value in chosen.items() if value is not None}
        with writing(self._engine) as connection:
            audit.note(connection, who, "exported-names", about, self._clock.now().wall_seconds)
