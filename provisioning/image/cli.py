"""`qanat provision image`: build the appliance, seed a stock image."""

import click


@click.group()
def image() -> None:
    """Images of the appliance."""
