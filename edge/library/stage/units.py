"""Units that speak xAPI: how they are launched, with the words by which each finds the box's store.

* A launch of cmi5 leaves what its specification asks for: the launch data, a statement that it was launched, and one
  that the session before it was abandoned where nobody had ended it.
* The word that a unit signs its requests with is drawn for one launch; a unit of cmi5 fetches it once.
* A guest's unit is launched alike, and everything that it says is heard and kept by nobody.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import abort, request

from catalog.db import Connection
from catalog.manifest import words
from edge.learning.lrs.actor import learner_agent
from edge.learning.lrs.documents import Conditions, Folder
from edge.learning.lrs.text import canonical_text
from edge.learning.packages.cmi5 import CATEGORY, SESSION, Session, Unit
from edge.learning.packages.sessions import UNIT, launching, number_after, session_of, state_of, unit_of
from edge.learning.packages.statements import begun
from edge.learning.packages.states import Kept, Save, Sitting
from edge.library.house import House
from edge.library.stage.launched import Launched
from edge.library.stage.scorm import of_sitting
from edge.library.stage.spoken import launch_agent
from edge.library.stage.xapi import activity_iri, registration_of, rights_of_launch, storing
from sync.web.language import direction, language_now

if TYPE_CHECKING:
    from edge.box import Box

LAUNCH_DATA = "LMS.LaunchData"
WORD_BYTES = 18
GUEST_WORD = base64.b64encode(b"guest:guest").decode()
VERBS = {
    "launched": "http://adlnet.gov/expapi/verbs/launched",
    "abandoned": "https://w3id.org/xapi/adl/verbs/abandoned",
    "satisfied": "https://w3id.org/xapi/adl/verbs/satisfied",
}
_EXTENSIONS = "https://w3id.org/xapi/cmi5/context/extensions"


def scene(found: Launched) -> dict[str, Any]:
    """What the page is made of."""
    told = unit_told(found)
    sitting, word, box = found.sit_down(), GUEST_WORD, found.keeper
    if box is not None:
        word = base64.b64encode(b"unit:" + base64.urlsafe_b64encode(box.random_bytes(WORD_BYTES))).decode()
        _begin(box, found, sitting, word)
    title = words(found.activity.title, language_now())
    folder = found.activity.path.partition("/")[0]
    place = f"/{found.token}/{quote(folder)}/{quote(str(told.get('path', '')))}{told.get('suffix', '')}"
    return {
        "title": title,
        "language": language_now(),
        "direction": direction(language_now()),
        "has_list": False,
        "scene": {
            "title": title,
            "address": _with(place, _launch_words(found, word)),
            **of_sitting(found, Sitting(sitting.number)),
        },
    }


def unit_told(found: Launched) -> Mapping[str, Any]:
    """What its package says of the unit."""
    units = found.play().get("units")
    told = units.get(found.activity.id) if isinstance(units, dict) else None
    return told if isinstance(told, dict) else abort(404)


def name_of(found: Launched) -> str:
    """What the unit is called in statements: cmi5 has whoever launches it give the name, xAPI the package."""
    if found.activity.kind == "cmi5":
        return activity_iri(found)
    told = unit_told(found).get("id")
    return told if isinstance(told, str) and ":" in told else activity_iri(found)


def rights(box: "Box", found: Launched) -> Any:
    return rights_of_launch(box, found, name_of(found), registration_of(found))


def launch_data(found: Launched, session: str) -> dict[str, Any]:
    """What cmi5 has a unit find under the name LMS.LaunchData."""
    told = unit_told(found)
    data: dict[str, Any] = {
        "contextTemplate": {
            "contextActivities": {"grouping": [{"objectType": "Activity", "id": told.get("id")}]},
            "extensions": {SESSION: session},
        },
        "launchMode": "Normal",
        "moveOn": told.get("move_on"),
        "returnURL": f"{_origin(found.house)}/{found.token}/~over?{urlencode({'lang': language_now()})}",
    }
    if told.get("mastery"):
        data["masteryScore"] = float(told["mastery"])
    if told.get("parameters"):
        data["launchParameters"] = told["parameters"]
    if told.get("entitlement"):
        data["entitlementKey"] = {"courseStructure": told["entitlement"]}
    return data


def own_statement(
    box: "Box", found: Launched, verb: str, session: str, target: Mapping[str, Any], **extensions: Any
) -> dict[str, Any]:
    """A statement that only the one who launches may make."""
    return {
        "id": str(uuid.UUID(bytes=box.random_bytes(16), version=4)),
        "actor": learner_agent(found.learner),
        "verb": {"id": VERBS[verb], "display": {"en": verb}},
        "object": {"objectType": "Activity", **target},
        "context": {
            "registration": registration_of(found),
            "contextActivities": {
                "category": [{"id": CATEGORY}],
                "grouping": [{"id": unit_told(found).get("id")}],
            },
            "extensions": {SESSION: session, **{f"{_EXTENSIONS}/{name}": value for name, value in extensions.items()}},
        },
    }


def _begin(box: "Box", found: Launched, sitting: Sitting, word: str) -> None:
    """Note the launch, and all that it leaves, in one transaction."""
    session = str(uuid.UUID(bytes=box.random_bytes(16), version=4))
    unit = unit_of(name_of(found), unit_told(found))
    kept = sitting.parts.get(UNIT)
    before = json.loads(kept.state) if kept is not None else {}
    works = []
    if found.activity.kind == "cmi5":
        next_one = launching(session_of(before), session)
        works = _left_by(box, found, next_one.session, next_one.abandoned, unit)
        state = state_of(next_one.session, unit, before)
    else:
        state = {**begun(), **before}

    def change(now: Kept | None) -> Save:
        return Save(UNIT, sitting.number, number_after(now), {**state, "word": word, "is_fetched": False})

    works.append(box.packages.change_work(found.studied(), UNIT, change))

    def work(connection: Connection) -> None:
        for one in works:
            one(connection)

    box.database.write(work)


def _left_by(box: "Box", found: Launched, session: Session, abandoned: Session | None, unit: Unit) -> list[Any]:
    own = rights(box, found)
    target = {"id": unit.activity}
    statements = []
    if abandoned is not None:
        statements.append(own_statement(box, found, "abandoned", abandoned.id, target))
    data = launch_data(found, session.id)
    statements.append(
        own_statement(
            box, found, "launched", session.id, target, launchmode="Normal", moveon=data["moveOn"],
            launchurl=f"{_origin(found.house)}/{found.token}/",
        )
    )  # fmt: skip
    folder = Folder("state", own.scope, learner_agent(found.learner), unit.activity)
    body = canonical_text(data).encode()
    put = box.lrs.documents.putting(folder, registration_of(found), LAUNCH_DATA, "application/json", body, Conditions())
    return [put, storing(box, found, statements, own)]


def _launch_words(found: Launched, word: str) -> dict[str, str]:
    """What the address of a launch says."""
    base = f"{_origin(found.house)}/{found.token}"
    is_cmi5 = found.activity.kind == "cmi5"
    learner = found.learner or "guest"
    said = {
        "endpoint": f"{base}/~xapi/",
        "actor": canonical_text(learner_agent(learner) if is_cmi5 else launch_agent(learner)),
        "registration": registration_of(found),
    }
    if is_cmi5:
        return {**said, "fetch": f"{base}/~fetch", "activityId": name_of(found)}
    return {**said, "auth": f"Basic {word}", "activity_id": name_of(found)}


def _with(address: str, said: Mapping[str, str]) -> str:
    """An address with what a launch adds, before its fragment."""
    place, mark, fragment = address.partition("#")
    return f"{place}{'&' if '?' in place else '?'}{urlencode(said, quote_via=quote)}{mark}{fragment}"


def _origin(house: House) -> str:
    """This origin as the browser sees it."""
    return f"{'https' if house.config.is_behind_tls else request.scheme}://{request.host}"
