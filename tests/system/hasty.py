"""`python -m tests.system.hasty box serve ...`: the real box with a mistake planted in it, which kills must find.

It tells learners that their answers are kept, and keeps them a moment later.
"""

import threading
from collections.abc import Callable
from typing import Any

from catalog.db import Connection, Database
from edge.learning import pages
from provisioning.cli import main

LATE_SECONDS = 0.3


def _answer_then_write(database: Database, work: Callable[[Connection], Any]) -> None:
    threading.Timer(LATE_SECONDS, database.write, [work]).start()


if __name__ == "__main__":
    pages.write_then_answer = _answer_then_write
    main()
