"""Which port shows whose programs."""

import random

import pytest

from sync.web.origins import choose_port


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_launched_no_two_courses_share_a_port(seed: int) -> None:
    draws = random.Random(seed)
    pool = range(9000, 9004)
    assigned: list[tuple[int, str]] = []

    for _ in range(200):
        course = f"course-{draws.randrange(7)}"
        port = choose_port(assigned, course, pool)
        assigned = [*((at, owner) for at, owner in assigned if at != port and owner != course), (port, course)]
        ports = [at for at, _ in assigned]
        assert (len(set(ports)), True) == (len(ports), port in pool)
