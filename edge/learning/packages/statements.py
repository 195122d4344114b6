"""Statements of packages, read: what of xAPI is progress, results and answers.

* Decisions only: a package's statements in, where its learner stands out. What is not as it should be says nothing.
* A statement about the package itself moves the learner; one about something in it may be an answer.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
ENDING = frozenset({"terminated", "suspended", "exited"})
COMPLETING = frozenset({"completed", "passed", "mastered"})
ITEMS_MAX = 500
LETTERS_MAX = 1000

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})(?:\.\d{1,9})?S)?)?"
)
_UNITS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def begun() -> dict[str, Any]:
    """The state of a package that has said nothing yet."""
    return {
        "completionStatus": "incomplete",
        "successStatus": "unknown",
        "score": {},
        "totalTimeSeconds": 0,
        "items": {},
    }


def learnt(state: Mapping[str, Any], statements: Iterable[Any], activity: str) -> dict[str, Any]:
    """The state after these statements; `activity` is what the package calls itself."""
    after: dict[str, Any] = {**begun(), **state}
    for one in statements:
        if isinstance(one, Mapping):
            after = _about_itself(after, one) if object_of(one) == activity else _about_a_part(after, one)
    items = {str(number): item for number, item in enumerate(table(after["items"]).values())}
    measure = {"progress_measure": after["progress"]} if "progress" in after else {}
    return {**after, "runtimeData": {"cmi": {"interactions": items, **measure}}}


def is_ending(statements: Iterable[Any], activity: str) -> bool:
    """Tell whether a sitting ends with one of these."""
    return any(
        isinstance(one, Mapping) and object_of(one) == activity and verb_of(one) in ENDING | COMPLETING | {"failed"}
        for one in statements
    )


def verb_of(statement: Mapping[str, Any]) -> str:
    """The last word of the verb's address: "completed"."""
    name = table(statement.get("verb")).get("id")
    return name.rstrip("/").rpartition("/")[2].lower() if isinstance(name, str) else ""


def object_of(statement: Mapping[str, Any]) -> str:
    name = table(statement.get("object")).get("id")
    return name if isinstance(name, str) else ""


def seconds_of(duration: Any) -> int:
    """The whole seconds of an ISO 8601 duration; 0 where it is none.

    >>> seconds_of("PT1H2M3.5S"), seconds_of("P1DT1S"), seconds_of("1 hour")
    (3723, 86401, 0)
    """
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    return sum(int(found[name] or 0) * unit for name, unit in _UNITS.items()) if found else 0


def table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _about_itself(state: dict[str, Any], statement: Mapping[str, Any]) -> dict[str, Any]:
    verb, result = verb_of(statement), table(statement.get("result"))
    after = dict(state)
    if verb in COMPLETING or result.get("completion") is True:
        after["completionStatus"] = "completed"
    success = {"passed": True, "mastered": True, "failed": False}.get(verb, result.get("success"))
    # Who passed once has passed; another try may fail.
    if isinstance(success, bool) and after["successStatus"] != "passed":
        after["successStatus"] = "passed" if success else "failed"
    if score := table(result.get("score")):
        after["score"] = {name: score[name] for name in ("scaled", "raw", "min", "max") if name in score}
    progress = table(result.get("extensions")).get(PROGRESS)
    if isinstance(progress, (int, float)) and 0 <= progress <= 100:
        after["progress"] = progress / 100
    if verb in ENDING:
        after["totalTimeSeconds"] = int(after["totalTimeSeconds"]) + seconds_of(result.get("duration"))
    return after


def _about_a_part(state: dict[str, Any], statement: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered to an item; of the other parts of a package only their statements are kept."""
    result = table(statement.get("result"))
    response, name = result.get("response"), object_of(statement)
    items = dict(table(state["items"]))
    if verb_of(statement) != "answered" or not isinstance(response, str) or not name:
        return state
    if name not in items and len(items) >= ITEMS_MAX:
        return state
    success = result.get("success")
    said = {True: "correct", False: "incorrect"}.get(success, "") if isinstance(success, bool) else ""
    items[name[:LETTERS_MAX]] = {"id": _title(statement), "learner_response": response[:LETTERS_MAX], "result": said}
    return {**state, "items": items}


def _title(statement: Mapping[str, Any]) -> str:
    definition = table(table(statement.get("object")).get("definition"))
    for words in (definition.get("name"), definition.get("description")):
        said = next((one for one in table(words).values() if isinstance(one, str) and one.strip()), "")
        if said:
            return " ".join(said.split())[:200]
    return object_of(statement)[-200:]
