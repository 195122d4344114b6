"""The second factor: a code from the authenticator in a pocket, after the password.

* A code counts for its half minute and the ones beside it, and once: whoever overhears it comes too late.
* It is kept only after a first code has shown that the authenticator has it.
* A sheet of recovery codes, kept as hashes, lets in who lost the authenticator; staff at the machine can take it off.
"""

import base64
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, select

from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.fleet import tidy_name
from sync.hub.keeping import audit
from sync.keys import base64url
from sync.web.challenge.sheet import draw_sheet, hash_code
from sync.web.language import plain_digits

SECRET_BYTES = 20
SALT_BYTES = 12
STEP_SECONDS = 30
STEPS_AROUND = 1
CODE_DIGITS = 6
ISSUER = "Qanat"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A secret for an authenticator that is not kept yet: as letters, a link and a picture; and recovery codes."""

    secret: str
    link: str
    picture: str
    codes: tuple[str, ...]


class SecondFactors:
    """The second factor of each account that has one."""

    def __init__(self, engine: Engine, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._engine = engine
        self._clock = clock
        self._random_bytes = random_bytes

    def has(self, name: str) -> bool:
        """Tell whether this account has a second factor."""
        factor = schema.second_factor
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(factor).where(factor.c.name == tidy_name(name))
            return connection.execute(query).scalar_one() > 0

    def is_required(self) -> bool:
        """Tell whether everybody must have one: so it is from the day on which the first account has."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(schema.second_factor)).scalar_one() > 0

    def draw(self, name: str) -> Drawn:
        """A new secret for an authenticator."""
        secret = base64.b32encode(self._random_bytes(SECRET_BYTES)).decode()
        return self.drawn(name, secret, draw_sheet(self._random_bytes))

    def drawn(self, name: str, secret: str, codes: Sequence[str]) -> Drawn:
        """The same again, of what was drawn before; nothing where this is no secret."""
        from pyotp import TOTP

        bare = secret.replace(" ", "")
        if not _is_secret(bare):
            return Drawn("", "", "", ())
        link = TOTP(bare, name=tidy_name(name), issuer=ISSUER).provisioning_uri()
        letters = " ".join(bare[start : start + 4] for start in range(0, len(bare), 4))
        return Drawn(letters, link, _picture(link), tuple(codes))

    def keep(self, name: str, secret: str, codes: Sequence[str], typed: str, by: str = "") -> bool:
        """Keep a new second factor, if `typed` shows that the authenticator has it; the former one counts no more.

        `by` is who does it, where that is not the account's person.
        """
        bare, tidy = secret.replace(" ", ""), tidy_name(name)
        now_seconds = self._clock.now().wall_seconds
        step = _step_of(bare, typed, now_seconds, last_step=0) if _is_secret(bare) else None
        if step is None:
            return False
        salt = base64url(self._random_bytes(SALT_BYTES))
        hashed = [hash_code(code, salt) for code in codes]
        with writing(self._engine) as connection:
            _forget(connection, tidy)
            connection.execute(
                schema.second_factor.insert().values(
                    name=tidy, secret=bare, last_step=step, salt=salt, made_seconds=now_seconds
                )
            )
            connection.execute(schema.recovery_code.insert(), [{"name": tidy, "code_hash": one} for one in hashed])
            audit.note(connection, by or tidy, "second-factor-set", {"staff": tidy}, now_seconds)
        return True

    def passes(self, name: str, typed: str) -> bool:
        """Tell whether this is a code that counts now, from the authenticator or the sheet, and use it up."""
        tidy = tidy_name(name)
        factor, recovery = schema.second_factor, schema.recovery_code
        with reading(self._engine) as connection:
            row = connection.execute(select(factor).where(factor.c.name == tidy)).one_or_none()
        if row is None:
            return False
        step = _step_of(row.secret, typed, self._clock.now().wall_seconds, row.last_step)
        if step is not None:
            newer = factor.update().where(factor.c.name == tidy, factor.c.last_step < step).values(last_step=step)
            with writing(self._engine) as connection:
                return connection.execute(newer).rowcount == 1
        if _digits(typed):
            return False
        spent = delete(recovery).where(recovery.c.name == tidy, recovery.c.code_hash == hash_code(typed, row.salt))
        with writing(self._engine) as connection:
            return connection.execute(spent).rowcount == 1

    def codes_left(self, name: str) -> int:
        """How many recovery codes an account still has."""
        recovery = schema.recovery_code
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(recovery).where(recovery.c.name == tidy_name(name))
            return int(connection.execute(query).scalar_one())

    def reset(self, name: str) -> bool:
        """Take an account's second factor and recovery codes off; tells whether it had one."""
        tidy = tidy_name(name)
        with writing(self._engine) as connection:
            had = _forget(connection, tidy)
            if had:
                now_seconds = self._clock.now().wall_seconds
                audit.note(connection, audit.COMMAND_LINE, "second-factor-reset", {"staff": tidy}, now_seconds)
        return had


def _step_of(secret: str, typed: str, now_seconds: int, last_step: int) -> int | None:
    """The half minute of which this is the code; None where it is none of those that count, or not newer."""
    # Loaded when the first code is typed.
    from pyotp import HOTP

    digits, now_step = _digits(typed), now_seconds // STEP_SECONDS
    if len(digits) != CODE_DIGITS:
        return None
    codes = HOTP(secret)
    for step in range(max(last_step + 1, now_step - STEPS_AROUND), now_step + STEPS_AROUND + 1):
        if hmac.compare_digest(codes.at(step), digits):
            return step
    return None


def _digits(typed: str) -> str:
    """The numbers of a code, in whatever script they were typed; nothing where it has letters."""
    bare = plain_digits("".join(typed.split()))
    return bare if bare.isascii() and bare.isdecimal() else ""


def _is_secret(bare: str) -> bool:
    try:
        return len(base64.b32decode(bare)) == SECRET_BYTES
    except ValueError:
        return False


def _picture(link: str) -> str:
    """What an authenticator scans, as a picture in an address."""
    import segno

    picture: str = segno.make(link, error="m").svg_data_uri(scale=5, border=3, light="#fff")
    return picture


def _forget(connection: Connection, name: str) -> bool:
    connection.execute(delete(schema.recovery_code).where(schema.recovery_code.c.name == name))
    gone = connection.execute(delete(schema.second_factor).where(schema.second_factor.c.name == name))
    return gone.rowcount > 0
