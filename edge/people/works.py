"""What commands may ask of a box about its people."""

from collections.abc import Mapping
from typing import Any

from catalog.fault import CallerFault
from edge.box import Box
from edge.people.people import NobodyThere
from sync.web.challenge.verifier import Verifier


def password(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give staff or a teacher a new password by its verifier, or else a code that lets them in once.

    Raises NobodyThere.
    """
    name = str(request["name"])
    person = box.people.with_password(name)
    if person is None:
        raise NobodyThere(f"No teacher or staff here is called {name}.", "Look at the list of teachers on the box.")
    if "verifier" not in request:
        return {"name": person.name, "code": box.accounts.let_in(person.id)}
    verifier = Verifier.from_text(str(request["verifier"]))
    if verifier is None:
        raise CallerFault("The command speaks another language than the box.", "Use the command of the same version.")
    box.accounts.change_password(person.id, verifier)
    return {"name": person.name, "code": ""}
