"""Staff: the people who run the hub.

* The first person claims the hub with the code that `qanat hub serve` printed; then the code is gone for good.
* Passwords are kept as argon2id hashes; wrong names cost as long as wrong passwords, so neither can be guessed apart.
"""

import base64
import hmac
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, func, select

from catalog import durable
from catalog.fault import CallerFault
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.fleet import tidy_name
from sync.web.passwords import hash_secret, verify_secret

CODE_FILE = "claim-code.txt"
CODE_BYTES = 10
PASSWORD_LETTERS_MIN = 8
PASSWORD_LETTERS_MAX = 256


class ClaimRefused(CallerFault):
    """The hub is not claimed this way: a wrong code, a short password, or it was claimed before."""

    def __init__(self, code: str, sentence: str, hint: str) -> None:
        super().__init__(sentence, hint)
        self.code = code
        """code, name, password or claimed: which of them the page should speak of."""


class Staff:
    """Who may sign in to the hub's pages."""

    def __init__(self, engine: Engine, folder: Path, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._engine = engine
        self._file = folder / CODE_FILE
        self._clock = clock
        self._random_bytes = random_bytes

    def is_claimed(self) -> bool:
        """Tell whether anyone can sign in yet."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(schema.staff)).scalar_one() > 0

    def claim_code(self) -> str | None:
        """The code by which the first person claims this hub; None once that is done."""
        if self.is_claimed():
            self._file.unlink(missing_ok=True)
            return None
        if not self._file.exists():
            letters = base64.b32encode(self._random_bytes(CODE_BYTES)).decode().lower()
            code = "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
            durable.write_file(self._file, f"{code}\n".encode(), 0o600)
        return self._file.read_text().strip()

    def claim(self, code: str, name: str, password: str) -> str:
        """Make the first account, and return its name. Raises ClaimRefused."""
        right = self.claim_code()
        if right is None:
            raise _claimed()
        if not hmac.compare_digest(_bare(right), _bare(code)):
            raise ClaimRefused(
                "code",
                "This is not the hub's code.",
                f"It is in the file {CODE_FILE} in the hub's data folder; letter by letter.",
            )
        self.add(name, password, is_first=True)
        self._file.unlink(missing_ok=True)
        return tidy_name(name)

    def add(self, name: str, password: str, *, is_first: bool = False) -> None:
        """Make an account. Raises ClaimRefused."""
        tidy = tidy_name(name)
        if not tidy:
            raise ClaimRefused("name", "A name is missing.", "Write the name that you will sign in with.")
        if not PASSWORD_LETTERS_MIN <= len(password) <= PASSWORD_LETTERS_MAX:
            raise ClaimRefused(
                "password",
                f"The password needs at least {PASSWORD_LETTERS_MIN} letters.",
                "Three or four words make a good one.",
            )
        row = {"name": tidy, "secret": hash_secret(password), "made_seconds": self._clock.now().wall_seconds}
        with writing(self._engine) as connection:
            if is_first and connection.execute(select(func.count()).select_from(schema.staff)).scalar_one():
                raise _claimed()
            connection.execute(schema.staff.insert().values(row))

    def signs_in(self, name: str, password: str) -> bool:
        """Tell whether this is that person's password."""
        with reading(self._engine) as connection:
            secret = connection.execute(
                select(schema.staff.c.secret).where(schema.staff.c.name == tidy_name(name))
            ).scalar_one_or_none()
        return verify_secret(secret or "", password)


def _claimed() -> ClaimRefused:
    return ClaimRefused("claimed", "This hub has been claimed already.", "Sign in with your name and password.")


def _bare(code: str) -> bytes:
    return "".join(letter for letter in code.lower() if letter.isalnum()).encode()
