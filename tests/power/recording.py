"""A VFS of SQLite that keeps a film of what the database asked of its disk. The files are real, and work as usual."""

from pathlib import Path
from typing import Any

import apsw

from tests.power.disk import Act, Flushed, Removed, Resized, Written


class RecordingDisk(apsw.VFS):
    """Open databases on it with `vfs=disk.name`; `acts` is the film. Files without a name are temporary: not filmed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.acts: list[Act] = []
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _File(self.acts, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name and order
        super().xDelete(filename, syncdir)
        self.acts.append(Removed(Path(filename).name, bool(syncdir)))


class _File(apsw.VFSFile):
    def __init__(self, acts: list[Act], name: Any, flags: list[int]) -> None:
        self._acts = acts
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        if self._name:
            self._acts.append(Written(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(newsize)
        if self._name:
            self._acts.append(Resized(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        if self._name:
            self._acts.append(Flushed(self._name))
