"""Staff: the people who run the hub.

* The first person claims the hub with the code that `qanat hub serve` printed; then the code is gone for good.
* A password is kept as a verifier: it is proven without being sent. Hashes of former times are checked over HTTPS
  alone, and become verifiers by it.
* An unknown name is asked and answered as a known one, so that neither can be told apart.
"""

import base64
import hmac
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, func, select

from catalog import durable
from catalog.digest import sha256
from catalog.fault import CallerFault
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.fleet import tidy_name
from sync.keys import KeyPair
from sync.web.challenge.talks import Said, Talks
from sync.web.challenge.verifier import SALT_BYTES, Verifier, is_password, of_password
from sync.web.passwords import verify_secret

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


class NoAccount(CallerFault):
    """Nobody of this name has an account at the hub."""


class Staff:
    """Who may sign in to the hub's pages."""

    def __init__(
        self, engine: Engine, folder: Path, clock: Clock, random_bytes: Callable[[int], bytes], keys: KeyPair
    ) -> None:
        self._engine = engine
        self._file = folder / CODE_FILE
        self._clock = clock
        self._random_bytes = random_bytes
        # A signature is the same every time, and nobody else can make it: so an unknown name keeps its salt.
        self.talks = Talks(clock, random_bytes, sha256(keys.sign(b"qanat: what an unknown name is asked with")))

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

    def claim(self, code: str, name: str, password: str | Verifier) -> str:
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

    def add(self, name: str, password: str | Verifier, *, is_first: bool = False) -> None:
        """Make an account. Raises ClaimRefused."""
        tidy = tidy_name(name)
        if not tidy:
            raise ClaimRefused("name", "A name is missing.", "Write the name that you will sign in with.")
        row = {"name": tidy, "secret": self._kept(password), "made_seconds": self._clock.now().wall_seconds}
        with writing(self._engine) as connection:
            if is_first and connection.execute(select(func.count()).select_from(schema.staff)).scalar_one():
                raise _claimed()
            connection.execute(schema.staff.insert().values(row))

    def change_password(self, name: str, password: str | Verifier) -> None:
        """Give an account a new password. Raises ClaimRefused, NoAccount."""
        kept = self._kept(password)
        with writing(self._engine) as connection:
            changed = connection.execute(
                schema.staff.update().where(schema.staff.c.name == tidy_name(name)).values(secret=kept)
            ).rowcount
        if changed == 0:
            raise no_account(name)

    def names(self) -> list[str]:
        """Everybody who has an account."""
        with reading(self._engine) as connection:
            return list(connection.execute(select(schema.staff.c.name).order_by(schema.staff.c.name)).scalars())

    def find(self, name: str) -> tuple[str, Verifier | None]:
        """An account's name as it is compared, and the verifier behind it."""
        return tidy_name(name), Verifier.from_text(self._secret(name))

    def proves(self, name: str, said: Said) -> bool:
        """Tell whether a talk was about this account, and proved the password that it has now."""
        return said.proven is not None and tidy_name(said.name) == tidy_name(name) and said.proven == self.find(name)[1]

    def signs_in(self, name: str, password: str) -> bool:
        """Tell whether a password that came over HTTPS is this person's; renews what was kept of it in former times."""
        kept = self._secret(name)
        verifier = Verifier.from_text(kept)
        if verifier is not None:
            return is_password(verifier, password)
        if not verify_secret(kept, password):
            return False
        with writing(self._engine) as connection:
            connection.execute(
                schema.staff.update()
                .where(schema.staff.c.name == tidy_name(name), schema.staff.c.secret == kept)
                .values(secret=of_password(password, self._random_bytes(SALT_BYTES)).text)
            )
        return True

    def _secret(self, name: str) -> str:
        with reading(self._engine) as connection:
            secret = connection.execute(
                select(schema.staff.c.secret).where(schema.staff.c.name == tidy_name(name))
            ).scalar_one_or_none()
        return secret or ""

    def _kept(self, password: str | Verifier) -> str:
        """What is kept of a password; of a verifier only the browser could tell how long its password is."""
        if isinstance(password, Verifier):
            return password.text
        if not PASSWORD_LETTERS_MIN <= len(password) <= PASSWORD_LETTERS_MAX:
            raise ClaimRefused(
                "password",
                f"The password needs at least {PASSWORD_LETTERS_MIN} letters.",
                "Three or four words make a good one.",
            )
        return of_password(password, self._random_bytes(SALT_BYTES)).text


def no_account(name: str) -> NoAccount:
    return NoAccount(f"Nobody called {name} has an account here.", "`qanat hub staff list` names everybody who has.")


def _claimed() -> ClaimRefused:
    return ClaimRefused("claimed", "This hub has been claimed already.", "Sign in with your name and password.")


def _bare(code: str) -> bytes:
    return "".join(letter for letter in code.lower() if letter.isalnum()).encode()
