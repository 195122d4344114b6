"""What a budget can be set to: one rule for the box's own file and pages, and for a hub that proposes."""

from typing import Any

import pytest

from catalog.fault import CallerFault
from edge.config import Config
from sync.budget.settings import NUMBERS, WINDOW, wrong_in

SLIPS = [
    *((name, value) for name in NUMBERS for value in (-1, 100_000_001, 99_999_999_999, "40", "40 MB", True, 1.5, None)),
    *((WINDOW, value) for value in ("", "nonsense", "01:00", "25:00-26:00", 5, None, ", ".join(["01:00-02:00"] * 9))),
]


def test_what_a_box_starts_with_can_be() -> None:
    assert [] == wrong_in({name: getattr(Config(), name) for name in (*NUMBERS, WINDOW)})


@pytest.mark.parametrize(("name", "value"), SLIPS)
def test_what_cannot_be_proposed_a_box_does_not_take_either(name: str, value: Any) -> None:
    assert [name] == wrong_in({name: value, "month_mb" if name != "month_mb" else "night_mb": 5})
    with pytest.raises(CallerFault, match=name):
        Config().with_changes({name: value})


def test_what_is_no_setting_of_a_budget_is_not_proposed() -> None:
    assert ["hub"] == wrong_in({"hub": "http://elsewhere.example", "night_mb": 5})
