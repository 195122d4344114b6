"""Serving: a hub's parts, its web app and the front, for as long as somebody wants it.

* Drafts are shown on ports of their own, where no session is known, by what it is given for that.
* It says where it listens once it does, and how to claim the hub while nobody has.
* SIGTERM and SIGINT end it: what was begun is finished, the pack in hand too, and the exit code is 0.
"""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from catalog.fault import CallerFault
from sync.clock import SystemClock
from sync.hub.app import FORM_BYTES_MAX, create_app
from sync.hub.drafts.draft import CHUNK_BYTES
from sync.hub.hub import CARRY, UPLOAD_BYTES_MAX, UPLOADS, Hub
from sync.hub.keeping.nightly import Nightly
from sync.hub.pages.carrying import CARRY_PATH, LETTERS_BYTES_MAX
from sync.hub.pages.courses import PUBLISH_PATH
from sync.hub.pages.drafts import DRAFTS_PATH, PARTS_PATH
from sync.hub.previews import PORTS, Looks, PreviewSite
from sync.hub.secure.nightly import Renewing
from sync.hub.staff import CODE_FILE
from sync.web.front import Front, Site
from sync.web.names import own_names
from sync.web.wsgi import Application
from sync.wire import REPORT_BYTES_MAX, SESSION_PATH

FAR_CONGESTION = "bbr"
"""Boxes sit behind satellites: BBR does not take every lost packet for a full link, as others do."""


def serve(
    data: Path,
    say: Callable[[str], None],
    looks_of: Callable[[Hub], Looks],
    *,
    host: str = "0.0.0.0",  # noqa: S104 - a hub is for others to reach
    port: int = 8080,
    database_url: str | None = None,
    upload_bytes_max: int = UPLOAD_BYTES_MAX,
    is_behind_proxy: bool = False,
    backup_to: Path | None = None,
    names: Sequence[str] = (),
    preview_ports: Sequence[int] = (),
    preview_origins: Sequence[str] = (),
) -> None:
    """Serve the hub in `data` until it is told to stop. An empty folder becomes a new hub.

    Raises BoxFault where a port is taken, the disk will not do or the database does not answer; CallerFault where the
    previews' origins are not as many as their ports.
    """
    ports = preview_ports or [0] * (len(preview_origins) or PORTS)
    if preview_origins and len(preview_origins) != len(ports):
        raise CallerFault(
            f"There are {len(ports)} ports for previews and {len(preview_origins)} addresses of them.",
            "Give --preview-port and --preview-origin equally often, in the same order.",
        )
    # Pages name files by their whole path, wherever the hub was started from.
    data = data.resolve()
    clock = SystemClock()
    hub = Hub.open(data, clock, secrets.token_bytes, database_url)
    try:
        hub.clear_uploads()
        looks = looks_of(hub)
        app = create_app(
            hub,
            looks=looks.pages(),
            upload_bytes_max=upload_bytes_max,
            secure_cookies=is_behind_proxy,
            names=own_names(names, is_behind_proxy=is_behind_proxy),
        )
        application = Application(
            app.wsgi_app,
            folders=[hub.packing.folder, hub.catalog.store.folder, data / CARRY, hub.previews.folder],
            body_bytes_max={
                PUBLISH_PATH: upload_bytes_max,
                DRAFTS_PATH: FORM_BYTES_MAX,
                PARTS_PATH: CHUNK_BYTES,
                SESSION_PATH: REPORT_BYTES_MAX,
                CARRY_PATH: LETTERS_BYTES_MAX,
            },
            asked_first=[PUBLISH_PATH],
            is_behind_proxy=is_behind_proxy,
        )
        preview = PreviewSite()
        sites = [Site(host, port, application, FAR_CONGESTION), *(Site(host, one, preview) for one in ports)]
        front = Front(sites, clock, spool=data / UPLOADS)
        bound, *hub.previews.ports = front.bind()
        hub.previews.origins = [origin.rstrip("/") for origin in preview_origins]
        # Behind a proxy nobody but that proxy knows the name of the hub's own pages.
        preview.content = looks.content(bound, f"https://{names[0]}" if is_behind_proxy and names else "")
        hub.start()
        if backup_to is not None:
            Nightly(hub.keeping.backups, backup_to.resolve(), clock).start()
        Renewing(hub.certificates, clock).start()
        front.run(lambda: _say_where(hub, say, host, bound))
    finally:
        hub.close()


def _say_where(hub: Hub, say: Callable[[str], None], host: str, port: int) -> None:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - what a browser here can open
    say(f"The hub is at http://{shown}:{port}/")
    code = hub.staff.claim_code()
    if code is not None:
        say(f"It is new: claim it at http://{shown}:{port}/claim with the code {code} (also in {CODE_FILE}).")
