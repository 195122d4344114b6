"""A wire between a box and a hub in one process: no socket, every request noted, and any of them may meet misfortune.

* What answers is the hub's real app; the front's part (files by X-Sendfile, ranges) is done here in a few lines.
* Misfortunes are functions of the request and of what the hub answers to it; they stand in line, one for each request.
* `delivered` counts what reached the box of each pack, to the byte.
"""

import random
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from catalog.fault import LinkFault
from catalog.manifest import Entry, Layer, LayerName, Release
from sync.link import LinkBroken, PackMissing, Reply, Traffic
from sync.signing import sign_answer
from sync.wire import PACK_PATH, SESSION_PATH, Report

ADDRESS = "http://hub.example.org"
PIECE_BYTES = 50_000


class Crash(BaseException):
    """Power goes: nothing in the box may catch this."""


@dataclass
class Body(httpx.SyncByteStream):
    """What comes down the wire, until it is cut."""

    data: bytes
    cut_at: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        whole = self.data if self.cut_at is None else self.data[: self.cut_at]
        for start in range(0, len(whole), PIECE_BYTES):
            yield whole[start : start + PIECE_BYTES]
        if self.cut_at is not None:
            raise httpx.ReadError("cut")


@dataclass
class Counted(httpx.SyncByteStream):
    """A pack's body, each piece counted as it is handed over."""

    body: Any
    pack: str
    delivered: Counter[str]

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.body:
            self.delivered[self.pack] += len(piece)
            yield piece


Ask = Callable[[httpx.Request], httpx.Response]
Misfortune = Callable[[httpx.Request, Ask], httpx.Response]


