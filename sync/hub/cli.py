"""`qanat hub`: publish courses, make tokens, see the boxes. Whoever puts hub and box together adds `serve` to it.

* Every command works on the folder itself, and beside a hub that is serving it.
* Heavy imports live inside the commands.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sync.hub.keeping.cli import COMMANDS
from sync.hub.options import DATA, DATABASE, JSON, bar, counted, moment, opened, print_json
from sync.hub.publish_cli import COMMANDS as PUBLISH_COMMANDS
from sync.hub.secure.cli import certificates
from sync.hub.staff_cli import staff
from sync.hub.trust.cli import COMMANDS as TRUST_COMMANDS

if TYPE_CHECKING:
    from sync.hub.by_hand import Done
    from sync.hub.fleet import BoxState
    from sync.hub.keeping.alarms import Alarm


@click.group()
def hub() -> None:
    """The hub: publishes courses, takes progress in, knows the boxes."""


@hub.command()
@DATA
@DATABASE
@click.option("--campus", required=True, metavar="NAME", help="The campus that the box will belong to; made if new.")
@JSON
def token(data: Path, database: str | None, campus: str, *, as_json: bool) -> None:
    """Make a one-time token, by which one box joins a campus. It is shown once."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database, may_be_new=True) as one:
        found = one.fleet.campus_called(campus)
        made = str(one.fleet.make_token(found))
        one.keeping.note(COMMAND_LINE, "token", campus=found.id)
    if as_json:
        print_json({"token": made, "campus": found.name, "hub_key": one.keys.public})
    else:
        click.echo(made)


@hub.command()
@DATA
@DATABASE
@click.option("--campus", required=True, metavar="NAME", help="The campus that the boxes will belong to; made if new.")
@click.option("--count", required=True, type=int, metavar="N", help="How many boxes.")
@click.option("--days", default=180, show_default=True, help="After how many days the hub takes none of them any more.")
@click.option("--address", default="", metavar="URL", help="The address at which boxes reach this hub.")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; it must not be there yet.",
)
@JSON
def batch(
    data: Path, database: str | None, campus: str, count: int, days: int, address: str, out: Path, *, as_json: bool
) -> None:
    """Make one-time tokens for many boxes, in one signed file for the desk where their cards are made.

    The file is secret: whoever has it can enrol boxes in that campus. Take it there by hand, and delete it afterwards.
    """
    from catalog.durable import write_file
    from catalog.fault import CallerFault
    from sync.hub.keeping.audit import COMMAND_LINE

    if out.exists():
        raise CallerFault(f"{out} is there already.", "Name another file, or remove that one first.")
    with opened(data, database) as one:
        found = one.fleet.campus_called(campus)
        made = one.fleet.make_batch(found, count, days, address)
        write_file(out, made.to_bytes(one.keys), 0o600)
        one.keeping.note(COMMAND_LINE, "token-batch", campus=found.id, batch=made.id, count=str(count))
    if as_json:
        print_json({
            "file": str(out), "batch": made.id, "campus": found.name, "count": count,
            "expires_seconds": made.expires_seconds, "hub": made.hub_fingerprint,
        })  # fmt: skip
    else:
        click.echo(f"{out}: {counted(count, 'token')} for {found.name}, good until {moment(made.expires_seconds)}.")
        click.echo("It is secret: whoever has it can enrol boxes there. Delete it once the cards are made.")
        click.echo(f"This hub is {made.hub_fingerprint}; the desk shows the same letters.")


@hub.command()
@DATA
@DATABASE
@JSON
def boxes(data: Path, database: str | None, *, as_json: bool) -> None:
    """List the boxes: when they were last heard of, what they hold, what came from them."""
    with opened(data, database) as one:
        states = one.fleet.boxes()
        alarms = one.keeping.alarms.standing(one.clock.now().wall_seconds)
    if as_json:
        print_json([_document(state, alarms.get(state.id, ())) for state in states])
    else:
        _print_table(states, alarms)


@hub.command()
@DATA
@DATABASE
@click.option(
    "--to",
    "target",
    required=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="The folder of a stick, or a .qanat file to write.",
)
@click.option("--campus", "names", required=True, multiple=True, metavar="NAME", help="For whom; may come repeatedly.")
@click.option("--mb", type=click.IntRange(1), metavar="MB", help="At most so much in a .qanat file; all if not given.")
@JSON
def carry(
    data: Path, database: str | None, target: Path, names: tuple[str, ...], mb: int | None, *, as_json: bool
) -> None:
    """Write what campuses lack to a stick or a file, for somebody to carry there. Letters on the stick are taken in."""
    from sync.hub.by_hand import carry as carry_by_hand

    with opened(data, database) as one, bar("Writing") as progress:
        done = carry_by_hand(one, target, names, mb * 1_000_000 if mb else None, progress)
    if as_json:
        print_json(done.document())
    else:
        _say(done)


@hub.command()
@click.argument("source", metavar="PATH", type=click.Path(path_type=Path))
@DATA
@DATABASE
@JSON
def take(source: Path, data: Path, database: str | None, *, as_json: bool) -> None:
    """Take in the letters of boxes from the stick or .qanat file at PATH; the stick gets the hub's receipts."""
    from sync.hub.by_hand import take as take_by_hand

    with opened(data, database) as one:
        done = take_by_hand(one, source)
    if as_json:
        print_json(done.document())
    else:
        _say(done)


def _say(done: "Done") -> None:
    for line in done.lines():
        click.echo(line)
    for fault in done.taken.faults:
        click.echo(str(fault), err=True)


def _document(state: "BoxState", alarms: Sequence["Alarm"]) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.name,
        "campus": state.campus.name,
        "last_seen": state.seen_seconds,
        "holds": [
            {"course": one.course, "root": one.root, "layers": list(one.layers)} for one in state.holdings
        ],
        "free_bytes": state.free_bytes,
        "events": state.events,
        "forks": state.forks,
        "is_revoked": state.is_revoked,
        "alarms": [alarm.document() for alarm in alarms],
    }  # fmt: skip


def _print_table(states: Sequence["BoxState"], alarms: Mapping[str, Sequence["Alarm"]]) -> None:
    if not states:
        click.echo("No box has joined yet. Make a token with `qanat hub token --campus NAME`.")
        return
    rows: list[tuple[str, ...]] = [("BOX", "CAMPUS", "ID", "LAST SEEN", "COURSES", "FREE MB", "EVENTS", "")]
    rows += [
        (
            state.name,
            state.campus.name,
            state.id,
            "never" if state.seen_seconds is None else moment(state.seen_seconds),
            str(len(state.holdings)),
            "?" if state.free_bytes is None else str(state.free_bytes // 1_000_000),
            str(state.events),
            "out of service" if state.is_revoked else " ".join(one.kind.value for one in alarms.get(state.id, ())),
        )
        for state in states
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for one in [alarm for standing in alarms.values() for alarm in standing]:
        click.echo(f"{one.box or 'The hub'}: {one.sentence} {one.hint}")


for _command in (*PUBLISH_COMMANDS, *COMMANDS, *TRUST_COMMANDS, certificates, staff):
    hub.add_command(_command)
