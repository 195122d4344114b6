"""Whose a statement is: a learner's, an outsider's, a company's; and nothing is left of who was erased."""

import json
import zipfile
from io import BytesIO

import pytest

from edge.box import Box
from edge.config import JOURNAL_EVENTS_MIN
from edge.keeping import learner as one_learner
from edge.keeping import upkeep
from edge.keeping.alarms import DAY_SECONDS
from edge.learning.lrs.actor import LEARNERS_HOME, learner_agent
from edge.people.people import Classroom, NobodyThere, Person, Secret
from tests.edge.conftest import WoundClock
from tests.edge.learning.lrs.conftest import ACTIVITY, AMAL, Tool, statement, uuid_of
from tests.edge.learning.lrs.test_attachments import DRAWING, END, attached, files, first, part, sends

STATE = {"activityId": ACTIVITY, "stateId": "bookmark"}
WORD = "the well is deep"


@pytest.fixture
def bilan(box: Box, grade: Classroom) -> Person:
    return box.people.enrol_learner(grade.id, "Bilan Omar", Secret("pin", "8350"))


def owners(box: Box) -> list[str]:
    rows = box.database.read().execute("select learner from event where kind = 'stated' order by place, sequence")
    return [row["learner"] for row in rows]


def kept_words(box: Box, word: str = WORD) -> int:
    """In how many events a word still stands."""
    rows = box.database.read().execute("select payload from event where payload is not null")
    return sum(word.encode() in row["payload"] for row in rows)


def test_a_statement_about_a_learner_is_the_learners(box: Box, tool: Tool, amina: Person) -> None:
    agent = learner_agent(amina.id)

    tool.states(
        statement(actor=agent),
        statement(object={"objectType": "Agent", **agent}),
        statement(context={"instructor": agent}),
        statement(actor={"objectType": "Group", "member": [agent, AMAL]}),
        statement(object={"objectType": "SubStatement", **statement(actor=agent)}),
    )

    assert [amina.id] * 5 == owners(box)
    assert 5 == len(tool.finds(agent=agent, related_agents="true"))


def test_whom_nobody_here_knows_has_one_random_id(box: Box, tool: Tool, amina: Person) -> None:
    stranger = {"account": {"homePage": LEARNERS_HOME, "name": "Amina Warsame"}}

    tool.states(
        statement(), statement(actor={"name": "Amal", **AMAL}),
        statement(actor={"objectType": "Group", "member": [AMAL]}),
        statement(actor=stranger),
    )  # fmt: skip

    amal, again, group, other = owners(box)
    assert amal == again
    assert 3 == len({amal, group, other})
    assert not {"amal", "Amina Warsame", ""} & {amal, group, other}


def test_a_learner_who_is_erased_leaves_nothing(box: Box, tool: Tool, amina: Person) -> None:
    agent = learner_agent(amina.id)
    said = statement(actor={"name": "Amina", **agent}, result={"response": WORD}, attachments=[attached()])
    sends(tool, first(said), part(DRAWING), END)
    tool.asks("POST", "activities/state", body={"w": WORD}, agent=agent, **STATE)
    tool.asks("POST", "agents/profile", body={"w": WORD}, agent=agent, profileId="p")
    tool.states(statement(id=uuid_of(1)))

    box.people.erase(amina.id)
    box.database.commit_pending()

    tables = ("statement", "facet", "document", "attachment", "attachment_use")
    left = {name: box.database.read().execute(f"select count(*) from {name}").fetchone()[0] for name in tables}
    assert ([uuid_of(1)], 0) == (tool.finds(), kept_words(box))
    assert {"statement": 1, "facet": 6, "document": 0, "attachment": 0, "attachment_use": 0} == left
    assert [] == files(box)
    assert WORD.encode() not in box.database.path.read_bytes()
    box.journal.verify()


def test_nothing_more_is_recorded_of_who_was_erased(box: Box, tool: Tool, amina: Person) -> None:
    agent = learner_agent(amina.id)
    box.people.erase(amina.id)

    answers = [
        tool.asks("POST", "statements", body=statement(actor=agent)),
        tool.asks("POST", "statements", body=statement(context={"team": {"objectType": "Group", "member": [agent]}})),
        tool.asks("POST", "activities/state", body={}, agent=agent, **STATE),
    ]

    assert [403, 403, 403] == [answer.status_code for answer in answers]


