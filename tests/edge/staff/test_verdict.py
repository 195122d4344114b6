"""The verdict: what the first heading of the status page says."""

from dataclasses import replace

from edge.nights.night import Night
from edge.staff.verdict import Facts, Matter, verdict
from edge.staff.wording import headline, said

WELL = Night(0, True, "all", outcome="well")
FAILED = Night(0, True, "all", outcome="failed")
FINE = Facts(148_000_000_000, 472_000_000_000, True, True, (WELL,), 0)


def _said(facts: Facts) -> str:
    judged = verdict(facts)
    return headline([said(matter, number) for matter, number in judged.matters], judged.is_well)


def test_all_is_well() -> None:
    assert "All is well." == _said(FINE)


def test_all_is_well_and_one_course_is_late() -> None:
    assert "All is well. One course is late." == _said(replace(FINE, late=1))


def test_a_full_disk_comes_first() -> None:
    assert "The disk is nearly full. Last night did not work." == _said(
        replace(FINE, free_bytes=900_000_000, nights=(FAILED, WELL))
    )


def test_one_failed_night_is_said_as_such() -> None:
    assert "Last night did not work." == _said(replace(FINE, nights=(FAILED, WELL)))


def test_nights_without_anything_are_counted() -> None:
    assert "Nothing came for 3 nights." == _said(replace(FINE, nights=(FAILED, FAILED, FAILED, WELL)))


def test_a_power_cut_is_told_from_a_failed_link() -> None:
    assert "The power went last night." == _said(replace(FINE, nights=(replace(WELL, outcome="cut"), WELL)))


def test_a_night_at_work_is_not_judged() -> None:
    assert "All is well." == _said(replace(FINE, nights=(replace(WELL, outcome="begun"), WELL)))


def test_a_box_without_a_hub_says_so_and_not_that_nothing_came() -> None:
    assert "This box has no hub yet." == _said(replace(FINE, is_enrolled=False, nights=()))


def test_before_the_first_night_all_is_well() -> None:
    assert "All is well. The first night is still to come." == _said(replace(FINE, nights=()))


def test_a_clock_in_1970_is_named() -> None:
    assert [(Matter.CLOCK, 0)] == list(verdict(replace(FINE, is_clock_trusted=False)).matters)


def test_a_month_that_is_spent_is_said_before_what_it_delays() -> None:
    spent = replace(FINE, is_month_spent=True, late=2)

    assert "All is well. What may be sent this month is used up." == _said(spent)
    assert [Matter.MONTH_SPENT, Matter.LATE] == [matter for matter, _ in verdict(spent).matters]
