"""Batches: events on their way, small and provable.

* A batch is a version byte and one zstd frame; events travel as columns, with every repeated text once.
* It is self-contained: with the hash before its first event it proves itself. Only the chain's two ends travel, and
  a hash for each blanked payload; the key of each learner whose payloads are inside is inside too.
* `decode` is the one door for what comes from outside. It refuses by name, before it has spent much memory.
* `blanked` takes out what an erased learner left, keys and all; what remains verifies as before.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count as count_from
from itertools import repeat
from typing import Self

import zstandard

from catalog.fault import LinkFault
from sync.columns import (
    RAW_BYTES_MAX,
    TEXTS_MAX,
    Reader,
    Texts,
    Unreadable,
    Writer,
    demand,
    read_payloads,
    write_payloads,
)
from sync.events import (
    CHAIN_START,
    HASH_BYTES,
    KEY_BYTES,
    PUBLIC_SALT_KEY,
    Event,
    chained,
    is_epoch,
    is_kind,
    is_learner,
    payload_hash,
)
from sync.fields import WHOLE_MAX, is_name
from sync.wire import BATCH_BYTES_MAX

VERSION = 1
EVENTS_MAX = 16_384
COMPRESSION_LEVEL = 16
"""Of a large night it makes 2 % less than level 19, of a small one 0.4 % more, and takes a third of the time."""


class BatchRefused(LinkFault):
    """A batch of events cannot be taken: damaged, forged, too large, or not the continuation of what is held."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive events of one epoch, the chain's hash before and after them, and the keys that salt the payloads."""

    box: str
    epoch: str
    previous_hash: bytes
    events: tuple[Event, ...]
    last_hash: bytes
    keys: Mapping[str, bytes] = field(default_factory=dict)
    """By learner: exactly those who have a payload inside."""
    extra: bytes = b""
    """What a newer version wrote behind the parts that we know, kept as it came."""

    @property
    def first_sequence(self) -> int:
        return self.events[0].sequence

    @property
    def last_sequence(self) -> int:
        return self.events[-1].sequence

    def hash_at(self, sequence: int) -> bytes:
        """The chain's hash after the event `sequence`; the one before the first event is `previous_hash`."""
        last, box = self.previous_hash, self.box
        for event in self.events[: sequence + 1 - self.first_sequence]:
            last = chained(last, box, event)
        return last

    def after(self, sequence: int) -> Self:
        """The part behind the event `sequence`, a batch in its own right: for who has the beginning already."""
        assert self.first_sequence - 1 <= sequence < self.last_sequence, "there is nothing behind it"
        events = self.events[sequence + 1 - self.first_sequence :]
        return replace(self, previous_hash=self.hash_at(sequence), events=events, keys=_needed(self.keys, events))


@dataclass(frozen=True, slots=True)
class Span:
    """Which events a batch holds, for who need not read them."""

    box: str
    epoch: str
    first_sequence: int
    last_sequence: int


def encode(batch: Batch) -> bytes:
    """The wire form: the same bytes every time. The caller sees to BATCH_BYTES_MAX."""
    raw = Writer()
    texts = Texts()
    columns = _columns(batch, texts)
    raw.text(batch.box)
    raw.text(batch.epoch)
    raw.count(batch.first_sequence)
    raw.data += batch.previous_hash + batch.last_hash
    raw.count(len(batch.events))
    raw.count(len(texts.places))
    for text in texts.places:
        raw.text(text)
    raw.data += columns + batch.extra
    return bytes([VERSION]) + zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(bytes(raw.data))


def decode(data: bytes) -> Batch:
    """Read a batch that came from outside. Payloads are hashed here; that the chain holds is proven by `verify`.

    Raises BatchRefused.
    """
    try:
        return _read(Reader(_unpacked(data)))
    except Unreadable as error:
        raise _refused(str(error)) from error


def span_of(data: bytes) -> Span:
    """Which events these bytes hold, by what stands before them: nothing of it is proven. Raises BatchRefused."""
    try:
        box, epoch, first, _, _, count = _read_head(Reader(_unpacked(data)))
    except Unreadable as error:
        raise _refused(str(error)) from error
    return Span(box, epoch, first, first + count - 1)


def verify(batch: Batch, previous_hash: bytes) -> None:
    """Prove that the batch continues the chain which stands at `previous_hash` (CHAIN_START: at its beginning).

    Raises BatchRefused where it does not follow, or where anything in it is not what the box once wrote.
    """
    is_beginning = batch.first_sequence == 0
    if batch.previous_hash != previous_hash or is_beginning != (previous_hash == CHAIN_START):
        raise _refused("it does not follow what is held of this epoch")
    if is_beginning != (batch.events[0].kind == "epoch"):
        raise _refused("its epoch does not begin by naming its parent")
    if batch.hash_at(batch.last_sequence) != batch.last_hash:
        raise _refused("its chain does not end where it says")


