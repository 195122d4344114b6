"""The catalogue among the packs: whoever mirrors this hub fetches it by its name, whole, and asks nobody's leave.

* It tells which courses there are and who signs them; nothing of learners, campuses or boxes.
* Unlike a pack it changes: no cache between may keep it for long.
"""

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request

from catalog.trust.roles import is_catalogue
from sync.hub.trust.mirroring import CATALOGUE_NAME
from sync.web.app import bare
from sync.web.takes import OCTETS, takes
from sync.wire import PACK_PATH

if TYPE_CHECKING:
    from sync.hub.hub import Hub

CACHE = "public, max-age=60"


def create_catalogue(hub: "Hub") -> Blueprint:
    """The route of this hub's catalogues."""
    routes = Blueprint("catalogue", __name__)

    @routes.get(PACK_PATH + CATALOGUE_NAME.format("<name>"))
    @bare
    @takes(gives=OCTETS)
    def catalogue(name: str) -> Response:
        whole = hub.trust.chain(name) if is_catalogue(name) else None
        if whole is None:
            abort(404)
        response = Response(whole, content_type="application/octet-stream")
        response.headers["Cache-Control"] = CACHE
        response.make_conditional(request, accept_ranges=True, complete_length=len(whole))
        return response

    return routes
