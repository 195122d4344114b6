"""What people do with the keys: on sticks, replaced, delegated, revoked."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog.fault import CallerFault
from catalog.manifest import Release
from catalog.trust.roles import ROOT, NotListed, key_id
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.hub.trust import keys
from sync.hub.trust.ceremony import Ceremonies, Sticks
from sync.hub.trust.keys import FOLDER, KeyMissing
from sync.hub.trust.signing import ONLINE_ROLES
from sync.hub.trust.state import TrustState, state_of
from sync.keys import KeyPair
from tests.sync.hub.conftest import HandClock
from tests.sync.hub.courses import book
from tests.sync.hub.trust.conftest import PASSPHRASE, TrustingBox, new_sticks, opened_quickly, sealed_quickly

Publishes = Callable[..., Release]


@pytest.fixture(autouse=True)
def quick_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "encrypted", sealed_quickly)
    monkeypatch.setattr(keys, "decrypted", opened_quickly)


def _state(hub: Hub) -> TrustState:
    with writing(hub.engine) as connection:
        return state_of(connection, hub.trust)


def _loses(hub: Hub, role: str) -> None:
    (file,) = (hub.data / FOLDER).glob(f"{role}-*.key")
    file.unlink()


def _root_version(box: TrustingBox) -> int:
    (held,) = box.catalogues.held()
    return held.root_version


def test_a_new_hub_says_that_its_root_keys_lie_on_it(hub: Hub) -> None:
    state = _state(hub)

    assert state.are_root_keys_here
    assert 3 == sum(one.role == ROOT for one in state.keys)


def test_root_keys_go_to_three_sticks_and_are_gone_from_the_hub(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks
) -> None:
    ceremonies.take_offline(sticks)

    assert not _state(hub).are_root_keys_here
    assert not list((hub.data / FOLDER).glob(f"{ROOT}-*"))
    assert [1, 1, 1] == [len(list(folder.glob("*.key.age"))) for folder in sticks.folders]


@pytest.mark.slow
def test_a_sealed_root_key_opens_with_its_passphrase_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    key = KeyPair.from_seed(bytes(32))

    place = keys.seal_root(key, tmp_path, PASSPHRASE)

    assert place.read_bytes().startswith(b"age-encryption.org/v1")
    with pytest.raises(CallerFault, match="cannot be opened"):
        keys.unsealed(place, PASSPHRASE + "x")


def test_sticks_without_a_real_passphrase_are_refused(ceremonies: Ceremonies, sticks: Sticks) -> None:
    with pytest.raises(CallerFault, match="shorter than"):
        ceremonies.take_offline(Sticks(sticks.folders, "short"))


@pytest.mark.slow
def test_boxes_follow_new_keys(hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox) -> None:
    publishes(core=book(1))
    trusting.hears(hub)
    before = {one.key for one in _state(hub).keys if one.role in ONLINE_ROLES}

    ceremonies.rotate(Sticks())
    release = publishes(core=book(2))
    trusting.hears(hub)

    assert 2 == _root_version(trusting)
    assert not before & {one.key for one in _state(hub).keys}
    assert not [path for name in before for path in (hub.data / FOLDER).glob(f"*{name}*")]
    assert trusting.judges(release) is None


def test_two_of_three_sticks_name_new_keys_and_one_does_not(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks, trusting: TrustingBox
) -> None:
    trusting.hears(hub)
    ceremonies.take_offline(sticks)

    with pytest.raises(KeyMissing, match="2 must sign"):
        ceremonies.rotate(Sticks(sticks.folders[:1], PASSPHRASE))
    assert 2 == ceremonies.rotate(Sticks(sticks.folders[1:], PASSPHRASE))
    trusting.hears(hub)

    assert 2 == _root_version(trusting)


@pytest.mark.slow
def test_a_box_that_slept_a_year_follows_every_root(
    hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox, clock: HandClock
) -> None:
    publishes(core=book(1))
    trusting.hears(hub)
    for _ in range(4):
        clock.passes(90 * 86_400)
        ceremonies.rotate(Sticks(), [ROOT])
    release = publishes(core=book(2))

    trusting.hears(hub)

    assert 5 == _root_version(trusting)
    assert trusting.judges(release) is None


def test_new_root_keys_go_to_new_sticks(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks, tmp_path: Path, trusting: TrustingBox
) -> None:
    trusting.hears(hub)
    ceremonies.take_offline(sticks)
    fresh = new_sticks(tmp_path, "fresh")

    ceremonies.rotate(Sticks(sticks.folders[:2], PASSPHRASE), [ROOT], fresh)

    with pytest.raises(KeyMissing):
        ceremonies.rotate(sticks)
    ceremonies.rotate(fresh)
    trusting.hears(hub)
    assert 3 == _root_version(trusting)


def test_a_restored_hub_learns_later_roots_from_the_sticks(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks, tmp_path: Path, trusting: TrustingBox
) -> None:
    trusting.hears(hub)
    ceremonies.take_offline(sticks)
    fresh = new_sticks(tmp_path, "fresh")
    ceremonies.rotate(Sticks(sticks.folders[:2], PASSPHRASE), [ROOT], fresh)
    trusting.hears(hub)
    document = schema.trust_document
    with writing(hub.engine) as connection:
        connection.execute(document.delete().where(document.c.role == ROOT, document.c.version == 2))
        connection.execute(schema.trust_catalogue.update().values(root_version=1))

    ceremonies.rotate(fresh)
    trusting.hears(hub)

    assert 3 == _root_version(trusting)


def test_a_publisher_signs_its_own_courses_and_no_others(
    hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox
) -> None:
    cells, atoms = publishes("biology-cells", core=book(1)), publishes("atoms", core=book(1, "atoms"))

    ceremonies.delegate("biology")
    trusting.hears(hub)

    assert [None, None] == [trusting.judges(cells), trusting.judges(atoms)]
    paths = trusting.database.read().execute("select path from catalogue_target order by path").fetchall()
    assert ["courses/biology/biology-cells/1", "courses/own/atoms/1"] == [row["path"] for row in paths]


def test_a_publisher_that_is_revoked_brings_nothing_new(
    hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox
) -> None:
    ceremonies.delegate("biology")
    cells = publishes("biology-cells", core=book(1))
    trusting.hears(hub)

    assert "biology" == ceremonies.revoke("biology", Sticks())
    trusting.hears(hub)

    assert isinstance(trusting.judges(cells), NotListed)


@pytest.mark.slow
def test_a_publisher_whose_key_is_elsewhere_signs_when_it_comes(
    hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox, tmp_path: Path
) -> None:
    ceremonies.delegate("biology", to=tmp_path)
    cells = publishes("biology-cells", core=book(1))
    atoms = publishes("atoms", core=book(1, "atoms"))
    trusting.hears(hub)
    assert trusting.judges(atoms) is None
    assert isinstance(trusting.judges(cells), NotListed)
    assert [True] == [one.is_waiting for one in _state(hub).publishers if one.role == "biology"]

    ceremonies.sign_for("biology", tmp_path)
    trusting.hears(hub)

    assert trusting.judges(cells) is None
    assert 0 == trusting.hears(hub)


def test_a_key_is_revoked_by_its_fingerprint(hub: Hub, ceremonies: Ceremonies, trusting: TrustingBox) -> None:
    trusting.hears(hub)
    stolen = {one.role: one.key for one in _state(hub).keys}

    whose = [ceremonies.revoke(stolen[role], Sticks()) for role in ("timestamp", "own")]
    trusting.hears(hub)

    assert ["timestamp", "own"] == whose
    assert not set(stolen.values()) & {one.key for one in _state(hub).keys if one.role in ("timestamp", "own")}


@pytest.mark.parametrize("name", ["root", "Über", "", "a/b"])
def test_a_publisher_needs_a_plain_name(ceremonies: Ceremonies, name: str) -> None:
    with pytest.raises(CallerFault):
        ceremonies.delegate(name)


def test_a_stick_that_is_not_put_in_is_no_place_for_a_key(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks, tmp_path: Path
) -> None:
    """The folder of a stick that is not mounted would be made on the hub's own disk, and the key left there."""
    folders = [*sticks.folders[:2], tmp_path / "media" / "nostick"]

    with pytest.raises(CallerFault, match="nostick is not there"):
        ceremonies.take_offline(Sticks(folders, PASSPHRASE))
    with pytest.raises(CallerFault, match="nostick is not there"):
        ceremonies.rotate(Sticks(), [ROOT], Sticks(folders, PASSPHRASE))
    with pytest.raises(CallerFault, match="nostick is not there"):
        ceremonies.delegate("biology", to=folders[2])

    assert _state(hub).are_root_keys_here
    assert not folders[2].exists()
    assert not list(sticks.folders[0].iterdir())


