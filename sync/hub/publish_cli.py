"""`qanat hub publish`, `withdraw`, `roll-back`, `languages`: courses go to campuses, and come back from there.

* A command does what the pages do, by the same functions.
* Heavy imports live inside the commands.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sync.hub.options import DATA, DATABASE, JSON, bar, moment, opened, print_json, sized

if TYPE_CHECKING:
    from catalog.manifest import Release
    from sync.hub.drafts.by_hand import Outcome, Wish
    from sync.hub.drafts.cost import Cost
    from sync.hub.hub import Hub

_COURSE = click.argument("course", metavar="COURSE")


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@DATA
@DATABASE
@click.option("--course", metavar="NAME", help="The course's short name; made from its title if not given.")
@click.option("--title", metavar="TEXT", help="The course's title; taken from the source if not given.")
@click.option("--language", metavar="TAG", default="en", show_default=True, help="The language of the course.")
@click.option("--description", metavar="TEXT", help="What it is about, in a sentence or two.")
@click.option("--licence", metavar="NAME", default="", help="Such as CC-BY-4.0, or words of one's own.")
@click.option("--subject", "subjects", multiple=True, metavar="TEXT", help="May be given again.")
@click.option(
    "--level", metavar="NAME", default="", help="primary, lower-secondary, upper-secondary, vocational, higher."
)
@click.option("--family", metavar="NAME", default="", help="The same for each language of one course.")
@click.option(
    "--campus", "campuses", multiple=True, metavar="NAME", help="Who gets it; may be given again. Else: as before."
)
@click.option(
    "--layers", metavar="NAMES", help="What they take beside pages, such as audio,video-360; none: pages alone."
)
@click.option("--at", "at", metavar="TIME", help='Not before this moment, such as "2027-03-01 02:30" (UTC).')
@click.option(
    "--moved", multiple=True, metavar="OLD=NEW", help="An activity that has another id now; OLD= for one that goes."
)
@click.option(
    "--hold", "holds", multiple=True, metavar="CAMPUS=DAY", help="A campus that keeps its version until a day."
)
@click.option("--dry-run", is_flag=True, help="Publish nothing; say what it would cost each campus.")
@click.option(
    "--renditions/--no-renditions", "is_rendered", default=None,
    help="Make smaller versions of films and sound; made where ffmpeg is installed if not said.",
)  # fmt: skip
@JSON
def publish(
    sources: tuple[Path, ...], data: Path, database: str | None, course: str | None, title: str | None, language: str,
    description: str | None, licence: str, subjects: tuple[str, ...], level: str, family: str,
    campuses: tuple[str, ...], layers: str | None, at: str | None, moved: tuple[str, ...], holds: tuple[str, ...],
    *, dry_run: bool, is_rendered: bool | None, as_json: bool,
) -> None:  # fmt: skip
    """Publish SOURCEs (a folder, a zip, films, captions, PDFs) as the next release of one course, ready for boxes."""
    from catalog.about import About
    from catalog.renditions.studio import asked_for
    from sync.hub.drafts.by_hand import publish as publish_by_hand

    studio = asked_for(is_rendered)
    about = About.written(
        title={language: title} if title else {},
        description={language: description} if description else {},
        languages=(language,), licence=licence, subjects=subjects, level=level, family=family,
    )  # fmt: skip
    wish = _wish(campuses, layers, at, moved, holds)
    with opened(data, database, may_be_new=True) as one, bar("Publishing") as progress:
        outcome = publish_by_hand(
            one, sources, about, wish, course=course, is_dry=dry_run, progress=progress, studio=studio
        )
        if dry_run:
            _say_cost(outcome, as_json=as_json)
            return
        _say_published(one, outcome, as_json=as_json)


@click.command()
@_COURSE
@DATA
@DATABASE
@click.option(
    "--campus", "campuses", multiple=True, metavar="NAME", help="From whom; may be given again. Else: from all."
)
@JSON
def withdraw(course: str, data: Path, database: str | None, campuses: tuple[str, ...], *, as_json: bool) -> None:
    """Take COURSE from campuses: their boxes take it off the shelf. What learners did in it stays."""
    from catalog.fault import CallerFault
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as one:
        known = {campus.name: campus.id for campus in one.fleet.campuses()}
        for name in campuses:
            if name not in known:
                raise CallerFault(f"There is no campus {name} here.", "`qanat hub boxes` names those that there are.")
        count = one.publishing.withdraw(course, [known[name] for name in campuses] or None)
        one.keeping.note(COMMAND_LINE, "withdrawn", course=course)
    if as_json:
        print_json({"course": course, "campuses": count})
    else:
        click.echo(f"{course} is withdrawn from {count} {'campus' if count == 1 else 'campuses'}.")


@click.command("roll-back")
@_COURSE
@DATA
@DATABASE
@click.option(
    "--version", type=click.IntRange(1), metavar="N", help="To which version; to the one before if not given."
)
@JSON
def roll_back(course: str, data: Path, database: str | None, version: int | None, *, as_json: bool) -> None:
    """Publish a former version of COURSE once more, under the next number."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as one:
        release = one.publishing.roll_back(course, version)
        one.packing.build_missing()
        one.keeping.note(COMMAND_LINE, "rolled-back", course=course, version=str(release.version))
    former = release.provenance["rolled_back_to"]
    if as_json:
        print_json({"course": course, "version": release.version, "root": release.root, "as": former})
    else:
        click.echo(f"{course}, version {release.version}: what version {former} was.")


