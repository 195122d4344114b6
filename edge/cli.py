"""`qanat box`: serve a box, make it a hub's, let it talk to its hub now, ask how it is.

* A command asks the process that holds the box, and does the work itself only where none is running.
* Heavy imports live inside the commands.
"""

import gc
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from edge.carrying.cli import carry
from edge.doctor.cli import doctor, logs
from edge.keeping.cli import backup, learner, reset, restore
from edge.learning.lrs.cli import lrs_key
from edge.library.cli import find
from edge.people.cli import password

MEGABYTE_BYTES = 1_000_000
LEND_MB_MAX = 10_000

_DATA = click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
_OWN_PARTITION = click.option(
    "--own-partition",
    is_flag=True,
    envvar="QANAT_OWN_PARTITION",
    help="Keep nothing unless the data folder is on a partition of its own: for appliances.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")


@click.group()
def box() -> None:
    """The box on a campus: keeps courses, serves them over Wi-Fi, exchanges with its hub at night."""


@box.command()
@_DATA
@click.option("--host", metavar="ADDRESS", help="Address to listen on; 127.0.0.1 for this machine only.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port of the pages.")
@click.option("--content-port", type=click.IntRange(1, 65_535), help="First port of the courses.")
@click.option(
    "--above",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings of the machine, written as in box.toml, that stand above the box's own.",
)
@_OWN_PARTITION
def serve(
    data: Path,
    host: str | None,
    port: int | None,
    content_port: int | None,
    above: Path | None,
    *,
    own_partition: bool,
) -> None:
    """Serve the box until it is told to stop. An empty folder becomes a new box."""
    gc.disable()  # what is loaded stays; looking through it for garbage costs a tenth of the start
    from edge.serve import serve as serve_box

    gc.freeze()
    gc.enable()
    options = {"host": host, "port": port, "content_port": content_port}
    said = {name: value for name, value in options.items() if value is not None}
    given = {**(_settings_in(above) if above else {}), **said}
    serve_box(data, given, click.echo, needs_own_partition=own_partition)


@box.command()
@_DATA
@click.option("--hub", required=True, metavar="URL", help="The hub's address.")
@click.option("--token", prompt=True, metavar="TOKEN", help="The hub's one-time token; asked for if not given.")
@click.option("--name", default="", metavar="NAME", help="What the box is called.")
@_OWN_PARTITION
@_JSON
def enrol(data: Path, hub: str, token: str, name: str, *, own_partition: bool, as_json: bool) -> None:
    """Make the box one of a hub's, by a one-time token. An empty folder becomes a new box."""
    _stand(data, own_partition)
    request = {"do": "enrol", "hub": hub, "token": token, "name": name}
    result = ask_or_do(data, request, is_new_allowed=True)
    show(result, as_json, lambda: click.echo(f"This box belongs to {result['campus_name']} now, at {result['hub']}."))


@box.command()
@_DATA
@click.option("--hub", required=True, metavar="URL", help="The hub's address.")
@click.option(
    "--code", prompt=True, metavar="CODE", help="The ten letters from the hub's page; asked for if not given."
)
@click.option("--name", default="", metavar="NAME", help="What the box is called.")
@_JSON
def adopt(data: Path, hub: str, code: str, name: str, *, as_json: bool) -> None:
    """Let this box take the place of a dead one, by a short code from the hub. An empty folder becomes a new box."""
    request = {"do": "adopt", "hub": hub, "code": code, "name": name}
    result = ask_or_do(data, request, is_new_allowed=True)
    said = (
        f"This box stands for {result['campus_name']} now. What the hub has of the former one comes with the sessions."
    )
    show(result, as_json, lambda: click.echo(said))


@box.command()
@_DATA
@click.option(
    "--lend",
    type=click.IntRange(1, LEND_MB_MAX),
    metavar="MB",
    help="Move so many megabytes at most, outside the windows and the budget: somebody's own hotspot pays.",
)
@_JSON
def sync(data: Path, lend: int | None, *, as_json: bool) -> None:
    """Talk to the hub now: progress goes up, courses come down."""
    result = ask_or_do(data, {"do": "sync", "lend_bytes": (lend or 0) * MEGABYTE_BYTES})
    show(result, as_json, lambda: _say_session(result))


@box.command()
@_DATA
@_OWN_PARTITION
@_JSON
def status(data: Path, *, own_partition: bool, as_json: bool) -> None:
    """Say how the box is: its hub, its courses, its disk, its last nights."""
    _stand(data, own_partition)
    result = ask_or_do(data, {"do": "status"})
    show(result, as_json, lambda: _say_status(result))


@box.command()
@_DATA
@_JSON
def courses(data: Path, *, as_json: bool) -> None:
    """List the courses on the shelf."""
    result = ask_or_do(data, {"do": "courses"})
    show(result, as_json, lambda: _say_courses(result["courses"]))


@box.command()
@_DATA
@_JSON
def scrub(data: Path, *, as_json: bool) -> None:
    """Read every file of every course again, and take off the shelf what the card did not keep as it was."""
    result = ask_or_do(data, {"do": "scrub"})
    show(result, as_json, lambda: _say_scrub(result))


box.add_command(carry)
box.add_command(backup)
box.add_command(restore)
box.add_command(reset)
box.add_command(learner)
box.add_command(password)
box.add_command(lrs_key)
box.add_command(find)
box.add_command(doctor)
box.add_command(logs)


def _settings_in(path: Path) -> Mapping[str, Any]:
    import tomllib

    from edge.config import Config

    text = path.read_text(encoding="utf-8")
    Config.from_toml(text)  # refuses with a sentence what cannot be
    return tomllib.loads(text)


