"""The hub as a web app: pages for staff, and beside them the addresses where boxes talk.

* Every page but signing in and the first claim asks for staff; a test walks the map of routes to see it.
* Uploads go straight to the hub's own disk, never through memory, up to a limit that the settings name.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from flask import Flask, Request, abort, request

from sync.hub.hub import UPLOAD_BYTES_MAX, UPLOADS, Hub
from sync.hub.pages import accounts, campuses, courses
from sync.hub.pages.courses import PUBLISH_PATH
from sync.hub.protocol import create_protocol
from sync.web import compiled
from sync.web.app import Tab, WebSettings, create_base, session_now
from sync.web.language import gettext
from sync.web.sessions import Session

FORM_BYTES_MAX = 256 << 10
"""What anybody may send who is not staff with a course in hand."""


def create_app(
    hub: Hub, *, upload_bytes_max: int = UPLOAD_BYTES_MAX, secure_cookies: bool = False,
    allowed_hosts: Sequence[str] | None = None,
) -> Flask:  # fmt: skip
    """Make the web app of this hub. It starts no thread and opens no socket."""
    settings = WebSettings(
        name="Qanat",
        kind="hub",
        secure_cookies=secure_cookies,
        allowed_hosts=allowed_hosts,
        tabs=_tabs,
        now_seconds=lambda: hub.clock.now().wall_seconds,
        compiled=hub.data / compiled.FOLDER,
    )
    app = create_base(__name__, settings, hub.sessions)
    uploads = hub.data / UPLOADS
    uploads.mkdir(exist_ok=True)
    app.before_request(_refuse_nul)
    app.request_class = _request_class(uploads, upload_bytes_max)
    app.register_blueprint(create_protocol(hub))
    for pages in (accounts, campuses, courses):
        app.register_blueprint(pages.create_pages(hub))
    return app


def _refuse_nul() -> None:
    # No name of ours holds a NUL, and PostgreSQL cannot even be asked for one.
    if "\0" in request.path:
        abort(404)


def _tabs(session: Session) -> list[Tab]:
    if session.kind != "staff":
        return []
    path = request.path
    return [
        Tab(gettext("Campuses"), "/", "box", path == "/" or path.startswith("/campus")),
        Tab(gettext("Courses"), "/courses", "shelf", path.startswith("/course")),
        Tab(gettext("Publish"), PUBLISH_PATH, "send", path == PUBLISH_PATH),
    ]


def _request_class(uploads: Path, upload_bytes_max: int) -> type[Request]:
    class HubRequest(Request):
        """A request whose files are written to the hub's disk as they come."""

        _bytes_max: int | None = None
        _streams: tuple[IO[bytes], ...] = ()

        @property
        def max_content_length(self) -> int | None:
            if self._bytes_max is not None:
                return self._bytes_max
            is_upload = self.path == PUBLISH_PATH and session_now().kind == "staff"
            return upload_bytes_max if is_upload else FORM_BYTES_MAX

        @max_content_length.setter
        def max_content_length(self, value: int | None) -> None:
            self._bytes_max = value

        def _get_file_stream(
            self,
            total_content_length: int | None,
            content_type: str | None,
            filename: str | None = None,
            content_length: int | None = None,
        ) -> IO[bytes]:
            stream: Any = NamedTemporaryFile(dir=uploads, prefix="upload-")  # noqa: SIM115 - closed below
            self._streams = (*self._streams, stream)
            return stream  # type: ignore[no-any-return]

        def close(self) -> None:
            super().close()
            for stream in self._streams:
                stream.close()  # also those of a form that broke off in the middle

    return HubRequest
