"""Load on a server, from one process with one thread: askers that never tire, and readers that take their time.

Each mode prints one JSON line. A request still unanswered at the end counts with the age it has reached,
so that a server that starves somebody cannot look quick.
"""

import heapq
import json
import random
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

SEED = 7
READ_BYTES = 1 << 20
RANGE_BYTES = 64 << 20
"""Long enough that a response never fits into the kernel's socket buffers: it must be read to be sent."""
READER_TURN_SECONDS = 0.05


@dataclass
class Asker:
    """One client that asks for one address, waits for the answer, thinks, and asks again."""

    port: int
    request: bytes
    wire: socket.socket = field(init=False)
    begun_seconds: float = 0.0
    is_waiting: bool = False
    missing_bytes: int = 0
    head: bytes = b""

    def connect(self) -> None:
        self.wire = socket.create_connection(("127.0.0.1", self.port))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, now: float) -> None:
        self.begun_seconds, self.is_waiting, self.missing_bytes, self.head = now, True, -1, b""
        self.wire.sendall(self.request)

    def take(self) -> bool:
        """Take what came; True when the answer is whole. Raises ConnectionError where it is none."""
        data = self.wire.recv(READ_BYTES)
        if not data:
            raise ConnectionError("closed in the middle of an answer")
        if self.missing_bytes < 0:
            self.head += data
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not end:
                return False
            if head[9:12] != b"200":
                raise ConnectionError(head[:80])
            length = head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
            self.missing_bytes = int(length) - len(body)
        else:
            self.missing_bytes -= len(data)
        self.is_waiting = self.missing_bytes > 0
        return not self.is_waiting


def ask(
    port: int, path: str, clients: int, seconds: float, think_seconds: float, warm_seconds: float
) -> dict[str, float]:
    """Let `clients` ask for `path` for a while, after warming up."""
    draw = random.Random(SEED)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()
    selector, failures = selectors.EpollSelector(), 0
    wakes: list[tuple[float, int]] = []
    latencies: list[float] = []
    begun = time.perf_counter()
    askers = [Asker(port, request) for _ in range(clients)]
    for number, asker in enumerate(askers):
        asker.connect()
        selector.register(asker.wire, selectors.EVENT_READ, asker)
        heapq.heappush(wakes, (begun + draw.random() * think_seconds, number))
    end = begun + warm_seconds + seconds
    while (now := time.perf_counter()) < end:
        while wakes and wakes[0][0] <= now:
            askers[heapq.heappop(wakes)[1]].ask(now)
        for key, _ in selector.select(max(0.0, (wakes[0][0] if wakes else end) - now)):
            asker = key.data
            try:
                is_whole = asker.take()
            except OSError:
                failures += 1
                selector.unregister(asker.wire)
                asker.wire.close()
                asker.connect()
                selector.register(asker.wire, selectors.EVENT_READ, asker)
                asker.is_waiting, is_whole = False, True
            if is_whole:
                now = time.perf_counter()
                if asker.begun_seconds >= begun + warm_seconds:
                    latencies.append(now - asker.begun_seconds)
                if think_seconds:
                    heapq.heappush(wakes, (now + draw.expovariate(1 / think_seconds), askers.index(asker)))
                else:
                    asker.ask(now)
    unanswered = [now - asker.begun_seconds for asker in askers if asker.is_waiting]
    late = [age for age in unanswered if age > 1.0]
    ordered = sorted([*latencies, *late]) or [0.0]
    return {
        "answered": len(latencies),
        "unanswered": len(late),
        "failures": failures,
        "per_second": len(latencies) / seconds,
        "median_ms": 1000 * ordered[len(ordered) // 2],
        "p95_ms": 1000 * ordered[int(len(ordered) * 0.95)],
        "longest_ms": 1000 * ordered[-1],
    }


def read(
    port: int, path: str, clients: int, seconds: float, bytes_per_second: int, total_bytes: int
) -> dict[str, float]:
    """Let `clients` read ranges of a long file, each as fast as a video plays and no faster."""
    draw = random.Random(SEED)
    readers: list[socket.socket] = []
    for _ in range(clients):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        reader.connect(("127.0.0.1", port))
        first = draw.randrange(total_bytes - RANGE_BYTES)
        span = f"Range: bytes={first}-{first + RANGE_BYTES - 1}"
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{span}\r\n\r\n".encode())
        reader.setblocking(False)
        readers.append(reader)
    taken = [0] * clients
    begun = time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        due_bytes = int(passed * bytes_per_second)
        for number, reader in enumerate(readers):
            if due_bytes > taken[number]:
                try:
                    taken[number] += reader.recv_into(bytearray(due_bytes - taken[number]))
                except BlockingIOError:
                    continue
        time.sleep(READER_TURN_SECONDS)
    return {"started": sum(1 for count in taken if count > 4_096), "megabytes_per_second": sum(taken) / seconds / 1e6}


def main() -> None:
    mode, port, path, clients, seconds, *rest = sys.argv[1:]
    numbers = [float(text) for text in rest]
    if mode == "ask":
        print(json.dumps(ask(int(port), path, int(clients), float(seconds), numbers[0], numbers[1])))
    else:
        print(json.dumps(read(int(port), path, int(clients), float(seconds), int(numbers[0]), int(numbers[1]))))


if __name__ == "__main__":
    main()
