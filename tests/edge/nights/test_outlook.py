"""What is still to come, and when there are bytes again, in words for commands and faults."""

from datetime import date
from typing import Any

import pytest

from edge.box import Box
from edge.config import Config
from edge.nights.outlook import budget_document, day_words, forecast_document, goes_on, sentence
from sync.budget.allowance import Limit
from sync.budget.forecast import Forecast
from sync.wire import Parcel

MONDAY = date(2026, 9, 14)
ROOT = "12" + "ab" * 32


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [
        (Forecast(0, nights=0), "Nothing is missing."),
        (Forecast(9), "When the rest will be here cannot be said yet."),
        (Forecast(9, MONDAY, 1), "The rest by today."),
        (Forecast(9, date(2026, 9, 17), 3), "The rest by Thursday."),
        (Forecast(9, date(2026, 9, 21), 7), "The rest by 21 September."),
    ],
)
def test_the_forecast_in_a_few_words(forecast: Forecast, expected: str) -> None:
    assert expected == sentence(forecast, MONDAY)


def test_a_day_that_is_past_has_its_date() -> None:
    assert "13 September" == day_words(date(2026, 9, 13), MONDAY)


def test_what_the_budget_leaves_is_told_with_its_limits(box: Box) -> None:
    box.change_config({"night_mb": 10, "month_mb": 100, "window": "01:00-05:00, 13:00-14:00"})
    box.ledger.book(4_000_000)

    assert {
        "night_bytes_max": 10_000_000,
        "night_bytes_spent": 4_000_000,
        "month_bytes_max": 100_000_000,
        "month_bytes_spent": 4_000_000,
        "rate_kbit": 0,
        "windows": ["01:00-05:00", "13:00-14:00"],
    } == budget_document(box)


def test_what_is_to_come_is_told_with_its_day(box: Box) -> None:
    """It is Saturday; at a megabyte a night, less what progress needs, two megabytes take three nights."""
    box.change_config({"night_mb": 1})
    parcel = Parcel("water", 1, ROOT, "core", "core-water-full", 2_000_000, 3_000_000)
    box.database.write(lambda connection: box.wants.keep(connection, [parcel]))

    assert {
        "remaining_bytes": 2_000_000,
        "parcels": 1,
        "by": "2026-04-14",
        "sentence": "The rest by Tuesday.",
    } == forecast_document(box)


def test_a_fault_can_say_when_it_goes_on(boxes: Any) -> None:
    """It is nine in the morning of Saturday, 11 April."""
    box = boxes("night", config=Config(window="22:00-04:00, 13:00-14:00", month_begins=20))

    assert {
        Limit.NIGHT: "today from 22:00 on",
        Limit.MONTH: "from 20 April on",
        Limit.LENT: "in the next night",
        None: "from 13:00 on",
    } == goes_on(box)
