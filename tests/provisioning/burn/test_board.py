"""The board says how each slot gets on, and in the end what became of each card."""

import io
from typing import Any

from provisioning.burn.board import Board, ending
from sync.clock import Moment


class Watch:
    """A clock that goes on a second at each look."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Moment:
        self.seconds += 1
        return Moment(1_790_000_000, self.seconds, is_trusted=True)

    def wait(self, seconds: float) -> None:
        raise AssertionError("a board never waits")


class Screen(io.StringIO):
    """Standard error, watched or not."""

    def __init__(self, is_watched: bool) -> None:
        super().__init__()
        self.is_watched = is_watched

    def isatty(self) -> bool:
        return self.is_watched


def told(slot: int, doing: str, **more: Any) -> dict[str, Any]:
    known = {"device": f"/dev/sd{'abc'[slot]}", "port": f"USB 1-{slot}", "card": slot, "name": f"box-{slot}"}
    return {"slot": slot, "doing": doing, "done_bytes": 0, "total_bytes": 0, **known, **more}


def test_each_slot_has_its_line_and_keeps_it() -> None:
    screen = Screen(is_watched=True)
    board = Board(screen, Watch())

    board.hear(told(1, "writing", done_bytes=50, total_bytes=100))
    board.hear(told(2, "probing"))
    board.hear(told(1, "good", why=""))

    last = screen.getvalue().split("\x1b[2A")[-1]
    assert "\r\x1b[K\x1b[32mgood    /dev/sdb card 1 box-1\x1b[0m\n\r\x1b[K/dev/sdc card 2 box-2 probing\n" == last
    assert "/dev/sdb card 1 box-1 writing ############------------ 50 of 100 B" in screen.getvalue()


def test_where_nobody_watches_only_the_endings_are_written() -> None:
    screen = Screen(is_watched=False)
    board = Board(screen, Watch())

    board.hear(told(1, "writing", done_bytes=50, total_bytes=100))
    board.hear(told(1, "failed", why="It was pulled out, or its reader has gone."))

    assert "FAILED  /dev/sdb card 1 box-1 (USB 1-1): It was pulled out, or its reader has gone.\n" == screen.getvalue()


def test_a_card_without_a_seed_is_named_by_its_device() -> None:
    assert "good    /dev/sdb" == ending({"doing": "good", "device": "/dev/sdb", "card": None})
