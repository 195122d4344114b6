"""`qanat provision slot`: which software a box runs, whether it is good, and what a trial came to."""

import contextlib
import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioning.first_boot.machine import Machine

WATCHDOG_SECONDS = 60


@click.group()
def slot() -> None:
    """The two slots of a card: new software is tried in one while the old waits in the other."""


@slot.command()
def confirm() -> None:
    """Wait until the box answers; then what runs is good. On trial and not well, start again with what was before."""
    from provisioning.first_boot import leds
    from provisioning.first_boot.machine import Machine
    from provisioning.slots import health
    from provisioning.slots.card import Card

    machine = Machine()
    machine.demand_appliance()
    card = Card(machine)
    on_trial = card.is_on_trial
    _note(machine, card.running, on_trial)
    if health.is_well(health.page_answers, health.wait, health.trial_seconds(machine.root)):
        if on_trial:
            card.confirm()
            click.echo(f"qanat: slot {card.running} is well, and stays")
        _note(machine, card.running, False)
        leds.show(leds.Light.WELL)
        _show_label(machine)
        _arm_watchdog(machine)
    elif on_trial:
        click.echo(f"qanat: slot {card.running} is not well; the box starts again with slot {card.other}")
        machine.run(["/usr/bin/systemctl", "reboot", "--force"])
    else:
        leds.show(leds.Light.NEEDS_SOMEBODY)
        click.echo("qanat: the box does not answer; `qanat box doctor` says more")


def _show_label(machine: "Machine") -> None:
    """Show the staff code of a box that nobody has claimed, to whoever stands before it; the journal never has it."""
    label = machine.box / "label.txt"
    if label.exists():
        with contextlib.suppress(OSError):
            (machine.root / "dev/console").write_text(f"qanat: staff code, to claim the box once: {label.read_text()}")


def _arm_watchdog(machine: "Machine") -> None:
    """From here on a machine that hangs is started again by its own hardware; where there is none, nothing happens."""
    machine.run(
        ["/usr/bin/busctl", "set-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
         "org.freedesktop.systemd1.Manager", "RuntimeWatchdogUSec", "t", str(WATCHDOG_SECONDS * 1_000_000)]
    )  # fmt: skip


def _note(machine: "Machine", running: str, on_trial: bool) -> None:
    """Say it to the box's own process, which may not ask the machine."""
    folder = machine.root / "run/qanat"
    folder.mkdir(parents=True, exist_ok=True)
    version = (machine.etc / "qanat/version").read_text().strip()
    (folder / "slot.json").write_text(json.dumps({"slot": running, "version": version, "trial": on_trial}))
