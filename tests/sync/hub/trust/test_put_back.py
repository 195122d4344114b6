"""Keys were replaced after the last backup, and then the hub was put back: its boxes go on, or somebody hears of it."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from catalog.trust.delta import BaseDiffers
from catalog.trust.roles import ROOT
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.hub.keeping.alarms import THE_HUB, Kind
from sync.hub.keeping.restore import Restored, restore
from sync.hub.trust import documents, keys
from sync.hub.trust.ceremony import Ceremonies, Sticks
from sync.hub.trust.documents import ROOTS_FORGOTTEN_MAX
from sync.hub.trust.keys import FOLDER, KeyMissing
from sync.hub.trust.told import REFUSED_TIMES_MAX
from tests.sync.hub.conftest import HandClock
from tests.sync.hub.courses import book, record
from tests.sync.hub.trust.conftest import PASSPHRASE, TrustingBox, opened_quickly, sealed_quickly

pytestmark = pytest.mark.parametrize("database_url", [None], ids=["sqlite"])

Staff = Callable[[Hub], Ceremonies]


@pytest.fixture(autouse=True)
def quick_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "encrypted", sealed_quickly)
    monkeypatch.setattr(keys, "decrypted", opened_quickly)


@pytest.fixture
def puts_back(hub: Hub, clock: HandClock, tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Puts the hub back from its one backup; what was there before is put aside, or lost."""
    made: list[Hub] = []

    def put_back(*, is_lost: bool = False) -> Hub:
        hub.close()
        clock.passes(3_600)
        if is_lost:
            shutil.rmtree(hub.data)
        put_back.done = restore(  # type: ignore[attr-defined]
            tmp_path / "backups", hub.data, clock, secrets.token_bytes, is_replacing=True
        )
        made.append(Hub.open(hub.data, clock, secrets.token_bytes))
        return made[-1]

    yield put_back
    for one in made:
        one.close()


@pytest.fixture
def begun(hub: Hub, trusting: TrustingBox, tmp_path: Path) -> TrustingBox:
    """A box that believes the catalogue of a hub that is backed up."""
    record(hub, "water", {"core": book(1)})
    hub.packing.build_missing()
    trusting.hears(hub)
    hub.keeping.backups.make(tmp_path / "backups")
    return trusting


def staff(hub: Hub) -> Ceremonies:
    return Ceremonies(hub.engine, hub.trust, hub.clock)


def takes_new_courses(hub: Hub, box: TrustingBox, edition: int = 9) -> bool:
    """A course comes out, and the box has one night."""
    release = record(hub, "water", {"core": book(edition)})
    hub.packing.build_missing()
    box.meets(hub)
    return box.judges(release) is None


def alarms(hub: Hub) -> set[tuple[str, Kind]]:
    with reading(hub.engine) as connection:
        rows = select(schema.alarm.c.box, schema.alarm.c.kind).where(schema.alarm.c.settled_seconds.is_(None))
        return {(row.box, Kind(row.kind)) for row in connection.execute(rows)} - {(THE_HUB, Kind.HUB_RESTORED)}


def roots(hub: Hub) -> int:
    table = schema.trust_document
    with reading(hub.engine) as connection:
        return connection.execute(select(func.max(table.c.version)).where(table.c.role == ROOT)).scalar_one()


def without_root_keys(hub: Hub) -> None:
    hub.trust.ring.drop_all(ROOT)


# ---- the folder that was put aside tells ----


@pytest.mark.parametrize("roles", [["timestamp"], ["targets", "snapshot", "timestamp"], ["root"]], ids=" ".join)
def test_keys_that_were_replaced_since_the_backup_stay_replaced(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub], roles: list[str]
) -> None:
    staff(hub).rotate(Sticks(), roles)
    begun.hears(hub)

    again = puts_back()

    assert 2 == roots(again)
    assert takes_new_courses(again, begun)
    assert set() == alarms(again)


def test_root_keys_that_went_to_sticks_since_the_backup_do_not_come_back(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub], sticks: Sticks
) -> None:
    staff(hub).take_offline(sticks)

    again = puts_back()

    done: Restored = puts_back.done  # type: ignore[attr-defined]
    assert done.is_rootless
    assert not list((again.data / FOLDER).glob("root-*"))
    assert 2 == staff(again).rotate(Sticks(sticks.folders[:2], PASSPHRASE))


def test_a_chain_that_does_not_go_on_from_the_backup_is_left(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub]
) -> None:
    staff(hub).rotate(Sticks())
    table = schema.trust_document
    with writing(hub.engine) as connection:
        connection.execute(table.update().where(table.c.role == ROOT, table.c.version == 2).values(body=b"{}"))

    assert 1 == roots(puts_back())


# ---- the folder is gone ----


def test_a_hub_that_forgot_its_last_keys_signs_above_what_boxes_show(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub], new_trusting: Callable[[], TrustingBox]
) -> None:
    for _ in range(3):
        staff(hub).rotate(Sticks())
    begun.hears(hub)
    again = puts_back(is_lost=True)
    other = new_trusting()
    other.hears(again)

    assert takes_new_courses(again, begun)
    assert takes_new_courses(again, other, 10)
    assert (5, set()) == (roots(again), alarms(again))


