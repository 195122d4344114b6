"""The link is cut at two hundred places: none costs more than a MiB of wire, and no night fails for one."""

import random

import pytest

from tests.wire import SimulatedLink, noise

SEED = 20261124
CUTS = 200
BOOK_BYTES = 3 << 20


@pytest.mark.slow
def test_two_hundred_cuts_cost_no_byte_and_fail_no_night(box, campus):
    """A link that is cut goes on at the byte: what crosses is what the pack has."""
    release = campus.publishes("water", core={"index.html": b"<h1>Water</h1>" * 99, "book.bin": noise(BOOK_BYTES)})
    parcel = campus.parcel(release)
    chance = random.Random(SEED)
    cuts = [chance.randrange(1, 2 * parcel.size_bytes // CUTS) for _ in range(CUTS)]
    link = SimulatedLink(campus.files, cuts)

    outcome = box.receives([parcel], link)

    assert (("water",), ()) == (outcome.shelved, outcome.faults), f"seed {SEED}"
    assert parcel.size_bytes == outcome.traffic.bytes_down
    assert outcome.traffic.requests > CUTS / 2
    assert noise(BOOK_BYTES) == box.reads("water", "book.bin")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_link_that_drops_at_each_connection_still_brings_a_changed_course(box, campus, seed):
    one = campus.publishes("water", core={"a.txt": b"one\n" * 9_000, "book.bin": noise(100_000)})
    two = campus.publishes("water", 2, core={"a.txt": b"two\n" * 9_000, "book.bin": noise(400_000, 2)})
    box.receives([campus.parcel(one)], SimulatedLink(campus.files))
    patch = campus.parcel(two, one)
    chance = random.Random(f"{SEED} {seed}")

    outcome = box.receives([patch], SimulatedLink(campus.files, [chance.randrange(1, 90_000) for _ in range(40)]))

    assert (("water",), ()) == (outcome.shelved, outcome.faults), f"seed {SEED} {seed}"
    assert patch.size_bytes == outcome.traffic.bytes_down
