"""Reading the text of strangers' files, in a process of its own.

* The process that serves learners never opens a stranger's document: a child does, which yields to everything else and
  whose memory, time and open files are limited before it opens one.
* The child is asked for one file after the other and answers in lines of JSON; one that takes too long, or dies, costs
  that file the rest of its text, and the next file gets a new child.
* `Reader.stop` ends the child from another thread, whatever it is doing.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from catalog.search.texts.piece import FILE_LETTERS_MAX, Piece

FILE_SECONDS_MAX = 600
LINE_BYTES_MAX = 128 << 10
KINDS = ("page", "document", "book", "captions")

_ROOT = Path(__file__).parents[3]
_BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from catalog.search.texts import child; child.main()"


class Reader:
    """A child that reads files; made at the first one, gone with the `with` block."""

    def __init__(self, file_seconds_max: float = FILE_SECONDS_MAX) -> None:
        self._file_seconds_max = file_seconds_max
        self._child: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._is_stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, path: Path, kind: str) -> Iterator[Piece]:
        """The pieces of a file, as far as it could be read."""
        assert kind in KINDS, kind
        child = self._running()
        if child is None:
            return
        late = threading.Timer(self._file_seconds_max, child.kill)
        late.daemon = True
        late.start()
        letters = 0
        try:
            for said in _asked(child, path, kind):
                piece = _piece(said)
                letters += len(piece.text)
                if letters > FILE_LETTERS_MAX:
                    break
                yield piece
            else:
                return
        finally:
            late.cancel()
        self._end()

    def stop(self) -> None:
        """Let the child end now; nothing is read after this."""
        with self._starting:
            self._is_stopped = True
            if self._child is not None:
                self._child.kill()

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    def _running(self) -> "subprocess.Popen[bytes] | None":
        with self._starting:
            if self._is_stopped:
                return None
            if self._child is None or self._child.poll() is not None:
                self._child = subprocess.Popen(
                    [sys.executable, "-I", "-c", _BEGIN, str(_ROOT)],
                    env={},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            return self._child

    def _end(self) -> None:
        with self._starting:
            child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


def _asked(child: "subprocess.Popen[bytes]", path: Path, kind: str) -> Iterator[Any]:
    """What the child says of a file, until it says that this was all; or until it says nothing more."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps({"kind": kind, "path": str(path)}).encode() + b"\n")
        child.stdin.flush()
        while (line := child.stdout.readline(LINE_BYTES_MAX)).endswith(b"\n") and (said := json.loads(line)) != "end":
            yield said
    except (OSError, ValueError):
        return


def _piece(said: Any) -> Piece:
    place, title, text = said
    return Piece(str(place), str(title), str(text))
