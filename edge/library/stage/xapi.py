"""Statements of packages: what a launch may do in the box's learning record store.

* A launch speaks for one learner within one package; what addresses it uses does not matter, and changes nothing.
* A registration is a learner's study of one package: the same in every sitting, and no name in it.
* What somebody else than a learner does leaves no statement.
"""

import hmac
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.db import Connection
from edge.learning.lrs.actor import Agent, learner_agent
from edge.learning.lrs.call import JSON, Call
from edge.learning.lrs.multipart import MIXED, parts_of
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.text import canonical_text
from edge.learning.lrs.versions import HEADER, Version
from edge.library.stage.launched import Launched

if TYPE_CHECKING:
    from edge.box import Box

ACTIVITIES_HOME = "https://activities.qanat.invalid/"
BOXES_HOME = "https://boxes.qanat.invalid/"
STATEMENTS_MAX = 100


def activity_iri(found: Launched) -> str:
    """What the activity is called in statements, unless its package has a name for it."""
    return f"{ACTIVITIES_HOME}{found.launch.course}/{found.activity.id}"


def package_of(found: Launched) -> str:
    """The folder that all activities of one package share."""
    return found.activity.path.partition("/")[0]


def registration_of(found: Launched) -> str:
    """The registration of this learner's study of this package."""
    parts = "\n".join((found.learner, found.launch.course, package_of(found)))
    return str(uuid.UUID(bytes=hmac.digest(found.house.id.encode(), parts.encode(), "sha256")[:16], version=4))


def box_agent(box: "Box") -> Agent:
    """Who vouches for what packages state here."""
    return {"objectType": "Agent", "account": {"homePage": BOXES_HOME, "name": box.id}}


def rights_of_launch(box: "Box", found: Launched, activity: str = "", registration: str = "") -> Rights:
    """What this launch may do in the store; `activity` is the name that its package has for it."""
    return Rights(
        caller=f"launch {found.token}",
        authority=box_agent(box),
        scope=f"{found.launch.course}/{package_of(found)}",
        course=found.launch.course,
        agent=learner_agent(found.learner),
        activity=activity or activity_iri(found),
        registration=registration,
        is_defining=False,
    )


def storing(
    box: "Box", found: Launched, statements: Sequence[Any], rights: Rights | None = None
) -> Callable[[Connection], None]:
    """What the writer is to do with statements that a player of ours passed on: those that can be kept are kept.

    A package's mistake in its statements costs the statements, and never what else is kept with them.
    """
    actor = learner_agent(found.learner)
    said = [{**one, "actor": actor} for one in statements[:STATEMENTS_MAX] if isinstance(one, Mapping)]
    works = [_work(box, one, rights or rights_of_launch(box, found)) for one in said]

    def store(connection: Connection) -> None:
        for work in works:
            try:
                if work is not None:
                    work(connection)
            except NotTaken:
                continue  # another statement has its id: it is judged before anything is written

    return store


def statements_in(content_type: str, body: bytes) -> list[Any]:
    """The statements that were sent, alone or with attachments; none where they cannot be read."""
    try:
        said = json.loads(parts_of(content_type, body)[0].data if content_type.startswith(MIXED) else body)
    except (ValueError, RecursionError, NotTaken, IndexError):
        return []
    return said if isinstance(said, list) else [said]


def _work(box: "Box", statement: Mapping[str, Any], rights: Rights) -> Callable[[Connection], object] | None:
    headers = {"content-type": JSON, HEADER.lower(): Version.FIRST.value}
    try:
        body = canonical_text([statement]).encode()
        return box.lrs.answer(Call("POST", "statements", {}, headers, body), rights).work
    except (NotTaken, ValueError, TypeError):
        return None
