"""Tokens that are made by the batch: they run out, the first key wins, and a second one is an alarm."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog.fault import CallerFault
from sync.enrolment import Token
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.keeping.alarms import DAY_SECONDS, Kind
from sync.token_batch import TokenBatch
from sync.wire import ENROL_PATH, Enrol, Refusal
from tests.sync.hub.test_commands import run
from tests.sync.hub.test_pages import Browser

Box = Any
NewBox = Callable[[], Any]


@pytest.fixture
def batch(hub: Hub) -> TokenBatch:
    return hub.fleet.make_batch(hub.fleet.campus_called("Wadi"), 3, 180, "https://hub.example")


def refusal(box: Box, token: Token) -> str:
    """How the hub refuses this box's first word."""
    reply = box.posts(ENROL_PATH, Enrol(token.secret, box.keys.public, "x", "nonce").to_bytes())
    assert 403 == reply.status_code
    return Refusal.from_bytes(reply.data).code


def alarms(hub: Hub, box: Box) -> list[Kind]:
    return [one.kind for one in hub.keeping.alarms.standing(hub.clock.now().wall_seconds).get(box.id, ())]


def test_each_token_of_a_batch_takes_one_box_in(batch: TokenBatch, new_box: NewBox) -> None:
    assert ["Wadi"] * 3 == [new_box().enrols(token).campus_name for token in batch.tokens]


def test_a_token_that_has_run_out_takes_nobody_in(hub: Hub, batch: TokenBatch, new_box: NewBox, clock: Any) -> None:
    clock.passes(180 * DAY_SECONDS)

    assert "token-expired" == refusal(new_box(), batch.tokens[0])
    assert [] == hub.fleet.open_tokens(batch.campus)


def test_a_box_that_came_in_time_gets_its_welcome_again_later(batch: TokenBatch, new_box: NewBox, clock: Any) -> None:
    box = new_box()
    first = box.enrols(batch.tokens[0])
    clock.passes(200 * DAY_SECONDS)

    assert first == box.enrols(batch.tokens[0])


def test_a_second_key_with_the_same_token_is_refused_and_the_hub_alarms(
    hub: Hub, batch: TokenBatch, new_box: NewBox
) -> None:
    first = new_box()
    first.enrols(batch.tokens[0])

    assert "token-used" == refusal(new_box(), batch.tokens[0])
    assert [Kind.TOKEN_REUSED] == alarms(hub, first)


def test_the_first_box_is_not_harmed_by_a_second_key(batch: TokenBatch, new_box: NewBox) -> None:
    first = new_box()
    first.enrols(batch.tokens[0])
    refusal(new_box(), batch.tokens[0])

    assert "Wadi" == first.enrols(batch.tokens[0]).campus_name


def test_the_first_box_that_asks_again_is_no_alarm(hub: Hub, batch: TokenBatch, new_box: NewBox) -> None:
    first = new_box()
    first.enrols(batch.tokens[0])
    first.enrols(batch.tokens[0])

    assert [] == alarms(hub, first)


def test_the_hub_keeps_no_token_in_clear(hub: Hub, batch: TokenBatch) -> None:
    with reading(hub.engine) as connection:
        rows = [str(row) for row in connection.execute(select(schema.enrolment_token))]

    assert [] == [one for one in batch.tokens if any(one.secret in row for row in rows)]


def test_as_many_as_nobody_needs_are_refused(hub: Hub) -> None:
    with pytest.raises(CallerFault, match="1 to 1000"):
        hub.fleet.make_batch(hub.fleet.campus_called("Wadi"), 1001, 180, "")


def test_the_command_writes_a_signed_file_for_its_owner_alone(tmp_path: Path) -> None:
    data, out = tmp_path / "hub", tmp_path / "wadi.qanat-batch"
    run("token", "--data", data, "--campus", "Wadi")

    said = run("batch", "--data", data, "--campus", "Wadi", "--count", "30", "--out", out).stdout

    batch = TokenBatch.from_bytes(out.read_bytes())
    assert (30, "Wadi", 0o600) == (len(batch.tokens), batch.campus_name, stat.S_IMODE(out.stat().st_mode))
    assert "It is secret" in said
    assert batch.hub_fingerprint in said


def test_the_command_writes_over_nothing(tmp_path: Path) -> None:
    data, out = tmp_path / "hub", tmp_path / "wadi.qanat-batch"
    run("token", "--data", data, "--campus", "Wadi")
    out.write_text("precious")

    with pytest.raises(CallerFault, match="there already"):
        run("batch", "--data", data, "--campus", "Wadi", "--count", "3", "--out", out)
    assert "precious" == out.read_text()


def test_the_page_of_a_campus_gives_a_batch_to_take_away(hub: Hub) -> None:
    hub.staff.add("Rana", "water finds its way")
    staff = Browser(create_app(hub))
    staff.proves("/sign-in", name="Rana", password="water finds its way")
    place = staff.sends("/campuses", page="/", name="Wadi").location

    answer = staff.sends(f"{place}/batches", page=place, count="٣٠")

    batch = TokenBatch.from_bytes(answer.data)
    assert (30, "Wadi") == (len(batch.tokens), batch.campus_name)
    assert "no-store" in answer.headers["Cache-Control"]
    assert f"{batch.id}.qanat-batch" in answer.headers["Content-Disposition"]
    assert "token-batch" == next(line.act for line in hub.keeping.audit.lines())


@pytest.mark.parametrize("count", ["", "0", "1001", "-3", "thirty", "9" * 5000])
def test_the_page_refuses_what_is_no_number_of_boxes(hub: Hub, count: str) -> None:
    hub.staff.add("Rana", "water finds its way")
    staff = Browser(create_app(hub))
    staff.proves("/sign-in", name="Rana", password="water finds its way")
    place = staff.sends("/campuses", page="/", name="Wadi").location

    answer = staff.sends(f"{place}/batches", page=place, count=count)

    assert (400, True) == (answer.status_code, "between 1 and" in answer.text)
    assert [] == hub.fleet.open_tokens(place.rpartition("/")[2])
