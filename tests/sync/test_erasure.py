"""Erasure: a learner is forgotten, every chain still verifies, and what comes late is filtered for ever."""

import pytest

from catalog.fault import CallerFault
from catalog.manifest import canonical
from sync.batch import Batch, blanked, decode, encode, verify
from sync.events import CHAIN_START, PUBLIC_SALT_KEY, fields_of, payload_hash
from sync.wire import Mark

AMINA, BILAL = "aminaAAAAAAAAAAA", "bilalBBBBBBBBBBB"


class Shelfkeeper:
    """The least of a hub: keeps batches as they came, by epoch, and honours every erasure for ever."""

    def __init__(self) -> None:
        self.kept: dict[str, list[bytes]] = {}
        self.ends: dict[str, bytes] = {}
        self.erased: set[str] = set()

    def takes(self, wire: bytes) -> Mark:
        batch = decode(wire)
        verify(batch, self.ends.get(batch.epoch, CHAIN_START))
        self.erased |= {event.learner for event in batch.events if event.kind == "erased"}
        self.kept.setdefault(batch.epoch, []).append(encode(blanked(batch, self.erased)))
        self.ends[batch.epoch] = batch.last_hash
        for epoch, batches in self.kept.items():
            self.kept[epoch] = [encode(blanked(decode(one), self.erased)) for one in batches]
        return Mark(batch.epoch, batch.last_sequence, -1)

    def batches(self) -> list[Batch]:
        return [decode(one) for batches in self.kept.values() for one in batches]

    def verifies(self) -> None:
        for batches in self.kept.values():
            end = CHAIN_START
            for batch in map(decode, batches):
                verify(batch, end)
                end = batch.last_hash

    def knows_of(self, learner: str) -> bool:
        events = [event for batch in self.batches() for event in batch.events]
        has_payload = any(event.learner == learner and event.payload is not None for event in events)
        return has_payload or any(learner in batch.keys for batch in self.batches())


@pytest.fixture
def hub() -> Shelfkeeper:
    return Shelfkeeper()


@pytest.fixture
def school(writer):
    """Two learners who have done something."""
    for learner, name in ((AMINA, "Amina Diallo"), (BILAL, "Bilal Khan")):
        writer.says("learner", learner, name=name, **{"class": "7b"})
        writer.progresses(learner)
    return writer


def syncs(writer, hub):
    while (found := writer.journal.next_batch()) is not None:
        writer.hears(hub.takes(found[1]))


def test_an_erased_learner_leaves_hashes_and_no_words(school):
    before = [(row["hash"], row["payload_hash"]) for row in events(school)]

    school.erases(AMINA)

    after = events(school)
    assert before == [(row["hash"], row["payload_hash"]) for row in after][:-1]
    assert {None} == {row["payload"] for row in after if row["learner"] == AMINA}
    assert 6 == school.journal.verify()


def test_others_keep_what_they_did(school):
    school.erases(AMINA)

    (batch, _) = school.journal.next_batch()
    assert {BILAL} == batch.keys.keys()
    assert ["Bilal Khan"] == [
        (fields_of(event) or {}).get("name") for event in batch.events if event.kind == "learner" and event.payload
    ]


def test_no_word_of_an_erased_learner_stays_on_the_disk(school):
    school.database.write(lambda connection: connection.execute("pragma secure_delete = off"))  # as some SQLites start
    key = school.database.read().execute("select key from learner_key where learner = ?", [AMINA]).fetchone()["key"]

    school.erases(AMINA)
    school.database.close()

    left = b"".join(path.read_bytes() for path in school.path.parent.glob("box.db*"))
    school.restarts()
    assert b"Bilal Khan" in left
    assert b"Amina Diallo" not in left
    assert key not in left


def test_erasing_twice_is_erasing_once(school):
    assert school.erases(AMINA)
    assert not school.erases(AMINA)
    assert 6 == len(events(school))


def test_a_learner_never_seen_here_is_erased_for_when_they_come(writer):
    writer.erases(AMINA)

    assert writer.journal.has_erased(AMINA)
    with pytest.raises(CallerFault, match="erased"):
        writer.progresses(AMINA)


def test_nothing_more_is_written_of_an_erased_learner(school):
    school.erases(AMINA)

    with pytest.raises(CallerFault, match="erased"):
        school.says("learner", AMINA, name="Amina Diallo")
    assert 6 == school.journal.verify()


def test_the_hub_forgets_with_the_box_and_every_chain_verifies(school, hub):
    syncs(school, hub)
    assert hub.knows_of(AMINA)

    school.erases(AMINA)
    syncs(school, hub)

    assert not hub.knows_of(AMINA)
    assert hub.knows_of(BILAL)
    hub.verifies()
    school.journal.verify()


def test_a_learner_erased_before_the_first_sync_never_reaches_the_hub(school, hub):
    school.erases(AMINA)

    syncs(school, hub)

    assert not hub.knows_of(AMINA)
    hub.verifies()


def test_an_old_stick_that_still_holds_the_learner_is_filtered_for_ever(school, hub):
    """A batch was copied to a stick, the learner was erased at the hub, and a year later somebody finds the stick.

    The hub has destroyed the key; the batch brings its own, so the hub can hash what it blanks.
    """
    (_, stick) = school.journal.next_batch()
    hub.erased.add(AMINA)

    hub.takes(stick)

    assert not hub.knows_of(AMINA)
    assert hub.knows_of(BILAL)
    hub.verifies()


def test_the_middle_of_an_epoch_is_filtered_too_though_the_learner_document_came_long_before(school, hub):
    syncs(school, hub)
    school.progresses(AMINA, permille=900)
    hub.erased.add(AMINA)

    syncs(school, hub)

    assert not hub.knows_of(AMINA)
    hub.verifies()


def test_a_card_restored_from_before_the_erasure_brings_nothing_back(school, hub):
    syncs(school, hub)
    school.database.close()
    copy = school.path.read_bytes()
    school.restarts()
    school.erases(AMINA)
    syncs(school, hub)
    school.database.close()
    for beside in school.path.parent.glob("box.db*"):
        beside.unlink()
    school.path.write_bytes(copy)

    school.restarts()
    school.progresses(AMINA, permille=950)
    syncs(school, hub)

    assert not hub.knows_of(AMINA)
    hub.verifies()


def test_what_stays_cannot_be_guessed_without_the_key(school):
    """Whoever holds the hash and guesses the payload right still cannot tell: the salt went with the key."""
    guess = {"course": "water", "version": 1, "activity": "site", "permille": 500}
    school.erases(AMINA)

    event = next(row for row in events(school) if row["learner"] == AMINA and row["kind"] == "progressed")
    epoch = school.journal.heads()[0].epoch
    guessed = payload_hash(PUBLIC_SALT_KEY, school.box, epoch, event["sequence"], canonical(guess))
    assert event["payload_hash"] != guessed
    assert [] == [row["key"] for row in keys(school) if row["learner"] == AMINA]


def test_blanking_a_batch_without_the_learner_changes_nothing(school):
    (batch, _) = school.journal.next_batch()

    assert batch is blanked(batch, {"somebodyElse"})


def events(writer):
    return writer.database.read().execute("select * from event order by place, sequence").fetchall()


def keys(writer):
    return writer.database.read().execute("select * from learner_key").fetchall()
