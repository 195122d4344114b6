"""Sequencing: what a SCORM 2004 manifest says of the order of its parts, as the player's runtime takes it.

* Rules are copied, not judged: a rule that the runtime does not know is left out, and so is a value that is no number.
* A collection that a part refers to (`IDRef`) is laid under the part's own words, as the standard has it.
* Numbers here are fractions as written; the document that holds them is a file of ours, not a manifest.
"""

from collections.abc import Callable, Mapping
from typing import Any

from catalog.importers.xml import Element, child, children

RULES_MAX = 200

CONTROLS = {
    "choice": True, "choiceExit": True, "flow": False, "forwardOnly": False, "useCurrentAttemptObjectiveInfo": True,
    "useCurrentAttemptProgressInfo": True,
}  # fmt: skip
"""What the standard says where a manifest is silent: the runtime's own defaults are not all the same."""

_MAPS = (
    "readSatisfiedStatus", "readNormalizedMeasure", "writeSatisfiedStatus", "writeNormalizedMeasure",
    "readRawScore", "readMinScore", "readMaxScore", "readCompletionStatus", "readProgressMeasure",
    "writeRawScore", "writeMinScore", "writeMaxScore", "writeCompletionStatus", "writeProgressMeasure",
)  # fmt: skip
_HIDDEN = {"continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll"}
_RULE_KINDS = {
    "preConditionRule": "preConditionRules",
    "exitConditionRule": "exitConditionRules",
    "postConditionRule": "postConditionRules",
}


def read_sequencing(parent: Element, collections: Mapping[str, Element]) -> dict[str, Any]:
    """The sequencing of one organisation or item; `collections` are the manifest's named ones."""
    own = child(parent, "sequencing")
    base = collections.get(own.get("IDRef", "")) if own is not None else None
    layers = [one for one in (base, own) if one is not None]
    found: dict[str, Any] = {"sequencingControls": dict(CONTROLS)}
    for layer in layers:
        _layer(layer, found)
    hidden = [one.text.strip() for one in _hidden(parent) if one.text and one.text.strip() in _HIDDEN]
    if hidden:
        found["hideLmsUi"] = hidden
    threshold = _threshold(child(parent, "completionThreshold"))
    if threshold:
        found["completionThreshold"] = threshold
    shared = [_shared(one) for one in children(parent, "data", "map") if one.get("targetID")]
    if shared:
        found["sharedDataMaps"] = shared
    return found


def named_collections(manifest: Element) -> dict[str, Element]:
    """The sequencing that a manifest keeps aside, by name."""
    found = children(manifest, "sequencingCollection", "sequencing")
    return {one.get("ID", ""): one for one in found if one.get("ID")}


def _layer(sequencing: Element, found: dict[str, Any]) -> None:
    controls = found["sequencingControls"]
    _copy(child(sequencing, "controlMode"), controls, _truth, *CONTROLS)
    _copy(child(sequencing, "constrainedChoiceConsiderations"), controls, _truth, "preventActivation")
    _copy(child(sequencing, "constrainedChoiceConsiderations"), controls, _truth, "constrainChoice")
    randomization = child(sequencing, "randomizationControls")
    _copy(randomization, controls, _truth, "reorderChildren")
    _copy(randomization, controls, str, "randomizationTiming", "selectionTiming")
    _copy(randomization, controls, _count, "selectCount")
    if controls.get("reorderChildren") is not None:
        controls["randomizeChildren"] = controls["reorderChildren"]
    rollup = child(sequencing, "rollupRules")
    _copy(rollup, controls, _truth, "rollupObjectiveSatisfied", "rollupProgressCompletion")
    _copy(rollup, controls, _fraction, "objectiveMeasureWeight")
    delivery: dict[str, Any] = {}
    _copy(child(sequencing, "deliveryControls"), delivery, _truth, "tracked", "completionSetByContent",
          "objectiveSetByContent")  # fmt: skip
    if delivery:
        found["deliveryControls"] = delivery
    limits = child(sequencing, "limitConditions")
    _copy(limits, found, _count, "attemptLimit")
    _copy(limits, found, str, "attemptAbsoluteDurationLimit")
    _rules(child(sequencing, "sequencingRules"), found)
    _rollup(rollup, found)
    considerations: dict[str, Any] = {}
    asked = child(sequencing, "rollupConsiderations")
    _copy(asked, considerations, str, "requiredForSatisfied", "requiredForNotSatisfied", "requiredForCompleted",
          "requiredForIncomplete")  # fmt: skip
    _copy(asked, considerations, _truth, "measureSatisfactionIfActive")
    if considerations:
        found["rollupConsiderations"] = considerations
    _objectives(sequencing, found)


