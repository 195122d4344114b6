"""Acknowledging what is on the disk, and holding no thread while the disk takes its time.

* The answer to a request leaves only after everything that its view handed in here is durable; if that fails, the
  fault is the answer.
* Three hundred answers to one question wait in the front for one flush; the threads are free for the next pages.
* A view that says its faults in another way than the pages do (a store for machines) says so beside it (`TELL`).
* Under a server that knows nothing of this, the view's own thread waits, as it would for `Database.write`.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from flask import request

from catalog.db import Connection, Database

AWAITED = "qanat.awaited"
"""Where the front leaves a list in the WSGI environment: what is in it is awaited before the answer leaves."""


TELL = "qanat.tell"
"""Where a view leaves how a fault of what is awaited is told: it takes the fault and returns status, headers, body."""


def write_then_answer(database: Database, work: Callable[[Connection], Any]) -> "Future[Any]":
    """Have `work` done and lasting before this request is answered. The view goes on at once and may not rely on it.

    Raises DiskFull or BoxFault, or leaves it to the front to answer with them.
    """
    awaited: list[Future[Any]] | None = request.environ.get(AWAITED)
    if awaited is None:
        future = database.post(work)
        future.result()
    else:
        future = database.submit(work)
        awaited.append(future)
    return future