@dataclass
class Wire(httpx.BaseTransport):
    """The hub's app behind its front, in this process."""

    app: Any
    asked: list[httpx.Request] = field(default_factory=list)
    misfortunes: list[Misfortune | None] = field(default_factory=list)
    """One for each request to come: None where all goes well."""
    when_packs_are_asked: list[Misfortune | None] = field(default_factory=list)
    delivered: Counter[str] = field(default_factory=Counter)
    """Bytes of each pack that reached the box."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        is_pack = request.method == "GET"
        waiting = self.when_packs_are_asked if is_pack and self.when_packs_are_asked else self.misfortunes
        misfortune = waiting.pop(0) if waiting else None
        reply = misfortune(request, self.answer) if misfortune else self.answer(request)
        if is_pack and reply.status_code in (200, 206):
            stream = Counted(reply.stream, _pack(request), self.delivered)
            return httpx.Response(reply.status_code, headers=reply.headers, stream=stream)
        return reply

    def answer(self, request: httpx.Request) -> httpx.Response:
        reply = httpx.WSGITransport(self.app, raise_app_exceptions=True).handle_request(request)
        headers = dict(reply.headers)
        assert isinstance(reply.stream, httpx.SyncByteStream)
        if "x-sendfile" not in headers:
            return httpx.Response(reply.status_code, headers=headers, stream=Body(b"".join(reply.stream)))
        data = Path(unquote(headers.pop("x-sendfile"))).read_bytes()
        headers.pop("content-length", None)
        if "range" not in request.headers:
            return httpx.Response(200, headers=headers, stream=Body(data))
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return httpx.Response(206, headers=headers, stream=Body(data[start:]))

    def reports(self) -> list[bytes]:
        return [request.content for request in self.asked if request.url.path == SESSION_PATH]

    def packs(self) -> list[str]:
        return [_pack(request) for request in self.asked if request.method == "GET"]

    def counted(self, kind: str = "") -> int:
        """Bytes that reached the box of files whose names begin so."""
        return sum(count for name, count in self.delivered.items() if name.startswith(kind))

    def ranges(self) -> list[str]:
        return [request.headers["range"] for request in self.asked if "range" in request.headers]


def _pack(request: httpx.Request) -> str:
    return request.url.path.removeprefix(PACK_PATH)


class SimulatedLink:
    """A link to files in memory, whose connection may be cut: each fetch breaks off at the next of `cuts` bytes."""

    def __init__(self, files: Mapping[str, bytes], cuts: Iterable[int] = ()) -> None:
        self.files = files
        self.asked: list[str] = []
        self.traffic = Traffic()
        self._cuts = iter(cuts)

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        raise LinkFault("Files in memory answer nobody.", "Ask a hub.")

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        self.asked.append(name)
        self.traffic += Traffic(requests=1)
        if name not in self.files:
            raise PackMissing(f"There is no {name}.")
        data = self.files[name][offset:]
        wanted = data if size_bytes is None else data[: size_bytes - offset]
        end = next(self._cuts, len(wanted))
        for start in range(0, min(end, len(wanted)), PIECE_BYTES):
            piece = wanted[start : min(start + PIECE_BYTES, end)]
            self.traffic += Traffic(bytes_down=len(piece))
            yield piece
        if end < len(wanted):
            raise LinkBroken("Cut.")
        if size_bytes is not None and offset + len(data) != size_bytes:
            raise LinkBroken(f"{offset + len(data)} of {size_bytes} bytes.")


# ---- misfortunes -------------------------------------------------------------------------------------------------


def loses_the_reply(request: httpx.Request, answer: Ask) -> httpx.Response:
    answer(request)
    raise httpx.ReadError("reset")


def arrives_twice(request: httpx.Request, answer: Ask) -> httpx.Response:
    answer(request)
    return answer(request)


def never_gets_there(request: httpx.Request, answer: Ask) -> httpx.Response:
    raise httpx.ConnectError("refused")


def power_cut(request: httpx.Request, answer: Ask) -> httpx.Response:
    raise Crash


def power_cut_after(request: httpx.Request, answer: Ask) -> httpx.Response:
    answer(request)
    raise Crash


def cut_at(place: int) -> Misfortune:
    def cut(request: httpx.Request, answer: Ask) -> httpx.Response:
        reply = answer(request)
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Body(_data(reply), place))

    return cut


def flips_a_byte_at(place: int) -> Misfortune:
    def flip(request: httpx.Request, answer: Ask) -> httpx.Response:
        reply = answer(request)
        data = bytearray(_data(reply))
        data[place] ^= 1
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Body(bytes(data)))

    return flip


def says(status: int, body: bytes, **headers: str) -> Misfortune:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, answer: httpx.Response(status, headers=named, stream=Body(body))


def signed_by(keys: Any, status: int, make: Callable[[Report], Any]) -> Misfortune:
    """An answer made of the report it answers, signed with these keys."""

    def forge(request: httpx.Request, answer: Ask) -> httpx.Response:
        report = Report.from_bytes(request.content)
        body = make(report).to_bytes()
        return httpx.Response(status, headers=sign_answer(status, body, keys, report.nonce), stream=Body(body))

    return forge


def _data(reply: httpx.Response) -> bytes:
    assert isinstance(reply.stream, Body)
    return reply.stream.data


# ---- what travels ------------------------------------------------------------------------------------------------


def noise(length: int, seed: int = 1) -> bytes:
    """Bytes that nothing makes smaller."""
    return random.Random(seed).randbytes(length)


def release_of(course: str, version: int, layers: list[Layer]) -> Release:
    names = {layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in layers}
    return Release(course, version, {"en": course}, {}, ("en",), "", {}, (), names)


def release_at(hub: Any, course: str, version: int, layers: Mapping[str, Mapping[str, bytes]]) -> Release:
    """Record a release of these layers (name -> path -> bytes) at the hub, and build its packs."""
    catalog = hub.catalog
    with catalog.store.batch() as batch:
        made = [
            Layer.of(
                name.replace("_", "-"),
                [Entry(path, *reversed(batch.add_bytes(data)), "text/html") for path, data in files.items()],
            )
            for name, files in layers.items()
        ]
    release = release_of(course, version, made)
    catalog.database.write(lambda connection: catalog.releases.record(connection, release, made))
    hub.packing.build_missing()
    return release
