"""`qanat provision first-boot`: what the appliance runs at every start, before the box."""

import click

from provisioning.first_boot.steps import STEPS


@click.command()
@click.option("--only", default="", type=click.Choice(["", *STEPS]), help="One step alone.")
def first_boot(only: str) -> None:
    """Let a card become a box: grow its data partition, keep its id, take its seed. Harmless to repeat."""
    from catalog.fault import BoxFault
    from provisioning.first_boot import leds
    from provisioning.first_boot.machine import Machine
    from provisioning.first_boot.steps import run

    machine = Machine()
    machine.demand_appliance()
    try:
        faults = run(machine, lambda sentence: click.echo(f"qanat: {sentence}"), only)
    except BoxFault:
        leds.show(leds.Light.NEEDS_SOMEBODY)
        raise
    if faults or not only:  # a step that is done again later finds the light as the box's health has set it
        leds.show(leds.Light.NEEDS_SOMEBODY if faults else leds.Light.STARTING)
