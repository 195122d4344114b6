"""What packages of xAPI mean, who speak to a store as was usual once.

* A launch gives its learner an address (`mbox`), which libraries of every age understand; the store knows an account.
  What is said of the one is said of the other, and so is what is said of nobody: a launch speaks for one learner.
* Libraries of old repeat words of their launch in each request; those are nobody's parameters, and are passed over.
* What is said of anybody else stays as it was said: the store refuses it.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from edge.learning.lrs.actor import Agent, learner_agent
from edge.learning.lrs.call import JSON, Call
from edge.learning.lrs.multipart import MIXED, parts_of
from edge.learning.lrs.pages import PARAMETERS
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.text import canonical_text
from sync.events import LEARNERS_HOME

ONES = {"activities/state", "agents", "agents/profile"}
"""Resources that are always somebody's."""


def launch_agent(learner: str) -> Agent:
    """The learner as a launch of xAPI names them to a package: without their name, which no address should hold."""
    return {"objectType": "Agent", "mbox": f"mailto:{learner}@{urlsplit(LEARNERS_HOME).hostname}"}


def meant(call: Call, learner: str) -> Call:
    """The call that a package of this learner's launch means."""
    known = PARAMETERS.get(call.resource, ())
    parameters = {name: value for name, value in call.parameters.items() if name in known}
    if call.resource in ONES or "agent" in parameters:
        parameters["agent"] = _agent(parameters.get("agent", ""), learner)
    is_said = call.resource == "statements" and call.method in ("POST", "PUT")
    return replace(call, parameters=parameters, body=_body(call, learner) if is_said else call.body)


def _agent(said: str, learner: str) -> str:
    try:
        agent = json.loads(said) if said else None
    except (ValueError, RecursionError):
        return said
    return canonical_text(learner_agent(learner)) if _is_learner(agent, learner) else said


def _is_learner(agent: Any, learner: str) -> bool:
    """Whether this is nobody, or the learner as the launch named them."""
    if agent is None:
        return True
    return isinstance(agent, Mapping) and agent.get("mbox") == launch_agent(learner)["mbox"]


def _body(call: Call, learner: str) -> bytes:
    """The statements, each of which is by the learner where it is by nobody, or by the address of the launch."""
    try:
        first = call.body if call.media_type == JSON else b""
        if call.media_type == MIXED:
            first = parts_of(call.headers["content-type"], call.body)[0].data
        said = json.loads(first)
    except (ValueError, RecursionError, NotTaken, IndexError):
        return call.body
    statements = said if isinstance(said, list) else [said]
    theirs = [one for one in statements if isinstance(one, dict) and _is_learner(one.get("actor"), learner)]
    for one in theirs:
        one["actor"] = learner_agent(learner)
    return call.body.replace(first, json.dumps(said).encode(), 1) if theirs else call.body
