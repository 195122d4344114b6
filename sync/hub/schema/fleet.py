"""Who there is: campuses, boxes, tokens, staff."""

from sqlalchemy import Column, ForeignKey, Text

from sync.hub.schema.columns import octets, table, whole, words

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
    # The batch that it was made in, and when it runs out; a token made by hand has neither.
    words("batch", server_default=""),
    whole("expires_seconds", is_nullable=True),
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
