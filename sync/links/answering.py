"""What answers at the hub's address: the hub, or something else that is then named as what it is.

* A web page is never a hub: a network that wants a sign-in answers with one, whatever was asked.
* A redirect is followed only where it moves the hub's whole address, and never to a less safe one; any other is a
  network's way to its sign-in page.
* A proxy that repacks or shortens what passes is told from a link that broke.
"""

from urllib.parse import urlsplit

import httpx

from catalog.fault import LinkFault
from sync.clock import Moment
from sync.link import HubBusy, NotTheHub, PackMissing, retry_after_seconds

MOVED = (307, 308)
BUSY = (429, 500, 502, 503, 504)
_NETWORK_SIGN_IN = 511
_PROXY_SIGN_IN = 407
_MARKUP = (b"<!", b"<h", b"<H", b"<?")


def demand_hub(response: httpx.Response, address: str, now: Moment | None) -> None:
    """Raises NotTheHub where the head cannot be a hub's, HubBusy where it is one that serves nobody now."""
    status = response.status_code
    is_page = response.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"
    if status == _NETWORK_SIGN_IN or (is_page and status < 400):
        raise sign_in_page()
    if status == _PROXY_SIGN_IN:
        raise NotTheHub(
            "A proxy on the way to the hub wants a name and a password.",
            "Write them into the setting `proxy` in box.toml.",
        )
    if 300 <= status < 400:
        raise _sent_on(response, address)
    if status in BUSY and is_page:
        raise busy(response, now)
    if is_page:
        raise NotTheHub(
            f"Something answers at the hub's address that is no hub (a web page, status {status}).",
            "Check the hub's address.",
        )
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotTheHub(
            "Something between box and hub repacks what passes.",
            "Let the network's proxy leave the hub's address alone.",
        )


def is_markup(beginning: bytes) -> bool:
    """Tell whether an answer begins as a web page does."""
    return beginning.lstrip()[:2] in _MARKUP


def start_of(response: httpx.Response, name: str, offset: int, size_bytes: int | None, now: Moment | None) -> int:
    """At which byte of the file the body begins. Raises LinkFault where it is not the file that was asked for."""
    status = response.status_code
    if status in (404, 410, 416):
        raise PackMissing(f"The hub does not have {name} any more.", "The next session gets a new plan.")
    if status in BUSY:
        raise busy(response, now)
    if status == 206 and size_bytes is not None:
        if response.headers.get("content-range", "") != f"bytes {offset}-{size_bytes - 1}/{size_bytes}":
            raise NotTheHub("The hub sent another part of a pack than was asked for.", "The next session asks again.")
        return offset
    if status != 200:
        raise NotTheHub(f"The hub answered {status} where a pack was asked for.", "Check the hub's address.")
    said = response.headers.get("content-length", "")
    if size_bytes is not None and said.isdigit() and int(said) != size_bytes:
        raise NotTheHub(
            f"{name} should have {size_bytes} bytes, and {said} were offered.",
            "The next session asks the hub again; a network that wants a sign-in first may answer so too.",
        )
    return 0


def moved_to(response: httpx.Response, path: str, address: str) -> str | None:
    """The hub's new address, where it says so and it is one that we follow."""
    if response.status_code not in MOVED:
        return None
    target, here = urlsplit(response.headers.get("location", "")), urlsplit(address)
    is_whole = target.path == here.path + path and not target.query and bool(target.netloc)
    is_as_safe = target.scheme == "https" or (target.scheme, here.scheme) == ("http", "http")
    if not (is_whole and is_as_safe):
        return None
    return f"{target.scheme}://{target.netloc}{here.path}"


def busy(response: httpx.Response, now: Moment | None) -> HubBusy:
    return HubBusy(
        f"The hub cannot serve us now (status {response.status_code}).",
        "The box comes again by itself; if it stays so, tell the hub's staff.",
        retry_after_seconds(response.headers, now),
    )


def sign_in_page() -> LinkFault:
    return NotTheHub(
        "A web page came instead of the hub's answer: the network may want a sign-in first.",
        "Open any page in a browser on this network and sign in; or check the hub's address.",
    )


def _sent_on(response: httpx.Response, address: str) -> LinkFault:
    """A redirect that is not followed: to the sign-in of a network, mostly."""
    try:
        host = urlsplit(response.headers.get("location", "")).hostname
    except ValueError:
        host = None
    if host and host != urlsplit(address).hostname:
        return NotTheHub(
            f"The network sends us on to {host[:80]}: it wants a sign-in first.",
            "Open any page in a browser on this network and sign in; or the hub has moved: check its address.",
        )
    return NotTheHub(
        "The hub's address sends us on to another place.",
        "The network may want a sign-in first: open any page in a browser there. Or the hub has moved: check its "
        "address.",
    )
