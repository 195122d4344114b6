"""`qanat box lrs-key`: keys by which other tools reach the learning record store.

* The process that holds the box makes, lists and revokes them, while it serves.
* Heavy imports live inside the commands.
"""

from collections.abc import Mapping
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


@click.group("lrs-key")
def lrs_key() -> None:
    """Keys for other tools to the learning record store (xAPI)."""


@lrs_key.command()
@_DATA
@click.option("--name", default="", metavar="NAME", help="What the key is for, as in the list of keys.")
@_JSON
def new(data: Path, name: str, *, as_json: bool) -> None:
    """Make a key and its secret, which is shown this once."""
    from edge.cli import show

    result = _asked(data, {"do": "lrs-key-new", "name": name})

    def say() -> None:
        click.echo(f"Endpoint: {result['endpoint']}\nKey: {result['key']}\nSecret: {result['secret']}")
        click.echo("The secret is shown this once: the box keeps only what it takes to recognise it.", err=True)

    show(result, as_json, say)


@lrs_key.command("list")
@_DATA
@_JSON
def list_keys(data: Path, *, as_json: bool) -> None:
    """List the keys, without their secrets."""
    from edge.cli import show

    result = _asked(data, {"do": "lrs-key-list"})

    def say() -> None:
        if not result["keys"]:
            click.echo("There are no keys.")
        for row in result["keys"]:
            click.echo(f"{row['key']}  {row['made']}  {row['name']}".rstrip())

    show(result, as_json, say)


@lrs_key.command()
@_DATA
@click.argument("key")
@_JSON
def revoke(data: Path, key: str, *, as_json: bool) -> None:
    """Let KEY open nothing any more. What came by it stays."""
    from edge.cli import show

    result = _asked(data, {"do": "lrs-key-revoke", "key": key})
    show(result, as_json, lambda: click.echo(f"The key {result['key']} opens nothing any more."))


def _asked(data: Path, request: Mapping[str, Any]) -> Mapping[str, Any]:
    from edge.cli import ask_or_do

    return ask_or_do(data, request)
