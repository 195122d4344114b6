"""`qanat provision`: how boxes are made and mended, from the desk."""

import click

from provisioning.doors import Doors

ROOMS = {
    "image": ("provisioning.image.cli", "Images of the appliance: build, seed."),
    "network": ("provisioning.network.cli", "The networks of a box, from its seed."),
}


@click.group(cls=Doors, rooms=ROOMS)
def provision() -> None:
    """How a box is born and kept well: images, cards, labels, and what to do when one is ill."""
