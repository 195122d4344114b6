"""`qanat provision`: how boxes are made and mended, from the desk."""

import click

from provisioning.doors import Doors

ROOMS = {
    "image": ("provisioning.image.cli", "Images of the appliance: build, seed."),
    "rescue": ("provisioning.rescue.cli", "Read what learners did off a card that is ill."),
    "burn": ("provisioning.burn.cli", "Put an image on many cards at once, each with its own seed, read back."),
}


@click.group(cls=Doors, rooms=ROOMS)
def provision() -> None:
    """How a box is born and kept well: images, cards, labels, and what to do when one is ill."""
