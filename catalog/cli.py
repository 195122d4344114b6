"""`qanat catalog`: import courses, look at what there is, prove that it is whole."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from catalog.manifest import Release
    from catalog.publish import Catalog

BOX_DATABASE = "box.db"

_DATA = click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data folder of a hub or box.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")


@click.group()
def catalog() -> None:
    """Courses: import them, list them, prove that their files are whole."""


@catalog.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@_DATA
@click.option("--course", metavar="NAME", help="The course's short name; made from its title if not given.")
@click.option("--title", metavar="TEXT", help="The course's title; taken from the source if not given.")
@click.option("--language", metavar="TAG", default="en", show_default=True, help="The language of the course.")
@click.option(
    "--renditions/--no-renditions",
    "is_rendered",
    default=None,
    help="Make smaller versions of films and sound; made where ffmpeg is installed if not said.",
)
@_JSON
@click.pass_obj
def import_command(
    now_seconds: Callable[[], int] | None,
    sources: tuple[Path, ...],
    data: Path,
    course: str | None,
    title: str | None,
    language: str,
    *,
    is_rendered: bool | None,
    as_json: bool,
) -> None:
    """Import FILEs (a folder, a zip, films, captions, PDFs) as the next release of one course.

    \f
    The clock is the context's object, so that this floor reads none itself; without one the release bears no date.
    """
    from catalog.publish import publish
    from catalog.renditions.studio import asked_for

    studio = asked_for(is_rendered)
    with _opened(data) as opened, _bar() as progress:
        published = publish(
            sources,
            opened,
            course=course,
            title=title,
            language=language,
            progress=progress,
            studio=studio,
            now_seconds=now_seconds() if now_seconds else 0,
        )
    release = published.release
    if as_json:
        named = {"course": release.course, "version": release.version, "root": release.root}
        _print({**published.report.to_document(), **named})
        return
    for line in published.report.lines():
        click.echo(line)
    verdict = "is" if published.is_new else "was there already as"
    click.echo(f"This {verdict} {release.course}, version {release.version}.")


@catalog.command()
@click.argument("course", required=False)
@_DATA
@_JSON
def show(course: str | None, data: Path, *, as_json: bool) -> None:
    """List the courses; or, with COURSE, its versions."""
    from catalog.fault import CallerFault

    with _opened(data) as opened:
        releases = opened.releases.versions(course) if course else opened.releases.all_latest()
    if course and not releases:
        raise CallerFault(f"There is no course {course} here.", "Run `qanat catalog show` for those that there are.")
    if as_json:
        _print([_row(release) for release in releases])
        return
    if not releases:
        click.echo("There are no courses here yet.")
    for release in releases:
        row = _row(release)
        click.echo(f"{row['course']:<32} {row['version']:>4} {row['bytes'] / 1e6:>9.1f} MB  {row['title']}")


@catalog.command()
@_DATA
@_JSON
def verify(data: Path, *, as_json: bool) -> None:
    """Read every stored file again and prove its digest. The exit code is 3 where one is damaged."""
    from catalog.fault import Damaged

    with _opened(data) as opened:
        damaged = list(opened.store.verify())
        files = opened.store.count()
    if as_json:
        _print({"files": files, "damaged": damaged})
    else:
        for digest in damaged:
            click.echo(f"damaged: {digest}")
        click.echo(f"{files - len(damaged)} of {files} files are whole.")
    if damaged:
        raise Damaged(
            f"{len(damaged)} of {files} stored files are not what their names say.",
            "The card may be failing; copy what matters, replace it, and publish or sync again.",
        )


def _row(release: "Release") -> dict[str, Any]:
    from catalog.manifest import words

    return {
        "course": release.course,
        "version": release.version,
        "title": words(release.title, release.languages[0] if release.languages else "en"),
        "activities": len(release.activities),
        "files": sum(layer.files for layer in release.layers.values()),
        "bytes": release.size_bytes,
        "root": release.root,
    }


@contextmanager
def _opened(data: Path) -> Iterator["Catalog"]:
    from catalog.publish import DATABASE, Catalog

    is_box = (data / BOX_DATABASE).exists() and not (data / DATABASE).exists()
    opened = Catalog.open(data, BOX_DATABASE if is_box else DATABASE)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where someone watches; it costs nothing where no one does."""
    if not sys.stderr.isatty():
        yield lambda done_bytes, total_bytes: None
        return
    with click.progressbar(length=1, label="Importing", file=sys.stderr) as bar:

        def show(done_bytes: int, total_bytes: int) -> None:
            bar.length = max(total_bytes, 1)
            bar.update(done_bytes - bar.pos)

        yield show


def _print(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
