"""Facets: the things by which a statement can be found again: who, what, which verb, which registration.

* A facet is twelve bytes of a hash: rows stay short however long an address is, and name nobody.
* Which facets a statement has depends on its text alone.
"""

from collections.abc import Iterator

from catalog.digest import sha256
from edge.learning.lrs.actor import Agent, identity, met_in
from edge.learning.lrs.statement import Document, activities_of, is_activity, is_substatement

FACET_BYTES = 12

VERB, REGISTRATION, SCOPE = "verb", "registration", "scope"
AGENT, RELATED_AGENT = "agent", "related agent"
ACTIVITY, RELATED_ACTIVITY = "activity", "related activity"
"""Related: wherever it stands in the statement. Else: where the statement is by them or about it."""


def facet(kind: str, value: str) -> bytes:
    """The facet of one kind and value."""
    return sha256(f"{kind}\0{value}".encode())[:FACET_BYTES]


def facets_of(document: Document, scope: str) -> list[bytes]:
    """All facets of a statement as it is kept; `scope` is the launch that it came from, or ""."""
    found = {facet(VERB, document["verb"]["id"])}
    if scope:
        found.add(facet(SCOPE, scope))
    if "registration" in document.get("context", {}):
        found.add(facet(REGISTRATION, document["context"]["registration"].lower()))
    found.update(facet(AGENT, identity(one)) for actor in _foremost(document) for one in met_in(actor))
    found.update(facet(RELATED_AGENT, identity(one)) for one in agents_of(document))
    if is_activity(document["object"]):
        found.add(facet(ACTIVITY, document["object"]["id"]))
    found.update(facet(RELATED_ACTIVITY, one["id"]) for one in activities_of(document))
    return sorted(found)


def agents_of(document: Document) -> Iterator[Agent]:
    """Everybody who is named, the foremost first; each with an identifier."""
    for actor in (*_foremost(document), *_around(document)):
        yield from met_in(actor)
    if is_substatement(document["object"]):
        yield from agents_of(document["object"])


def _foremost(document: Document) -> Iterator[Agent]:
    yield document["actor"]
    if document["object"].get("objectType") in ("Agent", "Group"):
        yield document["object"]


def _around(document: Document) -> Iterator[Agent]:
    context = document.get("context", {})
    for name in ("instructor", "team"):
        if name in context:
            yield context[name]
    yield from (one["agent"] for one in context.get("contextAgents", ()))
    yield from (one["group"] for one in context.get("contextGroups", ()))
    if "authority" in document:
        yield document["authority"]
