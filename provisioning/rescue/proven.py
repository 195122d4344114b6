"""What of a damaged journal can still be proven, and so be believed by the hub.

* An event is proven by the chain: from the hash before it, and its own. Where events are missing, the next one whose
  hash is still there is given up as the chain's new beginning, and what follows is proven from it.
* A payload that is not what its hash says, or whose learner's key is gone, is blanked: the chain holds without it.
* Nothing is invented: what cannot be proven is counted as lost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sync.events import CHAIN_START, PUBLIC_SALT_KEY, Event, chained, payload_hash

NONE = -1

KeyOf = Callable[[str], bytes | None]
"""A learner's key; None where it is gone."""


@dataclass(frozen=True, slots=True)
class Found:
    """An event as it was found, and the chain's hash after it as it was found."""

    event: Event
    hash: bytes


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events without a gap, proven from the chain's hash after the event `sequence`."""

    sequence: int
    hash: bytes
    events: tuple[Found, ...]
    keys: Mapping[str, bytes]
    """Of the learners whose payloads are in it."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What of one epoch goes to the hub."""

    stretches: tuple[Stretch, ...]
    lost: int
    """Events that are known to have been, and cannot be sent."""
    blanked: int
    """Events whose payload was lost; they are sent without it."""


def proven(box: str, taken: int, known: Mapping[int, bytes], found: Iterable[Found], key_of: KeyOf) -> Proven:
    """Prove what was found of an epoch behind the event `taken`, which the hub has; `known`: hashes by sequence."""
    stretches: list[Stretch] = []
    events: list[Found] = []
    blanked = 0
    sequence, last = taken, known.get(taken, CHAIN_START if taken == NONE else None)
    begin = (sequence, last)
    for one in found:
        event = one.event
        if event.sequence <= sequence:
            continue
        follows = last is not None and event.sequence == sequence + 1 and chained(last, box, event) == one.hash
        if follows:
            kept = _with_its_payload(box, event, key_of)
            blanked += kept.payload is None and event.payload is not None
            events.append(replace(one, event=kept))
        else:
            _close(stretches, begin, events, key_of)
            events, begin = [], (event.sequence, one.hash)
        sequence, last = event.sequence, one.hash
    _close(stretches, begin, events, key_of)
    sent = sum(len(stretch.events) for stretch in stretches)
    return Proven(tuple(stretches), sequence - taken - sent, blanked)


def _close(stretches: list[Stretch], begin: tuple[int, bytes | None], events: Sequence[Found], key_of: KeyOf) -> None:
    if events and begin[1] is not None:
        learners = {one.event.learner for one in events if one.event.learner and one.event.payload is not None}
        keys = {learner: key for learner in sorted(learners) if (key := key_of(learner)) is not None}
        stretches.append(Stretch(begin[0], begin[1], tuple(events), keys))


def _with_its_payload(box: str, event: Event, key_of: KeyOf) -> Event:
    if event.payload is None:
        return event
    key = key_of(event.learner) if event.learner else PUBLIC_SALT_KEY
    if key is not None and payload_hash(key, box, event.epoch, event.sequence, event.payload) == event.payload_hash:
        return event
    return replace(event, payload=None)
