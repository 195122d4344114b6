"""The box of the bench `answers`: the real one, or one whose writer does not group.

* `group`: as it is.
* `queue`: the same writer, but it commits each piece of work by itself.
* `direct`: no writer at all; each thread commits each answer on a connection of its own, as a plain web app does.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from catalog import db
from edge.learning import pages
from edge.serve import serve

MODES = ("group", "queue", "direct")


def become(mode: str) -> None:
    """Change this process, and no other, to the mode."""
    if mode == "queue":
        db.WORKS_PER_COMMIT_MAX = 1
    if mode == "direct":
        pages.write_then_answer = lambda database, work: database.write(work)
        db.Database.write = _write_directly  # type: ignore[method-assign,assignment]


_own = threading.local()


def _write_directly(self: db.Database, work: Callable[[db.Connection], Any]) -> Any:
    if self._thread is None:
        return _step(self, work)
    if not hasattr(_own, "connection"):
        _own.connection = db._connect(self.path)
    connection = _own.connection
    connection.execute("begin immediate")
    try:
        result = work(connection)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    return result


def _step(database: db.Database, work: Callable[[db.Connection], Any]) -> Any:
    """Before the box serves, its one thread steps the writer itself."""
    future = database.submit(work)
    while not future.done():
        database.commit_pending()
    return future.result()


def main(data: Path, port: int, content_port: int, mode: str) -> None:
    become(mode)
    serve(data, {"host": "127.0.0.1", "port": port, "content_port": content_port}, print)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
