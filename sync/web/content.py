"""Content sites: course packages, which are programs by strangers, on origins of their own.

* No cookie is set or read here, and nothing of the application is reachable under these addresses.
* An answer is found in memory and read by the front: no Flask, no thread held per asset.
* What is served runs alone: the policy lets it load from its own origin only, and only our pages may frame it.
* A page is asked for anew at each view (so that a view is seen); everything else is cached under its launch.
* Paths that begin with `~`, at the top or below a launch's token, are never a course's: a small application of our own
  answers there (`own`), and only it takes bodies.
* No course gets a service worker: it would outlive its launch and answer in the name of the next.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes

from catalog.media import is_text
from sync.web.exchange import Answer, Request, head, refusal
from sync.web.filing import answer_with, answer_with_file
from sync.web.hands import Hands
from sync.web.wsgi import Application

PATH_BYTES_MAX = 2_048
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
INDEX_NAME = "index.html"
ASSET_CACHE = "private, max-age=86400"
PAGE_CACHE = "private, no-cache"
LASTING_CACHE = "public, max-age=31536000, immutable"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


@dataclass(frozen=True, slots=True)
class ContentFile:
    """Where a file of a shelved release lies. Nothing has been read yet: it may turn out to be a folder, or missing."""

    path: Path
    media_type: str
    is_lasting: bool = False
    """Its address names this very content, whoever launched what: browsers keep it."""


class ContentResolver(Protocol):
    """Tells which file an address means. Asked on the loop, it may not wait, read the disk or touch a database."""

    def resolve(self, port: int, host: str, path: str) -> ContentFile | None:
        """Find `path` (decoded, relative, without dot segments; a folder's page already has its index.html).
        One that begins with `~` means a file of our own, whoever asks.

        `host` is the Host header as it came: where courses have host names, the origin is told by it.
        None where the launch is unknown or over, or where it belongs to another origin.
        """
        ...

    def on_page(self, port: int, host: str, path: str) -> None:
        """Hear that the page at `path` was seen. Called after the answer was sent, off the loop, in order; be short."""
        ...


@dataclass(frozen=True, slots=True)
class Content:
    """A content site on a port: what the resolver finds, under the rules for strangers' files."""

    resolver: ContentResolver
    app_port: int
    """The port of the application on the same host: its pages, and only they, may frame this site."""
    app_origin: str = ""
    """The application's origin, where it is not the same host name with `app_port` (a host name per course)."""
    own: Application | None = None
    """What answers under the reserved paths, with the rights of the launch that a path names."""
    secure_port: int = 0
    """The application's port over HTTPS, where a proxy serves both over both, and says by which it was asked."""

    def answer_now(self, request: Request, hands: Hands) -> Answer | bytes | None:
        headers = request.headers
        if self.own is not None and is_own(request.target):
            return None
        if request.method not in ("GET", "HEAD"):
            return refusal(405, "A course's files can only be read.", "Go back to the course.", ("Allow", "GET, HEAD"))
        if "Service-Worker" in headers:
            return refusal(403, "A course may not answer for the box.", "Nothing is lost: the course works without.")
        host = headers.get("Host", "")
        path = safe_path(request.target)
        found = None if path is None else self.resolver.resolve(request.port, host, path)
        if found is None:
            return _missing()
        is_varied = is_text(found.media_type)
        small = hands.files.in_memory(str(found.path), is_varied and request.accepts_gzip())
        if small is None:
            return None
        ancestors = self._ancestors(request, host)
        if is_page(found.media_type) or not request.is_plain:
            answer = answer_with(small, _headers(found, ancestors), request, is_varied=is_varied)
            return self._noting(answer, found, request, host)
        key = (found.media_type, ancestors)
        message = small.messages.get(key)
        if message is None:
            answer = answer_with(small, _headers(found, ancestors), request, is_varied=is_varied)
            message = head(200, answer.headers, small.size_bytes) + small.data
            small.remember(key, message)
        return message

    async def answer(self, request: Request, hands: Hands) -> Answer:
        if self.own is not None and is_own(request.target):
            request.target = _single_slashes(request.target)
            return await self.own.answer(request, hands)
        host = request.headers.get("Host", "")
        path = safe_path(request.target)
        found = None if path is None else self.resolver.resolve(request.port, host, path)
        if found is None:
            return _missing()
        ancestors = self._ancestors(request, host)
        try:
            answer = await answer_with_file(found.path, _headers(found, ancestors), request, hands)
        except IsADirectoryError:
            return _to_folder(request.target)
        except OSError:
            return _missing()
        return self._noting(answer, found, request, host)

    def _ancestors(self, request: Request, host: str) -> str:
        """The origin whose pages frame what is shown here, as whoever asks knows it."""
        if self.secure_port and request.headers.get("X-Forwarded-Proto") == "https":
            return app_origin(host, self.secure_port, "https")
        return self.app_origin or app_origin(host, self.app_port)

    def _noting(self, answer: Answer, found: ContentFile, request: Request, host: str) -> Answer:
        """A page that was shown, or shown again, was seen; a look at its head was not."""
        answer.has_date = False
        path = safe_path(request.target)
        if path is not None and is_page(found.media_type) and request.method == "GET" and answer.status in (200, 304):
            resolver, port = self.resolver, request.port
            answer.after = lambda: resolver.on_page(port, host, path)
        return answer


@lru_cache(maxsize=1_024)
def safe_path(target: str) -> str | None:
    """Decode the path of a request's target, or refuse it. A trailing slash means the folder's index page.

    >>> safe_path("/t0ken/unit%201/"), safe_path("/t0ken/../etc"), safe_path("/t0ken//x")
    ('t0ken/unit 1/index.html', None, None)
    """
    raw = target.partition("?")[0].encode("utf-8", "surrogateescape")
    if not raw.startswith(b"/") or len(raw) > PATH_BYTES_MAX:
        return None
    try:
        path = unquote_to_bytes(raw[1:]).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if path.endswith("/"):
        path += INDEX_NAME
    if not path or any(piece in ("", ".", "..") for piece in path.split("/")):
        return None
    if "\\" in path or any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in path):
        return None
    return path


