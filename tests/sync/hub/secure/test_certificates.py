"""From a box's request to its certificate: the hub's side, with a real authority where one is asked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from sync.certificates import ASKED, CERTIFICATE, chain_in, request_for, secure_name, zone_ruled
from sync.hub import schema
from sync.hub.campus.words import words_about
from sync.hub.cli import hub as hub_command
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.secure.authority import AuthorityRefused
from sync.hub.secure.certificates import Done
from sync.hub.secure.settings import Settings
from sync.wire import CAN_FOLLOW
from tests.authority import authority
from tests.sync.hub.conftest import CampusBox, HandClock

ZONE = "boxes.school.example"
DAY_SECONDS = 86_400
Key = ec.EllipticCurvePrivateKey


class Silent:
    """An authority that says no, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def certificate(self, request: bytes) -> str:
        self.asked.append(request)
        raise AuthorityRefused("It is closed today.", "Come again.")


@pytest.fixture
def key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def asking(box: CampusBox, key: Key) -> CampusBox:
    """A box whose request is at the hub."""
    box.writes(ASKED, request=request_for(secure_name(box.id, ZONE), key))
    box.sends()
    return box


@pytest.mark.system
def test_a_box_gets_a_certificate_from_a_real_authority_and_its_key_never_comes_here(
    tmp_path: Path, hub: Hub, asking: CampusBox, key: Key, random_bytes: Callable[[int], bytes]
) -> None:
    name = secure_name(asking.id, ZONE)
    with authority(tmp_path / "authority") as pebble:
        settings = Settings(ZONE, pebble.directory, str(pebble.hook()), "", str(pebble.ca_file))
        done = hub.certificates.renew(settings)
        again = hub.certificates.renew(settings)
        log = pebble.log.read_text().splitlines()

    assert [(asking.id, name, "")] == [(one.box, one.name, one.fault) for one in done]
    assert [] == again
    assert [f"add _acme-challenge.{name}", f"remove _acme-challenge.{name}"] == log
    (chain,) = _given(hub, asking)
    good = chain_in(chain, name, key.public_key())
    assert (name, done[0].ends_seconds) == (good.name, good.ends_seconds)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kept = [path.read_bytes() for path in (tmp_path / "hub").rglob("*") if path.is_file()]
    assert not [one for one in kept if secret in one or text[40:80] in one]
    assert 0o600 == (tmp_path / "hub/keys/acme.key").stat().st_mode & 0o777


@pytest.mark.system
def test_the_account_is_known_again_and_a_zone_that_is_locked_is_said(
    tmp_path: Path, hub: Hub, asking: CampusBox, clock: HandClock
) -> None:
    with authority(tmp_path / "authority") as pebble:
        usual = Settings(ZONE, pebble.directory, str(pebble.hook()), "staff@school.example", str(pebble.ca_file))
        hub.certificates.renew(usual)
        clock.passes(80 * DAY_SECONDS * 9)
        locked = hub.certificates.renew(usual.changed(dns_hook=str(pebble.hook(refuses=True))))

    assert ["the zone is locked"] == [one.fault.rpartition(": ")[2] for one in locked]
    alarms = hub.keeping.alarms.standing(clock.now().wall_seconds)[asking.id]
    assert "certificate-failed" in [one.kind.value for one in alarms]


@pytest.mark.system
def test_an_order_by_the_command(tmp_path: Path, hub: Hub, asking: CampusBox, database_url: str | None) -> None:
    where = ["--data", str(tmp_path / "hub"), *(["--database", database_url] if database_url else [])]
    with authority(tmp_path / "authority") as pebble:
        given = ["--zone", ZONE, "--acme", pebble.directory, "--dns-hook", str(pebble.hook()),
                 "--acme-ca", str(pebble.ca_file)]  # fmt: skip
        said = CliRunner().invoke(hub_command, ["certificates", *where, *given, "--once", "--json"])

    assert 0 == said.exit_code, said.output
    (one,) = json.loads(said.stdout)["boxes"]
    assert (secure_name(asking.id, ZONE), True, "") == (one["secure_name"], one["has_asked"], one["fault"])
    assert one["ends_seconds"] is not None


def test_the_zone_is_told_once_and_told_again_when_it_changes(hub: Hub, box: CampusBox) -> None:
    box.can = (CAN_FOLLOW,)
    before = box.sends()
    Settings(ZONE).write(hub.data)
    told = box.sends()
    Settings("").write(hub.data)
    box.sends()
    box.sends()

    assert (b"", True) == (before.batch, len(told.batch) > 0)
    said = [fields["value"] for fields in _said(hub, "policy")]
    assert [ZONE, ""] == said
    with reading(hub.engine) as connection:
        assert "" == zone_ruled(words_about(connection, _campus(hub), "policy"))


