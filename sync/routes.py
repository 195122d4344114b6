"""Routes: which parcels of a plan belong together.

* A route brings one layer of one course, in one parcel or in a chain of patches, each built on the one before.
* All but the last of a route are hops: what they rebuild is kept for the next one, and never used by itself.
* Parcels keep their order inside a route; routes stand in the order of their last parcels.
"""

from collections.abc import Collection, Sequence

from catalog.digest import Digest
from sync.parcel import Parcel

Route = tuple[Parcel, ...]


def routes_of(plan: Sequence[Parcel]) -> list[Route]:
    """The routes of a plan.

    A chain is followed back from its end, so two ends that share a hop each have it; a plan that builds in a circle
    loses what closes the circle.
    """
    makers = {(one.course, one.layer, one.root): one for one in plan}
    bases = {(one.course, one.layer, one.from_root) for one in plan if one.from_root is not None}
    ends = [one for one in plan if (one.course, one.layer, one.root) not in bases]
    routes = []
    for end in ends:
        route = [end]
        while (before := _before(route[0], makers)) is not None and before not in route:
            route.insert(0, before)
        routes.append(tuple(route))
    return routes


def rest_of(route: Route, held: Collection[tuple[Digest, str]]) -> Route:
    """What of a route is still needed where these (root, layer) are here: all behind the last parcel that is."""
    places = [place for place, parcel in enumerate(route) if (parcel.root, parcel.layer) in held]
    return route[max(places, default=-1) + 1 :]


def _before(parcel: Parcel, makers: dict[tuple[str, str, Digest], Parcel]) -> Parcel | None:
    """The parcel that makes what this one builds on, if the plan has one."""
    return makers.get((parcel.course, parcel.layer, parcel.from_root)) if parcel.from_root is not None else None
