"""The reader of a ZIM file: its entries, and their bytes, through a confined child.

* What the child says is judged like any other words from outside; when it ends too early the file is damaged.
* The list of entries is bounded before it is kept.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from catalog.confined import ENVIRONMENT, can_confine, confined
from catalog.digest import READ_BYTES
from catalog.fault import ContentFault

LIBRARY = "libzim"
ENTRIES_MAX = 200_000
LINE_BYTES_MAX = 64 << 10
SECONDS_MAX = 12 * 3600
MEMORY_BYTES_MAX = 2 << 30


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the archive, and the number that the child knows it by."""

    number: int
    path: str
    size_bytes: int
    media_type: str


class ZimReader:
    """An open ZIM file: `about`, `items`, `redirects`, and the bytes of each item."""

    def __init__(self, source: Path) -> None:
        """Raises ContentFault where the file is damaged or too large, or this machine cannot read such files."""
        if find_spec(LIBRARY) is None or not can_confine():
            raise ContentFault(
                f"{source.name} is a ZIM file, and this machine cannot read such files.",
                "Install the library for them on the hub (`pip install libzim`) and import it again.",
            )
        self.source = source
        program = [sys.executable, "-I", str(Path(__file__).with_name("child.py")), str(source.resolve())]
        memory_bytes = MEMORY_BYTES_MAX + source.stat().st_size  # the file is mapped, not read
        self._child = subprocess.Popen(
            confined(program, SECONDS_MAX, memory_bytes, 0), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=ENVIRONMENT,
        )  # fmt: skip
        self.items: Sequence[Item] = ()
        self.redirects: dict[str, str] = {}
        try:
            self.about = self._line()
            self._list()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._child:
            self._child.kill()

    def pieces(self, item: Item) -> Iterator[bytes]:
        """The bytes of one item. Ask for the next only once these are read."""
        assert self._child.stdin is not None, "the child is asked"
        assert self._child.stdout is not None, "the child answers"
        try:
            self._child.stdin.write(b"%d\n" % item.number)
            self._child.stdin.flush()
        except OSError as error:
            raise self._damaged() from error
        left_bytes = self._line().get("size")
        if not isinstance(left_bytes, int):
            raise self._damaged()
        while left_bytes > 0:
            piece = self._child.stdout.read(min(left_bytes, READ_BYTES))
            if not piece:
                raise self._damaged()
            left_bytes -= len(piece)
            yield piece

    def _list(self) -> None:
        count = self.about.get("entries")
        if not isinstance(count, int) or count > ENTRIES_MAX:
            raise ContentFault(
                f"{self.source.name} has more than {ENTRIES_MAX:,} entries.", "Choose a smaller selection of it."
            )
        items: list[Item] = []
        for number in range(count):
            row = self._line()
            path, target = str(row.get("path", "")), row.get("to")
            if target is not None:
                self.redirects[path] = str(target)
            else:
                items.append(Item(number, path, int(row.get("size", 0)), str(row.get("type", ""))))
        self.items = items
        if self._raw_line() != b"\n":
            raise self._damaged()

    def _line(self) -> dict[str, Any]:
        try:
            row = json.loads(self._raw_line())
        except ValueError as error:
            raise self._damaged() from error
        if not isinstance(row, dict):
            raise self._damaged()
        return row

    def _raw_line(self) -> bytes:
        assert self._child.stdout is not None, "the child answers"
        return self._child.stdout.readline(LINE_BYTES_MAX)

    def _damaged(self) -> ContentFault:
        return ContentFault(
            f"{self.source.name} is a damaged ZIM file.",
            "It was probably cut while downloading or copying. Fetch it again and import it again.",
        )
