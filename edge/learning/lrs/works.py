"""What commands may ask of a box about the keys of its learning record store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edge.learning.lrs.literal import moment_of
from edge.learning.lrs.pages import PREFIX

if TYPE_CHECKING:
    from edge.box import Box


def new(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a key. Raises CallerFault where there are too many."""
    from edge.serve import address

    key, secret = box.lrs.credentials.make(str(request.get("name", "")))
    return {"key": key, "secret": secret, "endpoint": address(box).rstrip("/") + PREFIX}


def listed(box: "Box") -> Mapping[str, Any]:
    """Every key, without its secret."""
    keys = box.lrs.credentials.listed()
    return {
        "keys": [{"key": one.key, "name": one.name, "made": moment_of(one.made_seconds * 1_000_000)} for one in keys]
    }


def revoke(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take a key back. Raises NoSuchKey."""
    key = str(request["key"])
    box.lrs.credentials.revoke(key)
    return {"key": key}
