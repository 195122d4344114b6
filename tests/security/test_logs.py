"""Row 39 of docs/security.md at the box: a page that fails on the disk says where, and of nobody."""

import logging
from typing import Any

import pytest

from edge.box import Box
from edge.people.people import Classroom

NAME, NUMBER, PIN = "Deka Moussa", "D-1042", "7302"


def test_row_39_a_box_that_cannot_write_a_learner_names_nobody_in_its_log(
    phone: Any, box: Box, grade: Classroom, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    box.database.write(
        lambda connection: connection.execute(
            "create trigger full before insert on event begin select raise(abort, 'disk is full'); end"
        )
    )
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends("/join", name=NAME, by="pin", number=NUMBER)

    with caplog.at_level(logging.DEBUG):
        phone.sends("/join/pin", pin=PIN)

    assert (500, True) == (phone.status, "disk is full" in caplog.text)
    said = "".join((caplog.text, *capfd.readouterr()))
    assert [] == [word for word in (NAME, "Deka", NUMBER, PIN) if word in said]
