"""What a unit hears in whose name nothing is kept: a guest's, and everybody's where a draft is shown.

* Everything is answered as if it were kept, in the store's own words, and nothing is.
* A unit of cmi5 finds what its specification has it find before it says its first word.
"""

import json
import uuid

from catalog.fault import Fault
from edge.learning.lrs.call import JSON, Answer, Call
from edge.learning.lrs.versions import HEADER, Version
from edge.library.stage import units
from edge.library.stage.launched import Launched
from edge.library.stage.xapi import activity_iri, statements_in

CALLER = "guest"
_VERSION = {HEADER: Version.FIRST.value}


def answer(found: Launched, call: Call) -> Answer:
    """What is said to a call of a guest's unit."""
    match (call.resource, call.method in ("GET", "HEAD")):
        case ("about", _):
            return _json({"version": [version.value for version in Version]})
        case ("statements", True):
            return _json({"statements": [], "more": ""})
        case ("statements", False):
            said = statements_in(call.headers.get("content-type", ""), call.body)
            ids = [one.get("id") if isinstance(one, dict) else None for one in said]
            made = [name or str(uuid.UUID(bytes=found.house.random_bytes(16), version=4)) for name in ids]
            return Answer(204, _VERSION) if call.method == "PUT" else _json(made)
        case ("activities/state", True) if call.parameters.get("stateId") == units.LAUNCH_DATA:
            return _json(units.launch_data(found, found.token)) if found.activity.kind == "cmi5" else _nothing_here()
        case ("activities", True):
            return _json({"objectType": "Activity", "id": call.parameters.get("activityId", activity_iri(found))})
        case ("agents", True):
            return _json({"objectType": "Person"})
        case (_, True):
            is_one = "stateId" in call.parameters or "profileId" in call.parameters
            return _nothing_here() if is_one else _json([])
        case _:
            return Answer(204, _VERSION)


def refusal(fault: Fault, status: int) -> Answer:
    """How a fault is told where no store is."""
    return _json({"error": fault.sentence, "hint": fault.hint}, status)


def _json(document: object, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": JSON, **_VERSION}, json.dumps(document).encode())


def _nothing_here() -> Answer:
    return Answer(404, _VERSION)
