"""Shown: statements as somebody asks to see them: as they are, by ids alone, or in one language.

* As they are is what is kept, byte for byte: nothing is read and written again for it.
* By ids alone, whoever and whatever is named has what tells it from all others and nothing more.
* In one language, activities say what the store knows of them, and every map of words has one entry.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edge.learning.lrs.actor import IDENTIFIERS, identity, is_group
from edge.learning.lrs.statement import activities_of, is_activity, is_substatement
from edge.learning.lrs.text import canonical_text

Definitions = Callable[[list[str]], Mapping[str, Any]]
"""Tells what the store knows of activities."""
_WORDS_OF_DEFINITION = ("name", "description")
_LISTS = ("choices", "scale", "source", "target", "steps")


def shown(texts: Sequence[str], form: str, languages: Sequence[str], definitions: Definitions) -> list[str]:
    """These statements in the form that was asked for."""
    if form == "exact":
        return list(texts)
    documents = [json.loads(text) for text in texts]
    if form == "ids":
        return [canonical_text(_by_ids(document)) for document in documents]
    known = definitions(sorted({one["id"] for document in documents for one in activities_of(document)}))
    return [canonical_text(_in_one_language(document, known, languages)) for document in documents]


def person(agent: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of somebody: what tells them from all others, and the name that they were asked for by."""
    said = {name: [agent[name]] for name in (*IDENTIFIERS, "name") if name in agent}
    return {"objectType": "Person", **said}


def one_language(words: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    """The entry that fits best; the first one where none does.

    >>> one_language({"en-GB": "water", "fr": "eau"}, ["fr-CA", "en"])
    {'fr': 'eau'}
    """
    for wanted in languages:
        exact = next((tag for tag in words if tag.lower() == wanted.lower()), None)
        primary = wanted.partition("-")[0].lower()
        found = exact or next((tag for tag in words if tag.partition("-")[0].lower() == primary), None)
        if found is not None:
            return {found: words[found]}
    return dict(list(words.items())[:1])


Change = Callable[[Mapping[str, Any]], dict[str, Any]]


def _by_ids(document: Mapping[str, Any]) -> dict[str, Any]:
    def activity(one: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": one["id"]}

    return _changed(document, _only_identity, activity, lambda verb: {"id": verb["id"]})


def _in_one_language(document: Mapping[str, Any], known: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    def activity(one: Mapping[str, Any]) -> dict[str, Any]:
        definition = known.get(one["id"], one.get("definition"))
        return {**one, "definition": _definition(definition, languages)} if definition else dict(one)

    def verb(one: Mapping[str, Any]) -> dict[str, Any]:
        return {**one, "display": one_language(one["display"], languages)} if "display" in one else dict(one)

    return _changed(document, dict, activity, verb)


def _changed(document: Mapping[str, Any], actor: Change, activity: Change, verb: Change) -> dict[str, Any]:
    """A statement with every actor, every activity and every verb of it changed."""
    said = {**document, "actor": actor(document["actor"]), "verb": verb(document["verb"])}
    if "authority" in said:
        said["authority"] = actor(said["authority"])
    what = said["object"]
    if is_activity(what):
        said["object"] = activity(what)
    elif is_substatement(what):
        said["object"] = _changed(what, actor, activity, verb)
    elif what["objectType"] in ("Agent", "Group"):
        said["object"] = actor(what)
    if "context" in said:
        said["context"] = _context(said["context"], actor, activity)
    return said


def _context(context: Mapping[str, Any], actor: Change, activity: Change) -> dict[str, Any]:
    said = dict(context)
    for name in ("instructor", "team"):
        if name in said:
            said[name] = actor(said[name])
    for name, role in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in said:
            said[name] = [{**one, role: actor(one[role])} for one in said[name]]
    if "contextActivities" in said:
        around = said["contextActivities"].items()
        said["contextActivities"] = {kind: [activity(one) for one in ones] for kind, ones in around}
    return said


def _definition(definition: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    said = dict(definition)
    for name in _WORDS_OF_DEFINITION:
        if name in said:
            said[name] = one_language(said[name], languages)
    for name in _LISTS:
        if name in said:
            said[name] = [
                {**one, "description": one_language(one["description"], languages)} if "description" in one else one
                for one in said[name]
            ]
    return said


def _only_identity(actor: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: actor[name] for name in ("objectType", *IDENTIFIERS) if name in actor}
    if is_group(actor) and not identity(actor):
        said["member"] = [_only_identity(one) for one in actor.get("member", ())]
    return said
