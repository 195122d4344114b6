"""What commands ask of a box to keep it well: a backup, one learner out, one learner away.

* Loaded when somebody asks: the pages need none of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog import durable
from catalog.fault import CallerFault
from edge.keeping import acts
from edge.keeping import learner as one_learner
from edge.keeping.backup import back_up
from edge.keeping.sealing import Lock

if TYPE_CHECKING:
    from edge.box import Box


def backup(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write a backup to "to", sealed to "recipients" or by "passphrase".

    Raises CallerFault, DiskFull, BoxFault.
    """
    lock = Lock(tuple(request["recipients"]), request["passphrase"])
    made = back_up(box, Path(request["to"]), lock, with_courses=request["with_courses"])
    return {
        "backup": str(made.path),
        "bytes": made.size_bytes,
        "files": made.files,
        "has_courses": made.has_courses,
        "box": box.id,
    }


def reset(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the box forget everybody at its next opening, which comes at once where it is served.

    Raises WouldLose where more than "lose" steps of learners would be lost.
    """
    # Loaded when somebody asks.
    from edge.keeping import reset as resetting

    unsent = resetting.send_first(box, acts.COMMAND_LINE)
    resetting.ask(box, request["lose"])
    box.open_again()
    return {"box": box.id, "lost": unsent}


def export_learner(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write everything of one learner to the zip "to". Raises NobodyThere, CallerFault, DiskFull, BoxFault."""
    person = one_learner.find(box, request["learner"], request["number"])
    to = Path(request["to"])
    if to.is_dir():
        to = to / f"learner-{person.id}.zip"
    if not to.parent.is_dir():
        raise CallerFault(f"There is no folder {to.parent}.", "Name a file in a folder that is there.")
    acts.exported_learner(box, person.id, acts.COMMAND_LINE)
    try:
        with durable.replacing(to, 0o600) as target:
            one_learner.export(box, person, target)
    except OSError as error:
        raise durable.disk_fault(error, to) from error
    return {"learner": person.id, "name": person.name, "file": str(to), "bytes": to.stat().st_size}


def erase_learner(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forget one learner, or an outsider by their agent, here now and at the hub with the next session.

    Raises NobodyThere, CallerFault.
    """
    if request.get("agent"):
        # Loaded when somebody asks.
        from edge.learning.lrs.query import agent_of

        return {"learner": box.lrs.erase_outsider(agent_of(str(request["agent"]))), "is_erased": True}
    person = one_learner.find(box, request["learner"], request["number"])
    box.people.erase(person.id)
    return {"learner": person.id, "is_erased": True}
