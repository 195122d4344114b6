"""`qanat hub` for keeping: back up, restore, rebuild, replace a box, export, one learner out and away, the audit log.

* Every command works on the folder itself, and beside a hub that is serving it; only `restore` wants it stopped.
* Heavy imports live inside the commands.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.hub.options import DATA, DATABASE, JSON, bar, counted, moment, opened, print_json, sized

if TYPE_CHECKING:
    from sync.hub.hub import Hub

_CAMPUS = click.option("--campus", required=True, metavar="NAME", help="The learner's campus.")
_LEARNER = click.option(
    "--learner", required=True, metavar="ID", help="The learner's id, as an export with names has it."
)


@click.command()
@DATA
@DATABASE
@click.option("--to", "place", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="The folder of backups: another disk, or one that is carried away.")  # fmt: skip
@JSON
def backup(data: Path, database: str | None, place: Path, *, as_json: bool) -> None:
    """Make a backup in DIR and prove it. Boxes hear what it holds, and clear that away in time. The last 7 are kept."""
    with opened(data, database) as hub, bar("Proving") as progress:
        made = hub.keeping.backups.make(place, progress)
    if as_json:
        print_json(made.document())
        return
    click.echo(f"Backed up and proven: {counted(made.events, 'event')}, in {made.place}.")
    click.echo(f"New files of courses: {made.files}; written: {sized(made.written_bytes)}.")


@click.command()
@click.option("--data", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="The folder where the hub will be: a new one, or with --replace the one that there is.")  # fmt: skip
@DATABASE
@click.option("--from", "source", required=True, metavar="DIR", type=click.Path(path_type=Path, exists=True),
              help="A backup, or the folder of backups: then the newest.")  # fmt: skip
@click.option("--replace", "is_replacing", is_flag=True, help="Put the hub that is in DIR aside.")
@JSON
def restore(data: Path, database: str | None, source: Path, *, is_replacing: bool, as_json: bool) -> None:
    """Put a hub back from a backup. Boxes then send again what it lacks; who was erased stays erased."""
    import secrets

    from sync.clock import SystemClock
    from sync.hub.keeping.restore import restore as restore_hub

    with bar("Proving") as progress:
        done = restore_hub(
            source, data.resolve(), SystemClock(), secrets.token_bytes,
            is_replacing=is_replacing, database_url=database, progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(done.document())
        return
    click.echo(f"Put back from {done.backup}: {counted(done.events, 'event')} of {counted(done.boxes, 'box')}.")
    if done.put_aside is not None:
        click.echo(f"The hub that was there lies in {done.put_aside}.")
    if done.is_rootless:
        click.echo("Its root keys lie on sticks: those in the backup were left there. Destroy backups that hold them.")
    if done.erased:
        click.echo(f"Erased since the backup, and forgotten here too: {counted(done.erased, 'learner')}.")
    click.echo("Start it: with their next call, boxes send what came since the backup.")


@click.command()
@DATA
@DATABASE
@JSON
def rebuild(data: Path, database: str | None, *, as_json: bool) -> None:
    """Drop what pages show of learners, and read it out of the batches again. Who was erased stays erased."""
    with opened(data, database) as hub, bar("Reading") as progress:
        batches = hub.intake.rebuild(progress)
    if as_json:
        print_json({"batches": batches})
    else:
        click.echo(f"Built again, out of this many batches: {batches}.")


@click.command()
@DATA
@DATABASE
@click.option("--old", required=True, metavar="ID", help="The box that is gone; it is never heard again.")
@click.option("--new", required=True, metavar="ID", help="The box in its place, of the same campus.")
@JSON
def replace(data: Path, database: str | None, old: str, new: str, *, as_json: bool) -> None:
    """Say that one box replaces another: what learners did at the old one goes home to the new one."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        hub.keeping.history.replace(old, new, COMMAND_LINE)
    if as_json:
        print_json({"old": old, "new": new})
    else:
        click.echo("The old box is out of service. What it had brought goes to the new one with its next calls.")


@click.command()
@DATA
@DATABASE
@click.option("--box", required=True, metavar="ID", help="The name that two machines have.")
@JSON
def twin(data: Path, database: str | None, box: str, *, as_json: bool) -> None:
    """Let the machine that runs from a copy of a box's card be a box of its own, with a new name."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        name = hub.keeping.twins.allow(box, COMMAND_LINE)
    if as_json:
        print_json({"box": box, "twin": name})
    else:
        click.echo(f"It will be {name}, once it has heard so and this hub has all of its events in a backup.")


@click.command()
@DATA
@DATABASE
@click.option("--box", "old", required=True, metavar="ID", help="The box that is dead or lost.")
@JSON
def adoption_code(data: Path, database: str | None, old: str, *, as_json: bool) -> None:
    """Make a short code by which a spare box takes the place of a dead one. It is shown once, and lasts a day."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        shown = hub.adoptions.make(old, COMMAND_LINE)
    if as_json:
        print_json({"code": shown.code, "box": shown.box, "until_seconds": shown.until_seconds})
    else:
        click.echo(shown.code)


@click.command()
@DATA
@DATABASE
@click.option("--box", required=True, metavar="ID", help="The box that is to forget everybody.")
@click.option("--to", "disk", required=True, metavar="PATH", help="The folder of a stick.",
              type=click.Path(path_type=Path, file_okay=False, exists=True))  # fmt: skip
