"""Talks: a browser asks to prove or to set a password, is answered sealed, and says the rest sealed.

* A talk belongs to the session that began it, is finished once, and is forgotten after a while; all in memory, bounded.
  Only one that shows something, and proves nothing, may be finished again, in the same words: what was written down
  stays what it is.
* What is asked of an unknown name is asked as of a known one; that there is nobody is said only at the end.
* What a talk proves is that somebody knew the password behind one verifier: whoever lets them in compares it with
  the one that is kept by then.
"""

import base64
import binascii
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog.fault import CallerFault
from sync.clock import Clock
from sync.keys import base64url
from sync.web.challenge.verifier import Verifier, of_nobody

if TYPE_CHECKING:
    from scramp.core import ScramServer

    from sync.web.challenge.sealing import Sealing

TALK_SECONDS_MAX = 180
"""From the tap on "sign in" to the proof: the slowest phone needs some seconds."""
SHOWING_SECONDS_MAX = 1_800
"""How long something shown sealed, to be written down or scanned, may wait for its answer."""
TALKS_MAX = 4_096
SECRET_BYTES = 32
NONCE_BYTES = 18
MECHANISM = "SCRAM-SHA-256"


class TalkRefused(CallerFault):
    """What a browser says does not go on from a talk that we had."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a browser said in a talk that holds."""

    name: str
    proven: Verifier | None
    """The verifier whose password the browser knew; None when it proved nothing."""
    verifier: Verifier | None
    """The new password's, where one was set."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """What was shown to this browser, sealed, when the talk began."""


@dataclass(slots=True)
class _Talk:
    session: str
    name: str
    asked: Verifier | None
    scram: "ScramServer | None"
    sealing: "Sealing"
    ends_seconds: float
    shown: Mapping[str, Any]
    heard: tuple[str, Said] | None = None
    """What was said here before, as it came; each side seals its own key's messages once."""


class Talks:
    """The talks that go on now. Safe from any thread."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes], secret: bytes) -> None:
        """`secret` makes what an unknown name is asked with; it is the same after a start."""
        self._clock = clock
        self._random_bytes = random_bytes
        self._secret = secret
        self._lock = threading.Lock()
        self._talks: OrderedDict[str, _Talk] = OrderedDict()

    def begin(
        self,
        session: str,
        said: Mapping[str, str],
        find: Callable[[str], tuple[str, Verifier | None]] | None = None,
        shown: Mapping[str, Any] | None = None,
    ) -> dict[str, str]:
        """Answer a browser that said its `key`, and SCRAM's `first` message where it is about to prove a password.

        `find` gives an account's name as it is compared, and its verifier. `shown` goes to the browser sealed.

        Raises TalkRefused.
        """
        # Loaded when the first talk begins: the first page needs none of it.
        from sync.web.challenge.sealing import Own, Unsealable

        own = Own(self._random_bytes(SECRET_BYTES))
        try:
            sealing = own.with_browser(_bytes(said.get("key", "")))
        except Unsealable as error:
            raise _refused() from error
        name, asked, scram = "", None, None
        answer: dict[str, Any] = dict(shown or {})
        if find is not None and said.get("first"):
            name = _name(said["first"])
            key, kept = find(name)
            asked = kept or of_nobody(key, self._secret)
            scram, answer["first"] = self._ask(said["first"], asked)
        now_seconds = self._clock.now().monotonic_seconds
        ends_seconds = now_seconds + (SHOWING_SECONDS_MAX if shown else TALK_SECONDS_MAX)
        talk = base64url(self._random_bytes(NONCE_BYTES))
        with self._lock:
            self._talks[talk] = _Talk(session, name, asked, scram, sealing, ends_seconds, shown or {})
            while len(self._talks) > TALKS_MAX:
                self._talks.popitem(last=False)
        sealed = sealing.seal(json.dumps(answer).encode())
        return {"talk": talk, "key": base64url(own.public), "sealed": base64url(sealed)}

    def hear(self, session: str, talk: str, sealed: str, *, stays: bool = False) -> Said:
        """What a browser says to end a talk; one that `stays` goes on until its time is over. Raises TalkRefused."""
        with self._lock:
            begun = self._talks.pop(talk, None)
            if begun is not None and stays and begun.asked is None:
                self._talks[talk] = begun
        if begun is None or begun.session != session or begun.ends_seconds < self._clock.now().monotonic_seconds:
            raise _refused()
        if begun.heard is not None and begun.heard[0] == sealed:
            return begun.heard[1]
        try:
            said = json.loads(begun.sealing.open(_bytes(sealed)))
            final = said.get("final")
            verifier = Verifier.from_said(said["verifier"]) if "verifier" in said else None
        except (ValueError, TypeError, AttributeError) as error:
            raise _refused() from error
        proven = begun.asked if _is_proven(begun.scram, final) else None
        heard = Said(begun.name, proven, verifier, begun.shown)
        begun.heard = (sealed, heard)
        return heard

    def _ask(self, first: str, asked: Verifier) -> tuple["ScramServer", str]:
        from scramp import ScramException, ScramMechanism

        nonce = base64url(self._random_bytes(NONCE_BYTES))
        kept = (asked.salt, asked.stored_key, asked.server_key, asked.cost)
        server = ScramMechanism(MECHANISM).make_server(lambda name: kept, s_nonce=nonce)
        try:
            server.set_client_first(first)
            return server, str(server.get_server_first())
        except ScramException as error:
            raise _refused() from error


def encode_name(name: str) -> str:
    """A name as SCRAM carries it here: names of every script, of which its own preparation would refuse some."""
    return base64url(name.encode("utf-8", "surrogatepass"))


def _name(first: str) -> str:
    """Whose password is to be proven, by SCRAM's first message. Raises TalkRefused."""
    parts = first.split(",")
    if len(parts) < 4 or not parts[2].startswith("n="):
        raise _refused()
    try:
        return _bytes(parts[2][2:]).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise _refused() from error


def _is_proven(scram: "ScramServer | None", final: object) -> bool:
    if scram is None or not isinstance(final, str):
        return False
    from scramp import ScramException

    try:
        scram.set_client_final(final)
    except (ScramException, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused() from error


def _refused() -> TalkRefused:
    return TalkRefused(
        "This sign-in was begun too long ago, or on another page.", "Load the page again and try once more."
    )
