"""`qanat provision burn`: put an image on cards.

* Heavy imports live inside the command.
* Cards go round by round: as many as there are readers, until the batch is burned. A card of this run that was left in
  its reader is not burned again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioning.burn.burning import Book, Outcome
    from provisioning.burn.disks import Disk
    from provisioning.burn.image import CardImage

GB = 1_000_000_000
COULD_NOT = 4
"""Exit code where a card failed: the machine's fault, as `BoxFault`."""


@click.command()
@click.option(
    "--image",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The image, .img or .img.zst; its block map (.bmap) beside it is used.",
)
@click.option(
    "--batch",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The batch whose seeds go on the cards; without it, cards have none.",
)
@click.option("--all-readers", is_flag=True, help="Every card in a USB or card reader.")
@click.option(
    "--to",
    "named",
    multiple=True,
    metavar="DEVICE",
    type=click.Path(path_type=Path),
    help="This disk, or a file that stands for a card. May be given many times.",
)
@click.option(
    "--yes-this-disk",
    "insisted",
    multiple=True,
    metavar="DEVICE",
    type=click.Path(path_type=Path),
    help="Named with --to, and really meant, although it is no card in a reader.",
)
@click.option("--size-max", default=2000, show_default=True, metavar="GB", help="Larger disks are no cards.")
@click.option("--once", is_flag=True, help="One round only: do not ask for the next cards.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def burn(
    image: Path,
    batch: Path | None,
    all_readers: bool,
    named: tuple[Path, ...],
    insisted: tuple[Path, ...],
    size_max: int,
    once: bool,
    as_json: bool,
) -> int:
    """Put an image on many cards at once, read back, each with its own seed."""
    import sys

    from provisioning.burn.board import Board
    from provisioning.burn.burning import Bench, burn_all, unburned
    from provisioning.burn.image import CardImage

    if all_readers == bool(named):
        raise click.UsageError("Say --all-readers, or name disks with --to.")
    whole, bench, book = CardImage(image), Bench.here(), _book(batch)
    is_asked = all_readers and not once and sys.stdin.isatty() and not as_json
    outcomes: list[Outcome] = []
    while True:
        disks = (
            _readers(whole, size_max * GB, outcomes) if all_readers else _named(whole, named, insisted, size_max * GB)
        )
        outcomes += burn_all(book, whole, disks, Board(sys.stderr, bench.clock).hear, bench)
        left = len(unburned(book)) if book else 0
        if not (is_asked and left):
            break
        click.pause(
            f"{left} cards of the batch are still to be burned. Put the next ones in, then press a key.", err=True
        )
    _say(outcomes, left, as_json)
    return 0 if all(outcome.is_good for outcome in outcomes) else COULD_NOT


def _book(batch: Path | None) -> "Book | None":
    if batch is None:
        return None
    from provisioning.batch.book import Book

    return Book.open(batch)


def _named(
    image: "CardImage", named: Sequence[Path], insisted: Sequence[Path], size_max_bytes: int
) -> Sequence["Disk"]:
    """The disks that were named. Raises DiskRefused where one of them may not be burned: then none is."""
    from provisioning.burn.disks import DiskRefused, Disks, refusal

    meant = {path.resolve() for path in insisted}
    chosen = [Disks().named(path, image.size_bytes) for path in dict.fromkeys(path.resolve() for path in named)]
    whys = [refusal(disk, image.size_bytes, size_max_bytes, is_insisted=disk.path in meant) for disk in chosen]
    if any(whys):
        raise DiskRefused(" ".join(filter(None, whys)), "Nothing was written. Name other disks, or mend that first.")
    return chosen


def _readers(image: "CardImage", size_max_bytes: int, before: Sequence["Outcome"]) -> Sequence["Disk"]:
    """The cards in readers, without those that may not be burned, and those that this run burned: they are said.

    Raises DiskRefused where there is none.
    """
    from provisioning.burn.disks import DiskRefused, Disks, disk_id_of, refusal

    # An image that keeps its own identifier gives it to all cards: nothing can be told by it.
    burned = {outcome.disk_id for outcome in before if outcome.is_good} - {disk_id_of(image.head(512))}
    chosen = []
    for disk in Disks().readers():
        why = refusal(disk, image.size_bytes, size_max_bytes)
        if disk.disk_id in burned:
            why = f"{disk.slot} has the card in it that was burned just now: take it out."
        if why:
            click.echo(why, err=True)
        else:
            chosen.append(disk)
    if not chosen and not before:
        raise DiskRefused(
            "There is no card in any reader that could be burned.", "Put cards in, or name a disk with --to."
        )
    return chosen


def _say(outcomes: Sequence["Outcome"], left: int, as_json: bool) -> None:
    if as_json:
        import json

        cards = [
            {
                "device": str(outcome.disk.path),
                "port": outcome.disk.port or outcome.disk.by_path,
                "card_id": outcome.disk.serial,
                "number": outcome.number,
                "name": outcome.name,
                "disk_id": outcome.disk_id,
                "good": outcome.is_good,
                "why": outcome.why,
            }
            for outcome in outcomes
        ]
        click.echo(json.dumps({"cards": cards, "left": left}))
        return
    good = sum(outcome.is_good for outcome in outcomes)
    click.echo(f"{good} good, {len(outcomes) - good} failed{f', {left} still to be burned' if left else ''}.")
