"""The checks: what is judged here, what is taken from the verdict and the alarms, and what is only not seen."""

from dataclasses import replace

import pytest

from edge.box import Box
from edge.doctor import facts, wording
from edge.doctor.checks import OF_ALARMS, OF_MATTERS, Check, State, code, examine, is_well
from edge.doctor.code import CHECKS_MAX, read
from edge.doctor.facts import Facts
from edge.doctor.machine import Machine, Mount, Slot, Wifi
from edge.keeping.alarms import KINDS
from edge.staff.verdict import Matter

NOTHING = Machine(None, None, None, frozenset(), None, None, None, None, None)
GOOD = Machine(
    Mount("/data", "ext4", True, False, 0, 1),
    True,
    Wifi("wlan0", "DJ", 3),
    frozenset({"wlan0", "wwan0"}),
    Slot("a", "1.4.0", False),
    50_000,
    0,
    400 << 20,
    900 << 20,
)


@pytest.fixture
def found(box: Box) -> Facts:
    """The facts of a box nobody has claimed, on a machine that is well."""
    return facts.read(box, at=GOOD)


def state_of(found: Facts, check: Check) -> State:
    return next(one.state for one in examine(found) if one.check is check)


def test_every_matter_and_every_alarm_is_a_check() -> None:
    assert set(Matter) == set(OF_MATTERS)
    assert set(KINDS) == set(OF_ALARMS)


def test_the_numbers_of_checks_stay_as_they_were_first_given() -> None:
    """Codes that older boxes say must mean the same for ever: this list is only ever appended to."""
    first = [
        "DATA_MOUNT", "ROOM", "DISK_ERRORS", "DISK_WORN", "DATABASE", "KEY", "CLOCK", "CLOCK_WENT_BACK", "HUB",
        "NIGHTS", "LAST_NIGHT", "BUDGET", "UPLINK", "WIFI", "NGINX", "SOFTWARE", "WARMTH", "POWER", "MEMORY",
        "SHELF", "UNSENT", "BACKUP", "CARD_CLONED", "JOURNAL", "FILES", "CATALOGUE", "CARD_RESTORED", "HUB_RESTORED",
        "CLAIMED", "OPENED",
    ]  # fmt: skip

    assert first == [one.name for one in Check][: len(first)]
    assert list(range(len(Check))) == [one.value for one in Check]
    assert len(Check) <= CHECKS_MAX


@pytest.mark.parametrize("check", list(Check))
def test_every_check_has_its_words(check: Check) -> None:
    assert wording.title(check)
    assert wording.wrong(check).endswith(".")
    assert wording.step(check).endswith(".")


@pytest.mark.parametrize(
    ("check", "machine"),
    [
        (Check.DATA_MOUNT, replace(GOOD, mount=Mount("/", "overlay", False, False, None, None))),
        (Check.DISK_ERRORS, replace(GOOD, mount=Mount("/data", "ext4", True, True, 0, 1))),
        (Check.DISK_ERRORS, replace(GOOD, mount=Mount("/data", "ext4", True, False, 2, 1))),
        (Check.DISK_WORN, replace(GOOD, mount=Mount("/data", "ext4", True, False, 0, 9))),
        (Check.WIFI, replace(GOOD, wifi=Wifi("wlan0", "00", 0))),
        (Check.WARMTH, replace(GOOD, warmest_millidegrees=80_000)),
        (Check.POWER, replace(GOOD, throttled=0x1_0000)),
        (Check.MEMORY, replace(GOOD, memory_free_bytes=20 << 20)),
    ],
)
def test_what_is_wrong_with_the_machine_is_found(found: Facts, check: Check, machine: Machine) -> None:
    assert State.WELL == state_of(found, check)
    assert State.ILL == state_of(replace(found, machine=machine), check)
    assert State.UNSEEN == state_of(replace(found, machine=NOTHING), check)


def test_data_on_the_own_disk_of_somebodys_machine_is_no_matter(found: Facts) -> None:
    laptop = replace(GOOD, slot=None, mount=Mount("/", "ext4", False, False, 0, None))

    assert State.UNSEEN == state_of(replace(found, machine=laptop), Check.DATA_MOUNT)


def test_software_on_trial_is_to_be_known_and_no_more(found: Facts) -> None:
    on_trial = replace(found, machine=replace(GOOD, slot=Slot("b", "1.5.0", True)))

    assert State.KNOW == state_of(on_trial, Check.SOFTWARE)


def test_a_metered_link_that_is_not_there_is_found(found: Facts) -> None:
    assert found.inside is not None
    metered = [replace(found, inside=replace(found.inside, uplink=name)) for name in ("", "wwan0", "wwan1")]

    assert [State.UNSEEN, State.WELL, State.ILL] == [state_of(one, Check.UPLINK) for one in metered]


def test_nginx_is_missed_only_where_it_should_be(found: Facts) -> None:
    assert found.inside is not None
    stopped = replace(found, machine=replace(GOOD, is_nginx_running=False))
    behind = replace(stopped, inside=replace(found.inside, is_behind_nginx=True))

    assert [State.UNSEEN, State.ILL] == [state_of(one, Check.NGINX) for one in (stopped, behind)]


def test_progress_that_waits_for_a_week_is_better_carried(found: Facts) -> None:
    assert found.inside is not None
    waits = [replace(found, inside=replace(found.inside, unsent=5, days_since_well=days)) for days in (6, 7)]

    assert [State.WELL, State.ILL] == [state_of(one, Check.UNSENT) for one in waits]


def test_an_alarm_is_said_in_its_own_words(box: Box) -> None:
    box.alarms.raise_("scrub-found", files=3)
    box.alarms.raise_("hub-restored", events=4)

    found = facts.read(box, at=GOOD)
    said = {one.check: (one.state, wording.sentence(one)) for one in examine(found) if one.alarm}

    sentence = "The card did not keep 3 files of the courses as they were; they were taken off."
    assert (State.ILL, sentence) == said[Check.FILES]
    assert State.KNOW == said[Check.HUB_RESTORED][0]


def test_the_code_says_what_the_page_says(box: Box) -> None:
    box.alarms.raise_("journal-damaged")
    found = facts.read(box, at=replace(GOOD, throttled=1))
    findings = examine(found)

    said = read(code(found, findings))

    assert {one.check for one in findings if one.stands} == said.checks
    assert {Check.JOURNAL, Check.POWER, Check.HUB} <= said.checks
    assert not is_well(findings)


def test_a_damaged_database_is_found_without_being_opened(box: Box) -> None:
    box.close()
    path = box.data / "box.db"
    body = bytearray(path.read_bytes())
    body[4096 * 3 : 4096 * 6] = bytes(range(256)) * 48
    path.write_bytes(body)

    found = facts.read_closed(box.data, at=GOOD)

    assert State.ILL == state_of(found, Check.DATABASE)
    assert State.ILL == state_of(found, Check.OPENED)
    assert bytes(body) == path.read_bytes()


def test_a_large_database_is_not_read_through(box: Box) -> None:
    found = facts.read(box, database_bytes_max=1, at=GOOD)

    assert found.database_problem is None
    assert State.UNSEEN == state_of(found, Check.DATABASE)


def test_a_key_that_others_may_read_is_found(box: Box) -> None:
    (box.data / "keys" / "box.key").chmod(0o644)

    assert State.ILL == state_of(facts.read(box, at=GOOD), Check.KEY)
