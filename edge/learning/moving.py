"""Moving: activities that have another id since a release came to the shelf, and what learners did in them.

* Places, pages seen and answers go over in the transaction that puts the release in use; events stay as they were said.
* Two places that become one: the furthest share stands, what was finished stays finished, and the later of both is
  where the learner goes on.
* What comes later under a former id (a page that was open meanwhile, the journal of a box that was replaced) goes over
  as well.
"""

from collections.abc import Mapping

from sqlite_utils.migrations import Migrations

from catalog.db import Connection

migrations = Migrations("learning.moving")


@migrations()
def moved_activity(connection: Connection) -> None:
    connection.execute(
        """
        create table moved_activity (
            course text not null,
            old text not null,
            new text not null,
            primary key (course, old)
        ) strict, without rowid
        """
    )


def move(connection: Connection, course: str, moved: Mapping[str, str]) -> None:
    """Let what learners did in these activities live on under their new ids, {former id: id}."""
    connection.execute("delete from moved_activity where course = ?", [course])
    connection.conn.executemany(
        "insert into moved_activity (course, old, new) values (?, ?, ?)",
        [(course, old, new) for old, new in sorted(moved.items())],
    )
    for statement in _STATEMENTS:
        connection.execute(statement, [course])


def now(connection: Connection, course: str, activity: str) -> str:
    """The id that an activity has now."""
    row = connection.execute(
        "select new from moved_activity where course = ? and old = ?", [course, activity]
    ).fetchone()
    return row["new"] if row else activity


_STATEMENTS = (
    # The files of an activity lie in a folder of its name.
    """
    insert into place (learner, course, activity, version, path, seconds, permille, openings, at_seconds,
                       completed_seconds)
    select learner, place.course, new, version,
           iif(substr(path, 1, length(old) + 1) = old || '/', new || substr(path, length(old) + 1), path),
           seconds, permille, openings, at_seconds, completed_seconds
    from place join moved_activity on moved_activity.course = place.course and old = activity where place.course = ?
    on conflict do update set
        version = max(version, excluded.version),
        path = iif(excluded.at_seconds > at_seconds, excluded.path, path),
        seconds = iif(excluded.at_seconds > at_seconds, excluded.seconds, seconds),
        permille = max(permille, excluded.permille),
        at_seconds = max(at_seconds, excluded.at_seconds),
        completed_seconds = coalesce(min(completed_seconds, excluded.completed_seconds), completed_seconds,
                                     excluded.completed_seconds)
    """,
    """
    insert or ignore into page_seen (learner, course, activity, path)
    select learner, page_seen.course, new,
           iif(substr(path, 1, length(old) + 1) = old || '/', new || substr(path, length(old) + 1), path)
    from page_seen join moved_activity on moved_activity.course = page_seen.course and old = activity
    where page_seen.course = ?
    """,
    """
    insert into answer (learner, course, activity, item, answer, at_seconds)
    select learner, answer.course, new, item, answer, at_seconds
    from answer join moved_activity on moved_activity.course = answer.course and old = activity
    where answer.course = ?
    on conflict do update set
        answer = iif(excluded.at_seconds > at_seconds, excluded.answer, answer),
        at_seconds = max(at_seconds, excluded.at_seconds)
    """,
    """
    delete from place where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
    """
    delete from page_seen where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
    """
    delete from answer where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
)