def test_who_asks_for_anothers_name_is_refused_before_any_authority_hears_of_it(
    hub: Hub, box: CampusBox, key: Key, clock: HandClock
) -> None:
    closed = Silent()
    box.writes(ASKED, request=request_for(secure_name("x" * 16, ZONE), key))
    box.sends()

    done = hub.certificates.renew(Settings(ZONE), closed)

    assert ([], []) == (done, closed.asked)
    assert ["certificate-refused"] == _alarms(hub, box, clock)


def test_one_box_cannot_ask_in_anothers_place(
    hub: Hub, asking: CampusBox, new_box: Callable[[], CampusBox], key: Key
) -> None:
    """The request is its writer's: what a second box writes changes nothing for the first."""
    rogue = new_box()
    rogue.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    stolen = ec.generate_private_key(ec.SECP256R1())
    rogue.writes(ASKED, request=request_for(secure_name(asking.id, ZONE), stolen), box=asking.id)
    rogue.sends()
    closed = Silent()

    done = hub.certificates.renew(Settings(ZONE), closed)

    assert [asking.id] == [one.box for one in done]
    assert 1 == len(closed.asked)


def test_a_box_out_of_service_gets_none(hub: Hub, asking: CampusBox) -> None:
    closed = Silent()
    hub.fleet.revoke(asking.id)

    assert ([], []) == (hub.certificates.renew(Settings(ZONE), closed), closed.asked)


def test_what_fails_is_an_alarm_waits_longer_each_time_and_is_asked_four_times_a_week(
    hub: Hub, asking: CampusBox, clock: HandClock
) -> None:
    closed = Silent()
    for _ in range(7 * 24):
        hub.certificates.renew(Settings(ZONE), closed)
        clock.passes(3600)

    assert 4 == len(closed.asked)
    assert ["certificate-failed"] == _alarms(hub, asking, clock)
    (standing,) = hub.certificates.standing()
    assert "It is closed today. Come again." == standing.fault


def test_a_certificate_for_another_key_is_not_taken(hub: Hub, asking: CampusBox, clock: HandClock) -> None:
    class Wrong:
        def certificate(self, request: bytes) -> str:
            return "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

    done = hub.certificates.renew(Settings(ZONE), Wrong())

    assert [Done(asking.id, secure_name(asking.id, ZONE), None, "A certificate cannot be read.")] == done
    assert ["certificate-failed"] == _alarms(hub, asking, clock)
    assert [] == _given(hub, asking)


def test_what_boxes_asked_is_read_out_again_from_their_journals(hub: Hub, asking: CampusBox) -> None:
    def asked() -> list[tuple[str, str]]:
        with reading(hub.engine) as connection:
            rows = connection.execute(select(schema.certificate_request))
            return [(row.box, row.request) for row in rows]

    before = asked()
    hub.intake.rebuild()

    assert before == asked() != []


def test_nothing_is_ordered_without_settings_and_settings_that_cannot_be_are_refused(
    tmp_path: Path, hub: Hub, asking: CampusBox
) -> None:
    where = ["certificates", "--data", str(tmp_path / "hub")]
    wrong = [["--zone", "Not A Zone"], ["--acme", "http://plain.example/dir"], ["--dns-hook", "/nowhere/at/all"]]

    assert [] == hub.certificates.renew()
    assert all(CliRunner().invoke(hub_command, [*where, *one]).exception is not None for one in wrong)
    assert not (tmp_path / "hub/keys/certificates.json").exists()


def _campus(hub: Hub) -> str:
    return hub.fleet.campuses()[0].id


def _said(hub: Hub, kind: str) -> list[dict[str, str]]:
    event = schema.campus_event.c
    with reading(hub.engine) as connection:
        rows = connection.execute(select(event.payload).where(event.kind == kind).order_by(event.sequence)).scalars()
        return [json.loads(one) for one in rows]


def _given(hub: Hub, box: CampusBox) -> list[str]:
    with reading(hub.engine) as connection:
        words = words_about(connection, _campus(hub), CERTIFICATE)
    return [word.says["chain"] for word in words if word.id == box.id]


def _alarms(hub: Hub, box: CampusBox, clock: HandClock) -> list[str]:
    found = hub.keeping.alarms.standing(clock.now().wall_seconds).get(box.id, [])
    return [one.kind.value for one in found if one.kind.value.startswith("certificate")]
