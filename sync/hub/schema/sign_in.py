"""How staff prove a second time who they are: a second factor each, and codes for the day when it is lost."""

from sqlalchemy import Connection, ForeignKey, PrimaryKeyConstraint

from sync.hub.schema.columns import METADATA, table, whole, words

second_factor = table(
    "second_factor",
    words("name", ForeignKey("staff.name"), is_key=True),
    # What the authenticator and the hub share; a code is made of it and of the time.
    words("secret"),
    # The half minute of the last code that was taken: none of it or of an earlier one is taken again.
    whole("last_step"),
    words("salt"),
    whole("made_seconds"),
)

recovery_code = table(
    "recovery_code",
    words("name", ForeignKey("staff.name")),
    words("code_hash"),
    PrimaryKeyConstraint("name", "code_hash"),
)


def create(connection: Connection) -> None:
    """Make these tables in an older database."""
    METADATA.create_all(connection, tables=[second_factor, recovery_code])
