"""Versions of xAPI: which one a request speaks, and which one the answer states.

* A request of 1.0 or 1.0.x is answered as 1.0.3, one of 2.0 or 2.0.x as 2.0.0; every other is refused.
* Every answer states a version. One to a request that stated none, or none that is known, states the version that the
  same caller last spoke: a tool is refused in its own language. Before that it is 1.0.3.
"""

import re
import threading
from collections import OrderedDict
from enum import Enum

from edge.learning.lrs.refusal import malformed, shown

HEADER = "X-Experience-API-Version"
CALLERS_MAX = 256
_PATCH = re.compile(r"(1\.0|2\.0)(?:\.\d{1,4})?", re.ASCII)


class Version(Enum):
    """A version that is spoken here, by its newest patch."""

    FIRST = "1.0.3"
    SECOND = "2.0.0"


def version_of(stated: str | None) -> Version:
    """The version that a request speaks. Raises NotTaken."""
    if not stated:
        raise malformed(f"The request has no {HEADER} header.")
    found = _PATCH.fullmatch(stated.strip())
    if found is None:
        raise malformed(f"Version {shown(stated)} of xAPI is not spoken here; 1.0.3 and 2.0.0 are.")
    return Version.FIRST if found[1] == "1.0" else Version.SECOND


class Spoken:
    """Remembers which version each caller last spoke; a few hundred of them."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, Version] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, caller: str, version: Version) -> None:
        with self._lock:
            self._last[caller] = version
            self._last.move_to_end(caller)
            if len(self._last) > CALLERS_MAX:
                self._last.popitem(last=False)

    def last(self, caller: str) -> Version:
        with self._lock:
            return self._last.get(caller, Version.FIRST)
