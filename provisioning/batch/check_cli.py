"""`qanat provision check`: ask a box on the desk whether it became what its card was to make of it.

* Heavy imports live inside the command.
"""

from pathlib import Path

import click

from provisioning.batch.cli import FOLDER


@click.command()
@FOLDER
@click.option("--address", required=True, metavar="URL", help="Where the box answers, such as http://10.0.0.7/.")
@click.option("--course", "courses", multiple=True, metavar="NAME", help="A course that it must have; may come again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def check(folder: Path, address: str, courses: tuple[str, ...], *, as_json: bool) -> int:
    """Check a box that started from a card of the batch in DIR, and note it in the book."""
    import httpx

    from provisioning.batch.book import Book
    from provisioning.batch.check import Colour, ask
    from provisioning.batch.check import check as compare
    from sync.clock import SystemClock
    from sync.hub.options import print_json

    book = Book.open(folder)
    with httpx.Client(trust_env=False) as client:
        checked = compare(book, ask(address, client, SystemClock()), courses)
    if as_json:
        number = checked.card.number if checked.card is not None else None
        findings = [{"colour": one.colour.name.lower(), "sentence": one.sentence} for one in checked.findings]
        print_json({"number": number, "is_well": checked.is_well, "findings": findings})
    else:
        signs = {
            Colour.GREEN: click.style("good", fg="green"),
            Colour.RED: click.style("BAD ", fg="red", bold=True),
            Colour.OPEN: click.style("open", fg="yellow"),
        }
        for one in checked.findings:
            click.echo(f"{signs[one.colour]}  {one.sentence}")
    return 0 if checked.is_well else 1
