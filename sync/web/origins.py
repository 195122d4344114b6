"""Origins of strangers' programs, where each is a port: who gets which.

* A port shows one owner's files at a time: what a program keeps in a browser, no other reads while both are shown.
"""

from collections.abc import Sequence


def choose_port(assigned: Sequence[tuple[int, str]], owner: str, pool: Sequence[int]) -> int:
    """Choose a port: the owner's own, else a free one, else that of who was given one longest ago.

    `assigned` has (port, owner), longest ago first.
    """
    held = {port: one for port, one in assigned if port in pool}
    own = [port for port, one in held.items() if one == owner]
    free = [port for port in pool if port not in held]
    return (own + free + list(held))[0]
