"""What a runtime's word means: from the data of one part to where the learner stands, and what they answered.

* Decisions only: values in, values out. What is not as it should be counts as not said.
* A package of several parts is finished when all of them are; its score is the mean of what was scored.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.digest import sha256

PERMILLE = 1000
SECONDS_MAX = 10_000 * 3600
INTERACTIONS_MAX = 500
ITEM_LETTERS_MAX = 200
ANSWER_LETTERS_MAX = 1000
MARK_LETTERS = 12
DONE = frozenset({"completed", "passed"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands in one part, or in a whole package."""

    is_completed: bool = False
    is_passed: bool | None = None
    """None: it does not say."""
    score_permille: int | None = None
    progress_permille: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that a learner gave to an item; `mark` tells it from the same item answered otherwise."""

    number: str
    item: str
    answer: str
    mark: str


def standing_of(data: Mapping[str, Any]) -> Standing:
    """Where the learner stands by the data that a runtime commits."""
    completion, success = data.get("completionStatus"), data.get("successStatus")
    is_passed = {"passed": True, "failed": False}.get(success) if isinstance(success, str) else None
    is_completed = completion in DONE if isinstance(completion, str) else False
    # Who passed without a word of completion has finished: such packages never say more.
    is_completed = is_completed or (is_passed is True and completion not in ("incomplete",))
    cmi = _table(_table(data.get("runtimeData")).get("cmi"))
    progress = PERMILLE if is_completed else min(PERMILLE - 1, _permille(cmi.get("progress_measure")) or 0)
    return Standing(
        is_completed, is_passed, score_permille(_table(data.get("score"))), progress,
        min(SECONDS_MAX, max(0, int(_number(data.get("totalTimeSeconds")) or 0))),
    )  # fmt: skip


def score_permille(score: Mapping[str, Any]) -> int | None:
    """A score in thousandths of what can be reached; None where there is none."""
    scaled = _number(score.get("scaled"))
    if scaled is not None:
        return round(min(1.0, max(0.0, scaled)) * PERMILLE)
    raw = _number(score.get("raw"))
    if raw is None:
        return None
    low, high = _number(score.get("min")), _number(score.get("max"))
    low = 0.0 if low is None else low
    high = 100.0 if high is None else high
    return round(min(1.0, max(0.0, (raw - low) / (high - low))) * PERMILLE) if high > low else None


def whole(parts: Sequence[Standing], parts_total: int) -> Standing:
    """Where a learner stands in a package of so many parts, of which these were begun."""
    scores = [one.score_permille for one in parts if one.score_permille is not None]
    judged = [one.is_passed for one in parts if one.is_passed is not None]
    total = max(parts_total, len(parts), 1)
    is_completed = len(parts) >= total and all(one.is_completed for one in parts)
    return Standing(
        is_completed,
        False if not all(judged) else True if judged and (is_completed or len(judged) >= total) else None,
        round(sum(scores) / len(scores)) if scores else None,
        sum(one.progress_permille for one in parts) // total,
        min(SECONDS_MAX, sum(one.seconds for one in parts)),
    )


def ruled(parts: Standing, own: Standing) -> Standing:
    """Where a learner stands when the package's own rules (`own`) have the last word over the sum of its parts."""
    return Standing(
        parts.is_completed or own.is_completed,
        parts.is_passed if own.is_passed is None else own.is_passed,
        parts.score_permille if own.score_permille is None else own.score_permille,
        PERMILLE if own.is_completed else parts.progress_permille,
        parts.seconds,
    )


def answers_of(data: Mapping[str, Any], part: str) -> Iterable[Said]:
    """What the learner answered, as the runtime's interactions say it. `part` stands before items of several parts."""
    cmi = _table(_table(data.get("runtimeData")).get("cmi"))
    interactions = cmi.get("interactions")
    rows = enumerate(interactions) if isinstance(interactions, list) else _table(interactions).items()
    for number, one in list(rows)[:INTERACTIONS_MAX]:
        told = _table(one)
        given = told.get("learner_response") or told.get("student_response")
        name, result = told.get("id"), told.get("result")
        if not isinstance(given, str) or not isinstance(name, str) or not given or not name:
            continue
        said = given[:ANSWER_LETTERS_MAX] + (f" · {result[:40]}" if isinstance(result, str) and result else "")
        item = f"{part}/{name}" if part else name
        mark = sha256(f"{item}\n{said}".encode("utf-8", "replace")).hex()[:MARK_LETTERS]
        yield Said(str(number), _plain(item)[-ITEM_LETTERS_MAX:], _plain(said), mark)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and 0 < len(value) < 40:
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _permille(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(min(1.0, max(0.0, number)) * PERMILLE)
