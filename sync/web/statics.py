"""Static files: the few that every page uses, named by their content, so that a browser asks for each once.

* `static_url("look.css")` is an address that changes with the file; what it names is cached for a year.
* They are small, so they are held in memory, compressed once.
"""

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, request
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader

from catalog.digest import sha256
from sync.web.takes import ANYTHING, takes
from sync.web.visits import sessionless

HERE = Path(__file__).parent
FOLDER = HERE / "static"
FILE_BYTES_MAX = 256 << 10
MARK_LETTERS = 12
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Static:
    """A file as it is sent."""

    mark: str
    media_type: str
    data: bytes
    compressed: bytes | None


def static_url(name: str) -> str:
    """The address of a static file, with the mark of its content: `/static/look.css?v=...` never goes stale."""
    return f"/static/{name}?v={read(name).mark}"


@lru_cache(maxsize=64)
def read(name: str) -> Static:
    """Read a static file, once. Raises FileNotFoundError where there is none of that name."""
    path = FOLDER / name
    if _NAME.fullmatch(name) is None or path.suffix not in MEDIA_TYPES:
        raise FileNotFoundError(name)
    data = path.read_bytes()
    assert len(data) <= FILE_BYTES_MAX, f"{name} is too large to be held in memory"
    compressed = gzip.compress(data, 9, mtime=0)
    return Static(
        sha256(data).hex()[:MARK_LETTERS],
        MEDIA_TYPES[path.suffix],
        data,
        compressed if len(compressed) < len(data) * 0.9 else None,
    )


def template_loader(app: Flask) -> BaseLoader:
    """Find templates of the application's blueprints, and the common ones."""
    common = FileSystemLoader(HERE / "templates")
    return ChoiceLoader([_of_blueprints(app), common])


def _of_blueprints(app: Flask) -> BaseLoader:
    return app.create_global_jinja_loader()


def install(app: Flask) -> None:
    @app.get("/static/<name>")
    @sessionless
    @takes(query=("v",), gives=ANYTHING)
    def static_file(name: str) -> Response:
        try:
            static = read(name)
        except FileNotFoundError:
            abort(404)
        response = Response(static.data, content_type=static.media_type)
        if static.compressed is not None:
            response.vary.add("Accept-Encoding")
            if request.accept_encodings["gzip"]:
                response.set_data(static.compressed)
                response.headers["Content-Encoding"] = "gzip"
        is_marked = request.args.get("v") == static.mark
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_marked else "public, no-cache"
        response.headers["ETag"] = f'"{static.mark}"'
        return response.make_conditional(request)  # type: ignore[return-value]
