"""`qanat box carry`: take in what a stick or a phone brought, and give the box's letter home.

* Heavy imports live inside the command.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
@click.option(
    "--with",
    "carried",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="The folder of a stick, which gets the box's letter too; or a .qanat file, which is only read.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the box's letter as a .qanat file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def carry(data: Path, carried: Path | None, out: Path | None, *, as_json: bool) -> None:
    """Exchange with the hub by hand: courses come from a stick or a file, sealed progress goes along."""
    # Whoever registers this command is loaded by now, and could not be at this file's top.
    from edge.cli import ask_or_do, show

    if carried is None and out is None:
        raise click.UsageError("Name a stick or a file with --with, a file to write with --out, or both.")
    request = {"do": "carry", "with": _absolute(carried), "out": _absolute(out)}
    result = ask_or_do(data, request)
    show(result, as_json, lambda: _say(result))


def _absolute(path: Path | None) -> str:
    """The running box stands in another folder."""
    return "" if path is None else str(path.absolute())


def _say(result: Mapping[str, Any]) -> None:
    from edge.bars import size

    if result["letter"] != "none" or result["courses"]:
        click.echo(f"Courses that came: {', '.join(result['courses']) or 'none'}.")
    if result["left"]:
        packs = "1 pack" if len(result["left"]) == 1 else f"{len(result['left'])} packs"
        click.echo(f"Still to come, and not on this one: {packs}, {size(result['left_bytes'])}.")
    if result["home"]:
        home = result["home"]
        click.echo(
            f"The box's letter {home['number']} goes along: {home['events']} events, {size(home['bytes'])}, sealed."
        )
    if result["written"]:
        click.echo(f"The box's letter is in {result['written']}.")
    for fault in result["faults"]:
        click.echo(f"{fault['sentence']}\nHint: {fault['hint']}" if fault["hint"] else fault["sentence"], err=True)
