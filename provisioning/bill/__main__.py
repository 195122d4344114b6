"""`make sbom`: the bills of materials of box and hub, with the texts of all licences, into build/sbom.

* A wheel that is built afterwards brings the bills along, in `share/qanat/sbom` of where it is installed.
"""

import sys
from pathlib import Path

import click

from catalog.fault import Fault
from provisioning.bill.bill import make

ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "build" / "sbom")
def sbom(to: Path) -> None:
    """Write the bills of materials of this checkout, and the licences' texts, into the folder TO."""
    try:
        made = make(ROOT, to)
    except Fault as fault:
        click.echo(fault, err=True)
        sys.exit(fault.exit_code)
    for path in made:
        click.echo(path)


if __name__ == "__main__":
    sbom()
