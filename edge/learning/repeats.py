"""Repeats: which requests of a learner were done before.

* The same key twice does its work once: the note of it is one transaction with the work.
* Old notes go by number, never by a clock.
"""

from catalog.db import Connection

KEYS_KEPT_MAX = 200_000
"""Idempotency keys kept: some weeks of a busy campus, while a phone repeats within minutes."""
KEYS_SWEPT_EACH = 1024
KEY_LETTERS_MAX = 64


def is_repeat(connection: Connection, learner: str, key: str) -> bool:
    """Tell whether this request was done before; if not, note that it is now. Without a key nothing is a repeat."""
    if not key:
        return False
    cursor = connection.execute("insert or ignore into request_done (learner, key) values (?, ?)", [learner, key])
    if cursor.rowcount == 0:
        return True
    number = cursor.lastrowid or 0
    if number % KEYS_SWEPT_EACH == 0:
        connection.execute("delete from request_done where number <= ?", [number - KEYS_KEPT_MAX])
    return False
