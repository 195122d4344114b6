"""Statements: what one may say, property by property, as version 1.0.3 and 2.0 have it.

* A statement is judged whole before anything of it is kept; the refusal names the place.
* It is kept as it came, but for what the specification has the store fill in: id, version, authority, moments; and a
  single activity of a context, which becomes a list of one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from edge.learning.lrs import actor
from edge.learning.lrs.refusal import malformed
from edge.learning.lrs.shape import (
    Check,
    Shape,
    a,
    count,
    duration,
    each,
    extensions,
    filled_text,
    iri,
    is_number,
    language,
    language_map,
    media_type,
    moment,
    moment_with_offset,
    none_without,
    number,
    one_of,
    sha2,
    text,
    truth,
    uuid,
)
from edge.learning.lrs.text import canonical_text
from edge.learning.lrs.versions import Version

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
COMPONENTS = {
    "choice": ("choices",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "true-false": (),
    "fill-in": (),
    "long-fill-in": (),
    "numeric": (),
    "other": (),
}
"""Which lists of components each kind of question may have."""
_LISTS = ("choices", "scale", "source", "target", "steps")
CONTEXT_KINDS = ("parent", "grouping", "category", "other")

Document = Mapping[str, Any]


def check(document: Any, version: Version, where: str = "The statement") -> None:
    """Raises NotTaken where this is no statement of this version."""
    _STATEMENTS[version](document, where)


def normal(document: Document) -> dict[str, Any]:
    """The statement as it is kept: every activity of a context in a list, of a substatement's too."""
    kept = dict(document)
    context = kept.get("context")
    if context is not None and "contextActivities" in context:
        around = {kind: ids if isinstance(ids, list) else [ids] for kind, ids in context["contextActivities"].items()}
        kept["context"] = {**context, "contextActivities": around}
    if is_substatement(kept["object"]):
        kept["object"] = normal(kept["object"])
    return kept


def is_activity(what: Document) -> bool:
    return bool(what.get("objectType", "Activity") == "Activity")


def is_substatement(what: Document) -> bool:
    return what.get("objectType") == "SubStatement"


def is_voiding(document: Document) -> bool:
    return bool(document["verb"]["id"] == VOIDED)


def referred(document: Document) -> str:
    """The id of the statement that this one is about; "" where it is about something else."""
    what = document["object"]
    return str(what["id"]).lower() if what.get("objectType") == "StatementRef" else ""


def attachments_of(document: Document) -> Iterator[Document]:
    """Every attachment that is told of, in a substatement too."""
    yield from document.get("attachments", ())
    if is_substatement(document["object"]):
        yield from document["object"].get("attachments", ())


def activities_of(document: Document) -> Iterator[Document]:
    """Every activity that is named, wherever it stands."""
    if is_activity(document["object"]):
        yield document["object"]
    for around in document.get("context", {}).get("contextActivities", {}).values():
        yield from around
    if is_substatement(document["object"]):
        yield from activities_of(document["object"])


def comparable(document: Document) -> Any:
    """What of a statement must be alike for two to be one: not what the store itself fills in, not the order of a
    group's members, and of a duration nothing beyond hundredths of a second.
    """
    return _comparable({name: value for name, value in document.items() if name not in _FILLED_IN})


