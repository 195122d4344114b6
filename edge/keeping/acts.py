"""Acts: what teachers and staff do here that others may ask about is written into the campus's journal.

* It is an event like any other: signed on to the hub, and nobody can change it afterwards.
* Ids only, of who did it and about whom: no name outlives an erasure here.
* What an act changes and that it was done are one transaction; what is handed out leaves after it was written.
"""

from typing import TYPE_CHECKING, Literal

from catalog.db import Connection
from edge.keeping.alarms import Kind

if TYPE_CHECKING:
    from edge.box import Box

COMMAND_LINE = "command line"
"""Who does what is done at the machine itself."""

Act = Literal["exported-learner", "settled", "reset"]


def exported_learner(box: "Box", learner: str, who: str) -> None:
    """Everything of one learner is about to be handed out."""
    box.database.write(lambda connection: _note(box, connection, "exported-learner", who, learner))


def note_reset(box: "Box", connection: Connection, who: str) -> None:
    """The box is about to forget everybody, in the caller's transaction."""
    _note(box, connection, "reset", who, box.id)


def settle(box: "Box", kind: Kind, who: str) -> None:
    """Staff say that an alarm is over."""

    def work(connection: Connection) -> None:
        if box.alarms.settle_in(connection, kind):
            _note(box, connection, "settled", who, kind)

    box.database.write(work)


def _note(box: "Box", connection: Connection, act: Act, who: str, about: str) -> None:
    box.journal.append(connection, "acted", "", {"act": act, "who": who, "about": about})