@click.command()
@DATA
@DATABASE
@click.option("--campus", required=True, metavar="NAME", help="The campus.")
@click.argument("tags", nargs=-1, metavar="[TAG...]")
@JSON
def languages(data: Path, database: str | None, campus: str, tags: tuple[str, ...], *, as_json: bool) -> None:
    """Say which languages a campus reads (TAGs such as ar fr; none: all): of courses for all it gets those alone."""
    from catalog.fault import CallerFault

    with opened(data, database) as one:
        found = next((each for each in one.fleet.campuses() if each.name == campus), None)
        if found is None:
            raise CallerFault(f"There is no campus {campus} here.", "`qanat hub boxes` names those that there are.")
        one.publishing.subscribe(found.id, tags)
    if as_json:
        print_json({"campus": campus, "languages": list(tags)})
    else:
        click.echo(f"{campus} reads {', '.join(tags) or 'all languages'}.")


def _wish(
    campuses: tuple[str, ...], layers: str | None, at: str | None, moved: Sequence[str], holds: Sequence[str]
) -> "Wish":
    from sync.hub.drafts.by_hand import Wish, pairs, seconds_at

    held = {campus: seconds_at(day) for campus, day in pairs(holds, "--hold").items()}
    names = None if layers is None else tuple(name for name in layers.replace(" ", "").split(",") if name)
    return Wish(
        campuses, () if names == ("none",) else names, seconds_at(at) if at else 0, held, pairs(moved, "--moved")
    )


def _say_published(one: "Hub", outcome: "Outcome", *, as_json: bool) -> None:
    from catalog.trust.roles import OWN_PUBLISHER
    from sync.hub.engine import reading
    from sync.hub.keeping.audit import COMMAND_LINE
    from sync.hub.trust.state import unsigned

    release = outcome.release
    if outcome.is_new:
        one.keeping.note(COMMAND_LINE, "published", course=release.course, version=str(release.version))
    with reading(one.engine) as connection:
        waits_for = unsigned(connection).get(release.course, "")
    if as_json:
        named = {"course": release.course, "version": release.version, "root": release.root}
        said = {"is_new": outcome.is_new, "waits_for": waits_for, "report": outcome.report.to_document()}
        print_json({**named, **said, **outcome.document()})
        return
    whose = "this hub" if waits_for == OWN_PUBLISHER else waits_for
    ready = f"waits for the signature of {whose}" if waits_for else "ready for boxes"
    if outcome.due_seconds and one.publishing.due_seconds(release.root):
        ready = f"for boxes from {moment(outcome.due_seconds)} on"
    state = ready if outcome.is_new or waits_for else "nothing new in it"
    click.echo(f"{release.course}, version {release.version}: {state}.")
    if waits_for:
        fault = one.trust.fault
        click.echo(str(fault) if fault is not None else _how_to_sign(waits_for), err=True)
    _say_report(outcome)


def _say_cost(outcome: "Outcome", *, as_json: bool) -> None:
    if as_json:
        named = {"course": outcome.release.course, "is_dry": True, "report": outcome.report.to_document()}
        print_json({**named, **outcome.document()})
        return
    click.echo(f"{outcome.release.course}: nothing was published.")
    _say_report(outcome)
    rows = [("CAMPUS", "BOXES", "TO EACH", "AS", "NIGHTS"), *map(_row, outcome.costs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(cost: "Cost") -> tuple[str, ...]:
    way = ("change" if cost.is_patch else "whole") if cost.each_bytes else ""
    return (
        cost.campus.name,
        str(cost.boxes),
        sized(cost.each_bytes),
        way,
        "?" if cost.nights is None else str(cost.nights),
    )


def _say_report(outcome: "Outcome") -> None:
    for line in outcome.report.lines():
        click.echo(line)
    _say_update(outcome.document()["update"], outcome.release)


def _say_update(update: dict[str, Any] | None, release: "Release") -> None:
    for row in update["went"] if update else ():
        where = f"is now {row['moves_to']}" if row["moves_to"] else "goes"
        met = "".join(
            f"; {campus}: {count['begun']} in the middle of it, {count['finished']} finished"
            for campus, count in row["learners"].items()
        )
        click.echo(f"{row['id']} {where}{met}")


def _how_to_sign(publisher: str) -> str:
    return (
        f"Next step: `qanat hub keys sign {publisher} --from DIR` with the key of {publisher};"
        f" if it is lost, `qanat hub keys delegate {publisher}` makes another."
    )


COMMANDS = (publish, withdraw, roll_back, languages)