_FILLED_IN = ("id", "stored", "timestamp", "authority", "version")
_BEYOND_HUNDREDTHS = re.compile(r"(\.\d\d)\d+(?=S)", re.ASCII)


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [_comparable(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _comparable(inner) for name, inner in value.items()}
    if isinstance(plain.get("member"), list):
        plain["member"] = sorted(plain["member"], key=canonical_text)
    if isinstance(plain.get("duration"), str):
        plain["duration"] = _BEYOND_HUNDREDTHS.sub(r"\1", plain["duration"])
    return plain


def _components(value: Any, where: str) -> None:
    each(_component)(value, where)
    ids = [one["id"] for one in value]
    if len(set(ids)) < len(ids):
        raise malformed(f"{where} has two components of one id.")


def _fitting(value: Any, where: str) -> None:
    kind = value.get("interactionType")
    for name in _LISTS:
        if name in value and name not in COMPONENTS[kind]:
            raise malformed(f"{where} has {name}, which a question of type {kind} has not.")


def _scores(value: Any, where: str) -> None:
    lowest, highest, raw = value.get("min"), value.get("max"), value.get("raw")
    if lowest is not None and highest is not None and lowest >= highest:
        raise malformed(f"{where}.max is not greater than min.")
    if raw is not None and ((lowest is not None and raw < lowest) or (highest is not None and raw > highest)):
        raise malformed(f"{where}.raw is not between min and max.")


def _void(value: Any, where: str) -> None:
    if is_voiding(value) and value["object"].get("objectType") != "StatementRef":
        raise malformed(f"{where} voids what is no StatementRef.")


def _of_activities(value: Any, where: str) -> None:
    context = value.get("context", {})
    for name in ("revision", "platform"):
        if name in context and not is_activity(value["object"]):
            raise malformed(f"{where}.context has {name}, though the object is no activity.")


def _one_signature(value: Any, where: str) -> None:
    for attached in value.get("attachments", ()):
        if attached["usageType"] == SIGNATURE and attached["contentType"] != "application/octet-stream":
            raise malformed(f"{where} is signed by an attachment that is no application/octet-stream.")


_component = Shape({"id": filled_text, "description": language_map}, ("id",))
_definition = Shape(
    {
        "name": language_map,
        "description": language_map,
        "type": iri,
        "moreInfo": iri,
        "interactionType": one_of(*COMPONENTS),
        "correctResponsesPattern": each(text),
        **dict.fromkeys(_LISTS, _components),
        "extensions": extensions,
    },
    also=(none_without(("correctResponsesPattern", *_LISTS), "interactionType"), _fitting),
)
activity = Shape({"objectType": one_of("Activity"), "id": iri, "definition": _definition}, ("id",))
_reference = Shape({"objectType": one_of("StatementRef"), "id": uuid}, ("objectType", "id"))
_verb = Shape({"id": iri, "display": language_map}, ("id",))
_score = Shape(
    {
        "scaled": a(lambda value: is_number(value) and -1 <= value <= 1, "a number from -1 to 1"),
        "raw": number,
        "min": number,
        "max": number,
    },
    also=(_scores,),
)
_result = Shape(
    {
        "score": _score,
        "success": truth,
        "completion": truth,
        "response": text,
        "duration": duration,
        "extensions": extensions,
    }
)
_attachment = Shape(
    {
        "usageType": iri,
        "display": language_map,
        "description": language_map,
        "contentType": media_type,
        "length": count,
        "sha2": sha2,
        "fileUrl": iri,
    },
    ("usageType", "display", "contentType", "length", "sha2"),
)


def _around(value: Any, where: str) -> None:
    (each(activity) if isinstance(value, list) else activity)(value, where)


_CONTEXT: dict[str, Check] = {
    "registration": uuid,
    "instructor": actor.actor,
    "team": actor.group,
    "contextActivities": Shape(dict.fromkeys(CONTEXT_KINDS, _around)),
    "revision": text,
    "platform": text,
    "language": language,
    "statement": _reference,
    "extensions": extensions,
}
_CONTEXT_OF_2: dict[str, Check] = {
    "contextAgents": each(
        Shape(
            {"objectType": one_of("contextAgent"), "agent": actor.agent, "relevantTypes": each(iri, 1)},
            ("objectType", "agent"),
        )
    ),
    "contextGroups": each(
        Shape(
            {"objectType": one_of("contextGroup"), "group": actor.group, "relevantTypes": each(iri, 1)},
            ("objectType", "group"),
        )
    ),
}


def _statement_of(version: Version) -> Shape:
    """A statement of this version."""
    context = Shape(_CONTEXT if version is Version.FIRST else _CONTEXT | _CONTEXT_OF_2)
    parts: dict[str, Check] = {
        "actor": actor.actor,
        "verb": _verb,
        "result": _result,
        "context": context,
        "timestamp": moment if version is Version.FIRST else moment_with_offset,
        "attachments": each(_attachment),
    }
    needs = ("actor", "verb", "object")
    kinds: dict[str, Check] = {
        "Activity": activity,
        "Agent": actor.agent,
        "Group": actor.group,
        "StatementRef": _reference,
    }
    inner = Shape({**parts, "objectType": one_of("SubStatement"), "object": _object(kinds)}, needs, (_of_activities,))
    own: dict[str, Check] = {
        "id": uuid,
        "stored": moment,
        "authority": actor.authority,
        "version": a(lambda value: _is_version(value, version), "a version of xAPI that this request may speak of"),
        "object": _object({**kinds, "SubStatement": inner}),
    }
    return Shape({**parts, **own}, needs, (_void, _of_activities, _one_signature))


def _object(kinds: Mapping[str, Check]) -> Check:
    def check_kind(value: Any, where: str) -> None:
        kind = value.get("objectType", "Activity") if isinstance(value, dict) else None
        found = kinds.get(kind) if isinstance(kind, str) else None
        if found is None:
            raise malformed(f"{where} is none of {', '.join(kinds)}.")
        found(value, where)

    return check_kind


def _is_version(value: Any, version: Version) -> bool:
    lines = ("1.0",) if version is Version.FIRST else ("1.0", "2.0")
    return isinstance(value, str) and any(
        value == line or (value.startswith(f"{line}.") and value[len(line) + 1 :].isdecimal()) for line in lines
    )


_STATEMENTS = {version: _statement_of(version) for version in Version}
