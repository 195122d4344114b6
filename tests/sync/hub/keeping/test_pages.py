"""Staff see what needs a look, settle it, replace a box, and read what was done: with forms only."""

from typing import Any

import pytest

from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import writing
from sync.hub.fleet import find
from sync.hub.hub import Hub
from sync.hub.keeping import twins
from sync.hub.keeping.alarms import THE_HUB, Kind, raise_alarm
from sync.hub.keeping.audit import COMMAND_LINE
from sync.keys import KeyPair
from tests.sync.hub.test_pages import PASSWORD, Browser

Box = Any

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", [None], ids=["sqlite"])]


@pytest.fixture
def staff(hub: Hub) -> Browser:
    """A browser in which staff are signed in."""
    hub.staff.add("Rana", PASSWORD)
    browser = Browser(create_app(hub))
    assert browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code == 303
    return browser


def alarm(hub: Hub, box: str, kind: Kind, **numbers: int) -> None:
    with writing(hub.engine) as connection:
        raise_alarm(connection, box, kind, hub.clock.now().wall_seconds, **numbers)


def campus_of(hub: Hub) -> str:
    return f"/campuses/{hub.fleet.campuses()[0].id}"


def test_a_box_that_needs_a_look_says_so_on_both_pages(hub: Hub, box: Box, staff: Browser) -> None:
    alarm(hub, box.id, Kind.GAP, events=1200)

    assert "Something needs a look" in staff.reads("/")
    assert "Some events of this box (1,200) are in no copy any more." in staff.reads(campus_of(hub))


def test_a_copied_card_leads_the_page(hub: Hub, box: Box, staff: Browser) -> None:
    alarm(hub, box.id, Kind.CARD_CLONED)

    assert "A card seems to have been copied" in staff.reads("/")
    assert "Two boxes write under this box's name." in staff.reads(campus_of(hub))


def test_beside_a_copied_card_nothing_is_said_of_an_older_copy(hub: Hub, box: Box, staff: Browser) -> None:
    alarm(hub, box.id, Kind.CARD_RESTORED)
    alarm(hub, box.id, Kind.CARD_CLONED)

    assert [Kind.CARD_CLONED] == [one.kind for one in hub.keeping.alarms.standing(0)[box.id]]
    assert "older copy of its card" not in staff.reads(campus_of(hub))


def test_staff_settle_an_alarm_and_it_is_written_down(hub: Hub, box: Box, staff: Browser) -> None:
    alarm(hub, box.id, Kind.CARD_RESTORED)

    done = staff.sends("/alarms/settle", page=campus_of(hub), box=box.id, kind="card-restored")

    assert (303, campus_of(hub)) == (done.status_code, done.location)
    assert "older copy of its card" not in staff.reads(campus_of(hub))
    assert "An alarm was settled" in staff.reads("/audit")


@pytest.mark.parametrize("kind", Kind)
def test_whatever_alarm_was_settled_is_read_in_words(hub: Hub, staff: Browser, kind: Kind) -> None:
    """One kind had no words: from the day on which it was settled the page failed."""
    hub.keeping.note(COMMAND_LINE, "settled", box="", alarm=kind.value)

    shown = staff.reads("/audit")

    assert "An alarm was settled" in shown
    assert kind.value not in shown


def test_an_alarm_of_the_hub_itself_stands_on_the_first_page(hub: Hub, staff: Browser) -> None:
    alarm(hub, THE_HUB, Kind.HUB_RESTORED)

    shown = staff.reads("/")
    staff.sends("/alarms/settle", page="/", box="", kind="hub-restored")

    assert "The hub was put back from a backup." in shown
    assert "The hub was put back from a backup." not in staff.reads("/")


def test_an_alarm_of_no_kind_is_not_found(staff: Browser) -> None:
    assert 404 == staff.sends("/alarms/settle", page="/", box="", kind="nonsense").status_code


def test_staff_say_which_box_stands_in_the_place_of_another(hub: Hub, box: Box, new_box: Any, staff: Browser) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campuses()[0]), "New lab")
    assert "Another box stands in its place" in staff.reads(campus_of(hub))

    done = staff.sends(f"/boxes/{box.id}/replace", page=campus_of(hub), new=other.id)

    assert (303, campus_of(hub)) == (done.status_code, done.location)
    states = {one.id: (one.is_revoked, one.replaced_by) for one in hub.fleet.boxes()}
    assert {box.id: (True, other.id), other.id: (False, "")} == states
    assert "One box replaced another" in staff.reads("/audit")


