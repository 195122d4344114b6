"""`qanat provision`: how boxes are made and mended, from the desk."""

import click

from provisioning.doors import Doors

ROOMS = {
    "first-boot": ("provisioning.first_boot.cli", "What the appliance does at every start, before the box."),
    "slot": ("provisioning.slots.cli", "The two slots of a card: what runs, and whether it is good."),
    "batch": ("provisioning.batch.cli", "Batches of cards: new."),
    "labels": ("provisioning.labels.cli", "A PDF sheet of labels for a batch of cards."),
    "check": ("provisioning.batch.check_cli", "Check a box on the desk against its card."),
    "desk": ("provisioning.desk.cli", "The same on a page: cards, labels, burning, checks."),
    "report": ("provisioning.batch.cli", "What became of each card of a batch."),
    "image": ("provisioning.image.cli", "Images of the appliance: build, seed."),
    "network": ("provisioning.network.cli", "The networks of a box, from its seed."),
    "explain": ("provisioning.explain", "What the twelve letters say that are read out on the phone."),
    "rescue": ("provisioning.rescue.cli", "Read what learners did off a card that is ill."),
    "burn": ("provisioning.burn.cli", "Put an image on many cards at once, each with its own seed, read back."),
}


@click.group(cls=Doors, rooms=ROOMS)
def provision() -> None:
    """How a box is born and kept well: images, cards, labels, and what to do when one is ill."""
