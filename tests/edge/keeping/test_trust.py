"""How a box tells of the signed catalogue: one alarm, and a few words in its status."""

from catalog.trust import delta
from edge.config import Config
from edge.keeping import trust
from edge.keeping.wording import alarm_rows
from edge.works import status
from tests.catalog.trust.signers import LATER_SECONDS, Forge

GRACE_SECONDS = 180 * 86_400


def kinds(box):
    return [alarm.kind for alarm in box.alarms.standing()]


def hears(box, forge):
    metadata = delta.to_bytes([delta.part_of(forge.catalogue, forge.documents())])
    assert box.database.write(lambda connection: box.catalogues.take(connection, metadata)) is None
    trust.look(box)


def test_a_box_without_a_catalogue_says_nothing_of_it(box):
    assert [] == kinds(box)
    assert status(box)["catalogue"] is None


def test_a_catalogue_that_counts_is_no_alarm(box):
    hears(box, Forge())

    assert [] == kinds(box)
    assert "current" == status(box)["catalogue"]["state"]


def test_one_that_ran_out_is_an_alarm_until_a_newer_one_comes(box, clock):
    hears(box, Forge(until_seconds=LATER_SECONDS - 86_400))
    clock.correct(LATER_SECONDS - 1)
    trust.look(box)
    assert ["catalogue-expired"] == kinds(box)
    assert "expired" == status(box)["catalogue"]["state"]

    hears(box, Forge(version=2, until_seconds=LATER_SECONDS))

    assert [] == kinds(box)


def test_within_the_grace_the_box_says_until_when_it_takes_new_courses(box, clock):
    hears(box, Forge(until_seconds=LATER_SECONDS))
    clock.correct(LATER_SECONDS + 86_400)
    trust.look(box)
    (within,) = alarm_rows(box)

    clock.correct(LATER_SECONDS + GRACE_SECONDS + 1)
    trust.look(box)
    (after,) = alarm_rows(box)

    assert "New ones are still taken until" in within["sentence"]
    assert "too old to be trusted for new ones" in after["sentence"]
    assert LATER_SECONDS + GRACE_SECONDS == status(box)["catalogue"]["grace_ends_seconds"]


def test_the_grace_is_a_setting(boxes, clock):
    box = boxes("short", config=Config(catalogue_grace_days=1))
    hears(box, Forge())
    clock.correct(LATER_SECONDS + 2 * 86_400)

    assert "stale" == status(box)["catalogue"]["state"]
