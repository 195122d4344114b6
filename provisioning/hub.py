"""`qanat hub`, whole: a hub that shows drafts by the players of a box."""

from typing import TYPE_CHECKING

from sync.hub.cli import hub
from sync.hub.serve_cli import serve_command

if TYPE_CHECKING:
    from sync.hub.hub import Hub
    from sync.hub.previews import Looks

__all__ = ["hub"]


def looks_of(hub: "Hub") -> "Looks":
    """What shows the drafts of this hub."""
    # Loaded by the hub that serves: no other command shows anything.
    from provisioning.previews import Drafts

    return Drafts(hub)


hub.add_command(serve_command(looks_of))