def test_the_hubs_own_folder_is_no_stick(hub: Hub, ceremonies: Ceremonies, sticks: Sticks) -> None:
    (hub.data / "stick").mkdir()

    with pytest.raises(CallerFault, match="lies in the hub's own data folder"):
        ceremonies.take_offline(Sticks([*sticks.folders[:2], hub.data / "stick"], PASSPHRASE))


def test_new_root_keys_do_not_come_to_a_hub_that_keeps_them_on_sticks(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks
) -> None:
    ceremonies.take_offline(sticks)
    (name, *_) = (one.key for one in _state(hub).keys if one.role == ROOT)
    two = Sticks(sticks.folders[:2], PASSPHRASE)

    with pytest.raises(KeyMissing, match="would lie on it in clear"):
        ceremonies.rotate(two, [ROOT])
    with pytest.raises(KeyMissing, match="would lie on it in clear"):
        ceremonies.revoke(name, two)

    assert 1 == _state(hub).root_version
    assert not list((hub.data / FOLDER).glob(f"{ROOT}-*"))


@pytest.mark.parametrize("key", ["garbage", "a" * 43, "a" * 44, "Ü"])
def test_what_is_no_key_is_said_to_be_none(ceremonies: Ceremonies, key: str) -> None:
    with pytest.raises(CallerFault, match="is no public key"):
        ceremonies.delegate("physics", key=key)


