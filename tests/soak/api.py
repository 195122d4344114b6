"""Requests to every page of a box and a hub, by everybody, drawn from their documents; see tests/api/driving.py."""

import shutil

from tests.api.driving import REQUESTS_EACH, Driver
from tests.api.prepared import Prepared
from tests.power.databases import in_memory
from tests.soak.parts import Part, Report, Until

REQUESTS = 20_000


def run(start: int, until: Until, report: Report) -> int:
    """Request number n belongs to turn n // REQUESTS_EACH; a turn that was broken off is run from its beginning."""
    folder = in_memory("qanat-soak-api-")
    number = start
    try:
        driver = Driver(folder, Prepared(folder))
        while True:
            turn, done = divmod(number, REQUESTS_EACH)
            for asked in driver.turn(turn)[done:]:
                report(number, asked.complaint and f"turn {turn}: {asked.complaint}")
                number += 1
                if until():
                    return number
    finally:
        shutil.rmtree(folder)


PART = Part("api", REQUESTS, "requests", run)
