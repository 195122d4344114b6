"""Obeying: what a stick has the box do that our hub has signed for this very box."""

from typing import TYPE_CHECKING

from sync.carry.carrier import read_whole
from sync.carry.order import ORDER_BYTES_MAX, Order, order_name
from sync.carry.stick import Stick
from sync.keys import PublicKey

if TYPE_CHECKING:
    from edge.box import Box

BY_STICK = "stick"
"""Who does what a signed stick says."""


def obey(box: "Box", stick: Stick) -> bool:
    """Do what the order on the stick says, if there is one for this box; tells whether it is under way.

    Raises LetterRefused where the hub has not signed it, WouldLose where more would be lost than it allows.
    """
    name = order_name(box.id)
    if box.hub is None or name not in stick.files():
        return False
    order = Order.read(read_whole(stick, name, ORDER_BYTES_MAX), PublicKey(box.hub.hub_key))
    if order.box != box.id:
        return False
    # Loaded when an order came.
    from edge.keeping import reset

    reset.send_first(box, BY_STICK)
    reset.ask(box, order.may_lose)
    box.open_again()
    return True