@lru_cache(maxsize=1_024)
def is_own(target: str) -> bool:
    """Tell whether a request is for us, not for a file of a course or of a player.

    >>> is_own("/t0ken/~state"), is_own("/t0ken/%7Estate?a=b"), is_own("/t0ken/site/~a.html"), is_own("/~play/x/a.js")
    (True, True, False, False)
    """
    path = safe_path(_single_slashes(target)) or ""
    first, _, rest = path.partition("/")
    return not first.startswith("~") and rest.startswith("~")


def _single_slashes(target: str) -> str:
    """A target without empty steps in its path: packages join an address that ends in a slash to one that begins so."""
    path, question, query = target.partition("?")
    return re.sub(r"(?<=.)/{2,}", "/", path) + question + query


def content_headers(media_type: str, frame_ancestors: str) -> list[tuple[str, str]]:
    """The rules under which a stranger's file is handed out."""
    return [
        ("Content-Type", media_type),
        ("Content-Security-Policy", content_policy(frame_ancestors)),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("Cache-Control", PAGE_CACHE if media_type in PAGE_TYPES else ASSET_CACHE),
    ]


def _headers(found: ContentFile, ancestors: str) -> list[tuple[str, str]]:
    headers = content_headers(found.media_type, ancestors)
    return [*headers[:-1], ("Cache-Control", LASTING_CACHE)] if found.is_lasting else headers


def content_policy(frame_ancestors: str) -> str:
    """Courses need inline and computed scripts; what they never need here is another host."""
    return (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        "object-src 'self'; base-uri 'self'; form-action 'self'; "
        f"frame-ancestors 'self' {frame_ancestors}".rstrip()
    )


@lru_cache(maxsize=256)
def app_origin(host_header: str, app_port: int, scheme: str = "http") -> str:
    """The application's origin, as seen by whoever reached us by this Host; empty when the Host makes no sense.

    >>> app_origin("box.lan:8081", 8080), app_origin("a b", 8080)
    ('http://box.lan:8080', '')
    """
    name = host_header.rpartition(":")[0] if re.search(r":\d*\Z", host_header) else host_header
    if _HOST.fullmatch(name) is None:
        return ""
    usual = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{name}" if app_port == usual else f"{scheme}://{name}:{app_port}"


def is_page(media_type: str) -> bool:
    """Tell whether seeing this file is seeing a page of the course."""
    return media_type in PAGE_TYPES


def _missing() -> Answer:
    return refusal(404, "This course has no such page.", "Go back, or open the course again from the library.")


def _to_folder(target: str) -> Answer:
    """A folder's address ends in a slash, or its page's links would go astray."""
    path, question, query = target.partition("?")
    place = quote(unquote_to_bytes(path.rpartition("/")[2].encode("utf-8", "surrogateescape")), safe="")
    return Answer(301, [("Location", f"{place}/{question}{quote(query, safe='=&%+')}"), ("Cache-Control", ASSET_CACHE)])
