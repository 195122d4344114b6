"""Acknowledging what is on the disk, and holding no thread while the disk takes its time.

* The answer to a request leaves only after everything that its view handed in here is durable; if that fails, the
  fault is the answer.
* Three hundred answers to one question wait in the front for one flush; the threads are free for the next pages.
* Under a server that knows nothing of this, the view's own thread waits, as it would for `Database.write`.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from flask import request

from catalog.db import Connection, Database

AWAITED = "qanat.awaited"
"""Where the front leaves a list in the WSGI environment: what is in it is awaited before the answer leaves."""


def write_then_answer(database: Database, work: Callable[[Connection], None]) -> None:
    """Have `work` done and lasting before this request is answered. The view goes on at once and may not rely on it.

    Raises DiskFull or BoxFault, or leaves it to the front to answer with them.
    """
    awaited: list[Future[Any]] | None = request.environ.get(AWAITED)
    if awaited is None:
        database.write(work)
    else:
        awaited.append(database.submit(work))
