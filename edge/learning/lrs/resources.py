"""Resources: what each address of the store does with a call.

* A resource reads the call, asks one of the store's parts, and says what came of it; a write is handed back as work.
* Documents of all three sorts are one resource, which is told where they lie and whose they are.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.learning.lrs import activities, attachments, query
from edge.learning.lrs.actor import identity
from edge.learning.lrs.call import JSON, Answer, Call
from edge.learning.lrs.documents import ANY_REGISTRATION, Conditions, Folder
from edge.learning.lrs.facets import AGENT, SCOPE, facet
from edge.learning.lrs.judging import judged
from edge.learning.lrs.literal import is_iri, is_uuid, microseconds_of
from edge.learning.lrs.multipart import MIXED, written
from edge.learning.lrs.refusal import NotTaken, malformed
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.shown import person, shown
from edge.learning.lrs.statements import text_of
from edge.learning.lrs.text import canonical_text
from edge.learning.lrs.versions import Version

if TYPE_CHECKING:
    from edge.learning.lrs.lrs import Lrs

Resource = Callable[["Lrs", Call, Rights], Answer]
BOUNDARY_BYTES = 15
NOT_HERE = "Nothing of this name is here."


def about(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
    call.demand_parameters()
    return _json({"version": [version.value for version in Version]})


def statements(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
    match call.method:
        case "PUT":
            call.demand_parameters(needs=("statementId",))
            name = call.parameters["statementId"]
            if not is_uuid(name):
                raise malformed("The parameter statementId is no UUID.")
            stated = judged(call, rights, lrs.attachments, lrs.new_uuid, name)
            return Answer(204, work=lrs.statements.storing(stated, rights))
        case "POST":
            call.demand_parameters()
            stated = judged(call, rights, lrs.attachments, lrs.new_uuid)
            work = lrs.statements.storing(stated, rights)
            return Answer(200, _of_json(), json.dumps([one.document["id"] for one in stated]).encode(), work)
        case _:
            is_single = any(name in call.parameters for name in query.SINGLE)
            return _one_statement(lrs, call, rights) if is_single else _many_statements(lrs, call, rights)


def agents(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
    call.demand_parameters(needs=("agent",))
    agent = query.agent_of(call.parameters["agent"])
    rights.demand_agent(agent)
    return _json(person(agent))


def activity(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
    call.demand_parameters(needs=("activityId",))
    iri = _iri(call, "activityId")
    known = activities.definitions(lrs.database, [iri])
    return _json({"objectType": "Activity", "id": iri} | ({"definition": known[iri]} if iri in known else {}))


@dataclass(frozen=True, slots=True)
class _Sort:
    """One of the three sorts of documents: where they lie, and by which parameter one of them is named."""

    kind: str
    name: str
    needs: tuple[str, ...]
    may_have: tuple[str, ...] = ()
    is_guarded: bool = True
    """Whether version 1.0.3 writes nothing whose PUT does not state what it is meant for; 2.0 guards all three."""


STATE = _Sort("state", "stateId", ("activityId", "agent"), ("registration",), is_guarded=False)
AGENT_PROFILE = _Sort("agent profile", "profileId", ("agent",))
ACTIVITY_PROFILE = _Sort("activity profile", "profileId", ("activityId",))


def documents_of(sort: _Sort) -> Resource:
    """The resource of one sort of documents."""

    def documents(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
        is_read = call.method in ("GET", "HEAD")
        since = ("since",) if is_read else ()
        call.demand_parameters(sort.name, *sort.may_have, *since, needs=sort.needs)
        folder = _folder(sort, call, rights)
        registration = call.parameters.get("registration", "").lower()
        if registration and not is_uuid(registration):
            raise malformed("The parameter registration is no UUID.")
        rights.demand_registration(registration)
        name = call.parameters.get(sort.name)
        if name == "":
            raise malformed(f"The parameter {sort.name} is empty.")
        if is_read:
            if name is None:
                return _names(lrs, call, folder, registration)
            return _document(lrs, folder, registration, name)
        headers = call.headers
        is_first, is_put = call.version is Version.FIRST, call.method == "PUT"
        conditions = Conditions(
            headers.get("if-match", ""),
            headers.get("if-none-match", ""),
            is_needed=is_put and (sort.is_guarded or not is_first),
            is_needed_for_new=is_put and sort.is_guarded and is_first,
        )
        if call.method == "DELETE":
            if name is None and sort is not STATE:
                raise malformed(f"The parameter {sort.name} is missing.")
            registration = registration or (ANY_REGISTRATION if name is None else "")
            return Answer(204, work=lrs.documents.deleting(folder, registration, name, conditions))
        if name is None:
            raise malformed(f"The parameter {sort.name} is missing.")
        media_type = headers.get("content-type", "application/octet-stream")
        write = lrs.documents.putting if call.method == "PUT" else lrs.documents.merging
        return Answer(204, work=write(folder, registration, name, media_type, call.body, conditions))

    return documents


def _folder(sort: _Sort, call: Call, rights: Rights) -> Folder:
    agent = query.agent_of(call.parameters["agent"]) if "agent" in sort.needs else None
    if agent is not None:
        rights.demand_agent(agent)
    iri = _iri(call, "activityId") if "activityId" in sort.needs else ""
    if iri:
        rights.demand_activity(iri)
    return Folder(sort.kind, rights.scope, agent, iri)


def _names(lrs: "Lrs", call: Call, folder: Folder, registration: str) -> Answer:
    since = call.parameters.get("since")
    microseconds = -1000 if since is None else microseconds_of(since.replace(" ", "+"))
    if microseconds is None:
        raise malformed("The parameter since is no moment as ISO 8601 writes it.")
    return _json(lrs.documents.names(folder, registration or ANY_REGISTRATION, microseconds // 1000))


def _document(lrs: "Lrs", folder: Folder, registration: str, name: str) -> Answer:
    kept = lrs.documents.read(folder, registration, name)
    if kept is None:
        raise NotTaken(404, NOT_HERE, "Write it first.")
    return Answer(
        200, {"Content-Type": kept.media_type, "ETag": f'"{kept.etag}"', **_changed(kept.changed_ms)}, kept.content
    )


def _one_statement(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
    said = call.parameters
    call.demand_parameters(*query.SINGLE, *query.SHOWING)
    if all(name in said for name in query.SINGLE):
        raise malformed("Of statementId and voidedStatementId only one can be asked for.")
    is_voided = "voidedStatementId" in said
    name = said["voidedStatementId" if is_voided else "statementId"]
    if not is_uuid(name):
        raise malformed("The id of a statement is a UUID.")
    reader = lrs.database.read()
    found = query.single(reader, name.lower(), is_voided=is_voided)
    if found is None or not query.has_facets(reader, found[0], _own(rights)):
        raise NotTaken(404, "There is no such statement here.", "Look at its id; it may be voided.")
    form, has_attachments = query.form_of(said), query.truth(said, "attachments")
    (text,) = shown(
        [text_of(found[1])], form, lrs.languages(call), lambda iris: activities.definitions(lrs.database, iris)
    )
    changed = _changed(found[0] // 1000)
    if has_attachments:
        return _with_attachments(lrs, text.encode(), [found[0]], changed)
    return Answer(200, {**_of_json(), **changed}, text.encode())


def _many_statements(lrs: "Lrs", call: Call, rights: Rights) -> Answer:
    asked = query.query_of(call)
    found = query.find(lrs.database.read(), asked, _own(rights))
    page = found[: asked.limit]
    more = ""
    if len(found) > asked.limit:
        more = f"{call.endpoint}/statements?{query.MORE}={asked.after(page[-1][0]).word()}"
    texts = [text_of(payload) for _, payload in page]
    said = shown(texts, asked.form, lrs.languages(call), lambda iris: activities.definitions(lrs.database, iris))
    body = f'{{"statements":[{",".join(said)}],"more":{json.dumps(more)}}}'.encode()
    if asked.has_attachments:
        return _with_attachments(lrs, body, [number for number, _ in page], {})
    return Answer(200, _of_json(), body)


def _with_attachments(lrs: "Lrs", body: bytes, numbers: list[int], headers: Mapping[str, str]) -> Answer:
    boundary = lrs.random_bytes(BOUNDARY_BYTES).hex()

    def files() -> Iterator[tuple[str, str, Iterator[bytes]]]:
        for media_type, sha2, path in lrs.attachments.of(numbers):
            yield media_type, sha2, attachments.read(path)

    return Answer(200, {"Content-Type": f"{MIXED}; boundary={boundary}", **headers}, written(boundary, body, files()))


def _own(rights: Rights) -> tuple[bytes, ...]:
    """The facets that a statement must have itself to be shown to this caller."""
    agent = () if rights.agent is None else (facet(AGENT, identity(rights.agent)),)
    return agent + ((facet(SCOPE, rights.scope),) if rights.scope else ())


def _iri(call: Call, name: str) -> str:
    if not is_iri(call.parameters[name]):
        raise malformed(f"The parameter {name} is no absolute IRI.")
    return call.parameters[name]


def _changed(milliseconds: int) -> Mapping[str, str]:
    # Loaded with the first answer; the front has it already.
    from sync.web.ranges import http_date

    return {"Last-Modified": http_date(milliseconds // 1000)}


def _json(document: object) -> Answer:
    return Answer(200, _of_json(), canonical_text(document).encode())


def _of_json() -> dict[str, str]:
    return {"Content-Type": JSON}


RESOURCES: Mapping[str, tuple[Resource, tuple[str, ...]]] = {
    "about": (about, ("GET",)),
    "statements": (statements, ("GET", "PUT", "POST")),
    "agents": (agents, ("GET",)),
    "activities": (activity, ("GET",)),
    "activities/state": (documents_of(STATE), ("GET", "PUT", "POST", "DELETE")),
    "activities/profile": (documents_of(ACTIVITY_PROFILE), ("GET", "PUT", "POST", "DELETE")),
    "agents/profile": (documents_of(AGENT_PROFILE), ("GET", "PUT", "POST", "DELETE")),
}
"""Each resource by its name below the endpoint, and the methods that it knows."""
