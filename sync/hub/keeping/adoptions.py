"""Adoptions: codes by which a spare box takes the place of a dead one.

* A code is made for one box, which it replaces; a new one for the same box makes the former worth nothing.
* It is shown once, and of its secret half only what the talk needs is kept. It is good for one box, for a day, and for
  a few tries, each of which counts before it is answered. The box that used it may ask again: its answer was lost.
* What it gives is a token for the key that asked. Only when that token is used are the boxes changed over, so a guess
  costs nothing but one try.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select, update

from catalog.fault import CallerFault
from sync import adoption
from sync.adoption import Adopt, Adopted, Code
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.fleet import Fleet, Refused, find
from sync.hub.keeping import audit
from sync.hub.keeping.history import History
from sync.keys import KeyPair, box_id

LASTS_SECONDS = 86_400
TRIES_MAX = 8
"""The secret half has a million forms: so many tries guess it once in 131,000 codes."""
DRAWS_MAX = 16
BY_CODE = "adoption code"
"""Who replaces a box where a code does."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A fresh code, to be shown once."""

    code: str
    box: str
    box_name: str
    campus: str
    until_seconds: int


class Adoptions:
    """The codes of one hub."""

    def __init__(
        self, engine: Engine, keys: KeyPair, fleet: Fleet, history: History, clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self._engine = engine
        self._keys = keys
        self._fleet = fleet
        self._history = history
        self._clock = clock
        self._random_bytes = random_bytes

    def make(self, old: str, who: str) -> Shown:
        """A code by which a spare box takes the place of `old`. Raises CallerFault."""
        table, now_seconds = schema.adoption, self._clock.now().wall_seconds
        until_seconds = now_seconds + LASTS_SECONDS
        with writing(self._engine) as connection:
            box = find(connection, old)
            if box is None:
                raise CallerFault("There is no such box here.", "Open the campus and choose one of its boxes.")
            connection.execute(delete(table).where((table.c.box == old) | (table.c.until_seconds <= now_seconds)))
            taken = set(connection.execute(select(table.c.place)).scalars())
            drawn = (Code.draw(self._random_bytes) for _ in range(DRAWS_MAX))
            code = next((one for one in drawn if one.place not in taken), None)
            if code is None:
                raise CallerFault("Too many codes are open.", "Wait until some have run out, and try again.")
            row = {"place": code.place, "proof": code.proof.hex(), "box": old, "until_seconds": until_seconds}
            connection.execute(table.insert().values({**row, "tries": 0}))
            audit.note(connection, who, "adoption-code", {"box": old}, now_seconds)
            return Shown(str(code), old, box.name, box.campus, until_seconds)

    def answer(self, ask: Adopt, body: bytes) -> Adopted:
        """The answer to a box that says a code, right or wrong. Raises Refused, MessageRefused."""
        table = schema.adoption
        with writing(self._engine) as connection:
            row = connection.execute(select(table).where(table.c.place == ask.place).with_for_update()).one_or_none()
            if row is None or row.until_seconds <= self._clock.now().wall_seconds or row.tries >= TRIES_MAX:
                raise _unknown()
            if row.used_by not in ("", box_id(ask.key)):
                raise _used()
            connection.execute(update(table).where(table.c.place == ask.place).values(tries=row.tries + 1))
            old = find(connection, row.box)
            assert old is not None, "a code is made for a box that is known, and boxes are never forgotten"
        token = self._fleet.make_token(self._fleet.campus(old.campus), bound_to=ask.key, replaces=row.box)
        return adoption.answer(bytes.fromhex(row.proof), ask, body, token.secret, self._keys.public, self._random_bytes)

    def demand_free(self, secret: str, new: str) -> None:
        """Raises Refused where this token came from a code that another box has used since."""
        table, old = schema.adoption, self._fleet.replaces(secret)
        if not old:
            return
        with reading(self._engine) as connection:
            used = connection.execute(select(table.c.used_by).where(table.c.box == old)).scalar_one_or_none()
        if used not in (None, "", new):
            raise _used()

    def settle(self, secret: str, new: str) -> None:
        """A box has used a token: where that came from a code, the box has its place from now on."""
        old = self._fleet.replaces(secret)
        if not old or old == new:
            return
        with writing(self._engine) as connection:
            known = connection.execute(
                select(schema.replacement.c.new).where(schema.replacement.c.old == old)
            ).scalar_one_or_none()
            connection.execute(update(schema.adoption).where(schema.adoption.c.box == old).values(used_by=new))
        if known != new:
            self._history.replace(old, new, BY_CODE)


def _used() -> Refused:
    return Refused("token-used", "Another box has used this code.", "Ask the hub's staff for a new one, for that box.")


def _unknown() -> Refused:
    return Refused(
        "token-unknown",
        "This hub has no such code: it is mistyped, was used, has run out, or was tried too often.",
        "Check each letter; if it stays so, ask the hub's staff for a new one. A code is good for a day.",
    )
