"""The cost: what a draft will take of each campus's link, in bytes and in nights, before it is published.

* Of each box it is the plan that it would get; of a campus, that of the box that needs most.
* Nights follow from the settings of the link that the campus accepted from this hub; where there are none nobody knows,
  and that is said.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.digest import Digest
from catalog.manifest import Outline
from sync.budget.allowance import Budget, Spent
from sync.budget.forecast import Prospect, forecast
from sync.budget.windows import Window, parse_windows
from sync.hub.campus.notices import BudgetSent
from sync.hub.fleet import BoxState, Campus
from sync.parcel import Parcel
from sync.plan import parcels_for
from sync.wire import CAN_PATCH

DEFAULT_WINDOW = "01:00-05:00"
BYTES_PER_MB = 1_000_000
BYTES_PER_KBIT = 125


@dataclass(frozen=True, slots=True)
class Cost:
    """What one campus would have to carry."""

    campus: Campus
    boxes: int
    each_bytes: int
    """To the box that needs most."""
    is_patch: bool = False
    nights: int | None = None
    """0: nothing is missing; None: nobody knows."""

    def document(self) -> dict[str, Any]:
        return {
            "campus": self.campus.name, "boxes": self.boxes, "each_bytes": self.each_bytes,
            "is_patch": self.is_patch, "nights": self.nights,
        }  # fmt: skip


def cost_of(
    campus: Campus,
    boxes: Sequence[BoxState],
    wanted: Outline,
    ready: Sequence[Parcel],
    known: Mapping[Digest, Outline],
    families: Mapping[str, str],
    budget: BudgetSent | None,
    can: Collection[str],
) -> Cost:
    """What `wanted` costs a campus with these boxes, of the packs that would be `ready`.

    A box that has not said what it can is taken for one that can do what boxes can now.
    """
    here = [box for box in boxes if not box.is_revoked]
    # A campus without a box is told what its first one would fetch.
    worst: list[Parcel] = [] if here else parcels_for([wanted], (), ready, known)
    for box in here:
        packs = [one for one in ready if one.from_root is None or CAN_PATCH in (box.can or can)]
        plan = parcels_for([wanted], box.holdings, packs, known, families)
        worst = max(worst, plan, key=_bytes)
    each_bytes = _bytes(worst)
    is_patch = any(parcel.from_root is not None for parcel in worst)
    return Cost(campus, len(here), each_bytes, is_patch, nights_for(each_bytes, budget, here[0].id if here else ""))


def nights_for(size_bytes: int, budget: BudgetSent | None, box: str) -> int | None:
    """In how many nights so much comes, by the settings that a campus accepted."""
    if size_bytes == 0:
        return 0
    settings = budget.settings if budget is not None and budget.is_accepted else {}
    windows: Sequence[Window] = parse_windows(str(settings.get("window", DEFAULT_WINDOW)))
    own = Budget(
        night_bytes_max=int(settings.get("night_mb", 0)) * BYTES_PER_MB,
        month_bytes_max=int(settings.get("month_mb", 0)) * BYTES_PER_MB,
        rate_bytes=int(settings.get("rate_kbit", 0)) * BYTES_PER_KBIT,
    )
    return forecast(size_bytes, Prospect(box, windows, own, Spent(), (), 0)).nights


def _bytes(plan: Sequence[Parcel]) -> int:
    return sum(parcel.size_bytes for parcel in plan)
