"""The hub's second factor: a code counts once, in its own half minute; a sheet helps who lost the phone."""

import re
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
from sync.hub.second_factor import STEP_SECONDS, SecondFactors
from sync.web import passwords
from tests.signing_in import talk

pytestmark = pytest.mark.slow

PASSWORD = "water finds its way"


class Desk:
    """A staff member's browser; it does what the scripts of the pages do."""

    def __init__(self, app: Flask, base: str = "http://localhost") -> None:
        self._client = app.test_client()
        self._base = base
        self.page = ""
        self.path = ""
        self.status = 0
        self.shown: Any = None
        self.seen: dict[str, str] = {}

    def opens(self, path: str) -> str:
        return self._show(self._client.get(path, follow_redirects=True, base_url=self._base))

    def sends(self, path: str, **fields: Any) -> str:
        data, headers = {"csrf": self._word(), **fields}, {"Origin": self._base}
        return self._show(
            self._client.post(path, data=data, headers=headers, follow_redirects=True, base_url=self._base)
        )

    def signs_in(self, name: str = "Rana") -> str:
        self.opens("/sign-in")
        prover = talk(self._post, "/sign-in/talk", name)
        return self.sends("/sign-in", name=name, **prover.says(PASSWORD))

    def sets_up(
        self, code: Callable[[str], str], name: str = "Rana", password: str = PASSWORD, **fields: str
    ) -> dict[str, Any]:
        """Set a second factor up with what `code` makes of its secret; returns what was shown."""
        return self.types(self.is_shown(), code, name, password, **fields)

    def is_shown(self) -> Any:
        """Open the page and have a secret shown."""
        self.opens("/second-factor")
        return talk(self._post, "/second-factor/talk")

    def types(
        self, shown: Any, code: Callable[[str], str], name: str = "Rana", password: str = PASSWORD, **fields: str
    ) -> dict[str, Any]:
        """Send the form below what was shown, with the password proven."""
        # What was sealed once is sent again as it is, as the script does.
        self.seen = self.seen if shown is self.shown else shown.says()
        self.shown, seen, secret = shown, self.seen, shown.shown["secret"].replace(" ", "")
        proof = talk(self._post, "/sign-in/talk", name).says(password)
        said = {"shown": seen["talk"], "seen": seen["sealed"], "code": code(secret), **proof, **fields}
        self.sends("/second-factor", **said)
        return {**shown.shown, "secret": secret}

    def borrows(self, other: "Desk") -> None:
        """Take over the session of another browser, as whoever listens to an open Wi-Fi can."""
        self._client = other._client
        self.page = other.page

    def _post(self, path: str, said: Any) -> Any:
        data, headers = {"csrf": self._word(), **said}, {"Origin": self._base}
        return self._client.post(path, data=data, headers=headers, base_url=self._base).get_json()

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


def test_every_page_that_asks_who_is_there_says_over_http_what_can_be_heard(
    hub: Hub, desks: Callable[[], Desk], code_now: Any
) -> None:
    desk, again = desks(), desks()
    pages = [again.opens("/sign-in")]
    desk.signs_in()
    desk.sets_up(code_now)
    pages.append(again.signs_in())

    assert "/sign-in/code" == again.path
    assert [True, True] == ["Whoever listens to an open Wi-Fi can read names" in page for page in pages]


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


def test_a_borrowed_session_sets_no_first_one(desks: Callable[[], Desk], hub: Hub, code_now: Any) -> None:
    """Whoever heard the cookie of an account without a second factor would lock its person out for good."""
    desk, thief = desks(), desks()
    desk.signs_in()
    desk.opens("/second-factor")
    thief.borrows(desk)
    shown = thief.is_shown()
    thief.types(shown, code_now, password="guessed it is not")
    said = thief.page
    seen, secret = thief.seen, shown.shown["secret"].replace(" ", "")

    for proof in ({}, {"password": PASSWORD}, {"talk": "x", "sealed": "x"}):
        thief.sends("/second-factor", shown=seen["talk"], seen=seen["sealed"], code=code_now(secret), **proof)

    assert ("This is not your password." in said, thief.status, False) == (True, 422, hub.second_factors.has("Rana"))


