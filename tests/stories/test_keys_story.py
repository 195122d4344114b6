"""A hub whose root keys were replaced after its last backup burns down: what staff do, and that it helps."""

import secrets
from pathlib import Path

import pytest

from catalog.trust.roles import ROOT
from sync.hub.keeping.alarms import Kind
from sync.hub.keeping.restore import restore
from sync.hub.trust.ceremony import Ceremonies, Sticks
from tests.stories.hub import CampusHub
from tests.stories.world import World

pytestmark = pytest.mark.slow


def test_a_box_that_knows_lost_root_keys_is_enrolled_again_and_goes_on(world: World, tmp_path: Path) -> None:
    """The new root keys lay at the hub alone. Nobody can sign what this box would follow: a person vouches anew."""
    hub, box = world.hub, world.box()
    hub.publishes("water", core={"index.html": b"<h1>Water</h1>"})
    box.night()
    hub.hub.keeping.backups.make(tmp_path / "backups")
    Ceremonies(hub.hub.engine, hub.hub.trust, hub.hub.clock).rotate(Sticks(), [ROOT])
    box.night()
    burns_down(hub, tmp_path)
    release = hub.publishes("water", core={"index.html": b"<h1>Water, mended</h1>"})
    world.quiet_nights(4)
    assert [Kind.LIST_REFUSED] == [alarm.kind for alarm in standing(hub, box.id)]
    assert release.root != box.box.shelf.release("water").root

    box.enrols(hub.token())
    world.quiet_nights(1)

    assert release.root == box.box.shelf.release("water").root
    assert [] == standing(hub, box.id)


def burns_down(hub: CampusHub, folder: Path) -> None:
    """The machine is lost, and a backup takes its place on another."""
    hub.closes()
    hub.data = folder / "another machine"
    restore(folder / "backups", hub.data, hub._time, secrets.token_bytes)
    hub.opens()
    hub.hub.packing.build_missing()


def standing(hub: CampusHub, box: str) -> list:
    return list(hub.hub.keeping.alarms.standing(hub.hub.clock.now().wall_seconds).get(box, ()))
