"""Trust, as a box tells of it: whether the hub's signed catalogue still counts, in words and as an alarm."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.trust.roles import Freshness

if TYPE_CHECKING:
    from edge.box import Box


def look(box: "Box") -> None:
    """Raise the alarm of a catalogue whose word has run out; settle it where it counts again, or there is none."""
    state = box.catalogues.state()
    if state is None:
        box.alarms.settle("catalogue-expired")
        return
    match state.freshness:
        case Freshness.CURRENT:
            box.alarms.settle("catalogue-expired")
        case Freshness.EXPIRED:
            box.alarms.raise_("catalogue-expired", until_seconds=state.grace_ends_seconds)
        case Freshness.STALE:
            box.alarms.raise_("catalogue-expired")


def document(box: "Box") -> Mapping[str, Any] | None:
    """How the catalogue stands, as `qanat box status --json` prints it; None before the box heard of one."""
    state = box.catalogues.state()
    if state is None:
        return None
    return {
        "catalogue": state.catalogue,
        "state": state.freshness.value,
        "expires_seconds": state.expires_seconds,
        "grace_ends_seconds": state.grace_ends_seconds,
        "held": [one.row() for one in box.catalogues.held()],
    }
