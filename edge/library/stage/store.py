"""The store behind a launch: the box's learning record store, with the rights of one launch and the rules of cmi5.

* A unit signs with the word of its launch; without it nothing is stored and nothing shown.
* Statements of cmi5 are judged by its rules before they reach the store, and again where they are written: what breaks
  a rule is refused with it. What they mean for the learner is kept once they are stored.
* To a guest's unit everything is answered as if it were kept, and nothing is.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from catalog.db import Connection
from catalog.fault import Fault
from edge.learning.lrs.call import FORM, JSON, Answer, Call, Work, parameters_of
from edge.learning.lrs.pages import blueprint
from edge.learning.lrs.refusal import NotTaken, not_yours
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.versions import HEADER, Version
from edge.learning.packages.cmi5 import Broken, Session, Unit, heard, satisfied_by
from edge.learning.packages.sessions import UNIT, number_after, session_of, state_of, unit_of
from edge.learning.packages.statements import is_ending, learnt
from edge.learning.packages.states import Kept, Save, Studied
from edge.library.house import House
from edge.library.stage import guests, spoken, units
from edge.library.stage.launched import Launched, demand_own_origin, launched
from edge.library.stage.xapi import statements_in, storing
from sync.web.lasting import write_then_answer

if TYPE_CHECKING:
    from edge.box import Box

NAME = "stage_store"
KINDS = frozenset({"cmi5", "xapi"})


class _Store:
    """What a launch speaks to: the box's store; where nothing is kept, what only answers like it."""

    def __init__(self, house: House) -> None:
        self._house = house

    def answer(self, call: Call, rights: Rights) -> Answer:
        found = _launched(self._house)
        box = found.keeper
        if box is None:
            return guests.answer(found, call)
        return box.lrs.answer(spoken.meant(call, found.learner) if found.activity.kind == "xapi" else call, rights)

    def write(self, work: Work) -> None:
        box = self._house.keeper
        assert box is not None, "what a guest says has no work"
        box.lrs.write(work)

    def refusal(self, fault: Fault, status: int, caller: str = "") -> Answer:
        box = self._house.keeper
        return box.lrs.refusal(fault, status, caller) if box is not None else guests.refusal(fault, status)


def mounted(house: House) -> Blueprint:
    """The store under a launch's own address."""

    def rights_of(call: Call) -> Rights:
        found = _launched(house)
        box = found.keeper
        if box is None:
            return Rights(guests.CALLER, {})
        state = _state(box, found)
        if call.headers.get("authorization") != f"Basic {state.get('word', '')}" or not state.get("word"):
            raise NotTaken(401, "This is not the word of this launch.", "Open the activity again.")
        return units.rights(box, found)  # type: ignore[no-any-return]

    pages = blueprint(_Store(house), rights_of, name=NAME, prefix="/<token>/~xapi", is_cross_origin=False)

    @pages.before_request
    def admit() -> Response | None:
        found = _launched(house)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            demand_own_origin()
        box = found.keeper
        if box is not None and request.method in ("POST", "PUT") and request.path.endswith("/statements"):
            return _judge(box, found)
        return None

    @pages.after_request
    def learn(response: Response) -> Response:
        # A unit's mistake must not make the browser ask its learner for a name and a password.
        response.headers.pop("WWW-Authenticate", None)
        stated = g.pop("stated_now", None)
        if stated is not None and response.status_code < 300:
            box, found, said = stated
            write_then_answer(box.database, _learning(box, found, said))
        return response

    return pages


def fetched(found: Launched) -> Response:
    """The word of a launch of cmi5, given once."""
    box = found.keeper
    if box is None:
        return _json({"auth-token": units.GUEST_WORD})
    word = ""

    def change(kept: Kept | None) -> Save | None:
        nonlocal word
        state = json.loads(kept.state) if kept is not None else {}
        if kept is None or state.get("is_fetched"):
            return None
        word = str(state.get("word", ""))
        return Save(UNIT, kept.sitting, number_after(kept), {**state, "is_fetched": True})

    box.database.write(box.packages.change_work(found.studied(), UNIT, change))
    if not word:
        return _json({"error-code": "1", "error-text": "The word of this launch was given before."})
    return _json({"auth-token": word})


