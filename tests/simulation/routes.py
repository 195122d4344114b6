"""Routes: the addresses of a world's hub, made once, however often the hub itself starts again."""

from pathlib import Path
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from sync.hub.hub import Hub
from sync.hub.protocol import create_protocol
from sync.mirror import Mirror, create_mirror


class Standing:
    """The hub that stands now, for routes that were made before it."""

    hub: Hub

    def __getattr__(self, name: str) -> Any:
        return getattr(self.hub, name)

    def open(self, name: str) -> Path | bytes | None:
        """What its mirror has of this name."""
        return Mirror(self.hub.catalog.releases, self.hub.catalog.store).open(name)


def routes(standing: Any) -> Flask:
    """The real routes for boxes. An error that is no answer is not hidden behind a page: the world fails."""
    app = Flask(__name__, static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    # As the hub's whole app does for machines: a box takes no web page for its hub.
    app.register_error_handler(HTTPException, lambda error: Response("", error.code, content_type="text/plain"))
    app.register_blueprint(create_protocol(standing))
    app.register_blueprint(create_mirror(standing, lambda name: standing.packing.find(name)))
    return app