def test_a_box_that_cannot_replace_another_is_refused_in_words(hub: Hub, box: Box, staff: Browser) -> None:
    refused = staff.sends(f"/boxes/{box.id}/replace", page=campus_of(hub), new=box.id)

    assert 400 == refused.status_code
    assert "cannot replace itself" in refused.text


def test_what_staff_did_is_written_down_without_a_name(hub: Hub, box: Box, staff: Browser) -> None:
    box.writes("learner", "amina", name="Aminata Diallo", class_="7b")
    box.sends()
    hub.keeping.erasing.erase(hub.fleet.campuses()[0].id, "amina", "Rana")
    staff.sends(f"/boxes/{box.id}/revoke", page=campus_of(hub))

    shown = staff.reads("/audit")

    assert "A learner was erased" in shown
    assert "A box was taken out of service" in shown
    assert "Aminata" not in shown


def test_old_lines_of_the_log_are_a_page_further(hub: Hub, staff: Browser) -> None:
    for _ in range(101):
        hub.keeping.note("Rana", "token", campus="x")

    page = staff.reads("/audit")

    assert "/audit?before=2" in page
    assert 1 == staff.reads("/audit?before=2").count("A token was made")


def test_the_log_speaks_in_words(hub: Hub, staff: Any) -> None:
    """No backtick, no name of a program's own, and whoever sat at the machine in the reader's language."""
    with writing(hub.engine) as connection:
        raise_alarm(connection, THE_HUB, Kind.HUB_RESTORED, 0)
    hub.keeping.settle(THE_HUB, Kind.HUB_RESTORED, "Rana")
    hub.keeping.note(COMMAND_LINE, "staff-added", staff="Selma")

    page = staff.reads("/audit")

    assert '<code dir="ltr">qanat hub backup</code>' in page
    assert "a hub that was put back" in page
    assert ("`" in page, "hub-restored" in page) == (False, False)


def test_a_hub_that_was_put_back_says_from_which_backup(hub: Hub, staff: Any, clock: Any) -> None:
    hub.keeping.note(COMMAND_LINE, "restored", backup="hub-2026-03-01")

    assert "put back from the backup hub-2026-03-01; none was made since" in staff.reads("/audit")

    clock.passes(60)
    with writing(hub.engine) as connection:
        made = {"name": "later", "place": "/", "made_seconds": clock.wall_seconds, "size_bytes": 1}
        connection.execute(schema.backup.insert().values(made))
    assert "none was made since" not in staff.reads("/audit")


def test_a_token_is_not_typed_behind_a_command(hub: Hub, staff: Any) -> None:
    campus = hub.fleet.campus_called("Wadi").id

    page = staff.sends(f"/campuses/{campus}/tokens", page=f"/campuses/{campus}").text

    assert ("qanat box enrol --data DIR --hub" in page, "--token" in page) == (True, False)


def test_staff_let_a_copied_card_be_a_box_of_its_own(hub: Hub, box: Box, staff: Browser) -> None:
    before = staff.reads(campus_of(hub))
    key = KeyPair.from_seed(b"k" * 32).public
    with writing(hub.engine) as connection:
        known = find(connection, box.id)
        assert known is not None
        assert "" == twins.heard(connection, known, ("card-two", "", key), 0)
    assert "Give it a name of its own" in staff.reads(campus_of(hub))

    done = staff.sends(f"/boxes/{box.id}/twin", page=campus_of(hub))

    assert (303, campus_of(hub)) == (done.status_code, done.location)
    assert "Give it a name of its own" not in before
    assert "Give it a name of its own" not in staff.reads(campus_of(hub))
    assert "A copied card was let be a box of its own" in staff.reads("/audit")
    with writing(hub.engine) as connection:
        secret = twins.heard(connection, known, ("card-two", "", key), 0)
    assert 24 == len(secret)


def test_where_no_card_was_copied_there_is_nobody_to_name(hub: Hub, box: Box, staff: Browser) -> None:
    refused = staff.sends(f"/boxes/{box.id}/twin", page=campus_of(hub))

    assert 400 == refused.status_code
    assert "No machine asks" in refused.text