def test_a_box_with_another_root_of_the_same_number_is_met_above_it(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub]
) -> None:
    """Staff replaced the keys again, before the first box called: two roots have one number now."""
    staff(hub).rotate(Sticks())
    begun.hears(hub)
    again = puts_back(is_lost=True)
    staff(again).rotate(Sticks())

    nights = [takes_new_courses(again, begun, 10 + night) for night in range(REFUSED_TIMES_MAX + 1)]

    assert [False] * REFUSED_TIMES_MAX + [True] == nights
    begun.meets(again)
    assert set() == alarms(again)


def test_where_the_root_keys_are_elsewhere_staff_hear_of_it_and_one_rotation_is_enough(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub], sticks: Sticks, tmp_path: Path
) -> None:
    staff(hub).take_offline(sticks)
    shutil.rmtree(tmp_path / "backups")
    hub.keeping.backups.make(tmp_path / "backups")
    for _ in range(2):
        staff(hub).rotate(Sticks(sticks.folders[:2], PASSPHRASE))
    begun.hears(hub)
    again = puts_back(is_lost=True)

    assert not takes_new_courses(again, begun)
    assert {(THE_HUB, Kind.KEYS_FORGOTTEN)} == alarms(again)

    assert 4 == staff(again).rotate(Sticks(sticks.folders[:2], PASSPHRASE))
    assert takes_new_courses(again, begun, 10)
    assert set() == alarms(again)


def test_root_keys_that_went_to_new_sticks_are_heard_of_from_the_sticks(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub], sticks: Sticks, new_trusting: Callable[[], TrustingBox]
) -> None:
    """The backup has root keys that count no more, and the hub signs by them until somebody brings the sticks. Boxes
    that followed it meanwhile, and those that had the newer root, then go on alike."""
    staff(hub).rotate(Sticks(), [ROOT], sticks)
    begun.hears(hub)
    again = puts_back(is_lost=True)
    other = new_trusting()
    other.hears(again)
    nights = [takes_new_courses(again, begun, 10 + night) for night in range(REFUSED_TIMES_MAX + 2)]
    assert not any(nights)
    assert ("box-0", Kind.LIST_REFUSED) in alarms(again)
    assert takes_new_courses(again, other, 20)

    staff(again).rotate(Sticks(sticks.folders[:2], PASSPHRASE))

    assert takes_new_courses(again, begun, 21)
    assert isinstance(other.meets(again), BaseDiffers)  # and asks for the whole of it
    assert takes_new_courses(again, other, 22)
    begun.meets(again)
    assert set() == alarms(again)


def test_new_root_keys_of_a_hub_whose_backup_is_older_than_its_sticks_go_to_sticks_as_well(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub], sticks: Sticks
) -> None:
    """The backup still has root keys, and so the hub; those that count lie on sticks."""
    staff(hub).rotate(Sticks(), [ROOT], sticks)
    again = puts_back(is_lost=True)

    with pytest.raises(KeyMissing, match="would lie on it in clear"):
        staff(again).rotate(Sticks(sticks.folders[:2], PASSPHRASE), [ROOT])


def test_where_nobody_has_the_root_keys_any_more_a_box_that_is_enrolled_again_goes_on(
    hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub]
) -> None:
    staff(hub).rotate(Sticks(), [ROOT])
    begun.hears(hub)
    again = puts_back(is_lost=True)
    for night in range(REFUSED_TIMES_MAX + 2):
        takes_new_courses(again, begun, 10 + night)
    assert ("box-0", Kind.LIST_REFUSED) in alarms(again)

    begun.database.write(begun.catalogues.forget)

    assert takes_new_courses(again, begun, 30)
    begun.meets(again)
    assert set() == alarms(again)


# ---- what a box may not do ----


def test_a_box_that_claims_a_root_of_nowhere_moves_no_hub_that_was_never_put_back(hub: Hub, begun: TrustingBox) -> None:
    claims(hub, begun, 5)

    begun.meets(hub)

    assert 1 == roots(hub)
    assert {(THE_HUB, Kind.KEYS_FORGOTTEN)} == alarms(hub)
    assert 6 == staff(hub).rotate(Sticks())


def test_nor_does_it_lead_a_hub_that_was_on_and_on(hub: Hub, begun: TrustingBox, puts_back: Callable[..., Hub]) -> None:
    again = puts_back()

    for version in (3, 30, 1 << 40, 1 << 50):
        claims(again, begun, version)
        begun.meets(again)

    assert roots(again) <= 1 + ROOTS_FORGOTTEN_MAX
    assert takes_new_courses(again, begun)


def claims(hub: Hub, box: TrustingBox, version: int) -> None:
    (held,) = box.catalogues.held()
    with writing(hub.engine) as connection:
        documents.note_seen(connection, [type(held)(held.catalogue, version, held.timestamp_version)])
