"""aiohttp's HTTP/1.1 parser (llhttp, compiled), without the rest of aiohttp.

`import aiohttp` loads its client, its connector and the system's certificates: a third of the CPU that a box may
spend on its whole start. The parser needs none of it. So the package is entered without running its `__init__`,
and left as it was found: whoever imports aiohttp afterwards gets all of it.
"""

import importlib.util
import sys
from types import ModuleType


def _enter_package() -> bool:
    """Stand in for the package while its parser is imported; False where the package is there already."""
    if "aiohttp" in sys.modules:
        return False
    spec = importlib.util.find_spec("aiohttp")
    assert spec is not None, "aiohttp is one of our dependencies"
    package = ModuleType("aiohttp")
    package.__path__ = list(spec.submodule_search_locations or ())
    package.__spec__ = spec
    sys.modules["aiohttp"] = package
    return True


_is_entered = _enter_package()
try:
    from aiohttp.base_protocol import BaseProtocol
    from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
    from aiohttp.http_parser import HttpRequestParser, RawRequestMessage
    from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
finally:
    if _is_entered:
        del sys.modules["aiohttp"]

__all__ = [
    "EMPTY_PAYLOAD",
    "BaseProtocol",
    "HttpProcessingError",
    "HttpRequestParser",
    "LineTooLong",
    "RawRequestMessage",
    "StreamReader",
]
