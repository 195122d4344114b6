"""Who signs what boxes take: the catalogue's name, its keys and where they lie, who else may sign, what is mirrored."""

from typing import TYPE_CHECKING

from flask import Blueprint, render_template

from catalog.trust.roles import OWN_PUBLISHER, ROOT, SNAPSHOT, SOFTWARE, TARGETS, TIMESTAMP
from sync.hub.engine import writing
from sync.hub.trust.state import KeyState, state_of
from sync.web.app import require
from sync.web.language import gettext

if TYPE_CHECKING:
    from sync.hub.hub import Hub

SIGNING_PATH = "/signing"


def create_pages(hub: "Hub") -> Blueprint:
    """The page about keys."""
    pages = Blueprint("signing", __name__, template_folder="../templates")
    pages.add_app_template_global(role_words, "role_words")

    @pages.get(SIGNING_PATH)
    @require("staff")
    def signing() -> str:
        with writing(hub.engine) as connection:
            state = state_of(connection, hub.trust)
        return render_template("hub/signing.html", state=state, fault=hub.trust.fault)

    return pages


def role_words(key: KeyState) -> str:
    """What a key is for, in the reader's language."""
    own = {
        ROOT: gettext("names all other keys; two of the three must agree"),
        TARGETS: gettext("names who may publish"),
        SNAPSHOT: gettext("says what belongs together"),
        TIMESTAMP: gettext("says what is newest"),
        OWN_PUBLISHER: gettext("publishes the courses of this hub"),
        SOFTWARE: gettext("publishes what boxes run"),
    }
    return own.get(key.role) or gettext("publishes the courses %(pattern)s", pattern=key.courses)
