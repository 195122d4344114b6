"""What the box knows of itself, gathered for the verdict: the pages of staff and the doctor judge by the same facts."""

import shutil
from typing import TYPE_CHECKING

from catalog.manifest import Release
from edge.keeping.rot import Rot
from edge.staff import budget
from edge.staff.verdict import SHOWN_NIGHTS, Facts

if TYPE_CHECKING:
    from edge.box import Box


def facts_of(box: "Box", rot: Rot) -> Facts:
    """The facts as they are now."""
    return Facts(
        free_bytes=box.free_bytes,
        total_bytes=shutil.disk_usage(box.data).total,
        is_enrolled=box.hub is not None,
        is_clock_trusted=box.clock.now().is_trusted,
        nights=box.nights.last(SHOWN_NIGHTS),
        late=sum(bool(missing_bytes(box, release, rot)) for release in box.shelf.courses()),
        is_month_spent=budget.is_month_spent(box.ledger.allowance()),
    )


def missing_bytes(box: "Box", release: Release, rot: Rot) -> int:
    """Bytes of a course on the shelf that are still to come; what this box was told to do without is not.

    What the card did not keep has to come once more.
    """
    held = {layer for course, _, layers in box.shelf.holdings() if course == release.course for layer in layers}
    to_come = sum(
        layer.size_bytes for name, layer in release.layers.items() if name not in held and box.config.wants_layer(name)
    )
    return to_come + rot.missing_bytes.get(release.course, 0)
