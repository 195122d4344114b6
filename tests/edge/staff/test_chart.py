"""The chart of the nights: rows in, columns out."""

from dataclasses import replace
from datetime import UTC, date
from zoneinfo import ZoneInfo

from edge.nights.night import Night
from edge.staff.chart import NIGHTS_DRAWN, Chart, chart
from sync.budget.windows import parse_windows

DAY_SECONDS = 86_400
TODAY = date(2026, 4, 11)
NOON_SECONDS = 1_775_908_800
"""Noon of that day, UTC."""
NIGHT = parse_windows("22:00-05:00")


def session(days_ago: int, hour: int, outcome: str, size_bytes: int = 0) -> Night:
    started = NOON_SECONDS - days_ago * DAY_SECONDS + (hour - 12) * 3_600
    return replace(Night(started, True, "all"), outcome=outcome, bytes_down=size_bytes)  # type: ignore[arg-type]


def drawn(*nights: Night, night_bytes_max: int = 0) -> Chart:
    return chart(nights, NIGHT, UTC, NOON_SECONDS, night_bytes_max)


def test_there_are_sixty_columns_and_the_last_is_the_night_that_was() -> None:
    columns = drawn(session(0, 3, "well", 100)).columns

    assert NIGHTS_DRAWN == len(columns)
    assert (date(2026, 4, 10), "well", 100) == (columns[-1].day, columns[-1].outcome, columns[-1].size_bytes)


def test_before_and_after_midnight_is_one_night() -> None:
    columns = drawn(session(1, 23, "short", 100), session(0, 4, "failed", 50)).columns

    assert ("short", 150) == (columns[-1].outcome, columns[-1].size_bytes)
    assert "" == columns[-2].outcome


def test_a_night_that_went_well_at_last_went_well() -> None:
    tries = [session(0, 1, "failed"), session(0, 2, "cut"), session(0, 3, "well"), session(0, 4, "failed")]

    assert "done" == drawn(*tries).columns[-1].sign


def test_each_way_a_night_went_has_a_sign_of_its_own() -> None:
    nights = [session(days, 3, outcome) for days, outcome in enumerate(["well", "short", "cut", "failed", "begun"])]

    signs = [column.sign for column in drawn(*nights).columns[-6:]]

    assert ["unknown", "unknown", "stuck", "cut", "half", "done"] == signs


def test_the_highest_bar_is_full_and_the_others_are_parts_of_it() -> None:
    found = drawn(session(0, 3, "well", 500), session(1, 3, "well", 2_000))

    assert [1000, 250] == [column.permille for column in found.columns[-2:]]
    assert (2_000, None) == (found.top_bytes, found.line_permille)


def test_the_line_of_the_budget_stands_above_nights_that_kept_within() -> None:
    found = drawn(session(0, 3, "well", 500), night_bytes_max=2_000)

    assert (250, 1000) == (found.columns[-1].permille, found.line_permille)


def test_a_night_that_cost_more_rises_over_the_line() -> None:
    found = drawn(session(0, 3, "well", 4_000), night_bytes_max=1_000)

    assert (1000, 250) == (found.columns[-1].permille, found.line_permille)


def test_a_clock_that_could_not_be_trusted_has_no_place_in_time() -> None:
    assert drawn(replace(session(0, 3, "well", 10), is_clock_trusted=False)).is_empty


def test_nights_are_those_of_the_place_where_the_box_stands() -> None:
    found = chart([session(1, 18, "well")], NIGHT, ZoneInfo("Asia/Yangon"), NOON_SECONDS, 0)

    assert date(2026, 4, 10) == next(column.day for column in found.columns if column.outcome)


def test_without_any_night_the_chart_is_empty() -> None:
    found = drawn()

    assert (True, 0, None) == (found.is_empty, found.top_bytes, found.line_permille)


def test_what_was_lent_stands_in_no_bar() -> None:
    assert drawn(replace(session(0, 3, "well", 10), lanes="lent")).is_empty
