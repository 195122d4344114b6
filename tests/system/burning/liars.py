"""Cards that lie, as wrappers around a target that does not."""

import errno
from collections.abc import Callable
from threading import Event

from provisioning.burn.disks import Disk
from provisioning.burn.target import Device, Target


class Honest:
    """A card in a file, at which liars begin."""

    def __init__(self, inner: Target) -> None:
        self.inner = inner
        self.size_bytes = inner.size_bytes

    def write(self, start: int, data: bytes) -> None:
        self.inner.write(start, data)

    def read_into(self, start: int, room: memoryview) -> int:
        return self.inner.read_into(start, room)

    def next_data(self, start: int, end: int) -> int:
        return self.inner.next_data(start, end)

    def sync(self) -> None:
        self.inner.sync()

    def close(self) -> None:
        self.inner.close()


class Drops(Honest):
    """Says yes to writes between two bytes, from some size on, and keeps what was there."""

    def __init__(self, inner: Target, first: int, last: int, least_bytes: int = 0) -> None:
        super().__init__(inner)
        self.first, self.last, self.least_bytes = first, last, least_bytes

    def write(self, start: int, data: bytes) -> None:
        if not (self.first <= start < self.last and len(data) >= self.least_bytes):
            super().write(start, data)


class Wraps(Honest):
    """Claims more than it has: what is beyond its end goes to its beginning."""

    def __init__(self, inner: Target, claimed_bytes: int, real_bytes: int) -> None:
        super().__init__(inner)
        self.size_bytes = claimed_bytes
        self.real_bytes = real_bytes

    def write(self, start: int, data: bytes) -> None:
        start %= self.real_bytes
        fits = min(len(data), self.real_bytes - start)
        super().write(start, data[:fits])
        if fits < len(data):
            super().write(0, data[fits:])

    def read_into(self, start: int, room: memoryview) -> int:
        start %= self.real_bytes
        fits = min(len(room), self.real_bytes - start)
        super().read_into(start, room[:fits])
        super().read_into(0, room[fits:])
        return len(room)

    def next_data(self, start: int, end: int) -> int:
        return start


class Stale(Honest):
    """From a moment on reads are answered with what lay there before everything."""

    def __init__(self, inner: Target, after_writes: int) -> None:
        super().__init__(inner)
        self.left = after_writes

    def write(self, start: int, data: bytes) -> None:
        self.left -= 1
        if self.left > 0:
            super().write(start, data)


class Rots(Honest):
    """Has one weak bit."""

    def __init__(self, inner: Target, at: int) -> None:
        super().__init__(inner)
        self.at = at

    def read_into(self, start: int, room: memoryview) -> int:
        came = super().read_into(start, room)
        if start <= self.at < start + came and any(room):
            room[self.at - start] ^= 1
        return came


class Dies(Honest):
    """Is pulled out when so many bytes are written."""

    def __init__(self, inner: Target, after_bytes: int) -> None:
        super().__init__(inner)
        self.left = after_bytes

    def write(self, start: int, data: bytes) -> None:
        self.left -= len(data)
        if self.left < 0:
            raise OSError(errno.ENODEV, "No such device")
        super().write(start, data)


class Hangs(Honest):
    """Answers nothing any more from a byte on, until it is let go."""

    def __init__(self, inner: Target, at: int, let_go: Event) -> None:
        super().__init__(inner)
        self.at = at
        self.let_go = let_go

    def write(self, start: int, data: bytes) -> None:
        if start >= self.at and len(data) > 4096:
            self.let_go.wait()
        super().write(start, data)


def opened_with(liars: dict[str, Callable[[Target], Target]]) -> Callable[[Disk, int], Target]:
    """Open each file, those whose name is given as liars."""

    def opened(disk: Disk, size_bytes: int) -> Target:
        honest = Device(disk.path, size_bytes)
        return liars[disk.path.name](honest) if disk.path.name in liars else honest

    return opened
