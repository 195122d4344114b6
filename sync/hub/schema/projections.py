"""What is read out of the batches, and can be built again; and which batches still wait for it.

`stamp` says which of two came later, whatever the order of arrival.
"""

from sqlalchemy import Connection, ForeignKey, PrimaryKeyConstraint

from sync.hub.schema.columns import METADATA, octets, table, whole, words

learner = table(
    "learner",
    words("campus", ForeignKey("campus.id")),
    words("learner"),
    words("name"),
    words("key"),
    words("classroom"),
    words("student_number"),
    octets("stamp"),
    PrimaryKeyConstraint("campus", "learner"),
)

classroom = table(
    "classroom",
    words("campus", ForeignKey("campus.id")),
    words("classroom"),
    words("name"),
    octets("stamp"),
    PrimaryKeyConstraint("campus", "classroom"),
)

progress = table(
    "progress",
    words("campus", ForeignKey("campus.id")),
    words("learner"),
    words("course"),
    words("activity"),
    whole("version"),
    whole("permille"),
    whole("is_completed"),
    words("path"),
    whole("place_seconds"),
    whole("active_seconds"),
    octets("stamp"),
    PrimaryKeyConstraint("campus", "learner", "course", "activity"),
)

NO_SCORE = -1
"""Stands for no score, below every other."""

result = table(
    "result",
    words("campus", ForeignKey("campus.id")),
    words("learner"),
    words("course"),
    words("activity"),
    whole("version"),
    whole("best_permille"),
    whole("last_permille"),
    whole("passing"),  # as sync.snapshot.Passing numbers it
    whole("attempts"),
    whole("seconds"),
    whole("active_seconds"),
    octets("stamp"),
    PrimaryKeyConstraint("campus", "learner", "course", "activity"),
)

unread = table("unread", whole("batch", ForeignKey("batch.id"), is_key=True))


def create(connection: Connection) -> None:
    """Give an older database the table of batches that wait; those it has were read out as they came."""
    METADATA.create_all(connection, tables=[unread])


def create_results(connection: Connection) -> None:
    """Give an older database the table of results; no event before it told of any."""
    METADATA.create_all(connection, tables=[result])
