"""`qanat box doctor` and `logs`: what is well with a box and what is not, in words and as a report for the hub.

* A box that cannot be opened is examined from outside: its machine, its card, its key, its database.
* Heavy imports live inside the command.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

SIGNS = {"ill": "!!", "know": " i", "well": "ok", "not seen": " ?"}


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def doctor(data: Path, *, as_json: bool) -> None:
    """Say what is well with the box and what is not, and the twelve letters to read out on the phone."""
    # Whoever registers this command is loaded by now, and could not be at this file's top.
    from edge.cli import show

    result = _examined(data)
    show(result, as_json, lambda: _say(result))


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="The sealed report."
)
@click.option("--recipient", default="", metavar="KEY", help="Who reads it, if not the hub: age1... or ssh-...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def logs(data: Path, out: Path, recipient: str, *, as_json: bool) -> None:
    """Write a report for the hub's staff: how the box is and what its services said, sealed, without names."""
    from edge.bars import size
    from edge.cli import ask_or_do, show

    result = ask_or_do(data, {"do": "logs", "to": str(out.absolute()), "recipient": recipient})
    said = f"The report is in {result['file']}: {size(result['bytes'])}, sealed. `qanat hub open-logs` reads it."
    show(result, as_json, lambda: click.echo(said))


def _examined(data: Path) -> Mapping[str, Any]:
    """Raises CallerFault where there is no box, BoxFault where another command is at work on it."""
    from catalog.fault import BoxFault
    from edge.cli import ask_or_do
    from edge.doctor.facts import DATABASE_FILE, KEY_FILE

    if (data / DATABASE_FILE).exists() and not (data / KEY_FILE).exists():
        # Opening it would make another key, and another box of it.
        return _closed(data, f"{KEY_FILE} is missing.")
    try:
        return ask_or_do(data, {"do": "doctor"})
    except BoxFault as fault:
        return _closed(data, fault.sentence)


def _closed(data: Path, why: str) -> Mapping[str, Any]:
    from edge.doctor.works import doctor_of_closed

    return doctor_of_closed(data, why)


def _say(result: Mapping[str, Any]) -> None:
    click.echo("All is well." if result["is_well"] else "Something needs you.")
    if result["why_closed"]:
        click.echo(f"The box was looked at from outside: {result['why_closed']}")
    for row in result["checks"]:
        seen = f" ({row['seen']})" if row["seen"] else ""
        click.echo(f"{SIGNS[row['state']]}  {row['sentence'] or row['title']}{seen}")
        if row["hint"]:
            click.echo(f"    {row['hint']}")
    click.echo(f"To read out on the phone: {result['code']}")
