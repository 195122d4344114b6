"""Sessions of the desk: kept in memory, for whoever opened the address that the command printed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from sync.keys import base64url
from sync.web.sessions import COOKIE_BYTES, Session, hash_of

SESSIONS_MAX = 64


class DeskSessions:
    """The newest few; they end with the program."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Session] = OrderedDict()

    def find(self, cookie: str) -> Session | None:
        with self._lock:
            return self._kept.get(hash_of(cookie))

    def begin(self, person: str, kind: str, data: Mapping[str, str]) -> tuple[str, Session]:
        cookie = base64url(self._random_bytes(COOKIE_BYTES))
        session = Session(hash_of(cookie), person, kind, base64url(self._random_bytes(COOKIE_BYTES)), dict(data))
        with self._lock:
            self._kept[session.id_hash] = session
            while len(self._kept) > SESSIONS_MAX:
                nobodies = (name for name, one in self._kept.items() if not one.kind)
                del self._kept[next(nobodies, next(iter(self._kept)))]
        return cookie, session

    def end(self, session: Session) -> None:
        with self._lock:
            self._kept.pop(session.id_hash, None)

    def end_all(self, person: str) -> None:
        with self._lock:
            self._kept.clear()