@click.option("--lose", type=click.IntRange(0), default=0, metavar="N", help="So many unsent steps may be lost.")
@JSON
def reset_order(data: Path, database: str | None, box: str, disk: Path, lose: int, *, as_json: bool) -> None:
    """Write onto a stick that one box is to forget everybody: put in, it does so, with nobody signed in. Good once."""
    from catalog.fault import CallerFault
    from sync.carry.order import Order, order_name
    from sync.carry.stick import Stick
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        if hub.fleet.key(box) is None:
            raise CallerFault("There is no such box here.", "Take its id from `qanat hub boxes`.")
        Stick(disk).write(order_name(box), Order(box, lose).signed(hub.keys))
        hub.keeping.note(COMMAND_LINE, "reset-ordered", box=box)
    if as_json:
        print_json({"box": box, "lose": lose, "file": order_name(box)})
    else:
        click.echo("Put the stick into that box: it forgets everybody, keeps its courses, and is a new box then.")


@click.command()
@DATA
@DATABASE
@click.option("--format", "form", required=True, type=click.Choice(["csv", "parquet", "xapi"]))
@click.option("--to", "place", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new folder.")
@click.option("--campus", metavar="NAME", help="Only this campus.")
@click.option("--course", metavar="NAME", help="Only this course.")
@click.option("--learner", metavar="ID", help="Only this learner.")
@click.option("--names", "has_names", is_flag=True, help="With names and ids, not pseudonyms. The audit log keeps it.")
@click.option("--home", metavar="URL", default="", help="The hub's address, for the names in xAPI statements.")
@JSON
def export(
    data: Path, database: str | None, form: str, place: Path, campus: str | None, course: str | None,
    learner: str | None, home: str, *, has_names: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write what learners did into a new folder: for researchers and ministries, with pseudonyms in place of names."""
    from sync.hub.exporting.exporting import Format
    from sync.hub.exporting.rows import Scope
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        scope = Scope(None if campus is None else _campus(hub, campus), course, learner)
        done = hub.keeping.exporting.export(
            place, Format(form), scope, who=COMMAND_LINE, has_names=has_names, home=home
        )
    if as_json:
        print_json(done.document())
        return
    for name, count in done.counts.items():
        click.echo(f"{name}: {count} rows")
    click.echo(f"In {done.place}." + (" It names learners: keep it as you keep their papers." if has_names else ""))


@click.group()
def learner() -> None:
    """One learner: everything out, or everything away."""


@learner.command("export")
@DATA
@DATABASE
@_CAMPUS
@_LEARNER
@click.option("--to", "target", required=True, metavar="FILE", type=click.Path(path_type=Path), help="A new .zip file.")
@JSON
def learner_export(data: Path, database: str | None, campus: str, learner: str, target: Path, *, as_json: bool) -> None:
    """Write everything that the hub holds of one learner into one file, for that learner."""
    from sync.hub.exporting.one import export_one
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        place = _campus(hub, campus)
        events = export_one(hub.engine, hub.intake.readout, hub.clock, place, learner, target, COMMAND_LINE)
    if as_json:
        print_json({"learner": learner, "events": events, "file": str(target)})
    else:
        click.echo(f"{counted(events, 'event')}, in {target}. Give it to the learner and to nobody else.")


@learner.command("erase")
@DATA
@DATABASE
@_CAMPUS
@_LEARNER
@JSON
def learner_erase(data: Path, database: str | None, campus: str, learner: str, *, as_json: bool) -> None:
    """Forget one learner here, and tell every box of the campus to forget too. This cannot be undone."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        behind = hub.keeping.erasing.erase(_campus(hub, campus), learner, COMMAND_LINE)
    if as_json:
        print_json({"learner": learner, "campus": campus, "backups_behind": [str(place) for place in behind]})
    else:
        click.echo("Erased here. Each box of the campus forgets with its next call; the campus's page says which have.")
        for place in behind:
            click.echo(f"It could not be written beside the backups in {place}: put back from there, the hub would")
            click.echo("know the learner again. Connect that disk, and run `qanat hub backup`.")


@click.command()
@DATA
@DATABASE
@click.option("--count", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many lines.")
@JSON
def audit(data: Path, database: str | None, count: int, *, as_json: bool) -> None:
    """Print who did what at this hub, the newest first."""
    with opened(data, database) as hub:
        lines = hub.keeping.audit.lines(count=count)
    if as_json:
        print_json(
            [{"moment": one.moment_seconds, "who": one.who, "act": one.act, "about": one.about} for one in lines]
        )
        return
    for one in lines:
        about = " ".join(f"{name}={value}" for name, value in one.about.items())
        click.echo(f"{moment(one.moment_seconds)}  {one.who}  {one.act}  {about}".rstrip())


@click.command()
@DATA
@DATABASE
@click.argument("report", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Where its parts are written.")  # fmt: skip
@JSON
def open_logs(data: Path, database: str | None, report: Path, folder: Path, *, as_json: bool) -> None:
    """Open the report that a box wrote with `qanat box logs`, or on its doctor's page."""
    from sync.hub.keeping.reports import open_report

    with opened(data, database) as hub:
        parts = open_report(report, folder, hub.keys)
    if as_json:
        print_json({"parts": [str(part) for part in parts]})
        return
    for part in parts:
        click.echo(f"{part}: {sized(part.stat().st_size)}")


COMMANDS = (backup, restore, rebuild, replace, twin, adoption_code, reset_order, export, learner, audit, open_logs)


def _campus(hub: "Hub", name: str) -> str:
    """The id of the campus of this name, or with this id. Raises CallerFault."""
    from catalog.fault import CallerFault

    for campus in hub.fleet.campuses():
        if name in (campus.name, campus.id):
            return campus.id
    raise CallerFault("There is no campus of this name.", "Write it as `qanat hub boxes` has it.")
