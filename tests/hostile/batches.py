"""Batches of events: as they travel, as their columns, and signed by the hub for a journal that is followed.

* A batch whose chain holds is the history that its writer wrote: with the honest chain's end it has the honest events.
* Whatever is read can be written and read again, and without an erased learner it still proves itself.
* Under the hub's signature there is nothing but what the hub signed, or less of it.
"""

from dataclasses import replace
from pathlib import Path
from random import Random

import zstandard

from catalog.manifest import canonical
from sync.batch import VERSION, Batch, blanked, decode, encode, span_of, verify
from sync.continuation import continued
from sync.events import CHAIN_START, NO_PAYLOAD_HASH, PUBLIC_SALT_KEY, Event, chained, payload_hash
from sync.following.signed import opened, signature_of, signed
from sync.keys import KeyPair, PublicKey
from tests.hostile.doors import Door, Room, Wrong, demand

BOX, EPOCH = "copdsqhgjnkjc4ra", "0123456789abcdef"
HUB = KeyPair.from_seed(b"h" * 32)
LEARNERS = ("", "aminaAAAAAAAAAAA", "bilalBBBBBBBBBBB", "chadiCCCCCCCCCCC")
LEVEL = 1


class Batches(Door):
    """Where batches come in at the hub, and the hub's own at a box."""

    name = "batches"
    kinds = ("wire", "columns", "columns", "signed", "signed-columns")
    memory_bytes_max = 192 << 20
    """Eight MiB of columns, as sixteen thousand events of many objects each."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._batches = [_batch(Random(seed), count) for seed, count in enumerate((1, 2, 12, 60))]
        self._hub = PublicKey(HUB.public)

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        batch = chance.choice(self._batches)
        if chance.random() < 0.2:
            batch = blanked(batch, set(LEARNERS[1:2]))
        if kind in ("wire", "columns") and len(batch.events) > 2 and chance.random() < 0.2:
            batch = batch.after(chance.randrange(len(batch.events) - 2))
        wire = encode(batch)
        words = f"{len(batch.events)} events"
        match kind:
            case "signed":
                return signed(batch, HUB), words
            case "signed-columns":
                return _columns(wire) + signature_of(signed(batch, HUB)), words
            case "columns":
                return _columns(wire), words
        return wire, words

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        match kind:
            case "wire":
                self._read(data)
            case "columns":
                self._read(_wire(data))
            case "signed":
                self._followed(data)
            case "signed-columns":
                self._followed(_wire(data[:-64]) + data[-64:])

    def _read(self, wire: bytes) -> None:
        batch = decode(wire)
        span = span_of(wire)
        spanned = (span.box, span.epoch, span.first_sequence, span.last_sequence)
        demand(spanned == (batch.box, batch.epoch, batch.first_sequence, batch.last_sequence), "its span is another's")
        demand(decode(encode(batch)) == batch, "it cannot be written again")
        verify(batch, batch.previous_hash)
        for honest in self._batches:
            if batch.last_hash == honest.last_hash:
                _demand_same(batch, honest)
        verify(blanked(batch, set(LEARNERS)), batch.previous_hash)
        taken = batch.first_sequence - 1
        demand(continued(batch, taken, batch.previous_hash) == batch, "it does not go on from where it begins")

    def _followed(self, data: bytes) -> None:
        batch = opened(data, self._hub)
        for honest in self._batches:
            if batch.last_hash == honest.last_hash:
                _demand_same(batch, honest)
                return
        raise Wrong("the hub never signed this")


def _demand_same(batch: Batch, honest: Batch) -> None:
    """A chain's end proves every event before it, but for what was blanked."""
    own = {event.sequence: event for event in honest.events}
    for event in batch.events:
        true = own.get(event.sequence)
        if true is None:
            raise Wrong(f"event {event.sequence} was never written")
        is_same = replace(event, payload=None) == replace(true, payload=None)
        demand(is_same and event.payload in (None, true.payload), f"event {event.sequence} is not as it was written")


def _columns(wire: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(wire[1:])


def _wire(columns: bytes) -> bytes:
    return bytes([VERSION]) + zstandard.ZstdCompressor(level=LEVEL).compress(columns)


def _batch(chance: Random, count: int) -> Batch:
    """An epoch's first events, of all shapes."""
    events, last = list[Event](), CHAIN_START
    keys: dict[str, bytes] = {}
    for sequence in range(count):
        learner = chance.choice(LEARNERS) if sequence else ""
        payload = _payload(chance) if sequence else b"{}"
        if learner and payload is not None:
            keys[learner] = Random(learner).randbytes(16)
        key = keys.get(learner, PUBLIC_SALT_KEY)
        hashed = NO_PAYLOAD_HASH if payload is None else payload_hash(key, BOX, EPOCH, sequence, payload)
        kind = chance.choice(("opened", "progressed", "of-tomorrow")) if sequence else "epoch"
        moment = (1_790_000_000 + chance.randrange(-100, 9_000), sequence * 1_000, chance.random() < 0.5)
        events.append(Event(EPOCH, sequence, kind, learner, payload, hashed, *moment))
        last = chained(last, BOX, events[-1])
    return Batch(BOX, EPOCH, CHAIN_START, tuple(events), last, keys)


def _payload(chance: Random) -> bytes | None:
    match chance.randrange(5):
        case 0:
            return None
        case 1:
            return canonical({"deep": [{"a": [1, None, True]}, "x" * 50]})
        case 2:
            return canonical({"text": 'été\n"%s" \U0001f30d', "percent%": "100%"})
    return canonical(
        {"course": "water", "version": 1, "activity": f"page-{chance.randrange(9)}", "permille": chance.randrange(1000)}
    )