def test_a_folder_without_the_publishers_key_is_said(ceremonies: Ceremonies, tmp_path: Path) -> None:
    ceremonies.delegate("biology")

    with pytest.raises(KeyMissing, match=r"biology\.key is not there"):
        ceremonies.sign_for("biology", tmp_path)


def test_nobody_can_be_revoked_that_is_not_there(ceremonies: Ceremonies) -> None:
    with pytest.raises(CallerFault, match="No publisher and no key"):
        ceremonies.revoke("chemistry", Sticks())


def test_software_is_listed_by_its_own_publisher(hub: Hub, ceremonies: Ceremonies, trusting: TrustingBox) -> None:
    with pytest.raises(CallerFault):
        ceremonies.list_software("qanat-2.tar", b"2")

    ceremonies.delegate("software")
    ceremonies.list_software("qanat-2.tar", b"2")
    trusting.hears(hub)

    assert trusting.catalogues.listed("software/qanat-2.tar") is not None


@pytest.mark.parametrize("role", ONLINE_ROLES)
def test_a_key_that_is_lost_is_replaced(
    hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox, role: str
) -> None:
    """Somebody tidied up in keys/catalogue; a course that came since cannot be signed until there is another key."""
    trusting.hears(hub)
    _loses(hub, role)
    release = publishes(core=book(1))
    assert isinstance(trusting.judges(release), NotListed)

    ceremonies.rotate(Sticks())
    trusting.hears(hub)

    assert trusting.judges(release) is None


def test_a_hub_that_lost_a_key_says_which_and_what_to_do(
    hub: Hub, ceremonies: Ceremonies, publishes: Publishes, trusting: TrustingBox
) -> None:
    trusting.hears(hub)
    _loses(hub, "timestamp")
    publishes(core=book(1))

    state = _state(hub)

    assert [("timestamp", False)] == [(one.role, one.is_here) for one in state.keys if not one.is_here]
    assert hub.trust.fault is not None
    assert "timestamp key is not at this hub" in hub.trust.fault.sentence
    assert "qanat hub keys rotate" in hub.trust.fault.hint


def test_who_is_named_or_revoked_while_a_key_is_lost_is_so_with_the_next_signature(
    hub: Hub, ceremonies: Ceremonies, sticks: Sticks, publishes: Publishes, trusting: TrustingBox
) -> None:
    ceremonies.delegate("biology")
    cells = publishes("biology-cells", core=book(1))
    trusting.hears(hub)
    _loses(hub, "snapshot")

    ceremonies.delegate("physics")
    ceremonies.revoke("biology", Sticks())
    ceremonies.take_offline(sticks)
    ceremonies.rotate(sticks)
    trusting.hears(hub)

    assert isinstance(trusting.judges(cells), NotListed)
    assert ["own", "physics"] == [one.role for one in _state(hub).publishers]


def test_a_lost_key_is_revoked_by_its_fingerprint(hub: Hub, ceremonies: Ceremonies, trusting: TrustingBox) -> None:
    trusting.hears(hub)
    (lost,) = (one.key for one in _state(hub).keys if one.role == "timestamp")
    _loses(hub, "timestamp")

    assert "timestamp" == ceremonies.revoke(lost, Sticks())
    assert 0 < trusting.hears(hub)


def test_what_was_done_with_keys_is_in_the_audit_log(hub: Hub, ceremonies: Ceremonies) -> None:
    ceremonies.delegate("biology")
    ceremonies.rotate(Sticks())

    with reading(hub.engine) as connection:
        acts = connection.execute(select(schema.audit.c.act).order_by(schema.audit.c.id)).scalars().all()
    assert ["publisher-named", "keys-rotated"] == acts


def test_a_public_key_from_elsewhere_is_named_as_it_is(hub: Hub, ceremonies: Ceremonies) -> None:
    public = KeyPair.from_seed(bytes(32)).public

    assert key_id(public) == ceremonies.delegate("physics", key=public)