def test_the_password_of_somebody_else_sets_no_second_factor(
    desks: Callable[[], Desk], hub: Hub, code_now: Any
) -> None:
    desk = desks()
    desk.signs_in("Selma")

    desk.sets_up(code_now, "Rana")

    assert (422, False) == (desk.status, hub.second_factors.has("Selma"))


def test_a_wrong_code_does_not_throw_away_what_was_scanned(desks: Callable[[], Desk], hub: Hub, code_now: Any) -> None:
    desk = desks()
    desk.signs_in()
    shown = desk.is_shown()
    desk.types(shown, lambda secret: "000000")
    desk.opens("/second-factor")

    desk.types(shown, code_now)

    assert hub.second_factors.has("Rana")


def test_an_authenticator_on_the_same_phone_is_opened_by_a_link(desks: Callable[[], Desk]) -> None:
    """Nobody can scan the screen in their own hand."""
    desk = desks()
    desk.signs_in()

    shown = desk.is_shown().shown

    assert f"otpauth://totp/Qanat:Rana?secret={shown['secret'].replace(' ', '')}&issuer=Qanat" == shown["link"]


def test_over_https_it_is_set_up_without_a_script(hub: Hub, clock: Any, code_now: Any) -> None:
    hub.staff.add("Rana", PASSWORD)
    desk = Desk(create_app(hub), "https://localhost")
    desk.opens("/sign-in")
    desk.sends("/sign-in", name="Rana", password=PASSWORD)
    assert "/second-factor?next=/&amp;plain=yes" in desk.page
    page = desk.opens("/second-factor?plain=yes")
    form = {"secret": re.search(r'name="secret" value="([^"]+)"', page)[1]}  # type: ignore[index]
    form["codes"] = re.findall(r'name="codes" value="([^"]+)"', page)
    desk.sends("/second-factor?plain=yes", **form, code="000000", password=PASSWORD)
    assert form["secret"] in desk.page
    desk.sends("/second-factor?plain=yes", **form, code=code_now(form["secret"].replace(" ", "")), password="wrong")
    assert not hub.second_factors.has("Rana")

    desk.sends("/second-factor?plain=yes", **form, code=code_now(form["secret"].replace(" ", "")), password=PASSWORD)

    assert ("/", True, 10) == (desk.path, hub.second_factors.has("Rana"), hub.second_factors.codes_left("Rana"))


def test_over_http_no_page_holds_the_secret(desks: Callable[[], Desk]) -> None:
    desk = desks()
    desk.signs_in()

    page = desk.opens("/second-factor?plain=yes")

    assert ("otpauth:" in page, 'name="secret"' in page) == (False, False)
    assert '<code dir="ltr">qanat hub staff second-factor Rana</code>' in page


def test_at_the_machine_it_is_set_up_for_a_browser_without_a_script(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, code_now: Any
) -> None:
    hub.staff.add("Rana", PASSWORD)
    typed = iter(["000000", "right"])
    secrets: list[str] = []
    kept = SecondFactors.keep

    def keep(self: SecondFactors, name: str, secret: str, codes: Any, code: str, by: str = "") -> bool:
        secrets.append(secret)
        return kept(self, name, secret, codes, code if code == "000000" else at_the_machine(secret), by)

    def at_the_machine(secret: str) -> str:
        return TOTP(secret.replace(" ", "")).now()

    monkeypatch.setattr(SecondFactors, "keep", keep)
    done = CliRunner().invoke(
        command, ["staff", "second-factor", "Rana", "--data", str(hub.data)], input="\n".join(typed) + "\n"
    )

    assert 0 == done.exit_code, done.exception
    assert (True, 1) == (hub.second_factors.has("Rana"), len(set(secrets)))
    assert secrets[0] in done.output
    assert ["second-factor-set"] == [line.act for line in hub.keeping.audit.lines()]


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
    other.sets_up(code_now, "Selma")
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