def _judge(box: "Box", found: Launched) -> Response | None:
    """Judge statements that come; what is no statement at all the store itself refuses."""
    statements = _statements()
    if found.activity.kind == "cmi5":
        try:
            session = session_of(_state(box, found))
            if session is not None:
                heard(session, statements, _unit(found))
        except Broken as broken:
            return Response(str(broken), 403, content_type="text/plain; charset=utf-8")
    g.stated_now = (box, found, statements) if statements else None
    return None


def _learning(box: "Box", found: Launched, statements: list[Any]) -> Any:
    """What the writer is to do with what statements mean for their learner."""
    unit = _unit(found)
    studied = found.studied()

    def change(kept: Kept | None) -> Save | None:
        if kept is None:
            return None
        before = json.loads(kept.state)
        state = learnt(before, statements, unit.activity)
        if found.activity.kind == "cmi5":
            session = session_of(before)
            try:
                state = state_of(heard(session, statements, unit), unit, state) if session is not None else state
            except Broken:
                return None  # another request of the same session was first
        is_last = is_ending(statements, unit.activity)
        return Save(UNIT, kept.sitting, number_after(kept), state, is_last)

    keep = box.packages.change_work(studied, UNIT, change)
    before = _satisfied(box, found)

    def work(connection: Connection) -> None:
        keep(connection)

    if found.activity.kind != "cmi5":
        return work
    return _and_satisfied(box, found, work, before, unit, statements)


def _and_satisfied(
    box: "Box", found: Launched, keep: Any, before: frozenset[str], unit: Unit, statements: list[Any]
) -> Any:
    """The same, and what it satisfies of the course: told by the box, once."""
    session = session_of(_state(box, found))
    own = str(units.unit_told(found).get("id", ""))
    tree = found.play().get("course", {})
    after = before | {own} if session is not None and _would_satisfy(session, statements, unit) else before
    new = [one for one in satisfied_by(tree, after) if one not in satisfied_by(tree, before)]
    if session is None or not new:
        return keep
    kinds = {str(tree.get("id")): "course"}
    said = [
        units.own_statement(
            box, found, "satisfied", session.id,
            {"id": one, "definition": {"type": f"https://w3id.org/xapi/cmi5/activitytype/{kinds.get(one, 'block')}"}},
        )
        for one in new
    ]  # fmt: skip
    store = storing(box, found, said, replace(units.rights(box, found), activity=""))

    def work(connection: Connection) -> None:
        keep(connection)
        store(connection)

    return work


def _would_satisfy(session: Session, statements: list[Any], unit: Unit) -> bool:
    try:
        return heard(session, statements, unit).is_satisfied(unit)
    except Broken:
        return False


def _satisfied(box: "Box", found: Launched) -> frozenset[str]:
    """The units of the package that are satisfied, by their publisher's ids."""
    told = found.play().get("units", {})
    satisfied = set()
    for name, one in told.items():
        studied = Studied(found.learner, found.launch.course, found.release.version, name)
        kept = box.packages.of(studied).get(UNIT)
        is_satisfied = json.loads(kept.state).get("is_satisfied") is True if kept is not None else False
        if is_satisfied or one.get("move_on") == "NotApplicable":
            satisfied.add(str(one.get("id")))
    return frozenset(satisfied)


def _launched(house: House) -> Launched:
    found = launched(house, str((request.view_args or {}).get("token", "")))
    if found.activity.kind not in KINDS:
        raise not_yours("This activity states nothing by itself.")
    return found


def _unit(found: Launched) -> Unit:
    return unit_of(units.name_of(found), units.unit_told(found))


def _state(box: "Box", found: Launched) -> Mapping[str, Any]:
    kept = box.packages.of(found.studied()).get(UNIT)
    state = json.loads(kept.state) if kept is not None else {}
    return state if isinstance(state, dict) else {}


def _statements() -> list[Any]:
    """The statements of this request, in whichever of its three forms; none where they cannot be read."""
    body = request.get_data(cache=True, parse_form_data=False)
    if request.mimetype == FORM:
        try:
            return statements_in(JSON, parameters_of(body.decode()).get("content", "").encode())
        except (ValueError, NotTaken):
            return []
    return statements_in(request.headers.get("Content-Type", ""), body)


def _json(document: object) -> Response:
    return Response(json.dumps(document), content_type=JSON, headers={HEADER: Version.FIRST.value})
