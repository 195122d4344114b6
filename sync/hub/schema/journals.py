"""What came up from boxes: epochs and their marks, batches as they came, who was erased."""

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint

from sync.hub.schema.columns import WHOLE, octets, table, whole, words

epoch = table(
    "epoch",
    words("box", ForeignKey("box.id")),
    words("epoch"),
    # What its first event says it goes on from; "", -1 and no bytes where it is the box's first.
    words("parent"),
    whole("parent_sequence"),
    octets("parent_hash"),
    whole("taken"),
    octets("hash"),
    whole("backed_up"),
    PrimaryKeyConstraint("box", "epoch"),
)
Index("epoch_parent", epoch.c.box, epoch.c.parent)

fork = table(
    "fork",
    words("box"),
    words("epoch"),
    words("parent"),
    whole("parent_sequence"),
    whole("found_seconds"),
    PrimaryKeyConstraint("box", "epoch"),
    ForeignKeyConstraint(["box"], ["box.id"]),
)

batch = table(
    "batch",
    Column("id", WHOLE, primary_key=True, autoincrement=True),
    words("box", ForeignKey("box.id")),
    words("campus", ForeignKey("campus.id")),
    whole("taken_seconds"),
    octets("body"),
)

batch_learner = table(
    "batch_learner",
    words("campus"),
    words("learner"),
    whole("batch", ForeignKey("batch.id")),
    PrimaryKeyConstraint("campus", "learner", "batch"),
)

erased = table(
    "erased",
    words("campus", ForeignKey("campus.id")),
    words("learner"),
    whole("erased_seconds"),
    PrimaryKeyConstraint("campus", "learner"),
)

erasure_notice = table(
    "erasure_notice",
    words("box", ForeignKey("box.id")),
    words("learner"),
    PrimaryKeyConstraint("box", "learner"),
)
