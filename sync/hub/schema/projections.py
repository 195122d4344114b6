"""What is read out of the batches, and can be built again.

`stamp` says which of two came later, whatever the order of arrival.
"""

from sqlalchemy import ForeignKey, PrimaryKeyConstraint

from sync.hub.schema.columns import octets, table, whole, words

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
