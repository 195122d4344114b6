"""The hub's own journal for each campus, and what it is read out into beside the tables of the batches."""

from sqlalchemy import Connection, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint

from sync.hub.schema.columns import METADATA, octets, table, whole, words

campus_epoch = table(
    "campus_epoch",
    words("campus", ForeignKey("campus.id")),
    words("epoch"),
    whole("place"),
    # Which run of the hub writes it; "" where a box gave it back, so that nobody goes on with it.
    words("start"),
    PrimaryKeyConstraint("campus", "epoch"),
)

campus_parent = table(
    # What an epoch goes on from; more than one where a restored hub got the events back that it had lost.
    "campus_parent",
    words("campus"),
    words("epoch"),
    words("parent"),
    whole("parent_sequence"),
    PrimaryKeyConstraint("campus", "epoch", "parent"),
    ForeignKeyConstraint(["campus", "epoch"], ["campus_epoch.campus", "campus_epoch.epoch"]),
)

campus_event = table(
    "campus_event",
    words("campus"),
    words("epoch"),
    whole("sequence"),
    words("kind"),
    words("learner"),
    octets("payload", is_nullable=True),
    octets("payload_hash"),
    octets("hash"),
    whole("wall_seconds"),
    whole("monotonic_ms"),
    whole("is_trusted"),
    PrimaryKeyConstraint("campus", "epoch", "sequence"),
    ForeignKeyConstraint(["campus", "epoch"], ["campus_epoch.campus", "campus_epoch.epoch"]),
)
Index("campus_event_learner", campus_event.c.campus, campus_event.c.learner)

campus_key = table(
    # The keys that salt what an epoch says of learners. A hub that lost a key draws another, for epochs to come.
    "campus_key",
    words("campus"),
    words("epoch"),
    words("learner"),
    octets("key"),
    PrimaryKeyConstraint("campus", "epoch", "learner"),
    ForeignKeyConstraint(["campus", "epoch"], ["campus_epoch.campus", "campus_epoch.epoch"]),
)

campus_word = table(
    # The last word of each side about each thing: a class, a learner, an announcement, an assignment, a proposal.
    "campus_word",
    words("campus", ForeignKey("campus.id")),
    words("about"),
    words("id"),
    # "hub" or "campus".
    words("side"),
    octets("stamp"),
    words("learner"),
    # What it says, as JSON.
    words("says"),
    PrimaryKeyConstraint("campus", "about", "id", "side"),
)
Index("campus_word_learner", campus_word.c.campus, campus_word.c.learner)

also_studies = table(
    # A learner of one campus who is known at another too, and when this one was last told how far they are there.
    "also_studies",
    words("campus", ForeignKey("campus.id")),
    words("learner"),
    words("home", ForeignKey("campus.id")),
    whole("told_seconds"),
    # What was told last, so that the same is not told again.
    words("told_digest"),
    PrimaryKeyConstraint("campus", "learner", "home"),
)

_TABLES = (campus_epoch, campus_parent, campus_event, campus_key, campus_word, also_studies)


def create(connection: Connection) -> None:
    """Give an older database these tables."""
    METADATA.create_all(connection, tables=list(_TABLES))
