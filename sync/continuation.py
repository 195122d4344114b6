"""Continuation: what of a batch is new to whoever has followed its epoch so far.

* What is here already is passed over, once it is proven to be the same; what is new is proven to go on from there.
* A batch that begins further on leaves a gap: nothing of it is taken, and the reader's mark says where to begin.
* Other events under numbers that are taken are a second writer's. That is said, and nothing of them is taken.
* Nothing is read or written here: the hub judges boxes' journals by it, a box the journals that it follows.
"""

from sync.batch import Batch, BatchRefused, verify
from sync.events import CHAIN_START

NONE_TAKEN = -1
"""The mark of an epoch of which nothing was taken; its chain then stands at CHAIN_START."""


class Forked(BatchRefused):
    """A batch holds other events under numbers that are taken: two machines write one epoch."""

    def __init__(self, epoch: str) -> None:
        super().__init__(
            "Other events are held already under the same numbers.",
            "Two boxes may run from one copied card: set one of them up anew.",
        )
        self.epoch = epoch


def continued(batch: Batch, taken: int = NONE_TAKEN, last_hash: bytes = CHAIN_START) -> Batch | None:
    """What of `batch` comes after the event `taken`, at which the chain stands at `last_hash`; proven to go on from it.

    None where nothing of it is new, and where it would leave a gap.
    Raises BatchRefused where it is not what its writer wrote; Forked where it contradicts what is held.
    """
    if batch.first_sequence > taken + 1:
        return None
    if batch.first_sequence == taken + 1:
        verify(batch, last_hash)
        return batch
    # The beginning is here already. It must be the same beginning, as far as both reach.
    verify(batch, batch.previous_hash)
    if batch.last_sequence < taken:
        return None
    if batch.hash_at(taken) != last_hash:
        raise Forked(batch.epoch)
    return batch.after(taken) if batch.last_sequence > taken else None
