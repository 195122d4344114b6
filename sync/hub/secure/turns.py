"""Turns: for which boxes a certificate is to be ordered now. Pure: it is told everything.

* One is ordered when a box has none for what it asks, and again when a third of its life is left.
* What is about to end goes first; then who waits for a first one.
* An authority counts: so many orders in a week and no more, so many of one box, and after one that failed a pause that
  doubles. What waits for that loses nothing but time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WEEK_SECONDS = 7 * 86_400
ORDERS_WEEK_MAX = 40
"""Of all boxes: Let's Encrypt gives 50 new ones a week for a domain."""
ORDERS_OF_BOX_WEEK_MAX = 4
"""Let's Encrypt gives five for the same name."""
LEFT_PART = 3
"""Renewed when one part in so many of a certificate's life is left."""
PAUSE_SECONDS = 6 * 3600
PAUSES_MAX = 4
"""Doubled so often at most: four days."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A box in service that asked, and what the hub has for this very request: nothing where `ends_seconds` is None."""

    box: str
    begins_seconds: int = 0
    ends_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order that was begun, within the week; `is_same`: for what the box asks for now."""

    box: str
    moment_seconds: int
    is_filled: bool
    is_same: bool = True


def turns(waiting: Iterable[Waiting], orders: Sequence[Order], now_seconds: int) -> list[str]:
    """The boxes for which to order now, in this order. `orders` are the last week's, the oldest first."""
    room = ORDERS_WEEK_MAX - len(orders)
    due = [one for one in waiting if is_due(one, now_seconds) and _may(one.box, orders, now_seconds)]
    due.sort(key=lambda one: (one.ends_seconds is None, one.ends_seconds or 0, one.box))
    return [one.box for one in due][: max(0, room)]


def is_due(one: Waiting, now_seconds: int) -> bool:
    """Tell whether this box should have a new certificate."""
    if one.ends_seconds is None:
        return True
    return now_seconds >= one.ends_seconds - (one.ends_seconds - one.begins_seconds) // LEFT_PART


def _may(box: str, orders: Sequence[Order], now_seconds: int) -> bool:
    own = [order for order in orders if order.box == box]
    if len(own) >= ORDERS_OF_BOX_WEEK_MAX:
        return False
    failed = 0
    for order in own:
        failed = 0 if order.is_filled or not order.is_same else failed + 1
    return not failed or now_seconds - own[-1].moment_seconds >= pause_seconds(failed)


def pause_seconds(failed: int) -> int:
    """How long a box waits after so many orders of its own that came to nothing.

    >>> pause_seconds(1) // 3600, pause_seconds(3) // 3600
    (6, 24)
    """
    return int(PAUSE_SECONDS << min(failed - 1, PAUSES_MAX))
