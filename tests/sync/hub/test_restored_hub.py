"""A hub put back from an old copy: boxes bring again what it lost, epochs that they thought were done included."""

from sqlalchemy import delete, select

from sync.hub import schema
from sync.hub.engine import writing


def lose_everything_taken(hub) -> None:
    """The hub as it was before the first report: boxes are known, events are not."""
    with writing(hub.engine) as connection:
        for table in (schema.batch_learner, schema.batch, schema.epoch):
            connection.execute(delete(table))


def taken(hub) -> list[int]:
    with writing(hub.engine) as connection:
        return sorted(connection.execute(select(schema.epoch.c.taken)).scalars())


def test_a_restored_hub_asks_for_the_epochs_that_the_box_believes_taken(hub, box) -> None:
    box.writes("class", class_="7b", name="7 B")
    box.writes("class", class_="8a", name="8 A")
    box.sends()
    lose_everything_taken(hub)

    box.restarts()
    box.writes("class", class_="9c", name="9 C")
    asked = box.sends()
    box.sends()

    assert [-1, 1] == sorted(mark.taken for mark in asked.marks)
    assert [1, 2] == taken(hub)
    assert box.journal.unsent_count() == 0


def test_a_hub_that_lacks_nothing_asks_for_nothing_more(hub, box) -> None:
    box.writes("class", class_="7b", name="7 B")
    box.sends()
    box.restarts()
    box.writes("class", class_="9c", name="9 C")

    answer = box.sends()

    assert [head.epoch for head in box.journal.heads()] == [mark.epoch for mark in answer.marks]
