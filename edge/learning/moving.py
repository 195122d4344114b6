"""Moving: activities that have another id since a release came to the shelf, and what learners did in them.

* Places, pages seen, answers, results and tries go over in the transaction that puts the release in use; events stay
  as they were said.
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
    insert into result (learner, course, activity, version, best_permille, last_permille, passing, attempts, seconds,
                        at_seconds)
    select learner, result.course, new, version, best_permille, last_permille, passing, attempts, seconds, at_seconds
    from result join moved_activity on moved_activity.course = result.course and old = activity
    where result.course = ?
    on conflict do update set
        version = max(version, excluded.version),
        best_permille = coalesce(max(best_permille, excluded.best_permille), best_permille, excluded.best_permille),
        last_permille = iif(excluded.at_seconds > at_seconds,
                            coalesce(excluded.last_permille, last_permille), last_permille),
        passing = max(passing, excluded.passing),
        attempts = attempts + excluded.attempts,
        seconds = seconds + excluded.seconds,
        at_seconds = max(at_seconds, excluded.at_seconds)
    """,
    """
    insert or ignore into quiz_try (learner, course, activity, number, version, permille, at_seconds)
    select learner, quiz_try.course, new, number, version, permille, at_seconds
    from quiz_try join moved_activity on moved_activity.course = quiz_try.course and old = activity
    where quiz_try.course = ?
    """,
    """
    insert or ignore into essay_mark (learner, course, activity, number, question, share, teacher, at_seconds)
    select learner, essay_mark.course, new, number, question, share, teacher, at_seconds
    from essay_mark join moved_activity on moved_activity.course = essay_mark.course and old = activity
    where essay_mark.course = ?
    """,
    """
    insert or ignore into package (learner, course, activity, sitting, told_permille, told_passing)
    select learner, package.course, new, sitting, told_permille, told_passing
    from package join moved_activity on moved_activity.course = package.course and old = activity
    where package.course = ?
    """,
    """
    insert or ignore into package_part (learner, course, activity, part, sitting, number, state, is_completed,
                                        is_passed, score_permille, progress_permille, seconds, told)
    select learner, package_part.course, new, part, sitting, number, state, is_completed, is_passed, score_permille,
           progress_permille, seconds, told
    from package_part join moved_activity on moved_activity.course = package_part.course and old = activity
    where package_part.course = ?
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
    """
    delete from result where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
    """
    delete from quiz_try where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
    """
    delete from essay_mark where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
    """
    delete from package where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
    """
    delete from package_part where (course, activity) in (select course, old from moved_activity where course = ?)
    """,
)
