"""What the HTTP library raises, said as faults of the link, in words for whoever stands beside the box.

* A certificate that does not hold is told apart: expired, for another name, from nobody we know; and a wrong clock of
  the box itself is named where it may be the reason.
* Nothing of the library's own words reaches a person.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from catalog.fault import CallerFault, LinkFault
from sync.clock import Clock
from sync.link import LinkBroken, NotTheHub, Unreachable

_EXPIRED = 10
_NOT_YET_VALID = 9
_OTHER_NAME = (62, 64)
"""OpenSSL's numbers for a certificate's faults: of another host name, of another IP address."""
CAUSES_MAX = 8


@contextmanager
def said_as_faults(address: Callable[[], str], silence_seconds: int, clock: Clock | None) -> Iterator[None]:
    """Run one request. `address` tells where to, as it stands by then."""
    try:
        yield
    except httpx.ProxyError as error:
        raise Unreachable(
            "The proxy did not let the box through to the hub.",
            "Check the setting `proxy` in box.toml, and the name and password in it.",
        ) from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _certificate_fault(error, address(), clock) or Unreachable(
            f"Nobody answers at {address()}.", "Check that the box is online and that the hub's address is right."
        ) from error
    except httpx.TimeoutException as error:
        raise broken(f"The hub said nothing for {silence_seconds} seconds.") from error
    except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise broken("The connection to the hub ended in the middle, or what came was not HTTP.") from error
    except (httpx.TransportError, httpx.StreamError) as error:
        raise broken("The connection to the hub was lost.") from error
    except httpx.InvalidURL as error:
        raise no_address(address()) from error


def broken(sentence: str) -> LinkBroken:
    return LinkBroken(sentence, "What had come is kept; the box goes on from there by itself.")


def no_address(address: str) -> CallerFault:
    return CallerFault(f"{address!r} is not a hub's address.", 'Write it as "https://hub.example.org".')


def _certificate_fault(error: BaseException, address: str, clock: Clock | None) -> LinkFault | None:
    """Why a safe connection was not made; None where it was for another reason."""
    found = _ssl_error(error)
    if found is None:
        return None
    if not isinstance(found, ssl.SSLCertVerificationError):
        return NotTheHub(
            f"What answers at {address} speaks no TLS that the box understands.",
            "The network may want a sign-in first; or the hub serves http:// only: check its address.",
        )
    match found.verify_code:
        case number if number == _EXPIRED:
            what, hint = "has expired", "Ask the hub's staff to renew it."
        case number if number == _NOT_YET_VALID:
            what, hint = "is not valid yet", "Ask the hub's staff when it begins."
        case number if number in _OTHER_NAME:
            what, hint = "is for another name", "Check the hub's address; the network may want a sign-in first."
        case _:
            what, hint = (
                "comes from nobody the box knows",
                "The network may want a sign-in first, or reads along; else ask the hub's staff for a public "
                "certificate.",
            )
    if found.verify_code in (_EXPIRED, _NOT_YET_VALID):
        hint = f"{_clock_hint(clock)} {hint}".strip()
    return NotTheHub(f"The certificate of {address} {what}.", hint)


def _clock_hint(clock: Clock | None) -> str:
    if clock is None:
        return ""
    now = clock.now()
    date = datetime.fromtimestamp(max(0, now.wall_seconds), UTC).date().isoformat()
    return f"The box's clock may be wrong: it says {date}; set it if that is not today."


def _ssl_error(error: BaseException) -> ssl.SSLError | None:
    """The TLS fault behind the library's own, if that is what it was."""
    cause: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if cause is None or isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
