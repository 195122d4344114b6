"""Ports of the loopback for whatever a test or a bench serves.

* Between looking and listening a port can be lost to somebody else. So each of a run's workers has a stretch of its
  own, and begins in it where another run is unlikely to be.
* They lie below those that the kernel gives to clients.
"""

import os
import socket

FIRST, LAST = 10_000, 32_000
WORKERS_MAX = 4
STRETCH = (LAST - FIRST) // WORKERS_MAX
HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Neighbouring ports that nobody holds."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS_MAX
    lowest = FIRST + worker * STRETCH
    highest = lowest + STRETCH - count
    begin = lowest + os.getpid() * 200 % (STRETCH - 2 * count)
    for start in [*range(begin, highest, count), *range(lowest, begin, count)]:
        if all(is_free(port) for port in range(start, start + count)):
            return list(range(start, start + count))
    raise RuntimeError("no free ports on the loopback")


def is_free(port: int) -> bool:
    """Tell whether somebody could listen on a port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
