"""`qanat box backup`, `restore` and `learner`: what keeps a box and its learners well.

* A backup and one learner's data are written by the process that holds the box, while it serves.
* Heavy imports live inside the commands.
"""

from pathlib import Path
from typing import Any

import click

_DATA = click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
_FILE = click.Path(path_type=Path, dir_okay=False)
_PASSPHRASE = click.option(
    "--passphrase-file", metavar="FILE", type=_FILE, help="File whose first line is the passphrase."
)
_LEARNER = click.option("--learner", default="", metavar="ID", help="The learner's random id, as in the address bar.")
_NUMBER = click.option("--number", default="", metavar="N", help="The learner's student number.")


@click.command()
@_DATA
@click.option("--to", required=True, metavar="FILE", type=_FILE, help="The backup, one sealed file.")
@click.option(
    "--recipient", "recipients", multiple=True, metavar="KEY", help="Public key that can open it: age1... or ssh-..."
)
@_PASSPHRASE
@click.option("--with-courses", is_flag=True, help="Take the courses along; else they come again from the hub.")
@_JSON
def backup(
    data: Path,
    to: Path,
    recipients: tuple[str, ...],
    passphrase_file: Path | None,
    *,
    with_courses: bool,
    as_json: bool,
) -> None:
    """Write a backup of the box: learners, progress, keys and settings, sealed."""
    from edge.cli import ask_or_do, show
    from sync.keys import passphrase_in

    request = {
        "do": "backup",
        "to": str(to.absolute()),
        "recipients": list(recipients),
        "passphrase": passphrase_in(passphrase_file) if passphrase_file else "",
        "with_courses": with_courses,
    }
    result = ask_or_do(data, request)

    def say() -> None:
        from edge.bars import size

        along = "with its courses" if result["has_courses"] else "without courses, which come again from the hub"
        click.echo(f"The backup of {result['box']} is in {result['backup']}: {size(result['bytes'])}, {along}.")
        click.echo("Keep its key or passphrase elsewhere: without it nobody can open the backup, not even we.")

    show(result, as_json, say)


@click.command()
@_DATA
@click.option("--from", "source", required=True, metavar="FILE", type=_FILE, help="The backup.")
@click.option("--identity", metavar="FILE", type=_FILE, help="The secret key that opens it: age or SSH.")
@_PASSPHRASE
@_JSON
def restore(data: Path, source: Path, identity: Path | None, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Bring a box back from its backup, into an empty data folder."""
    from edge.cli import show
    from edge.keeping.restore import restore as restore_box
    from sync.clock import SystemClock
    from sync.keys import passphrase_in

    words = passphrase_in(passphrase_file) if passphrase_file else ""
    done = restore_box(data, source, identity, words, SystemClock())
    result = {
        "box": done.proof.box,
        "name": done.proof.name,
        "made_seconds": done.proof.made_seconds,
        "events": done.events,
        "has_courses": done.proof.has_courses,
        "data": str(data),
    }

    def say() -> None:
        click.echo(f"{done.proof.name} ({done.proof.box}) is back in {data}, with {done.events} events, all proven.")
        click.echo("Serve it: the hub hears of it by itself. The former card must not be used any more beside it.")

    show(result, as_json, say)


@click.command()
@_DATA
@click.option("--lose", type=click.IntRange(0), default=0, metavar="N", help="So many unsent steps may be lost.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@_JSON
def reset(data: Path, lose: int, *, is_sure: bool, as_json: bool) -> None:
    """Make a new box of this one: the courses stay; people, progress, keys and the hub go."""
    from edge.cli import ask_or_do, show

    if not is_sure:
        click.confirm("This cannot be taken back. Forget everybody, and the hub?", abort=True, err=True)
    result = ask_or_do(data, {"do": "reset", "lose": lose})
    said = "Everybody is forgotten when it is opened next, which a running box does now. Its new code is on the label."
    show(result, as_json, lambda: click.echo(said))


@click.group()
def learner() -> None:
    """One learner: everything out, or everything away."""


@learner.command()
@_DATA
@_LEARNER
@_NUMBER
@click.option(
    "--to", metavar="FILE", default=Path(), type=click.Path(path_type=Path), help="The zip; else one in this folder."
)
@_JSON
def export(data: Path, learner: str, number: str, to: Path, *, as_json: bool) -> None:
    """Write everything that the box knows of one learner to a zip."""
    from edge.cli import ask_or_do, show

    request = {"do": "export-learner", **_one(learner, number), "to": str(to.absolute())}
    result = ask_or_do(data, request)
    show(result, as_json, lambda: click.echo(f"Everything of {result['name']} is in {result['file']}."))


@learner.command()
@_DATA
@_LEARNER
@_NUMBER
@click.option("--agent", default="", metavar="JSON", help="Somebody of whom only statements tell, as they name them.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@_JSON
def erase(data: Path, learner: str, number: str, agent: str, *, is_sure: bool, as_json: bool) -> None:
    """Erase one learner for ever: here now, at the hub with the next session, and on every later copy."""
    from edge.cli import ask_or_do, show

    request = {"do": "erase-learner", **_one(learner, number, agent), "agent": agent}
    if not is_sure:
        click.confirm("This cannot be taken back. Erase this learner for ever?", abort=True, err=True)
    result = ask_or_do(data, request)
    show(result, as_json, lambda: click.echo("Erased here. The hub hears of it with the next session."))


def _one(learner: str, number: str, agent: str = "") -> dict[str, Any]:
    if [bool(learner), bool(number), bool(agent)].count(True) != 1:
        raise click.UsageError("Name one learner, with --learner or with --number.")
    return {"learner": learner, "number": number}