def _rules(rules: Element | None, found: dict[str, Any]) -> None:
    told: dict[str, list[dict[str, Any]]] = {}
    for rule in [] if rules is None else list(rules)[:RULES_MAX]:
        kind = _RULE_KINDS.get(rule.tag)
        action = child(rule, "ruleAction")
        conditions = child(rule, "ruleConditions")
        if kind is None or action is None or not action.get("action") or conditions is None:
            continue
        told.setdefault(kind, []).append(
            {
                "action": action.get("action"),
                # The standard's own default, which the runtime does not share.
                "conditionCombination": conditions.get("conditionCombination", "all"),
                "conditions": [
                    _condition(one) for one in children(conditions, "ruleCondition") if one.get("condition")
                ],
            }
        )
    if told:
        found["sequencingRules"] = told


def _condition(condition: Element) -> dict[str, Any]:
    told: dict[str, Any] = {"condition": condition.get("condition")}
    if condition.get("operator") == "not":
        told["operator"] = "not"
    if condition.get("referencedObjective"):
        told["referencedObjective"] = condition.get("referencedObjective")
    threshold = _fraction(condition.get("measureThreshold", ""))
    if threshold is not None:
        told["parameters"] = {"threshold": threshold}
    return told


def _rollup(rules: Element | None, found: dict[str, Any]) -> None:
    told = []
    for rule in children(rules, "rollupRule")[:RULES_MAX]:
        conditions = child(rule, "rollupConditions")
        action = child(rule, "rollupAction")
        if conditions is None or action is None or not action.get("action"):
            continue
        one: dict[str, Any] = {
            "action": action.get("action"),
            "consideration": rule.get("childActivitySet", "all"),
            "conditionCombination": conditions.get("conditionCombination", "any"),
            "conditions": [
                _condition(each) for each in children(conditions, "rollupCondition") if each.get("condition")
            ],
        }
        _copy(rule, one, _count, "minimumCount")
        _copy(rule, one, _fraction, "minimumPercent")
        told.append(one)
    if told:
        found["rollupRules"] = {"rules": told}


def _objectives(sequencing: Element, found: dict[str, Any]) -> None:
    imsss, adl = _both(sequencing)
    maps = {one.get("objectiveID", ""): one for one in children(adl, "objective")}
    objectives = []
    for objective in [] if imsss is None else list(imsss):
        if objective.tag not in ("primaryObjective", "objective"):
            continue
        told = _objective(objective, maps.get(objective.get("objectiveID", "")))
        if objective.tag == "primaryObjective":
            found["primaryObjective"] = {**told, "objectiveID": told["objectiveID"] or "PRIMARYOBJ", "isPrimary": True}
        elif told["objectiveID"]:
            objectives.append(told)
    if objectives:
        found["objectives"] = objectives


def _both(sequencing: Element) -> tuple[Element | None, Element | None]:
    """The objectives of the standard, and those of ADL's extension: both are called `objectives` here."""
    every = children(sequencing, "objectives")
    adl = next((one for one in every if child(one, "primaryObjective") is None and child(one, "objective") is not None
                and len(every) > 1 and one is not every[0]), None)  # fmt: skip
    return (every[0] if every else None), adl


def _objective(objective: Element, extension: Element | None) -> dict[str, Any]:
    told: dict[str, Any] = {"objectiveID": objective.get("objectiveID", "")}
    if _truth(objective.get("satisfiedByMeasure", "")):
        told["satisfiedByMeasure"] = True
    measure = child(objective, "minNormalizedMeasure")
    fraction = _fraction(measure.text or "") if measure is not None else None
    if fraction is not None:
        told["minNormalizedMeasure"] = fraction
    mapped: dict[str, dict[str, Any]] = {}
    for one in children(objective, "mapInfo") + children(extension, "mapInfo"):
        target = one.get("targetObjectiveID", "")
        if target:
            entry = mapped.setdefault(target, {"targetObjectiveID": target})
            _copy(one, entry, _truth, *_MAPS)
    if mapped:
        told["mapInfo"] = list(mapped.values())
    return told


def _hidden(parent: Element) -> list[Element]:
    return children(parent, "presentation", "navigationInterface", "hideLMSUI")


def _threshold(element: Element | None) -> dict[str, Any]:
    """4th edition: attributes; 3rd edition: the text is the measure itself."""
    if element is None:
        return {}
    told: dict[str, Any] = {}
    _copy(element, told, _truth, "completedByMeasure")
    _copy(element, told, _fraction, "minProgressMeasure", "progressWeight")
    plain = _fraction((element.text or "").strip())
    if plain is not None and not told:
        told = {"completedByMeasure": True, "minProgressMeasure": plain}
    return told


def _shared(element: Element) -> dict[str, Any]:
    told: dict[str, Any] = {"targetID": element.get("targetID")}
    _copy(element, told, _truth, "readSharedData", "writeSharedData")
    return told


def _copy(element: Element | None, into: dict[str, Any], read: Callable[[str], Any], *names: str) -> None:
    for name in names:
        value = read(element.get(name, "")) if element is not None and element.get(name) else None
        if value is not None:
            into[name] = value


def _truth(text: str) -> bool | None:
    match text.strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            return None


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None


def _fraction(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -1.0 <= value <= 1.0 else None