def ask_or_do(data: Path, request: Mapping[str, Any], *, is_new_allowed: bool = False) -> Mapping[str, Any]:
    """Let the running process do it; where none is running, do it here under the lock."""
    from catalog.fault import CallerFault
    from edge.bars import Bars
    from edge.control import ask
    from edge.keeping.since import machine_clock

    clock = machine_clock()
    listener = Bars(sys.stderr, clock).hear if sys.stderr.isatty() else _hear_nothing
    # A box without ground runs, and has no database.
    if data.is_dir() and (result := ask(data, request, listener)) is not None:
        return result
    if not is_new_allowed and not (data / "box.db").exists():
        raise CallerFault(f"There is no box in {data}.", "Name its folder with --data, or make one: `qanat box serve`.")

    from edge.serve import opened
    from edge.works import works

    with opened(data, clock) as box:
        return works(box)[request["do"]](request, listener)


def _stand(data: Path, own_partition: bool) -> None:
    """Raises GroundMissing where the data folder must be on a partition of its own, and is not."""
    if own_partition:
        from edge.birth import ground

        ground.demand(data)


def _hear_nothing(progress: Mapping[str, Any]) -> None:
    """Nobody watches."""


def show(result: Mapping[str, Any], as_json: bool, say: Callable[[], None]) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        say()


def _say_session(night: Mapping[str, Any]) -> None:
    came = ", ".join(night["courses"]) or "none"
    click.echo(f"Courses that came: {came}.")
    click.echo(f"Events that went up: {night['events_up']}.")
    click.echo(
        f"Moved: {night['bytes_down']} bytes down, {night['bytes_up']} up, headers counted, in {night['requests']} "
        f"requests and {night['seconds']:.1f} s."
    )
    if night["sentence"]:
        click.echo(f"{night['sentence']}\nHint: {night['hint']}" if night["hint"] else night["sentence"], err=True)


def _say_scrub(result: Mapping[str, Any]) -> None:
    from edge.bars import size

    files, rotten = result["files"], len(result["rotten"])
    click.echo(f"Read {files} {'file' if files == 1 else 'files'}, {size(result['read_bytes'])}.")
    if rotten:
        found = "is not what it was, and was" if rotten == 1 else "are not what they were, and were"
        click.echo(
            f"{rotten} of {files} {found} taken off.\n"
            "Hint: `qanat box sync` fetches them again. If there are more each month, replace the card.",
            err=True,
        )


def _say_status(status: Mapping[str, Any]) -> None:
    from edge.bars import duration, size

    click.echo(f"{status['name']} ({status['box']})" + ("" if status["is_claimed"] else ", not yet claimed by staff"))
    click.echo(
        f"Hub: {status['hub']} for {status['campus']}" if status["hub"] else "Hub: none yet; see `qanat box enrol`"
    )
    if status["print"]:
        click.echo(f"Hardware print: {status['print'][0]}")
    if status["birth"]["state"] != "none":
        click.echo(f"Card: {_birth_words(status['birth'])}")
    click.echo(f"Courses: {status['courses']}; free on the disk: {size(status['free_bytes'])}")
    start = status["next_start_seconds"]
    when = "as soon as the time is known" if start is None else f"in {duration(start)}"
    click.echo("A session runs now." if status["is_syncing"] else f"Next session: {when} (window {status['window']})")
    click.echo(f"Budget: {_budget_words(status['budget'])}")
    if status["forecast"]["remaining_bytes"]:
        parcels = status["forecast"]["parcels"]
        packs = "1 pack" if parcels == 1 else f"{parcels} packs"
        coming = f"{size(status['forecast']['remaining_bytes'])} in {packs}"
        click.echo(f"Still to come: {coming}. {status['forecast']['sentence']}")
    for alarm in status["alarms"]:
        click.echo(f"{alarm['sentence']}\nHint: {alarm['hint']}", err=True)
    for night in status["nights"]:
        moved = f"{size(night['bytes_down'])} down, {size(night['bytes_up'])} up"
        click.echo(f"  {night['outcome']:<7} {moved}, {duration(night['seconds'])} {night['sentence']}".rstrip())


def _birth_words(birth: Mapping[str, Any]) -> str:
    """From which seed the box came, and how far that went."""
    name = f"number {birth['number']} of batch {birth['batch']}" if birth["batch"] else f"seed {birth['seed']}"
    place = f" for {birth['campus_name']}" if birth["campus_name"] else ""
    match birth["state"]:
        case "waiting":
            goes = "enrols by itself as soon as its hub answers"
        case "refused":
            goes = "its token was refused; see `qanat box enrol`"
        case "alone":
            goes = "has no token; see `qanat box enrol`"
        case _:
            goes = "enrolled, its token is erased" if birth["is_spent"] else "enrolled, its token is still to be erased"
    return f"{name}{place}: {goes}"


def _budget_words(budget: Mapping[str, Any]) -> str:
    """What is spent, of how much where there is a limit."""
    from edge.bars import size

    parts = []
    for name in ("night", "month"):
        most_bytes = budget[f"{name}_bytes_max"]
        limit = f" of {size(most_bytes)}" if most_bytes else ""
        parts.append(f"this {name} {size(budget[f'{name}_bytes_spent'])}{limit}")
    if budget["rate_kbit"]:
        parts.append(f"at most {budget['rate_kbit']} kbit/s")
    return ", ".join(parts)


def _say_courses(rows: list[Mapping[str, Any]]) -> None:
    if not rows:
        click.echo("There are no courses on this box yet.")
    for row in rows:
        click.echo(f"{row['course']:<32} {row['version']:>4} {row['size_bytes'] / 1e6:>9.1f} MB  {row['title']}")
