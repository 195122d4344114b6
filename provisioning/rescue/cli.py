"""`qanat provision rescue`: read what learners did off a card that is ill.

* Heavy imports live inside the command.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioning.rescue.rescue import Rescued


@click.command()
@click.argument("card", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The letter to the hub, a .qanat file; where it takes more, they are written beside it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def rescue(card: Path, out: Path, as_json: bool) -> None:
    """Read off CARD (a device or an image of it) what its box had not sent, and write it as a letter to the hub.

    The card is only read, never written to or mounted.
    """
    from provisioning.rescue.rescue import rescue as rescue_card
    from sync.clock import SystemClock

    rescued = rescue_card(card, out, SystemClock())
    if as_json:
        import json

        letters = [str(path) for path in rescued.letters]
        counts = {name: getattr(rescued, name) for name in ("box", "events", "learners", "lost", "blanked")}
        click.echo(json.dumps({**counts, "letters": letters}))
        return
    click.echo("\n".join(in_words(rescued)))


def in_words(rescued: "Rescued") -> list[str]:
    """What was saved, what was lost, and what to do next."""
    if not rescued.letters:
        return [
            f"Nothing was written: on this card there is nothing of box {rescued.box} that could still be sent.",
            *([f"{rescued.lost} events were lost."] if rescued.lost else ["Its hub has everything."]),
        ]
    lines = [f"Saved: {rescued.events} events of {rescued.learners} learners, of box {rescued.box}."]
    if rescued.blanked:
        lines.append(f"{rescued.blanked} of them without what they said: that part was damaged.")
    lines.append(f"Lost: {rescued.lost} events." if rescued.lost else "No event is known to be lost.")
    lines.append(f"Take to the hub, in this order: {', '.join(str(path) for path in rescued.letters)}.")
    lines.append("There: `qanat hub take FILE`. Keep the card until the hub has said how many events came.")
    return lines
