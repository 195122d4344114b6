"""Orders: the one thing that a stick may have a box do without anybody signing in, because its hub has signed it.

* Today there is one: to forget everybody. It names one box, which has another name once it has obeyed: so an order is
  good once, whoever has the stick, and however often it is put in.
* It says how many unsent steps of learners may be lost; where more would be, nothing happens.
* One line of canonical JSON and one with the hub's signature, as a letter, under a word of its own.
"""

from dataclasses import dataclass
from typing import Self

from catalog.manifest import canonical
from sync.carry.letter import damaged
from sync.fields import MESSAGE_BYTES_MAX, Fields, MessageRefused, demand
from sync.keys import KeyPair, PublicKey, base64url, from_base64url

PURPOSE = b"qanat order\n"
RESET = "reset"
ORDER_BYTES_MAX = MESSAGE_BYTES_MAX + 100
VERSION = 1


def order_name(box: str) -> str:
    """The file of the order for this box on a stick."""
    return f"order-{box}.letter"


@dataclass(frozen=True, slots=True)
class Order:
    """The box `box` shall forget everybody, and may lose so many steps of learners that no hub has."""

    box: str
    may_lose: int

    def signed(self, keys: KeyPair) -> bytes:
        """The order as it lies on a stick."""
        line = canonical({"do": RESET, "box": self.box, "lose": self.may_lose, "v": VERSION})
        return line + b"\n" + base64url(keys.sign(PURPOSE + line)).encode() + b"\n"

    @classmethod
    def read(cls, data: bytes, hub: PublicKey) -> Self:
        """Prove an order to be this hub's. Raises LetterRefused."""
        line, _, rest = data.partition(b"\n")
        try:
            if not hub.verify(from_base64url(rest.decode("ascii").strip()), PURPOSE + line):
                raise damaged()
            fields = Fields(line)
            demand(fields.text("do") == RESET, "the order is for something else")
            return cls(fields.name("box"), fields.count("lose"))
        except (MessageRefused, ValueError) as error:
            raise damaged() from error
