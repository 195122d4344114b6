"""Standing: what one side lacks of a journal, judged from its ends alone.

* A box names only the ends of what it has, and what it knows to be missing; all that those ends go on from, it has.
* A journal forks where its hub was put back from a backup and went on; it has two ends until an epoch names both.
* Values in, values out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sync.continuation import NONE_TAKEN


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch as the hub has it: its last sequence, which run wrote it, and where it left each of its parents."""

    name: str
    last: int
    start: str = ""
    parents: Mapping[str, int] = field(default_factory=dict)


def held_of(epochs: Sequence[Epoch], told: Mapping[str, int]) -> dict[str, int]:
    """How far whoever tells these ends has each epoch that this hub knows.

    What it tells counts; an epoch that it does not tell it has exactly as far as the furthest of those that go on
    from it.
    """
    by_name = {epoch.name: epoch for epoch in epochs}
    held = dict(told)
    waiting = [name for name, sequence in told.items() if sequence > NONE_TAKEN]
    while waiting:
        epoch = by_name.get(waiting.pop())
        for parent, sequence in (epoch.parents if epoch else {}).items():
            if parent in told:
                continue
            if parent not in held:
                waiting.append(parent)
            held[parent] = max(sequence, held.get(parent, NONE_TAKEN))
    return held


def held_by_writer(
    epochs: Sequence[Epoch], heads: Mapping[str, int], follows: Mapping[str, int]
) -> dict[str, int] | None:
    """How far a writer itself has each epoch of its journal: what its own ends go on from, and what it was given back.

    None where its ends do not tell: the hub lacks some of what they go on from, or that is in no copy any more.
    """
    last = {epoch.name: epoch.last for epoch in epochs}
    own = held_of(epochs, heads)
    if any(last.get(name, NONE_TAKEN - 1) < sequence for name, sequence in own.items()):
        return None
    given = held_of(epochs, follows)
    return {name: max(own.get(name, NONE_TAKEN), given.get(name, NONE_TAKEN)) for name in own | given}


def lacking(epochs: Sequence[Epoch], told: Mapping[str, int]) -> dict[str, int]:
    """What this hub lost and the teller has: each such epoch, and the last sequence that the hub still has of it."""
    last = {epoch.name: epoch.last for epoch in epochs}
    held = held_of(epochs, told)
    return {name: last.get(name, NONE_TAKEN) for name, number in held.items() if last.get(name, NONE_TAKEN) < number}


def tips(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The ends of a journal, in the order of the epochs: those from whose last event none goes on."""
    closed = {(parent, sequence) for epoch in epochs for parent, sequence in epoch.parents.items()}
    return [epoch for epoch in epochs if (epoch.name, epoch.last) not in closed]
