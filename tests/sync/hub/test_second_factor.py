"""The hub's second factor: a code counts once, in its own half minute; a sheet helps who lost the phone."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from pyotp import TOTP
from sqlalchemy import select

from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.cli import hub as command
from sync.hub.engine import writing
from sync.hub.hub import Hub
from sync.hub.second_factor import STEP_SECONDS
from sync.web import passwords
from tests.signing_in import talk

pytestmark = pytest.mark.slow

PASSWORD = "water finds its way"
ORIGIN = {"Origin": "http://localhost"}


class Desk:
    """A staff member's browser; it does what the scripts of the pages do."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.page = ""
        self.path = ""
        self.status = 0

    def opens(self, path: str) -> str:
        return self._show(self._client.get(path, follow_redirects=True))

    def sends(self, path: str, **fields: str) -> str:
        data = {"csrf": self._word(), **fields}
        return self._show(self._client.post(path, data=data, headers=ORIGIN, follow_redirects=True))

    def signs_in(self, name: str = "Rana") -> str:
        self.opens("/sign-in")
        prover = talk(self._post, "/sign-in/talk", name)
        return self.sends("/sign-in", name=name, **prover.says(PASSWORD))

    def sets_up(self, code: Callable[[str], str], **fields: str) -> dict[str, Any]:
        """Set a second factor up with what `code` makes of its secret; returns what was shown."""
        self.opens("/second-factor")
        prover = talk(self._post, "/second-factor/talk")
        seen = prover.says()
        secret = prover.shown["secret"].replace(" ", "")
        self.sends("/second-factor", shown=seen["talk"], seen=seen["sealed"], code=code(secret), **fields)
        return {**prover.shown, "secret": secret}

    def _post(self, path: str, said: Any) -> Any:
        return self._client.post(path, data={"csrf": self._word(), **said}, headers=ORIGIN).get_json()

    def _word(self) -> str:
        return self.page.partition('name="csrf" value="')[2].partition('"')[0]

    def _show(self, answer: Any) -> str:
        self.page, self.path, self.status = answer.text, answer.request.path, answer.status_code
        return self.page


@pytest.fixture
def database_url() -> str | None:
    """The second factor is the same whatever the database; test_engine.py shows that the steps run on both."""
    return None


@pytest.fixture
def desks(hub: Hub) -> Callable[[], Desk]:
    hub.staff.add("Rana", PASSWORD)
    hub.staff.add("Selma", PASSWORD)
    app = create_app(hub)
    return lambda: Desk(app)


@pytest.fixture
def code_now(clock: Any) -> Callable[[str], str]:
    return lambda secret: TOTP(secret).at(clock.wall_seconds)


def test_the_first_account_is_asked_to_set_one_up_and_may_wait(desks: Callable[[], Desk]) -> None:
    desk = desks()

    desk.signs_in()

    assert "/second-factor" == desk.path
    assert "Later" in desk.page
    assert "Your account has no second factor." in desk.opens("/")


def test_once_set_it_is_asked_for_after_the_password(desks: Callable[[], Desk], clock: Any, code_now: Any) -> None:
    desk, again = desks(), desks()
    desk.signs_in()
    shown = desk.sets_up(code_now)
    assert "has no second factor" not in desk.opens("/")
    clock.passes(STEP_SECONDS)

    again.signs_in()
    assert "/sign-in/code" == again.path
    again.opens("/")
    assert again.path.startswith("/sign-in")
    again.opens("/sign-in/code")
    again.sends("/sign-in/code", code=code_now(shown["secret"]))

    assert (200, "/") == (again.status, again.path)


def test_a_code_counts_once(desks: Callable[[], Desk], hub: Hub, clock: Any, code_now: Any) -> None:
    desk = desks()
    desk.signs_in()
    shown = desk.sets_up(code_now)

    assert not hub.second_factors.passes("Rana", code_now(shown["secret"]))
    clock.passes(STEP_SECONDS)
    code = code_now(shown["secret"])
    assert [True, False] == [hub.second_factors.passes("Rana", code), hub.second_factors.passes("Rana", code)]


def test_a_code_counts_for_its_half_minute_and_those_beside_it(
    desks: Callable[[], Desk], hub: Hub, clock: Any, code_now: Any
) -> None:
    desk = desks()
    desk.signs_in()
    secret = desk.sets_up(code_now)["secret"]
    clock.passes(10 * STEP_SECONDS)

    codes = [TOTP(secret).at(clock.wall_seconds + step * STEP_SECONDS) for step in (-2, 2, -1, 0, 1)]

    assert [False, False, True, True, True] == [hub.second_factors.passes("Rana", code) for code in codes]


