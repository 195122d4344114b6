"""Actors: agents and groups, what makes two of them one, and which of them is a learner of ours.

* Whoever has the same identifier is the same, whatever name is written beside it.
* A learner is an account: homePage `https://learners.qanat.invalid/`, name the learner's random id.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from edge.learning.lrs import literal
from edge.learning.lrs.refusal import malformed
from edge.learning.lrs.shape import Check, Shape, a, each, either, filled_text, iri, one_of, text
from edge.learning.lrs.text import canonical_text
from sync.events import LEARNERS_HOME

KEYS_HOME = "https://keys.qanat.invalid/"
IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
MEMBERS_MAX = 500

Agent = Mapping[str, Any]


def learner_agent(learner: str) -> Agent:
    """The agent that a learner of ours is, for whoever writes statements about them."""
    return {"objectType": "Agent", "account": {"homePage": LEARNERS_HOME, "name": learner}}


def learner_of(agent: Agent) -> str:
    """The random id that an agent of ours is named by; "" where it is somebody else."""
    account = agent.get("account")
    return str(account["name"]) if account and account["homePage"] == LEARNERS_HOME else ""


def identity(agent: Agent) -> str:
    """What tells this actor from all others; "" of a group without an identifier."""
    for name in IDENTIFIERS:
        if name in agent:
            value = agent[name]
            told = [value["homePage"], value["name"]] if name == "account" else [value]
            return canonical_text([name, *told])
    return ""


def met_in(actor: Agent) -> Iterator[Agent]:
    """The actor itself where it has an identifier, and the members of a group."""
    if identity(actor):
        yield actor
    yield from actor.get("member", ())


def is_group(value: Any) -> bool:
    return isinstance(value, dict) and value.get("objectType") == "Group"


def _one_identifier(value: Any, where: str) -> None:
    if sum(name in value for name in IDENTIFIERS) != 1:
        raise malformed(f"{where} should have exactly one of {', '.join(IDENTIFIERS)}.")


def _known_or_peopled(value: Any, where: str) -> None:
    found = sum(name in value for name in IDENTIFIERS)
    if found > 1:
        raise malformed(f"{where} should have one of {', '.join(IDENTIFIERS)} at most.")
    if found == 0 and not value.get("member"):
        raise malformed(f"{where} has neither an identifier nor members.")
    if len(value.get("member", ())) > MEMBERS_MAX:
        raise malformed(f"{where} has more than {MEMBERS_MAX} members.")


_account = Shape({"homePage": iri, "name": filled_text}, ("homePage", "name"))
_identifiers: dict[str, Check] = {
    "mbox": a(literal.is_mbox, "an IRI of the form mailto:name@place"),
    "mbox_sha1sum": a(literal.is_sha1, "a SHA-1 hash in hex"),
    "openid": iri,
    "account": _account,
}

agent = Shape({"objectType": one_of("Agent"), "name": text, **_identifiers}, also=(_one_identifier,))
group = Shape(
    {"objectType": one_of("Group"), "name": text, "member": each(agent), **_identifiers},
    ("objectType",),
    (_known_or_peopled,),
)
actor = either(is_group, group, agent)


def authority(value: Any, where: str) -> None:
    """An agent, or the anonymous pair of a tool and who uses it."""
    actor(value, where)
    if is_group(value) and (identity(value) or len(value.get("member", ())) != 2):
        raise malformed(f"{where} is a group, which should have two members and no identifier.")
