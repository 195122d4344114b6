"""Certificates for boxes: what they asked for, what the hub has for them, and its orders."""

from sqlalchemy import Column, Connection, ForeignKey, Index

from sync.hub.schema.columns import METADATA, WHOLE, octets, table, whole, words

certificate_request = table(
    # The last request of each box, read out of its own journal.
    "certificate_request",
    words("box", ForeignKey("box.id"), is_key=True),
    words("request"),
    octets("stamp"),
)

certificate = table(
    "certificate",
    words("box", ForeignKey("box.id"), is_key=True),
    words("name"),
    # The request that it answers.
    words("request"),
    whole("begins_seconds"),
    whole("ends_seconds"),
)

certificate_order = table(
    # Every order that was begun: how many a week may bring, and when a box's turn is again.
    "certificate_order",
    Column("id", WHOLE, primary_key=True, autoincrement=True),
    words("box", ForeignKey("box.id")),
    words("request"),
    whole("moment_seconds"),
    # 1 once a certificate came.
    whole("is_filled"),
    # What was in the way; "" where nothing was, or it is under way.
    words("fault"),
)
Index("certificate_order_moment", certificate_order.c.moment_seconds)

_TABLES = (certificate_request, certificate, certificate_order)


def create(connection: Connection) -> None:
    """Give an older database these tables."""
    METADATA.create_all(connection, tables=list(_TABLES))
