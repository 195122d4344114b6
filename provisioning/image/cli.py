"""`qanat provision image`: build the appliance, seed a stock image."""

import sys
from pathlib import Path

import click

CACHE = Path("~/.cache/qanat/image")


@click.group()
def image() -> None:
    """Images of the appliance."""


@image.command()
@click.option(
    "--arch",
    required=True,
    type=click.Choice(["arm64", "amd64"]),
    help="arm64: Raspberry Pi 3 and 4, boards with UEFI. amd64: PCs.",
)
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to put it: FILE.img, or FILE.img.zst for the compressed one alone.",
)
@click.option(
    "--cache",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Where stages are kept for the next build; usually {CACHE}.",
)
def build(arch: str, out: Path, cache: Path | None) -> None:
    """Make an image: Debian, this checkout and its lock, in one file that is written to a card as it is."""
    from edge.bars import Bars, size
    from provisioning.image.build import build as build_image
    from sync.clock import SystemClock

    clock = SystemClock()
    began = clock.now()
    bars = Bars(sys.stderr, clock)
    built = build_image(arch, out, (cache or CACHE).expanduser(), bars.hear, began.wall_seconds)
    seconds = clock.now().monotonic_seconds - began.monotonic_seconds
    click.echo(f"{out}: {size(built.size_bytes)}, compressed {size(built.compressed_bytes)}, in {seconds:.0f} s.")
    click.echo(f"Made of {built.inputs}; the list is in {built.image.name}.json.")


@image.command()
@click.option(
    "--base",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Raspberry Pi OS Lite, 64-bit (trixie or newer): .img, .img.xz or .img.zst. It is only read.",
)
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="The image to make."
)
@click.option(
    "--batch", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="The batch."
)
@click.option("--card", required=True, metavar="NUMBER", type=int, help="Which card of the batch it is for.")
@click.option(
    "--wheelhouse",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The lock's wheels for arm64; without it they are fetched now.",
)
def seed(base: Path, out: Path, batch: Path, card: int, wheelhouse: Path | None) -> None:
    """Put the box and one card's seed onto a stock image, for boards that ours does not start (Pi 5)."""
    from edge.bars import size
    from provisioning.batch.book import Book
    from provisioning.image.stock.seeding import seed_image
    from provisioning.image.stock.software import packed

    seed_of_card = Book.open(batch).seed(card)
    software = packed(wheelhouse)
    seed_image(base, out, seed_of_card, software)
    click.echo(f"{out}: for card {card}, {size(len(software))} of software, read back.")
    click.echo(f"Put it on a card: `qanat provision burn --image {out} --to DEVICE`.")
