"""Signed batches: events of any writer, vouched for by the hub, that any carrier may bring.

* A signed batch is a batch's wire form and 64 bytes behind it: the hub's Ed25519 signature over the batch's head,
  which is its writer, its epoch, its last sequence and the chain's hash there.
* The chain's hash commits to every event before it. So the signature still holds when the beginning of a batch is left
  out, and when payloads are blanked: a box forgets a learner and can still prove what else the hub said.
* What is not signed by the pinned hub, or is not what its writer wrote, is refused before anything of it is used.
"""

from catalog.manifest import canonical
from sync.batch import Batch, BatchRefused, decode, encode
from sync.keys import KeyPair, PublicKey, base64url

SIGNATURE_BYTES = 64
_PURPOSE = b"qanat batch\n"
"""Says what the signature is for, so that it can stand under nothing else that the hub's key signs."""


def signed(batch: Batch, keys: KeyPair) -> bytes:
    """The batch in its wire form, and the hub's word that its writer wrote it."""
    return with_signature(batch, keys.sign(_head(batch)))


def with_signature(batch: Batch, signature: bytes) -> bytes:
    """A batch that ends where the one ended for which the hub gave this signature."""
    assert len(signature) == SIGNATURE_BYTES, "this is no signature"
    return encode(batch) + signature


def signature_of(data: bytes) -> bytes:
    """The signature of a signed batch that was opened before."""
    return data[-SIGNATURE_BYTES:]


def opened(data: bytes, hub: PublicKey) -> Batch:
    """The batch inside, once the hub's signature over its end and its own chain up to there hold.

    Raises BatchRefused.
    """
    batch = decode(data[:-SIGNATURE_BYTES])
    if batch.hash_at(batch.last_sequence) != batch.last_hash:
        raise _refused("its chain does not end where it says")
    if not hub.verify(signature_of(data), _head(batch)):
        raise _refused("the hub did not sign it")
    return batch


def is_signed(data: bytes, hub: PublicKey) -> bool:
    """Tell whether these bytes are a batch that the hub vouched for."""
    try:
        opened(data, hub)
    except BatchRefused:
        return False
    return True


def _head(batch: Batch) -> bytes:
    return _PURPOSE + canonical([batch.box, batch.epoch, batch.last_sequence, base64url(batch.last_hash)])


def _refused(what: str) -> BatchRefused:
    return BatchRefused(
        f"Events from the hub cannot be taken: {what}.",
        "Let the box sync again; if it stays so, tell the hub's staff: somebody may stand in between.",
    )
