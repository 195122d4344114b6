"""Rights: who asks the store, and for what.

* A tool with a key of its own asks for everything that has no launch, and for the statements of all launches.
* A launch asks for one learner, within one scope: it writes as nobody else, and reads nothing that did not come from
  the same scope. What the addresses in it say does not matter: a package that claims another's is still alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.learning.lrs.actor import Agent, identity
from edge.learning.lrs.refusal import not_yours

BELOW = ("/", "#", "?")
"""What may follow an activity's own address in the address of a part of it."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What one caller may do. What is "" or None limits nothing."""

    caller: str
    """Which key or launch this is."""
    authority: Agent
    """Who vouches for what the caller states."""
    scope: str = ""
    """Documents and statements are kept apart by it: course and activity of a launch, say."""
    course: str = ""
    """The course that a launch is of; told to the hub with each statement."""
    agent: Agent | None = None
    """The only actor by whom statements may be, and whose documents may be touched."""
    activity: str = ""
    """The only activity, with what is below its address, whose documents may be touched."""
    registration: str = ""
    """The only registration that statements and state may name."""
    is_defining: bool = True
    """Whether what it says of activities is what all others hear of them."""

    def demand_agent(self, agent: Agent) -> None:
        """Raises NotTaken where this is not the one whom the caller may speak for."""
        if self.agent is not None and identity(agent) != identity(self.agent):
            raise not_yours("This launch speaks for one learner only, and this is somebody else.")

    def demand_activity(self, activity: str) -> None:
        """Raises NotTaken where these documents are another activity's."""
        is_own = activity == self.activity or activity.startswith(tuple(self.activity + letter for letter in BELOW))
        if self.activity and not is_own:
            raise not_yours("This launch has the documents of its own activity only.")

    def demand_registration(self, registration: str) -> None:
        """Raises NotTaken where another registration is named; none may be."""
        if self.registration and registration and registration.lower() != self.registration.lower():
            raise not_yours("This launch has one registration only, and this is another.")

    def demand_statement(self, document: Mapping[str, Any]) -> None:
        """Raises NotTaken where the caller may not state this."""
        self.demand_agent(document["actor"])
        self.demand_registration(document.get("context", {}).get("registration", ""))
