"""`qanat box find`: what learners would find on the box, for whoever stands beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def find(words: tuple[str, ...], data: Path, *, as_json: bool) -> None:
    """Find WORDS in titles, pages, documents and films. Reads first what is new on the shelf and not read yet."""
    from edge.cli import ask_or_do, show

    result = ask_or_do(data, {"do": "find", "words": " ".join(words)})
    show(result, as_json, lambda: _say(result))


def _say(result: Mapping[str, Any]) -> None:
    for row in result["found"]:
        click.echo(f"{row['title']}  {row['address']}")
        if row["snippet"]:
            click.echo(f"  {row['snippet']}")
    if not result["found"]:
        click.echo("Nothing was found.")
    if not result["is_whole"]:
        click.echo("Some courses are still being read.\nHint: ask again in a few minutes.", err=True)
