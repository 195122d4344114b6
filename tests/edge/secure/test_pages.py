"""Where people are told of the secure address, and where not."""

from collections.abc import Callable

import pytest
from werkzeug.test import Client

from edge.app import BoxApplication
from edge.box import Box
from edge.config import Config
from edge.people.people import Classroom
from sync.certificates import secure_name
from sync.clock import TRUSTED_SINCE_SECONDS
from tests.edge.conftest import Phone, WoundClock
from tests.edge.secure.conftest import DAY_SECONDS, UNDER, certified


@pytest.fixture
def box(boxes: Callable[..., Box], clock: WoundClock) -> Box:
    """A box with a secure address that is good for two months more."""
    one = boxes(config=Config(secure_port=443, allowed_hosts=("box.lan",)))
    certified(one, clock.wall_seconds - 30 * DAY_SECONDS, clock.wall_seconds + 60 * DAY_SECONDS)
    return one


@pytest.fixture
def address(box: Box) -> str:
    return f"https://{secure_name(box.id, UNDER)}/"


def test_staff_see_the_address_and_its_last_day_and_everybody_the_address(
    box: Box, grade: Classroom, phone: Phone, staff: Phone, address: str
) -> None:
    asked = phone.opens("/sign-in/class")
    phone.sends("/guest")

    assert address in asked
    assert address in phone.opens("/")
    page = staff.opens("/staff")
    assert address in page
    assert "Good until" in page


def test_nobody_is_told_three_days_before_it_ends_nor_while_the_clock_is_not_to_be_trusted(
    box: Box, clock: WoundClock, grade: Classroom, phone: Phone, staff: Phone, address: str
) -> None:
    phone.sends("/guest")
    told = []
    for wall_seconds in (clock.wall_seconds + 58 * DAY_SECONDS, TRUSTED_SINCE_SECONDS - 1, 0):
        clock.wall_seconds = wall_seconds
        told += [address in at.opens(path) for at, path in ((phone, "/sign-in/class"), (phone, "/"), (staff, "/staff"))]

    assert [False] * 9 == told


def test_the_box_answers_to_its_secure_name_from_the_moment_that_it_has_one(
    boxes: Callable[..., Box], clock: WoundClock
) -> None:
    box = boxes(config=Config(secure_port=443, allowed_hosts=("box.lan",)))
    box.setup.claim(str(box.setup.label_code()), "a long password", "Grade 8 B")
    phone = Client(BoxApplication(box))
    name = secure_name(box.id, UNDER)

    def asks(host: str) -> int:
        return phone.get("/sign-in/class", base_url=f"https://{host}").status_code

    before = asks(name)
    certified(box, clock.wall_seconds - DAY_SECONDS, clock.wall_seconds + 60 * DAY_SECONDS)

    assert (400, 200, 200, 400) == (before, asks(name), asks("box.lan"), asks(f"{name}.evil.example"))


def test_each_way_has_a_session_and_a_cookie_of_its_own(box: Box, grade: Classroom) -> None:
    phone = Client(BoxApplication(box))
    name = secure_name(box.id, UNDER)

    cookies = [
        phone.get("/sign-in/class", base_url=f"{scheme}://{name}").headers["Set-Cookie"] for scheme in ("https", "http")
    ]

    assert ["qanat-box-secure", "qanat-box"] == [one.partition("=")[0] for one in cookies]
    assert [True, False] == ["; Secure" in one for one in cookies]
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in cookies)
