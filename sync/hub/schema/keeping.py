"""What the hub keeps so that nothing is lost unseen: alarms, gaps, backups, replacements, and who did what."""

from sqlalchemy import Column, Connection, ForeignKey, Index, PrimaryKeyConstraint

from sync.hub.schema.columns import METADATA, WHOLE, octets, table, whole, words

audit = table(
    "audit",
    Column("id", WHOLE, primary_key=True, autoincrement=True),
    whole("moment_seconds"),
    words("who"),
    words("act"),
    # Ids of what it was about, as JSON; never a learner's name.
    words("about"),
)

alarm = table(
    "alarm",
    # The box that it is about; "" for the hub itself.
    words("box"),
    words("kind"),
    words("numbers"),
    whole("since_seconds"),
    whole("last_seconds"),
    whole("settled_seconds", is_nullable=True),
    PrimaryKeyConstraint("box", "kind"),
)

left_tip = table(
    # Where a box's journal ended when it went on from an older place; whatever grows here again is a second card.
    "left_tip",
    words("box", ForeignKey("box.id")),
    words("epoch"),
    whole("sequence"),
    PrimaryKeyConstraint("box", "epoch"),
)

card_sign = table(
    # What speaks for a second card: `told` is the nonce that the box was given when it last spoke without knowing our
    # last answer, `told_again` how often a nonce so given was offered later, `turns` how often a left end grew.
    "card_sign",
    words("box", ForeignKey("box.id"), is_key=True),
    words("told"),
    whole("told_again"),
    whole("turns"),
)

hardware_print = table(
    # On which hardware a box said that it runs. `is_last`: the one that spoke last; `returns`: how often this one spoke
    # again after another card had.
    "hardware_print",
    words("box", ForeignKey("box.id")),
    words("card"),
    words("machine"),
    whole("first_seconds"),
    whole("last_seconds"),
    whole("is_last"),
    whole("returns"),
    PrimaryKeyConstraint("box", "card", "machine"),
)

twin = table(
    # By which key a machine that runs from a copy of a box's card would go. `secret`: of its token, once it is allowed.
    "twin",
    words("box", ForeignKey("box.id"), is_key=True),
    words("key"),
    words("card"),
    whole("asked_seconds"),
    words("secret"),
)

gap = table(
    "gap",
    words("box", ForeignKey("box.id")),
    words("epoch"),
    whole("first"),
    whole("last"),
    # The chain's hash behind the gap, as the box remembers it.
    octets("hash"),
    whole("found_seconds"),
    PrimaryKeyConstraint("box", "epoch", "first"),
)

backup = table(
    "backup",
    words("name", is_key=True),
    words("place"),
    whole("made_seconds"),
    whole("size_bytes"),
)

backup_notice = table(
    # Marks that a backup moved and that their box has not heard yet. `said_in`: the answer that names them.
    "backup_notice",
    words("box", ForeignKey("box.id")),
    words("epoch"),
    words("said_in"),
    PrimaryKeyConstraint("box", "epoch"),
)

replacement = table(
    "replacement",
    words("old", ForeignKey("box.id"), is_key=True),
    words("new", ForeignKey("box.id")),
    whole("moment_seconds"),
)
Index("replacement_new", replacement.c.new)

batch_span = table(
    # Which events lie in which batch; made for boxes that were replaced, when their history is asked for.
    "batch_span",
    whole("batch", ForeignKey("batch.id"), is_key=True),
    words("box"),
    words("epoch"),
    whole("first"),
    whole("last"),
)
Index("batch_span_box", batch_span.c.box, batch_span.c.epoch, batch_span.c.first)

_TABLES = (
    audit, alarm, left_tip, card_sign, gap, backup, backup_notice, replacement, batch_span,
)  # fmt: skip


def create(connection: Connection) -> None:
    """Give an older database these tables."""
    METADATA.create_all(connection, tables=list(_TABLES))


def create_prints(connection: Connection) -> None:
    """Give an older database the tables of what boxes run on, and of those that ask for a name of their own."""
    METADATA.create_all(connection, tables=[hardware_print, twin])
