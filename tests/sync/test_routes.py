"""Which parcels of a plan belong together."""

from catalog.digest import digest_of
from sync.routes import rest_of, routes_of
from sync.wire import Parcel


def root(number: int):  # type: ignore[no-untyped-def]
    return digest_of(b"%d" % number)


def parcel(to: int, base: int | None = None, layer: str = "core", course: str = "water") -> Parcel:
    return Parcel(course, to, root(to), layer, f"{course}-{layer}-{to}-{base}", 10, 20, root(base) if base else None)


def test_a_full_pack_and_a_patch_on_what_is_here_are_routes_of_one() -> None:
    assert [(parcel(2, 1),), (parcel(3, course="soil"),)] == routes_of([parcel(2, 1), parcel(3, course="soil")])


def test_a_chain_is_one_route_in_the_order_of_its_building() -> None:
    plan = [parcel(4, 3), parcel(2, 1), parcel(3, 2)]

    assert [(plan[1], plan[2], plan[0])] == routes_of(plan)


def test_layers_and_courses_do_not_mix() -> None:
    plan = [parcel(2, 1), parcel(3, 2, layer="video"), parcel(3, 2, course="soil")]

    assert [(one,) for one in plan] == routes_of(plan)


def test_two_ends_may_share_a_hop() -> None:
    hop, one, two = parcel(2, 1), parcel(3, 2), parcel(4, 2)

    assert [(hop, one), (hop, two)] == routes_of([hop, one, two])


def test_a_plan_that_builds_in_a_circle_leads_nowhere() -> None:
    assert [] == routes_of([parcel(2, 3), parcel(3, 2)])


def test_of_a_route_the_part_behind_the_last_hop_here_is_left() -> None:
    route = (parcel(2, 1), parcel(3, 2), parcel(4, 3))

    assert route == rest_of(route, [])
    assert route[2:] == rest_of(route, [(root(3), "core")])
    assert () == rest_of(route, [(root(4), "core"), (root(9), "core")])
