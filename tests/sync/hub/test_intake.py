"""Progress comes in once, whole and in order, whatever the road did to it."""

import itertools
import random
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from catalog.db import Database
from sync import batch as batches
from sync import journal as journal_
from sync.clock import Moment
from sync.events import CHAIN_START
from sync.hub import schema
from sync.hub.engine import open_engine, reading, sqlite_url, writing
from sync.hub.fleet import Refused, find
from sync.hub.hub import Hub
from sync.hub.intake import Intake
from sync.journal import Journal
from sync.wire import Mark, Report

pytestmark = pytest.mark.slow

Box = Any
NewBox = Callable[[], Any]

COUNTED = (schema.learner, schema.classroom, schema.progress)
KEPT = (*COUNTED, schema.erased)


def tables(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """What the hub knows, however it came to know it."""
    with reading(engine) as connection:
        known = {table.name: sorted(tuple(row) for row in connection.execute(select(*_told(table)))) for table in KEPT}
        epoch = schema.epoch
        heads = select(epoch.c.box, epoch.c.epoch, epoch.c.taken, epoch.c.hash)
        return {**known, "epoch": sorted(tuple(row) for row in connection.execute(heads))}


def _told(table: Any) -> list[Any]:
    return [column for column in table.c if column.name != "erased_seconds"]


def count(hub: Hub, table: Any) -> int:
    with reading(hub.engine) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def studies(box: Box, learner: str, permille: int = 500) -> None:
    box.writes("learner", learner, name=learner.title(), class_="7b")
    box.writes("progressed", learner, course="water", version=1, activity="film", seconds=90, permille=permille)


# ---- what comes in ----


def test_a_learner_and_her_place_reach_the_hub(hub: Hub, box: Box) -> None:
    box.writes("class", class_="7b", name="Class 7b")
    studies(box, "amina")

    box.sends()

    (line,) = hub.progress.of_campus(hub.fleet.campuses()[0].id)["water"]
    place = line.latest
    assert ("Amina", "Class 7b") == (line.learner.name, line.learner.classroom)
    assert ("film", 500, 90, False) == (place.activity, place.permille, place.seconds, place.is_completed)


def test_a_finished_activity_stays_finished(hub: Hub, box: Box) -> None:
    studies(box, "amina", 900)
    box.writes("completed", "amina", course="water", version=1, activity="film")
    studies(box, "amina", 100)

    box.sends()

    (line,) = hub.progress.of_campus(hub.fleet.campuses()[0].id)["water"]
    assert (1000, True) == (line.latest.permille, line.latest.is_completed)


def test_a_repeated_batch_is_taken_once(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    batch = box.unsent()
    box.sends()

    again = box.sends(box.report(batch))

    assert 1 == count(hub, schema.batch)
    assert 2 == again.marks[0].taken


def test_a_batch_that_would_leave_a_gap_is_not_taken_and_the_marks_say_where_to_begin(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    whole = batches.decode(box.unsent())

    answer = box.sends(box.report(batches.encode(whole.after(0))))

    assert (-1, 0) == (answer.marks[0].taken, count(hub, schema.batch))
    assert 2 == box.sends().marks[0].taken


def test_a_batch_whose_beginning_is_here_already_adds_only_its_end(hub: Hub, box: Box) -> None:
    """The answer to the first batch was lost, and the box sent a longer one from the same beginning."""
    studies(box, "amina")
    box.posts("/sync/session", (first := box.report()).to_bytes())
    studies(box, "badr")
    longer = box.unsent()
    hub_nonce = box.believes(first, box.posts("/sync/session", first.to_bytes())).nonce

    answer = box.sends(replace(box.report(longer), nonce=hub_nonce))

    assert 4 == answer.marks[0].taken
    assert 2 == count(hub, schema.batch)
    assert 2 == count(hub, schema.learner)


def test_another_box_s_events_are_refused(hub: Hub, box: Box, new_box: NewBox) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    studies(other, "amina")

    reply = box.posts("/sync/session", box.report(other.unsent()).to_bytes())

    assert 422 == reply.status_code
    assert 0 == count(hub, schema.batch)


def test_events_of_a_kind_that_the_hub_does_not_know_are_kept(hub: Hub, box: Box) -> None:
    box.writes("sang", "amina", song="of water")

    box.sends()

    with reading(hub.engine) as connection:
        (body,) = connection.execute(select(schema.batch.c.body)).scalars()
    assert "sang" in [event.kind for event in batches.decode(bytes(body)).events]


def test_batches_are_kept_as_they_came(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    came = box.unsent()

    box.sends()

    with reading(hub.engine) as connection:
        assert came == bytes(connection.execute(select(schema.batch.c.body)).scalar_one())


def test_two_campuses_do_not_see_each_other(hub: Hub, box: Box, new_box: NewBox) -> None:
    elsewhere = hub.fleet.campus_called("Elsewhere")
    other = new_box()
    other.enrols(hub.fleet.make_token(elsewhere))
    studies(other, "amina")
    other.sends()
    box.sends()

    by_name = {campus.name: hub.progress.of_campus(campus.id) for campus in hub.fleet.campuses()}

    assert {} == by_name["Wadi"]
    assert ["water"] == list(by_name["Elsewhere"])


# ---- copied cards ----


def test_a_box_that_restarts_is_no_fork(hub: Hub, box: Box) -> None:
    for _ in range(3):
        studies(box, "amina")
        box.restarts()
    for _ in range(3):
        box.sends()

    assert (0, 9) == (hub.fleet.boxes()[0].forks, hub.fleet.boxes()[0].events)


def test_a_card_put_back_from_a_copy_is_flagged_and_both_stories_are_kept(hub: Hub, box: Box) -> None:
    """Staff copied the card, the box worked on, the card failed, the copy was put in: two epochs have one parent."""
    studies(box, "amina")
    box.sends()
    copy = box.database.path.with_name("copy.db")
    box.database.read().conn.backup(target := _opened(copy))
    target.close()
    box.restarts()
    studies(box, "badr")
    box.sends()

    restored = _box_from(box, copy)
    studies(restored, "chitra")
    restored.sends()

    assert (2, 9) == (hub.fleet.boxes()[0].forks, hub.fleet.boxes()[0].events)
    assert 3 == count(hub, schema.learner)
    restored.database.close()


def _opened(path: Path) -> Any:
    return sqlite3.connect(path)  # noqa: TID251 - a card is copied as a whole


def _box_from(box: Box, path: Path) -> Box:
    other = object.__new__(type(box))
    other.__dict__.update(box.__dict__)
    other.database = Database(path, [journal_.migrations])
    other.journal = Journal(other.database, box.id, box.journal._clock, box._random_bytes)
    other.journal.open_epoch()
    return other


def test_other_events_under_numbers_that_are_taken_are_refused_and_flagged(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    whole = batches.decode(box.unsent())
    box.sends()
    last = replace(whole.events[-1], wall_seconds=1)
    lie = replace(whole, events=(*whole.events[:-1], last))
    lie = replace(lie, last_hash=lie.hash_at(lie.last_sequence))

    reply = box.posts("/sync/session", box.report(batches.encode(lie)).to_bytes())

    assert (422, 1) == (reply.status_code, hub.fleet.boxes()[0].forks)
    assert 1 == count(hub, schema.batch)


# ---- erasure ----


def test_an_erased_learner_leaves_name_progress_and_every_kept_payload(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    box.sends()
    studies(box, "badr")
    box.sends()
    box.erases("amina")

    box.sends()

    assert [("badr",), ("badr",)] == [_learners(hub, table) for table in (schema.learner, schema.progress)]
    assert {"", "badr"} == _talked_of(hub)
    assert 6 == hub.fleet.boxes()[0].events


def test_the_chain_still_verifies_after_an_erasure(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    studies(box, "badr")
    box.sends()
    box.erases("amina")
    box.sends()

    with reading(hub.engine) as connection:
        bodies = connection.execute(select(schema.batch.c.body).order_by(schema.batch.c.id)).scalars().all()
    last = CHAIN_START
    for body in bodies:
        batch = batches.decode(bytes(body))
        batches.verify(batch, last)
        last = batch.last_hash
    assert box.journal.heads()[-1].sequence == batch.last_sequence


def test_an_old_batch_that_still_holds_an_erased_learner_is_filtered_for_ever(
    hub: Hub, box: Box, new_box: NewBox
) -> None:
    """Another box of the campus comes late with the payloads of somebody who was erased meanwhile."""
    late = new_box()
    late.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    studies(late, "amina")
    studies(late, "badr")
    studies(box, "amina")
    box.erases("amina")
    box.sends()

    answer = late.sends()

    assert ("amina",) == tuple(answer.erased)
    assert {"", "badr"} == _talked_of(hub)
    assert ("badr",) == _learners(hub, schema.learner)


def test_a_box_that_has_forgotten_a_learner_is_not_told_again(hub: Hub, box: Box, new_box: NewBox) -> None:
    late = new_box()
    late.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    studies(late, "amina")
    studies(box, "amina")
    box.erases("amina")
    box.sends()
    late.sends()
    late.erases("amina")

    assert () == tuple(late.sends().erased)


def _learners(hub: Hub, table: Any) -> tuple[str, ...]:
    with reading(hub.engine) as connection:
        return tuple(sorted(set(connection.execute(select(table.c.learner)).scalars())))


def _talked_of(hub: Hub) -> set[str]:
    with reading(hub.engine) as connection:
        bodies = connection.execute(select(schema.batch.c.body)).scalars().all()
    events = [event for body in bodies for event in batches.decode(bytes(body)).events]
    return {event.learner for event in events if event.payload is not None}


# ---- any road ----


def test_the_tables_can_be_built_again_from_the_batches(hub: Hub, box: Box) -> None:
    for learner in ("amina", "badr", "chitra"):
        studies(box, learner)
        box.sends()
    box.erases("badr")
    box.sends()
    before = tables(hub.engine)

    assert 4 == hub.intake.rebuild()
    assert before == tables(hub.engine)


class Road:
    """A bare hub's intake, to which batches come in any order."""

    def __init__(self, folder: Path, campus_of: dict[str, str]) -> None:
        self.engine = open_engine(sqlite_url(folder / f"hub-{next(NUMBERS)}.db"))
        self.intake = Intake(self.engine)
        with writing(self.engine) as connection:
            for campus in sorted(set(campus_of.values())):
                connection.execute(schema.campus.insert().values(id=campus, name=campus, made_seconds=0))
            for box, campus in campus_of.items():
                row = {"id": box, "campus": campus, "key": box, "name": box, "enrolled_seconds": 0, "last_answer": b""}
                texts = ("nonce", "last_request", "last_digest", "last_nonce", "shelf", "holdings", "health")
                connection.execute(schema.box.insert().values({**row, **dict.fromkeys(texts, "")}))

    def takes(self, batch: bytes) -> None:
        sender = batches.decode(batch).box
        report = Report(sender, "r", "n", (), "", 0, 0, True, batch=batch)
        with writing(self.engine) as connection:
            self.intake.take(connection, find(connection, sender), report, 0)
        self.intake.readout.wake()


NUMBERS = itertools.count()
WORDS = st.sampled_from(["amina", "badr", "chitra"])
DEEDS = st.one_of(
    st.tuples(st.just("learner"), WORDS, st.integers(0, 3)),
    st.tuples(st.just("class"), st.just(""), st.integers(0, 3)),
    st.tuples(st.sampled_from(["opened", "progressed", "completed"]), WORDS, st.integers(0, 1000)),
    st.tuples(st.just("restart"), st.just(""), st.just(0)),
    st.tuples(st.just("clock"), st.just(""), st.integers(-5000, 5000)),
    st.tuples(st.just("erased"), WORDS, st.just(0)),
)


@pytest.fixture(scope="module")
def shelf_of_databases() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@settings(max_examples=25, deadline=None)
@given(st.lists(DEEDS, min_size=1, max_size=25), st.integers(1, 6), st.randoms(use_true_random=False))
def test_any_road_leads_to_the_same_tables(
    shelf_of_databases: Path, deeds: Sequence[tuple[str, str, int]], size: int, lots: random.Random
) -> None:
    """Batches doubled, swapped and overlapping, as lost answers and restored hubs make them; then once in order."""
    sent = _written(shelf_of_databases, deeds, size, lots)
    campus_of = {batches.decode(batch).box: "wadi" for batch in sent}
    clean, muddled = Road(shelf_of_databases, campus_of), Road(shelf_of_databases, campus_of)
    overlapping = [batch for batch in sent for _ in range(2)] + sent
    lots.shuffle(overlapping)

    for batch in sent:
        clean.takes(batch)
    for batch in [*overlapping, *sent]:
        muddled.takes(batch)

    assert tables(clean.engine) == tables(muddled.engine)
    muddled.intake.rebuild()
    assert tables(clean.engine) == tables(muddled.engine)
    clean.engine.dispose()
    muddled.engine.dispose()


def _written(folder: Path, deeds: Sequence[tuple[str, str, int]], size: int, lots: random.Random) -> list[bytes]:
    """The batches that a box writes while this happens, in order."""

    class Clock:
        wall_seconds = 1_790_000_000

        def now(self) -> Moment:
            return Moment(self.wall_seconds, 1.0, self.wall_seconds % 3 != 0)

        def wait(self, seconds: float) -> None: ...

    clock = Clock()
    database = Database(folder / f"box-{next(NUMBERS)}.db", [journal_.migrations])
    journal = Journal(database, "box-of-the-campus", clock, lots.randbytes)
    journal.open_epoch()
    sent: list[bytes] = []

    def send() -> None:
        while (found := journal.next_batch()) is not None:
            batch, wire = found
            sent.append(wire)
            marks = [Mark(batch.epoch, batch.last_sequence, -1)]
            database.write(partial(journal.take_marks, said=marks))

    for index, (kind, learner, number) in enumerate([*deeds, ("class", "", 0)]):
        if kind == "clock":
            clock.wall_seconds += number
        elif kind == "restart":
            journal.open_epoch()
        elif kind == "erased":
            database.write(partial(journal.erase, learner=learner))
        elif not learner or not journal.has_erased(learner):
            said = _payload(kind, number)
            database.write(partial(journal.append, kind=kind, learner=learner, payload=said))
        if index % size == 0:
            send()
    send()
    database.close()
    return sent


def _payload(kind: str, number: int) -> dict[str, Any]:
    place = {"course": "water", "version": 1 + number % 3, "activity": f"film-{number % 2}"}
    match kind:
        case "learner":
            return {"name": f"name {number}", "class": "7b"}
        case "class":
            return {"class": "7b", "name": f"class {number}"}
        case "opened":
            return {**place, "path": f"{number}.html"}
        case "progressed":
            return {**place, "seconds": number, "permille": number}
        case _:
            return place


def test_a_refused_batch_leaves_nothing_behind(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    whole = batches.decode(box.unsent())
    broken = batches.encode(replace(whole, last_hash=bytes(32)))
    before = tables(hub.engine)

    with pytest.raises(Refused), writing(hub.engine) as connection:
        hub.intake.take(connection, find(connection, box.id), box.report(broken), 0)

    assert before == tables(hub.engine)