def test_a_secret_is_kept_only_with_its_first_code(desks: Callable[[], Desk], hub: Hub) -> None:
    desk = desks()
    desk.signs_in()

    desk.sets_up(lambda secret: "000000")

    assert (422, False) == (desk.status, hub.second_factors.has("Rana"))


def test_a_recovery_code_lets_in_once(desks: Callable[[], Desk], hub: Hub, code_now: Any) -> None:
    desk, again = desks(), desks()
    desk.signs_in()
    code = desk.sets_up(code_now)["codes"][3]

    again.signs_in()
    again.sends("/sign-in/code", code=code.lower())

    assert "/" == again.path
    assert not hub.second_factors.passes("Rana", code)
    assert 9 == hub.second_factors.codes_left("Rana")


def test_once_one_has_it_everybody_needs_it(desks: Callable[[], Desk], clock: Any, code_now: Any) -> None:
    desk, other = desks(), desks()
    other.signs_in("Selma")
    assert "No campus yet" in other.opens("/")
    desk.signs_in()
    desk.sets_up(code_now)

    other.opens("/")

    assert "/second-factor" == other.path
    assert "Later" not in other.page
    other.sets_up(code_now)
    assert "No campus yet" in other.opens("/")


def test_who_has_one_proves_it_before_another_takes_its_place(
    desks: Callable[[], Desk], hub: Hub, clock: Any, code_now: Any
) -> None:
    desk = desks()
    desk.signs_in()
    first = desk.sets_up(code_now)
    clock.passes(STEP_SECONDS)

    desk.sets_up(code_now, now="123456")
    assert 422 == desk.status
    second = desk.sets_up(code_now, now=code_now(first["secret"]))

    clock.passes(STEP_SECONDS)
    assert not hub.second_factors.passes("Rana", code_now(first["secret"]))
    assert hub.second_factors.passes("Rana", code_now(second["secret"]))


def test_guessing_codes_is_slowed_down(desks: Callable[[], Desk], code_now: Any) -> None:
    desk, guesser = desks(), desks()
    desk.signs_in()
    desk.sets_up(code_now)
    guesser.signs_in()

    for guess in range(6):
        guesser.sends("/sign-in/code", code=f"00000{guess}")

    assert 429 == guesser.status


def test_codes_and_recovery_codes_cross_the_air_sealed(desks: Callable[[], Desk], hub: Hub, code_now: Any) -> None:
    desk = desks()
    desk.signs_in()

    shown = desk.sets_up(code_now)

    assert shown["secret"] not in desk.page
    assert not any(code in desk.page for code in shown["codes"])


def test_whoever_has_the_machine_takes_a_lost_factor_off(desks: Callable[[], Desk], hub: Hub, code_now: Any) -> None:
    desk, again = desks(), desks()
    desk.signs_in()
    desk.sets_up(code_now)

    done = CliRunner().invoke(command, ["staff", "reset-second-factor", " Rana ", "--data", str(hub.data)])
    listed = CliRunner().invoke(command, ["staff", "list", "--data", str(hub.data)])
    nobody = CliRunner().invoke(command, ["staff", "reset-second-factor", "Eve", "--data", str(hub.data)])

    assert 0 == done.exit_code, done.exception
    assert "Rana, no second factor" in listed.output
    assert "nobody called eve" in str(nobody.exception).lower()
    desk.opens("/")
    assert desk.path.startswith("/sign-in")
    again.signs_in()
    assert "/second-factor" == again.path


def test_a_former_password_of_hub_staff_becomes_a_verifier_over_https(hub: Hub) -> None:
    hub.staff.add("Rana", PASSWORD)
    with writing(hub.engine) as connection:
        connection.execute(schema.staff.update().values(secret=passwords.hash_secret(PASSWORD)))

    assert hub.staff.find("Rana")[1] is None
    assert not hub.staff.signs_in("Rana", "wrong")
    assert hub.staff.signs_in("Rana", PASSWORD)
    with writing(hub.engine) as connection:
        assert connection.execute(select(schema.staff.c.secret)).scalar_one().startswith("scram-scrypt$")
    assert hub.staff.find("Rana")[1] is not None


def test_an_account_is_made_and_given_a_password_at_the_machine(hub: Hub) -> None:
    at = ["--data", str(hub.data)]

    made = CliRunner().invoke(command, ["staff", "add", "Rana", *at], input=f"{PASSWORD}\n{PASSWORD}\n")
    changed = CliRunner().invoke(command, ["staff", "password", "Rana", *at], input="another way down\n" * 2)

    assert (0, 0) == (made.exit_code, changed.exit_code), (made.exception, changed.exception)
    assert hub.staff.signs_in("Rana", "another way down")
