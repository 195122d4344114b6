"""`qanat provision`: how boxes are made and mended, from the desk."""

import click

from provisioning.doors import Doors

ROOMS = {
    "batch": ("provisioning.batch.cli", "Batches of cards: new."),
    "labels": ("provisioning.labels.cli", "A PDF sheet of labels for a batch of cards."),
    "check": ("provisioning.batch.check_cli", "Check a box on the desk against its card."),
    "desk": ("provisioning.desk.cli", "The same on a page: cards, labels, burning, checks."),
    "report": ("provisioning.batch.cli", "What became of each card of a batch."),
    "image": ("provisioning.image.cli", "Images of the appliance: build, seed."),
}


@click.group(cls=Doors, rooms=ROOMS)
def provision() -> None:
    """How a box is born and kept well: images, cards, labels, and what to do when one is ill."""
