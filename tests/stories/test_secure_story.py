"""A box gets its secure address: through sessions, or by hand alone; and is silent about it whenever it is not good."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.secure.secure import KEY_FILE, OFFERED_SECONDS_MIN, SERVED_FILE, Secure
from sync.certificates import secure_name
from sync.hub.engine import writing
from sync.hub.secure.certificates import Done
from sync.hub.secure.settings import Settings
from tests.issued import issued
from tests.stories.box import CampusBox
from tests.stories.stick import CampusStick
from tests.stories.world import World

pytestmark = pytest.mark.slow

ZONE = "boxes.school.example"
DAY_SECONDS = 86_400


class Given:
    """An authority that gives what is asked for, for so many days."""

    def __init__(self, world: World, days: int = 90) -> None:
        self._world = world
        self._days = days

    def certificate(self, request: bytes) -> str:
        asked = x509.load_pem_x509_csr(request)
        public = asked.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        name = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value[0].value
        now_seconds = self._world.time.now().wall_seconds
        return issued(name, public, now_seconds - 3600, now_seconds + self._days * DAY_SECONDS).chain


def renews(world: World, days: int = 90) -> list[Done]:
    return world.hub.hub.certificates.renew(Settings(ZONE), Given(world, days))


def offered(box: CampusBox) -> str:
    offer = box.box.secure.offer(box.box.clock.now())
    return offer.address if offer else ""


def has_one(world: World, box: CampusBox, days: int = 90) -> None:
    """Two nights: in one it hears of the zone, in the next it asks; and what came, in the third."""
    Settings(ZONE).write(world.hub.data)
    world.quiet_nights(2)
    renews(world, days)
    world.quiet_nights(1)
    box.box.change_config({"secure_port": 443})


def test_a_box_hears_of_the_zone_asks_once_and_serves_what_came(world: World) -> None:
    box = world.box()
    has_one(world, box)
    world.quiet_nights(2)

    assert f"https://{secure_name(box.id, ZONE)}/" == offered(box)
    assert 1 == sum(event.kind == "certify" for event in box.events())
    served = (box.box.data / SERVED_FILE).read_bytes()
    key = serialization.load_pem_private_key(served, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == x509.load_pem_x509_certificates(served)[0].public_key()
    assert {0o600} == {(box.box.data / path).stat().st_mode & 0o777 for path in (KEY_FILE, SERVED_FILE)}
    status = box.box.secure.document(box.box.clock.now())
    assert status is not None
    assert (True, False) == (status["is_offered"], status["is_refused"])


def test_its_key_is_in_no_file_of_the_hub_and_in_nothing_that_travelled(world: World, tmp_path: Path) -> None:
    stick = CampusStick(tmp_path / "stick")
    box = world.box()
    has_one(world, box)
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)

    key = serialization.load_pem_private_key((box.box.data / KEY_FILE).read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    lines = (box.box.data / KEY_FILE).read_bytes().splitlines()[1:-1]
    places = [*world.hub.data.rglob("*"), *stick.disk.rglob("*")]
    files = {path: path.read_bytes() for path in places if path.is_file()}
    said = b"".join(event.payload or b"" for event in box.events())
    assert len(files) > 10
    assert not [path for path, data in files.items() if secret in data or any(line in data for line in lines)]
    assert not [line for line in lines if line in said]


def test_it_is_renewed_while_a_third_is_left_and_the_former_is_served_until_then(world: World) -> None:
    box = world.box()
    has_one(world, box)
    first = (box.box.data / SERVED_FILE).read_bytes()

    early = renews(world)
    world.time.wait(60 * DAY_SECONDS)
    before = offered(box)
    late = renews(world)
    world.quiet_nights(1)

    assert ([], [box.id]) == (early, [one.box for one in late])
    assert before == offered(box) != ""
    assert first != (box.box.data / SERVED_FILE).read_bytes()


def test_nothing_secure_is_offered_when_it_is_about_to_end_or_the_clock_is_not_to_be_trusted(world: World) -> None:
    box = world.box()
    has_one(world, box)
    secure = box.box.secure
    served, now = secure.served, box.box.clock.now()
    assert served is not None

    def at(seconds: int, *, is_trusted: bool = True) -> bool:
        moment = type(now)(seconds, now.monotonic_seconds, is_trusted)
        return secure.offer(moment) is not None

    last = served.ends_seconds - OFFERED_SECONDS_MIN
    assert [True, False, False] == [at(last - 1), at(last), at(served.ends_seconds + 1)]
    assert [False, True] == [at(served.begins_seconds - 1), at(served.begins_seconds)]
    assert not at(last - DAY_SECONDS, is_trusted=False)
    box.box.change_config({"secure_port": 0})
    assert not at(last - DAY_SECONDS)


def test_a_campus_without_a_link_gets_it_by_hand(world: World, tmp_path: Path) -> None:
    stick = CampusStick(tmp_path / "stick")
    box = world.box()
    box.box.change_config({"secure_port": 443})
    Settings(ZONE).write(world.hub.data)
    for _ in range(3):
        stick.goes_to_hub(world.hub, "Wadi")
        stick.goes_to(box)
        box.box.secure.look()
        stick.goes_to(box)
        stick.is_handed_in(world.hub)
        renews(world)

    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    box.box.secure.look()

    assert "" != offered(box)


def test_a_chain_for_another_key_changes_nothing_that_is_served(world: World) -> None:
    """A hub whose table was edited by hand, or a restored one, may send what does not fit."""
    box = world.box()
    has_one(world, box)
    first = (box.box.data / SERVED_FILE).read_bytes()
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = issued(secure_name(box.id, ZONE), public, 0, 2_000_000_000).chain
    hub = world.hub.hub
    with writing(hub.engine) as connection:
        campus = world.hub.state(box.id).campus.id
        hub.journals.append(connection, campus, "certified", {"box": box.id, "chain": other, "edit": 99})
    world.quiet_nights(1)

    assert first == (box.box.data / SERVED_FILE).read_bytes()
    assert "" != offered(box)
    status = box.box.secure.document(box.box.clock.now())
    assert status is not None
    assert status["is_refused"]


def test_a_lost_key_is_made_anew_and_asked_for_again(world: World) -> None:
    box = world.box()
    has_one(world, box)
    (box.box.data / KEY_FILE).unlink()
    world.quiet_nights(2)
    renewed = renews(world)
    world.quiet_nights(1)

    assert [box.id] == [one.box for one in renewed]
    served = (box.box.data / SERVED_FILE).read_bytes()
    key = serialization.load_pem_private_key((box.box.data / KEY_FILE).read_bytes(), password=None)
    assert x509.load_pem_x509_certificates(served)[0].public_key() == key.public_key()


def test_a_zone_that_ends_takes_the_address_away(world: World) -> None:
    box = world.box()
    has_one(world, box)
    Settings("").write(world.hub.data)
    world.quiet_nights(1)

    assert ("", False) == (offered(box), (box.box.data / SERVED_FILE).exists())
    assert not (box.box.data / KEY_FILE).exists()


@pytest.mark.parametrize("left", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", bytes(241)])
def test_a_key_that_the_card_did_not_keep_stops_nothing_and_is_made_anew(world: World, left: bytes) -> None:
    box = world.box()
    Settings(ZONE).write(world.hub.data)
    world.quiet_nights(2)
    (box.box.data / KEY_FILE).write_bytes(left)
    renews(world)
    world.quiet_nights(3)
    renewed = renews(world)
    world.quiet_nights(1)
    box.box.change_config({"secure_port": 443})

    assert [""] == [one.fault for one in renewed]
    assert "" != offered(box)


def test_a_copied_card_that_becomes_a_box_of_its_own_has_a_key_of_its_own(world: World) -> None:
    """What a clone does once it is noticed: it makes a new key, is another box, and asks again."""
    box = world.box()
    has_one(world, box)
    before = (box.box.data / KEY_FILE).read_bytes()
    twin = Secure(box.box.database, box.box.journal, box.box.data, "b" * 16, lambda: box.box.config)

    twin.look()

    assert before != (box.box.data / KEY_FILE).read_bytes()
    assert not (box.box.data / SERVED_FILE).exists()
    assert twin.offer(box.box.clock.now()) is None


def test_what_is_served_outlives_a_restart_and_a_cut_between_file_and_row(world: World) -> None:
    box = world.box()
    has_one(world, box)
    address, served = offered(box), (box.box.data / SERVED_FILE).read_bytes()
    box.box.database.write(lambda connection: connection.execute("delete from secure_served"))
    box.restarts()
    box.box.change_config({"secure_port": 443})
    before = offered(box)
    box.box.secure.look()

    assert "" == before
    assert (address, served) == (offered(box), (box.box.data / SERVED_FILE).read_bytes())