def test_what_names_several_learners_goes_with_the_first_of_them(
    box: Box, tool: Tool, amina: Person, bilan: Person
) -> None:
    both = {"objectType": "Group", "member": [learner_agent(amina.id), learner_agent(bilan.id)]}
    tool.states(
        statement(actor=both, result={"response": WORD}),
        statement(actor=learner_agent(bilan.id), id=uuid_of(1)),
        statement(actor=learner_agent(bilan.id), context={"instructor": learner_agent(amina.id)}),
    )

    box.people.erase(amina.id)

    assert ([uuid_of(1)], 0) == (tool.finds(), kept_words(box))
    erased = {row["learner"] for row in box.database.read().execute("select learner from event where kind = 'erased'")}
    assert erased == {amina.id, *set(owners(box)) - {bilan.id}}
    box.journal.verify()


def test_an_outsider_can_be_erased_and_may_come_again_as_somebody_new(box: Box, tool: Tool) -> None:
    tool.states(statement(result={"response": WORD}))
    tool.asks("POST", "activities/state", body={"w": WORD}, agent=AMAL, **STATE)

    owner = box.lrs.erase_outsider(AMAL)

    assert ([], 0) == (tool.finds(), kept_words(box))
    assert 404 == tool.asks("GET", "activities/state", agent=AMAL, **STATE).status_code
    tool.states(statement())
    assert owner not in owners(box)[1:]
    with pytest.raises(NobodyThere):
        box.lrs.erase_outsider({"mbox": "mailto:nobody@example.org"})


def test_a_learner_takes_statements_state_and_attachments_along(box: Box, tool: Tool, amina: Person) -> None:
    agent = learner_agent(amina.id)
    sends(tool, first(statement(actor=agent, attachments=[attached()])), part(DRAWING), END)
    tool.asks(
        "PUT", "activities/state", body=WORD.encode(), headers={"Content-Type": "text/plain"}, agent=agent, **STATE
    )
    tool.states(statement(result={"response": "of another"}))

    out = BytesIO()
    one_learner.export(box, amina, out)

    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist())
        events = archive.read("events.jsonl").decode()
        assert WORD == archive.read("documents/0001").decode()
        assert DRAWING == archive.read(f"attachments/{attached()['sha2']}")
    assert {"documents.csv", "events.jsonl"} < names
    assert "of another" not in events
    assert '"kind": "stated"' in events


def test_statements_stay_as_long_as_their_events(box: Box, tool: Tool, amina: Person, clock: WoundClock) -> None:
    """The hub has in a backup what goes; a box without a hub lets nothing go."""
    box.change_config({"journal_events": JOURNAL_EVENTS_MIN, "journal_days": 30})
    tool.states(
        *(statement(id=uuid_of(number), actor=[AMAL, learner_agent(amina.id)][number % 2]) for number in range(5))
    )
    for start in range(100, 100 + JOURNAL_EVENTS_MIN, 500):
        tool.states(*(statement(id=uuid_of(start + number)) for number in range(500)))
    clock.wind(31 * DAY_SECONDS)
    upkeep.prune(box)
    before = statements_of(box)

    box.database.write(lambda connection: connection.execute("update epoch set taken = 900, backed_up = 900"))
    upkeep.prune(box)

    events = box.database.read().execute("select count(*) from event where kind = 'stated'").fetchone()[0]
    asked = [tool.asks("GET", "statements", statementId=uuid_of(one)).status_code for one in (0, 100 + 500)]
    assert JOURNAL_EVENTS_MIN + 5 == before > statements_of(box) == events
    assert [404, 200] == asked
    box.journal.verify()


def statements_of(box: Box) -> int:
    return int(box.database.read().execute("select count(*) from statement").fetchone()[0])


def test_a_statement_travels_to_the_hub_in_an_ordinary_batch(box: Box, tool: Tool, amina: Person) -> None:
    from sync.batch import decode
    from sync.events import fields_of

    tool.states(statement(actor=learner_agent(amina.id), result={"score": {"scaled": 0.5}}))

    batch, wire = box.journal.next_batch() or pytest.fail("there is something to send")

    (event,) = [one for one in decode(wire).events if one.kind == "stated"]
    fields = fields_of(event) or {}
    assert batch.last_hash == decode(wire).last_hash
    assert (amina.id, 0.5) == (event.learner, json.loads(fields["statement"])["result"]["score"]["scaled"])
