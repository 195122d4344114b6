"""Video in turns: the loop looks up after a bounded number of bytes."""

import asyncio

from sync.web.turns import TURN_BYTES, Turns


def test_a_turn_is_bounded_however_many_are_ready() -> None:
    async def world() -> list[int]:
        turns, given = Turns(asyncio.get_running_loop()), 0
        seen = []

        def send() -> int:
            nonlocal given
            given += TURN_BYTES // 4
            return TURN_BYTES // 4

        for _ in range(300):
            turns.line_up(send)
        while given < 75 * TURN_BYTES:
            before = given
            await asyncio.sleep(0)
            seen.append(given - before)
        return seen

    assert {TURN_BYTES} == {step for step in asyncio.run(world()) if step}


def test_everybody_has_a_turn_in_order() -> None:
    async def world() -> list[int]:
        turns, order = Turns(asyncio.get_running_loop()), list[int]()
        for number in range(10):
            turns.line_up(lambda number=number: order.append(number) or TURN_BYTES)  # type: ignore[misc]
        while len(order) < 10:
            await asyncio.sleep(0)
        return order

    assert list(range(10)) == asyncio.run(world())