def blanked(batch: Batch, erased: Collection[str]) -> Batch:
    """The batch without what erased learners left: payloads blanked, hashes kept, keys gone. Verifies as before.

    Where something was taken out, so is what we cannot read (`extra`): it could hold the same.
    """
    learners = batch.keys.keys() & set(erased)
    if not learners:
        return batch
    events = tuple(replace(event, payload=None) if event.learner in learners else event for event in batch.events)
    keys = {learner: key for learner, key in batch.keys.items() if learner not in learners}
    return replace(batch, events=events, keys=keys, extra=b"")


def _needed(keys: Mapping[str, bytes], events: Sequence[Event]) -> dict[str, bytes]:
    learners = {event.learner for event in events if event.payload is not None}
    return {learner: key for learner, key in keys.items() if learner in learners}


def _read(raw: Reader) -> Batch:
    box, epoch, first, previous_hash, last_hash, count = _read_head(raw)
    texts = raw.texts(raw.count(TEXTS_MAX))
    kinds, learners = raw.texts_of(texts, count), raw.texts_of(texts, count)
    _demand_each(kinds, is_kind, "kind")
    _demand_each(learners, is_learner, "learner")
    walls, monotonics = raw.moments(count), raw.moments(count)
    trusts = [trust == 1 for trust in raw.counts(count, 1)]
    demand(min(monotonics) >= 0, "an event is from before its machine started")
    payloads = read_payloads(raw, texts, count)
    blank_hashes = iter([raw.take(HASH_BYTES) for payload in payloads if payload is None])
    keys = {_named(raw, texts): raw.take(KEY_BYTES) for _ in range(raw.count(count))}
    writers = {learner for learner, payload in zip(learners, payloads, strict=True) if learner and payload is not None}
    demand(keys.keys() == writers, "its keys are not those of the learners whose payloads it holds")
    salts = {"": PUBLIC_SALT_KEY, **keys}
    hashes = [
        next(blank_hashes) if payload is None else payload_hash(salts[learner], box, epoch, sequence, payload)
        for sequence, (learner, payload) in enumerate(zip(learners, payloads, strict=True), first)
    ]
    columns = (kinds, learners, payloads, hashes, walls, monotonics, trusts)
    events = tuple(map(Event, repeat(epoch), count_from(first), *columns))
    return Batch(box, epoch, previous_hash, events, last_hash, keys, raw.rest())


def _read_head(raw: Reader) -> tuple[str, str, int, bytes, bytes, int]:
    """Box, epoch, first sequence, the chain's two ends, number of events."""
    box, epoch, first = raw.text(), raw.text(), raw.count(WHOLE_MAX)
    previous_hash, last_hash = raw.take(HASH_BYTES), raw.take(HASH_BYTES)
    count = raw.count(EVENTS_MAX)
    demand(is_name(box) and is_epoch(epoch) and count > 0, "it does not say whose events it holds")
    demand(first + count <= WHOLE_MAX, "its sequences are too high")
    return box, epoch, first, previous_hash, last_hash, count


def _columns(batch: Batch, texts: Texts) -> bytes:
    """All that follows the table of texts; what it names is added to that table."""
    events = batch.events
    out = Writer()
    out.counts(texts.places_of(event.kind for event in events))
    out.counts(texts.places_of(event.learner for event in events))
    out.moments([event.wall_seconds for event in events])
    out.moments([event.monotonic_ms for event in events])
    out.counts([int(event.is_trusted) for event in events])
    write_payloads(out, texts, [event.payload for event in events])
    out.data += b"".join(event.payload_hash for event in events if event.payload is None)
    assert batch.keys.keys() == _needed(batch.keys, events).keys(), "a key whose payloads are gone must not travel"
    out.count(len(batch.keys))
    for learner, key in sorted(batch.keys.items()):
        out.count(texts.place(learner))
        out.data += key
    return bytes(out.data)


def _unpacked(data: bytes) -> bytes:
    demand(0 < len(data) <= BATCH_BYTES_MAX, f"it has {len(data)} bytes, of {BATCH_BYTES_MAX} at most")
    if data[0] != VERSION:
        raise BatchRefused(
            f"A batch of events has form {data[0]}; form {VERSION} is understood here.",
            "Update the software of the side that reads it; the box keeps its events until then.",
        )
    try:
        frame = zstandard.get_frame_parameters(data[1:])
        fits = frame.content_size <= RAW_BYTES_MAX and frame.window_size <= RAW_BYTES_MAX
        demand(fits and frame.dict_id == 0, f"it unfolds to more than {RAW_BYTES_MAX} bytes")
        return zstandard.ZstdDecompressor().decompress(data[1:], allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Unreadable("it is damaged") from error


def _named(raw: Reader, texts: Sequence[str]) -> str:
    learner = raw.text_of(texts)
    _demand_each([learner], is_learner, "learner")
    return learner


def _demand_each(texts: Iterable[str], is_one: Callable[[str], bool], what: str) -> None:
    for text in set(texts):
        demand(is_one(text), f"{text[:32]!r} is no {what}")


def _refused(what: str) -> BatchRefused:
    return BatchRefused(
        f"A batch of events cannot be taken: {what}.",
        "Let the box sync again; if it stays so, update both sides, then tell us.",
    )
