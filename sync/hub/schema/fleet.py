"""Who there is: campuses, boxes, tokens, staff."""

from sqlalchemy import Column, Connection, ForeignKey, Text

from sync.hub.schema.columns import METADATA, octets, table, whole, words

campus = table(
    "campus",
    words("id", is_key=True),
    Column("name", Text, nullable=False, unique=True),
    whole("made_seconds"),
    # The languages that are read there, as JSON; [] for all.
    words("languages", server_default="[]"),
)

enrolment_token = table(
    "enrolment_token",
    words("hash", is_key=True),
    words("campus", ForeignKey("campus.id")),
    whole("made_seconds"),
    words("used_by_key", is_nullable=True),
    whole("used_seconds", is_nullable=True),
    # The box in whose place the one comes that uses it; "": it is one more.
    words("replaces", server_default=""),
    # The batch that it was made in, and when it runs out; a token made by hand has neither.
    words("batch", server_default=""),
    whole("expires_seconds", is_nullable=True),
)

adoption = table(
    # A code by which a spare box takes the place of `box`: which it is, and what the talk about its secret needs.
    "adoption",
    words("place", is_key=True),
    words("proof"),
    words("box"),
    whole("until_seconds"),
    whole("tries"),
    # The box that has used it, which may ask again; "": none has.
    words("used_by", server_default=""),
)

box = table(
    "box",
    words("id", is_key=True),
    words("campus", ForeignKey("campus.id")),
    Column("key", Text, nullable=False, unique=True),
    words("name"),
    whole("enrolled_seconds"),
    whole("seen_seconds", is_nullable=True),
    whole("revoked_seconds", is_nullable=True),
    # The thread of the talk: the nonce that counts next, and the last answer for a box that did not hear it.
    words("nonce"),
    words("last_request"),
    words("last_digest"),
    words("last_nonce"),
    octets("last_answer"),
    # What it said of itself.
    words("shelf"),
    words("holdings"),
    words("health"),
    whole("free_bytes", is_nullable=True),
    words("can", server_default="[]"),
    words("follows", server_default="[]"),
    # Where its journal ended; "": it has not said so since this is kept.
    words("heads", server_default=""),
)

staff = table("staff", words("name", is_key=True), words("secret"), whole("made_seconds"))


def create_adoptions(connection: Connection) -> None:
    """Make what an older hub lacks of these."""
    METADATA.create_all(connection, tables=[adoption])
