"""The listing: what the hub's own catalogue should list, and which publisher says so. No key is touched here.

* A release is listed in the transaction that offers it; it is signed before the next answer goes out.
* Of a course the latest few versions are listed: a night in progress and a stick on its way go on. An older one that
  somebody replays is not.
* A course belongs to the publisher whose courses it fits best, or else to the hub itself.
* What is mirrored is listed by those it comes from, never by this hub.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from catalog.digest import Digest
from catalog.fault import ContentFault
from catalog.trust.roles import OWN_PUBLISHER, SOFTWARE, TARGETS, Target, course_path, root_path
from sync.hub import schema
from sync.hub.engine import insert

VERSIONS_LISTED_MAX = 3


class CourseTaken(ContentFault):
    """A course has a name that is taken: at this hub itself, or by a course that it mirrors."""


def note(connection: Connection, course: str, version: int, root: Digest, size_bytes: int) -> None:
    """List this release of a course, in the caller's transaction."""
    listing = schema.trust_listing
    if source_of(connection, course) is not None:
        return
    publisher = publisher_of(course, publishers(connection))
    _put(connection, publisher, Target(course_path(publisher, course, version), root, size_bytes), course, version)
    versions = select(listing.c.version).where(listing.c.course == course).order_by(listing.c.version.desc())
    former = connection.execute(versions).scalars().all()[VERSIONS_LISTED_MAX:]
    if former:
        connection.execute(delete(listing).where(listing.c.course == course, listing.c.version.in_(former)))


def note_software(connection: Connection, target: Target) -> None:
    """List a piece of the boxes' software."""
    _put(connection, SOFTWARE, target)


def note_root(connection: Connection, catalogue: str, first_root: Digest, size_bytes: int) -> None:
    """List another catalogue, whose releases our boxes may shelve."""
    _put(connection, TARGETS, Target(root_path(catalogue), first_root, size_bytes))


def assign(connection: Connection) -> None:
    """Give each listed course to the publisher that it belongs to now; both sign anew."""
    listing = schema.trust_listing
    known = publishers(connection)
    for row in connection.execute(select(listing).where(listing.c.course != "")).all():
        publisher = publisher_of(row.course, known)
        if publisher != row.role:
            connection.execute(delete(listing).where(listing.c.path == row.path))
            path = course_path(publisher, row.course, row.version)
            _put(connection, publisher, Target(path, Digest(row.digest), row.size_bytes), row.course, row.version)
            mark_due(connection, row.role)


def listed_by(connection: Connection, role: str) -> list[Target]:
    """What a role should list, by path."""
    listing = schema.trust_listing
    rows = connection.execute(select(listing).where(listing.c.role == role).order_by(listing.c.path))
    return [Target(row.path, Digest(row.digest), row.size_bytes) for row in rows]


def newest_by(connection: Connection, role: str) -> dict[str, str]:
    """The path of the newest release of each course that a role should list."""
    listing = schema.trust_listing
    rows = connection.execute(
        select(listing.c.course, listing.c.path)
        .where(listing.c.role == role, listing.c.course != "")
        .order_by(listing.c.version)
    )
    return {row.course: row.path for row in rows}


def publishers(connection: Connection) -> Sequence[Row[Any]]:
    """The publishers in service, by name."""
    role = schema.trust_role
    return connection.execute(select(role).where(role.c.revoked_seconds.is_(None)).order_by(role.c.name)).all()


def publisher_of(course: str, known: Sequence[Row[Any]]) -> str:
    """Whose a course is: the publisher that names it most closely."""
    fitting = [
        row for row in known
        if row.name not in (OWN_PUBLISHER, SOFTWARE, TARGETS) and fnmatchcase(course, row.courses)
    ]  # fmt: skip
    return max(fitting, key=lambda row: (len(row.courses), row.name)).name if fitting else OWN_PUBLISHER


def mark_due(connection: Connection, role: str) -> None:
    """What a role lists has changed: it signs anew before the next answer."""
    table = schema.trust_role
    connection.execute(update(table).where(table.c.name == role).values(is_due=1))


def source_of(connection: Connection, course: str) -> str | None:
    """The mirrored catalogue that a course comes from; None where it is this hub's."""
    mirrored = schema.trust_mirrored
    return connection.execute(select(mirrored.c.catalogue).where(mirrored.c.course == course)).scalar_one_or_none()


def demand_own(connection: Connection, course: str) -> None:
    """See that this hub may publish a course of this name. Raises CourseTaken where it mirrors one."""
    source = source_of(connection, course)
    if source is not None:
        raise CourseTaken(
            f"{course} is here already: it comes from the catalogue {source}, which this hub mirrors.",
            "Nothing was published. Give this course another name.",
        )


def _put(connection: Connection, role: str, target: Target, course: str = "", version: int = 0) -> None:
    row = {
        "path": target.path,
        "role": role,
        "digest": target.digest,
        "size_bytes": target.size_bytes,
        "course": course,
        "version": version,
    }
    statement = insert(connection, schema.trust_listing).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["path"], set_=row))
    mark_due(connection, role)
